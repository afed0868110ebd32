#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# receive.sh - counting, reports and endings of pkt-gen's receivers and senders, option by option.
#
#	pkt-gen --- vale0 --- pkt-gen        null    pcap:FILE
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool tcpdump tcpdump

# send ARGUMENTS... - into vale0; its output in $tmp/send.out
send() { pkt-gen -i vale0:tx -f tx "$@" >"$tmp/send.out" 2>"$tmp/send.err" || fail "tx $*: $(tail -3 "$tmp/send.err")"; }

# -n is exact: one thread, several threads that share it, in frames and not in slots, by both ways through a ring
exact=$(amount 10007 10007)
for how in "" "-p 4" "-X" "--descriptors-only" "-b 1" "-o 2" "-p 3 -o 4096"; do
	# shellcheck disable=SC2086
	receive exact vale0:rx -n "$exact" $how
	start flood pkt-gen -i vale0:tx -f tx -p 4
	finish exact
	stop flood
	expect "-n $exact $how" "$(value exact '"\(.packets) \(.bytes)"')" "$exact $((exact * 60))"
done
receive exact vale0:rx -n 1001
start flood pkt-gen -i vale0:tx -f tx -l 1500 -F 4
finish exact
stop flood
expect "-n 1001 of four slots" "$(value exact '"\(.packets) \(.bytes)"')" "1001 1501500"

# A sender's -n is divided among its threads; all of it arrives
receive divided vale0:rx -n 1000 -C 4096
send -n 1000 -p 3 --json
expect "tx -n 1000 -p 3" "$(jq '.packets, .bytes, .threads' "$tmp/send.out" | tr '\n' ' ')" "1000 60000 3 "
finish divided

# -W: leaves a second after the last frame, and not before the first
receive idle vale0:rx -W
running idle || fail "-W left before the first frame"
send -n 100
finish idle
expect "-W: frames" "$(value idle .packets)" 100

# -X and -o 64 print each frame, on stderr with --json
receive dump vale0:rx -n 2 -X
send -n 2 -l 70 -S 02:00:00:00:00:07 -D 02:00:00:00:00:08
finish dump
expect "-X: frames" "$(grep -c '^frame of 70 bytes$' "$tmp/dump.err")" 2
expect "-X: first bytes" "$(grep -c '^     0  02 00 00 00 00 08 02 00  00 00 00 07 08 00 45 00  ................$' "$tmp/dump.err")" 2
pkt-gen -i null -f tx -n 3 -o 64 >"$tmp/dumped" || fail "-o 64 failed"
expect "-o 64: frames" "$(grep -c '^frame of 60 bytes$' "$tmp/dumped")" 3

# -o 16: latencies of frames that were stamped; -o 4096: wrong checksums are counted, and are a failure
receive stamp vale0:rx -n 50 -o 16
send -n 50 -o 16 -R 5000
finish stamp
expect "-o 16: latencies" "$(value stamp '"\(.latency_ns.count) \(.latency_ns.min > 0) \(.latency_ns.min <= .latency_ns.median and
	.latency_ns.median <= .latency_ns.p99 and .latency_ns.p99 <= .latency_ns.max) \([.latency_ns.histogram[][1]] | add)"')" \
	"50 true true 50"
pkt-gen -i "pcap:$tmp/good.pcap" -f tx -n 5 -l 100 >/dev/null || fail "cannot make a pcap file"
# the last byte of the file is data of the last frame
{ head -c -1 "$tmp/good.pcap"; printf '\377'; } >"$tmp/bad.pcap"
start bad pkt-gen -i "pcap:$tmp/bad.pcap" -f rx -o 4096 --json
finish bad 1
expect "-o 4096: wrong checksums" "$(value bad '"\(.packets) \(.bad_checksums)"')" "5 1"
start good pkt-gen -i "pcap:$tmp/good.pcap" -f rx -o 4096 --json
finish good
expect "-o 4096: right checksums" "$(value good '"\(.packets) \(.bad_checksums)"')" "5 0"

