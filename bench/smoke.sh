#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# smoke.sh - does the harness work? Not how fast anything is. Prints "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
passed=0 failed=0

# check NAME COMMAND...
check() {
	name=$1; shift
	if "$@" >"$dir/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		cat "$dir/out"
	fi
}

# Columns of the report of the records on stdin: what, median, ratio, place, met, pairs
report() {
	awk -v json=1 -f bench/report.awk | sed 's/[{}"]//g' | tr ',' '\n' |
		awk -F: '$1 ~ /^(mpps|ratio|place_us|met|n|comparable)$/ { printf("%s%s", $2, $1 == "met" ? "\n" : " ") }'
}

# What is printed for records (measure.sh) of vale against limit: values, places, comparable
says() {
	expected=$1; shift
	for r in "$@"; do
		# shellcheck disable=SC2086
		set -- $r
		echo "vale 60 vale limit $1 $2 $3 0.5 $4 mpps ratio>=0.6"
	done | report >"$dir/said"
	echo "$expected" | diff - "$dir/said"
}

check "the median is that of the pairs that count" says "20.0000 0.6667 0.060 3 true true" \
	"10 30 0.06 1" "90 90 0.06 0" "20 30 0.06 1" "30 30 0.06 1"
check "an even number has the mean of the middle" says "15.0000 0.5000 0.060 2 true false" "10 30 0.06 1" "20 30 0.06 1"
check "placements are rows of their own, the nearest first" says "30.0000 1.0000 0.060 1 true true
5.0000 0.5000 0.300 1 true false" "5 10 0.30 1" "30 30 0.06 1"
check "without a pair that counts no aim is met" says "30.0000 1.0000 0.060 1 false null" "30 30 0.06 0"

has_fields() {
	for f in bench what frame mpps mpps_min mpps_max gbps ref ref_mpps ratio place_us foreign_pct n; do
		grep '"bench":"vale"' "$1" | head -1 | grep -q "\"$f\":[^,}]" || { echo "no field $f:"; cat "$1"; return 1; }
	done
	awk -F'"mpps":' '/"bench":"vale"/ && !($2 + 0 > 0) { print "no rate: " $0; bad = 1 } END { exit bad }' "$1"
}

short() {
	TMPDIR=$dir sh bench/run.sh "$@" --seconds 1 --pairs 1 --tries 1 --frames 60 --peers none --json >"$dir/json" 2>"$dir/err" || { cat "$dir/err"; return 1; }
}

check "vale runs" short vale
check "its JSON has the fields and a rate" has_fields "$dir/json"
check "run runs" short run
check "pipe and memory run" short pipe memory
check "memory has both rows" sh -c "[ \$(grep -c '\"mib\":[0-9]' '$dir/json') = 2 ]"

# Processes that a run in $dir has left
left() {
	for p in /proc/[0-9]*; do
		tr '\0' ' ' <"$p/cmdline" 2>/dev/null | grep -q "$dir/tmp" && echo "${p#/proc/}"
	done
}

interrupted() {
	TMPDIR=$dir sh bench/run.sh vale --peers none &
	run=$!
	while [ -z "$(left)" ]; do sleep 0.05; kill -0 $run 2>/dev/null || break; done
	kill -TERM $run
	wait $run
	status=$?
	[ $status -eq 143 ] || { echo "status $status, not 143"; return 1; }
	[ -z "$(left)" ] || { echo "processes stay: $(left)"; return 1; }
	! ls -d "$dir"/tmp* 2>/dev/null
}

check "ended by a signal it leaves neither processes nor files" interrupted
check "a missing build is named" sh -c "BUILD=$dir/none sh bench/run.sh vale 2>&1 | grep -q 'make all bench BUILD=$dir/none'"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
