#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# storm.sh - senders, receivers, bridges and ends of pipes are killed at random moments while others go on; interfaces and
# namespaces are deleted under traffic; unloading is attempted all the while and refused. Then nothing is left, and the module
# unloads. STORM_ROUNDS (12, times GUEST_SCALE) kills.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
need_tool jq jq
rounds=$((${STORM_ROUNDS:-12} * ${GUEST_SCALE:-1}))
# shellcheck disable=SC2317,SC2329
undo() {
	ip netns del "storm$$" 2>/dev/null
	ip link del "sv$$" 2>/dev/null
}

names() { vale-ctl list --json | jq -r '[.. | objects | .name? // empty] | join(" ")'; }
nothing_left() { [ -z "$(names)" ]; }

# stays_loaded - the module stays while it is in use
stays_loaded() { ! rmmod netmap 2>/dev/null || fail "unloaded while programs have /dev/netmap open"; }

# victim N - becomes a client of some kind
victim() {
	case $(($1 % 5)) in
	0) exec pkt-gen -i "vale0:s$1" -f tx -l $((60 + $1 % 2 * 1440)) ;;
	1) exec pkt-gen -i "vale0:r$1" -f rx ;;
	2) exec bridge -i "vale0:b$1" -i "vale1:b$1" ;;
	3) exec pkt-gen -i "netmap:p{1" -f tx ;;
	*) exec pkt-gen -i "netmap:p}1" -f rx ;;
	esac
}

# moves PORT - it has received more than before
moves() {
	now_=$(counter "$1" rx_packets)
	[ -n "$now_" ] && [ "$now_" -gt "${seen_:-0}" ]
}

start sender pkt-gen -i vale0:tx -f tx -R 20000
start receiver pkt-gen -i vale0:rx -f rx
until_true "frames come" moves vale0:rx

i=0
while [ $i -lt $rounds ]; do
	victim $i >"$tmp/victim" 2>&1 </dev/null &
	pid=$!
	sleep "0.$((i * 7 % 30 + 10))" # a moment that is another one each time
	stays_loaded
	kill -KILL $pid || fail "round $i: the victim had left: $(cat "$tmp/victim")"
	wait $pid 2>/dev/null
	[ ! -e "/proc/$pid" ] || fail "round $i: the victim is still there"
	seen_=$(counter vale0:rx rx_packets)
	until_true "round $i: frames go on" moves vale0:rx
	i=$((i + 1))
done

# an interface leaves while a program sends by it, and another one has it in a switch
for how in client switch; do
	ip link add "sv$$" type veth peer name "sp$$" || fail "no veth"
	ip link set "sv$$" up
	ip link set "sp$$" up
	if [ $how = client ]; then
		start nic pkt-gen -i "netmap:sv$$" -f tx -R 20000
		until_true "the interface is open" counters_of "sv$$"
	else
		vale-ctl -a "vale0:sv$$" || fail "attach"
	fi
	stays_loaded
	ip link del "sv$$" || fail "$how: the interface can't be deleted"
	until_true "$how: the port leaves with its interface" sh -c "! vale-ctl list --json | grep -q sv$$"
	if [ $how = client ]; then
		until_true "the program ends without its interface" sh -c "! kill -0 $(pid_of nic) 2>/dev/null"
		wait "$(pid_of nic)" 2>/dev/null
		started=$(echo "$started" | sed 's/ nic\>//')
	fi
done

# a namespace is deleted while a program sends in it: it lives as long as the program
ip netns add "storm$$" || fail "no namespace"
start inside ip netns exec "storm$$" pkt-gen -i vale0:in -f tx
until_true "the port inside" sh -c "ip netns exec storm$$ vale-ctl list --json | grep -q vale0:in"
! names | grep -q vale0:in || fail "a port of another namespace is seen"
ip netns del "storm$$" || fail "the namespace can't be deleted"
running inside || fail "the program in the namespace has ended: $(tail -3 "$tmp/inside.err")"
stays_loaded
kill -KILL "$(pid_of inside)"
wait "$(pid_of inside)" 2>/dev/null
started=$(echo "$started" | sed 's/ inside\>//')

stop sender
stop receiver
until_true "no port is left" nothing_left
until_true "the module unloads" rmmod netmap
