#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_veth.sh - veth with hooks (GUEST_NATIVE): what other tests of veth pairs (nic_pair, nic_stream, nic_queues, nic_leave) don't ask for,
# since they go for interfaces that are copied from, too.
#
#	program --- va ==== vb --- program                   the same buffers; with another namespace's, copies
#	program --- queues of va ==== vb :station a          each by itself, the others the host's
#
# Nobody loses a frame: who finds no room waits, also where the receiver is stopped, killed, or becomes the stack.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_tool ethtool ethtool
case " ${GUEST_NATIVE:-} " in *" veth "*) ;; *) skip "veth has no hooks in this guest" ;; esac

sys=$tmp/sys # of this namespace
ko=$(dirname "$0")/../../../drivers/veth.ko
admode() { echo "$1" >/sys/module/netmap/parameters/admode || fail "the module's parameter admode"; }
# shellcheck disable=SC2317,SC2329
undo() {
	umount "$sys" 2>/dev/null
	admode 0
	ip link del va 2>/dev/null
	for s_ in $stations; do ip netns del "$s_" 2>/dev/null; done
	grep -q '^veth ' /proc/modules || insmod "$ko"
}
gone() { ! running "$1"; }
quiet() { in_ "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6" && in_ "$1" ip link set "$2" up; }

# pair QUEUES [MTU] - va and vb, both here
pair() {
	ip link add va numtxqueues "$1" numrxqueues "$1" type veth peer name vb numtxqueues "$1" numrxqueues "$1" || fail "no veth pair"
	for i_ in va vb; do
		ip link set $i_ mtu "${2:-1500}"
		quiet - $i_
	done
}
received_by() { ip -j -s link show "$1" | jq '.[0].stats64.rx.packets'; }

