#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch.sh [WHAT...] - gets kernels of Debian without installing them, and prints a line for each: RELEASE FOLDER
#
#	own         the kernel of this machine's release: image, modules and headers (default)
#	source      the kernel source of this machine's release, unpacked: VERSION FOLDER
#	source:SUITE   that of another release or of its backports
#	SUITE       the kernel of another release or of its backports (bookworm-backports, trixie, trixie-backports, sid)
#	newer       the suites that have newer kernels than this machine's release, as far as the mirror has them
#	older       the release before it, likewise
#	tools:SUITE a folder with the compiler of a suite and what else builds modules for its kernels: SUITE FOLDER
#	qemu:SUITE  a folder with the QEMU of a suite, whose qemu-system-x86_64 runs from there as it is: SUITE FOLDER
#	suites      prints the names of newer and older suites, nothing is fetched
#	list        what there is in the cache, nothing is fetched
#
# A folder has boot/vmlinuz-RELEASE or lib/modules/RELEASE/vmlinuz, lib/modules/RELEASE and usr/src/linux-headers-RELEASE, whose
# paths are changed to where they are.
# Its status is 77 if all that could not be had are suites that the mirror lacks, or does not tell of now.
#
# Packages come from the places of the machine's own apt sources, through apt with lists and downloads in the cache, so that
# nothing of the machine changes. Lists are read anew once a day; FETCH_OFFLINE=1 takes what the cache has.
# shellcheck disable=SC2317,SC2329 # much is called by name through locked()
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
need_commands apt-get:apt dpkg:dpkg flock:util-linux xz:xz-utils

codename=$(sed -n "s/^VERSION_CODENAME=//p" /etc/os-release)

# apt SUITE COMMAND ARGUMENT... - apt-get or apt-cache on that suite alone, as if nothing were installed
apt() {
	suite_=$1 command_=$2
	shift 2
	dir_=$cache/apt/$suite_
	[ "$suite_" = own ] || set -- -o Dir::Etc::sourcelist="$dir_/sources.list" -o Dir::Etc::sourceparts=- "$@"
	"$command_" -o Dir::State="$dir_/state" -o Dir::State::status="$dir_/state/status" -o Dir::Cache="$dir_/cache" \
		-o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 -o Acquire::Retries=3 "$@"
}

# place_of_suites - the URI under which the machine gets its own release
place_of_suites() {
	apt-get update --print-uris 2>/dev/null | sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | head -1
}

# prepare SUITE[+SUITE] - their lists are there and not older than a day; one at a time, whatever they are for
prepare() { locked "lists-$1" lists_locked "$1"; }

lists_locked() {
	dir=$cache/apt/$1
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" || return 1
	: >>"$dir/state/status"
	[ -z "${FETCH_OFFLINE:-}" ] || [ ! -e "$dir/fresh" ] || return 0
	[ -z "$(find "$dir/fresh" -mmin -1440 2>/dev/null)" ] || return 0
	if [ "$1" != own ]; then
		place=$(place_of_suites)
		[ -n "$place" ] || { say "this machine's apt sources have no $codename, from which the place of $1 could be known"; return 77; }
		keyring=/usr/share/keyrings/debian-archive-keyring.gpg
		by=
		[ ! -f "$keyring" ] || by="[signed-by=$keyring] "
		for s in $(echo "$1" | tr + ' '); do echo "deb $by$place $s main"; done >"$dir/sources.list"
	fi
	say "reading the lists of $1"
	if ! apt "$1" apt-get update -qq >"$dir/update.log" 2>&1; then
		sed 's|//[^/]*|//...|g' "$dir/update.log" >&2
		[ -e "$dir/fresh" ] || { say "the mirror does not tell of $1"; return 77; }
		say "going on with lists of $(date -r "$dir/fresh" +%F)"
		return 0
	fi
	touch "$dir/fresh"
}

# needs SUITE PACKAGE - itself and those of the kernel's own that it depends on
needs() {
	apt "$1" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$2" |
		grep -oE '^linux-(image|headers|kbuild|binary|modules)-[^ :]*' | grep -v -e '-unsigned$' -e '^linux-[a-z]*-amd64$' | sort -u
}

