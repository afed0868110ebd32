#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [SECONDS [NAME...]] - builds the fuzz targets and runs each for SECONDS (60), two at a time, from small seeds made here.
# What was found stays in build/fuzz/found/NAME as a file that reproduces it: build/fuzz/test/fuzz/NAME FILE
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- ctl names rings pcap vnet
build=build/fuzz
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT INT TERM
targets=
for t in "$@"; do targets="$targets $build/test/fuzz/$t"; done
# shellcheck disable=SC2086
make -j"$(nproc)" BUILD=$build CC=clang SAN=fuzzer-no-link,address,undefined OPT="-O1 -g -fno-sanitize-recover=undefined" $targets \
	>"$log/make" 2>&1 || { cat "$log/make"; exit 1; }

seed() { # seed NAME: a first input or two of the right form
	case $1 in
	names)
		n=0
		for s in vale0:a netmap:eth0-1/xT 'netmap:x{1@2' 'vale1:p}2^0/R@conf:rings=1,slots=8@share=vale0:a' 'netmap:eth0*'; do
			n=$((n + 1)); printf '%s' "$s" >"$2/$n"
		done ;;
	pcap) # a header in either byte order and one frame of 14 bytes
		printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0\0\0\0\0\0\0\0\0\16\0\0\0\16\0\0\0ABCDEFGHIJKLMN' >"$2/1"
		printf '\241\262\303\324\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\16\0\0\0\16ABCDEFGHIJKLMN' >"$2/2" ;;
	ctl) # a registration on each connection, and a list
		{ printf '\2\012\1\0\0\0\0\0\0\0'; printf '%072d' 0 | tr 0 '\0'; } >"$2/1"
		{ printf '\3\012\1\0\0\0\0\0\0\0'; printf '%072d' 0 | tr 0 '\0'; printf '\2\1\5\0\0\0\0\0\0\0'; } >"$2/2" ;;
	vnet) # merged frames of 200 bytes, TCP over IPv4 and over IPv6, and a datagram; in slots of 40 and 30 bytes, and the rest
		n=0
		for s in '\1\1\0\0\100\0|\10\0\105\0\0\310\0\1\100\0\100\6\0\0ABCDEFGH' \
			'\1\4\0\0\100\0|\206\335\140\0\0\0\0\240\6\100ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP' \
			'\1\3\0\0\100\0|\10\0\105\0\0\310\0\1\0\0\100\21\0\0ABCDEFGH'; do
			n=$((n + 1))
			# shellcheck disable=SC2059 # bytes
			{ printf '\2\377\5\50\36\377\0\0\0\0\0'; printf "${s%|*}"; printf '\0\0\0\0\0\0aaaaaabbbbbb'; printf "${s#*|}"
				printf 'abcdABCDabcd\120\31\1\1'; printf '%200s' ''; } >"$2/$n"
		done ;;
	rings) # publish and sync at a switch port and at a pipe
		printf '\5\0\0\0\5\0\0\0\7\0\0\0\1\0\0\0\306\1\0\0\0\0\0\0\205\0\0\0\5\0\0\0\207\0\0\0\1\0\0\0' >"$2/1"
		# a trunk that is lossless and mirrored, and a frame with a tag
		printf '\7\10\0\0\76\0\4\0\4\2\2\0\201\0\0\12\5\4\0\0\5\0\0\0\106\0\0\0\0\0\0\0' >"$2/2" ;;
	esac
}

one() {
	mkdir -p "$log/$1.corpus" $build/found/"$1"
	seed "$1" "$log/$1.corpus"
	"$build/test/fuzz/$1" -max_total_time="$seconds" -max_len=2048 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$build/found/$1/" "$log/$1.corpus" >"$log/$1" 2>&1
	echo $? >"$log/$1.status"
}

passed=0 failed=0
while [ $# -gt 0 ]; do
	one "$1" &
	first=$1
	shift
	if [ $# -gt 0 ]; then
		one "$1"
		second=$1
		shift
	else
		second=
	fi
	wait
	for t in $first $second; do
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log/$t")
		if [ "$(cat "$log/$t.status")" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
			passed=$((passed + 1)); echo "ok fuzz $t: $runs inputs in $seconds s"
		else
			failed=$((failed + 1)); echo "FAIL fuzz $t"; tail -50 "$log/$t"
		fi
	done
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
