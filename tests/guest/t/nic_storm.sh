#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_storm.sh - pairs of NICs whose driver has hooks (GUEST_PAIRS, GUEST_NATIVE), all that a driver does to its rings by itself, in
# random order and under load, until at last the driver leaves its programs.
#
#	stream send --- na ==== nb :station a --- stream recv      whole: all rings of both are programs'
#	ping of the host's --- nb ==== na --- the host             half: so is what na receives and nb sends the hosts', and what
#	                                                           na sends while its program is being replaced by another one
#
# After each of it frames pass again. What was received is as it was sent, nothing twice; all slots come back to who leaves in peace;
# counters add up; afterwards no buffer is missing, rings begin as they should, and the host has its NIC as before.
#
# Frames may come late: for a NIC that can't receive QEMU keeps up to 10000, and hands a new one to it before these if it learns of the
# NIC's readiness by that one. With the drivers' own rings (admode=2) it does the same.
#
# In the last round but one the machine falls asleep and wakes up as well, as far as its devices are concerned.
#
# STORM_SEED is which run (it is told), STORM_ACTS (4) how much is done to the NIC in each round, times GUEST_SCALE; STORM_ROUNDS (4) how
# many rounds there are, in turn whole and half; STORM_SELFTEST: not empty: the NIC tests itself too, which takes seconds each time;
# STORM_KINDS: only pairs of these drivers.
#
# shellcheck disable=SC2034 # some are variables of lib.sh
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_tool ethtool ethtool
[ -n "${GUEST_NATIVE:-}" ] || skip "there are no drivers with hooks in this guest"
case ${GUEST:-} in debug) NET_LIMIT=180 ;; *) NET_LIMIT=60 ;; esac
[ "$tcp_bytes" -le 8000000 ] || tcp_bytes=8000000
home=$(cd "$(dirname "$0")/../../.." && pwd)
acts=$((${STORM_ACTS:-4} * ${GUEST_SCALE:-1})) rounds=${STORM_ROUNDS:-4}

# a random number below N, as $below; the same ones for the same seed
seed=${STORM_SEED:-$(date +%N | sed 's/^0*//')}
random=$((${seed:-1} & 0x7fffffff))
echo "seed $seed: STORM_SEED=$seed repeats it"
below() {
	random=$(((random * 1103515245 + 12345) & 0x7fffffff))
	below=$(((random >> 12) % $1))
}
# one_of WORD... - as $one
one_of() {
	below $#
	shift "$below"
	one=$1
}

# tell TEXT - what is done, also in the kernel's log, beside what it has to report
tell() {
	echo "$*"
	echo "nic_storm: $*" >/dev/kmsg
}

there='' broken=''
# shellcheck disable=SC2317,SC2329
undo() {
	[ ! -w /sys/power/pm_test ] || echo none >/sys/power/pm_test
	umount "$tmp/sys" 2>/dev/null
	# shellcheck disable=SC2086 # words
	bring_back $there
	# the next test loads its own
	ip link del ka 2>/dev/null
	for d_ in $GUEST_NATIVE; do rmmod "$d_" 2>/dev/null; done
	rmmod netmap 2>/dev/null
}
# shellcheck disable=SC2317,SC2329
gone() { ! running "$1"; }
no_carrier() { ! carrier "$1" "$2"; }
ctl_a() { in_ a "$BUILD/vale-ctl" "$@"; }

# counted STATION INTERFACE NAME... - sum of these counters, 0 if there are none
counted() {
	at_=$1 of_=$2
	shift 2
	in_ "$at_" "$BUILD/vale-ctl" stats --json "$of_" 2>>"$tmp/vale-ctl.err" |
		awk -F '[":, ]+' -v names=" $* " 'index(names, " " $2 " ") { n += $3 } END { printf "%.0f\n", n }'
}
# host_got INTERFACE - frames that its driver received for the host here
host_got() { ip -j -s link show "$1" | jq '.[0].stats64.rx.packets'; }

# free_buffers - of the region of interfaces, which `keep` keeps from beginning anew
free_buffers() {
	"$BUILD/guest/own" --once kb --extra 1000000 >"$tmp/free" || fail "free buffers: $(cat "$tmp/free")"
	sed -n 's/.* \([0-9]*\) extra$/\1/p' "$tmp/free"
}

