#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bridge.sh - bridge between switches, pipes and an interface: content, order, copies and exchanges, options.
#
#	txseq --- vale0 --- bridge --- vale1 --- rxseq
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# through NAME COUNT WANT-ZERO-COPY FROM TO BRIDGE-ARGUMENTS... - numbered frames from FROM to TO over the bridge, all whole and
# in order. Pipes lose none; of a switch COUNT is less than a ring has slots, so that it can't drop any, however late bridge is.
through() {
	b_name=$1 b_count=$2 b_zero=$3 b_from=$4 b_to=$5; shift 5
	start "$b_name" bridge --json "$@"
	told_err "$b_name" ' -> '
	start "rx_$b_name" pkt-gen -i "$b_to" -f rxseq -n "$b_count" --json
	until_true "$b_to is open" port_or_gone "rx_$b_name" "$b_to"
	pkt-gen -i "$b_from" -f txseq -n "$b_count" -l 1514 -l 60 >"$tmp/tx" 2>&1 || fail "$b_name: $(cat "$tmp/tx")"
	finish "rx_$b_name"
	stop "$b_name"
	expect "$b_name: frames" "$(value "rx_$b_name" '[.good, .lost, .reordered, .duplicated, .corrupted] | @csv')" "$b_count,0,0,0,0"
	expect "$b_name: its count" "$(value "$b_name" '.directions[0] | "\(.packets) \(.misfits) \(.zero_copy)"')" "$b_count 0 $b_zero"
	expect "$b_name: why it ended" "$(value "$b_name" .ended_by)" signal
}
told_err() { until_true "$1 says '$2'" grep -q -e "$2" "$tmp/$1.err"; }

through options 1000 false vale0:tx vale1:rx -i vale0:in -i vale1:out
through words 1000 false vale0:tx vale1:rx vale0:in vale1:out
through burst 1000 false vale0:tx vale1:rx vale0:in vale1:out 7
through b_1 1000 false vale0:tx vale1:rx -b 1 -w 0 -v vale0:in vale1:out
# two pipes of one base have one region: buffers are exchanged, unless -c
through exchange 50000 true 'netmap:z}1' 'netmap:z}2' 'netmap:z{1' 'netmap:z{2'
through copy 50000 false 'netmap:z}1' 'netmap:z}2' -c 'netmap:z{1' 'netmap:z{2'
# between regions: copied
through regions 1000 false 'netmap:y}1' vale1:rx 'netmap:y{1' vale1:out

# -v prints rates on standard error, each second
start rates bridge -v vale0:in vale1:out
told_err rates '^vale0:in -> vale1:out: 0 pps, 0 bps, 0.0 a batch$'
stop rates
grep -qE '^vale0:in -> vale1:out: 0 packets, 0 bytes in [0-9.]+ s \(0 pps, copied\)$' "$tmp/rates.out" || fail "summary: $(cat "$tmp/rates.out")"

# One direction only
start oneway bridge --json vale0:in/R vale1:out/T
told_err oneway ' -> '
stop oneway
expect "/R /T: directions" "$(value oneway '.directions | length')" 1

# -L: what came in goes out again on the same port
start loop bridge -L vale0:loop
told_err loop ' -> '
receive echo vale0:tx -n 5
pkt-gen -i vale0:src -f tx -n 5 -R 100 >/dev/null || fail "tx failed"
finish echo
expect "-L: frames" "$(value echo .packets)" 5
stop loop

# Virtio-net headers: both ports get the length that is asked for, or that one of them has
header_of() { vale-ctl -g "$1" --json | jq .header_bytes; }
header_is() { [ "$(header_of "$1")" = "$2" ]; }
start vnet bridge --json --vnet-header 12 vale0:in vale1:out
told_err vnet ' -> '
expect "--vnet-header: in" "$(header_of vale0:in)" 12
expect "--vnet-header: out" "$(header_of vale1:out)" 12
stop vnet
receive held vale1:held -H 10
until_true "vale1:held has a header" header_is vale1:held 10
start vnet bridge --json vale0:in vale1:held
told_err vnet ' -> '
expect "the header of the other port" "$(header_of vale0:in)" 10
stop vnet
stop held
refused "vnet-header.*is no length of a virtio-net header, give 0, 10 or 12" bridge --vnet-header 11 vale0:in vale1:out

# A frame longer than the other side's ring is skipped, told and no end
start misfit bridge --json vale0:in 'netmap:small{1'
told_err misfit ' -> '
receive small 'netmap:small}1' -n 1
pkt-gen -i vale0:src -f tx -n 1 -l 60 -S 02:00:00:00:00:01 >/dev/null
finish small
stop misfit

# What the host sends into a TAP device comes out of the other side, which is the engine's (root only)
if [ "$NET_HOME" != user ]; then
	echo "in the kernel a TAP has host rings like any other interface: see tests/net/nic_host.sh"
elif [ "$(id -u)" -eq 0 ] && [ -c /dev/net/tun ]; then
	dev=br$$
	cat >"$tmp/inner.sh" <<-'EOF'
		ip tuntap add "$1" mode tap && ip link set "$1" up && ip addr add 10.77.0.1/24 dev "$1" || exit 1
		bridge --json -w 0 "netmap:$1" vale9:tap >"$2/tap.out" 2>"$2/tap.err" &
		b=$!
		until grep -q ' -> ' "$2/tap.err"; do kill -0 $b || exit 1; sleep 0.02; done # between two looks
		pkt-gen -i vale9:rx -f rx --write "$2/tap.pcap" >"$2/tap_rx.out" 2>&1 &
		r=$!
		until vale-ctl list vale9:rx >/dev/null 2>&1; do kill -0 $r || exit 1; sleep 0.02; done
		ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:22 dev "$1"
		for i in 1 2 3; do echo "hello" >/dev/udp/10.77.0.2/99; done
		n=0
		until [ "$(vale-ctl stats --json vale9:rx | jq '.stats[0].counters.rx_packets')" -ge 3 ]; do n=$((n + 1)); [ $n -lt 500 ] || exit 1; sleep 0.02; done
		kill -INT $r $b
		wait $r && wait $b
	EOF
	NETMAP_SOCKET=$tmp/tap
	if unshare -n bash "$tmp/inner.sh" "$dev" "$tmp" 2>"$tmp/inner.err"; then
		expect_ge "TAP: the host's frames" "$(tcpdump -nn -r "$tmp/tap.pcap" 'udp port 99' 2>/dev/null | wc -l)" 3
	else
		fail "TAP: $(cat "$tmp/inner.err" "$tmp/tap.err" "$tmp/tap_rx.out" 2>/dev/null)"
	fi
else
	echo "without root and /dev/net/tun: no test of an interface"
fi
