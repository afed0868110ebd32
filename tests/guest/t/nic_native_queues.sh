#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_native_queues.sh - pairs of NICs with several queues whose driver has hooks (GUEST_PAIRS, GUEST_NATIVE): each queue is a program's
# by itself while the others are the host's. Which queue a frame comes to is what the NIC did when all of them were the host's.
#
#	ping, 192.0.2.ADDRESS --- na ==== nb :station a, 192.0.2.1     the reply comes to the queue of ADDRESS
#	pkt-gen, stream --- queues of na ==== nb :station a
#
# Other numbers of queues, and all that the driver does while queues are a program's: other numbers of descriptors, MTU, reset, sleep, its
# leaving.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_tool ethtool ethtool
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=60

there=
sys=$tmp/sys # of this namespace
# shellcheck disable=SC2317,SC2329
undo() {
	# shellcheck disable=SC2086 # words
	bring_back $there
	umount "$sys" 2>/dev/null
}
gone() { ! running "$1"; }
link() { cat "$sys/class/net/$na/$1"; }

# queues - of na
queues() { echo $(($(find "$sys/class/net/$na/queues" -name 'rx-*' | wc -l))); }
# in_queue N - frames that the driver received there
in_queue() { ethtool -S "$na" | sed -n "s/^ *rx_queue_$1_packets: //p"; }
# echoes ADDRESS COUNT [TO] - those that came back
echoes() { ping -q -c "$2" -i 0.05 -W 1 -I "$1" "${3:-192.0.2.1}" | sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
answered() { [ "$(echoes "$1" 1 "${2:-192.0.2.1}")" = 1 ]; }
all_answered() { expect "$1" "$(echoes "$2" 20 "${3:-192.0.2.1}")" 20; }
none_answered() { expect "$1" "$(echoes "$2" 20)" 0; }

# queue_of ADDRESS [TO] - where replies to it come
queue_of() {
	before_=$(for q_ in $(seq 0 $((n - 1))); do in_queue "$q_"; done)
	echoes "$1" 8 "${2:-192.0.2.1}" >"$tmp/echoes"
	q_=0
	for b_ in $before_; do
		[ $(($(in_queue $q_) - b_)) -lt 8 ] || echo $q_
		q_=$((q_ + 1))
	done
}

# send_by N - the host's frames go by that queue, whoever sends them
send_by() {
	for q_ in $(seq 0 $((n - 1))); do
		if [ "$q_" = "$1" ]; then echo "$cpus"; else echo 0; fi >"$sys/class/net/$na/queues/tx-$q_/xps_cpus"
	done
}
dropped() { ip -j -s link show "$na" | jq '.[0].stats64.tx.dropped'; }

# gets NAME RING... - a program that only receives, from these rings or, without one, from all; leaves NAME
gets() {
	start "$1" pkt-gen --json -f rx -w 0 -i "netmap:$na${2:+-$2}/R"
	until_true "$kind: $1 has $na" begun "$1"
}
# shellcheck disable=SC2317,SC2329
begun() { [ -s "$tmp/$1.err" ] && open "$na"; } # it tells what it receives
leaves() {
	signal "$1" INT
	finish "$1"
}
is_closed() { until_true "$kind: $na is closed" closed "$na"; }

# addresses - one whose replies come to queue 0, one to another; $first, $other, $ring
addresses() {
	first='' other=''
	for a_ in $(seq 10 29); do
		ip addr add "192.0.2.$a_/24" dev "$na"
		in_ a ip neigh replace "192.0.2.$a_" lladdr "$(link address)" dev "$nb" nud permanent
	done
	ip neigh replace 192.0.2.1 lladdr "$(in_ a cat "/sys/class/net/$nb/address")" dev "$na" nud permanent
	until_true "$kind: $na and $nb talk" answered 192.0.2.10
	for a_ in $(seq 10 29); do
		q_=$(queue_of "192.0.2.$a_")
		case $q_ in
		'') ;;
		0) : "${first:=192.0.2.$a_}" ;;
		*) [ -n "$other" ] || { other=192.0.2.$a_ ring=$q_; } ;;
		esac
		[ -z "$first" ] || [ -z "$other" ] || return 0
	done
	fail "$kind: of 20 addresses all have one queue ('$first', '$other')"
	return 1
}

