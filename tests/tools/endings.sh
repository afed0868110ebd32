#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# endings.sh - how the tools end: signals, a second signal, pipes that close, full disks, SIGKILL. Each time the summary is
# printed if it can be, and no port is left behind.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# Each mode, each signal
for sig in INT TERM HUP; do
	for mode in rx tx ping pong txseq rxseq; do
		start "$mode" pkt-gen -i "vale0:$mode" -f "$mode" -R 100
	done
	for mode in rx tx ping pong txseq rxseq; do until_true "$mode is open" port_or_gone "$mode" "vale0:$mode"; done
	told tx ' frames a batch'
	for mode in rx tx ping pong txseq rxseq; do signal "$mode" "$sig"; done
	for mode in rx tx ping pong txseq rxseq; do
		finish "$mode"
		expect "SIG$sig: summary of $mode" "$(tail -n +1 "$tmp/$mode.out" | grep -cE '^(received|sent|asked|answered) [0-9]+ frames, [0-9]+ bytes in ')" 1
	done
	start bridge bridge vale0:b1 vale1:b2
	until_true "bridge is open" port_or_gone bridge vale1:b2
	signal bridge "$sig"
	finish bridge
	expect "SIG$sig: summary of bridge" "$(grep -c '^vale.* packets, .* bytes in ' "$tmp/bridge.out")" 2
	start watch vale-ctl --watch 0.1 list
	told watch 'no ports'
	signal watch "$sig"
	finish watch
done
expect "ports left" "$(vale-ctl)" "no ports"

# The second signal, of whichever kind, ends at once: this sender has nobody to send to and would wait a second
start stuck pkt-gen -i 'netmap:s{1' -f tx -T 20
until_true "the pipe is full" eval "grep -q '^[1-9]' '$tmp/stuck.out' && tail -1 '$tmp/stuck.out' | grep -q '^0 pps'"
signal stuck INT
kill -TERM "$(pid_of stuck)" 2>/dev/null
finish stuck 143
expect "summary after the second signal" "$(grep -c '^sent' "$tmp/stuck.out")" 0
start stuck pkt-gen -i 'netmap:s{1' -f tx -T 20
until_true "the pipe is full" eval "grep -q '^[1-9]' '$tmp/stuck.out' && tail -1 '$tmp/stuck.out' | grep -q '^0 pps'"
signal stuck INT
finish stuck
expect "frames that were not sent" "$(grep -c ' frames were still in the ring when it ended, and are not counted$' "$tmp/stuck.out")" 1

# SIGKILL: the engine takes back what it had
for mode in rx tx ping pong; do
	start "$mode" pkt-gen -i "vale0:$mode" -f "$mode"
	until_true "$mode is open" port_or_gone "$mode" "vale0:$mode"
	signal "$mode" KILL
	finish "$mode" 137
	until_true "the port of $mode has gone" port_gone "vale0:$mode"
done

# A reader that leaves: no complaint, success, the port closes
ended() { # ended WHAT STATUS-FILE
	expect "$1: status" "$(cat "$2")" 0
	expect "$1: complaints" "$(cat "$tmp/ended.err")" ""
}
{ pkt-gen -i null -f tx -T 10 2>"$tmp/ended.err"; echo $? >"$tmp/status"; } | head -1 >/dev/null
ended "pkt-gen | head" "$tmp/status"
{ pkt-gen -i null -f tx -X -T 3600000 2>"$tmp/ended.err"; echo $? >"$tmp/status"; } | head -1 >/dev/null
ended "pkt-gen -X | head" "$tmp/status"
{ vale-ctl --watch 0.1 list 2>"$tmp/ended.err"; echo $? >"$tmp/status"; } | head -1 >/dev/null
ended "vale-ctl --watch | head" "$tmp/status"
{ vale-ctl --watch 0.1 --json stats 2>"$tmp/ended.err"; echo $? >"$tmp/status"; } | head -1 >/dev/null
ended "vale-ctl --watch --json | head" "$tmp/status"

# A full disk is a failure, and told
if [ -w /dev/full ]; then
	full() { # full COMMAND...
		timeout -k 5 "$NET_LIMIT" "$@" >/dev/full 2>"$tmp/full.err"
		expect "$* >/dev/full: status" "$?" 1
		expect "$* >/dev/full: complaint" "$(grep -c "^$1: the result could not be written: No space left on device; free some space or write it elsewhere$" "$tmp/full.err")" 1
	}
	full pkt-gen -i null -f tx -n 10
	full pkt-gen -i null -f tx -n 10 --json
	full pkt-gen -i null -f tx -n 10 -X
	full pkt-gen -i null -f tx -T 10
	full pkt-gen --help
	full pkt-gen --version
	full vale-ctl
	full vale-ctl --json
	full vale-ctl stats
	full vale-ctl --watch 0.1 list
	full vale-ctl --help
	full bridge --help
	start full lb -i vale0:lb -p 1 -s 0.1 -o /dev/full
	until_true "lb is ready" grep -q ' -> ' "$tmp/full.err"
	signal full INT
	finish full 1
	expect "lb -o /dev/full: complaint" "$(tail -1 "$tmp/full.err")" \
		"lb: the result could not be written: No space left on device; free some space or write it elsewhere"
	for json in "" --json; do
		# shellcheck disable=SC2086
		{ bridge $json vale0:a vale1:b >/dev/full 2>"$tmp/bridge_full.err" & }
		b=$!
		until_true "bridge is open" vale-ctl list vale1:b
		kill -INT $b
		wait $b
		expect "bridge $json >/dev/full: status" "$?" 1
		grep -q '^bridge: the result could not be written: ' "$tmp/bridge_full.err" || fail "bridge: $(cat "$tmp/bridge_full.err")"
	done
	why='No space left on device; free some space or write elsewhere'
	refused_with 1 "pkt-gen: pcap:/dev/full: cannot write to it: $why" pkt-gen -i pcap:/dev/full -f tx -n 1
	refused_with 1 "pkt-gen: pcap:/dev/full: cannot write to it: $why" pkt-gen -i pcap:/dev/full -f tx
	pkt-gen -i "pcap:$tmp/some.pcap" -f tx -n 200 >/dev/null
	refused_with 1 "pkt-gen: /dev/full: cannot write to it: $why" pkt-gen -i "pcap:$tmp/some.pcap" -f rx --write /dev/full
else
	fail "there is no /dev/full"
fi
