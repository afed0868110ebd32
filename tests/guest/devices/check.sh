#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check.sh [SECONDS] - each model, built with sanitizers, against a client that keeps to nothing (t/hostile.c), so long (10) each.
# It has to answer all the time and to end well. The last line is "N passed, N failed".
#
# Environment: BUILD (build/nic-san), SEED (of this second; it is printed)
set -u
cd "$(dirname "$0")/../../.." || exit 1
seconds=${1:-10} build=${BUILD:-build/nic-san} seed=${SEED:-$(date +%s)} passed=0 failed=0
make -s BUILD="$build" SAN=address,undefined OPT='-O1 -g' CFLAGS=-fno-sanitize-recover=undefined nic-model nic-hostile || exit 1
tmp=$(mktemp -d) || exit 1
pid=
# shellcheck disable=SC2317,SC2329
cleanup() {
	status=$?
	trap '' EXIT INT TERM
	[ -z "$pid" ] || kill -s KILL "$pid" 2>/dev/null
	rm -rf "$tmp"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# one KIND:VARIANT
one() {
	: >"$tmp/out"
	"$build/nic-model" "$1" "$tmp/1" 02:00:00:00:00:01 "$tmp/2" 02:00:00:00:00:02 >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
	until grep -q ready "$tmp/out"; do
		kill -0 $pid 2>/dev/null || { cat "$tmp/err"; return 1; }
		sleep 0.05 # between two looks
	done
	"$build/nic-hostile" "$tmp/1" "$tmp/2" "$seconds" "$seed"
	client=$?
	[ $client -eq 0 ] || kill -s KILL $pid 2>/dev/null
	wait $pid
	model=$?
	pid=
	[ $client -eq 0 ] && [ $model -eq 0 ] && return
	echo "the client ended with $client, the model with $model"
	tail -40 "$tmp/err"
	return 1
}

echo "seed $seed"
for kind in $("$build/nic-model" --help | sed -n 's/^  \([^:]*\): \(.*\)/\1 \2/p' | awk '{for (i = 2; i <= NF; i++) print $1 ":" $i}'); do
	if one "$kind"; then echo "ok $kind"; passed=$((passed + 1)); else echo "FAIL $kind"; failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
