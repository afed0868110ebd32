# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# measure.sh - runs one thing, with the care that shared machines need. Sourced by run.sh.
#
# A run is a function that leaves its figure in $value. measure() takes the round trip of a cache line before and after it (another
# placement of the CPUs changes rates fourfold) and the CPU time that others had meanwhile, and writes a record. pair() runs A B A B until
# enough rounds compare: all in one placement, nobody else busy.
#
# A record: bench frame what ref value ref_value place_us foreign_pct comparable unit aim; "-" where there is none

FOREIGN_MAX=5  # per cent of the CPU time; more makes a run noisy
PLACE_RATIO=1.5 # two round trips that differ by more are of two placements

say() {
	echo "$*" >&2
}

# With what the processes said last.
die() {
	say "bench: $*"
	for e_file in "${TMP:-/nonexistent}"/*.err; do
		[ ! -s "$e_file" ] || say "$(basename "$e_file" .err): $(grep -v ' frames in ' "$e_file" | tail -n 3)"
	done
	exit 1
}

# calc EXPRESSION - a number
calc() {
	awk "BEGIN { printf(\"%.6g\", ($1)) }"
}

# holds CONDITION
holds() {
	awk "BEGIN { exit !($1) }"
}

place() {
	place=0
	[ "$(nproc)" -gt 1 ] || return 0
	place=$("$BIN/bench/place") || die "no round trip between two CPUs"
}

# cpu_times: "OTHERS TOTAL" in ticks since boot. Interrupts are nobody's; what the host took away is others' too. Ours is this shell with all
# it waited for, and $helpers, the processes that stay from run to run.
cpu_times() {
	set -- "/proc/$$/stat"
	for c_pid in $helpers; do
		[ ! -r "/proc/$c_pid/stat" ] || set -- "$@" "/proc/$c_pid/stat"
	done
	awk '
		FILENAME == "/proc/stat" && $1 == "cpu" { busy = $2 + $3 + $4 + $9; for (i = 2; i <= 9; i++) total += $i }
		FILENAME != "/proc/stat" { sub(/^.*\) /, ""); busy -= $12 + $13 + $14 + $15 }
		END { print busy, total }
	' /proc/stat "$@"
}

# same A B - of one placement?
same() {
	holds "$1 <= $2 * $PLACE_RATIO && $2 <= $1 * $PLACE_RATIO"
}

# measure NAME FRAME - runs run_NAME FRAME; sets value, place_us (the mean of both), foreign, steady (1: comparable with itself)
measure() {
	before=$place
	t0=$(cpu_times)
	value=
	"run_$1" "$2"
	[ -n "$value" ] || die "$1 gave no figure"
	place
	foreign=$(echo "$t0 $(cpu_times)" | awk '{ d = $4 > $2 ? 100 * ($3 - $1) / ($4 - $2) : 0; printf("%.1f", (d > 0 ? d : 0)) }')
	place_us=$(calc "($before + $place) / 2")
	steady=1
	same "$before" "$place" || steady=0
	holds "$foreign <= $FOREIGN_MAX" || steady=0
}

# pair BENCH FRAME REF WHAT UNIT AIM - REF and WHAT in turn. AIM: ratio or value, an operator and a number, as ratio>=0.6, or none
pair() {
	p_unit=$5 p_aim=$6
	p_bench=$1 p_frame=$2 p_ref=$3 p_what=$4 p_round=0 p_good=0
	while [ "$p_good" -lt "$PAIRS" ] && [ "$p_round" -lt $((PAIRS * TRIES)) ]; do
		p_round=$((p_round + 1))
		place
		measure "$p_ref" "$p_frame"
		p_value=$value p_steady=$steady p_place=$place_us p_foreign=$foreign
		measure "$p_what" "$p_frame"
		[ "$p_steady$steady" = 11 ] && same "$p_place" "$place_us" && good=1 || good=0
		[ "$good" = 1 ] && p_good=$((p_good + 1))
		p_foreign=$(calc "$foreign > $p_foreign ? $foreign : $p_foreign")
		record "$p_bench" "$p_frame" "$p_what" "$p_ref" "$value" "$p_value" "$place_us" "$p_foreign" "$good" "$p_unit" "$p_aim"
		progress "$p_what $p_frame: $value against $p_value $p_ref, place $place_us us, others $p_foreign %$([ "$good" = 1 ] || echo ", not comparable")"
	done
}

record() {
	echo "$@" >>"$TMP/records"
}

progress() {
	[ -z "$VERBOSE" ] || say "  $*"
}

# Processes: started here, ended by their id, by the trap too. spawn OUTPUT COMMAND... sets pid.
spawn() {
	out=$1; shift
	"$@" >"$out" 2>"$out.err" &
	pid=$!
	children="$children $pid"
}

# end PID [SIGNAL] - and its status in $status
end() {
	kill "-${2:-INT}" "$1" 2>/dev/null
	wait "$1"
	status=$?
	left=
	for c_pid in $children; do [ "$c_pid" = "$1" ] || left="$left $c_pid"; done
	children=$left
}

end_all() {
	for c_pid in $children; do kill -TERM "$c_pid" 2>/dev/null; done
	for c_pid in $children; do wait "$c_pid" 2>/dev/null; done
	children=
}

# until_true SECONDS WHAT COMMAND... - waits for a state, not for a time
until_true() {
	u_until=$(($(date +%s) + $1)) u_what=$2; shift 2
	until "$@"; do
		[ "$(date +%s)" -le "$u_until" ] || die "waited in vain for $u_what"
		sleep 0.01
	done
}
