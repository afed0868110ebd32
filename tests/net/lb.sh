#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lb.sh - conversations spread over pipes: whole, in order, every frame received or counted as dropped; readers that come and go.
#
#	flows send --- src{1   src}1 --- lb --- out{0  out}0 --- flows read
#	                                  +---- out{1  out}1 --- flows read
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq

# balance NAME ARGUMENTS... - lb in the background, ready when this returns
balance() {
	name=$1; shift
	start "$name" lb --json "$@"
	until_true "$name is ready" ready_or_gone "$name"
	running "$name" || fail "$name: $(cat "$tmp/$name.err")"
}
ready_or_gone() { grep -q ' -> ' "$tmp/$1.err" || ! running "$1"; }

# read_from NAME PORT... - a reader of these ports, ready when this returns
read_from() {
	name=$1; shift
	start "$name" flows read "$@"
	told "$name" ready
}

# read_all NAME... - ends readers; all that came was in order and of no flow that another port got
read_all() {
	for name in "$@"; do
		signal "$name" INT
		finish "$name"
		expect "$name: torn, reordered, foreign" "$(values "$name" torn reordered foreign)" "0 0 0"
	done
}

# sum NAME GROUP FIELD - over the pipes of a group
sum() { value "$1" "[.groups[$2][].$3] | add"; }
# books NAME GROUP - what came in went somewhere
books() {
	expect "$1, group $2: forwarded + dropped + misfits + queued" "$(value "$1" "[.groups[$2][] | .forwarded + .dropped + .misfits + .queued] | add")" \
		"$(value "$1" .received)"
}

rounds=$(amount 40 2000)
sent=$((2 * 500 * rounds))
send() { flows send 'netmap:src{1' 500 "$1" "${2:-0}" >"$tmp/send.out" 2>&1 || fail "send: $(cat "$tmp/send.out")"; }

# The flows are spread over three pipes, in one region: no copy
balance spread -i 'netmap:src}1' -p out:3 -B 4000
read_from readers 'netmap:out}0' 'netmap:out}1' 'netmap:out}2'
send "$rounds"
stop spread
read_all readers
expect "received" "$(value spread .received)" "$sent"
expect "no copies" "$(value spread '[.groups[0][].zero_copy] | all')" true
expect "why it ended" "$(value spread .ended_by)" signal
books spread 0
expect "flows" "$(value readers .flows)" 500
for i in 0 1 2; do
	expect "pipe $i: what the reader got" "$(value readers ".got$i")" "$(value spread ".groups[0][$i].forwarded")"
	expect_ge "pipe $i: its share" "$(value readers ".got$i")" 1
done
got=$(value readers '.got0 + .got1 + .got2')
expect "received by readers + dropped" $((got + $(sum spread 0 dropped))) "$sent"
expect "extra buffers are back" "$(value spread '.extra_buffers - .extra_buffers_free')" 0

# Each group gets everything; one pipe of a group, by its flow
balance groups -i 'netmap:src}1' -p g:2 -p g:1 -B 4000
read_from first 'netmap:g}0' 'netmap:g}1'
read_from second 'netmap:g}2'
send "$rounds"
stop groups
read_all first second
books groups 0
books groups 1
expect "group 0: received + dropped" $(($(value first '.got0 + .got1') + $(sum groups 0 dropped))) "$sent"
expect "group 1: received + dropped" $(($(value second .got0) + $(sum groups 1 dropped))) "$sent"
expect "group 1 gets copies" "$(value groups '.groups[1][0].zero_copy')" false

# A pipe that nobody reads keeps the first frames and drops the rest, and is in nobody's way. Who comes later gets what it kept,
# and who comes after him what comes then.
balance late -i 'netmap:src}1' -p late:2 -B 100
read_from one 'netmap:late}1'
send "$rounds"
read_from zero 'netmap:late}0'
read_all zero
kept=$(value zero .got0)
expect_ge "kept frames" "$kept" 100
send 2 "$rounds"
read_from again 'netmap:late}0'
stop late
read_all one again
books late 0
expect "the reader that was there" "$(value one .got0)" "$(value late '.groups[0][1].forwarded')"
expect "those that came and went" $((kept + $(value again .got0))) "$(value late '.groups[0][0].forwarded')"
expect_ge "dropped" "$(value late '.groups[0][0].dropped')" 1
expect "nothing else is lost" "$(value late .received)" $((sent + 2000))

# Killed in the middle of its work, with frames in extra buffers: the next one works as if nothing had been
balance killed -i 'netmap:src}1' -p late:2 -B 1000
send 5
signal killed KILL
finish killed 137
balance after -i 'netmap:src}1' -p late:2 -B 1000
read_from both 'netmap:late}0' 'netmap:late}1'
send 5
stop after
signal both INT
finish both
expect "after a SIGKILL: frames that are not what was sent" "$(value both .foreign)" 0
books after 0

# A switch port, by default pipes of its name, and more of them than its own region has room for; statistics to a file
balance vale -i vale0:lb -p 6 -s 0.05 -o "$tmp/stat"
read_from port0 vale0:lb\}0 vale0:lb\}1 vale0:lb\}2 vale0:lb\}3 vale0:lb\}4 vale0:lb\}5
flows send vale0:tx 100 2 >"$tmp/send.out" || fail "send"
until_true "statistics tell of 400 frames" grep -q '"received":400' "$tmp/stat"
stop vale
read_all port0
expect "frames over a switch" "$(value port0 '.got0 + .got1 + .got2 + .got3 + .got4 + .got5')" 400
expect "names" "$(tail -1 "$tmp/stat" | jq -c '[.groups[0][].name]')" \
	'["vale0:lb{0","vale0:lb{1","vale0:lb{2","vale0:lb{3","vale0:lb{4","vale0:lb{5"]'
expect "statistics are objects, a line each" "$(jq -s 'map(.tool == "lb") | all' "$tmp/stat")" true
expect "the summary alone tells why" "$(grep -c ended_by "$tmp/stat")" 1

# In words
start words lb -i vale0:lb -p w:1 -W -b 1 -w 0
until_true "lb is ready" ready_or_gone words
stop words
grep -qE '^vale0:lb: received 0 frames, 0 bytes in [0-9.]+ s \(0 pps\), 0 of 0 extra buffers free$' "$tmp/words.out" || fail "summary: $(cat "$tmp/words.out")"
grep -qE '^group 0, netmap:w\{0: forwarded 0 \(0 waited\), dropped 0, queued 0$' "$tmp/words.out" || fail "summary: $(cat "$tmp/words.out")"

refused 'no port is given' lb
refused 'is a pipe, the pipes of a group need another name' lb -i 'netmap:src}1' -p 2
refused 'names transmit rings only' lb -i vale0:x/T
refused 'cannot write /nonexistent/x: No such file' lb -i vale0:x -o /nonexistent/x
refused 'there is no interface nosuch0' lb -i nosuch0
if [ "$NET_HOME" = user ]; then # an engine that goes is told at once
	balance orphan -i vale0:lb -p 1
	kill -TERM "$(engine_pid)"
	finish orphan 1
	grep -q 'the engine or the port is gone' "$tmp/orphan.err" || fail "orphan: $(cat "$tmp/orphan.err")"
	expect "why it ended" "$(value orphan .ended_by)" error
fi
