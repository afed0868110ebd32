#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_offsets.sh - the option OFFSETS on interfaces: of a veth pair, and of the NICs of this guest (GUEST_PAIRS), whose rings are the NIC's
# own where the driver has hooks (GUEST_NATIVE).
#
#	nic_offsets --- na ==== nb --- nic_offsets               content, offsets, and slots out of rule
#	station a: nb ==== na -- nic_offsets -- host rings -- sockets
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=120
admode=/sys/module/netmap/parameters/admode

there=
# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >$admode
	# shellcheck disable=SC2086 # words
	bring_back $there
}

# with_host HOW - frames that a program passes, at offsets
with_host() {
	start f "$BUILD/guest/nic_offsets" "$1" "$na"
	told f ready
	until_true "$kind, $1: passes" ping -q -c 1 -W 1 192.0.2.1
	ping_all "$kind, $1" - 192.0.2.1
	ping_all "$kind, $1: long frames" - 192.0.2.1 -s 1472 -M "do"
	tcp "$kind, $1: TCP" a - 192.0.2.1
	tcp "$kind, $1: TCP to here" a - 192.0.2.1 -R
	expect_identity "$na"
	signal f INT
	finish f
	until_true "$kind: $na is closed" closed "$na"
}

# both NA NB
both() {
	na=$1 nb=$2
	for i in "$na" "$nb"; do
		echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
		ip link set "$i" up
	done
	for i in "$na" "$nb"; do until_true "$kind: $i has a carrier" carrier - "$i"; done
	! native || echo 1 >$admode # the NIC's own rings or none
	for way in "$na $nb" "$nb $na"; do
		# shellcheck disable=SC2086 # words
		"$BUILD/guest/nic_offsets" $way || fail "$kind: frames at offsets, $way"
	done
	ip link set "$nb" netns "nic-$$-a" || fail "$kind: $nb to the station"
	ip addr add 192.0.2.2/24 dev "$na"
	in_ a sh -c "echo 1 >/proc/sys/net/ipv6/conf/$nb/disable_ipv6"
	dress a "$nb" 192.0.2.1
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	with_host swap
	with_host mark
	ip addr flush dev "$na"
	in_ a ip addr flush dev "$nb"
	echo 0 >$admode
}

station a
kind=veth
ip link add va type veth peer name vb || skip "no veth interfaces here"
both va vb
ip link del va
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	for i in "${pair%:*}" "${pair#*:}"; do
		outside ip link set "$i" netns $$ || fail "$i into this namespace"
		there="$there $i"
	done
	both "${pair%:*}" "${pair#*:}"
done