# txseq and rxseq: nothing lost over a pipe; a gap, a double and a damaged frame of a file are told
start seq pkt-gen -i 'netmap:q}1' -f rxseq -n 20000 --json
until_true "the pipe is open" port_or_gone seq 'netmap:q}1'
pkt-gen -i 'netmap:q{1' -f txseq -n 20000 -l 1514 -l 60 >"$tmp/send.out" || fail "txseq failed"
finish seq
expect "rxseq" "$(value seq '"\(.good) \(.lost) \(.reordered) \(.duplicated) \(.corrupted) \(.foreign) \(.streams)"')" "20000 0 0 0 0 0 1"
pkt-gen -i "pcap:$tmp/seq.pcap" -f txseq -n 6 -l 80 >/dev/null || fail "txseq into a file failed"
frame() { tail -c +$((25 + 96 * ($1 - 1))) "$tmp/seq.pcap" | head -c 96; } # 24 bytes of the file's header, 16 of each frame's
damaged() { frame "$1" | head -c 95; printf '\001'; }
{ head -c 24 "$tmp/seq.pcap"; frame 1; frame 3; frame 2; frame 3; damaged 5; frame 6; } >"$tmp/mixed.pcap"
start mixed pkt-gen -i "pcap:$tmp/mixed.pcap" -f rxseq --json
finish mixed 1
expect "rxseq: 1 3 2 3 (5) 6" "$(value mixed '"\(.good) \(.lost) \(.reordered) \(.duplicated) \(.corrupted)"')" "4 2 1 1 1"
start foreign pkt-gen -i "pcap:$tmp/good.pcap" -f rxseq --json
finish foreign
expect "rxseq: foreign" "$(value foreign '"\(.good) \(.foreign)"')" "0 5"

# Frames longer than a buffer come from a file in several slots, byte for byte; a ring that is too small for one says so
pkt-gen -i "pcap:$tmp/long.pcap" -f tx -n 40 -l 65000 -F 32 >/dev/null || fail "cannot make a pcap file"
start long pkt-gen -i "pcap:$tmp/long.pcap" -f rx --write "$tmp/copy.pcap" --json
finish long
expect "long frames" "$(value long '"\(.packets) \(.bytes) \(.bad_frames)"')" "40 2600000 0"
for f in long copy; do tcpdump -nn -t -x -r "$tmp/$f.pcap" >"$tmp/$f.txt" 2>/dev/null; done
expect "long frames: lines" "$(grep -c 10.0.0.2.1234 "$tmp/long.txt")" 40
cmp -s "$tmp/long.txt" "$tmp/copy.txt" || fail "long frames: the copy differs"
refused_with 1 "pkt-gen: pcap:$tmp/long.pcap: frame 1 has 65000 bytes, 8192 fit into the ring; take it out, for instance by editcap, or give more slots by -C" \
	pkt-gen -i "pcap:$tmp/long.pcap" -f rx -C 4

# -B counts 24 bytes more a frame in bit rates, -N drops unit prefixes, -A adds the slots found, -T sets the lines' distance
many=$(amount 5000000 5000000)
for b in "" -B; do
	pkt-gen -i null -f tx -n "$many" --json $b >"$tmp/framing$b" || fail "tx $b failed"
done
expect "bits a frame" "$(jq '.bps * .seconds / .packets + 0.5 | floor' "$tmp/framing")" 480
expect "-B: bits a frame" "$(jq '.bps * .seconds / .packets + 0.5 | floor' "$tmp/framing-B")" 672
pkt-gen -i null -f tx -n 1M -N -A >"$tmp/plain" || fail "-N failed"
grep -qE '^sent 1000000 frames, 60000000 bytes in [0-9.]+ s: [0-9]+(\.[0-9]+)? pps  [0-9]+(\.[0-9]+)? bps' "$tmp/plain" || fail "-N: $(cat "$tmp/plain")"
grep -qE '^[0-9]+ batches, [0-9.]+ slots found at each$' "$tmp/plain" || fail "-A: $(cat "$tmp/plain")"
start often pkt-gen -i null -f rx -T 20
until_true "-T 20: ten lines" eval "[ \$(wc -l <'$tmp/often.out') -ge 10 ]"
stop often
grep -v received "$tmp/often.out" | grep -vqE '^0 pps  0 bps  0 frames in [0-9.]+ s  0.0 frames a batch$' && fail "-T: $(cat "$tmp/often.out")"
lines=$(awk '/ in / && !/received/ { n++; s += $8 } END { print (s / n >= 0.0195) }' "$tmp/often.out")
expect "-T 20: not shorter than asked" "$lines" 1

