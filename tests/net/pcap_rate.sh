#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_rate.sh - tcpdump with a filter that one frame of a hundred matches, at a million frames a second: what it captured and what it says
# was dropped is all that matched or was lost. On a port of its own, and on a monitor of another's.
#
#	pkt-gen tx, UDP ports 1 to 100 in turn --- vale0:tx   vale0:watch --- tcpdump udp dst port 42
#	                                       --- vale1:tx   vale1:sink --- pkt-gen rx,  vale1:sink/rt --- tcpdump udp dst port 42
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
need_tool tcpdump tcpdump
n=$(amount 2000000 20000000)
n=$((n / 100 * 100))

# send SWITCH - ports in turn
send() {
	pkt-gen -i "$1:tx" -f tx -n "$n" -R 1000000 -d 10.0.0.2:1-10.0.0.2:100 --json >"$tmp/tx.out" 2>"$tmp/tx.err" || fail "pkt-gen: $(cat "$tmp/tx.err")"
	expect "sent" "$(value tx .packets)" "$n"
}

# judge NAME LOST SHOWN - what was captured and lost of SHOWN frames. Without a loss the count is exact. On a machine that does nothing else
# there is none; on one where tcpdump has to wait for its turn for longer than 4096 slots last, there may be.
judge() {
	signal "$1" INT
	finish "$1"
	got=$(packets "$1" captured)
	expect "$1: dropped, as tcpdump has it" "$(packets "$1" 'dropped by kernel')" "$2"
	expect "$1: written" "$(tcpdump -nr "$tmp/$1.pcap" 2>/dev/null | wc -l)" "$got"
	echo "$1: $3 frames, $got matched, $2 lost"
	expect_ge "$1: captured and lost" $((got + $2 + n - $3)) $((n / 100))
	if [ "$2" -eq 0 ] && [ "$3" -eq "$n" ]; then expect "$1: captured" "$got" $((n / 100)); fi
	[ -z "$NET_FULL" ] || expect "$1: lost at a million a second" "$2" 0
}

capture watch vale0:watch -w "$tmp/watch.pcap" 'udp dst port 42'
send vale0
all_passed() { [ "$(counter vale0:watch rx_packets overrun)" -eq "$n" ]; }
until_true "all were passed on or counted" all_passed
judge watch "$(counter vale0:watch overrun)" "$n"

start sink pkt-gen -i vale1:sink -f rx
until_true "the sink is there" port_open vale1:sink
capture monitor vale1:sink/rt -w "$tmp/monitor.pcap" 'udp dst port 42'
send vale1
all_seen() {
	[ "$(counter vale1:sink rx_packets overrun)" -eq "$n" ] &&
		[ "$(counter vale1:sink.mon1 rx_packets monitor_full)" -eq "$(counter vale1:sink rx_packets)" ]
}
until_true "all were shown or counted" all_seen
judge monitor "$(counter vale1:sink.mon1 monitor_full)" "$(counter vale1:sink rx_packets)"
stop sink
