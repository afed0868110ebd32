#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# killed.sh - SIGKILL to programs whose threads are inside of the module: see prog/killed.c; then the module can be unloaded.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
# shellcheck disable=SC2317,SC2329
undo() { ip link del "ka$$" 2>/dev/null; }

rounds=$(($(amount 40 400) * ${GUEST_SCALE:-1}))
[ $rounds -ge 3 ] || rounds=3
if [ "$(nproc)" -gt 1 ]; then # a thread that polls needs a CPU that nobody needs
	ip link add "ka$$" type veth peer name "kb$$" || fail "no veth"
	ip link set "ka$$" up || fail "veth up"
	"$BUILD/guest/killed" $rounds "ka$$" || fail "killed"
	expect "polling threads that are left" "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -c "^netmap/")" 0
else
	"$BUILD/guest/killed" $rounds || fail "killed"
fi
rmmod netmap || fail "the module is still in use"
