#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nmreplay.sh - a trace over a link of some rate, delay and loss: every frame is sent, lost or dropped as the model says, in order, as it
# is in the file, and not before it is due.
#
#	FILE --- nmreplay --- x{1  x}1 --- pkt-gen rx --write, rxseq
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq
need_tool tcpdump tcpdump

# le32 N... - little-endian words
le32() {
	for n in "$@"; do
		# shellcheck disable=SC2059
		printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24 & 255)))"
	done
}

# make_pcap FILE MS SIZE... - a file with a frame of random bytes of each size, every MS milliseconds
make_pcap() {
	out=$1 ms=$2 at=0; shift 2
	{
		le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 262144 1
		for size in "$@"; do
			le32 $((1000 + at / 1000)) $((at % 1000 * 1000)) "$size" "$size"
			printf '\001\002\003\004\005\006\002\000\000\000\000\001\210\265'
			[ "$size" -eq 14 ] || head -c $((size - 14)) /dev/urandom
			at=$((at + ms))
		done
	} >"$out"
}
content() { tcpdump -r "$1" -t -e -n -xx 2>/dev/null; }

# play NAME ARGUMENTS... - to the pipe, to its end; the summary in $tmp/NAME.out
play() {
	name=$1; shift
	start "$name" nmreplay --json -i 'netmap:x{1' "$@"
	finish "$name"
	expect "$name: it ended" "$(value "$name" .ended_by)" file
}
# receiver NAME MODE ARGUMENTS... - at the other end
receiver() {
	name=$1 mode=$2; shift 2
	start "$name" pkt-gen -i 'netmap:x}1' -f "$mode" --json "$@"
	until_true "$name: the pipe is there" counters_of 'x}1'
}
# between WHAT VALUE LEAST MOST
between() { awk -v x="$2" -v a="$3" -v b="$4" 'BEGIN { exit !(x >= a && x <= b) }' || fail "$1: $2, expected $3 to $4"; }

# Content and order
sizes=$(seq 14 97 1514)
# shellcheck disable=SC2086
make_pcap "$tmp/frames.pcap" 1 $sizes 60 9000 1514 15 5000 1513
n=$(($(echo "$sizes" | wc -l) + 6))
for how in "-B max" "-B 50M -D uniform,0,3ms" "-B real,10" "-B ether,20M -D exp,1ms,2ms -C 0"; do
	receiver got rx -n "$n" --write "$tmp/got.pcap"
	# shellcheck disable=SC2086
	play sent -f "$tmp/frames.pcap" $how
	finish got
	expect "$how: frames" "$(values sent sent lost dropped unsent) $(value got .packets)" "$n 0 0 0 $n"
	content "$tmp/frames.pcap" >"$tmp/want"
	content "$tmp/got.pcap" >"$tmp/have"
	cmp "$tmp/want" "$tmp/have" || fail "$how: the frames differ"
done
# The same over a switch, from standard input, three times
start got pkt-gen -i vale0:rx -f rx -n $((3 * n)) --json
until_true "the receiver is there" counters_of vale0:rx
nmreplay -f - -i vale0:tx -B 50M --loop 3 --json <"$tmp/frames.pcap" >"$tmp/sent.out" 2>"$tmp/sent.err" || fail "$(cat "$tmp/sent.err")"
finish got
expect "three rounds" "$(values sent sent) $(value got .packets)" "$((3 * n)) $((3 * n))"

# Losses: what was not lost arrives, in order; the same seed loses the same
pkt-gen -i "pcap:$tmp/seq.pcap" -f txseq -n 5000 -l 100 >/dev/null || fail "no file of numbered frames"
lossy() {
	receiver "rx_$1" rxseq
	name_lossy=$1; shift
	play "$name_lossy" -f "$tmp/seq.pcap" -B max "$@"
	sent=$(value "$name_lossy" .sent)
	until_true "$name_lossy: all arrive" arrived "$sent"
	stop "rx_$name_lossy"
	expect "$name_lossy: sent + lost" $((sent + $(value "$name_lossy" .lost))) 5000
	expect "$name_lossy: good, reordered, duplicated, corrupted" "$(values "rx_$name_lossy" good reordered duplicated corrupted)" "$sent 0 0 0"
}
# arrived N - so many have been taken from the pipe: nothing waits in it
arrived() { [ "$(counter 'x{1' forwarded)" -ge "$1" ]; }
lossy first -L 0.1 --seed 7
lossy again -L 0.1 --seed 7
lossy other -L 0.1 --seed 8
lossy bits -L bit,1e-4 --seed 7
between "lost of 5000 with 0.1" "$(value first .lost)" 415 585
expect "the same seed" "$(value again .lost)" "$(value first .lost)"
[ "$(value other .lost)" != "$(value first .lost)" ] || fail "another seed loses the same number, $(value first .lost)"
between "lost of 5000 of 800 bits with 0.0001" "$(value bits .lost)" 310 460

