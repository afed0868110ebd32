#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_switch.sh - interfaces in a switch, and bridged by a program: a veth pair, then the NICs of this guest (GUEST_PAIRS), whose rings
# are the NIC's own where the driver has hooks (GUEST_NATIVE). All with frames up to the longest that the interface can.
#
#	station a: nb ==== na -- vale0 -- host rings of na -- sockets        attached with its host
#	station a: nb ==== na -- vale0 -- vb :station b                      without; also polled by a thread
#	station a: nb ==== na -- bridge -- pa ==== pb :station c             pa: one that is copied, then the NIC before
#	stream send --- na ==== nb --- stream recv, and back                 frames of several slots, content and order
#
# shellcheck disable=SC2034 # some are variables of lib.sh
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_home kernel
NET_LIMIT=120
admode=/sys/module/netmap/parameters/admode

there=
# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >$admode
	vale-ctl -d "vale0:$na" 2>/dev/null
	vale-ctl -r vb 2>/dev/null
	# shellcheck disable=SC2086 # words
	bring_back $there
}
quiet() { in_ "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"; }
# passes WHAT STATION - frames to 192.0.2.1, also after a NIC was reset
passes() { until_true "$kind, $1: passes" in_ "$2" ping -q -c 1 -W 1 192.0.2.1; }

