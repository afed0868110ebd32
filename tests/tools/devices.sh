#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# devices.sh - pkt-gen on a TAP device and on an interface by way of pcap, in a network of its own. Needs root.
#
#	pkt-gen tap: === tap0 --- host       pkt-gen pcap:v0 --- v1 pcap: pkt-gen
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool tcpdump tcpdump
need_root "makes interfaces"
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
if [ -z "${DEVICES_INSIDE:-}" ]; then
	DEVICES_INSIDE=1 unshare -n sh "$0"
	exit
fi
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up || exit 1

# taken NAME - frames an interface has received
taken() { ip -j -s link show dev "$1" 2>/dev/null | jq '.[0].stats64.rx.packets'; }
address() { ip -j link show dev "$1" | jq -r '.[0].address'; }
absent() { ! ip link show dev "$1" >/dev/null 2>&1; }

# pcap:DEVICE, both ways, with the interface's own address as source
start in pkt-gen -i pcap:v1 -f rx -n 300 --json --write "$tmp/in.pcap"
until_true "a packet socket is open" grep -q ' 0003 ' /proc/net/packet
pkt-gen -i pcap:v0 -f tx -n 300 -R 3000 -l 200 -w 0 >"$tmp/out" || fail "tx: $(cat "$tmp/out")"
finish in
expect "pcap: frames" "$(value in '"\(.packets) \(.bytes)"')" "300 60000"
expect "pcap: source" "$(tcpdump -nn -e -t -r "$tmp/in.pcap" 2>/dev/null | sed 's/ >.*//' | sort -u)" "$(address v0)"
start pong pkt-gen -i pcap:v1 -f pong
until_true "pong is there" grep -q ' 0003 ' /proc/net/packet
pkt-gen -i pcap:v0 -f ping -n 50 -w 0 --json >"$tmp/ping" || fail "ping failed"
expect_ge "pcap: answers" "$(jq .rtt_ns.count "$tmp/ping")" 49 # the first may come before pong listens
stop pong

# tap:NAME is made and gone afterwards; what it sends the host receives, what the host sends it receives
start tap pkt-gen -i tap:t0 -f rx -n 3 --write "$tmp/tap.pcap" -l 60
until_true "t0 is up" eval "ip link show t0 | grep -q '[<,]UP[,>]'"
ip addr add 10.78.0.1/24 dev t0 && ip neigh add 10.78.0.2 lladdr 02:00:00:00:00:22 dev t0
cat >"$tmp/send.sh" <<-'EOF'
	for i in 1 2 3; do echo hello >/dev/udp/10.78.0.2/99; done
EOF
bash "$tmp/send.sh"
finish tap
expect "tap: the host's frames" "$(tcpdump -nn -t -r "$tmp/tap.pcap" 'udp port 99' 2>/dev/null | wc -l)" 3
absent t0 || fail "t0 was left behind"
start tap pkt-gen -i tap:t0 -f tx -R 1000 -T 20
until_true "t0 receives" eval "[ \"\$(taken t0)\" -ge 50 ]"
received=$(taken t0)
stop tap
[ "$(sed -n 's/^sent \([0-9]*\) .*/\1/p' "$tmp/tap.out")" -ge "$received" ] || fail "tap: fewer sent than received: $(tail -1 "$tmp/tap.out")"
until_true "t0 has gone" absent t0

# Who may not, and what was pulled away
cp "$BUILD/pkt-gen" "$tmp/" && chmod 755 "$tmp"
nobody="setpriv --inh-caps=-all --bounding-set=-all --no-new-privs --reuid=61000 --regid=61000 --clear-groups"
no="cannot open the device: Operation not permitted"
[ "$(stat -c %a /dev/net/tun)" = 666 ] || no="cannot open /dev/net/tun: Permission denied" # as the machine has it
# shellcheck disable=SC2086
{
	refused_like 1 "^pkt-gen: tap:t0: $no; run as root, or make it by ip tuntap" \
		$nobody "$tmp/pkt-gen" -i tap:t0 -f rx
	refused_like 1 "^pkt-gen: pcap:v0: neither a usable interface nor a pcap file: .*; see: " \
		$nobody "$tmp/pkt-gen" -i pcap:v0 -f rx
}
start pulled pkt-gen -i pcap:v1 -f rx
until_true "it is open" grep -q ' 0003 ' /proc/net/packet
ip link del v0
finish pulled 1
expect "pulled away: complaint" "$(grep -c '^pkt-gen: pcap:v1: ' "$tmp/pulled.err")" 1
grep -q '^received ' "$tmp/pulled.out" || fail "pulled away: no summary"