# one_receives - a queue's frames are the program's, all others the host's, and nothing is lost there when the program comes and goes
one_receives() {
	gets r "$ring"
	all_answered "$kind: queue 0 while $ring is a program's" "$first"
	had=$(counter "$na" rx_packets missed)
	none_answered "$kind: queue $ring while it is a program's" "$other"
	expect "$kind: frames of queue $ring" $(($(counter "$na" rx_packets missed) - had)) 20
	leaves r
	is_closed
	all_answered "$kind: queue $ring is the host's again" "$other"
	start pings ping -q -i 0.05 -I "$first" 192.0.2.1
	for _ in 1 2 3 4; do
		gets r "$ring"
		leaves r
		is_closed
	done
	signal pings INT
	finish pings
	# the last may be under way
	awk '/packets transmitted/ { exit !($1 >= 20 && $1 - $4 <= 1) }' "$tmp/pings.out" ||
		fail "$kind: queue 0 while another comes and goes: $(tail -3 "$tmp/pings.out")"
}

# two_receive - each the frames of its queue
two_receive() {
	gets r0 0
	gets r1 "$ring"
	none_answered "$kind: queue 0 is a program's" "$first"
	none_answered "$kind: queue $ring is another's" "$other"
	leaves r0
	leaves r1
	is_closed
	expect "$kind: frames of queue 0" "$(value r0 .packets)" 20
	expect "$kind: frames of queue $ring beside it" "$(value r1 .packets)" 20
	all_answered "$kind: after both, queue 0" "$first"
	all_answered "$kind: after both, queue $ring" "$other"
}

# one_sends - the host's frames for that queue are dropped and counted, others go
one_sends() {
	send_by 0
	start r ip netns exec "nic-$$-a" stream recv "netmap:$nb" min=60 max=1514
	told r ready
	for q in $(seq 0 $((n - 1))); do
		sender s "netmap:$na-$q/T" id=$((16 + q)) count="$count" min=60 max=1514 nap=8,5000
		sent s
		stop s
		is_closed
	done
	until_true "$kind: $nb has them all" has "$nb" $((n * count))
	received r
	expect "$kind: frames of $n rings" "$(stream_frames r 16 "$n")" $((n * count))
	stop r
	until_true "$kind: $na and $nb talk again" answered "$first"

	start s pkt-gen -f tx -R 50 -w 0 -i "netmap:$na-$ring/T"
	until_true "$kind: the sender has $na" open "$na"
	all_answered "$kind: sent by queue 0" "$first"
	all_answered "$kind: sent by queue 0, received by $ring" "$other"
	send_by "$ring"
	had=$(dropped)
	none_answered "$kind: sent by queue $ring" "$first"
	expect_ge "$kind: frames of the host that were dropped" $(($(dropped) - had)) 20
	leaves s
	is_closed
	all_answered "$kind: sent by queue $ring, which is the host's again" "$first"
	send_by 0
}
# shellcheck disable=SC2317,SC2329
has() { [ "$(in_ a "$BUILD/vale-ctl" stats --json "$1" | awk -F '[":, ]+' '$2 ~ /^(rx_packets|missed|refused)$/ { n += $3 } END { print n + 0 }')" -ge "$2" ]; }

# tags - of VLANs: left in the program's frames; a NIC that does that to all queues or none leaves those of the host to the stack
tags() {
	for s in - a; do
		if=$na address=198.51.100.2
		[ $s = - ] || { if=$nb address=198.51.100.1; }
		in_ $s ip link add link "$if" name tag type vlan id 6 || fail "$kind: no VLANs here"
		in_ $s ip addr add $address/24 dev tag
		in_ $s ip link set tag up
	done
	ip neigh replace 198.51.100.1 lladdr "$(in_ a cat "/sys/class/net/$nb/address")" dev tag nud permanent
	in_ a ip neigh replace 198.51.100.2 lladdr "$(link address)" dev tag nud permanent
	until_true "$kind: the VLAN's ends talk" answered 198.51.100.2 198.51.100.1
	# the queue that this address has not: the host's frames are to pass
	mine=$(queue_of 198.51.100.2 198.51.100.1)
	free=0
	[ "$mine" != 0 ] || free=$ring
	# where it is not each queue's own matter
	case $kind in ixgbe) tags_=on ;; *) tags_=off ;; esac
	gets r "$free"
	expect "$kind: the NIC takes tags off" "$(offload)" $tags_
	all_answered "$kind: tagged while queue $free is a program's" 198.51.100.2 198.51.100.1
	leaves r
	is_closed
	expect "$kind: tags are the NIC's again" "$(offload)" on
	all_answered "$kind: tagged" 198.51.100.2 198.51.100.1
	in_ a ip link del tag
	ip link del tag
}
offload() { ethtool -k "$na" | sed -n 's/^rx-vlan-offload: \([a-z]*\).*/\1/p'; }

