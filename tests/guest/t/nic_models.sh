#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_models.sh - the models of NICs in ../devices do what the kernel's own driver expects of such a NIC; nothing here is netmap.
#
#	station a : NA ==== NB : station b            one pair after the other, of those in GUEST_MODELS
#
# Link, pings of all lengths up to the longest that the driver allows, what the address filter lets through, tags of VLANs, TCP both
# ways with right checksums, frames sent against frames received and lost in the NICs' own counters, and all that again after the
# interfaces were down and after the driver was bound anew.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
need_tool ethtool ethtool
[ -n "${GUEST_MODELS:-}" ] || skip "no models of NICs here (run.sh --models)"
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=40

# shellcheck disable=SC2034 # of nic_lib.sh
tcp_bytes=$(amount 80000000 800000000)

# shellcheck disable=SC2317,SC2329
undo() {
	for s_ in $stations; do
		for i_ in $there; do in_ "${s_##*-}" ip link set "$i_" netns 1 2>/dev/null; done
		ip netns del "$s_" 2>/dev/null
	done
}
modelled() {
	for m_ in $GUEST_MODELS; do [ "${m_%%:*}" != "$1" ] || return 0; done
	return 1
}
# quiet STATION - nothing is said there that nobody asked for
quiet() { in_ "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }

# hardware STATION INTERFACE NAME... - sum of the NIC's own counters, nothing if it has none of these
hardware() {
	in_ "$1" ethtool -S "$2" 2>/dev/null | awk -v names=" ${3} " '
		index(names, " " substr($1, 1, length($1) - 1) " ") { sum += $2; found = 1 }
		END { if (found) printf "%.0f\n", sum }'
}
# counters of frames that were sent, that were received, that found no room, by the names of the drivers
names_of() {
	case $1 in
	forcedeth) c_sent=tx_zero_rexmt c_got=rx_packets c_lost='rx_over_errors rx_drop_frame' ;;
	r8169) c_sent=tx_packets c_got=rx_packets c_lost=rx_missed ;;
	ixgbe) c_sent=tx_pkts_nic c_got=rx_pkts_nic c_lost='rx_missed_errors rx_no_dma_resources' ;;
	*) fail "$1: which counters has it?" ;;
	esac
}

# books - what the NICs have counted, where something is missing
books() {
	in_ a ethtool -S "$na" | grep -v ': 0$'
	in_ b ethtool -S "$nb" | grep -v ': 0$'
	in_ a ip -s link show "$na"
	in_ b ip -s link show "$nb"
	in_ b nstat -az 2>/dev/null | awk '$2 && /Drop|Err|Fail|Discard/'
}

# replies - to echo requests that have come back to station a. ping itself waits no longer than two times the longest way so far, which
# an emulated machine may exceed.
# shellcheck disable=SC2016 # for awk
replies() { in_ a awk '/^Icmp: I/ {for (i = 2; i <= NF; i++) name[i] = $i; next} /^Icmp:/ {for (i in name) if (name[i] == "InEchoReps") print $i}' /proc/net/snmp; }
replied() { [ "$(replies)" -eq "$1" ]; }

# pings WHAT COUNT LENGTH... - of data, each COUNT times, without fragments
pings() {
	what=$1 times=$2
	shift 2
	for length in "$@"; do
		wanted=$(($(replies) + times))
		in_ a ping -q -M "do" -c "$times" -i 0.01 -W 10 -s "$length" 192.0.2.2 >"$tmp/ping" 2>&1
		until_true "$kind, $what, $length bytes: $times replies" replied $wanted || { tail -3 "$tmp/ping"; books; }
	done
}

# sees STATION INTERFACE FILTER ADDRESS - whether frames that are sent to that address come in there; -p in $promiscuous: as they are
promiscuous=-p
sees() {
	# shellcheck disable=SC2086 # may be nothing
	start dump ip netns exec "nic-$$-$1" tcpdump -Z root -n -U -l $promiscuous -i "$2" -Q in 'icmp or udp port 9'
	until_true "$kind: tcpdump captures" grep -q listening "$tmp/dump.err"
	in_ a ip neigh replace 192.0.2.77 lladdr "$3" dev "$na"
	in_ a ping -q -c 1 -W 1 192.0.2.77 >/dev/null
	# what was sent before this has come, or does not
	in_ a ping -q -c 1 -W 10 192.0.2.2 >/dev/null
	until_true "$kind: the frame behind it comes" grep -q '192.0.2.2:' "$tmp/dump.out"
	signal dump INT
	finish dump
	grep -q '192.0.2.77:' "$tmp/dump.out"
}

# filter - NB's address, another one, groups; a NIC may be content with a part of a group's address, so the wrong one is far off
filter() {
	own=$(in_ b cat "/sys/class/net/$nb/address")
	sees b "$nb" "$own" || fail "$kind: a frame to its own address does not come"
	! sees b "$nb" 02:00:00:00:00:99 || fail "$kind: a frame to another NIC's address comes"
	! sees b "$nb" 01:80:aa:55:0f:f0 || fail "$kind: a frame to a group that nobody has joined comes"
	in_ b ip maddr add 01:80:aa:55:0f:f0 dev "$nb"
	sees b "$nb" 01:80:aa:55:0f:f0 || fail "$kind: a frame to a group does not come"
	in_ b ip maddr del 01:80:aa:55:0f:f0 dev "$nb"
	in_ b ip link set "$nb" allmulticast on
	sees b "$nb" 01:80:12:34:0f:f0 || fail "$kind: with all groups on, a frame to one does not come"
	in_ b ip link set "$nb" allmulticast off
	promiscuous=
	sees b "$nb" 02:00:00:00:00:99 || fail "$kind: a promiscuous NIC does not get what is for another one"
	promiscuous=-p
	! sees b "$nb" 02:00:00:00:00:99 || fail "$kind: a frame to another NIC's address comes after it was promiscuous"
	in_ b ip link set "$nb" address 02:00:00:00:00:99 || fail "$kind: another address"
	in_ a ip neigh flush dev "$na"
	sees b "$nb" 02:00:00:00:00:99 || fail "$kind: a frame to its new address does not come"
	in_ b ip link set "$nb" address "$own"
	in_ a ip neigh flush dev "$na"
}

