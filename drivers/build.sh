#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2086 # names of files are words
# build.sh SOURCE HEADERS MODULE OUT DRIVER... - NIC drivers with netmap's hooks, from the kernel's own source.
#
# SOURCE is the kernel's source, HEADERS the folder that modules are built with (which may be the same), MODULE where netmap.ko was
# built with it. Each driver is copied to OUT/DRIVER, patched there by Coccinelle, and built. A hook that finds no place is an error.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
say() { echo "drivers: $*" >&2; }
die() { say "$*"; exit 1; }
[ $# -ge 5 ] || { sed -n '4,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
source=$1 headers=$2 module=$3 out=$4
shift 4
command -v spatch >/dev/null || die "the hooks are put in by Coccinelle, which is not here: apt-get install coccinelle"
[ -e "$module/Module.symvers" ] || die "there is no $module/Module.symvers: build netmap.ko with $headers first"

# release FOLDER - as 6.1
release() { make -s -C "$1" kernelversion | sed -n "s/^\([0-9]*\.[0-9]*\).*/\1/p"; }

# hooks FILE... - what the patch puts in
hooks() { sed -n 's/^+.*\(nm_[a-z0-9]*_[a-z0-9_]*\)(.*/\1/p' "$@" | sort -u; }

build() {
	nic=$1 dir=$out/$1
	[ -e "$here/$nic/driver.conf" ] || die "$nic is unknown; there are: $(cd "$here" && echo */driver.conf | sed 's|/driver.conf||g')"
	path='' files='' config='' alone=''
	# shellcheck source=/dev/null
	. "$here/$nic/driver.conf"
	[ -d "$source/$path" ] || die "$nic: there is no $path in $source: that is no kernel source, as linux-source gives it"
	rm -rf "$dir"
	if [ -z "$alone" ]; then
		mkdir -p "$out" && cp -r "$source/$path" "$dir"
	else
		mkdir -p "$dir" && (cd "$source/$path" && cp $files "$dir/") && echo "obj-\$($config) += $nic.o" >"$dir/Makefile"
	fi || die "$nic: $source/$path could not be copied to $dir"
	grep -q 'nm_nic_dev' -r "$dir" && die "$nic: the driver in $source/$path is patched already; the kernel's own is needed"
	cp "$here/$nic/$(basename "$nic").cocci" "$here/$nic"/*.h "$dir/" || exit 1
	(cd "$dir" && spatch --very-quiet --in-place --sp-file "$nic.cocci" $files) >"$dir/spatch.log" 2>&1 ||
		{ cat "$dir/spatch.log" >&2; die "$nic: Coccinelle failed, see above"; }
	for hook in $(hooks "$dir/$nic.cocci"); do
		(cd "$dir" && grep -q "$hook(" $files) || die "$nic: the hook $hook has found no place in the driver of $source ($(release "$source"))"
	done
	printf 'ccflags-y += -std=gnu11 -DNETMAP_NO_SYSTEM_HEADERS -I%s/include -I%s/core -I%s/os/linux -I%s\n' "$module" "$module" "$module" \
		"$module" >>"$dir/Makefile"
	make -C "$headers" M="$dir" "$config=m" KBUILD_EXTRA_SYMBOLS="$module/Module.symvers" modules >"$dir/build.log" 2>&1 ||
		{ grep -E 'error|warning' "$dir/build.log" >&2; die "$nic: was not built, see $dir/build.log"; }
	echo "$dir/$nic.ko"
}

[ "$(release "$source")" = "$(release "$headers")" ] ||
	die "$source is of Linux $(release "$source"), $headers of $(release "$headers"): drivers are built from the source of the kernel that they are for"
for d in "$@"; do build "$d"; done
