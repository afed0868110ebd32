#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_stopped.sh - a program that is stopped holds back who sends to it, but not for good: then its ring is full, and what finds no
# room there is counted. That is so where frames are copied; veth with hooks, where it is for good, is asked in nic_veth.
#
#	pkt-gen --- va ==== vb --- pkt-gen, stopped
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
frames=20000

# shellcheck disable=SC2317,SC2329
undo() {
	ip link del va 2>/dev/null
	echo 0 >/sys/module/netmap/parameters/admode
}
# shellcheck disable=SC2317,SC2329
asleep() { grep -q '^State:.T' "/proc/$(pid_of rx)/status"; }
sum() { echo $(($(counter vb rx_packets) + $(counter vb missed))); }
# shellcheck disable=SC2317,SC2329
goes_on() { [ "$(counter vb syncs_rx)" -gt "$syncs" ]; }
# shellcheck disable=SC2317,SC2329
all_there() { [ "$(sum)" -eq $frames ]; }

echo 2 >/sys/module/netmap/parameters/admode || fail "the module's parameter admode"
ip link add va type veth peer name vb || skip "no veth interfaces here"
for i in va vb; do
	echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
	ip link set $i up
done
start rx pkt-gen -i netmap:vb -f rx -w 0
until_true "vb is open" open vb
kill -STOP "$(pid_of rx)"
until_true "the receiver is stopped" asleep
start tx pkt-gen -i netmap:va -f tx -w 0 -n $frames
finish tx
until_true "all frames are accounted for" all_there
expect_ge "frames that its ring holds" "$(counter vb rx_packets)" 1000
expect_ge "frames that found no room" "$(counter vb missed)" 1
syncs=$(counter vb syncs_rx) missed=$(counter vb missed)
kill -CONT "$(pid_of rx)"
until_true "the receiver goes on" goes_on

# it takes frames again, and loses none
start tx pkt-gen -i netmap:va -f tx -w 0 -n $frames
finish tx
frames=$((2 * frames))
until_true "all frames are accounted for" all_there
expect "frames that found no room" "$(counter vb missed)" "$missed"
signal rx INT
finish rx
