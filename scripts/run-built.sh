#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run-built.sh gcc|clang|asan|tsan PROGRAM [OPTION...] - builds test/PROGRAM in build/KIND, with what it wants, and runs it.
set -eu
cd "$(dirname "$0")/.."
kind=$1 program=build/$1/test/$2
shift 2
build() {
	log=$(mktemp)
	make -j"$(nproc)" "BUILD=build/$kind" "$@" "$program" >"$log" 2>&1 || { cat "$log"; rm -f "$log"; exit 1; }
	rm -f "$log"
}
case $kind in
gcc | clang) build "CC=$kind" ;;
asan) build CC=clang SAN=address,undefined "OPT=-O1 -g" ;;
tsan) build CC=clang SAN=thread "OPT=-O1 -g" ;;
*) echo "run-built.sh: $kind: gcc, clang, asan or tsan is expected" >&2; exit 2 ;;
esac
exec "$program" "$@"
