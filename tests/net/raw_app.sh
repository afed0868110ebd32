#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# raw_app.sh - a program in C and one in Python that have the device and the layout of the public header, and nothing else of ours:
# raw ioctls, mmap, poll, select, epoll, fork. Both print bare/raw_app.out, in every home.
#
# Needs: any home; by netmap-run, where it is the engine. Python where there is python3.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/bare" || exit 1

# prints WHAT COMMAND...
prints() {
	what=$1; shift
	bare "$@" >"$tmp/out" 2>"$tmp/err" || fail "$what: status $?"
	diff raw_app.out "$tmp/out" >"$tmp/diff" || fail "$what prints something else: $(cat "$tmp/diff")"
	[ ! -s "$tmp/err" ] || fail "$what: $(cat "$tmp/err")"
}

prints "the program in C" raw_app vale0 p
if command -v python3 >/dev/null; then
	prints "the program in Python" python3 raw_app.py vale0 p
	echo "C and Python"
else
	echo "C; there is no python3"
fi
