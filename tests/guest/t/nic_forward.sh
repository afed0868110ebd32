#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_forward.sh - a program that only releases slots with NS_FORWARD lets an interface and its host talk; without the mark, nothing
# passes, but for the module's parameter fwd. There are as many host rings as asked for.
#
#	station a: pa ==== va -- forward -- host rings -- sockets
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
fwd=/sys/module/netmap/parameters/fwd
[ -w $fwd ] || skip "needs the module's parameters"

# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >$fwd
	for s_ in $stations; do ip netns del "$s_" 2>/dev/null; done
}
closed() { ! vale-ctl list | grep -q '^va '; }
begin() {
	start f forward "netmap:va*" "$@"
	told f ready
}
end() {
	signal f INT
	finish f
	until_true "va is closed" closed
}

station a
ip link add va type veth peer name pa netns "nic-$$-a" || skip "no veth interfaces here"
ip addr add 192.0.2.2/24 dev va
ip link set va up
dress a pa 192.0.2.1

begin mark
ping_all "marked" - 192.0.2.1
tcp "TCP, marked" a - 192.0.2.1
expect_ge "frames forwarded" "$(counter va forwarded)" 1000
end

begin
ping -q -c 3 -i 0.1 -W 1 192.0.2.1 >"$tmp/plain" && fail "frames pass that were not marked: $(tail -2 "$tmp/plain")"
echo 1 >$fwd
ping_all "parameter fwd" - 192.0.2.1
echo 0 >$fwd
end
echo maybe 2>/dev/null >$fwd && fail "fwd takes nonsense"

# who has the host rings but no transmit rings forwards nothing to the interface, marked or not
start n forward "netmap:va" mark
told n ready
start f forward "netmap:va^" mark
told f ready
arrived() { ip -n "nic-$$-a" -j -s link show pa | jq '.[0].stats64.rx.packets'; }
before=$(arrived)
echo 1 >$fwd
ping -q -c 3 -i 0.1 -W 1 192.0.2.1 >"$tmp/alone" && fail "a program without transmit rings sends: $(tail -2 "$tmp/alone")"
echo 0 >$fwd
expect_ge "frames of the host that it got" "$(counter va rx_packets)" 1
expect "frames it sent" "$(arrived)" "$before"
signal n INT
finish n
end

# as many host rings as asked for; this interface has one queue, whose frames come by the first
start f forward "netmap:va*@conf:host-rings=3" mark
told f "ready, 4 rings"
ping_all "three host rings" - 192.0.2.1
end
