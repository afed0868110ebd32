#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# limits.sh - what one user may have, and that others do not notice: regions, locked memory, interfaces of other namespaces.
# shellcheck source=tests/guest/t/users_lib.sh
. "$(dirname "$0")/users_lib.sh"
need_tool prlimit util-linux
# shellcheck disable=SC2317,SC2329
undo() {
	chmod "$mode" $dev
	ip netns del "limits$$" 2>/dev/null
	ip link del "la$$" 2>/dev/null
}
chmod 666 $dev || fail "chmod"

# 1024 regions; then he gets no more, everybody else does, and he too when he has fewer. Each of them ends with a grace period.
if [ "$NET_SLOW" -lt 100 ]; then
	start many prlimit --nofile=2048 setpriv --reuid 1000 --regid 1000 --clear-groups "$BUILD/guest/regions"
	told many "regions, then"
	expect "regions of a user" "$(cat "$tmp/many.out")" \
		"1024 regions, then EMFILE: n1024: there are as many regions as there can be; close other ports"
	refused "as many regions as there can be" as 1000 "$own" --once vale1:more
	as 1001 "$own" --once vale2:other >"$tmp/out" 2>&1 || fail "another user: $(cat "$tmp/out")"
	"$own" --once vale3:root >"$tmp/out" 2>&1 || fail "root: $(cat "$tmp/out")"
	stop many
	as 1000 "$own" --once vale1:more >"$tmp/out" 2>&1 || fail "when he has none any more: $(cat "$tmp/out")"
else
	echo "note: this guest is too slow for 1024 regions"
fi
if [ -n "$NET_FULL" ]; then # root has no such bound; it takes as long again
	start roots prlimit --nofile=2048 "$BUILD/guest/regions" 1100
	told roots "regions, then"
	expect "regions of root" "$(cat "$tmp/roots.out")" "1100 regions, then nothing: enough"
	stop roots
fi

# memory that a client may lock is another matter: none of ours is counted for it
prlimit --memlock=0 setpriv --reuid 1000 --regid 1000 --clear-groups "$own" --once --touch vale1:l >"$tmp/out" 2>&1 ||
	fail "with no memory to lock: $(cat "$tmp/out")"

# an interface is that of the caller's namespace, whatever the name says elsewhere
ip netns add "limits$$" || fail "no namespace"
ip link add "la$$" type veth peer name "lb$$" netns "limits$$" || fail "no veth"
refused "there is no interface lb$$" "$own" --once "lb$$"
refused "there is no interface la$$" ip netns exec "limits$$" "$own" --once "la$$"
refused "there is no interface lb$$" vale-ctl -a "vale0:lb$$"
ip netns exec "limits$$" "$own" --once "lb$$" >"$tmp/out" 2>&1 || fail "in its own namespace: $(cat "$tmp/out")"
"$own" --once "la$$" >"$tmp/out" 2>&1 || fail "the one that is here: $(cat "$tmp/out")"