# load_again - the module with a region that is small, so that its buffers can be counted in no time
load_again() {
	for d in $GUEST_NATIVE; do rmmod "$d" || fail "$d can't be unloaded"; done
	rmmod netmap || fail "netmap can't be unloaded"
	insmod "$home/netmap.ko" buf_num=40000 || fail "netmap can't be loaded"
	for ko in "$home"/drivers/*.ko; do insmod "$ko" || fail "$ko can't be loaded"; done
	ip link add ka type veth peer name kb || skip "no veth interfaces here"
	for i in ka kb; do
		echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6
		ip link set $i up
	done
	start keep "$BUILD/guest/own" ka
	told keep ready
}

# --- programs

nth=0
# send_on, recv_on - under way; each sender has numbers of its own, so that nothing is taken for another one's
send_on() {
	nth=$((nth + 1))
	sender s "netmap:$na$tx_only" id=$((nth * 16)) count=1000000000 min=60 max=1514 nap=16,3000
}
recv_on() {
	# shellcheck disable=SC2086 # an option
	start r ip netns exec "nic-$$-a" stream recv "netmap:$nb$rx_only" min=60 max=1514 quiet late=1048576 ${tx_only:+host=$mac_a}
	told r ready
}
# kill_it NAME - with no time to do anything about it
kill_it() {
	kill -KILL "$(pid_of "$1")"
	wait "$(pid_of "$1")" 2>/dev/null
	left_=
	for name_of_ in $started; do [ "$name_of_" = "$1" ] || left_="$left_ $name_of_"; done
	started=$left_
}
# sender_ends - and has back all of its slots
sender_ends() {
	signal s INT
	told s '"role"'
	expect_identity "$na"
	stop s
}
receiver_ends() {
	received r
	stop r
}

grows() {
	sent=$(counted - "$na" forwarded) got=$(counted a "$nb" rx_packets)
	[ "$sent" -gt $((sent_then + 20)) ] && [ "$got" -gt $((got_then + 20)) ] || return 1
	[ -z "$tx_only" ] || [ "$(host_got "$na")" -gt $((host_then + 2)) ]
}
# go_on WHAT - frames pass, those of the hosts too
go_on() {
	sent_then=$(counted - "$na" forwarded) got_then=$(counted a "$nb" rx_packets) host_then=0
	[ -z "$tx_only" ] || host_then=$(host_got "$na")
	neighbours
	until_true "$kind, $round, $*: frames pass" grows || {
		broken=1
		tell "$kind, $round, $*: broken: sent $sent_then $sent, received $got_then $got, by the host $host_then $(host_got "$na")"
		{ counters_of "$na"; ctl_a stats --json "$nb"; } | awk -F '[":, ]+' '$3 > 0 { print $2, $3 }' | tr '\n' ' '
		ip -s link show "$na"
		in_ a ip -s link show "$nb"
		dmesg | tail -3
	}
}

# --- what is done to them; each is tried before anybody has them open: a driver need not be able to do all

queues() { ethtool -l "$na" 2>/dev/null | sed -n '/Current/,$s/^Combined:[^0-9]*\([0-9][0-9]*\).*/\1/p'; }
wire() { echo "link n$hub$1 $2" >"/dev/$GUEST_PORT"; }

do_reset_na() { ethtool -r "$na"; }
do_reset_nb() { in_ a ethtool -r "$nb"; }
do_wire() {
	one_of 1 2
	end=$one
	wire "$end" off
	case $end in
	1) until_true "$kind: no link at $na" no_carrier - "$na" ;;
	2) until_true "$kind: no link at $nb" no_carrier a "$nb" ;;
	esac
	wire "$end" on
}
do_down_na() { ip link set "$na" down && ip link set "$na" up; }
do_down_nb() { in_ a ip link set "$nb" down && in_ a ip link set "$nb" up; }
do_mtu_na() { one_of 1280 1400 1500 1998 3000 4000; ip link set "$na" mtu "$one"; }
do_mtu_nb() { one_of 1280 1400 1500 1998 3000 4000; in_ a ip link set "$nb" mtu "$one"; }
# shellcheck disable=SC2086 # words
do_rings_na() { one_of "rx 128" "tx 128" "rx 256 tx 512" "rx 512 tx 256"; ethtool -G "$na" $one; }
# shellcheck disable=SC2086 # words
do_rings_nb() { one_of "rx 128" "tx 128" "rx 256 tx 512" "rx 512 tx 256"; in_ a ethtool -G "$nb" $one; }
do_queues() { below "$most_queues"; ethtool -L "$na" combined $((below + 1)); }
do_promisc() { ip link set "$na" promisc off && ip link set "$na" promisc on && in_ a ip link set "$nb" allmulticast on && in_ a ip link set "$nb" allmulticast off; }
do_tags() { one_of off on; ethtool -K "$na" rxvlan "$one" && in_ a ethtool -K "$nb" rxvlan "$one"; }
do_sums() { one_of off on; ethtool -K "$na" rx "$one" tx "$one"; }
do_selftest() { ethtool -t "$na" offline >"$tmp/selftest"; }
do_kill_sender() { kill_it s; send_on; }
do_kill_receiver() { kill_it r; recv_on; }