# Each line is true to itself, and all lines together to the summary
start lines pkt-gen -i null -f tx -n 2000 -R 5000 -T 50 -N
finish lines
expect "lines: rate, bits and frames agree" "$(awk '/ in / && !/^sent/ { n++; f = $5; r = $1 * $8; b = $1 * 480; d = $1 * 0.0006 + 1 # of the rounded seconds
	if (r > f + d || r < f - d || $3 > b * 1.001 || $3 < b * 0.999) bad++ } END { print (n > 0), bad + 0 }' "$tmp/lines.out")" "1 0"
expect "lines: no more than all" "$(awk '/ in / && !/^sent/ { f += $5 } END { print (f <= 2000 && f > 0) }' "$tmp/lines.out")" 1

# -R: not faster than asked, in bursts of 10 ms' worth, of -b at most; 0 is unlimited
pkt-gen -i null -f tx -n 2000 -R 5000 --json >"$tmp/pace" || fail "-R failed"
expect "-R 5000: time" "$(jq '.seconds >= (2000 - 50) / 5000' "$tmp/pace")" true
expect "-R 5000: batches" "$(jq '.batches == 40 and .batch == 50' "$tmp/pace")" true
pkt-gen -i null -f tx -n 1000 -R 5000 -b 8 --json >"$tmp/pace" || fail "-R -b failed"
expect "-R 5000 -b 8: batches" "$(jq '.batches == 125 and .batch == 8' "$tmp/pace")" true
pkt-gen -i null -f tx -n 300 -R 1000 -p 1 --json >"$tmp/pace" || fail "-R failed"
pkt-gen -i vale0:tx -f tx -n 600 -R 2000 -p 3 --json >"$tmp/pace" || fail "-R -p failed"
expect "-R 2000 -p 3: all threads together" "$(jq '.packets == 600 and .seconds >= (600 - 20) / 2000' "$tmp/pace")" true
pkt-gen -i null -f tx -n "$many" -R 0 -b 1024 --json >"$tmp/pace" || fail "-R 0 failed"
expect "-R 0" "$(jq '.packets' "$tmp/pace")" "$many"

# -n 0 is endless; -a binds threads to CPUs; -w waits
start endless pkt-gen -i null -f tx -n 0 -T 20
told endless ' frames a batch'
stop endless
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
start bound pkt-gen -i null -f tx -a "$cpu" -c 1 -T 20
told bound ' frames a batch'
# where there is one CPU, the thread that reports is on it too
expect "-a: threads on that CPU" "$(for t in /proc/"$(pid_of bound)"/task/*; do sed -n 's/^Cpus_allowed_list:\t//p' "$t/status"; done | grep -cx "$cpu")" \
	$(($(nproc) > 1 ? 1 : 2))
stop bound
begin=$(date +%s%N)
pkt-gen -i null -f tx -n 1 -w 0.3 >/dev/null || fail "-w failed"
expect "-w 0.3: waited" "$((($(date +%s%N) - begin) / 1000000 >= 300))" 1

# -C: sizes of the port that is made
receive sized vale0:sized -C 128,64,3,2
expect "-C" "$(vale-ctl -g vale0:sized | sed 's/, host.*//')" "vale0:sized: 3 tx rings of 128 slots, 2 rx rings of 64 slots"
signal sized TERM
finish sized

# A receiver that comes late, and a sender that is there before it
start first pkt-gen -i vale0:tx -f tx -R 10000
until_true "the sender is there" vale-ctl list vale0:tx
receive late vale0:rx -n 100
finish late
expect "late receiver" "$(value late .packets)" 100
stop first
grep -qE '^sent [0-9]+ frames' "$tmp/first.out" || fail "no summary: $(cat "$tmp/first.out")"