# resets - a program has all rings, and what it sends and receives goes on after each thing that the driver does
resets() {
	start s pkt-gen -f tx -R 50 -w 0 -i "netmap:$na/T"
	gets r
	start pings ip netns exec "nic-$$-a" ping -q -i 0.05 192.0.2.10
	go_on "at first"
	ethtool -r "$na" || fail "$kind: ethtool -r"
	go_on "reset"
	ethtool -G "$na" rx 1024 tx 512 || fail "$kind: ethtool -G"
	go_on "other rings"
	ethtool -G "$na" rx 256 tx 256
	go_on "the former rings"
	ip link set "$na" mtu 3000 || fail "$kind: MTU"
	go_on "a larger MTU"
	ip link set "$na" mtu 1500
	go_on "the former MTU"
	refused 'busy' ethtool -L "$na" combined 1
	go_on "fewer queues were refused"
	in_ a ip link set "$nb" down
	in_ a ip link set "$nb" up
	go_on "the link was away"
	ip link set "$na" down
	ip link set "$na" up
	go_on "down and up"
	if [ -w /sys/power/pm_test ] && grep -q freeze /sys/power/state; then
		echo devices >/sys/power/pm_test
		echo freeze >/sys/power/state || fail "$kind: sleep"
		echo none >/sys/power/pm_test
		go_on "sleep"
	fi
	signal pings INT
	finish pings 1 # nobody answered
	leaves r
	leaves s
	is_closed
	expect_ge "$kind: frames sent" "$sent" 1
	until_true "$kind: the host's again" answered "$first"
	all_answered "$kind: after all, queue 0" "$first"
}
grows() { sent=$(counter "$na" forwarded) && [ "$sent" -gt "$fwd" ] && [ "$(counter "$na" rx_packets)" -gt "$got" ]; }
go_on() {
	fwd=$(counter "$na" forwarded) got=$(counter "$na" rx_packets)
	until_true "$kind: $1: frames pass both ways" grows || { counters_of "$na"; ip link show "$na"; }
}

