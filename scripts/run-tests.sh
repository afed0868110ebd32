#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run-tests.sh PROGRAM... - runs each test program, those of a folder test/run by netmap-run, prints one line for it, and the output
# of those that fail.
passed=0 failed=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT INT TERM
for t in "$@"; do
	case $t in */test/run/*) by=${t%%/test/run/*}/netmap-run ;; *) by= ;; esac
	if timeout "${TEST_TIMEOUT:-120}" ${by:+"$by"} "$t" >"$log" 2>&1; then
		passed=$((passed + 1)); echo "ok $t"
	else
		failed=$((failed + 1)); echo "FAIL $t"; cat "$log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
