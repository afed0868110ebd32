#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make.sh - the module's targets of make: what they build, install and refuse. $BUILD (build) has what else make builds.
#
# With headers of any kernel in /lib/modules it builds the module as a user of that kernel would. Nothing is installed outside
# of a folder of its own. Last it prints "N passed, N failed".
set -u
case ${1:-} in -h | --help) sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
passed=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/netmap-make-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
unset MAKEFLAGS MAKELEVEL KSRC DESTDIR
version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' os/linux/nm_dev.c)

try() { # name command...
	name=$1; shift
	if "$@" >"$work/log" 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name"; tail -20 "$work/log"; fi
}
# refused TEXT ARGUMENT... - make fails, says TEXT, and says nothing else but that it failed
refused() {
	text=$1; shift
	make -s BUILD="$build" MODDIR="$work/module" "$@" >"$work/said" 2>&1 && { echo "it did not fail"; return 1; }
	cat "$work/said"
	grep -qF "$text" "$work/said" && [ "$(grep -vc '^make' "$work/said")" -eq 1 ]
}
# on RELEASE ARGUMENT... - make as on a machine whose kernel that is
on() {
	mkdir -p "$work/bin"
	printf '#!/bin/sh\necho %s\n' "$1" >"$work/bin/uname"
	chmod 755 "$work/bin/uname"
	shift
	PATH="$work/bin:$PATH" make -s BUILD="$build" MODDIR="$work/module" "$@"
}

mkdir "$work/tree"
touch "$work/tree/Makefile"
try "no such KSRC" refused "there is no kernel build folder $work/none" KSRC="$work/none" module
try "no such KSRC, all" refused "there is no kernel build folder $work/none" KSRC="$work/none"
try "KSRC not configured" refused "the kernel in $work/tree is not configured" KSRC="$work/tree" module
try "nothing to install" refused "make module first" modules_install
# shellcheck disable=SC2016
without() { on 0.0.0-none >"$work/said" && cat "$work/said" && [ "$(grep -c 'netmap.ko is not built' "$work/said")" -eq 1 ]; }
try "all, without headers" without

without_install() { on 0.0.0-none install DESTDIR="$work/user" && [ -x "$work/user/usr/local/bin/pkt-gen" ] && [ ! -e "$work/user/lib" ]; }
try "install, without module" without_install

headers=$(find /lib/modules/*/build/Makefile 2>/dev/null | head -1)
release=$(echo "$headers" | cut -d/ -f4)
# compilers of this project's own part are not the kernel's
built() { on "$release" -j"$(nproc)" CC=gcc SAN= && [ -s "$work/module/netmap.ko" ] && [ "$(modinfo -F vermagic "$work/module/netmap.ko" | cut -d' ' -f1)" = "$release" ]; }
installed() {
	on "$release" install DESTDIR="$work/all" PREFIX=/usr && [ -x "$work/all/usr/bin/pkt-gen" ] &&
		find "$work/all/lib/modules/$release" -name 'netmap.ko*' | grep .
}
depmod_done() {
	on "$release" modules_install INSTALL_MOD_PATH="$work/mods" && modprobe -d "$work/mods" -S "$release" -n -v netmap | grep netmap.ko
}
if [ -n "$headers" ]; then
	try "all, with the headers of $release" built
	try "install, with module" installed
	try "modules_install and depmod" depmod_done
	try "a module for another kernel" refused "make module KSRC=/other first" KSRC=/other modules_install
else
	echo "4 skipped: module for a kernel with headers, which this machine has none of"
fi

dkms=$work/dkms/usr/src/netmap-$version
try "source for dkms" make -s dkms_source DESTDIR="$work/dkms"
nothing_else() { ls "$dkms" && [ "$(cd "$dkms" && echo *)" = "Kbuild LICENSE core dkms.conf drivers include os" ] && [ -z "$(find "$dkms" -name '*_test.c' -o -type l)" ]; }
try "source for dkms has what it needs only" nothing_else
try "version of dkms.conf" grep -qx "PACKAGE_VERSION=\"$version\"" "$dkms/dkms.conf"
try "version of the packages" grep -q "^netmap ($version-" packaging/debian/changelog

try "install_system" make -s install_system DESTDIR="$work/system" PREFIX=/usr/local
for f in udev/rules.d/60-netmap.rules modules-load.d/netmap.conf systemd/system/netmapd.service; do
	try "$f" [ -s "$work/system/usr/local/lib/$f" ]
done
try "unit starts the engine of PREFIX" grep -qx 'ExecStart=/usr/local/sbin/netmapd --foreground' "$work/system/usr/local/lib/systemd/system/netmapd.service"
if command -v systemd-analyze >/dev/null; then
	unit() { # with the engine of this build in the place of one that is not installed
		sed "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$build/netmapd")|" "$work/system/usr/local/lib/systemd/system/netmapd.service" >"$work/netmapd.service"
		systemd-analyze verify --man=no "$work/netmapd.service" >"$work/said" 2>&1
		cat "$work/said"
		! grep -F netmapd.service "$work/said"
	}
	try "unit is understood" unit
else
	echo "1 skipped: unit is understood: there is no systemd-analyze"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
