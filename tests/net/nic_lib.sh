# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# nic_lib.sh - what the scripts with interfaces share; these begin with it, and it brings lib.sh.
#
# The script runs again in a network namespace of its own, which is the engine's; the stations are namespaces beside it, called
# nic-PID-NAME outside. All go with the script. A script of another folder says in NET_LIB where this one is.
if [ -z "${NIC_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] || { echo "skip: needs root: network namespaces and interfaces"; exit 77; }
	NIC_INSIDE=1 exec unshare -n sh "$0" "$@"
fi
# shellcheck disable=SC1091,SC2154
. "${NET_LIB:-$(dirname "$0")}/lib.sh"
need_tool ip iproute2
need_tool jq jq
need_tool ping iputils-ping
need_tool iperf3 iperf3
need_tool tcpdump tcpdump
ip link set lo up
stations=

# shellcheck disable=SC2317,SC2329
undo() {
	for s_ in $stations; do ip netns del "$s_" 2>/dev/null; done
}

# station NAME - a namespace; in_ NAME COMMAND... - there, - is the engine's
station() {
	ip netns add "nic-$$-$1" || skip "no network namespaces here"
	stations="$stations nic-$$-$1"
	in_ "$1" ip link set lo up
}
in_() {
	at_=$1; shift
	if [ "$at_" = - ]; then "$@"; else ip netns exec "nic-$$-$at_" "$@"; fi
}

# dress STATION INTERFACE ADDRESS - moves nothing, gives the address and brings up
dress() { in_ "$1" ip addr add "$3/24" dev "$2" && in_ "$1" ip link set "$2" up; }

# open PORT, closed PORT - as a port of netmap
open() { vale-ctl list | grep -q "^$1 "; }
closed() { ! open "$1"; }

# carrier STATION INTERFACE
carrier() { in_ "$1" ip link show "$2" | grep -q LOWER_UP; }

# outside COMMAND... - where the guest's own interfaces are
outside() { nsenter -t 1 -n "$@"; }

# native - the driver of $kind has hooks in this guest
# shellcheck disable=SC2154
native() { case " ${GUEST_NATIVE:-} " in *" $kind "*) ;; *) return 1 ;; esac; }

# bring_back INTERFACE... - from the stations, which go, and from here, to where they were
bring_back() {
	for s_ in $stations; do
		for i_; do in_ "${s_##*-}" ip link set "$i_" netns 1 2>/dev/null; done
		ip netns del "$s_" 2>/dev/null
	done
	for i_; do ip link set "$i_" netns 1 2>/dev/null; done
}

# engine NAME - in the foreground of its own, so that the script knows its process; nothing in another home
engine() {
	[ "$NET_HOME" = user ] || return 0
	begin_engine "$1" netmapd --foreground --log-level 2
}
# A client that comes earlier would start another one.
begin_engine() {
	rm -f "$NETMAP_SOCKET" # of one that was killed
	start "$@"
	until_true "$1 has its socket" [ -S "$NETMAP_SOCKET" ]
	until_true "$1 serves" vale-ctl list
}

# shellcheck disable=SC2154
# ping_all WHAT STATION ADDRESS [OPTION...] - twenty, none lost
ping_all() {
	what_ping=$1 who_=$2 to_=$3
	shift 3
	in_ "$who_" ping -q -c 20 -i 0.05 -W 10 "$@" "$to_" >"$tmp/ping"
	grep -q '20 received, 0% packet loss' "$tmp/ping" || fail "$what_ping: $(tail -3 "$tmp/ping")"
}

# tcp WHAT SERVER CLIENT ADDRESS [OPTION...] - $tcp_bytes from there to that station, with -R the other way
tcp_bytes=$(amount 300000000 3000000000)
[ "$tcp_bytes" -gt 2000000 ] || tcp_bytes=2000000
tcp() {
	what_tcp=$1 server_=$2 who_=$3 to_=$4
	shift 4
	start iperf_server ip netns exec "nic-$$-$server_" iperf3 -s -1
	until_true "$what_tcp: the server listens" sh -c "ip netns exec nic-$$-$server_ ss -ltn | grep -q :5201"
	in_ "$who_" iperf3 --json -c "$to_" -w 128K -n "$tcp_bytes" "$@" >"$tmp/iperf" || fail "$what_tcp: $(jq -r .error "$tmp/iperf")"
	bytes=$(jq '.end.sum_received.bytes // 0' "$tmp/iperf")
	expect_ge "$what_tcp: bytes" "$bytes" $((tcp_bytes / 2)) # what is in buffers at the end is left out
	[ "$bytes" -gt 0 ] || signal iperf_server KILL # nobody came
	finish iperf_server
}

# sums NAME STATION INTERFACE - watches checksums of what comes in there; sums_right NAME - all of them were
sums() {
	start "$1" ip netns exec "nic-$$-$2" tcpdump -Z root -n -U -Q in -i "$3" -c 500 -w "$tmp/$1.pcap" tcp
	until_true "$1 captures" grep -q listening "$tmp/$1.err"
}
sums_right() {
	finish "$1"
	tcpdump -n -vv -r "$tmp/$1.pcap" >"$tmp/$1.text" 2>/dev/null
	expect "$1: wrong checksums" "$(grep -c '(incorrect\|bad cksum' "$tmp/$1.text")" 0
	expect_ge "$1: right checksums" "$(grep -c '(correct)' "$tmp/$1.text")" 500
}
