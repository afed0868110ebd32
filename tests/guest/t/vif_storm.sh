#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vif_storm.sh - persistent ports under load lose their interface, their switch, their program, their namespace, their module.
# shellcheck source=tests/guest/t/vif_lib.sh
. "$(dirname "$0")/vif_lib.sh"

no_port() { ! vale-ctl list | grep -q "$1"; }
ended() { ! running "$1"; }

# flood - from station a to b, without an end
flood() {
	start flood ip netns exec "nic-$$-a" ping -q -f -l 64 -s 1400 192.0.2.2
	until_true "the flood has begun" more_than "$(counter vale0:va tx_packets)"
}
more_than() { [ "$(counter vale0:va tx_packets)" -gt $(($1 + 200)) ]; }
unflood() {
	kill -KILL "$(pid_of flood)" 2>/dev/null
	wait "$(pid_of flood)" 2>/dev/null
	# shellcheck disable=SC2034 # of lib.sh
	started=
}

rounds=$((2 * scale))
station a
station b
for round in $(seq 1 $rounds); do
	{ vale-ctl -n va && vale-ctl -n vb; } || fail "round $round: make va and vb"
	{ vale-ctl -a vale0:va && vale-ctl -a vale0:vb; } || fail "round $round: attach va and vb"
	move va a 192.0.2.1
	move vb b 192.0.2.2
	flood

	# out of the switch and back; down and up; out of its namespace and back
	{ vale-ctl -d vale0:vb && vale-ctl -a vale0:vb; } || fail "round $round: vb out of the switch and back"
	{ vale-ctl -d vale0:va && vale-ctl -a vale0:va; } || fail "round $round: va out of the switch and back"
	{ in_ b ip link set vb down && in_ b ip link set vb up; } || fail "round $round: vb down and up"
	in_ b ip link set vb netns $$ && move vb b 192.0.2.2
	more=$(counter vale0:va tx_packets)
	until_true "round $round: the flood goes on" more_than "$more"

	# the receiver, then the sender
	if [ $((round % 2)) -eq 0 ]; then
		{ in_ b ip link del vb && in_ a ip link del va; } || fail "round $round: delete"
		unflood
	else
		ip netns del "nic-$$-b" || fail "round $round: delete station b"
		until_true "round $round: vb goes with its station" no_port vale0:vb
		unflood # it is what keeps the namespace alive
		ip netns del "nic-$$-a" || fail "round $round: delete station a"
		stations=
	fi
	until_true "round $round: the ports go" no_port vale0:v
	[ -n "$stations" ] || { station a; station b; }
done

# goes_on - one more ping reaches the ring of va
goes_on() {
	in_ a ping -q -c 1 -W 1 192.0.2.2 >/dev/null
	[ "$(counter va rx_packets)" -gt "$before" ]
}

# a program that takes nothing: the host waits for room and goes on when it leaves
vale-ctl -C 64,64 -n va || fail "make va"
move va a 192.0.2.1
in_ a ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev va || fail "a neighbour"
start idle pkt-gen -i netmap:va -f rx
until_true "the program has va" carrier a va true
signal idle STOP
in_ a ping -q -f -c 1000 -W 1 -w 3 192.0.2.2 >/dev/null
expect_ge "frames in the ring of a program that sleeps" "$(counter va rx_packets)" 63
expect "frames dropped behind its back" "$(counter va missed)" 0
before=$(counter va rx_packets)
signal idle CONT
until_true "the host goes on when slots are free again" goes_on
signal idle STOP
in_ a ping -q -f -c 1000 -W 1 -w 3 192.0.2.2 >/dev/null
signal idle KILL
finish idle 137
start other pkt-gen -i netmap:va -f rx
until_true "another program has va" carrier a va true
before=$(counter va rx_packets)
until_true "the host goes on when another program has it" goes_on
signal other INT
finish other
vale-ctl -r va || fail "remove va"

# a program that sends more than the host takes goes on when there is no host for its frames any more, and when there is one again
vale-ctl -n va || fail "make va"
move va a 192.0.2.1
# by a thread of low priority, where the kernel has such: then the host is what the sender sleeps for most of the time
in_ a sh -c 'echo 1 2>/dev/null >/sys/class/net/va/threaded'
for pid in $(pgrep '^napi/va-'); do renice -n 19 -p "$pid" >/dev/null || fail "renice $pid"; done
start sender stream send netmap:va count=1000000000
told sender ready
more() { [ "$(counter va "$1")" -gt "$2" ]; }
for round in $(seq 1 20); do
	until_true "round $round: frames for the host" more forwarded "$(counter va forwarded)"
	in_ a ip link set va down || fail "va down"
	until_true "round $round: frames without a host" more drop_no_backend "$(counter va drop_no_backend)"
	in_ a ip link set va up || fail "va up"
done
stop sender
vale-ctl -r va || fail "remove va"

# longer frames than the ring can ever take
vale-ctl -C 4,4 -n va || fail "make va with short rings"
move va a 192.0.2.1
in_ a ip link set va mtu 9000 || fail "MTU of va"
in_ a ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev va || fail "a neighbour"
start long pkt-gen -i netmap:va -f rx
until_true "a program has va" carrier a va true
before=$(counter va refused)
in_ a ping -q -c 3 -i 0.05 -W 1 -s 8000 -M "do" 192.0.2.2 >/dev/null
expect "frames of 8042 bytes for three slots of 2048, counted" "$(($(counter va refused) - before))" 3
expect_ge "the same, as ip counts" "$(link a va .stats64.tx.dropped)" 3
signal long INT
finish long
vale-ctl -r va || fail "remove va"

# unloading under load
{ vale-ctl -n va && vale-ctl -n vb; } || fail "make va and vb"
{ vale-ctl -a vale0:va && vale-ctl -a vale0:vb; } || fail "attach va and vb"
move va a 192.0.2.1
move vb b 192.0.2.2
flood
rmmod netmap || fail "unload under load"
unflood
absent va a || fail "va has survived its module"
