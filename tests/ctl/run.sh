#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [NAME...] - builds each program of this folder (or those named) with the library and runs it against an engine of
# its own. Uses what is in $BUILD (build). Prints a line for each that fails and, last, "N passed, N failed".
# run.sh --run [NAME...] - builds them with the device only and has netmap-run serve them.
# run.sh --build FOLDER [NAME...] - only builds them there, as tests/guest/run.sh has them run against the kernel.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
keep='' by=''
if [ "${1:-}" = --build ]; then
	keep=${2:?a folder is missing after --build}
	shift 2
	mkdir -p "$keep" || exit 1
fi
[ "${1:-}" != --run ] || { by=$build/netmap-run; shift; }
make -s BUILD="$build" CC="${CC:-cc}" engine lib ${by:+"$by" "$build/libnetmap-bare.a"} >/dev/null || { echo "engine or library does not build"; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/netmap-ctl-XXXXXX") || exit 1
engine=
stop() {
	[ -z "$engine" ] || kill "$engine" 2>/dev/null
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM
passed=0 failed=0
export NETMAP_ENGINE=user NETMAP_SOCKET="$dir/sock"
mkfifo "$dir/ready" || exit 1
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Iinclude -c -o "$dir/ctl.o" tests/ctl/ctl.c || exit 1

# compile NAME PROGRAM
compile() {
	lib=$build/libnetmap${by:+-bare}.a
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Wno-missing-field-initializers -Iinclude -o "$2" \
		"tests/ctl/$1.c" "$dir/ctl.o" "$lib" -lpthread -ldl >"$dir/log" 2>&1
}

# The answer to a request must not depend on those of other programs: each has a new engine.
run() {
	compile "$1" "$dir/program" || return 1
	"$build/netmapd" --foreground --log-level 0 --socket "$dir/sock" --ready-fd 3 3>"$dir/ready" 2>"$dir/engine" &
	engine=$!
	head -c 1 <"$dir/ready" >/dev/null
	timeout 60 ${by:+"$by"} "$dir/program" >"$dir/log" 2>&1
	status=$?
	kill -TERM "$engine" 2>>"$dir/log"
	wait "$engine"
	ended=$?
	engine=
	[ $ended -eq 0 ] || { echo "the engine ended with status $ended"; cat "$dir/engine"; } >>"$dir/log"
	[ $status -eq 0 ] && [ $ended -eq 0 ]
}

if [ $# -eq 0 ]; then
	for f in tests/ctl/*.c; do
		name=$(basename "$f" .c)
		[ "$name" = ctl ] || set -- "$@" "$name"
	done
fi
if [ -n "$keep" ]; then
	for t in "$@"; do
		# the library and the test decide whether it is still what was built
		[ ! -f "$keep/$t" ] || [ -z "$(find "$keep/$t" -newer "tests/ctl/$t.c" -newer tests/ctl/ctl.c -newer tests/ctl/ctl.h \
			-newer "$build/libnetmap.a" -newer include/net/netmap.h)" ] || continue
		compile "$t" "$keep/$t" || { cat "$dir/log"; exit 1; }
	done
	exit 0
fi
for t in "$@"; do
	if run "$t"; then
		passed=$((passed + 1)); echo "ok $t"
	else
		failed=$((failed + 1)); echo "FAIL $t"; cat "$dir/log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
