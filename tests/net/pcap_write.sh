#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_write.sh - what pkt-gen receives and writes, tcpdump reads: all of it, with the right lengths and times, also when pkt-gen is
# interrupted or the disk is full, and while it is running.
#
#	pkt-gen tx --- x{1  x}1 --- pkt-gen rx --write FILE|- --- tcpdump -r FILE|-
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq
need_tool tcpdump tcpdump

# writer NAME ARGUMENTS... - a receiver, ready when this returns
writer() {
	name=$1; shift
	start "$name" pkt-gen -i 'netmap:x}1' -f rx "$@"
	until_true "$name: the pipe is there" counters_of 'x}1'
}
send() { pkt-gen -i 'netmap:x{1' -f tx "$@" >"$tmp/send" 2>&1 || fail "tx $*: $(cat "$tmp/send")"; }
# frames FILE [OPTION...] - as tcpdump reads them; it complains of what is cut off
frames() {
	file=$1; shift
	tcpdump -nn -r "$file" "$@" 2>"$tmp/tcpdump"
	! grep -v '^reading from file' "$tmp/tcpdump" || fail "tcpdump: $(cat "$tmp/tcpdump")"
}

three_lines() { [ "$(wc -l <"$tmp/live")" -eq 3 ]; }

# Each frame, whole; in nanoseconds, and none before the one that came before it
n=$(amount 20000 2000000)
writer whole -n "$n" --json --write "$tmp/whole.pcap"
send -n "$n" -l 200
finish whole
frames "$tmp/whole.pcap" -tt --time-stamp-precision=nano -e >"$tmp/lines"
expect "frames" "$(wc -l <"$tmp/lines")" "$n"
expect "frames of 200 bytes" "$(grep -c ' length 200: ' "$tmp/lines")" "$n"
awk '$1 !~ /^[0-9]+\.[0-9]+$/ || length($1) < 20 || $1 < last { bad++ } { last = $1 } END { exit bad > 0 }' "$tmp/lines" || fail "times go back, or are no times"

# The beginning of each frame, and its length; from two threads
start cut pkt-gen -i 'netmap:x}1@conf:rings=2' -f rx -p 2 -n 500 --write "$tmp/cut.pcap" --snaplen 64
until_true "the pipe is there" counters_of 'x}1'
send -n 500 -l 1000 -p 2
finish cut
expect "lengths told" "$(frames "$tmp/cut.pcap" -e | grep -c ' length 1000: ')" 500
expect "bytes of the file" "$(wc -c <"$tmp/cut.pcap")" $((24 + 500 * (16 + 64)))

# A reader sees the frames while pkt-gen goes on; what else it prints is not among them
mkfifo "$tmp/fifo"
tcpdump -nn -l -e -r - <"$tmp/fifo" >"$tmp/live" 2>"$tmp/live.err" &
reader=$!
# shellcheck disable=SC2016
start live_rx sh -c 'exec pkt-gen -i "netmap:x}1" -f rx -T 20 --write - >"$1"' sh "$tmp/fifo"
until_true "the pipe is there" counters_of 'x}1'
send -n 3 -l 77
until_true "three frames are read" three_lines
stop live_rx
wait $reader || fail "tcpdump: $(cat "$tmp/live.err")"
expect "frames of 77 bytes" "$(grep -c ' length 77: ' "$tmp/live")" 3
grep -q '^received 3 frames' "$tmp/live_rx.err" || fail "summary: $(cat "$tmp/live_rx.err")"

# One that has seen enough ends it, and that is no failure
# shellcheck disable=SC2016
start gone sh -c '{ pkt-gen -i "netmap:x}1" -f rx --write - 2>"$1/gone.say"; echo $? >"$1/gone.status"; } | head -c 100 >"$1/gone.head"' sh "$tmp"
until_true "the pipe is there" counters_of 'x}1'
start feed pkt-gen -i 'netmap:x{1' -f tx -R 1000
finish gone
stop feed
expect "status when nobody reads any more" "$(cat "$tmp/gone.status")" 0
expect "what was read" "$(wc -c <"$tmp/gone.head")" 100

# Interrupted in the middle of much: the file has what the summary says
writer interrupted --json --write "$tmp/interrupted.pcap"
start feed pkt-gen -i 'netmap:x{1' -f tx
until_true "some were written" test -s "$tmp/interrupted.pcap"
signal interrupted INT
finish interrupted
stop feed
expect "frames after Ctrl-C" "$(frames "$tmp/interrupted.pcap" | wc -l)" "$(value interrupted .packets)"

# No room: one line that says so, and a file that can be read as far as it goes
# shellcheck disable=SC2016
start full sh -c 'ulimit -f 1000; exec pkt-gen -i "netmap:x}1" -f rx --write "$1"' sh "$tmp/full.pcap"
until_true "the pipe is there" counters_of 'x}1'
start feed pkt-gen -i 'netmap:x{1' -f tx -l 500
finish full 1
stop feed
expect "complaint" "$(cat "$tmp/full.err")" "pkt-gen: $tmp/full.pcap: cannot write to it: File too large; free some space or write elsewhere"
expect_ge "frames of a file that ended too early" "$(frames "$tmp/full.pcap" | wc -l)" 500

refused 'cannot write .*/no/file: No such file' pkt-gen -i vale0:x -f rx --write "$tmp/no/file"
refused '--snaplen says how much' pkt-gen -i vale0:x -f rx --snaplen 64
refused 'both want standard output' pkt-gen -i vale0:x -f rx --write - --json
