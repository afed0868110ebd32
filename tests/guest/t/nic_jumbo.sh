#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_jumbo.sh - NICs whose driver has hooks (GUEST_PAIRS, GUEST_NATIVE) in a region with buffers of several pages: frames up to the longest
# of an MTU of 9000, or of the greatest that the driver allows, take one slot each, on rings of the NIC's own.
#
#	stream send --- na ==== nb --- stream recv              frames of all lengths, content and order, and back
#	sockets -- host rings of na -- vale0 -- na ==== nb :station a          pings
#
# The module is loaded with buffers of 16384, of 8192 and of 2048 bytes. What r8169 and forcedeth receive is in one buffer.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
[ -n "${GUEST_NATIVE:-}" ] || skip "there are no drivers with hooks in this guest"
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=120
there=
home=$BUILD/../..
# shellcheck disable=SC2317,SC2329
undo() {
	# shellcheck disable=SC2086 # words
	bring_back $there
	ip link del ka 2>/dev/null
	# the next test loads its own
	for d_ in $GUEST_NATIVE; do rmmod "$d_" 2>/dev/null; done
	rmmod netmap 2>/dev/null
}

# load_again BYTES - of a buffer; the interfaces are the guest's again
load_again() {
	for d in $GUEST_NATIVE; do rmmod "$d" || fail "$d can't be unloaded"; done
	rmmod netmap || fail "netmap can't be unloaded"
	insmod "$home/netmap.ko" buf_size="$1" priv_buf_size="$1" buf_num=6000 generic_ringsize=64 || fail "netmap can't be loaded"
	for ko in "$home"/drivers/*.ko; do insmod "$ko" || fail "$ko can't be loaded"; done
	# Another interface keeps the region, all of which its program touches once: buffers of the NICs come by faults then.
	ip link add ka type veth peer name kb || skip "no veth interfaces here"
	# shellcheck disable=SC2086 # an option or nothing
	start keep "$BUILD/guest/own" $touched ka
	told keep ready
	echo 1 >/sys/module/netmap/parameters/admode || fail "the module's parameter admode" # the NIC's own rings or none
}

# pass FROM TO COUNT MIN MAX - a slot for each frame; paced, since a NIC has no means to hold back who sends to it
pass() {
	what="$kind, buffers of $size bytes, frames of $4 to $5, $1 to $2"
	sent_=$(counter "$1" forwarded) got_=$(counter "$2" rx_packets missed refused)
	receiver r "netmap:$2" min="$4" max="$5"
	sender s "netmap:$1" id=16 count="$3" min="$4" max="$5" nap=4,10000
	sent s
	all_=$(($(value s .rings) * $3))
	until_true "$what: all there" all_at "$2" $((got_ + all_))
	received r
	expect "$what: received" "$(stream_frames r 16 "$(value s .rings)")" $all_
	expect "$what: bytes" $(($(value r .bytes) - 60 * $(value r .hello))) "$(value s .bytes)"
	expect "$what: slots" "$(value r .slots)" "$(value r .frames)"
	expect "$what: forwarded" "$(counter "$1" forwarded)" $((sent_ + all_))
	expect_identity "$1"
	stop s
	stop r
}

# came INTERFACE N - received into its ring
came() { [ "$(counter "$1" rx_packets)" -ge "$2" ]; }

# too_long FROM TO - with an MTU for which buffers are too short, what does not fit into one is not received, nor is a part of it
too_long() {
	what="$kind, buffers of $size bytes and an MTU of $mtu, $1 to $2"
	got_=$(counter "$2" rx_packets)
	receiver r "netmap:$2" min=60 max=2000
	sender s "netmap:$1" id=16 count=40 min=2100 max="$mtu" fragment=2048 nap=4,10000
	sent s
	stop s
	sender s "netmap:$1" id=32 count=40 min=60 max=2000 nap=4,10000
	sent s
	until_true "$what: all there" came "$2" $((got_ + 40))
	received r
	expect "$what: long frames" "$(stream_frames r 16)" 0
	expect "$what: others" "$(stream_frames r 32)" 40
	stop s
	stop r
}

# longest - MTU with which a frame, its tag and its check sequence are in one buffer, with the header that virtio puts before; of small
# buffers one with which they are not
longest() {
	beside_=22
	[ "$kind" != virtio_net ] || beside_=34
	most_=$(ip -d -j link show "$na" | jq '.[0].max_mtu')
	[ "$most_" -lt 9000 ] || most_=9000
	[ "$size" -eq 2048 ] || [ "$most_" -le $((size - beside_)) ] || most_=$((size - beside_))
	echo "$most_"
}

long_frames() {
	for way in "$na $nb" "$nb $na"; do
		# shellcheck disable=SC2086 # words
		pass $way "$count" 60 $((mtu + 14))
		# shellcheck disable=SC2086 # words
		pass $way $((count / 5 + 1)) $((mtu + 14)) $((mtu + 14))
	done
}

# in_switch - NA with its host, for NB at station a
in_switch() {
	vale-ctl -h "vale0:$na" || { fail "$kind: $na and its host into vale0"; return; }
	for i in "- $na" "a $nb"; do in_ "${i% *}" ip link set "${i#* }" mtu "$mtu" || fail "$kind: $i with an MTU of $mtu"; done
	until_true "$kind, buffers of $size bytes, in a switch: passes" ping -q -c 1 -W 1 192.0.2.1
	ping_all "$kind, buffers of $size bytes, in a switch, MTU $mtu" - 192.0.2.1 -s $((mtu - 28)) -M "do"
	expect_identity vale0
	vale-ctl -d "vale0:$na" || fail "$kind: $na out of vale0"
	until_true "$kind: $na is closed" closed "$na"
	ip link set "$na" mtu 1500
	in_ a ip link set "$nb" mtu 1500
}

# both NA NB
both() {
	na=$1 nb=$2
	mtu=$(longest)
	for i in "$na" "$nb"; do
		echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
		ip link set "$i" mtu "$mtu" || fail "$kind: $i with an MTU of $mtu"
		ip link set "$i" promisc on
		ip link set "$i" up
	done
	for i in "$na" "$nb"; do until_true "$kind: $i has a carrier" carrier - "$i"; done
	# somebody has both open meanwhile, since a NIC may be reset for the first and last who does
	start hold_a "$BUILD/guest/own" "$na"
	told hold_a ready
	start hold_b "$BUILD/guest/own" "$nb"
	told hold_b ready
	until_true "$kind: $na to $nb: passes" gets_through "$na" "$nb"
	until_true "$kind: $nb to $na: passes" gets_through "$nb" "$na"
	if [ "$size" -eq 2048 ]; then
		too_long "$na" "$nb"
		too_long "$nb" "$na"
	else
		long_frames
	fi
	for i in a b; do stop hold_$i; done
	for i in "$na" "$nb"; do
		until_true "$kind: $i is closed" closed "$i"
		ip link set "$i" promisc off
		ip link set "$i" mtu 1500
	done
	# and the driver's own buffers are its own again
	station a
	ip link set "$nb" netns "nic-$$-a" || fail "$kind: $nb to the station"
	ip addr add 192.0.2.2/24 dev "$na"
	dress a "$nb" 192.0.2.1
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	until_true "$kind: passes without programs" ping -q -c 1 -W 1 192.0.2.1
	ping_all "$kind: without programs" - 192.0.2.1 -s 1472
	[ "$size" -eq 2048 ] || in_switch
	in_ a ip link set "$nb" netns $$ || fail "$kind: $nb back"
	ip addr flush dev "$na"
	ip netns del "nic-$$-a"
	stations=
}

count=$((1500 * ${GUEST_SCALE:-1} / NET_SLOW))
[ "$count" -ge 20 ] || count=20
tested=
for size in 16384 8192 2048; do
	case $size in 16384) touched=--touch ;; *) touched= ;; esac
	load_again $size
	there=
	for pair in ${GUEST_PAIRS:-}; do
		kind=${pair%%:*} pair=${pair#*:}
		native || continue
		# others receive long frames in several buffers: nic_switch
		case $size:$kind in 2048:r8169 | 2048:forcedeth) ;; 2048:*) continue ;; esac
		for i in "${pair%:*}" "${pair#*:}"; do
			outside ip link set "$i" netns $$ || fail "$i into this namespace"
			there="$there $i"
		done
		both "${pair%:*}" "${pair#*:}"
		tested=1
	done
	stop keep
	ip link del ka
done
[ -n "$tested" ] || skip "no NIC here has a driver with hooks"
