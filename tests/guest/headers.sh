#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh [SUITE...] - builds netmap.ko for the kernels of this release, of newer and of older ones (or those of SUITE...) with
# all warnings, and for this release's also with clang and sparse. Prints a line for each and, last, "N passed, N failed".
#
# A warning in a file of ours fails like an error. What a suite is, and where it is kept: fetch.sh.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
-*) usage >&2; exit 2 ;;
esac
need_commands make:make gcc:gcc clang:clang sparse:sparse
passed=0 failed=0 skipped=0 why=
mkdir -p "$top/build/guest" || exit 2
work=$(mktemp -d "$top/build/guest/headers-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# try NAME KSRC [MAKE-VARIABLE...] - the kernel's headers have warnings of their own; ours are reached through links in the folder
try() {
	name=$1 ksrc=$2
	shift 2
	"$here/module.sh" "$ksrc" "$work/module" "$@" >"$work/log" 2>&1
	status=$?
	rm -rf "$work/module"
	grep -E '(^|/)(core|os/linux|include/net)/[^:]*:[0-9:]+ *(warning|error)' "$work/log" >"$work/ours"
	if [ $status -eq 0 ] && [ ! -s "$work/ours" ]; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name (status $status)"
		if [ -s "$work/ours" ]; then head -20 "$work/ours"; else tail -20 "$work/log"; fi
	fi
}

if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046 # words
	set -- own $("$here/fetch.sh" suites)
fi
for suite in "$@"; do
	got=$("$here/fetch.sh" "$suite")
	status=$?
	if [ $status -eq 77 ] && [ "$suite" != own ]; then
		skipped=$((skipped + 1)) why="$why; $suite"
		echo "skip $suite"
		continue
	elif [ $status -ne 0 ]; then
		failed=$((failed + 1))
		echo "FAIL $suite (its packages can't be had)"
		continue
	fi
	release=${got%% *}
	ksrc=${got#* }/usr/src/linux-headers-$release
	try "$release, $suite" "$ksrc" KFLAGS="W=1"
	[ "$suite" = own ] || continue
	# the core is not annotated for functions that return with a lock held
	try "$release, sparse" "$ksrc" KFLAGS='C=1 CF="-Wsparse-error -Wno-context"'
	if clang_ksrc=$("$here/kernel.sh" --clang debug); then
		try "$(clang --version | sed -n 's/.*version \([0-9]*\).*/clang \1/p'), the debug guest's configuration" "$clang_ksrc" \
			KFLAGS="W=1 CC=clang KBUILD_MODPOST_WARN=1"
	else
		failed=$((failed + 1))
		echo "FAIL clang (its kernel can't be prepared)"
	fi
done
[ $skipped -eq 0 ] || echo "$skipped skipped: kernels of suites that the mirror lacks, or does not tell of now${why}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
