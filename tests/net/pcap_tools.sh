#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_tools.sh - tcpdump, ngrep, bittwist and arp-scan of the system, unchanged, capture from and send to ports of a switch.
#
#	frames.pcap --- bittwist --- vale0:bt     vale0:td --- tcpdump --- got.pcap     vale0:ng --- ngrep
#	arp-scan --- vale0:scan                   vale0:td --- tcpdump: the questions
#
# Needs: any home; those of the programs that there are.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
need_tool tcpdump tcpdump

frames=100
make_frames "$tmp/frames.pcap" $frames 1234
expect "frames made" "$(tcpdump -nr "$tmp/frames.pcap" udp 2>/dev/null | wc -l)" $frames

# content FILE - frames as text, without times
content() { tcpdump -r "$1" -t -e -n -xx 2>/dev/null; }

# -- tcpdump: a filter, a file, its counts
capture all vale0:td -w "$tmp/got.pcap" -c $frames
capture some vale0:some -c 1 'udp[8:4] = 42'
if command -v ngrep >/dev/null; then
	start ngrep netmap-pcap ngrep -d vale0:ng -q -n $frames 'pcap over' udp
	until_true "ngrep has its port" port_open vale0:ng
fi
if command -v bittwist >/dev/null; then
	through bittwist -i vale0:bt "$tmp/frames.pcap" >"$tmp/bittwist.out" 2>&1 || fail "bittwist: $(tail -3 "$tmp/bittwist.out")"
else
	pkt-gen -i vale0:bt -f tx -P "$tmp/frames.pcap" -n $frames >/dev/null 2>&1 || fail "pkt-gen can't replay"
fi
finish all
finish some
content "$tmp/frames.pcap" >"$tmp/want"
content "$tmp/got.pcap" >"$tmp/got"
cmp "$tmp/want" "$tmp/got" || fail "tcpdump wrote other frames than were sent"
expect "captured" "$(packets all captured)" $frames
expect "dropped" "$(packets all 'dropped by kernel')" 0
expect "captured by a filter" "$(packets some captured)" 1
expect "received by that filter" "$(packets some 'received by filter')" 1
if command -v ngrep >/dev/null; then
	finish ngrep
	expect "ngrep's matches" "$(grep -c '^U 10.0.0.1:1234 -> 10.0.0.2:1234' "$tmp/ngrep.out")" $frames
fi

# -- tcpdump on the end of a pipe, sent to by libpcap as well
if command -v bittwist >/dev/null; then
	capture end 'netmap:p}1' -c $frames udp
	through bittwist -i 'netmap:p{1' "$tmp/frames.pcap" >/dev/null 2>&1 || fail "bittwist into a pipe"
	finish end
	expect "captured at the end of a pipe" "$(packets end captured)" $frames
fi

# -- arp-scan: its questions come, its capture hears who answers (tcpdump answers nothing: bittwist does, with the answer of 10.0.0.2)
if command -v arp-scan >/dev/null; then
	capture asked vale0:td -c 3 arp
	through arp-scan -q -I vale0:scan --arpspa=10.0.0.9 -r 1 -t 50 10.0.0.1 10.0.0.2 10.0.0.3 >"$tmp/scan" 2>&1 || fail "arp-scan: $(cat "$tmp/scan")"
	finish asked
	for a in 1 2 3; do
		grep -q "ARP, Request who-has 10.0.0.$a .*tell 10.0.0.9" "$tmp/asked.out" || fail "arp-scan did not ask for 10.0.0.$a: $(cat "$tmp/asked.out")"
	done
	grep -q '^Interface: vale0:scan, type: EN10MB' "$tmp/scan" || fail "arp-scan: $(cat "$tmp/scan")"
fi

# -- the list of devices has ports after the system's
start keep pkt-gen -i vale0:keep -f rx
until_true "keep is there" port_open vale0:keep
through tcpdump -D >"$tmp/devices" 2>"$tmp/devices.err" || fail "tcpdump -D: $(cat "$tmp/devices.err")"
grep -q 'vale0:keep (Port of a VALE switch) \[Up, Running' "$tmp/devices" || fail "no vale0:keep in: $(cat "$tmp/devices")"
stop keep

# -- what is wrong is said as ever
refused 'nosuch0: No such device exists' through tcpdump -i netmap:nosuch0
refused "can't parse filter expression: syntax error" through tcpdump -i vale0:td 'udp and ('
# -- and files and other devices are the system's library's
through tcpdump -nr "$tmp/frames.pcap" -c 1 >"$tmp/one" 2>/dev/null || fail "tcpdump -r"
grep -q '10.0.0.1.1234 > 10.0.0.2.1234: UDP' "$tmp/one" || fail "tcpdump -r: $(cat "$tmp/one")"