# able - which of them the pair can do. Some drivers refuse what others take, or what is as it was; that is no error under load either.
able() {
	can="kill_sender kill_receiver down_na down_nb promisc"
	wired || { notices && can="$can wire"; } || echo "$kind: no wire: its driver does not learn that the cable is out"
	for a in reset_na reset_nb rings_na rings_nb mtu_na mtu_nb tags sums selftest; do
		[ $a != selftest ] || [ -n "${STORM_SELFTEST:-}" ] || continue
		# the values of a try are not those of the storm
		before=$random
		if "do_$a" >"$tmp/can" 2>&1; then can="$can $a"; else echo "$kind: no $a: $(tail -1 "$tmp/can")"; fi
		random=$before
	done
	most_queues=$(queues)
	[ "${most_queues:-1}" -lt 2 ] || can="$can queues queues"
	plain
}
# models have no cable that anybody could pull out
wired() { for m_ in ${GUEST_MODELS:-}; do [ "${m_%%:*}" != "$kind" ] || return 0; done; return 1; }

# notices - that its cable is out; QEMU's e1000e does not tell the kernel's own driver either
notices() {
	wire 1 off
	(NET_LIMIT=10 && until_true out no_carrier - "$na") >"$tmp/can" 2>&1
	noticed=$?
	wire 1 on
	until_true "$kind: $na has its carrier again" carrier - "$na"
	return $noticed
}

# plain - as they were
plain() {
	ip link set "$na" mtu 1500
	in_ a ip link set "$nb" mtu 1500
	[ "${most_queues:-1}" -lt 2 ] || ethtool -L "$na" combined "$most_queues" 2>"$tmp/plain" || grep -q 'no.*change' "$tmp/plain" ||
		[ "$(queues)" = "$most_queues" ] || fail "$kind: $most_queues queues: $(cat "$tmp/plain")"
}

# shellcheck disable=SC2154 # $failures of lib.sh
# acts_on N - so many, one to three before anybody looks whether frames pass
acts_on() {
	todo=$1
	while [ "$todo" -gt 0 ] && [ -z "$broken" ]; do
		below 3
		some=$((below + 1)) did=
		while [ $some -gt 0 ] && [ "$todo" -gt 0 ]; do
			# shellcheck disable=SC2086 # words
			one_of $can
			did="$did $one" failed=$failures
			"do_$one" >"$tmp/act" 2>&1 || did="$did(refused)"
			[ "$failures" -eq "$failed" ] || cat "$tmp/act"
			some=$((some - 1)) todo=$((todo - 1))
		done
		tell "$kind, $round:$did"
		# a NIC with a smaller MTU than the frames have may take none of the long ones
		go_on "$did"
	done
}

# asleep - all devices, as far as suspending devices goes
asleep() {
	[ -w /sys/power/pm_test ] || { echo "this kernel can't try to sleep"; return 0; }
	echo devices >/sys/power/pm_test
	[ ! -w /sys/module/suspend/parameters/pm_test_delay ] || echo 0 >/sys/module/suspend/parameters/pm_test_delay
	for how in freeze mem; do
		[ -z "$broken" ] || break
		grep -qw $how /sys/power/state || continue
		tell "$kind, $round: $how"
		echo "$how" >/sys/power/state || fail "$kind, $round: $how"
		go_on "$how"
	done
	echo none >/sys/power/pm_test
}

# books WHAT - nobody has them open: no buffer is missing, and who opens them finds all as it should be
books() {
	until_true "$kind, $1: $na is closed" closed "$na"
	until_true "$kind, $1: $nb is closed" sh -c "! ip netns exec nic-$$-a $BUILD/vale-ctl list | grep -q '^$nb '"
	expect "$kind, $1: free buffers" "$(free_buffers)" "$buffers"
	"$BUILD/guest/own" --once --whole "$na" >"$tmp/whole" || fail "$kind, $1: $na: $(cat "$tmp/whole")"
	in_ a "$BUILD/guest/own" --once --whole "$nb" >"$tmp/whole" || fail "$kind, $1: $nb: $(cat "$tmp/whole")"
	until_true "$kind, $1: $na is closed" closed "$na"
}
answers() { ping -q -c 1 -W 1 192.0.2.1; }
normal() {
	until_true "$kind, $1: the host's own" answers || { broken=1; ip -s link show "$na"; in_ a ip -s link show "$nb"; dmesg | tail -5; }
	[ -n "$broken" ] || ping_all "$kind, $1" - 192.0.2.1 -s 1000
}

