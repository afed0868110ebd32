#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh - the public headers: layout on 64 and 32 bits, both compilers, C and C++; what the inline code does; and that
# each header compiles alone. Builds into $BUILD (build). A program counts as passed when it exits 0. Where the machine runs no programs
# of 32 bits, qemu-i386 does (package qemu-user); without that they are only compiled.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${BUILD:-build}/abi-tests
mkdir -p "$out" || exit 1
passed=0 failed=0 skipped=0
warn="-Wall -Wextra -Werror"

verdict() { # status name
	if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $2"; fi
}

# how those of 32 bits are run; - for not at all
by32=
if echo 'int main(void) { return 0; }' | gcc -m32 -x c -o "$out/program" - && ! "$out/program" 2>/dev/null; then
	by32=-
	! command -v qemu-i386 >/dev/null || ! qemu-i386 "$out/program" || by32=qemu-i386
fi

program() { # source, compiler and flags
	src=$1; shift
	name="$src, $*"
	# shellcheck disable=SC2086
	"$@" -D_GNU_SOURCE -g $warn -Iinclude -o "$out/program" "tests/abi/$src" || { verdict 1 "$name: does not compile"; return; }
	by=
	case $* in *-m32*) by=$by32 ;; esac
	[ "$by" != - ] || { skipped=$((skipped + 1)); return; }
	$by "$out/program" >"$out/log" 2>&1
	status=$?
	grep -v '^ok ' "$out/log"
	verdict $status "$name"
}

alone() { # header, compiler and flags
	h=$1; shift
	# shellcheck disable=SC2086
	printf "#include <%s>\nextern int nothing;\n" "$h" | "$@" $warn -Wpedantic -Iinclude -fsyntax-only -
	verdict $? "$h alone, $*"
}

compiles() { # source, compiler and flags
	src=$1; shift
	# shellcheck disable=SC2086
	"$@" -D_GNU_SOURCE -O2 $warn -Iinclude -fsyntax-only "tests/abi/$src"
	verdict $? "$src, $*"
}

for bits in "-m64" "-m32" "-m32 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"; do
	for c in gcc clang; do
		cxx=$([ $c = gcc ] && echo g++ || echo clang++)
		# shellcheck disable=SC2086
		{
			program layout.c $c -std=c11 $bits
			program layout.c $cxx -x c++ -std=c++17 -Wno-invalid-offsetof $bits
			program access.c $c -std=gnu11 $bits
			compiles names.c $c -std=gnu11 $bits
			compiles names.c $cxx -x c++ -std=c++17 $bits
			program nm_open.c $c -std=gnu11 -O2 $bits
		}
	done
done
for src in access.c nm_open.c; do
	program $src gcc -std=gnu11 -fsanitize=address,undefined -fno-sanitize-recover=all
done

for h in net/netmap.h net/netmap_legacy.h net/netmap_user.h net/netmap_virt.h libnetmap.h; do
	for libs in -UNETMAP_WITH_LIBS -DNETMAP_WITH_LIBS; do
		for bits in -m64 -m32; do
			alone "$h" gcc -x c -std=c11 -D_DEFAULT_SOURCE $libs $bits
			alone "$h" clang -x c -std=c11 -D_DEFAULT_SOURCE $libs $bits
			alone "$h" g++ -x c++ -std=c++17 $libs $bits
			alone "$h" clang++ -x c++ -std=c++17 $libs $bits
		done
	done
done
# as the core and the kernel see them
for c in gcc clang; do
	alone net/netmap.h $c -x c -std=gnu11 -ffreestanding -nostdinc -DNETMAP_NO_SYSTEM_HEADERS -Itests/null_os
done

[ $skipped -eq 0 ] || echo "$skipped skipped: programs of 32 bits, which this machine does not run; qemu-i386 (package qemu-user) would"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
