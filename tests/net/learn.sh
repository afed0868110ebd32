#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# learn.sh - a frame to a learned address arrives at that port only, unknown and group addresses at all others, nothing at its
# sender; and the switch's books say the same as the ports saw.
#
#	vale0:a --+        +-- vale0:b
#	          +-vale0--+
#	vale0:c --+        +-- vale0:d       one program (prog/learn.c) has all four
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq

start learn learn vale0:
told learn '^{'
for p in a b c d; do
	expect "$p: tx_packets" "$(counter vale0:$p tx_packets)" "$(value learn ".$p.sent")"
	expect "$p: rx_packets" "$(counter vale0:$p rx_packets)" "$(value learn ".$p.received")"
	expect_identity vale0:$p
done
expect "frames to their own sender" "$(counter vale0:b drop_self)" 1
expect "frames of 13 bytes" "$(counter vale0:a drop_short)" 1
expect_identity vale0

# the addresses the switch holds, and where
vale-ctl fdb vale0 --json >"$tmp/fdb" || fail "vale-ctl fdb"
for p in a b c; do
	mac=02:00:00:00:00:0$(echo $p | tr abc 012)
	expect "port of $mac" "$(jq -r "[.. | objects | select(.mac? == \"$mac\") | .port // .name] | first" "$tmp/fdb")" "vale0:$p"
done
expect "an address of the port that left" "$(grep -c 02:00:00:00:00:03 "$tmp/fdb")" 0
expect "a group address as source" "$(grep -ci 03:00:00:00:00:09 "$tmp/fdb")" 0
stop learn