# storm ROUND whole|half - ends in peace or by SIGKILL, by chance
storm() {
	round="round $1, $2" broken='' tx_only='' rx_only=''
	[ "$2" = whole ] || tx_only=/T rx_only=/R
	recv_on
	send_on
	# what the host of nb says comes to the host of na; replies are dropped, since na's transmit rings are the program's
	[ -z "$tx_only" ] || start pings ip netns exec "nic-$$-a" ping -q -i 0.1 192.0.2.2
	go_on "at first"
	acts_on "$acts"
	[ "$1" -ne $((rounds - 1)) ] || [ -n "$broken" ] || asleep
	plain
	[ -n "$broken" ] || go_on "at last"
	[ -z "$tx_only" ] || kill_it pings
	below 2
	if [ "$below" -eq 0 ] || [ -n "$broken" ]; then
		kill_it s
		kill_it r
	else
		sender_ends
		receiver_ends
	fi
	books "$round"
	normal "$round"
}

# away - the driver leaves its programs and comes back
away() {
	round=away broken='' tx_only='' rx_only=''
	recv_on
	send_on
	go_on "at first"
	rmmod "$kind" || fail "$kind can't be unloaded under programs"
	for p in s r; do
		until_true "$kind: its driver left, $p ends" gone $p
		kill_it $p 2>/dev/null
	done
	until_true "$kind, away: $na is closed" closed "$na"
	expect "$kind, away: free buffers" "$(free_buffers)" "$buffers"
	insmod "$home/drivers/$kind.ko" || fail "$kind can't be loaded again"
	back "$mac_a" "$na"
	back "$mac_b" "$nb"
	settle
	books away
	normal away
}
# back MAC NAME - the interface is there again and has its name
back() {
	until_true "$kind: $2 is there again" found "$1"
	[ "$(found "$1")" = "$2" ] || outside ip link set "$(found "$1")" name "$2" || fail "$kind: $2 has another name"
}
found() { outside ip -j link | jq -r ".[] | select(.address == \"$1\").ifname" | grep .; }

# neighbours - who has nobody's replies knows where to send to; an interface that goes down forgets
neighbours() {
	ip neigh replace 192.0.2.1 lladdr "$mac_b" dev "$na" nud permanent
	in_ a ip neigh replace 192.0.2.2 lladdr "$mac_a" dev "$nb" nud permanent
}

# settle - na here, nb with station a, both with addresses and a link
settle() {
	outside ip link set "$na" netns $$ || fail "$na into this namespace"
	outside ip link set "$nb" netns $$ || fail "$nb into this namespace"
	there="$there $na $nb"
	echo 1 >"/proc/sys/net/ipv6/conf/$na/disable_ipv6"
	echo 1 >"/proc/sys/net/ipv6/conf/$nb/disable_ipv6"
	ip link set "$nb" netns "nic-$$-a" || fail "$nb to the station"
	in_ a sh -c "echo 1 >/proc/sys/net/ipv6/conf/$nb/disable_ipv6"
	ip addr add 192.0.2.2/24 dev "$na"
	ip link set "$na" promisc on
	in_ a ip link set "$nb" promisc on
	ip link set "$na" up
	dress a "$nb" 192.0.2.1
	mac_a=$(cat "$sys/class/net/$na/address") mac_b=$(in_ a cat "$sys_a/$nb/address")
	neighbours
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
}

both() {
	station a
	settle
	hub=${mac_a%:*} hub=${hub##*:0}
	buffers=$(free_buffers)
	able
	tell "$kind:$can; $buffers buffers"
	normal "at first"
	of=whole
	for n in $(seq "$rounds"); do
		storm "$n" $of
		case $of in whole) of=half ;; *) of=whole ;; esac
	done
	tcp "$kind: TCP out" a - 192.0.2.1
	tcp "$kind: TCP in" a - 192.0.2.1 -R
	away
	in_ a ip link set "$nb" netns $$ || fail "$nb back"
	ip netns del "nic-$$-a"
	stations=
	ip addr flush dev "$na"
}

sys=$tmp/sys # of this namespace
mkdir "$sys"
load_again
mount -t sysfs none "$sys" || skip "no sysfs of this namespace"
sys_a=/sys/class/net # ip netns exec mounts it
tested=
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	case " $GUEST_NATIVE " in *" $kind "*) ;; *) continue ;; esac
	case " ${STORM_KINDS:-$kind} " in *" $kind "*) ;; *) continue ;; esac
	na=${pair%:*} nb=${pair#*:}
	tested=1
	both
done
[ -n "$tested" ] || skip "no NIC here has a driver with hooks"
