#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# instructions.sh [--write] [DRIVER...] - how many instructions the drivers' syncs take for a frame, as a table: of the case batches_pass
# of their unit tests, in $BUILD (build), counted by valgrind's callgrind. Fails where one is over the aims, 60 to send and 80 to receive.
#
#	--write    all drivers, into docs/DRIVERS.md, between its two lines "instructions.sh", instead of to the standard output
#
# veth has no descriptors: what its transmit ring's sync takes is all that there is for a frame of a link of two programs, which goes
# over without a copy.
#
# A kind of descriptors that not all of a driver's chips have is counted too; the aims are for the driver's first.
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
aim_tx=60 aim_rx=80

die() {
	echo "instructions.sh: $*" >&2
	exit 1
}

write=''
case ${1-} in
--write) write=1; shift ;;
-h | --help) sed -n '/^# [a-z]/,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
-*) die "no such option: $1" ;;
esac
[ -z "$write" ] || [ $# -eq 0 ] || die "--write is for all drivers"
command -v valgrind >/dev/null || die "valgrind is missing; apt-get install valgrind"
if [ $# -eq 0 ]; then
	for conf in "$top"/drivers/*/driver.conf; do
		set -- "$@" "$(basename "$(dirname "$conf")")"
	done
fi
TMP=$(mktemp -d) || exit 1
trap 'rm -rf "$TMP"' EXIT
trap 'exit 1' INT TERM

# count PROGRAM FUNCTION MODEL - sets $frames, $kind, $each; false: there is no such model
count() {
	valgrind --tool=callgrind --callgrind-out-file="$TMP/out" --toggle-collect="$2" "$1" batches_pass ${3:+"$3"} >"$TMP/log" 2>&1 ||
		die "$1 fails under valgrind: $(tail -n 3 "$TMP/log")"
	frames=$(sed -n 's/^frames \([0-9]*\).*/\1/p' "$TMP/log")
	[ -n "$frames" ] || return 1
	kind=$(sed -n 's/^frames [0-9]* *//p' "$TMP/log")
	all=$(sed -n 's/.*Collected : //p' "$TMP/log")
	[ "${all:-0}" -gt 0 ] || die "$2 was not called, or its name is another"
	each=$(((all + frames / 2) / frames))
}

over=''
echo "| driver | to send | to receive |" >"$TMP/table"
echo "|---|---|---|" >>"$TMP/table"
for nic; do
	if [ "$nic" = veth ]; then
		program=$top/${BUILD:-build}/test/drivers/veth/nm_veth_link_test
		[ -x "$program" ] || die "$program is missing: make ${program#"$top"/}"
		count "$program" nm_veth_txsync || die "veth: it sends nothing"
		echo "| \`veth\`, to a program's ring | $each | none |" >>"$TMP/table"
		[ "$each" -le $aim_tx ] || over="$over veth"
		continue
	fi
	program=$top/${BUILD:-build}/test/drivers/$nic/nm_${nic}_test
	[ -x "$program" ] || die "$program is missing: make ${program#"$top"/}"
	prefix=nm_${nic%_net}
	model=0
	while count "$program" "${prefix}_txsync" $model; do
		tx=$each
		count "$program" "${prefix}_rxsync" $model || die "$nic: it receives nothing"
		echo "| \`$nic\`${kind:+, $kind} | $tx | $each |" >>"$TMP/table"
		[ $model -gt 0 ] || { [ "$tx" -le $aim_tx ] && [ "$each" -le $aim_rx ]; } || over="$over $nic"
		[ -n "$kind" ] || break # it has but one
		model=$((model + 1))
	done
done

if [ -z "$write" ]; then
	cat "$TMP/table"
else
	doc=$top/docs/DRIVERS.md
	[ "$(grep -c '^<!-- .*instructions.sh' "$doc")" -eq 2 ] || die "$doc lacks the two lines instructions.sh between which the table stands"
	awk -v table="$TMP/table" '
		{ mark = /^<!-- .*instructions.sh/ }
		mark && inside { while ((getline line <table) > 0) print line }
		mark { inside = !inside }
		mark || !inside
	' "$doc" >"$TMP/doc" || die "$doc could not be read"
	cat "$TMP/doc" >"$doc" || die "$doc could not be written"
fi
[ -z "$over" ] || die "over the aims of $aim_tx and $aim_rx:$over"
