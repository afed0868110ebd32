# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# vif_lib.sh - what the scripts with persistent ports share; these begin with it, and it brings tests/net/lib.sh.
#
# The script runs again in a network namespace of its own, whose ports and switches it has for itself; stations are namespaces
# beside it. All go with the script.
if [ -z "${VIF_INSIDE:-}" ]; then
	VIF_INSIDE=1 exec unshare -n sh "$0" "$@"
fi
# shellcheck disable=SC1091
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
need_tool ip iproute2
need_tool ethtool ethtool
need_tool jq jq
# shellcheck disable=SC2034
scale=${GUEST_SCALE:-1}
ip link set lo up
stations=

# shellcheck disable=SC2317,SC2329
undo() {
	for s_ in $stations; do ip netns del "$s_" 2>/dev/null; done
}

# station NAME - a namespace; in_ NAME COMMAND... - there, - is that of the ports
station() {
	ip netns add "vif-$$-$1" || fail "no namespace $1"
	stations="$stations vif-$$-$1"
	in_ "$1" ip link set lo up
}
in_() {
	at_=$1; shift
	if [ "$at_" = - ]; then "$@"; else ip netns exec "vif-$$-$at_" "$@"; fi
}

# move INTERFACE STATION ADDRESS - there, and up
move() {
	{ ip link set "$1" netns "vif-$$-$2" && in_ "$2" ip addr add "$3/24" dev "$1" && in_ "$2" ip link set "$1" up; } || fail "$1 to station $2"
}

# pair - stations a and b with the interfaces va and vb, each on a port of vale0, as 192.0.2.1 and .2
pair() {
	station a
	station b
	{ vale-ctl -n va && vale-ctl -n vb; } || fail "make va and vb"
	{ vale-ctl -a vale0:va && vale-ctl -a vale0:vb; } || fail "attach va and vb"
	move va a 192.0.2.1
	move vb b 192.0.2.2
}

# shellcheck disable=SC2154 # tmp
# ping_all WHAT STATION ADDRESS [OPTION...] - twenty, none lost
ping_all() {
	what_ping=$1 who_=$2 to_=$3
	shift 3
	in_ "$who_" ping -q -c 20 -i 0.02 -W 10 "$@" "$to_" >"$tmp/ping"
	grep -q '20 received, 0% packet loss' "$tmp/ping" || fail "$what_ping: $(tail -3 "$tmp/ping")"
}

# refused TEXT COMMAND... - it fails and says so
refused() {
	text_=$1; shift
	"$@" >/dev/null 2>"$tmp/refused" && fail "'$*' succeeded"
	grep -q -e "$text_" "$tmp/refused" || fail "'$*' said: $(cat "$tmp/refused"), expected '$text_'"
}

# link STATION INTERFACE FILTER - of its JSON description; absent INTERFACE [STATION]
link() { in_ "$1" ip -s -d -j link show "$2" | jq -r ".[0] | $3"; }
absent() { ! in_ "${2:--}" ip link show "$1" >/dev/null 2>&1; }
# carrier STATION INTERFACE true|false - of one that is up
carrier() { [ "$(link "$1" "$2" '.flags | index("LOWER_UP") != null')" = "$3" ]; }

# tcp SECONDS [OPTION...] - from station a to b; the bytes that arrived, in $bytes
tcp() {
	start server ip netns exec "vif-$$-b" iperf3 -s -1
	until_true "the server listens" sh -c "ip netns exec vif-$$-b ss -ltn | grep -q :5201"
	for_=$1; shift
	in_ a iperf3 --json -c 192.0.2.2 -t "$for_" "$@" >"$tmp/iperf" || fail "iperf3: $(jq -r .error "$tmp/iperf")"
	bytes=$(jq '.end.sum_received.bytes // 0' "$tmp/iperf")
	expect_ge "TCP $*: bytes" "$bytes" 1000000
	[ "$bytes" -gt 0 ] || signal server KILL # nobody came
	finish server
}
