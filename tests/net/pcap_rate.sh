#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_rate.sh - tcpdump with a filter that one frame of a hundred matches, at a million frames a second: what it captured and what it says
# was dropped is all that matched or was lost.
#
#	pkt-gen tx, UDP ports 1 to 100 in turn --- vale0:tx   vale0:watch --- tcpdump udp dst port 42
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
need_tool tcpdump tcpdump
n=$(amount 2000000 20000000)
n=$((n / 100 * 100))

capture watch vale0:watch -w "$tmp/got.pcap" 'udp dst port 42'
pkt-gen -i vale0:tx -f tx -n "$n" -R 1000000 -d 10.0.0.2:1-10.0.0.2:100 --json >"$tmp/tx.out" 2>"$tmp/tx.err" || fail "pkt-gen: $(cat "$tmp/tx.err")"
expect "sent" "$(value tx .packets)" "$n"
all_passed() { [ "$(counter vale0:watch rx_packets overrun)" -eq "$n" ]; }
until_true "all were passed on or counted" all_passed
lost=$(counter vale0:watch overrun)
signal watch INT
finish watch
expect "dropped, as tcpdump has it" "$(packets watch 'dropped by kernel')" "$lost"
expect "written" "$(tcpdump -nr "$tmp/got.pcap" 2>/dev/null | wc -l)" "$(packets watch captured)"
echo "$n frames, $(packets watch captured) matched, $lost dropped"
expect_ge "captured and lost" $(($(packets watch captured) + lost)) $((n / 100))
# Without a loss the count is exact. On a machine that does nothing else there is none; on one where tcpdump has to wait for its turn for
# longer than 4096 slots last, there may be.
if [ "$lost" -eq 0 ]; then expect "captured" "$(packets watch captured)" $((n / 100)); fi
[ -z "$NET_FULL" ] || expect "lost at a million a second" "$lost" 0
