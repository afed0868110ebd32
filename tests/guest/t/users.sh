#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# users.sh - who may do what with /dev/netmap: file modes, owners of ports, the memory of a user and of a group, namespaces.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
need_tool setpriv util-linux
dev=/dev/netmap
mode=$(stat -c %a $dev)
limit=$(cat /sys/module/netmap/parameters/user_mem)
group=/sys/fs/cgroup/users$$
# shellcheck disable=SC2317,SC2329
undo() {
	chmod "$mode" $dev
	echo "$limit" >/sys/module/netmap/parameters/user_mem
	rmdir "$group" 2>/dev/null
	ip netns del "users$$" 2>/dev/null
}

as() { who_=$1; shift; setpriv --reuid "$who_" --regid "$who_" --clear-groups "$@"; }

# refused WHAT TEXT COMMAND... - it fails and says so
refused() {
	what_=$1 text_=$2
	shift 2
	if "$@" >"$tmp/out" 2>&1 </dev/null; then fail "$what_: not refused"; fi
	grep -q -e "$text_" "$tmp/out" || fail "$what_: no word of '$text_' in: $(cat "$tmp/out")"
}

expect "mode of a new device" "$mode" 600
refused "a user, by the file's mode" "ermission denied" as 1000 "$BUILD/guest/own" --once vale0:u
chmod 666 $dev || fail "chmod"
as 1000 "$BUILD/guest/own" --once vale0:u >"$tmp/out" 2>&1 || fail "a user who may open the device: $(cat "$tmp/out")"

# a port is its owner's, and its group's by the mode 0660
start owner setpriv --reuid 1000 --regid 1000 --clear-groups "$BUILD/guest/own" vale0:mine
told owner ready
refused "another user's port" "belongs to user 1000" as 1001 "$BUILD/guest/own" --once vale0:mine
setpriv --reuid 1001 --regid 1000 --clear-groups "$BUILD/guest/own" --once vale0:mine >"$tmp/out" 2>&1 ||
	fail "a user of the owner's group: $(cat "$tmp/out")"
"$BUILD/guest/own" --once vale0:mine >"$tmp/out" 2>&1 || fail "root: $(cat "$tmp/out")"

# in another namespace there is no such port: the name makes one of its own, with other memory
ip netns add "users$$" || fail "no namespace"
ip netns exec "users$$" vale-ctl list --json >"$tmp/list" || fail "list in a namespace"
! grep -q vale0:mine "$tmp/list" || fail "a port of another namespace is seen"
refused "statistics of a port in another namespace" "there is no" ip netns exec "users$$" vale-ctl stats vale0:mine
stop owner

# the memory of a user, whoever he is and however many descriptors he has; root is not bounded
echo 16 >/sys/module/netmap/parameters/user_mem || fail "user_mem"
refused "more memory than a user may have" "memory quota of user 1000" as 1000 "$BUILD/guest/own" --once vale0:q --slots 4096
"$BUILD/guest/own" --once vale0:q --slots 4096 >"$tmp/out" 2>&1 || fail "root, beyond a user's quota: $(cat "$tmp/out")"
echo "$limit" >/sys/module/netmap/parameters/user_mem

# the memory of a group: the request fails, nobody is killed
if mkdir "$group" 2>/dev/null && echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null && [ -e "$group/memory.max" ]; then
	echo 12M >"$group/memory.max"
	# shellcheck disable=SC2016
	refused "more memory than a group may have" "no memory for .* KiB more" sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2" --once vale0:g --slots 4096' \
		sh "$group" "$BUILD/guest/own"
	expect "kills by the group's limit" "$(sed -n 's/^oom_kill //p' "$group/memory.events")" 0
else
	echo "note: no memory groups here"
fi
