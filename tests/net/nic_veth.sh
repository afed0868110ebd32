#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_veth.sh - two stations behind interfaces (which the engine reaches by packet sockets):
#
#	station a: pa ==== va ---- vale0 ---- vb ==== pb :station b
#
# The stations leave checksums and segmentation to their interfaces, so that merged frames of 64 KiB are received.
# Needs: any home, root.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"

station a
station b
ip link add va type veth peer name pa netns "nic-$$-a" || skip "no veth interfaces here"
ip link add vb type veth peer name pb netns "nic-$$-b"
ip link set va up
ip link set vb up
# started by the first command, and it stays for what is attached
vale-ctl -a vale0:va || fail "attach va"
vale-ctl -a vale0:vb || fail "attach vb"
dress a pa 192.0.2.1
dress b pb 192.0.2.2
[ "$NET_HOME" = kernel ] || first=$(engine_pid)

ping_all "ping" a 192.0.2.2
sums sums_b b pb
tcp "TCP a to b" b a 192.0.2.2
sums_right sums_b
tcp "TCP b to a" b a 192.0.2.2 -R
expect "frames that could not be passed on" "$(counter va refused)" 0
expect_identity vale0

# a jumbo frame takes several slots
in_ a ip link set pa mtu 9000
in_ b ip link set pb mtu 9000
ip link set va mtu 9000
ip link set vb mtu 9000
in_ a ping -q -c 3 -M "do" -s 8900 192.0.2.2 >"$tmp/jumbo" || fail "jumbo frames: $(tail -3 "$tmp/jumbo")"

# an interface leaves while it is attached
in_ b ip link del pb
until_true "vale0:vb goes with its interface" sh -c '! vale-ctl list | grep -q vb'
vale-ctl list | grep -q vale0:va || fail "vale0:va went too"
vale-ctl -d vale0:va || fail "detach va"
[ "$NET_HOME" = user ] || exit 0
expect "the engine" "$(engine_pid)" "$first"
until_true "the engine leaves when nothing is attached any more" engine_gone
