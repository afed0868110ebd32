#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_pair.sh - pairs of interfaces that are connected with each other: the NICs of this guest (GUEST_PAIRS), and a veth pair.
#
#	stream send --- na ==== nb --- stream recv             frames of all lengths, content and order, and back
#	sockets -- host rings -- bridge --- na ==== nb :station a          TCP with offloads on, tags of VLANs
#
# DMA_WANTED (swiotlb or iommu): how the NICs are to reach memory; it is looked whether they do.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_tool ethtool ethtool
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=120

there=
# shellcheck disable=SC2317,SC2329
undo() {
	[ -z "${GUEST_NATIVE:-}" ] || echo 0 >/sys/module/netmap/parameters/admode
	# shellcheck disable=SC2086 # words
	bring_back $there
}
quiet() { echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" && ip link set "$1" up; }

received_by() { ip -j -s link show "$1" | jq '.[0].stats64.rx.packets'; }
# arrives FROM TO N - somebody who is not there is asked for, and TO has received more than N
arrives() {
	ping -q -c 1 -W 1 -I "$1" 192.0.2.99
	[ "$(received_by "$2")" -gt "$3" ]
}

# receives FROM TO - waits until TO receives what FROM sends. An emulated e1000 whose mode is set, also by its first opening, holds
# frames back for a second, and then has more of them than its ring takes; so that mode is set here.
receives() {
	ip link set "$2" promisc on
	ip addr add 192.0.2.98/24 dev "$1"
	until_true "$kind, $1 to $2: receives" arrives "$1" "$2" "$(received_by "$2")"
	ip addr flush dev "$1"
	ip neigh flush dev "$1"
}

# hold NA NB - a driver with hooks resets its NIC for the first who opens it, which is as opening the interface. So somebody has both
# open before, until frames pass: the announcement of a receiver that comes and goes.
hold() {
	start hold_a "$BUILD/guest/own" "$1"
	told hold_a ready
	start hold_b "$BUILD/guest/own" "$2"
	told hold_b ready
	until_true "$kind, $1 to $2: passes" gets_through "$1" "$2"
	until_true "$kind, $2 to $1: passes" gets_through "$2" "$1"
}
# how often the link of an interface came and went
flaps() { ip -j -s -s link show "$1" | jq '.[0].stats64.tx.carrier_changes'; }

# pass FROM TO COUNT - so many by each ring; paced, since a NIC has no means to hold back who sends to it
pass() {
	sent_=0 got_=0
	if native; then sent_=$(counter "$1" forwarded) got_=$(counter "$2" rx_packets missed refused); fi
	receiver r "netmap:$2" min=60 max=1514
	sender s "netmap:$1" id=16 count="$3" min=60 max=1514 nap=8,5000
	sent s
	rings_=$(value s .rings)
	all_=$((rings_ * $3))
	until_true "$kind, $1 to $2: all there" all_at "$2" $((got_ + all_)) || ethtool -S "$2" | awk '$2 > 0 && /drop|miss|no_buf|err/'
	received r
	expect "$kind, $1 to $2: received" "$(stream_frames r 16 "$rings_")" $all_
	expect "$kind, $1 to $2: bytes" $(($(value r .bytes) - 60 * $(value r .hello))) "$(value s .bytes)"
	expect "$kind, $1 to $2: forwarded" "$(counter "$1" forwarded)" $((sent_ + all_))
	expect_identity "$1"
	stop s
	stop r
	native && return
	until_true "$kind: $1 is closed" closed "$1"
	until_true "$kind: $2 is closed" closed "$2"
}

# by_bridge NA NB - NB goes to station a; sockets here talk with it by a program at NA and its host rings
by_bridge() {
	station a
	ip link set "$2" netns "nic-$$-a" || fail "$kind: $2 to the station"
	ip addr add 192.0.2.2/24 dev "$1"
	dress a "$2" 192.0.2.1
	start bridge bridge -w 0 -i "netmap:$1" -i "netmap:$1^"
	until_true "$kind: the bridge has $1" open "$1"
	until_true "$kind: $1 has a carrier" carrier - "$1"
	until_true "$kind: $2 has a carrier" carrier a "$2"
	ping_all "$kind: ping" - 192.0.2.1
	# frames that are merged as they come have a sum of their own
	in_ a ethtool -K "$2" gro off || fail "$kind: $2 merges frames"
	sums sums_out a "$2"
	tcp "$kind: TCP out" a - 192.0.2.1
	sums_right sums_out
	in_ a ethtool -K "$2" gro on
	tcp "$kind: TCP in" a - 192.0.2.1 -R
	expect_ge "$kind: frames the program passed on" "$(counter "$1" tx_packets)" 500
	expect "$kind: frames that could not be passed on" "$(counter "$1" refused)" 0

	# a tag for which nobody here has an interface: seen as it comes in, unless it comes into a ring of the NIC itself, and again
	# when the program has passed it on
	times=2
	! native || times=1
	in_ a ip link add link "$2" name tag type vlan id 6 || skip "no VLANs here"
	in_ a ip addr add 198.51.100.1/24 dev tag
	in_ a ip link set tag up
	in_ a ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:66 dev tag
	start tags tcpdump -Z root -n -e -U -l -i "$1" -Q in -c $((10 * times)) 'vlan 6 and icmp'
	until_true "$kind: tcpdump captures" grep -q listening "$tmp/tags.err"
	in_ a ping -q -c 10 -i 0.02 -W 1 198.51.100.2 >"$tmp/tagged"
	finish tags
	expect "$kind: tagged frames, $times times each" "$(grep -c 'ethertype 802.1Q.*vlan 6.*echo request' "$tmp/tags.out")" $((10 * times))
	signal bridge INT
	finish bridge
	until_true "$kind: $1 is closed" closed "$1"
	in_ a ip link del tag
	in_ a ip link set "$2" netns $$ || fail "$kind: $2 back"
	ip netns del "nic-$$-a"
	# shellcheck disable=SC2034 # of nic_lib.sh
	stations=
	ip addr flush dev "$1"
}

# admode N - 1: an interface is opened by its driver's own rings, or not at all; 0: by copying where it gives none
admode() { echo "$1" >/sys/module/netmap/parameters/admode || fail "$kind: the module's parameter admode"; }

# both NA NB
both() {
	! native || admode 1
	quiet "$1"
	quiet "$2"
	until_true "$kind: $1 has a carrier" carrier - "$1"
	until_true "$kind: $2 has a carrier" carrier - "$2"
	# virtio NICs are nothing that has to be mapped
	case $kind:${DMA_WANTED:-} in
	e1000:swiotlb) expect_ge "$1, $2: slots of bounce buffers in use" "$(cat /sys/kernel/debug/swiotlb/io_tlb_used)" 1 ;;
	e1000:iommu)
		bus=$(ethtool -i "$1" | sed -n 's/^bus-info: //p')
		[ -e "/sys/bus/pci/devices/$bus/iommu_group" ] || fail "$1, PCI device '$bus', is behind no IOMMU"
		;;
	esac
	receives "$1" "$2"
	receives "$2" "$1"
	flaps_a=$(flaps "$1") flaps_b=$(flaps "$2")
	! native || hold "$1" "$2"
	pass "$1" "$2" "$count"
	pass "$2" "$1" "$count"
	if native; then
		stop hold_a
		stop hold_b
		until_true "$kind: $1 is closed" closed "$1"
		until_true "$kind: $2 is closed" closed "$2"
		expect "$kind: the link of $1 came and went" "$(flaps "$1")" "$flaps_a"
		expect "$kind: the link of $2 came and went" "$(flaps "$2")" "$flaps_b"
	fi
	by_bridge "$1" "$2"
	! native || admode 0
}

count=$((2000 * ${GUEST_SCALE:-1}))
kind=veth
ip link add va type veth peer name vb || skip "no veth interfaces here"
both va vb
ip link del va

for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	na=${pair%:*} nb=${pair#*:}
	outside ip link set "$na" netns $$ || fail "$na into this namespace"
	outside ip link set "$nb" netns $$ || fail "$nb into this namespace"
	there="$there $na $nb"
	both "$na" "$nb"
done
[ -n "${GUEST_PAIRS:-}" ] || echo "this guest has no NICs: only veth"
