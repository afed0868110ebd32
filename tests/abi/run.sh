#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh - the public headers: layout on 64 and 32 bits, both compilers, C and C++; what the inline code does; and that
# each header compiles alone. Builds into $BUILD (build). A program counts as passed when it exits 0.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${BUILD:-build}/abi-tests
mkdir -p "$out" || exit 1
passed=0 failed=0
warn="-Wall -Wextra -Werror"

verdict() { # status name
	if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $2"; fi
}

program() { # source, compiler and flags
	src=$1; shift
	name="$src, $*"
	# shellcheck disable=SC2086
	"$@" -D_GNU_SOURCE -g $warn -Iinclude -o "$out/program" "tests/abi/$src" || { verdict 1 "$name: does not compile"; return; }
	"$out/program" >"$out/log" 2>&1
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

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
