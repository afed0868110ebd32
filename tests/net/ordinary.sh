#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ordinary.sh - what an ordinary user can do with an engine of his own, which comes by itself: tcpdump over our libpcap, programs that have
# the device only, lb and nmreplay; and what he can't have, with the reason.
#
#	frames.pcap --- nmreplay --- vale0:play    vale0:td --- tcpdump --- got.pcap
#	gen tx --- vale0 --- gen rx                flows send --- vale1:tx   vale1:lb --- lb --- vale1:lb{0, {1 --- flows read
#
# Needs: home user. Root is not needed; as root the programs run as a user whom nobody else has, and tcpdump becomes that one, too.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
# shellcheck source=tests/net/user_lib.sh
. "$(dirname "$0")/user_lib.sh"
need_home user
need_tool tcpdump tcpdump
need_tool jq jq
user_begin netmapd pkt-gen vale-ctl lb nmreplay netmap-run libnetmap-preload.so netmap-pcap pcap net/gen net/flows

frames=200
make_frames "$tmp/frames.pcap" $frames 1234
chmod 644 "$tmp/frames.pcap"
content() { tcpdump -r "$1" -t -e -n -xx 2>/dev/null; }
content "$tmp/frames.pcap" >"$tmp/want"

# listen NAME PORT ARGUMENTS... - tcpdump of that user, which has the port when this returns
listen() {
	name=$1 port=$2; shift 2
	# shellcheck disable=SC2086 # words
	start "$name" $as netmap-pcap tcpdump -l -n -i "$port" "$@"
	until_true "$name listens" listens_or_gone "$name"
}
is_rightless() { grep -q '^CapEff:[[:space:]]*0*$' "/proc/$(pid_of "$1")/status"; }

# tcpdump, which has no rights to lose, on a port that it makes and on a monitor of that; the frames come from nmreplay
listen got vale0:td -w "$tmp/run/got.pcap" -c $frames
listen seen vale0:td/r -c $frames udp
engine_is_ours "tcpdump"
expect "owner of tcpdump" "$(owner_of "$(pid_of got)")" "$uid"
[ "$(id -u)" -ne 0 ] || is_rightless got || fail "tcpdump has capabilities: $(grep Cap "/proc/$(pid_of got)/status")"
# shellcheck disable=SC2086 # words
$as nmreplay -f "$tmp/frames.pcap" -i vale0:play -B 1M --json >"$tmp/play.out" 2>"$tmp/play.err" || fail "nmreplay: $(cat "$tmp/play.err")"
finish got
finish seen
expect "sent by nmreplay" "$(values play sent lost)" "$frames 0"
content "$tmp/run/got.pcap" >"$tmp/have"
cmp "$tmp/want" "$tmp/have" || fail "tcpdump wrote other frames than were sent"
expect "captured" "$(packets got captured) $(packets got 'dropped by kernel')" "$frames 0"
expect "seen by the monitor" "$(grep -c '10.0.0.1.1234 > 10.0.0.2.1234: UDP' "$tmp/seen.out")" $frames
expect "owner of the file" "$(stat -c %u "$tmp/run/got.pcap")" "$uid"
engine_leaves "tcpdump"

# tcpdump that begins as root and becomes that user when it has its port: the engine is root's, and goes on serving it
if [ "$(id -u)" -eq 0 ] && name=$(getent passwd nobody | cut -d: -f1) && [ -n "$name" ]; then
	dir=$tmp/root own=$NETMAP_SOCKET
	NETMAP_SOCKET=$dir/sock
	mkdir "$dir"
	start lower netmap-pcap tcpdump -Z "$name" -l -n -i vale0:td -c $frames udp
	until_true "lower listens" listens_or_gone lower
	expect "owner of tcpdump -Z" "$(owner_of "$(pid_of lower)")" "$(id -u "$name")"
	nmreplay -f "$tmp/frames.pcap" -i vale0:play -B 1M >"$tmp/play.out" 2>"$tmp/play.err" || fail "nmreplay: $(cat "$tmp/play.err")"
	finish lower
	expect "captured after -Z" "$(packets lower captured)" $frames
	until_true "the engine of root leaves" engine_gone
	NETMAP_SOCKET=$own
fi

# programs that have the device only
# shellcheck disable=SC2086 # words
{
	start rx $as netmap-run gen rx vale0:rx 1000
	told rx ready
	engine_is_ours "netmap-run"
	$as netmap-run gen tx vale0:tx 1000 >"$tmp/tx.out" 2>&1 || fail "netmap-run gen tx: $(cat "$tmp/tx.out")"
	finish rx
}
expect "frames by netmap-run" "$(tail -1 "$tmp/rx.out")" "1000 frames, 0 lost"
engine_leaves "netmap-run"

# lb, its pipes and their reader
lb_ready() { grep -q ' -> ' "$tmp/lb.err" || ! running lb; }
# shellcheck disable=SC2086 # words
{
	start lb $as lb --json -i vale1:lb -p 2 -B 1000 -s 0.05 -o "$tmp/run/stat"
	until_true "lb is ready" lb_ready
	engine_is_ours "lb"
	start readers $as flows read 'vale1:lb}0' 'vale1:lb}1'
	told readers ready
	$as flows send vale1:tx 100 2 >"$tmp/send.out" 2>&1 || fail "flows send: $(cat "$tmp/send.out")"
}
until_true "lb has had 400 frames" grep -q '"received":400' "$tmp/run/stat"
stop lb
signal readers INT
finish readers
expect "frames through lb: all, torn, reordered, foreign" "$(value readers '.got0 + .got1') $(values readers torn reordered foreign)" "400 0 0 0"
expect_ge "frames in pipe 0" "$(value readers .got0)" 1
expect_ge "frames in pipe 1" "$(value readers .got1)" 1
engine_leaves "lb"

# an interface is for who has the rights: each program says so in one line, and nobody hangs
# cannot TEXT COMMAND... - fails and says so in one line
cannot() {
	text_=$1; shift
	# shellcheck disable=SC2086 # words
	timeout 60 $as "$@" >"$tmp/cannot" 2>&1
	status_=$?
	case $status_ in 0 | 124) fail "'$*' as an ordinary user: status $status_" ;; esac
	expect "'$*' said: $(cat "$tmp/cannot"); lines with '$text_'" "$(grep -c -e "$text_" "$tmp/cannot")" 1
}
if [ -e /sys/class/net/lo ]; then
	cannot CAP_NET_RAW lb -i lo -p 1
	cannot CAP_NET_RAW nmreplay -f "$tmp/frames.pcap" -i lo
	cannot 'netmap:lo: Operation not permitted' netmap-run gen rx netmap:lo 1
	cannot CAP_NET_RAW netmap-pcap tcpdump -n -i netmap:lo -c 1
fi
