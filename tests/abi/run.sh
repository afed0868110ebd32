#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compiles the layout for each language, compiler and word size, and each header by itself.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
try() {
	name=$1; shift
	if "$@" -Iinclude -fsyntax-only; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name"; fi
}
for bits in 64 32; do
	for cc in gcc clang; do
		try "layout $cc -m$bits C11" $cc -m$bits -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror tests/abi/layout.c
	done
	try "layout g++ -m$bits C++17" g++ -m$bits -std=c++17 -Wall -Wextra -Werror -Wno-invalid-offsetof -x c++ tests/abi/layout.c
done
for h in libnetmap.h net/netmap.h net/netmap_user.h; do
	for how in "gcc -std=c11 -x c" "clang++ -std=c++17 -x c++"; do
		# shellcheck disable=SC2086
		if echo "#include <$h>" | $how -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -fsyntax-only -; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1)); echo "FAIL $h alone, $how"
		fi
	done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
