#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_offsets.sh - the option OFFSETS on interfaces, host rings and persistent ports:
#
#	offsets stream --- va ==== vb --- offsets stream
#	sockets -- host rings -- offsets join --- va ==== vb :station a
#	station a: vb ==== va --- offsets join --- keep :station b
#
# Needs: any home, root; for the user's home TAP devices.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
[ "$NET_HOME" = kernel ] || [ -c /dev/net/tun ] || skip "needs /dev/net/tun"

station a
station b
ip link add va type veth peer name vb || skip "no veth interfaces here"
for i in va vb; do
	echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6"
	ip link set "$i" up
done
engine first
"$BUILD/net/offsets" stream netmap:va netmap:vb || fail "frames at offsets"
"$BUILD/net/offsets" stream netmap:vb netmap:va || fail "frames at offsets, and back"

# passes FROM TO - by frames that a program passes
passes() {
	until_true "$1: passes" in_ "$1" ping -q -c 1 -W 1 "$2"
	ping_all "$1: ping" "$1" "$2"
	ping_all "$1: ping, long frames" "$1" "$2" -s 1472 -M "do"
}
ip link set vb netns "nic-$$-a" || fail "vb to the station"
dress a vb 192.0.2.1
ip addr add 192.0.2.2/24 dev va
start f "$BUILD/net/offsets" join netmap:va netmap:va^
told f ready
passes - 192.0.2.1
tcp "TCP by host rings" a - 192.0.2.1
signal f INT
finish f
ip addr flush dev va

vale-ctl -n keep || fail "a persistent port"
ip link set keep netns "nic-$$-b" || fail "the port to the station"
start f "$BUILD/net/offsets" join netmap:va netmap:keep
told f ready
dress b keep 192.0.2.2
in_ a ip neigh flush all
passes b 192.0.2.1
tcp "TCP by a persistent port" a b 192.0.2.1
tcp "TCP to a persistent port" b a 192.0.2.2
signal f INT
finish f
vale-ctl -r keep || fail "the port is removed"
