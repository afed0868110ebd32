#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# passthrough.sh [--json] - what the library costs descriptors that are not netmap's: instructions in user space for one
# call, without and with libnetmap.so in front of the C library, counted by callgrind. The kernel's part is the same.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
json=
[ "${1-}" != --json ] || json=1
command -v valgrind >/dev/null || { echo "passthrough.sh: valgrind is missing: apt-get install valgrind" >&2; exit 1; }
[ -e "$build/libnetmap.so" ] || { echo "passthrough.sh: no $build/libnetmap.so: make lib" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$tmp/passthrough" bench/passthrough.c

instructions() { # preload call n
	LD_PRELOAD=$1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$tmp/passthrough" "$2" "$3" 2>&1 |
		sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

per_call() { # preload call: from two runs, so that the start does not count
	a=$(instructions "$1" "$2" 1000)
	b=$(instructions "$1" "$2" 11000)
	awk "BEGIN { printf \"%.1f\", ($b - $a) / 10000 }"
}

[ -n "$json" ] || printf '%-12s %10s %10s %8s\n' call without with more
for c in poll select epoll_wait ioctl fcntl open_close read; do
	plain=$(per_call "" $c)
	with=$(per_call "$(realpath "$build/libnetmap.so")" $c)
	if [ -n "$json" ]; then
		printf '{"bench":"passthrough","call":"%s","instructions":%s,"ref_instructions":%s}\n' $c "$with" "$plain"
	else
		printf '%-12s %10s %10s %8s\n' $c "$plain" "$with" "$(awk "BEGIN { printf \"%.1f\", $with - $plain }")"
	fi
done
