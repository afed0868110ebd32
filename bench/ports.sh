# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# ports.sh - the runs over the engine: switch, pipe, many to one, one to many. Sourced by run.sh.

MAC=02:00:00:00:00:01

# engine [OPTION...] - a private one; sets engine
engine() {
	engine=
	[ "$HOME_OF" = user ] || return 0
	rm -f "$NETMAP_SOCKET"
	spawn "$TMP/engine" "$BIN/netmapd" --foreground --log-level 1 --socket "$NETMAP_SOCKET" "$@"
	engine=$pid helpers="$helpers $pid"
	until_true 10 "the engine" test -S "$NETMAP_SOCKET"
}

engine_end() {
	[ -n "$engine" ] || return 0
	end "$engine" TERM
	[ "$status" -eq 0 ] || die "the engine ended with $status"
	helpers=
}

has_port() {
	"$BIN/vale-ctl" list "$1" >/dev/null 2>&1
}

# gen NAME OPTION... - pkt-gen with its output in $TMP/NAME, by netmap-run where $by is that; sets pid
by=
gen() {
	g_name=$1; shift
	spawn "$TMP/$g_name" ${by:+"$by"} "$BIN/${by:+bare/}pkt-gen" --json -N -T 100 "$@"
}

# gen_end NAME PID
gen_end() {
	end "$2"
	[ "$status" -eq 0 ] || die "pkt-gen $1 ended with $status"
}

# rate NAME - Mpps of the intervals that NAME's receiver printed, without the first three after the first frame came in
rate() {
	awk '
		/ frames in / { n = $5 + 0; s = $8 + 0; if (!n && !seen) next; if (seen++ < 3) next; frames += n; time += s }
		END { if (time > 0) printf "%.4f", frames / time / 1e6 }
	' "$TMP/$1.err"
}

# receiver NAME PORT OPTION...; sets pid when the port is there
receiver() {
	r_name=$1 r_port=$2; shift 2
	gen "$r_name" -i "$r_port" -f rx "$@"
	until_true 10 "port $r_port" has_port "$r_port"
}

# The switch learns where MAC is: a frame from there.
teach() {
	"$BIN/pkt-gen" -i "$1" -f tx -n 1 -S $MAC >/dev/null || die "cannot send from $1"
}

flow() {
	sleep "$(calc "$SECONDS_EACH + 0.5")"
}

# switch_run FRAME RX-OPTION...
switch_run() {
	s_frame=$1; shift
	receiver rx vale0:rx "$@"
	rx=$pid
	teach vale0:rx
	gen tx -i vale0:tx -f tx -l "$s_frame" -D $MAC
	tx=$pid
	flow
	gen_end rx "$rx"
	gen_end tx "$tx"
	value=$(rate rx)
}

run_vale() {
	switch_run "$1"
}

run_vale_descriptors() {
	switch_run "$1" --descriptors-only
}

# watched_run FRAME PORT/FLAGS MONITOR - as run_vale, while somebody who was stopped watches that port. The sender's is opened before by
# one who receives, so that its first frames find the monitor there.
watched_run() {
	receiver rx vale0:rx
	rx=$pid
	receiver hold vale0:tx
	hold=$pid
	gen monitor -i "$2" -f rx
	monitor=$pid
	until_true 10 "port $3" has_port "$3"
	kill -STOP "$monitor"
	teach vale0:rx
	gen tx -i vale0:tx -f tx -l "$1" -D $MAC
	tx=$pid
	flow
	gen_end rx "$rx"
	kill -CONT "$monitor"
	gen_end monitor "$monitor"
	gen_end tx "$tx"
	gen_end hold "$hold"
	value=$(rate rx)
}

run_watched_sender() {
	watched_run "$1" vale0:tx/t vale0:tx.mon1
}

run_watched_receiver() {
	watched_run "$1" vale0:rx/r vale0:rx.mon1
}

# pipe_run FRAME RX-OPTION...
pipe_run() {
	s_frame=$1; shift
	gen rx -i 'netmap:bench}1' -f rx "$@"
	rx=$pid
	gen tx -i 'netmap:bench{1' -f tx -l "$s_frame"
	tx=$pid
	flow
	gen_end rx "$rx"
	gen_end tx "$tx"
	value=$(rate rx)
}

run_pipe() {
	pipe_run "$1"
}

run_pipe_descriptors() {
	pipe_run "$1" --descriptors-only
}

# by_run COMMAND... - with pkt-gen by netmap-run
by_run() {
	by=$BIN/netmap-run
	"$@"
	by=
}

run_run_vale() { by_run run_vale "$1"; }
run_run_pipe() { by_run run_pipe "$1"; }

# Three to one: what the one gets.
run_fanin() {
	receiver rx vale0:rx
	rx=$pid
	teach vale0:rx
	senders=
	for n in 1 2 3; do
		gen "tx$n" -i "vale0:tx$n" -f tx -l "$1" -D $MAC
		senders="$senders $pid"
	done
	flow
	gen_end rx "$rx"
	n=0
	for tx in $senders; do n=$((n + 1)); gen_end "tx$n" "$tx"; done
	value=$(rate rx)
}

