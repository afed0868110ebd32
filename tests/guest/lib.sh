# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# lib.sh - what the scripts of this folder share; each begins with: . "$(dirname "$0")/lib.sh". Others tell guest_lib, this folder.
#
# Environment:
#	NETMAP_CACHE   where downloads and built kernels stay (${XDG_CACHE_HOME:-$HOME/.cache}/netmap); it may be removed at any time
#	GUEST_NICE     niceness of kernel builds (10)
#
# What appears in the cache appears whole: it is made in NAME.part.PID and renamed, under a lock named after it.
set -u

top=$(cd "${guest_lib:-$(dirname "$0")}/../.." && pwd) || exit 1
# shellcheck disable=SC2034
here=$top/tests/guest
me=$(basename "$0")
cache=${NETMAP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/netmap}
# shellcheck disable=SC2034
arch=$(dpkg --print-architecture 2>/dev/null || echo amd64)
mkdir -p "$cache/lock" || { echo "$me: no folder $cache; name another one in NETMAP_CACHE" >&2; exit 2; }
cache=$(cd "$cache" && pwd) || exit 2

say() { echo "$me: $*" >&2; }
die() { say "$@"; exit 1; }

# usage - the comment at the head of the script
usage() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# driver_state NIC - a name for all that decides how a driver of drivers/ does, so that results can be told from older ones
driver_state() {
	(cd "$top" && for f in drivers/"$1"/*.cocci drivers/"$1"/*.h drivers/"$1"/driver.conf drivers/build.sh drivers/*.h core/nm_hw*.[ch] \
		os/linux/nm_native*.c os/linux/nm_dma*.c os/linux/nm_nic*.[ch]; do case $f in *_test.c) ;; *) echo "$f"; cat "$f" ;; esac; done) | sha256sum | cut -c1-16
}
# driver_results - where results of drivers are kept for scripts/driver_table.sh, as NIC/RELEASE/build and NIC/RELEASE/TEST of a guest:
# ok or FAIL, and the driver's state
driver_results=$top/build/guest/drivers
# driver_result NIC RELEASE WHAT ok|FAIL STATE - STATE is that of what was built, which driver.sh leaves in a file NIC.state
driver_result() {
	mkdir -p "$driver_results/$1/$2" && echo "$4 $5" >"$driver_results/$1/$2/$3"
}

# locked NAME COMMAND... - one at a time; others wait and say so
locked() {
	lock_=$cache/lock/$(echo "$1" | tr '/ ' '__'); shift
	(
		flock -n 9 || { say "waiting for another run: $lock_"; flock 9; }
		"$@"
	) 9>"$lock_"
}

# need_commands COMMAND:PACKAGE...
need_commands() {
	for pair_ in "$@"; do
		command -v "${pair_%%:*}" >/dev/null 2>&1 || set -- "$@" "miss:${pair_#*:}"
	done
	missing_=$(printf '%s\n' "$@" | sed -n 's/^miss://p' | sort -u | tr '\n' ' ')
	[ -z "$missing_" ] || die "missing packages: ${missing_}(install them, or run scripts/check.sh, which does)"
}
