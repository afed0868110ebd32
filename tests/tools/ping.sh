#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ping.sh - round trips of pkt-gen, their histogram, and what pong does to a frame.
#
#	pkt-gen ping --- vale0 --- pkt-gen pong
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool tcpdump tcpdump

start pong pkt-gen -i vale0:pong -f pong --json
until_true "pong is there" vale-ctl list vale0:pong
for how in "" "-6" "-b 16" "-l 1514" "-l 9000 -F 6"; do
	# shellcheck disable=SC2086
	pkt-gen -i vale0:ping -f ping -n 200 --json $how >"$tmp/ping" 2>"$tmp/ping.err" || fail "ping $how: $(cat "$tmp/ping.err")"
	expect "ping $how" "$(jq -c '[.packets, .timeouts, .rtt_ns.count, ([.rtt_ns.histogram[][1]] | add)]' "$tmp/ping")" "[200,0,200,200]"
	expect "ping $how: percentiles grow" "$(jq '.rtt_ns | [.min, .median, .p90, .p99, .p999, .max] | . == sort and .[0] > 0' "$tmp/ping")" true
	expect "ping $how: mean" "$(jq '.rtt_ns | .mean >= .min and .mean <= .max' "$tmp/ping")" true
	expect "ping $how: the histogram holds them" "$(jq '.rtt_ns | .histogram[0][0] >= .min and .histogram[-1][0] >= .max' "$tmp/ping")" true
done

# As text, with -v the histogram
pkt-gen -i vale0:ping -f ping -n 50 -v >"$tmp/text" || fail "ping -v failed"
grep -qE '^round trip:  min [0-9.]+ [num]?s  mean .*  median .*  p90 .*  p99 .*  p99\.9 .*  max [0-9.]+ [num]?s  of 50$' "$tmp/text" || fail "ping: $(cat "$tmp/text")"
expect "ping -v: the last bucket" "$(grep 'up to' "$tmp/text" | tail -1 | sed 's/.* \(100\.00 %\)$/\1/')" "100.00 %"
expect "ping -v: all answers" "$(awk '/up to/ { n += $5 } END { print n }' "$tmp/text")" 50
pong_sent=$(counter vale0:pong tx_packets)
expect_ge "pong: frames" "$pong_sent" 1050
stop pong
expect "pong: its own count" "$(value pong .packets)" "$pong_sent"

# -n of pong; what pong sends is what came, turned round, with right checksums
start pong pkt-gen -i vale0:pong -f pong -n 3
until_true "pong is there" vale-ctl list vale0:pong
receive back vale0:back --write "$tmp/back.pcap"
pkt-gen -i vale0:tx -f tx -n 3 -l 100 -s 10.0.0.1:5 -d 10.0.0.9:6 -S 02:00:00:00:00:01 >/dev/null || fail "tx failed"
finish pong
grep -q '^answered 3 frames, 300 bytes' "$tmp/pong.out" || fail "pong: $(cat "$tmp/pong.out")"
stop back
tcpdump -nn -e -vv -t -r "$tmp/back.pcap" 2>/dev/null | paste - - >"$tmp/back"
expect "frames that went" "$(grep -c '^02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff.*10.0.0.1.5 > 10.0.0.9.6: \[udp sum ok\]' "$tmp/back")" 3

# Nobody answers: told as timeouts; text that is no request is left alone
pkt-gen -i vale1:ping -f ping -n 1 --json >"$tmp/lonely" || fail "ping alone failed"
expect "ping alone" "$(jq -c '[.packets, .timeouts, .rtt_ns.count, .rtt_ns.median]' "$tmp/lonely")" "[1,1,0,null]"
