# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# house.sh - latency, and what the engine takes when there is nothing to do. Sourced by run.sh.

# Of what the figures are; to stderr, so that --json stays JSON.
machine() {
	say "$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) CPUs, Linux $(uname -r), $(date -u +%Y-%m-%d)"
}

# ping_run FRAME - the median round trip of pkt-gen in microseconds
ping_run() {
	gen pong -i vale0:pong -f pong
	pong=$pid
	until_true 10 "port vale0:pong" has_port vale0:pong
	gen ping -i vale0:ping -f ping -l "$1"
	ping=$pid
	sleep "$SECONDS_EACH"
	gen_end ping "$ping"
	gen_end pong "$pong"
	value=$(sed -n 's/.*"rtt_ns":{[^}]*"median":\([0-9.]*\).*/\1/p' "$TMP/ping")
	[ -z "$value" ] || value=$(calc "$value / 1000")
}

run_ping() {
	ping_run "$1"
}

run_ping_busy() {
	ping_run "$1"
}

run_eventfd() {
	value=$("$BIN/bench/eventfd" 300) || die "the eventfd ping-pong failed"
	value=${value% *}
}

bench_latency() {
	engine
	pair latency 60 eventfd ping us 'ratio<=2'
	engine_end
	engine --busy-poll 1000000
	pair latency 60 eventfd ping_busy us 'ratio<=1'
	engine_end
}

# Nanoseconds on a CPU of all threads of PID
run_time() {
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

bench_idle() {
	engine
	for n in 0 1 2 3 4 5 6 7 8 9; do receiver "rx$n" "vale0:p$n"; done
	sleep 1
	from=$(run_time "$engine")
	sleep "$((SECONDS_EACH * 3))"
	to=$(run_time "$engine")
	record idle - "engine_with_10_open_ports" - "$(calc "100 * ($to - $from) / ($SECONDS_EACH * 3e9)")" - - - 1 cpu_pct 'value<=0.1'
	end_all
	helpers=
}

# status_mib FIELD PID
status_mib() {
	awk -v f="$1:" '$1 == f { printf("%.3f", $2 / 1024) }' "/proc/$2/status"
}

# MiB in the memory files that PID has open
memfds() {
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in
		/memfd:*) stat -L -c '%b' "$fd" ;;
		esac
	done | awk '{ sum += $1 } END { printf "%.3f", sum * 512 / 1048576 }'
}

bench_memory() {
	engine
	record memory - idle_engine - "$(status_mib VmRSS "$engine")" - - - 1 mib 'value<=10'
	before="$(memfds "$engine") + $(status_mib RssAnon "$engine")"
	receiver rx vale0:rx
	record memory - VALE_port - "$(calc "$(memfds "$engine") + $(status_mib RssAnon "$engine") - ($before)")" - - - 1 mib 'value<=8'
	gen_end rx "$pid"
	engine_end
}
