#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mirror.sh - a port gets a copy of each frame that another receives, or it is counted as lost; who looks at it slowly, or not at all,
# costs the other nothing.
#
#	stream send, a --+        +-- stream recv, r: lossless
#	stream send, b --+-vale0--+
#	                          +-- pkt-gen, m: copies of what r gets
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

share=$(amount 200000 10000000)
receiver r vale0:r id=1
start m pkt-gen -i vale0:m -f rx
until_true "m is there" vale-ctl list vale0:m
vale-ctl lossless vale0:r on || fail "lossless on"
vale-ctl mirror vale0:r to m rx || fail "mirror"
before=$(counter vale0:m rx_packets)
sender a vale0:a id=16 to=1 count="$share" min=60 max=60
sent a
expect "a: forwarded" "$(counter vale0:a forwarded)" "$share"
expect "a: mirrored, or lost there" "$(counter vale0:a mirrored mirror_lost)" "$share"
expect_ge "a: mirrored" "$(counter vale0:a mirrored)" 1
expect "m: rx_packets" "$(($(counter vale0:m rx_packets) - before))" "$(counter vale0:a mirrored)"
expect_identity vale0:a
# nobody looks
signal m STOP
sender b vale0:b id=32 to=1 count="$share" min=60 max=60
sent b
expect "b: forwarded" "$(counter vale0:b forwarded)" "$share"
expect "b: mirrored, or lost there" "$(counter vale0:b mirrored mirror_lost)" "$share"
expect_ge "b: mirror_lost" "$(counter vale0:b mirror_lost)" 1
expect_identity vale0:b
signal m CONT
signal r INT; told r '"role"'
for p in 16 32; do expect "r: frames of stream $p" "$(stream_frames r $p)" "$share"; done
expect "r: altered, reordered" "$(values r altered reordered)" "0 0"
stop m
until_true "the mirror has gone" eval '! vale-ctl list vale0:m'
expect "mirror of r" "$(vale-ctl mirror vale0:r)" "vale0:r: off"
stop a; stop b; stop r
