#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# content_bridge.sh - a bridge passes frames on as they are and in order; between pipes it loses none, between switches each
# one lost is counted by a switch.
#
#	stream send --- x}1===x{1 --- bridge --- x{2===x}2 --- stream recv   and back   one region: by exchange, and by copy (-c)
#	stream send --- vale1:s  vale1:b --- bridge --- vale2:b  vale2:r --- stream recv        two regions: by copy
#
# Needs: any home. --full: 50 million frames of one slot and more of many.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

# passed PORT N - the port's receiver was given N frames
passed() { [ "$(counter "$1" rx_packets)" -ge "$2" ]; }

# through_pipes WHAT COUNT BRIDGE-OPTIONS -- OPTIONS... - both ways at once
through_pipes() {
	what=$1 count=$2 how=
	shift 2
	while [ "$1" != -- ]; do how="$how $1"; shift; done
	shift
	# shellcheck disable=SC2086
	start bridge bridge --json $how -i 'netmap:x{1' -i 'netmap:x{2'
	receiver r2 'netmap:x}2/R' quiet "$1" "$2"
	receiver r1 'netmap:x}1/R' quiet "$1" "$2"
	sender s1 'netmap:x}1/T' id=16 count="$count" "$@"
	sender s2 'netmap:x}2/T' id=32 count=$((count / 2)) poll "$@"
	sent s1 s2
	NET_LIMIT=600 until_true "$what: all have passed the bridge to 2" passed 'x}2' "$count"
	NET_LIMIT=600 until_true "$what: all have passed the bridge to 1" passed 'x}1' $((count / 2))
	received r1
	received r2
	expect "$what: frames received" "$(value r2 .frames) $(value r1 .frames)" "$count $((count / 2))"
	expect "$what: bytes received" "$(value r2 .bytes) $(value r1 .bytes)" "$(value s1 .bytes) $(value s2 .bytes)"
	for end in 'x}1' 'x{1' 'x{2' 'x}2'; do expect_identity "$end"; done
	signal bridge INT
	finish bridge
	expect "$what: zero copy" "$(value bridge '.directions[0].zero_copy')" "$([ -n "$how" ] && echo false || echo true)"
	expect "$what: the bridge's own count" "$(value bridge '[.directions[].packets] | join(" ")')" "$count $((count / 2))"
	expect "$what: misfits" "$(value bridge '[.directions[].misfits] | add')" 0
	stop s1; stop s2; stop r1; stop r2
	echo "$what: $count and $((count / 2)) sent and received"
}

forwarded_all() {
	[ "$(counter vale1:b rx_packets)" = "$(counter vale2:b tx_packets)" ]
}

through_switches() {
	what=$1 count=$2
	shift 2
	start bridge bridge --json -i vale1:b -i vale2:b
	until_true "the bridge has opened its ports" counters_of vale2:b
	receiver r vale2:r id=1 "$1" "$2"
	sender s vale1:s id=16 to=1 count="$count" "$@"
	sent s
	NET_LIMIT=600 until_true "$what: all have passed the bridge" forwarded_all
	received r
	for port in vale1:s vale1:b vale2:b vale2:r vale1 vale2; do expect_identity "$port"; done
	lost=$(($(counter vale1:s drop_no_space) + $(counter vale2:b drop_no_space)))
	expect "$what: sent but not received, which are drop_no_space" $((count - $(stream_frames r 16))) $lost
	# on one processor the sender fills the switch again and again before the bridge gets its turn
	expect_ge "$what: frames received" "$(value r .frames)" $(($(nproc) > 1 ? count / 10 : 1))
	signal bridge INT
	finish bridge
	stop s; stop r
	echo "$what: $count sent, $(value r .frames) received, $lost counted as lost"
}

million=$(amount 30000 1000000)
through_pipes "exchange" $((million * 20)) -- min=14 max=1514
through_pipes "exchange, many slots" $((million * 2)) -- min=14 max=9000 fragment=701 swap=100
through_pipes "copy" $((million * 10)) -c -- min=14 max=1514
through_pipes "copy, many slots" $((million * 2)) -c -- min=14 max=9000 fragment=701
through_switches "switches" $((million * 10)) min=14 max=1514
through_switches "switches, many slots" $((million * 2)) min=14 max=9000 fragment=701