# storm_run FRAME RATE - one to one, while a third port, which may broadcast 1000 frames a second, sends RATE
storm_run() {
	receiver rx vale0:rx
	rx=$pid
	teach vale0:rx
	gen storm -i vale0:storm -f tx -l 60 -R "$2"
	storm=$pid
	until_true 10 "port vale0:storm" has_port vale0:storm
	"$BIN/vale-ctl" storm vale0:storm broadcast 1000 || die "no limit for vale0:storm"
	gen tx -i vale0:tx -f tx -l "$1" -D $MAC
	tx=$pid
	flow
	gen_end rx "$rx"
	gen_end tx "$tx"
	gen_end storm "$storm"
	value=$(rate rx)
}

run_storm_calm() { storm_run "$1" 1000; }
run_storm_raging() { storm_run "$1" 1000000; }

# One to three: the copies of all together.
run_broadcast() {
	receivers=
	for n in 1 2 3; do
		receiver "rx$n" "vale0:rx$n"
		receivers="$receivers $pid"
	done
	gen tx -i vale0:tx -f tx -l "$1"
	tx=$pid
	flow
	n=0 value=0
	for rx in $receivers; do
		n=$((n + 1))
		gen_end "rx$n" "$rx"
		one=$(rate "rx$n")
		value=$(calc "$value + ${one:-0}")
	done
	gen_end tx "$tx"
}

run_limit() {
	value=$("$BIN/bench/limit" --frame "$1" --ms "$LIMIT_MS") || die "the copy limit failed"
	value=${value% *}
}

run_limit_descriptors() {
	value=$("$BIN/bench/limit" --descriptors --ms "$LIMIT_MS") || die "the copy limit failed"
	value=${value% *}
}

# The two ends of peers.sh's veth, each in its namespace.
run_emulated() {
	spawn "$TMP/rx" ip netns exec "${NS}C" "$BIN/pkt-gen" --json -N -T 100 -i netmap:erx0 -f rx -w 0
	rx=$pid
	until_true 10 "the receiver's port" in_ns C "$BIN/vale-ctl" list erx0 >"$TMP/list" 2>&1
	spawn "$TMP/tx" ip netns exec "${NS}A" "$BIN/pkt-gen" --json -N -T 100 -i netmap:etx0 -f tx -w 0 -l "$1" -D $MAC
	tx=$pid
	flow
	gen_end rx "$rx"
	gen_end tx "$tx"
	value=$(rate rx)
}

# sync_run HOME FRAME - frames a microsecond, by b of the line a + b * batch
sync_run() {
	"$BIN/bench/sync" "$1" --frame "$2" >"$TMP/sync" || die "sync $1 failed"
	value=$(sed -n 's/.*"b_ns":\([0-9.]*\).*/\1/p' "$TMP/sync")
	value=$(calc "1000 / $value")
	progress "sync $1 $2: $(tail -n 1 "$TMP/sync")"
}

run_sync_core() { sync_run core "$1"; }
run_sync_kernel() { sync_run kernel "$1"; }

# pcap_receiver NAME COMMAND... - pcap_rx with its device; sets pid when it is open
pcap_receiver() {
	c_name=$1; shift
	spawn "$TMP/$c_name" "$@"
	until_true 10 "$c_name" grep -q ready "$TMP/$c_name.err"
}

# pcap_received PID NAME - ends it; its figure
pcap_received() {
	end "$1"
	[ "$status" -eq 0 ] || die "pcap_rx $2 ended with $status"
	value=$(cat "$TMP/$2")
}

# pcap_run FRAME RX-PORT TX-PORT TX-OPTION...
pcap_run() {
	s_frame=$1 s_rx=$2 s_tx=$3; shift 3
	pcap_receiver pcap env LD_LIBRARY_PATH="$BIN/pcap" "$BIN/bench/pcap_rx" "$s_rx"
	rx=$pid
	case $s_rx in vale0:*) teach "$s_rx" ;; esac
	gen tx -i "$s_tx" -f tx -l "$s_frame" "$@"
	tx=$pid
	flow
	pcap_received "$rx" pcap
	gen_end tx "$tx"
}

run_pcap_vale() { pcap_run "$1" vale0:rx vale0:tx -D $MAC; }
run_pcap_pipe() { pcap_run "$1" 'netmap:bench}1' 'netmap:bench{1'; }

# The system's library on peers.sh's veth.
run_pcap_veth() {
	pcap_receiver pcap ip netns exec "${NS}C" "$BIN/bench/pcap_rx" --bind erx0
	rx=$pid
	spawn "$TMP/ptx" ip netns exec "${NS}A" "$BIN/bench/packet_tx" etx0 "$1" "$MAC"
	tx=$pid
	flow
	pcap_received "$rx" pcap
	end "$tx"
	[ "$status" -eq 0 ] || die "the sender of the packet sockets ended with $status"
}
