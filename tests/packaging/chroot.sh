#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# chroot.sh - makes a small Debian system with kernel headers and dkms in a folder, once, and prints where it is
#
# The folder is in $NETMAP_CACHE (${XDG_CACHE_HOME:-$HOME/.cache}/netmap), which may be removed at any time. Suite and servers
# are those of this machine. It needs root. Mounts are made in a namespace of their own, so none is left, whatever happens.
set -eu
case ${1:-} in
'') ;;
-h | --help) sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
--inside) ;;
*) sed -n 3p "$0" >&2; exit 2 ;;
esac
cache=${NETMAP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/netmap}
arch=$(dpkg --print-architecture)
# shellcheck source=/dev/null
. /etc/os-release
[ "$ID" = debian ] || { echo "chroot.sh: this is no Debian machine, from which suite and servers are taken" >&2; exit 1; }
suite=$VERSION_CODENAME
packages="linux-headers-$arch dkms gcc make libc6-dev pkg-config kmod iproute2 util-linux"

# sources - those of Debian that this machine uses, as lines of sources.list
sources() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
		awk -v s="$suite" '$1 == "Debian" && ($3 == s || $3 == s "-updates" || $3 == s "-security") { print "deb", $2, $3, $4 }'
}

# fill FOLDER - with the system; we are in a mount namespace of our own
fill() {
	server=$(sources | awk -v s="$suite" '$3 == s { print $2; exit }')
	[ -n "$server" ] || { echo "chroot.sh: apt-get indextargets names no server of $suite" >&2; return 1; }
	debootstrap --variant=minbase "$suite" "$1" "$server"
	sources >"$1/etc/apt/sources.list"
	cp /etc/resolv.conf "$1/etc/"
	apt-config dump Acquire | grep -iE '^Acquire::https?::proxy ' >"$1/etc/apt/apt.conf.d/90proxy" || true
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # no service is to start here
	chmod 755 "$1/usr/sbin/policy-rc.d"
	mount -t proc proc "$1/proc"
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	chroot "$1" apt-get update -qq
	# shellcheck disable=SC2086
	chroot "$1" apt-get install -y -qq --no-install-recommends $packages
	chroot "$1" apt-get clean
	umount "$1/proc"
}

if [ "${1:-}" = --inside ]; then
	fill "$2" >"$2.log" 2>&1 || { tail -30 "$2.log" >&2; exit 1; }
	exit 0
fi
[ "$(id -u)" -eq 0 ] || { echo "chroot.sh: it needs root: debootstrap makes device nodes and mounts" >&2; exit 1; }
sh "$(dirname "$0")/../../scripts/deps.sh" debootstrap util-linux >&2
base=$cache/chroot/$suite-$(echo "$packages $(sources)" | cksum | cut -d' ' -f1)
mkdir -p "$cache/chroot" "$cache/lock"
exec 9>"$cache/lock/chroot"
flock 9
if [ ! -d "$base" ]; then
	new=$(mktemp -d "$cache/chroot/new-XXXXXX")
	chmod 755 "$new"
	trap 'rm -rf "$new" "$new.log"' EXIT
	trap 'exit 1' HUP INT TERM
	unshare --mount --fork --kill-child sh "$0" --inside "$new"
	mv "$new" "$base"
fi
echo "$base"
