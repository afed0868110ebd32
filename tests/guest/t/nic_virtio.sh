#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_virtio.sh - virtio NICs whose rings come and go: programs that end and are killed, lengths of rings, MTU, the interface down and
# up, the driver unloaded under a program. Afterwards the NIC is the host's as before, and has forgotten nothing.
#
#	sockets -- host rings -- bridge --- na ==== nb :station a
#
# shellcheck disable=SC2034 # some are variables of lib.sh
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
need_tool ethtool ethtool
NET_LIMIT=120

case " ${GUEST_NATIVE:-} " in *" virtio_net "*) ;; *) echo "skip: virtio_net has no hooks here"; exit 77 ;; esac
pair=
for p in ${GUEST_PAIRS:-}; do case $p in virtio_net:*) pair=${p#*:} ;; esac; done
[ -n "$pair" ] || { echo "skip: this guest has no virtio NICs"; exit 77; }
na=${pair%:*} nb=${pair#*:}
driver=$(dirname "$0")/../../../drivers/virtio_net.ko

# shellcheck disable=SC2317,SC2329
undo() {
	bring_back "$nb" "$na"
}
stat() { ip -j -s link show "$na" | jq ".[0].stats64.$1.packets"; }

# settle - na to this namespace, nb to station a, with addresses
settle() {
	outside ip link set "$na" netns $$ || fail "$na into this namespace"
	outside ip link set "$nb" netns $$ || fail "$nb into this namespace"
	ip link set "$nb" netns "nic-$$-a" || fail "$nb to the station"
	ip addr add 192.0.2.2/24 dev "$na"
	ip link set "$na" up
	dress a "$nb" 192.0.2.1
	until_true "$na has a carrier" carrier - "$na"
	until_true "$na reaches $nb" ping -q -c 1 -W 1 192.0.2.1
}
bridge_on() {
	start bridge bridge -w 0 -i "netmap:$na" -i "netmap:$na^"
	until_true "$1: the bridge has $na" open "$na"
	until_true "$1: passes" ping -q -c 1 -W 1 192.0.2.1
}
bridge_off() {
	signal bridge INT
	finish bridge
	until_true "$1: $na is closed" closed "$na"
}

station a
settle
ip link set "$na" address 02:00:00:00:00:77 || fail "another address"
ping_all "another address" - 192.0.2.1
before=$(stat rx)
[ "$before" -ge 20 ] || fail "$na has received $before frames"

# comes and goes: what the device was told before is so again
for i in 1 2 3; do
	start "own$i" "$BUILD/guest/own" "$na"
	told "own$i" ready
	stop "own$i"
	until_true "$na is closed" closed "$na"
done
until_true "after programs that did nothing: passes" ping -q -c 1 -W 1 192.0.2.1
ping_all "after programs that did nothing" - 192.0.2.1
[ "$(stat rx)" -ge "$((before + 20))" ] || fail "frames of the host: $before, then $(stat rx)"

# killed while it sends
start tx pkt-gen -i "netmap:$na" -f tx -w 0
until_true "$na is open" open "$na"
sends() { [ "$(counter "$na" forwarded)" -gt 1000 ]; }
until_true "$na sends" sends
kill -s KILL "$(pid_of tx)"
wait "$(pid_of tx)" 2>/dev/null
started=
until_true "killed: $na is closed" closed "$na"
until_true "killed: passes" ping -q -c 1 -W 1 192.0.2.1
ping_all "killed" - 192.0.2.1

# under the bridge: other lengths of rings, down and up, a longer MTU
bridge_on "bridge"
ping_all "bridge" - 192.0.2.1
for g in "rx 128" "tx 64" "rx 256 tx 256"; do
	# shellcheck disable=SC2086 # words
	if ! ethtool -G "$na" $g 2>"$tmp/ethtool"; then
		echo "ethtool -G $g: $(cat "$tmp/ethtool")"
		continue
	fi
	until_true "-G $g: passes" ping -q -c 1 -W 1 192.0.2.1
	ping_all "-G $g" - 192.0.2.1
done
ip link set "$na" down
ip link set "$na" up
until_true "up again: passes" ping -q -c 1 -W 1 192.0.2.1
ping_all "up again" - 192.0.2.1
if ip link set "$na" mtu 4000 && in_ a ip link set "$nb" mtu 4000; then
	ping_all "MTU 4000" - 192.0.2.1 -s 3900 -M "do"
	ip link set "$na" mtu 1500
	in_ a ip link set "$nb" mtu 1500
fi
{ ethtool -K "$na" rx-gro-hw off && ethtool -K "$na" rx-gro-hw on; } >"$tmp/offload" 2>&1
tcp "bridge, TCP in" a - 192.0.2.1 -R
bridge_off "bridge"
until_true "without the bridge: passes" ping -q -c 1 -W 1 192.0.2.1
tcp "without the bridge, TCP in" a - 192.0.2.1 -R
tcp "without the bridge, TCP out" a - 192.0.2.1

# down when it is taken, and down when it is given back
ip link set "$na" down
start own4 "$BUILD/guest/own" "$na"
told own4 ready
ip link set "$na" up
ip link set "$na" down
stop own4
until_true "down: $na is closed" closed "$na"
ip link set "$na" up
until_true "taken and given back while down: passes" ping -q -c 1 -W 1 192.0.2.1
ping_all "taken and given back while down" - 192.0.2.1

# the driver leaves under a program
[ -e "$driver" ] || driver=$(find / -xdev -path '*/drivers/virtio_net.ko' ! -path '/lib/*' 2>/dev/null | head -1)
start own5 "$BUILD/guest/own" "$na"
told own5 ready
rmmod virtio_net || fail "virtio_net can't be unloaded"
stop own5
until_true "unloaded: $na is closed" closed "$na"
insmod "$driver" || fail "virtio_net can't be loaded again"
there() { outside ip link show "$na" && outside ip link show "$nb"; }
until_true "loaded again: there" there
settle
ping_all "loaded again" - 192.0.2.1
