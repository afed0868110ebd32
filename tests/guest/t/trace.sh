#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# trace.sh - tracepoints netmap:* tell of sessions, wake-ups and drops, as many of these as the counters do; and of nothing when off.
# shellcheck source=tests/guest/t/vif_lib.sh
. "$(dirname "$0")/vif_lib.sh"
traces=/sys/kernel/tracing
[ -e $traces/events ] || skip "this kernel has no tracefs"
[ -d $traces/events/netmap ] || fail "there are no events netmap:*"

# shellcheck disable=SC2317,SC2329 # at the end; there are no stations
undo() {
	echo 0 >$traces/events/netmap/enable
	echo 1 >$traces/buffer_size_kb # which gives the memory back
}

# events NAME [TEXT] - how many, whose text has TEXT
events() { grep "netmap_$1: " $traces/trace | grep -c -e "${2:-.}"; }
lost() { sed -n 's/.*netmap_drop: port=vale0:tx .* frames=\([0-9]*\)$/\1/p' $traces/trace | awk '{s += $1} END {print s + 0}'; }
trace() { echo "$1" >$traces/events/netmap/enable || fail "events $1"; }

echo >$traces/trace
echo 4096 >$traces/buffer_size_kb
pkt-gen -i vale0:off -f tx -n 100 >/dev/null 2>&1 || fail "pkt-gen before"
expect "events while they are off" "$(grep -c netmap_ $traces/trace)" 0

trace 1
start rx pkt-gen -i vale0:rx -f rx
until_true "the receiver is there" counters_of vale0:rx
pkt-gen -i vale0:tx -f tx -n $((20000 * scale)) --json >"$tmp/sent" 2>"$tmp/sent.err" || fail "pkt-gen: $(cat "$tmp/sent.err")"
signal rx INT
finish rx
pkt-gen -i vale0:tx -f tx -n 1000 >/dev/null 2>&1 || fail "pkt-gen without a receiver"
trace 0
expect_ge "bound: the receiver" "$(events register 'bind port=vale0:rx uid=0 .* rx=\[0,1)')" 1
expect "unbound: the senders" "$(events register 'unbind port=vale0:tx ')" 2
expect_ge "the receiver was woken" "$(events wake 'port=vale0:rx rx0 ')" 1
expect_ge "frames without a receiver" "$(lost)" 1000
expect_ge "they had no destination" "$(events drop 'port=vale0:tx tx0 why=drop_no_dest ')" 1

# of an interface in the switch: what its host sends and nobody takes
{ vale-ctl -n v0 && ip link set v0 up; } || fail "make v0"
vale-ctl -a vale1:v0 || fail "attach v0"
until_true "its carrier" carrier - v0 true
ip addr add 192.0.2.1/24 dev v0
ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0
before=$(counter vale1:v0 drop_no_dest)
echo >$traces/trace
trace 1
ping -q -c 10 -i 0.01 -W 1 -w 1 192.0.2.2 >"$tmp/ping"
trace 0
told=$(sed -n 's/.*netmap_drop: port=vale1:v0 tx0 why=drop_no_dest frames=\([0-9]*\)$/\1/p' $traces/trace | awk '{s += $1} END {print s + 0}')
expect_ge "frames of the interface's host" "$told" 10
expect_ge "counted" $(($(counter vale1:v0 drop_no_dest) - before)) "$told"

# of an interface that is down: what the switch has for it
ip link set v0 down || fail "v0 down"
before=$(counter v0 drop_no_backend)
echo >$traces/trace
trace 1
pkt-gen -i vale1:x -f tx -n 200 >/dev/null 2>&1 || fail "pkt-gen to an interface that is down"
trace 0
told=$(sed -n 's/.*netmap_drop: port=v0 tx0 why=drop_no_backend frames=\([0-9]*\)$/\1/p' $traces/trace | awk '{s += $1} END {print s + 0}')
expect "frames for an interface that is down" "$told" 200
expect "counted" $(($(counter v0 drop_no_backend) - before)) "$told"
