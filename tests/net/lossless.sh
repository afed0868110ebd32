#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lossless.sh - a slow receiver on a lossless port loses nothing of what two senders give it, in order, and the books say so; one that is
# stopped holds those who send to it, and nobody else, and they go on when it does, or when it is killed.
#
#	stream send, a --+        +-- stream recv, r: slow, lossless
#	stream send, b --+-vale0--+
#	stream send, c --+        +-- stream recv, q
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

share=$(amount 300000 10000000)
receiver r vale0:r id=1 nap=500,500
receiver q vale0:q id=2
vale-ctl lossless vale0:r on || fail "lossless on"
sender a vale0:a id=16 to=1 count="$share" min=60 max=60
sender b vale0:b id=32 to=1 count="$share" min=60 max=60
sent a b
signal r INT; told r '"role"'
for p in a b; do
	expect "$p: tx_packets" "$(counter vale0:$p tx_packets)" "$share"
	expect "$p: forwarded" "$(counter vale0:$p forwarded)" "$share"
	expect_identity vale0:$p
done
expect "frames lost" "$(counter vale0 drop_no_space)" 0
expect "r: frames of a" "$(stream_frames r 16)" "$share"
expect "r: frames of b" "$(stream_frames r 32)" "$share"
expect "r: rx_packets" "$(counter vale0:r rx_packets)" "$(value r .frames)"
expect "r: altered, reordered" "$(values r altered reordered)" "0 0"
stop a; stop b; stop r

# a stopped receiver
receiver r vale0:r id=1
vale-ctl lossless vale0:r on || fail "lossless on"
signal r STOP
sender a vale0:a id=64 to=1 count="$share" min=60 max=60
sender c vale0:c id=80 to=2 count="$share" min=60 max=60
sent c
expect_ge "q got frames of c while a waits" "$(counter vale0:c forwarded)" 1
expect "c: drops at r" "$(counter vale0:c drop_no_dest)" 0
[ "$(counter vale0:a tx_packets)" -lt "$share" ] || fail "a did not wait for the receiver that is stopped"
expect "a: lost" "$(counter vale0:a drop_no_space)" 0
signal r CONT
sent a
signal r INT; told r '"role"'
expect "r: frames of a" "$(stream_frames r 64)" "$share"
expect "r: altered, reordered" "$(values r altered reordered)" "0 0"
stop a; stop r

# one that dies while it is waited for
receiver r vale0:r id=1
vale-ctl lossless vale0:r on || fail "lossless on"
signal r STOP
sender a vale0:a id=96 to=1 count="$share" min=60 max=60
full() { before_=$(counter vale0:a tx_packets); [ "$before_" -gt 0 ] && [ "$(counter vale0:a tx_packets)" = "$before_" ]; }
until_true "a waits" full
signal r KILL
finish r 137
sent a
expect_identity vale0:a
stop a; stop c; stop q