# all_there N - at vb; of_a N - at vb in station a
all_there() { [ "$(counter vb rx_packets missed refused)" = "$1" ]; }
of_a() { [ "$(in_ a "$BUILD/vale-ctl" stats --json vb | awk -F '[":, ]+' '$2 ~ /^(rx_packets|missed|refused)$/ { n += $3 } END { print n + 0 }')" = "$1" ]; }

# run WHAT RINGS COUNT RECV-OPTIONS -- SEND-OPTIONS - from va to vb
run() {
	what=$1 rings=$2 count=$3 recv=
	shift 3
	while [ "$1" != -- ]; do recv="$recv $1"; shift; done
	shift
	had=$(received_by vb)
	# shellcheck disable=SC2086 # words
	receiver r netmap:vb $recv
	sender s netmap:va id=16 count="$count" "$@"
	sent s
	n=$((count * rings))
	until_true "$what: all there" all_there $n
	expect "$what: forwarded" "$(counter va forwarded)" $n
	expect "$what: lost" "$(counter vb missed refused)" 0
	expect_identity va
	received r
	expect "$what: received" "$(stream_frames r 16 "$rings")" $n
	expect "$what: frames that the interface counts" $(($(received_by vb) - had)) $n
	stop s
	stop r
	until_true "$what: va is closed" closed va
	until_true "$what: vb is closed" closed vb
}

# In one region the sender's buffers go to the receiver, and others come back.
zero_copy() {
	pair 1
	crossed=$("$BUILD/guest/crossing" va vb 2048) || fail "crossing"
	expect "buffers that crossed over" "$crossed" "same 2048, other 0, returned 2048"
	run "all lengths" 1 "$count" min=14 max=1514 -- min=14 max=1514 poll
	run "a slow receiver" 1 $((count / 5)) min=60 max=300 nap=200,2000 -- min=60 max=300 poll
	ip link del va
	pair 1 9000
	run "jumbo frames of many slots" 1 $((count / 5)) min=14 max=9000 -- min=14 max=9000 fragment=701
	ip link del va
	pair 4
	for i in va vb; do ethtool -L $i rx 4 tx 4 || fail "four queues of $i"; done
	run "four queues" 4 $((count / 5)) min=60 max=1514 -- min=60 max=1514
	ip link del va
}

# A region of another namespace: frames are copied.
apart() {
	pair 1 9000
	station a
	ip link set vb netns "nic-$$-a" || fail "vb to the station"
	quiet a vb
	start r ip netns exec "nic-$$-a" "$BUILD/net/stream" recv netmap:vb min=14 max=9000
	told r ready
	sender s netmap:va id=16 count="$count" min=14 max=9000
	sent s
	until_true "apart: all there" of_a "$count"
	expect "apart: forwarded" "$(counter va forwarded)" "$count"
	received r
	expect "apart: received" "$(stream_frames r 16)" "$count"
	stop s
	stop r
	ip link del va
	ip netns del "nic-$$-a"
	stations=
}

grown() { [ "$(counter "$1" "$2")" -gt "$3" ]; }
grows() { until_true "$1: $2 $3" grown "$2" "$3" "$(counter "$2" "$3")"; }
# shellcheck disable=SC2317,SC2329
full() { [ "$(counter vb rx_packets)" -ge 1000 ]; }
# shellcheck disable=SC2317,SC2329
asleep() { grep -q '^State:.S' "/proc/$(pid_of tx)/status"; }

# A receiver that is stopped holds the sender back for good. One that is killed leaves the stack in its place, and the next one takes over.
held_back() {
	pair 1
	start rx pkt-gen -i netmap:vb -f rx -w 0
	until_true "vb is open" open vb
	kill -STOP "$(pid_of rx)"
	start tx pkt-gen -i netmap:va -f tx -w 0
	until_true "stopped: the ring is full" full
	until_true "stopped: the sender sleeps" asleep
	expect "stopped: missed" "$(counter vb missed)" 0
	had=$(counter vb rx_packets)
	expect "stopped: sent all the same" "$(counter va forwarded)" "$had"
	kill -CONT "$(pid_of rx)"
	grows "continued" vb rx_packets
	for i in 1 2; do
		kill -KILL "$(pid_of rx)"
		wait "$(pid_of rx)" 2>/dev/null
		until_true "killed: vb is closed" closed vb
		grows "killed" va forwarded
		start rx pkt-gen -i netmap:vb -f rx -w 0
		until_true "vb is open again" open vb
		grows "round $i" vb rx_packets
	done
	# the sender goes while the receiver is stopped, and while all is well
	kill -STOP "$(pid_of rx)"
	until_true "stopped again: the sender sleeps" asleep
	for i in 1 2; do
		kill -KILL "$(pid_of tx)"
		wait "$(pid_of tx)" 2>/dev/null
		until_true "killed: va is closed" closed va
		kill -CONT "$(pid_of rx)"
		start tx pkt-gen -i netmap:va -f tx -w 0
		until_true "va is open again" open va
		grows "sender $i" vb rx_packets
	done
	expect "missed" "$(counter vb missed)" 0
}

# The driver leaves with both its interfaces under load.
away() {
	rmmod veth || fail "rmmod veth"
	for p in rx tx; do until_true "rmmod: $p ends" gone $p; done
	wait "$(pid_of rx)" "$(pid_of tx)" 2>/dev/null
	# shellcheck disable=SC2034 # of lib.sh
	started=
	for n in va vb; do until_true "rmmod: $n is no port any more" closed $n; done
	insmod "$ko" || fail "insmod veth.ko"
}

# echoes COUNT - of pings from va that came back
echoes() { ping -q -c "$1" -i 0.05 -W 0.5 192.0.2.1 | sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
# sent_by STATION INTERFACE N - frames of the station's stack go by that queue, whoever sends them
sent_by() {
	at=/sys # of a station
	[ "$1" != - ] || at=$sys
	for i in 0 1; do
		m=0
		[ $i != "$3" ] || m=$cpus
		in_ "$1" sh -c "echo $m >$at/class/net/$2/queues/tx-$i/xps_cpus" || fail "XPS of $2"
	done
}
dropped() { ip -j -s link show va | jq '.[0].stats64.tx.dropped'; }

# gets NAME RINGS
gets() {
	start "$1" pkt-gen --json -f "$3" -w 0 -R 50 -i "netmap:$2"
	until_true "$1 has $2" open va
}
leaves() {
	signal "$1" INT
	finish "$1"
	until_true "va is closed" closed va
}

# Each queue is a program's by itself, the other one the host's, in both directions.
queues() {
	pair 2
	for i in va vb; do ethtool -L $i rx 2 tx 2 || fail "two queues of $i"; done
	station a
	ip link set vb netns "nic-$$-a" || fail "vb to the station"
	quiet a vb
	dress a vb 192.0.2.1
	ip addr add 192.0.2.2/24 dev va
	ip neigh replace 192.0.2.1 lladdr "$(in_ a cat "/sys/class/net/vb/address")" dev va nud permanent
	in_ a ip neigh replace 192.0.2.2 lladdr "$(cat "$sys/class/net/va/address")" dev vb nud permanent
	for q in 0 1; do
		sent_by - va $((1 - q))
		sent_by a vb $((1 - q))
		gets r "va-$q/R" rx
		expect "queue $((1 - q)) while $q is a program's" "$(echoes 10)" 10
		sent_by a vb $q
		had=$(counter va rx_packets)
		expect "queue $q is a program's" "$(echoes 10)" 0
		expect "frames of queue $q" $(($(counter va rx_packets) - had)) 10
		leaves r
		expect "queue $q is the host's again" "$(echoes 10)" 10

		gets t "va-$q/T" tx
		expect "sent by queue $((1 - q))" "$(echoes 10)" 10
		sent_by - va $q
		had=$(dropped)
		expect "sent by queue $q" "$(echoes 10)" 0
		expect "frames of the host that were dropped" $(($(dropped) - had)) 10
		leaves t
		expect "sent by queue $q, which is the host's again" "$(echoes 10)" 10
	done
}

# XDP programs look at frames in the driver's own ways: it gives no rings while there is one, and takes none while it has given some.
xdp() {
	start x "$BUILD/guest/xdp_pass" va
	until_true "the XDP program" said_or_gone x ready
	if ! running x; then
		grep -q 'no XDP programs' "$tmp/x.err" || fail "XDP: $(cat "$tmp/x.err")"
		cat "$tmp/x.err"
		finish x 77
		return
	fi
	refused "because of an XDP program" pkt-gen -i netmap:va -f rx -n 1 -w 0
	admode 0
	gets r va rx
	leaves r
	admode 1
	stop x
	gets r va rx
	start x "$BUILD/guest/xdp_pass" va
	until_true "the XDP program ends" gone x
	grep -q 'busy' "$tmp/x.err" || fail "XDP beside a program: $(cat "$tmp/x.err" "$tmp/x.out")"
	finish x 1
	leaves r
	# one of the other end sees what a program sends
	start x ip netns exec "nic-$$-a" "$BUILD/guest/xdp_pass" vb
	told x ready
	had=$(in_ a ethtool -S vb | awk '/rx_queue_._xdp_packets/ { n += $2 } END { print n + 0 }')
	start t pkt-gen -f tx -w 0 -n 100 -i netmap:va
	finish t
	until_true "the other end's XDP program sees them" seen 100
	stop x
}
# shellcheck disable=SC2317,SC2329
seen() { [ $(($(in_ a ethtool -S vb | awk '/rx_queue_._xdp_packets/ { n += $2 } END { print n + 0 }') - had)) -ge "$1" ]; }

cpus=$(printf %x $(((1 << $(grep -c ^processor /proc/cpuinfo)) - 1)))
count=$(amount 1000000 10000000)
mkdir "$sys"
mount -t sysfs none "$sys" || skip "no sysfs of this namespace"
admode 1
zero_copy
apart
held_back
away
queues
xdp
