#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fail_nth.sh - every allocation of the control path fails once: see prog/fail_nth.c. Needs a kernel with fault injection.
# A module that labels.sh has made counts error labels; what it counted goes to the kernel's log, and so do labels of its beginning.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
[ -e /proc/self/fail-nth ] || skip "this kernel injects no faults (guests debug and umldebug do)"
# shellcheck disable=SC2317,SC2329
undo() {
	ip link del "fa$$" 2>/dev/null
	rmmod netmap
}

for a in failslab fail_page_alloc; do
	at=/sys/kernel/debug/$a
	for set in ignore-gfp-wait:N ignore-gfp-highmem:N min-order:0 verbose:0 probability:0; do
		[ ! -e "$at/${set%:*}" ] || echo "${set#*:}" >"$at/${set%:*}" || fail "$at/$set"
	done
done
# the region of interfaces is made again for each failure: small
rmmod netmap || fail "rmmod"
insmod "$BUILD/../../netmap.ko" buf_num=2400 ring_num=24 generic_ringsize=256 || fail "insmod"
ip link add "fa$$" type veth peer name "fb$$" || fail "no veth"
ip link set "fa$$" up || fail "no veth"
ip link set "fb$$" up || fail "no veth"
"$BUILD/guest/fail_nth" "fa$$" || fail "fail_nth"
hits=/sys/module/netmap/parameters/label_hits
[ ! -e $hits ] || echo "netmap-labels: $(cat $hits)" >/dev/kmsg
ip link del "fa$$" || fail "no end of the veth"
step=$((NET_SLOW / 10)) # loading takes a while in a guest that is slow
[ $step -ge 1 ] || step=1
"$BUILD/guest/fail_nth" --load "$BUILD/../../netmap.ko" $step || fail "fail_nth --load"
