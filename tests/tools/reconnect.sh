#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# reconnect.sh - the engine is killed: each tool says so and ends with 1, or with --reconnect goes on with the next engine.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_home user

# The engine is started by hand, so that no client brings it back at once.
NETMAPD=/nonexistent
export NETMAPD
engine() {
	start engine "$BUILD/netmapd" --foreground --socket "$NETMAP_SOCKET"
	until_true "the engine listens" vale-ctl
}
kill_engine() { signal engine KILL; finish engine 137; }

# gone NAME - it said what happened, in one line, and its summary
gone() {
	expect "$1: complaint" "$(grep -cE 'the (port stopped working: its engine or interface went away|engine or the port is gone)' "$tmp/$1.err")" 1
	grep -qE '^(received|sent|asked|answered) |packets, .* bytes in ' "$tmp/$1.out" || fail "$1: no summary: $(cat "$tmp/$1.out")"
}

engine
start rx pkt-gen -i vale0:rx -f rx
start tx pkt-gen -i vale0:tx -f tx -p 3
start slow pkt-gen -i vale0:slow -f tx -R 0.01 # one frame in 100 s: it is asleep between two
start pong pkt-gen -i vale1:pong -f pong
until_true "pong is there" vale-ctl list vale1:pong
start ping pkt-gen -i vale1:ping -f ping -n 0
start lonely pkt-gen -i vale2:ping -f ping # nobody answers
start full pkt-gen -i 'netmap:p{1' -f tx # nobody receives
start bridge bridge vale3:a vale4:b
start waiting pkt-gen -i vale5:rx -f rx -w 3600 # for the link
start pausing bridge -w 3600 vale6:a vale7:b
start watch vale-ctl --watch 0.1 list
for p in vale5:rx vale7:b; do until_true "$p is there" vale-ctl list "$p"; done
for p in vale0:rx vale0:tx vale0:slow vale1:ping vale2:ping vale4:b; do until_true "$p is there" vale-ctl list "$p"; done
told rx ' frames a batch'
told ping ' frames a batch'
told watch 'vale4:b'
until_true "the pipe is full" eval "tail -2 '$tmp/full.out' | grep -q '^0 pps'"
kill_engine
for t in rx tx slow pong ping lonely full bridge waiting pausing; do
	finish "$t" 1
	gone "$t"
done
finish watch 1
expect "vale-ctl --watch: lines" "$(grep -c '^vale-ctl: ' "$tmp/watch.err")" 1

# --json tells the reason too
engine
start json pkt-gen -i vale0:rx -f rx --json
until_true "it is there" vale-ctl list vale0:rx
kill_engine
finish json 1
expect "--json: error" "$(value json '.error | test("its engine or interface went away")')" true

# --reconnect: each goes on by itself, and counts it
engine
start rx pkt-gen -i vale0:rx -f rx --reconnect --json
start tx pkt-gen -i vale0:tx -f tx -p 2 -R 20000 -T 50 --reconnect
start seq pkt-gen -i vale0:seq -f txseq -R 1000 --reconnect --json
start pong pkt-gen -i vale1:pong -f pong --reconnect -T 50
start ping pkt-gen -i vale1:ping -f ping -R 100 -T 50 --reconnect
for p in vale0:rx vale0:tx vale0:seq vale1:pong vale1:ping; do until_true "$p is there" vale-ctl list "$p"; done
for round in 1 2; do
	kill_engine
	for t in rx tx seq pong ping; do
		until_true "$t noticed ($round)" eval "[ \$(grep -c 'opening it again' '$tmp/$t.err') -ge $round ]"
	done
	engine
	for t in rx tx seq pong ping; do
		until_true "$t is back ($round)" eval "[ \$(grep -c 'open again' '$tmp/$t.err') -ge $round ]"
	done
	for t in tx pong ping; do
		: >"$tmp/$t.out"
		until_true "$t goes on ($round)" grep -qE '^[1-9].* [1-9][0-9]* frames in|^[1-9][0-9.]* k?pps' "$tmp/$t.out"
	done
done
stop seq
expect "txseq --reconnect" "$(value seq '.packets > 0 and .reconnects == 2 and .error == null')" true
for t in tx pong ping; do
	stop "$t"
	grep -qE ' times the port was opened again$' "$tmp/$t.out" || fail "$t: $(tail -3 "$tmp/$t.out")"
done
stop rx
expect "rx: reconnects" "$(value rx .reconnects)" 2

# told to stop while there is no engine
start rx pkt-gen -i vale0:rx -f rx --reconnect
until_true "rx is there" vale-ctl list vale0:rx
kill_engine
until_true "rx noticed" grep -q 'opening it again' "$tmp/rx.err"
stop rx
grep -q '^received 0 frames' "$tmp/rx.out" || fail "no summary: $(cat "$tmp/rx.out")"
