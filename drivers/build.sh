#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2086 # names of files are words
# build.sh SOURCE HEADERS MODULE OUT DRIVER... - NIC drivers with netmap's hooks, from the kernel's own source.
# build.sh --check SOURCE HEADERS DRIVER... - only says what would keep them from being built.
#
# SOURCE is the kernel's source, HEADERS the folder that modules are built with (which may be the same), MODULE where netmap.ko was
# built with it. Each driver is copied to OUT/DRIVER, patched there by Coccinelle, and built; OUT/DRIVER/DRIVER.ko is printed. A hook
# that finds no place is an error. Environment: KMAKE, the command that is make for HEADERS (make).
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
say() { echo "drivers: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { sed -n '4,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
check='' module='' out=''
if [ "${1:-}" = --check ]; then check=1; shift; fi
[ $# -ge 3 ] || usage
source=$1 headers=$2
shift 2
if [ -z "$check" ]; then
	[ $# -ge 3 ] || usage
	module=$1 out=$2
	shift 2
fi

# about NIC - what driver.conf says: path in the source; files that the patch is for; config; alone, if of that folder only the files
# belong to the driver
about() {
	[ -e "$here/$1/driver.conf" ] || die "$1 is unknown; there are: $(cd "$here" && echo */driver.conf | sed 's|/driver.conf||g')"
	path='' files='' config='' alone=''
	# shellcheck source=/dev/null
	. "$here/$1/driver.conf"
}

# configured NIC - it is a module of the kernel
configured() {
	auto=$headers/include/config/auto.conf
	! grep -qx "$config=y" "$auto" || die "$1: $config is built into the kernel of $headers, and no module can take its place: configure it as =m"
	grep -qx "$config=m" "$auto" ||
		die "$1: $config is off in the kernel of $headers, and so may be what the driver needs of it: configure it as =m"
}

# All that can be known before anything is built. SOURCE may also be the headers only.
checks() {
	for nic in "$@"; do about "$nic"; done
	release=$(sh "$here/../scripts/window.sh" "$source") || exit 1
	for nic in "$@"; do
		about "$nic"
		[ -d "$source/$path" ] || die "$nic: there is no $path in $source: native drivers need the kernel's source, which the package" \
			"linux-source-$release has in /usr/src/linux-source-$release.tar.xz; unpack it and say KSRC=/path/to/it"
		(cd "$source/$path" && grep -q nm_nic_dev $files) && die "$nic: the driver in $source/$path is patched already; the kernel's own is needed"
	done
	[ -e "$headers/include/config/auto.conf" ] ||
		die "the kernel in $headers is not configured: build it first, or say KHEADERS=/path/to/its/build/folder"
	of=$(sh "$here/../scripts/window.sh" "$headers" 2>/dev/null)
	[ "$release" = "$of" ] || die "$source is of Linux $release, $headers of $of: drivers are built from the source of the kernel that they are for"
	for nic in "$@"; do
		about "$nic"
		configured "$nic"
	done
	command -v spatch >/dev/null || die "the hooks are put in by Coccinelle, which is not here: apt-get install coccinelle"
}

# module_there - netmap.ko was built with these headers
module_there() {
	if [ ! -e "$module/netmap.ko" ] || [ ! -e "$module/Module.symvers" ]; then
		die "there is no netmap.ko in $module: make module KSRC=$headers first"
	fi
	[ ! -e "$module/ksrc" ] || [ "$(realpath "$(cat "$module/ksrc")")" = "$(realpath "$headers")" ] ||
		die "netmap.ko in $module was built for $(cat "$module/ksrc"): make module KSRC=$headers first"
}

# hooks FILE... - what the patch puts in
hooks() { sed -n 's/^+.*\(nm_[a-z0-9]*_[a-z0-9_]*\)(.*/\1/p' "$@" | sort -u; }

build() {
	nic=$1 dir=$out/$1
	about "$nic"
	rm -rf "$dir"
	if [ -z "$alone" ]; then
		mkdir -p "$out" && cp -r "$source/$path" "$dir"
	else
		mkdir -p "$dir" && (cd "$source/$path" && cp $files "$dir/") && echo "obj-\$($config) += $nic.o" >"$dir/Makefile"
	fi || die "$nic: $source/$path could not be copied to $dir"
	cp "$here/$nic/$(basename "$nic").cocci" "$here/$nic"/*.h "$dir/" || exit 1
	(cd "$dir" && spatch --very-quiet --in-place --sp-file "$nic.cocci" $files) >"$dir/spatch.log" 2>&1 ||
		{ cat "$dir/spatch.log" >&2; die "$nic: Coccinelle failed, see above"; }
	for hook in $(hooks "$dir/$nic.cocci"); do
		(cd "$dir" && grep -q "$hook(" $files) || die "$nic: the hook $hook has found no place in the driver of $source ($release)"
	done
	printf 'ccflags-y += -std=gnu11 -DNETMAP_NO_SYSTEM_HEADERS -I%s/include -I%s/core -I%s/os/linux -I%s\n' "$module" "$module" "$module" \
		"$module" >>"$dir/Makefile"
	${KMAKE:-make} -C "$headers" M="$dir" "$config=m" KBUILD_EXTRA_SYMBOLS="$module/Module.symvers" modules >"$dir/build.log" 2>&1 ||
		{ grep -E 'error|warning' "$dir/build.log" >&2; die "$nic: was not built, see $dir/build.log"; }
	[ -e "$dir/$nic.ko" ] || die "$nic: the build made no $nic.ko, see $dir/build.log"
	echo "$dir/$nic.ko"
}

checks "$@"
[ -z "$check" ] || exit 0
module_there
for d in "$@"; do build "$d"; done
