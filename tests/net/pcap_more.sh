#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_more.sh - dumpcap, tshark and scapy of the system, unchanged, capture from and send to ports of a switch; scapy answers arp-scan.
#
# Needs: home user (in a guest these programs were not seen to come to their end in time); at least one of the programs, of the packages
# tshark and python3-scapy, which are large, so that only the full check installs them.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
need_home user
python=/usr/bin/python3
has_scapy() { [ -x $python ] && $python -c 'import scapy.all' 2>/dev/null; }
scapy=
if has_scapy; then scapy=1; fi
command -v dumpcap >/dev/null || [ -n "$scapy" ] || skip "needs dumpcap or scapy (packages tshark, python3-scapy)"
HOME=$tmp
export HOME
make_frames "$tmp/frames.pcap" 50 1234

send() { pkt-gen -i vale0:tx -f tx -P "$tmp/frames.pcap" -n 50 >"$tmp/send" 2>&1 || fail "pkt-gen: $(cat "$tmp/send")"; }

if command -v dumpcap >/dev/null; then
	start dumpcap netmap-pcap dumpcap -q -i vale0:dc -f 'udp[8:4] > 20' -c 30 -w "$tmp/dc.pcapng"
	until_true "dumpcap has its port" port_open vale0:dc
	until_true "dumpcap captures" grep -q '^File:' "$tmp/dumpcap.err"
	send
	finish dumpcap
	expect "frames that dumpcap wrote" "$(tcpdump -nr "$tmp/dc.pcapng" 2>/dev/null | wc -l)" 30
	grep -q 'Packets captured: 30' "$tmp/dumpcap.err" || fail "dumpcap: $(cat "$tmp/dumpcap.err")"
fi

if command -v tshark >/dev/null; then
	start tshark netmap-pcap tshark -n -l -i vale0:ts -f 'udp[8:4] <= 3' -c 3 -T fields -e udp.length -e ip.src
	until_true "tshark captures" grep -q 'Capture started' "$tmp/tshark.err"
	send
	finish tshark
	expect "what tshark says" "$(tr '\n\t' ';,' <"$tmp/tshark.out")" '26,10.0.0.1;26,10.0.0.1;26,10.0.0.1;'
fi

if [ -n "$scapy" ]; then
	cat >"$tmp/station.py" <<-'EOF'
		# answers for 10.0.0.2, and ends when it has
		from scapy.all import ARP, Ether, conf
		conf.use_pcap = True
		s = conf.L2socket(iface="vale0:station", filter="arp")
		print("ready", flush=True)
		while True:
		    p = s.recv()
		    if p is not None and ARP in p and p[ARP].op == 1 and p[ARP].pdst == "10.0.0.2":
		        me = "02:aa:bb:cc:dd:02"
		        s.send(Ether(src=me, dst=p.src) / ARP(op=2, hwsrc=me, psrc="10.0.0.2", hwdst=p[ARP].hwsrc, pdst=p[ARP].psrc))
		        break
	EOF
	cat >"$tmp/talk.py" <<-'EOF'
		# sniffs what comes, then sends
		from scapy.all import IP, UDP, Ether, conf, sendp, sniff
		conf.use_pcap = True
		got = sniff(iface="vale0:py", filter="udp", count=50, timeout=60, started_callback=lambda: print("ready", flush=True))
		print("got", len(got), sorted(int.from_bytes(bytes(p[UDP].payload)[:4], "big") for p in got)[::49])
		sendp(Ether(dst="ff:ff:ff:ff:ff:ff") / IP(src="10.9.9.9") / UDP() / b"from scapy", iface="vale0:py2", count=5, verbose=False)
	EOF
	capture heard vale0:td -c 5 src 10.9.9.9
	start talk netmap-pcap $python "$tmp/talk.py"
	told talk ready
	send
	finish talk
	finish heard
	grep -qxF 'got 50 [1, 50]' "$tmp/talk.out" || fail "scapy sniffed: $(cat "$tmp/talk.out" "$tmp/talk.err")"
	expect "frames that scapy sent" "$(packets heard captured)" 5
	if command -v arp-scan >/dev/null; then
		start station netmap-pcap $python "$tmp/station.py"
		told station ready
		through arp-scan -q -I vale0:scan --arpspa=10.0.0.9 -r 3 -t 1000 10.0.0.1 10.0.0.2 >"$tmp/scan" 2>&1 || fail "arp-scan: $(cat "$tmp/scan")"
		finish station
		grep -q '^10.0.0.2.*02:aa:bb:cc:dd:02' "$tmp/scan" || fail "arp-scan did not hear the answer: $(cat "$tmp/scan")"
	fi
fi
