#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_host.sh - an interface is taken from its host, between the two sits a program or a switch:
#
#	station a: pa ==== va -- bridge -- host rings -- sockets of the engine's namespace
#
# Needs: any home, root; for the engine clsact hooks and programs for them.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
if [ "$NET_HOME" = user ]; then
	need_tool tc iproute2
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	tc qdisc add dev lo clsact 2>/dev/null || skip "this system has no clsact hooks"
	tc qdisc del dev lo clsact
fi

station a
ip link add va type veth peer name pa netns "nic-$$-a" || skip "no veth interfaces here"
ip addr add 192.0.2.2/24 dev va
ip link set va up
dress a pa 192.0.2.1

# what shows outside that the interface is taken, or not
hooks() { { tc filter show dev va ingress; tc filter show dev va egress; } | grep -c netmap_divert; }
open() { vale-ctl list | grep -q '^va '; }
case $NET_HOME in
user)
	nothing_left() { [ "$(hooks)" = 0 ] && ! ip -br link | grep -q nmh && ! tc qdisc show dev va | grep -q clsact; }
	taken() { [ "$(hooks)" = 2 ]; }
	;;
*)
	nothing_left() { ! open; }
	taken() { open; }
	;;
esac

engine first
ping_all "before" - 192.0.2.1
start bridge bridge -w 0 -i netmap:va
until_true "the interface is taken" taken
ping_all "ping through the bridge" - 192.0.2.1
tcp "TCP out through the bridge" a - 192.0.2.1
tcp "TCP in through the bridge" a - 192.0.2.1 -R
expect_ge "frames the program passed on" "$(counter va tx_packets)" 1000

# nothing passes but through the program
signal bridge STOP
ping -q -c 3 -i 0.1 -W 1 192.0.2.1 >"$tmp/stopped" && fail "frames went past a stopped program: $(tail -2 "$tmp/stopped")"
signal bridge CONT
ping_all "ping when it goes on" - 192.0.2.1
signal bridge INT
finish bridge
until_true "given back" nothing_left
ping_all "after" - 192.0.2.1

# the host rings alone take nothing
start alone pkt-gen -i 'netmap:va^' -f rx -w 0
until_true "pkt-gen has the host rings" open
ping_all "with the host rings alone" - 192.0.2.1
signal alone INT
finish alone

# a switch in between
vale-ctl -h vale0:va || fail "attach va with its host"
ping_all "ping through the switch" - 192.0.2.1
tcp "TCP through the switch" a - 192.0.2.1
vale-ctl list | grep -q 'vale0:va^ ' || fail "no port of the host: $(vale-ctl list)"
vale-ctl -d vale0:va || fail "detach va"
until_true "given back by the switch" nothing_left
ping_all "after the switch" - 192.0.2.1

[ "$NET_HOME" = user ] || exit 0

# a killed engine leaves the interface taken; the next one gives it back
vale-ctl -h vale0:va || fail "attach va again"
signal first KILL
finish first 137
[ "$(hooks)" = 2 ] || fail "the test does not test: no hooks after SIGKILL"
engine second
until_true "given back by the next engine" nothing_left
ping_all "after the kill" - 192.0.2.1
# what someone else has at the hooks stays
tc qdisc add dev va clsact
vale-ctl -h vale0:va || fail "attach va a third time"
stop second
until_true "given back at the engine's end" sh -c "! tc filter show dev va ingress | grep -q netmap_divert"
ping_all "after the engine" - 192.0.2.1
tc qdisc show dev va | grep -q clsact || fail "the clsact hooks of somebody else are gone"

# without the right there is a reason
begin_engine plain setpriv --bounding-set -net_admin --inh-caps -net_admin netmapd --foreground --log-level 0
vale-ctl -h vale0:va >"$tmp/plain" 2>&1 && fail "host rings without CAP_NET_ADMIN"
grep -q 'CAP_NET_ADMIN' "$tmp/plain" || fail "no reason: $(cat "$tmp/plain")"
vale-ctl -n vx >"$tmp/plain" 2>&1 && fail "a TAP without CAP_NET_ADMIN"
grep -q 'CAP_NET_ADMIN' "$tmp/plain" || fail "no reason: $(cat "$tmp/plain")"
vale-ctl -a vale0:va || fail "packet sockets need CAP_NET_RAW only"
stop plain
