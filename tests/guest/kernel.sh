#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh [--clang] GUEST - builds the kernel of a guest from the source of this machine's release, unless the cache has it,
# and prints its build folder: GUEST.config beside this script says what it has over tinyconfig, after what its line "# over:" names.
#
# GUEST is one of those that have such a file: uml and umldebug (User Mode Linux), debug (for QEMU).
# The folder is named after the version of the source, the compiler and the configuration, so that a change of one of them
# builds anew; its modules are in installed/. With --clang it is only made ready for clang to compile modules.
#
# Environment: GUEST_JOBS (processors, 2 at most for the sake of others)
# shellcheck disable=SC2317,SC2329 # called by name through locked()
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
clang='' cc=gcc
if [ "${1:-}" = --clang ]; then clang=-clang cc=clang; shift; fi
if [ $# -ne 1 ] || [ ! -f "$here/$1.config" ]; then usage >&2; exit 2; fi
need_commands make:make gcc:gcc flex:flex bison:bison bc:bc
guest=$1

# parts - the files that make up the configuration
parts() {
	sed -n 's/^# over: //p' "$here/$guest.config" | while read -r over; do
		if [ -f "$here/$over" ]; then echo "$here/$over"; else echo "$source/kernel/configs/$over"; fi
	done
	echo "$here/$guest.config"
}

# configure FOLDER - fails if something that was asked for did not come about
configure() {
	make -s -C "$source" CC=$cc ARCH="$karch" O="$1" tinyconfig || return 1
	# shellcheck disable=SC2046 # one a word
	(cd "$1" && "$source/scripts/kconfig/merge_config.sh" -m -O "$1" "$1/.config" $(parts) >"$1/merge.log" 2>&1) || return 1
	make -s -C "$source" CC=$cc ARCH="$karch" O="$1" olddefconfig || return 1
	missing=$(sed -n 's/^\(CONFIG_[A-Z0-9_]*=[ym0-9].*\)/\1/p' "$here/$guest.config" | grep -vxFf "$1/.config")
	[ -z "$missing" ] || { say "$guest.config asks for what this kernel does not give: $(echo "$missing" | tr "\n" " ")"; return 1; }
}

build_locked() {
	[ ! -f "$folder/done" ] || return 0
	say "building the $guest kernel${clang:+ for clang}, some minutes; progress: $folder.log"
	part=$folder.part
	rm -rf "$part"
	mkdir -p "$part" || return 1
	# shellcheck disable=SC2086 # targets are words
	(
		configure "$part" && nice -n "${GUEST_NICE:-10}" make -C "$source" -j"$jobs" CC=$cc ARCH="$karch" O="$part" $target &&
			{ [ -n "$clang" ] || [ "$karch" = um ] || make -s -C "$source" CC=$cc ARCH="$karch" O="$part" INSTALL_MOD_PATH="$part/installed" modules_install; } &&
			# modules are built against symbols and tools alone
			find "$part" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -not -path '*/scripts/*' -delete && rm -f "$part/installed/lib/modules"/*/build "$part/installed/lib/modules"/*/source
	) >"$folder.log" 2>&1 || { grep -E 'error|\*\*\*|asks for' "$folder.log" | tail -20 >&2; return 1; }
	touch "$part/done" && mv "$part" "$folder"
}

case $guest in
uml*) karch=um target="vmlinux modules" ;;
*) karch=x86_64 target="bzImage modules" ;;
esac
[ -z "$clang" ] || target=modules_prepare
jobs=${GUEST_JOBS:-$(nproc)}
got=$("$here/fetch.sh" source) || exit 1
version=${got%% *} source=${got#* }
hash=$({ echo "$version"; $cc --version | head -1; parts | xargs sed "/^#/d"; } | sha256sum | cut -c1-12)
folder=$cache/build/$guest$clang-$hash
mkdir -p "$cache/build"
locked "build-$guest$clang" build_locked || die "the $guest kernel does not build: $folder.log"
echo "$folder"
