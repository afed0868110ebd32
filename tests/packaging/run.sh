#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [OPTION...] - installs, upgrades, removes and purges the Debian packages in a Debian system in a folder (chroot.sh),
# builds the module there by dkms and by make, for the kernel headers installed there, and runs what was installed
#
#	--debs DIR   take the packages of this commit from there and do not build them
#	--old DIR    those to upgrade from, otherwise this commit's too, built as version 0.1-1
#
# It needs root and Debian's servers. The system is a layer over the cached one, in memory, in namespaces of processes and mounts
# of its own: all of it goes with the test's processes, also after a SIGKILL. Last it prints "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
usage() { sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; }
debs='' old=''
while [ $# -gt 0 ]; do
	case $1 in
	--debs) debs=${2:?"--debs needs a folder"}; shift ;;
	--old) old=${2:?"--old needs a folder"}; shift ;;
	-h | --help) usage; exit 0 ;;
	--inside) break ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

# layer BASE WORK - in our namespaces: the system, with what is to be tested, then the tests in it
layer() {
	mount -t tmpfs -o size=2g,mode=755 netmap-test "$2/mnt"
	mkdir "$2/mnt/upper" "$2/mnt/work" "$2/mnt/root"
	root=$2/mnt/root
	mount -t overlay -o "lowerdir=$1,upperdir=$2/mnt/upper,workdir=$2/mnt/work" netmap-test "$root"
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=755 netmap-run "$root/run"
	mount -t tmpfs -o mode=1777 netmap-shm "$root/dev/shm"
	cp /etc/resolv.conf "$root/etc/"
	mkdir "$root/t"
	cp -r "$2/old" "$2/new" "$2/tree" "$here/inside.sh" "$root/t/"
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive \
		sh /t/inside.sh
}

if [ "${1:-}" = --inside ]; then
	layer "$2" "$3"
fi
[ "$(id -u)" -eq 0 ] || { echo "run.sh: it needs root: it mounts and installs packages" >&2; exit 1; }
base=$(sh "$here/chroot.sh")
work=$(mktemp -d "${TMPDIR:-/tmp}/netmap-packaging-XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/old" "$work/new" "$work/tree" "$work/mnt"
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$top/packaging/debian/changelog")
if [ -n "$debs" ]; then cp "$debs"/*_"${version}"_*.deb "$work/new/"; else sh "$top/packaging/build-deb.sh" --out "$work/new"; fi
if [ -n "$old" ]; then cp "$old"/*.deb "$work/old/"; else sh "$top/packaging/build-deb.sh" --version 0.1-1 --out "$work/old"; fi
rm -f "$work"/*/*-dbgsym_*
git -C "$top" archive HEAD | tar -x -C "$work/tree"
timeout "${PACKAGING_LIMIT:-900}" unshare --mount --pid --ipc --fork --kill-child sh "$0" --inside "$base" "$work" &
inner=$!
trap 'kill "$inner"; wait "$inner"; exit 1' HUP INT TERM
wait "$inner"
