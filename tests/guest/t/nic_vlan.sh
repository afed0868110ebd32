#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_vlan.sh - tags stay with their frames through a program and a switch, also on merged frames and with open checksums; a
# VLAN's own interface keeps its frames, and can be opened itself.
#
#	station a: pa, pa.5 ==== va -- bridge -- host rings -- sockets, va.5 below va
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"

# vlan STATION INTERFACE ADDRESS
vlan() {
	in_ "$1" ip link add link "$2" name "$2.5" type vlan id 5 || skip "no VLANs here"
	in_ "$1" ip addr add "$3/24" dev "$2.5"
	in_ "$1" ip link set "$2.5" up
}

station a
station b
ip link add va type veth peer name pa netns "nic-$$-a" || skip "no veth interfaces here"
ip link add vb type veth peer name pb netns "nic-$$-b"
ip link set va up
ip link set vb up
dress a pa 192.0.2.1
dress b pb 192.0.2.2
vlan a pa 198.51.100.1
vlan b pb 198.51.100.2

# the tag is in the skb, or in the data where the interface can't do otherwise
for offload in on off; do
	in_ a ethtool -K pa tx-vlan-offload $offload tso $offload tx $offload >/dev/null 2>&1
	start bridge bridge -w 0 -i netmap:va -i netmap:vb
	until_true "the bridge has va" open va
	until_true "the bridge has vb" open vb
	ping_all "through a program, offload $offload" a 198.51.100.2
	sums "sums_$offload" b pb.5
	tcp "TCP through a program, offload $offload" b a 198.51.100.2
	sums_right "sums_$offload"
	signal bridge INT
	finish bridge
	until_true "va is closed" closed va
done
in_ a ethtool -K pa tx-vlan-offload on tso on tx on >/dev/null 2>&1
vale-ctl -a vale0:va || fail "attach va"
vale-ctl -a vale0:vb || fail "attach vb"
ping_all "through a switch" a 198.51.100.2
tcp "TCP through a switch" b a 198.51.100.2
vale-ctl -d vale0:vb
vale-ctl -d vale0:va

# a VLAN's interface gets its frames before the program does; what its host sends goes through the program
vlan - va 198.51.100.3
ip addr add 192.0.2.3/24 dev va
start bridge bridge -w 0 -i netmap:va
until_true "the bridge has va" open va
ping_all "past the program" a 198.51.100.3
expect_ge "frames of the VLAN that the host sent by the program" "$(counter va rx_packets)" 20
ping_all "through the program" a 192.0.2.3
signal bridge INT
finish bridge
until_true "va is closed" closed va

# the VLAN's interface itself as a port: without tags
start bridge bridge -w 0 -i netmap:va.5
until_true "the bridge has va.5" open va.5
ping_all "through a program at the VLAN's interface" a 198.51.100.3
tcp "TCP through a program at the VLAN's interface" a - 198.51.100.1
signal bridge INT
finish bridge