# counts - other numbers of queues: a port has the rings of the time when it was opened, and a queue that a program has can't go
counts() {
	ethtool -L "$na" combined 1 || fail "$kind: one queue"
	gets r
	expect "$kind: rings of a NIC with one queue" "$(shape)" "1 1"
	until_true "$kind: one queue: it receives" heard "$first"
	ethtool -L "$na" combined "$n" || fail "$kind: $n queues under a program"
	expect "$kind: rings of the port after that" "$(shape)" "1 1"
	until_true "$kind: $n queues: its ring receives" heard "$first"
	until_true "$kind: the new queue is the host's" answered "$other"
	all_answered "$kind: new queue $ring" "$other"
	ethtool -L "$na" combined 1 || fail "$kind: one queue again, which is enough for it"
	until_true "$kind: one queue again: it receives" heard "$first"
	ethtool -L "$na" combined "$n" || fail "$kind: $n queues again"
	leaves r
	is_closed
	gets r "$ring"
	expect "$kind: rings of a port that was opened with $n queues" "$(shape)" "$n $n"
	refused 'busy' ethtool -L "$na" combined "$ring"
	until_true "$kind: queue 0 beside the one that is needed" answered "$first"
	until_true "$kind: queue $ring: its ring receives" heard "$other"
	leaves r
	is_closed
	ethtool -L "$na" combined "$ring" || fail "$kind: $ring queues, none of them a program's"
	ethtool -L "$na" combined "$n"
	until_true "$kind: the host's again" answered "$first"
}
# shape - rings of the port, each direction
shape() { vale-ctl list --json | jq -r ".ports[] | select(.name == \"$na\") | \"\(.tx_rings) \(.rx_rings)\""; }
# heard ADDRESS - what is for it comes to the program
heard() {
	had_=$(counter "$na" rx_packets)
	echoes "$1" 2 >/dev/null
	[ "$(counter "$na" rx_packets)" -ge $((had_ + 1)) ]
}

# away - the driver leaves the device of a program
away() {
	bus=$(ethtool -i "$na" | sed -n 's/^bus-info: //p')
	at=/sys/bus/pci/devices/$bus/driver
	driver=$(cd "$at" && pwd -P)
	mac=$(link address)
	start s pkt-gen -f tx -R 50 -w 0 -i "netmap:$na/T"
	gets r "$ring"
	echo "$bus" >"$driver/unbind" || fail "$kind: unbind"
	for p in r s; do until_true "$kind: its driver left, $p ends" gone $p; done
	wait "$(pid_of r)" "$(pid_of s)" 2>/dev/null
	# shellcheck disable=SC2034 # of lib.sh
	started=
	is_closed
	echo "$bus" >"$driver/bind" || fail "$kind: bind"
	until_true "$kind: $na is there again" back
}
# shellcheck disable=SC2317,SC2329
back() {
	name=$(outside ip -j link | jq -r ".[] | select(.address == \"$mac\").ifname")
	[ -n "$name" ] && outside ip link set "$name" name "$na"
}

# both NA NB
both() {
	na=$1 nb=$2
	ethtool -L "$na" combined 4 2>/dev/null
	echo 1 >"/proc/sys/net/ipv6/conf/$na/disable_ipv6"
	ip link set "$na" up
	n=$(queues) # some drivers tell when it is up
	if [ "$n" -lt 2 ] || [ -z "$(in_queue 1)" ]; then
		echo "$kind: $na has one queue"
		return
	fi
	tested=1
	station a
	ip link set "$nb" netns "nic-$$-a" || fail "$kind: $nb to the station"
	ip link set "$na" promisc on
	in_ a sh -c "echo 1 >/proc/sys/net/ipv6/conf/$nb/disable_ipv6"
	in_ a ip link set "$nb" promisc on
	dress a "$nb" 192.0.2.1
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	addresses || return
	changes=$(link carrier_changes)
	one_receives
	two_receive
	one_sends
	tags
	# the ones that stop queues by themselves
	case $kind in igb | ixgbe) expect "$kind: changes of the carrier" "$(link carrier_changes)" "$changes" ;; esac
	counts
	resets
	away
	in_ a ip link set "$nb" netns $$
	ip netns del "nic-$$-a"
	# shellcheck disable=SC2034 # of nic_lib.sh
	stations=
}

cpus=$(printf %x $(((1 << $(grep -c ^processor /proc/cpuinfo)) - 1)))
count=$((500 * ${GUEST_SCALE:-1}))
tested=
mkdir "$sys"
mount -t sysfs none "$sys" || skip "no sysfs of this namespace"
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	case " ${GUEST_NATIVE:-} " in *" $kind "*) ;; *) continue ;; esac
	for i in "${pair%:*}" "${pair#*:}"; do outside ip link set "$i" netns $$ || fail "$i into this namespace"; done
	there="$there ${pair%:*} ${pair#*:}"
	both "${pair%:*}" "${pair#*:}"
done
[ -n "$tested" ] || skip "no NIC with several queues has a driver with hooks here"
