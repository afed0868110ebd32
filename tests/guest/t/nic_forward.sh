#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_forward.sh - a program that only releases slots with NS_FORWARD lets an interface and its host talk; without the mark, nothing
# passes, but for the module's parameter fwd. There are as many host rings as asked for. Of a veth pair, and of the NICs of this guest
# (GUEST_PAIRS), whose rings are the NIC's own where the driver has hooks (GUEST_NATIVE).
#
#	station a: nb ==== na -- forward -- host rings -- sockets
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
# shellcheck disable=SC2034 # of lib.sh
NET_LIMIT=120
parameters=/sys/module/netmap/parameters
fwd=$parameters/fwd
[ -w $fwd ] || skip "needs the module's parameters"

there=
# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >$fwd
	echo 0 >$parameters/admode
	# shellcheck disable=SC2086 # words
	bring_back $there
}
begin() {
	start f forward "netmap:$na*" "$@"
	told f ready
}
# passes - also after a NIC was reset for the program
passes() { until_true "$kind: passes" ping -q -c 1 -W 1 192.0.2.1; }
end() {
	expect_identity "$na"
	signal f INT
	finish f
	until_true "$kind: $na is closed" closed "$na"
}
arrived() { in_ a ip -j -s link show "$nb" | jq '.[0].stats64.rx.packets'; }

# forwards NA NB - NB is at station a
forwards() {
	na=$1 nb=$2
	for s in - a; do in_ $s sh -c "echo 1 >/proc/sys/net/ipv6/conf/$([ $s = - ] && echo "$na" || echo "$nb")/disable_ipv6"; done
	ip addr add 192.0.2.2/24 dev "$na"
	ip link set "$na" up
	dress a "$nb" 192.0.2.1
	until_true "$kind: $na has a carrier" carrier - "$na"
	until_true "$kind: $nb has a carrier" carrier a "$nb"
	! native || echo 1 >$parameters/admode # the NIC's own rings or none

	begin mark
	passes
	dropped=$(counter "$na" drop_no_backend)
	ping_all "$kind: marked" - 192.0.2.1
	expect "$kind: frames that were lost" "$(counter "$na" drop_no_backend)" "$dropped"
	ping_all "$kind: marked, long frames" - 192.0.2.1 -s 1472 -M "do"
	tcp "$kind: TCP, marked" a - 192.0.2.1
	tcp "$kind: TCP to here, marked" a - 192.0.2.1 -R
	expect_ge "$kind: frames forwarded" "$(counter "$na" forwarded)" 2000
	end

	begin
	ping -q -c 3 -i 0.1 -W 1 192.0.2.1 >"$tmp/plain" && fail "$kind: frames pass that were not marked: $(tail -2 "$tmp/plain")"
	echo 1 >$fwd
	passes
	ping_all "$kind: parameter fwd" - 192.0.2.1
	echo 0 >$fwd
	end

	# who has the host rings but no transmit rings forwards nothing to the interface, marked or not
	start n forward "netmap:$na" mark
	told n ready
	start f forward "netmap:$na^" mark
	told f ready
	before=$(arrived)
	echo 1 >$fwd
	ping -q -c 3 -i 0.1 -W 1 192.0.2.1 >"$tmp/alone" && fail "$kind: a program without transmit rings sends: $(tail -2 "$tmp/alone")"
	echo 0 >$fwd
	expect_ge "$kind: frames of the host that it got" "$(counter "$na" rx_packets)" 1
	expect "$kind: frames it sent" "$(arrived)" "$before"
	signal n INT
	finish n
	end
	echo 0 >$parameters/admode
}

echo maybe 2>/dev/null >$fwd && fail "fwd takes nonsense"
station a
kind=veth
ip link add va type veth peer name pa netns "nic-$$-a" || skip "no veth interfaces here"
forwards va pa

# as many host rings as asked for; this interface has one queue, whose frames come by the first
start f forward "netmap:va*@conf:host-rings=3" mark
told f "ready, 4 rings"
ping_all "three host rings" - 192.0.2.1
end
ip link del va

for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	there="$there ${pair%:*} ${pair#*:}"
	outside ip link set "${pair%:*}" netns $$ || fail "${pair%:*} into this namespace"
	outside ip link set "${pair#*:}" netns $$ || fail "${pair#*:} into this namespace"
	ip link set "${pair#*:}" netns "nic-$$-a" || fail "${pair#*:} to the station"
	forwards "${pair%:*}" "${pair#*:}"
	ip addr flush dev "${pair%:*}"
	in_ a ip addr flush dev "${pair#*:}"
done