# release_of SUITE - of its newest kernel
release_of() {
	apt "$1" apt-cache depends "linux-image-$arch" 2>/dev/null | sed -n "s/^ *Depends: linux-image-\(.*\)/\1/p" | head -1
}

version_of() { apt "$1" apt-cache show --no-all-versions "$2" | sed -n 's/^Version: //p' | head -1; }

# unpack SUITE FOLDER PACKAGE...
unpack() {
	suite=$1 into=$2
	shift 2
	say "downloading from $suite: $*"
	(cd "$cache/apt/$suite/cache/archives" && apt "$suite" apt-get download -qq "$@" >&2) || return 1
	for package in "$@"; do
		for deb in "$cache/apt/$suite/cache/archives/$package"_*.deb; do
			[ -f "$deb" ] || continue
			dpkg -x "$deb" "$into" || return 1
			rm -f "$deb"
		done
	done
}

# at_home FOLDER FINAL - headers name each other by absolute paths: those of the place where they will be
at_home() {
	find "$1/usr/src" -maxdepth 2 -name Makefile -exec sed -i "s|/usr/src/linux-headers|$2/usr/src/linux-headers|g" {} +
	for link in "$1"/usr/src/linux-headers-*/*; do
		[ -L "$link" ] || continue
		case $(readlink "$link") in /usr/*) ln -sfn "$2$(readlink "$link")" "$link" ;; esac
	done
	# packages of a merged /usr and others
	[ -e "$1/lib" ] || [ ! -e "$1/usr/lib/modules" ] || ln -s usr/lib "$1/lib"
	for modules in "$1"/lib/modules/*; do
		[ -d "$modules/kernel" ] || continue
		[ -f "$modules/modules.dep" ] || depmod -b "$1" "$(basename "$modules")" 2>/dev/null
	done
}

kernel_locked() {
	prepare "$1" || return
	release=$(release_of "$1")
	[ -n "$release" ] || { say "$1 has no package linux-image-$arch"; return 77; }
	version=$(version_of "$1" "linux-image-$release")
	folder=$cache/kernels/$1/$(echo "$version" | tr '~:' '--')
	if [ ! -d "$folder" ]; then
		part=$folder.part.$$
		rm -rf "$cache/kernels/$1"/*.part.*
		mkdir -p "$part" || return 1
		packages=$({ needs "$1" "linux-image-$release"; needs "$1" "linux-headers-$release"; } | sort -u)
		# shellcheck disable=SC2086 # one a word
		if ! unpack "$1" "$part" $packages || ! at_home "$part" "$folder" || ! mv "$part" "$folder"; then
			rm -rf "$part"
			return 1
		fi
		# older versions of this suite have been superseded
		for old in "$cache/kernels/$1"/*; do [ "$old" = "$folder" ] || rm -rf "$old"; done
	fi
	echo "$release $folder"
}

# source_locked SUITE
source_locked() {
	prepare "$1" || return
	package=$(apt "$1" apt-cache depends linux-source 2>/dev/null | sed -n 's/^ *Depends: //p' | head -1)
	[ -n "$package" ] || { say "$1 has no package linux-source"; return 77; }
	version=$(version_of "$1" "$package")
	folder=$cache/source/$(echo "$version" | tr '~:' '--')
	if [ ! -d "$folder" ]; then
		part=$folder.part.$$
		rm -rf "$folder".part.*
		mkdir -p "$part" || return 1
		if [ "$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)" = "$version" ]; then
			archive=/usr/src/$package.tar.xz
		else
			unpack "$1" "$part/deb" "$package" || { rm -rf "$part"; return 1; }
			archive=$part/deb/usr/src/$package.tar.xz
		fi
		say "unpacking $package $version"
		mkdir "$part/tree" && tar -xf "$archive" -C "$part/tree" --strip-components 1 && mv "$part/tree" "$folder"
		done_=$?
		rm -rf "$part"
		[ "$done_" -eq 0 ] || return 1
	fi
	echo "$version $folder"
}

# unpacked SUITE[+SUITE] FOLDER PACKAGE... - these and all that they need, only unpacked
unpacked() {
	from=$1 into=$2 archives=$cache/apt/$1/cache/archives
	shift 2
	apt "$from" apt-get install -qq -y --download-only --no-install-recommends -t "${from##*+}" "$@" base-files >&2 || return 1
	# the links of a merged /usr come first
	for deb in "$archives"/base-files_*.deb "$archives"/*.deb; do
		[ -f "$deb" ] || continue # the first one twice
		dpkg -x "$deb" "$into" || return 1
		rm -f "$deb"
	done
}

# tools_locked SUITE - a folder to chroot into: what is only unpacked is enough for a compiler
tools_locked() {
	prepare "$1" || return
	folder=$cache/tools/$1
	if [ ! -d "$folder" ]; then
		part=$folder.part.$$
		rm -rf "$folder".part.*
		mkdir -p "$part" || return 1
		say "downloading the compiler of $1"
		unpacked "$1" "$part" gcc make dash bash coreutils sed grep gawk findutils diffutils perl libelf1t64 || { rm -rf "$part"; return 1; }
		[ -e "$part/bin/sh" ] || ln -s dash "$part/bin/sh"
		[ -e "$part/usr/bin/awk" ] || ln -s gawk "$part/usr/bin/awk"
		mkdir -p "$part/proc" "$part/dev" "$part/tmp" "$part/sys"
		mv "$part" "$folder" || return 1
	fi
	echo "$1 $folder"
}

# qemu_locked SUITE - backports lack what the release has. Its loader and libraries come along, so no root is changed.
qemu_locked() {
	suites_=$1
	[ "${1%-backports}" = "$1" ] || suites_=${1%-backports}+$1
	prepare "$suites_" || return
	folder=$cache/qemu/$1
	if [ ! -d "$folder" ]; then
		part=$folder.part.$$
		rm -rf "$folder".part.*
		mkdir -p "$part" || return 1
		say "downloading QEMU of $1"
		unpacked "$suites_" "$part" qemu-system-x86 seabios || { rm -rf "$part"; return 1; }
		cat >"$part/qemu-system-x86_64" <<-'EOF'
			#!/bin/sh
			at=${0%/*}
			lib=$at/usr/lib/x86_64-linux-gnu
			export QEMU_MODULE_DIR="$lib/qemu"
			exec "$at/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$at/usr/bin/qemu-system-x86_64" -L "$at/usr/share/qemu" -L "$at/usr/share/seabios" "$@"
		EOF
		chmod 755 "$part/qemu-system-x86_64"
		mv "$part" "$folder" || return 1
	fi
	echo "$1 $folder"
}

# suites WHICH - of them those that the mirror has
suites() {
	case $1:$codename in
	newer:bullseye) echo bookworm bookworm-backports trixie ;;
	newer:bookworm) echo bookworm-backports trixie trixie-backports ;;
	newer:trixie) echo trixie-backports sid ;;
	newer:*) echo sid ;;
	older:bookworm) echo bullseye ;;
	older:trixie) echo bookworm ;;
	esac
}

list() {
	for folder in "$cache"/kernels/*/*; do
		[ -d "$folder/lib/modules" ] || continue
		for modules in "$folder"/lib/modules/*; do echo "$(basename "$modules") $folder"; done
	done
	for folder in "$cache"/source/*; do [ ! -f "$folder/Makefile" ] || echo "$(basename "$folder") $folder"; done
}

status=0
# missed STATUS - of one that could not be had
missed() { [ "$status" -ne 0 ] && [ "$1" -eq 77 ] || status=$1; }
[ $# -gt 0 ] || set -- own
for what in "$@"; do
	case $what in
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	list) list ;;
	tools:*) locked "apt-${what#*:}" tools_locked "${what#*:}" || missed $? ;;
	qemu:*) locked "qemu-${what#*:}" qemu_locked "${what#*:}" || missed $? ;;
	suites) suites newer; suites older ;;
	source) locked source source_locked own || missed $? ;;
	source:*) locked "source-${what#*:}" source_locked "${what#*:}" || missed $? ;;
	newer | older) for s in $(suites "$what"); do locked "apt-$s" kernel_locked "$s" || missed $?; done ;;
	*) locked "apt-$what" kernel_locked "$what" || missed $? ;;
	esac
done
[ "$status" -eq 0 ] || say "something could not be had; what is in the cache: $cache"
exit "$status"
