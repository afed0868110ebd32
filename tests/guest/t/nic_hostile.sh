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
home=$BUILD/../..
# shellcheck disable=SC2317,SC2329
undo() {
	echo 0 >/sys/module/netmap/parameters/admode
	# shellcheck disable=SC2086 # words
	bring_back $there
	# the next test loads its own
	for d_ in $GUEST_NATIVE; do rmmod "$d_" 2>/dev/null; done
	rmmod netmap 2>/dev/null
}

# both KIND NA NB
both() {
	for i in "$2" "$3"; do
		echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
		ip link set "$i" promisc on
		ip link set "$i" up
	done
	for i in "$2" "$3"; do until_true "$1: $i has a carrier" carrier - "$i"; done
	"$BUILD/guest/nic_hostile" ${HOSTILE_SEED:+--seed "$HOSTILE_SEED"} --seconds $((${HOSTILE_SECONDS:-4} * ${GUEST_SCALE:-1})) "$2" "$3" ||
		fail "$1: hostile clients"
}

tested=
# switch ports get regions that NICs can use, and interfaces the driver's own rings or none
for d in $GUEST_NATIVE; do rmmod "$d" || fail "$d can't be unloaded"; done
rmmod netmap || fail "netmap can't be unloaded"
insmod "$home/netmap.ko" priv_buf_size=2048 admode=1 || fail "netmap can't be loaded"
for ko in "$home"/drivers/*.ko; do insmod "$ko" || fail "$ko can't be loaded"; done
for pair in ${GUEST_PAIRS:-}; do
	kind=${pair%%:*} pair=${pair#*:}
	case " $GUEST_NATIVE " in *" $kind "*) ;; *) continue ;; esac
	for i in "${pair%:*}" "${pair#*:}"; do
		outside ip link set "$i" netns $$ || fail "$i into this namespace"
		there="$there $i"
	done
	tested=1
	both "$kind" "${pair%:*}" "${pair#*:}"
done
[ -n "$tested" ] || skip "no NIC here has a driver with hooks"
