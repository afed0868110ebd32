# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# vif_lib.sh - what the scripts with persistent ports share; these begin with it, and it brings nic_lib.sh of tests/net.
#
# The interfaces are made in the script's own namespace; stations are namespaces beside it (nic_lib.sh).
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
need_home kernel
need_tool ethtool ethtool
# shellcheck disable=SC2034
scale=${GUEST_SCALE:-1}

# move INTERFACE STATION ADDRESS - there, and up
move() {
	{ ip link set "$1" netns "nic-$$-$2" && in_ "$2" ip addr add "$3/24" dev "$1" && in_ "$2" ip link set "$1" up; } || fail "$1 to station $2"
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

# link STATION INTERFACE FILTER - of its JSON description; absent INTERFACE [STATION]
link() { in_ "$1" ip -s -d -j link show "$2" | jq -r ".[0] | $3"; }
absent() { ! in_ "${2:--}" ip link show "$1" >/dev/null 2>&1; }
# carrier STATION INTERFACE true|false - of one that is up
carrier() { [ "$(link "$1" "$2" '.flags | index("LOWER_UP") != null')" = "$3" ]; }
