#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_queues.sh - the number of an interface's queues changes under a program: its rings stay, and what it sends goes by those queues
# that there are, whole and complete; where a ring gets another queue, frames may overtake others. Its MTU changes, too.
#
#	stream send --- va ==== vb --- stream recv
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$NET_LIB/stream_lib.sh"
need_tool ethtool ethtool

quiet() { echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" && ip link set "$1" up; }
# shellcheck disable=SC2317,SC2329
sends() { [ "$(counter va tx_packets)" -gt "$1" ]; }
# shellcheck disable=SC2317,SC2329
all_there() { [ "$(counter vb rx_packets missed refused)" = "$1" ]; }

rings=4
ip link add va numtxqueues $rings numrxqueues $rings type veth peer name vb numtxqueues $rings numrxqueues $rings || skip "no veth interfaces here"
for i in va vb; do ethtool -L $i rx $rings tx $rings 2>"$tmp/ethtool" || skip "veth can't change its queues here: $(cat "$tmp/ethtool")"; done
quiet va
quiet vb
receiver r netmap:vb min=60 max=1514
sender s netmap:va id=16 count=1000000000 min=60 max=1514 nap=1000,1000
for queues in 1 3 2 4; do
	until_true "va sends" sends "$(counter va tx_packets)"
	for i in va vb; do ethtool -L $i rx $queues tx $queues || fail "$queues queues of $i"; done
done
signal s INT
told s '"role"'
n=$(value s .frames)
until_true "all there" all_there "$n" || counters vb rx_packets rx_bytes missed refused
signal r INT
told r '"role"'
expect "frames that were altered, foreign, of bad_count, unfinished" "$(values r altered foreign bad_count unfinished)" "0 0 0 0"
expect "rings" "$(value s .rings)" $rings
expect "forwarded" "$(counter va forwarded)" "$n"
expect "missed" "$(counter vb missed)" 0
expect "received" "$(stream_frames r 16 $rings)" "$n"
expect_identity va

# frames longer than the MTU are refused by name, also when it became smaller under the program
ip link set va mtu 500
sender t netmap:va id=20 count=100 min=600 max=600
sent t
expect "frames over the MTU" "$(counter va drop_no_backend)" 400
expect_identity va
stop t
stop s
stop r
