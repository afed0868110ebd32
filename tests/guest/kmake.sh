#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kmake.sh KSRC FOLDER ARGUMENT... - runs make with the compiler that the kernel's build folder KSRC is for; FOLDER is where it writes
#
# Headers of a newer release may ask for a newer compiler than this machine has; then make runs in a root with that release's
# one (see fetch.sh tools:SUITE), in namespaces of its own, with this project, the cache and FOLDER where they are here.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
[ $# -ge 3 ] || { usage >&2; exit 2; }
ksrc=$1 folder=$2
shift 2
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
# BTF needs a pahole that knows the kernel's; nothing here uses it
set -- CONFIG_DEBUG_INFO_BTF_MODULES= "$@"

wants=$(sed -n 's/^CONFIG_GCC_VERSION=\([0-9]*\)[0-9]\{4\}$/\1/p' "$ksrc/include/config/auto.conf" 2>/dev/null)
case $ksrc in "$cache"/kernels/*) ;; *) wants= ;; esac
# and Debian names the very compiler that it used
if [ "${wants:-99}" -lt "$(gcc -dumpversion | cut -d. -f1)" ]; then set -- "$@" CC=gcc; fi
if [ "${wants:-0}" -le "$(gcc -dumpversion | cut -d. -f1)" ]; then exec make "$@"; fi
suite=${ksrc#"$cache"/kernels/}
suite=${suite%%/*}
got=$("$here/fetch.sh" "tools:${suite%-backports}") || exit 1
root=${got#* }
map=--map-root-user
[ "$(id -u)" -ne 0 ] || map=
# shellcheck disable=SC2016 # for the inner shell; what it mounts goes with its namespace
exec unshare --mount $map sh -c '
	root=$1 top=$2 cache=$3 folder=$4
	shift 4
	mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" || exit 1
	for d in "$top" "$cache" "$folder"; do mkdir -p "$root$d" && mount --bind "$d" "$root$d" || exit 1; done
	exec chroot "$root" env LANG=C LC_ALL=C make "$@"' sh "$root" "$top" "$cache" "$folder" "$@"
