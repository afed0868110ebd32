#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_hostile.sh - clients without manners on the rings of NICs whose driver has hooks (GUEST_PAIRS, GUEST_NATIVE): nothing but what
# is theirs is sent, nothing else is written.
#
#	nic_hostile --- na ==== nb --- nic_hostile
#
# HOSTILE_SECONDS (4, times GUEST_SCALE) is how long for each pair, HOSTILE_SEED as which run.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"
[ -n "${GUEST_NATIVE:-}" ] || skip "there are no drivers with hooks in this guest"
there=
# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >/sys/module/netmap/parameters/admode
	for i_ in $there; do ip link set "$i_" netns 1 2>/dev/null; done
}
carrier() { ip link show "$1" | grep -q LOWER_UP; }

# both KIND NA NB
both() {
	for i in "$2" "$3"; do
		echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
		ip link set "$i" promisc on
		ip link set "$i" up
	done
	for i in "$2" "$3"; do until_true "$1: $i has a carrier" carrier "$i"; done
	"$BUILD/guest/nic_hostile" ${HOSTILE_SEED:+--seed "$HOSTILE_SEED"} --seconds $((${HOSTILE_SECONDS:-4} * ${GUEST_SCALE:-1})) "$2" "$3" ||
		fail "$1: hostile clients"
}

tested=
# by the driver's own rings, or not at all
echo 1 >/sys/module/netmap/parameters/admode || fail "the module's parameter admode"
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	case " $GUEST_NATIVE " in *" $kind "*) ;; *) continue ;; esac
	for i in "${pair%:*}" "${pair#*:}"; do
		nsenter -t 1 -n ip link set "$i" netns $$ || fail "$i into this namespace"
		there="$there $i"
	done
	tested=1
	both "$kind" "${pair%:*}" "${pair#*:}"
done
[ -n "$tested" ] || skip "no NIC here has a driver with hooks"