# longest NA - MTU, of those that netmap can receive by its rings: r8169 and forcedeth have frames in one buffer
longest() {
	if native; then case $kind in r8169 | forcedeth) echo 2000; return ;; esac; fi
	most_=$(ip -d -j link show "$1" | jq '.[0].max_mtu')
	if [ "$most_" -lt 9000 ]; then echo "$most_"; else echo 9000; fi
}
# mtu BYTES STATION INTERFACE... - of interfaces
mtu() {
	bytes_=$1
	shift
	while [ $# -gt 0 ]; do
		in_ "$1" ip link set "$2" mtu "$bytes_" || fail "$kind: $2 with an MTU of $bytes_"
		shift 2
	done
}

with_host() {
	vale-ctl -h "vale0:$na" || fail "$kind: $na and its host into vale0"
	passes "with its host" -
	ping_all "$kind: with its host" - 192.0.2.1
	tcp "$kind: with its host, TCP out" a - 192.0.2.1
	mtu "$long" - "$na" a "$nb"
	passes "with its host, MTU $long" -
	ping_all "$kind: with its host, MTU $long" - 192.0.2.1 -s $((long - 28)) -M "do"
	tcp "$kind: with its host, MTU $long, TCP in" a - 192.0.2.1 -R
	expect_ge "$kind: frames that the switch passed on" "$(counter vale0 forwarded)" 1000
	expect_identity vale0
	mtu 1500 - "$na" a "$nb"
	vale-ctl -d "vale0:$na" || fail "$kind: $na out of vale0"
	until_true "$kind: $na is closed" closed "$na"
	passes "out of the switch" -
}

without_host() {
	vale-ctl -n vb || fail "$kind: vb"
	{ vale-ctl -a vale0:vb && vale-ctl -a "vale0:$na"; } || fail "$kind: vb and $na into vale0"
	ip link set vb netns "nic-$$-b" || fail "$kind: vb to the station"
	dress b vb 192.0.2.3
	passes "without its host" b
	ping_all "$kind: without its host" b 192.0.2.1
	none_=$(ping -q -c 2 -i 0.1 -W 1 192.0.2.1 | sed -n 's/.* \([0-9]*\) received.*/\1/p')
	expect "$kind: replies to its host, which it is without" "$none_" 0
	tcp "$kind: without its host, TCP" a b 192.0.2.1
	mtu "$long" - "$na" a "$nb" b vb
	passes "without its host, MTU $long" b
	ping_all "$kind: without its host, MTU $long" b 192.0.2.1 -s $((long - 28)) -M "do"
	polled
	tcp "$kind: without its host, MTU $long, TCP the other way" a b 192.0.2.1 -R
	mtu 1500 - "$na" a "$nb"
	expect_identity vale0
	vale-ctl -d "vale0:$na" || fail "$kind: $na out of vale0"
	vale-ctl -d vale0:vb
	vale-ctl -r vb || fail "$kind: vb goes"
	until_true "$kind: $na is closed" closed "$na"
	passes "without the switch" -
}

# polled - by a thread, which the interface's interrupts leave its frames to
polled() {
	[ "$(nproc)" -gt 1 ] || return 0
	vale-ctl -p "vale0:$na" -C single,1,1 || fail "$kind: polling on"
	passes "polled" b
	ping_all "$kind: polled, MTU $long" b 192.0.2.1 -s $((long - 28)) -M "do"
	tcp "$kind: polled, TCP" a b 192.0.2.1 -R
	vale-ctl -P "vale0:$na" || fail "$kind: polling off"
	ping_all "$kind: polled no more" b 192.0.2.1
}

# pass FROM TO - frames up to the longest, in slots of up to 2048 bytes; paced, since a NIC has no means to hold back who sends to it
pass() {
	sent_=$(counter "$1" forwarded) got_=$(counter "$2" rx_packets missed refused)
	receiver r "netmap:$2" min=60 max=$((long + 14))
	sender s "netmap:$1" id=16 count="$count" min=60 max=$((long + 14)) fragment=2048 nap=4,10000
	sent s
	all_=$(($(value s .rings) * count))
	until_true "$kind, $1 to $2: all there" all_at "$2" $((got_ + all_))
	received r
	expect "$kind, $1 to $2: received" "$(stream_frames r 16 "$(value s .rings)")" $all_
	expect "$kind, $1 to $2: bytes" $(($(value r .bytes) - 60 * $(value r .hello))) "$(value s .bytes)"
	expect "$kind, $1 to $2: forwarded" "$(counter "$1" forwarded)" $((sent_ + all_))
	expect_identity "$1"
	stop s
	stop r
}

# long_frames - by programs at both ends; somebody has both open meanwhile, since a NIC may be reset for the first and last who does
long_frames() {
	in_ a ip link set "$nb" netns $$ || fail "$kind: $nb back"
	quiet - "$nb"
	ip link set "$nb" up
	mtu "$long" - "$na" - "$nb"
	for i_ in "$na" "$nb"; do ip link set "$i_" promisc on; done
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier - "$nb"
	for i_ in "$na" "$nb"; do
		start "hold_$i_" "$BUILD/guest/own" "$i_"
		told "hold_$i_" ready
	done
	until_true "$kind, $na to $nb: passes" gets_through "$na" "$nb"
	until_true "$kind, $nb to $na: passes" gets_through "$nb" "$na"
	pass "$na" "$nb"
	pass "$nb" "$na"
	for i_ in "$na" "$nb"; do
		stop "hold_$i_"
		until_true "$kind: $i_ is closed" closed "$i_"
		ip link set "$i_" promisc off
	done
	mtu 1500 - "$na" - "$nb"
	ip link set "$nb" netns "nic-$$-a" || fail "$kind: $nb to the station again"
	quiet a "$nb"
	dress a "$nb" 192.0.2.1
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	passes "without programs" -
}

# in_the_books - what the NIC has sent counts from the program's next sync on, which a frame brings about
in_the_books() {
	in_ c ping -q -c 1 -W 1 192.0.2.1 >/dev/null
	[ "$(books_differ "$na")" = 0 ]
}

# bridged OTHER PEER - with OTHER, whose PEER goes to station c
bridged() {
	ip link set "$2" netns "nic-$$-c" || fail "$kind: $2 to the station"
	quiet c "$2"
	dress c "$2" 192.0.2.4
	ip link set "$1" up
	for i_ in "$na" "$1"; do ip link set "$i_" promisc on; done # what it gets is for stations
	until_true "$kind: $1 has a carrier" carrier - "$1"
	start bridge bridge -w 0 -i "netmap:$na" -i "netmap:$1"
	until_true "$kind: the bridge has $na" open "$na"
	until_true "$kind: the bridge has $1" open "$1"
	passes "bridged with $1" c
	ping_all "$kind: bridged with $1" c 192.0.2.1
	tcp "$kind: bridged with $1, TCP" a c 192.0.2.1
	until_true "$kind: bridged with $1, all frames in the books" in_the_books
	signal bridge INT
	finish bridge
	until_true "$kind: $na is closed" closed "$na"
	until_true "$kind: $1 is closed" closed "$1"
	for i_ in "$na" "$1"; do ip link set "$i_" promisc off; done
	in_ c ip link set "$2" netns $$ || fail "$kind: $2 back"
}

# both NA NB - NB is at station a
both() {
	na=$1 nb=$2
	! native || echo 1 >$admode # the NIC's own rings or none
	quiet - "$na"
	quiet a "$nb"
	ip addr add 192.0.2.2/24 dev "$na"
	ip link set "$na" up
	dress a "$nb" 192.0.2.1
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	passes "at first" -
	long=$(longest "$na")
	with_host
	without_host
	long_frames
	echo 0 >$admode
}

station a
station b
station c
na=va
kind=veth
count=$((300 * ${GUEST_SCALE:-1}))
ip link add va type veth peer name wa netns "nic-$$-a" || skip "no veth interfaces here"
ip link add pa type veth peer name pb || skip "no veth interfaces here"
both va wa
bridged pa pb
ip link del va

other=pa peer=pb
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	there="$there ${pair%:*} ${pair#*:}"
	outside ip link set "${pair%:*}" netns $$ || fail "${pair%:*} into this namespace"
	outside ip link set "${pair#*:}" netns $$ || fail "${pair#*:} into this namespace"
	ip link set "${pair#*:}" netns "nic-$$-a" || fail "${pair#*:} to the station"
	both "${pair%:*}" "${pair#*:}"
	bridged "$other" "$peer"
	ip addr flush dev "$na"
	in_ a ip link set "$nb" netns $$ || fail "$kind: $nb back"
	other=$na peer=$nb
done
