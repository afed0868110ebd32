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
unset MAKEFLAGS MAKELEVEL KSRC KHEADERS DESTDIR BUILD
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

# kernel FOLDER RELEASE CONFIGURATION - what is seen of a kernel without building for it: its version, its options and drivers' source
kernel() {
	mkdir -p "$1/include/config" "$1/drivers/net/ethernet/intel/e1000"
	printf 'kernelversion:\n\t@echo %s\nmodules:\n\t@:\n' "$2" >"$1/Makefile"
	echo "$3" >"$1/include/config/auto.conf"
	for f in e1000_main.c e1000.h; do echo 'int none;' >"$1/drivers/net/ethernet/intel/e1000/$f"; done
}
said_once() { [ "$(grep -cF "$1" "$work/said")" -eq 1 ] && [ "$(grep -vc '^make' "$work/said")" -eq 1 ]; }
# drivers TEXT SOURCE HEADERS MODULE [NIC] - build.sh fails and says TEXT, in one line
drivers() {
	sh drivers/build.sh "$2" "$3" "$4" "$work/drivers" "${5:-e1000}" >"$work/said" 2>&1 && { echo "it did not fail"; return 1; }
	cat "$work/said"
	said_once "$1"
}
kernel "$work/old" 5.4.1 CONFIG_E1000=m
kernel "$work/new" 8.1.0 CONFIG_E1000=m
kernel "$work/six" 6.1.9 CONFIG_E1000=m
kernel "$work/off" 6.1.9 '# CONFIG_E1000 is not set'
kernel "$work/fixed" 6.1.9 CONFIG_E1000=y
kernel "$work/patched" 6.1.9 CONFIG_E1000=m
kernel "$work/headers" 6.1.9 CONFIG_E1000=m
kernel "$work/bare" 6.1.9 CONFIG_E1000=m
echo 'struct nm_nic_dev *netmap;' >"$work/patched/drivers/net/ethernet/intel/e1000/e1000.h"
rm -r "$work/headers/drivers" "$work/bare/include"
mkdir "$work/nothing"
try "module, older than the window" refused "is of Linux 5.4, which is too old: netmap is for 5.10 to 7.3" KSRC="$work/old" module
newest() { # it is warned of, and the build goes on
	make -s MODDIR="$work/module-new" KSRC="$work/new" module >"$work/said" 2>&1
	cat "$work/said"
	grep -qF "is of Linux 8.1, newer than all that netmap was tried with, 5.10 to 7.3; going on" "$work/said" && [ "$(cat "$work/module-new/ksrc")" = "$work/new" ]
}
try "module, newer than the window" newest
try "drivers, older than the window" refused "is of Linux 5.4, which is too old" KSRC="$work/old" drivers
try "drivers, no source" refused "e1000: there is no drivers/net/ethernet/intel/e1000 in $work/headers: native drivers need the kernel's source" \
	KSRC="$work/headers" DRIVERS=e1000 drivers
try "drivers, unknown" refused "e1001 is unknown; there are: " KSRC="$work/six" DRIVERS=e1001 drivers
try "drivers, not configured" refused "the kernel in $work/bare is not configured" KSRC="$work/bare" KHEADERS="$work/bare" DRIVERS=e1000 drivers
try "drivers, headers of another release" refused "drivers are built from the source of the kernel that they are for" \
	KSRC="$work/six" KHEADERS="$work/new" DRIVERS=e1000 drivers
try "drivers, off in the configuration" refused "e1000: CONFIG_E1000 is off in the kernel of $work/off" KSRC="$work/off" DRIVERS=e1000 drivers
try "drivers, built into the kernel" refused "e1000: CONFIG_E1000 is built into the kernel of $work/fixed" KSRC="$work/fixed" DRIVERS=e1000 drivers
try "drivers, patched already" refused "e1000: the driver in $work/patched/drivers/net/ethernet/intel/e1000 is patched already" \
	KSRC="$work/patched" DRIVERS=e1000 drivers
try "drivers, no netmap.ko" drivers "there is no netmap.ko in $work/nothing: make module KSRC=$work/six first" "$work/six" "$work/six" "$work/nothing"
touch "$work/nothing/netmap.ko" "$work/nothing/Module.symvers"
echo "$work/off" >"$work/nothing/ksrc"
try "drivers, netmap.ko of other headers" drivers "netmap.ko in $work/nothing was built for $work/off: make module KSRC=$work/six first" \
	"$work/six" "$work/six" "$work/nothing"
# every command but Coccinelle's
mkdir "$work/few"
for c in sh sed grep make basename dirname realpath cat echo; do
	for d in /usr/bin /bin; do [ ! -x "$d/$c" ] || ln -sf "$d/$c" "$work/few/$c"; done
done
without_coccinelle() {
	env PATH="$work/few" sh drivers/build.sh --check "$work/six" "$work/six" e1000 >"$work/said" 2>&1 && { echo "it did not fail"; return 1; }
	cat "$work/said"
	said_once "apt-get install coccinelle"
}
try "drivers, no Coccinelle" without_coccinelle
# a kernel's headers build all else, and say what else there could be
headers_only() {
	make -s BUILD="$build" MODDIR="$work/module-headers" KSRC="$work/headers" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	cat "$work/said"
	[ "$(grep -c 'native drivers need the kernel.s source.*apt-get install linux-source-6.1' "$work/said")" -eq 1 ] && [ -e "$work/module-headers/ksrc" ]
}
try "all, with headers only" headers_only
if command -v spatch >/dev/null; then
	# the same with source: this one has no place for a hook, which is told, and nothing is built of it
	hookless() {
		echo "$work/six" >"$work/nothing/ksrc"
		drivers "e1000: the hook nm_e1000_" "$work/six" "$work/six" "$work/nothing" && [ -z "$(find "$work/drivers" -name '*.ko')" ]
	}
	try "drivers, no place for a hook" hookless
	try "all, with source" refused "e1000: the hook nm_e1000_" KSRC="$work/six" DRIVERS=e1000
else
	echo "2 skipped: hooks are put in by spatch, which is not here"
fi
clean_apps() { # from a clean checkout
	mkdir "$work/clean" && git archive HEAD | tar -x -C "$work/clean" && (cd "$work/clean" && make -s -j"$(nproc)" KSRC="$work/six" apps) &&
		[ -x "$work/clean/build/pkt-gen" ] && [ ! -e "$work/clean/build/netmapd" ] && [ ! -e "$work/clean/build/module" ]
}
try "apps" clean_apps

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