# Rates: never faster than they should be; slower only as far as this machine is busy
pkt-gen -i "pcap:$tmp/rate.pcap" -f tx -n 1000 -l 1000 >/dev/null || fail "no file of frames"
receiver got rx
play constant -f "$tmp/rate.pcap" -B 8M
between "1000 frames of 8000 bits at 8 Mbit/s: seconds" "$(value constant .seconds)" 0.999 20
play ether -f "$tmp/rate.pcap" -B ether,8192k
between "with 24 bytes each at 8.192 Mbit/s: seconds" "$(value ether .seconds)" 0.999 20
play delayed -f "$tmp/rate.pcap" -B 80M -D 300ms
between "at ten times the rate, 0.3 s later: seconds" "$(value delayed .seconds)" 0.399 20
make_pcap "$tmp/slow.pcap" 300 60 60 60 60 60
play real -f "$tmp/slow.pcap" -B real,0.5
between "four gaps of 0.3 s at half the speed: seconds" "$(value real .seconds)" 2.4 20
# and asleep in the gaps, not looking at the clock
sh -c 'nmreplay -f "$1" -i "netmap:x{1" -B real,0.25 >/dev/null 2>&1; times' sh "$tmp/slow.pcap" >"$tmp/times"
cpu=$(tail -1 "$tmp/times" | sed 's/[ms]/ /g' | awk '{ print $1 * 60 + $2 + $3 * 60 + $4 }')
between "seconds of CPU for 4.8 s in which nothing is to be done" "$cpu" 0 2.4
# what waits for its delay has so much room: ten frames each 100 ms, as exactly as everything that is computed
play buffer -f "$tmp/rate.pcap" -B 8M -D 100ms -b 10000
expect "a buffer of ten frames: sent, dropped" "$(values buffer sent dropped)" "100 900"
stop got
expect "all that was sent arrived" "$(value got .packets)" $((1000 + 1000 + 1000 + 5 + 5 + 100))

# A pipe that nobody reads: a signal ends it, and what was not taken is told
start stuck nmreplay --json -i 'netmap:y{1' -f "$tmp/rate.pcap" -B max --loop 0 -v
until_true "the pipe is full" grep -q '^nmreplay: 0 pps' "$tmp/stuck.err"
stop stuck
expect "it ended" "$(value stuck .ended_by)" signal
expect_ge "not taken" "$(value stuck .unsent)" 1

# In words
nmreplay -f "$tmp/slow.pcap" -i vale0:tx -B max >"$tmp/words" 2>"$tmp/words.err" || fail "$(cat "$tmp/words.err")"
grep -qE '^sent 5 frames, 300 bytes in [0-9.]+ s \(.*pps, .*bps\)$' "$tmp/words" || fail "summary: $(cat "$tmp/words")"
grep -qE '^nmreplay: .*: 5 frames, 300 bytes -> vale0:tx$' "$tmp/words.err" || fail "it said: $(cat "$tmp/words.err")"

refused 'no file is given' nmreplay -i vale0:x
refused 'no port is given' nmreplay -f "$tmp/slow.pcap"
refused 'cannot be read as a pcap file: No such file' nmreplay -f "$tmp/nothing" -i vale0:x
refused 'names receive rings only' nmreplay -f "$tmp/slow.pcap" -i vale0:x/R
refused 'there is no interface nosuch0' nmreplay -f "$tmp/slow.pcap" -i nosuch0
refused 'none of these CPUs can be used' nmreplay -f "$tmp/slow.pcap" -i vale0:x -C 1000
refused 'frames of 9000 bytes, which take 5 slots' nmreplay -f "$tmp/frames.pcap" -i 'vale0:x@conf:tx-slots=4'
if [ "$NET_HOME" = user ]; then # an engine that goes is told at once, though the next frame is due much later
	start orphan nmreplay --json -i vale0:tx -f "$tmp/slow.pcap" -B real,0.000001
	until_true "it plays" grep -q ' -> ' "$tmp/orphan.err"
	kill -TERM "$(engine_pid)"
	finish orphan 1
	grep -q 'the engine or the port is gone' "$tmp/orphan.err" || fail "orphan: $(cat "$tmp/orphan.err")"
fi
