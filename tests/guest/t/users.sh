#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# users.sh - who may do what with /dev/netmap: file modes, owners of ports, the memory of a user and of a group, namespaces.
# shellcheck source=tests/guest/t/users_lib.sh
. "$(dirname "$0")/users_lib.sh"
limit=$(cat /sys/module/netmap/parameters/user_mem)
group=/sys/fs/cgroup/users$$
# shellcheck disable=SC2317,SC2329
undo() {
	chmod "$mode" $dev
	echo "$limit" >/sys/module/netmap/parameters/user_mem
	rmdir "$group" 2>/dev/null
	ip netns del "users$$" 2>/dev/null
}

expect "mode of a new device" "$mode" 600
refused "ermission denied" as 1000 "$own" --once vale0:u
chmod 666 $dev || fail "chmod"
as 1000 "$own" --once vale0:u >"$tmp/out" 2>&1 || fail "a user who may open the device: $(cat "$tmp/out")"

# a port is its owner's, and its group's by the mode 0660
start owner setpriv --reuid 1000 --regid 1000 --clear-groups "$own" vale0:mine
told owner ready
refused "belongs to user 1000" as 1001 "$own" --once vale0:mine
setpriv --reuid 1001 --regid 1000 --clear-groups "$own" --once vale0:mine >"$tmp/out" 2>&1 ||
	fail "a user of the owner's group: $(cat "$tmp/out")"
"$own" --once vale0:mine >"$tmp/out" 2>&1 || fail "root: $(cat "$tmp/out")"

# in another namespace there is no such port: the name makes one of its own, with other memory
ip netns add "users$$" || fail "no namespace"
ip netns exec "users$$" vale-ctl list --json >"$tmp/list" || fail "list in a namespace"
! grep -q vale0:mine "$tmp/list" || fail "a port of another namespace is seen"
refused "there is no" ip netns exec "users$$" vale-ctl stats vale0:mine
stop owner

# the memory of a user, whoever he is and however many descriptors he has; root is not bounded
echo 16 >/sys/module/netmap/parameters/user_mem || fail "user_mem"
refused "memory quota of user 1000" as 1000 "$own" --once vale0:q --slots 4096
"$own" --once vale0:q --slots 4096 >"$tmp/out" 2>&1 || fail "root, beyond a user's quota: $(cat "$tmp/out")"
echo "$limit" >/sys/module/netmap/parameters/user_mem

# the memory of a group: the request fails, nobody is killed
if mkdir "$group" 2>/dev/null && echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null && [ -e "$group/memory.max" ]; then
	echo 12M >"$group/memory.max"
	# shellcheck disable=SC2016
	refused "no memory for .* KiB more" sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2" --once vale0:g --slots 4096' \
		sh "$group" "$own"
	expect "kills by the group's limit" "$(sed -n 's/^oom_kill //p' "$group/memory.events")" 0
else
	echo "note: no memory groups here"
fi
