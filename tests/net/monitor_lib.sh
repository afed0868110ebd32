# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# monitor_lib.sh - what the scripts about monitors share; they bring lib.sh and stream_lib.sh before.

# watcher NAME PORT/FLAGS MONITOR OPTION... - stream recv on a monitor, which is called MONITOR in lists; its frames are for station 1
watcher() {
	watcher_=$1 spec_=$2 monitor_=$3
	shift 3
	receiver "$watcher_" "$spec_" id=1 quiet "$@"
	until_true "$monitor_ is in the list" sh -c "vale-ctl list | grep -q '^$monitor_ .*monitor'"
}

# looked_at MONITOR N - so many frames were shown or counted
looked_at() { [ "$(counter "$1" rx_packets monitor_full monitor_bad)" = "$2" ]; }

# tally NAME MONITOR N - all of N frames were shown to it, as they were and in order, or counted: not one is missing
tally() {
	until_true "$2 looked at $3 frames: $(counters "$2" rx_packets monitor_full monitor_bad)" looked_at "$2" "$3"
	received "$1"
	expect "$2: rx_packets, rx_bytes, which $1 saw" "$(counters "$2" rx_packets rx_bytes)" "$(values "$1" frames bytes)"
	expect "$2: shown and missed" "$(counter "$2" rx_packets monitor_full)" "$3"
	echo "$2: $(counter "$2" rx_packets) shown, $(counter "$2" monitor_full) missed"
}

# some_missed MONITOR - it had too little room; without that a test looks at nothing
some_missed() { expect_ge "$1: frames it missed" "$(counter "$1" monitor_full)" 1; }

# ended NAME - it learned from poll that its port has gone
ended() {
	finish "$1" 1
	grep -q 'poll says 0x8' "$tmp/$1.err" || fail "$1 did not get POLLERR: $(cat "$tmp/$1.err")"
}

# on_vale KIND COUNT OPTIONS... [-- SEND-OPTIONS...] - KIND is empty, or z: buffers are exchanged
on_vale() {
	kind_=$1 count_=$2 options_=
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do options_="$options_ $1"; shift; done
	[ $# -eq 0 ] || shift
	# shellcheck disable=SC2086
	{
		receiver r vale0:r id=1 $options_ # its announcement comes to nobody
		receiver hold vale0:a id=2 quiet $options_ # the sender's port is there before the sender
		watcher ta "vale0:a/t$kind_" vale0:a.mon1 $options_
		watcher slow "vale0:a/t$kind_" vale0:a.mon2 nap=50,200 $options_
		watcher still "vale0:a/t$kind_" vale0:a.mon3 $options_
		watcher rr "vale0:r/r$kind_" vale0:r.mon1 $options_
		watcher above "vale0:r.mon1/r" vale0:r.mon1.mon1 $options_
		signal still STOP
		sender a vale0:a id=16 to=1 count="$count_" $options_ "$@"
	}
	NET_SEND_LIMIT=200 sent a
	received r
	n_=$(value a .frames)
	expect "vale0:a: tx_packets" "$(counter vale0:a tx_packets)" "$n_"
	expect_identity vale0:a
	until_true "vale0:a.mon3 looked at $n_" looked_at vale0:a.mon3 "$n_"
	signal still CONT
	tally ta vale0:a.mon1 "$n_"
	tally slow vale0:a.mon2 "$n_"
	tally still vale0:a.mon3 "$n_"
	tally rr vale0:r.mon1 "$(counter vale0:r rx_packets)"
	tally above vale0:r.mon1.mon1 "$(counter vale0:r.mon1 rx_packets)"
	some_missed vale0:a.mon3
	for w_ in ta slow still rr above a r hold; do stop $w_; done
}

# on_pipe KIND COUNT OPTIONS... [-- SEND-OPTIONS...]
on_pipe() {
	kind_=$1 count_=$2 options_=
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do options_="$options_ $1"; shift; done
	[ $# -eq 0 ] || shift
	# shellcheck disable=SC2086
	{
		receiver hold 'netmap:x{1/R' id=2 quiet $options_
		receiver r 'netmap:x}1' id=1 quiet $options_
		watcher ta "netmap:x{1/t$kind_" 'x{1.mon1' $options_
		watcher rr "netmap:x}1/r$kind_" 'x}1.mon1' $options_
		watcher still "netmap:x}1/r$kind_" 'x}1.mon2' $options_
		signal still STOP
		sender a 'netmap:x{1/T' id=16 to=1 count="$count_" $options_ "$@"
	}
	NET_SEND_LIMIT=200 sent a
	n_=$(value a .frames)
	until_true "x}1 has $n_ frames" received_all 'x}1' "$n_"
	received r
	expect "frames through the pipe" "$(value r .frames)" "$n_"
	until_true "x}1.mon2 looked at $n_" looked_at 'x}1.mon2' "$n_"
	signal still CONT
	tally ta 'x{1.mon1' "$n_"
	tally rr 'x}1.mon1' "$n_"
	tally still 'x}1.mon2' "$n_"
	some_missed 'x}1.mon2'
	for w_ in ta rr still a r hold; do stop $w_; done
}
received_all() { [ "$(counter "$1" rx_packets)" = "$2" ]; }

# ends KIND - who watches a port that goes is told, also who watches him; one who is killed is no loss
ends() {
	receiver own vale0:own id=2 quiet
	watcher w1 "vale0:own/tr$1" vale0:own.mon1
	watcher w2 vale0:own.mon1/r vale0:own.mon1.mon1
	watcher w3 "vale0:own/tr$1" vale0:own.mon2
	signal w3 KILL
	finish w3 137
	until_true "vale0:own.mon2 goes with its program" sh -c '! vale-ctl list | grep -q own.mon2'
	receiver again vale0:own id=2 quiet
	signal own KILL
	finish own 137
	running w1 || fail "w1 left though its port is still there"
	signal again KILL
	finish again 137
	ended w1
	ended w2
	until_true "nothing is left" sh -c '! vale-ctl list | grep -q vale0:own'
}
