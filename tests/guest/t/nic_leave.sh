#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_leave.sh - interfaces that go down, get another name, move to another namespace or are deleted while frames pass: who has them
# open gets errors at once, nobody waits, nothing is left.
#
#	pkt-gen tx --- va ==== vb --- pkt-gen rx
#
# shellcheck disable=SC2034 # some are variables of lib.sh
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"

unattached() { ! vale-ctl list | grep -q "vale0:$1"; }
pair() {
	ip link add va type veth peer name vb || skip "no veth interfaces here"
	ip link set va up
	ip link set vb up
}
grown() { [ "$(counter vb rx_packets)" -gt $((before + 1000)) ]; }
flows() {
	before=$(counter vb rx_packets)
	until_true "$1: frames pass" grown
}
load() {
	start rx pkt-gen -i netmap:vb -f rx -w 0
	until_true "vb is open" open vb
	start tx pkt-gen -i netmap:va -f tx -w 0
	until_true "va is open" open va
	flows "$1"
}
gone() { ! running "$1"; }
# both_end WHAT - by themselves, since their interfaces are gone
both_end() {
	for p in rx tx; do until_true "$1: $p ends" gone $p; done
	wait "$(pid_of rx)" "$(pid_of tx)" 2>/dev/null
	started=
	for n in va vb; do until_true "$1: $n is no port any more" closed $n; done
}

# down and up again: all waits, nothing is lost but what was on its way
pair
load "down"
ip link set va down
no_carrier() { ip link show vb | grep -q NO-CARRIER; }
until_true "vb has no carrier" no_carrier
settled=$(counter va forwarded)
expect "down: sent meanwhile" "$(counter va forwarded)" "$settled"
running tx || fail "down: the sender ended: $(cat "$tmp/tx.err")"
vale-ctl stats va >/dev/null || fail "down: no counters"
ip link set va up
flows "up again"

# the port keeps its name; a new one under the new name is refused with the reason
ip link set vb down
ip link set vb name vc
ip link set vc up
flows "another name"
pkt-gen -i netmap:vc -f rx -n 1 -w 0 >"$tmp/other" 2>&1 && fail "vc can be opened under both names"
grep -q 'vc.*name\|another name' "$tmp/other" || fail "no reason: $(cat "$tmp/other")"
ip link set vc down
ip link set vc name vb
ip link set vb up
flows "the old name"

# deleted
ip link del va
both_end "deleted"

# moved; the other one stays open
pair
load "moved"
station a
ip link set va netns "nic-$$-a" || fail "move va"
until_true "moved: tx ends" gone tx
wait "$(pid_of tx)" 2>/dev/null
until_true "moved: va is no port any more" closed va
running rx || fail "moved: the other end ended too"
in_ a ip link set va up
start again ip netns exec "nic-$$-a" pkt-gen -i netmap:va -f tx -w 0
flows "moved"
# the namespace ends, and its interfaces with it, once nobody has it open
kill -KILL "$(pid_of again)"
wait "$(pid_of again)" 2>/dev/null
undo; stations=
until_true "moved: rx ends" gone rx
wait "$(pid_of rx)" 2>/dev/null
started=

# attached ones, with their host, under load
pair
ip addr add 192.0.2.2/24 dev va
vale-ctl -h vale0:va || fail "attach va"
vale-ctl -a vale1:vb || fail "attach vb"
start tx pkt-gen -i vale0:x -f tx -w 0 -X
start rx pkt-gen -i vale1:y -f rx -w 0
pass() { [ "$(counter vale1:y rx_packets)" -gt 1000 ]; }
until_true "frames pass the switches" pass
ip link del vb
until_true "vale0:va goes" unattached va
until_true "vale1:vb goes" unattached vb
running tx || fail "the sender at the switch ended: $(cat "$tmp/tx.err")"
running rx || fail "the receiver at the switch ended: $(cat "$tmp/rx.err")"
signal tx INT; finish tx
signal rx INT; finish rx

# again and again
i=0
while [ $i -lt $((2 * ${GUEST_SCALE:-1})) ]; do
	i=$((i + 1))
	pair
	load "round $i"
	ip link del vb
	both_end "round $i"
done