vlan() {
	for s in a b; do
		if [ $s = a ]; then i=$na n=1; else i=$nb n=2; fi
		in_ $s ip link add link "$i" name tag type vlan id 6 || skip "no VLANs here"
		quiet $s
		in_ $s ip addr add 198.51.100.$n/24 dev tag
		in_ $s ip link set tag up
	done
	ping_all "$kind: by a VLAN" a 198.51.100.2 -s 1000
	for s in a b; do in_ $s ip link del tag; done
}

# jumbo - as long as the driver allows
jumbo() {
	most=$(in_ a ip -d -j link show "$na" | jq '.[0].max_mtu')
	[ "$most" -gt 1500 ] || return 0
	[ "$most" -le 9000 ] || most=9000
	{ in_ a ip link set "$na" mtu "$most" && in_ b ip link set "$nb" mtu "$most"; } || fail "$kind: MTU $most"
	connected
	pings "MTU $most" 10 $((most - 28)) $((most - 29)) 1473 4000
	in_ a ip link set "$na" mtu 1500 && in_ b ip link set "$nb" mtu 1500
	connected
}

connected() {
	until_true "$kind: $na has a carrier" carrier a "$na"
	until_true "$kind: $nb has a carrier" carrier b "$nb"
}

# balance - what one NIC sent the other one received or counted as lost
balance() {
	names_of "$driver"
	sent_=$(hardware a "$na" "$c_sent") got_=$(hardware b "$nb" "$c_got $c_lost") lost_=$(hardware b "$nb" "$c_lost")
	echo "${sent_:-0} ${got_:-0} ${lost_:-0}"
}

traffic() {
	connected
	pings "MTU 1500" 200 56
	pings "MTU 1500" 10 0 1 17 18 19 100 1471 1472
	# shellcheck disable=SC2046 # words
	set -- $(balance)
	sums "sums_$driver" b "$nb"
	in_ b ethtool -K "$nb" gro off
	tcp "$kind: TCP to b" b a 192.0.2.2
	sums_right "sums_$driver"
	in_ b ethtool -K "$nb" gro on
	tcp "$kind: TCP to a" b a 192.0.2.2 -R
	# shellcheck disable=SC2046 # words
	set -- "$@" $(balance)
	expect "$kind: frames from a that b received or lost" $(($5 - $2)) $(($4 - $1))
	echo "$kind: $(($4 - $1)) frames sent, $(($5 - $2)) received or lost, $(($6 - $3)) lost"
}

# anew - both devices are taken from their driver and given back to it
anew() {
	buses=''
	for s in a b; do
		i=$na
		[ $s = a ] || i=$nb
		buses="$buses $(in_ $s ethtool -i "$i" | sed -n 's/^bus-info: //p')"
	done
	addresses="$(in_ a cat "/sys/class/net/$na/address") $(in_ b cat "/sys/class/net/$nb/address")"
	for what in unbind bind; do
		for bus in $buses; do echo "$bus" >"/sys/bus/pci/drivers/$driver/$what" || fail "$kind: $what $bus"; done
	done
	# the interfaces get their names again, since these are the first that are free
	expect "$kind: addresses after they were bound anew" "$(outside cat "/sys/class/net/$na/address" "/sys/class/net/$nb/address" | paste -sd' ')" \
		"$addresses"
	outside ip link set "$na" netns "nic-$$-a" || fail "$kind: $na back to its station"
	outside ip link set "$nb" netns "nic-$$-b" || fail "$kind: $nb back to its station"
}

# pair DRIVER NA NB
pair() {
	driver=$1 na=$2 nb=$3 kind="$1 $2 $3" there="$2 $3"
	echo "netmap-guest: nic_models $kind" >/dev/kmsg
	station a
	station b
	{ outside ip link set "$na" netns "nic-$$-a" && outside ip link set "$nb" netns "nic-$$-b"; } || { fail "$kind: to the stations"; return; }
	quiet a
	quiet b
	dress a "$na" 192.0.2.1
	dress b "$nb" 192.0.2.2
	traffic
	filter
	vlan
	jumbo
	for _ in 1 2 3; do
		in_ a ip link set "$na" down
		in_ b ip link set "$nb" down
		in_ b ip link set "$nb" up
		in_ a ip link set "$na" up
		connected
		ping_all "$kind: after it was down" a 192.0.2.2
	done
	anew
	quiet a
	quiet b
	dress a "$na" 192.0.2.1
	dress b "$nb" 192.0.2.2
	connected
	pings "bound anew" 20 56 1472
	# shellcheck disable=SC2154 # of lib.sh
	echo "netmap-guest: nic_models $kind: $failures failures so far" >/dev/kmsg
	in_ a ip link set "$na" netns 1
	in_ b ip link set "$nb" netns 1
	ip netns del "nic-$$-a"
	ip netns del "nic-$$-b"
	stations=''
}

there=''
any=''
for p in ${GUEST_PAIRS:-}; do
	driver=${p%%:*} p=${p#*:}
	modelled "$driver" || continue
	any=1
	pair "$driver" "${p%:*}" "${p#*:}"
done
[ -n "$any" ] || fail "none of the pairs '${GUEST_PAIRS:-}' is of $GUEST_MODELS"
