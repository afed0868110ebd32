#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_stream.sh - between two interfaces that are opened nothing gets lost, altered or out of order, whatever the pace: what the
# receiver has no room for holds the sender back.
#
#	stream send --- va ==== vb --- stream recv
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"

# the host has nothing to say on these
quiet() { echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" && ip link set "$1" up; }

# all_there N - in the receiver's rings or counted
all_there() { [ "$(counter vb rx_packets missed refused)" = "$1" ]; }

# run WHAT MTU RINGS COUNT RECV-OPTIONS -- SEND-OPTIONS
run() {
	what=$1 mtu=$2 rings=$3 count=$4 recv=
	shift 4
	while [ "$1" != -- ]; do recv="$recv $1"; shift; done
	shift
	ip link add va numtxqueues "$rings" numrxqueues "$rings" type veth peer name vb numtxqueues "$rings" numrxqueues "$rings" ||
		skip "no veth interfaces here"
	ip link set va mtu "$mtu"
	ip link set vb mtu "$mtu"
	quiet va
	quiet vb
	# shellcheck disable=SC2086
	receiver r netmap:vb $recv
	sender s netmap:va id=16 count="$count" "$@"
	expect "$what: rings" "$(value s .rings 2>/dev/null | grep -v null || echo "$rings")" "$rings"
	sent s
	n=$((count * rings))
	until_true "$what: all there" all_there $n
	expect "$what: forwarded" "$(counter va forwarded)" $n
	expect "$what: tx_packets" "$(counter va tx_packets)" $n
	expect "$what: missed" "$(counter vb missed)" 0
	expect_identity va
	received r
	expect "$what: received" "$(stream_frames r 16 "$rings")" $n
	expect "$what: bytes" "$(value r .bytes)" "$(value s .bytes)"
	stop s
	stop r
	ip link del va
}

count=$((50000 * ${GUEST_SCALE:-1}))
[ -z "$NET_FULL" ] || count=$((20 * count))
run "one slot" 1500 1 "$count" min=14 max=1514 -- min=14 max=1514 poll
run "by ioctl" 1500 1 "$count" min=60 max=60 -- min=60 max=60 swap=100
run "from processor to processor" 1500 1 "$count" min=60 max=60 -- min=60 max=60 move
run "many slots" 9000 1 $((count / 5)) min=14 max=9000 swap=300 -- min=14 max=9000 fragment=701
run "four rings" 1500 4 $((count / 5)) min=14 max=1514 -- min=14 max=1514
run "a slow receiver" 1500 1 $((count / 5)) min=60 max=300 nap=200,2000 -- min=60 max=300 poll
