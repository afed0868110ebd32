#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vnet_hdr.sh - two stations at ports of a switch; a's port has virtio-net headers, b's has none:
#
#	station a: ta (TSO) == tapport ---- vale0 ---- tapport == tb (no offloads) :station b
#
# What a leaves to its device, checksums and the cutting of merged frames, the switch does on the way to b. Then the headers have two
# lengths, and nothing is left to do. Then all of it in a VLAN, over a trunk between two switches:
#
#	ta == tapport -- vale0:a, access -- vale0:x, trunk == bridge == vale1:y, trunk -- vale1:b, access -- tapport == tb
# Needs: any home, root.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
bytes=$(amount 4000000 1000000000)
[ "$bytes" -gt 2000000 ] || bytes=2000000 # more than the 500 frames whose checksums are looked at

# tie NAME HEADER N [SWITCH] - the station's TAP and its port, with such a header; addresses end in N
tie() {
	start "$1" tapport "${4:-vale0}:$1" "t$1" "$2"
	told "$1" ready
	ip link set "t$1" netns "nic-$$-$1" || fail "move t$1"
	in_ "$1" ip -6 addr add "fd00::$3/64" dev "t$1" nodad
	dress "$1" "t$1" "192.0.2.$3"
}

# untie NAME
untie() {
	signal "$1" INT
	finish "$1"
}

# both_ways WHAT ADDRESS - of b: content is compared at both ends
both_ways() {
	start server ip netns exec "nic-$$-b" bulk - 4000 "$bytes"
	told server ready
	in_ a bulk "$2" 4000 "$bytes" >"$tmp/client" 2>&1 || fail "$1: at a: $(cat "$tmp/client")"
	finish server
}

station a
station b
for i in a b; do # one that sends as much as it may, however late this machine lets its packets be
	in_ $i sh -c 'echo reno >/proc/sys/net/ipv4/tcp_congestion_control' || fail "no congestion control"
done
engine first
tie a 12 1
tie b 0 2
expect "header of a's port" "$(vale-ctl -g vale0:a --json | jq .header_bytes)" 12
ping_all "ping" a 192.0.2.2
sums sums_4 b tb
both_ways "IPv4" 192.0.2.2
sums_right sums_4
sums sums_6 b tb
both_ways "IPv6" fd00::2
sums_right sums_6
expect "what was asked for and could not be done" "$(counter vale0:a drop_vnet_csum drop_vnet_gso)" 0
expect_identity vale0
untie b
expect "the longest frame to b" "$(value b .received_longest)" 1514
expect_ge "frames to b" "$(value b .received_frames)" $((2 * bytes / 1448))

# between headers of two lengths frames stay merged
in_ b ip link show tb >/dev/null 2>&1 && fail "tb is still there"
tie b 10 2
both_ways "IPv4, headers of 12 and 10 bytes" 192.0.2.2
untie b
expect_ge "the longest frame to b" "$(value b .received_longest)" 2900 # two segments at least, however slow the machine

# both in a VLAN of two switches: tags come on the way to the trunk between these, which has headers, and go on the way from it
vale-ctl vlan vale0:a access 10 || fail "vale0:a is not in VLAN 10"
start trunk bridge --vnet-header 12 -w 0 -i vale0:x -i vale1:y
until_true "the trunk is there" open vale1:y
for p in vale0:x vale1:y; do vale-ctl vlan $p trunk allow 10,20 || fail "$p is no trunk"; done
for bytes_b in 0 10; do
	tie b $bytes_b 2 vale1
	vale-ctl vlan vale1:b access 10 || fail "vale1:b is not in VLAN 10"
	in_ a ip neigh flush dev ta # what a knows of the device that b had before
	ping_all "ping in a VLAN" a 192.0.2.2
	both_ways "IPv4 in a VLAN, b with headers of $bytes_b bytes" 192.0.2.2
	both_ways "IPv6 in a VLAN, b with headers of $bytes_b bytes" fd00::2
	untie b
	case $bytes_b in
	0) expect "the longest frame to b in a VLAN" "$(value b .received_longest)" 1514 ;;
	*) expect_ge "the longest frame to b in a VLAN" "$(value b .received_longest)" 2900 ;;
	esac
done
for p in vale0:a vale0:x vale1:y; do
	expect "what was asked for at $p and could not be done" "$(counter $p drop_vnet_csum drop_vnet_gso)" 0
done
expect "frames of the trunk in no VLAN" "$(counter vale1:y drop_vlan)" 0
for s in vale0 vale1; do expect_identity $s; done
signal trunk INT
finish trunk

untie a
expect_ge "merged frames of a" "$(value a .sent_merged)" 30
expect_ge "frames of a that asked for a checksum" "$(value a .sent_checksums)" 30
expect "frames that ta did not take" "$(value a .received_failed)" 0
