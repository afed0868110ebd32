#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vif_tcp.sh - two stations over two persistent ports in a switch: ping, TCP both ways with and without checksum offload, short
# and long frames, and counters that agree with each other.
# shellcheck source=tests/guest/t/vif_lib.sh
. "$(dirname "$0")/vif_lib.sh"

# ethtool STATION INTERFACE COUNTER - the sum over the rings of a direction
ethtool_sum() { in_ "$1" ethtool -S "$2" | awk -v c="$3" '$1 ~ "^" c ":$" {s += $2} END {printf "%.0f\n", s}'; }

pair
ping_all "ping" a 192.0.2.2
ping_all "ping with long packets" a 192.0.2.2 -s 1472 -M "do"
ping_all "ping with packets in two parts" a 192.0.2.2 -s 2000
tcp "TCP" b a 192.0.2.2
tcp "TCP -R" b a 192.0.2.2 -R
in_ a ethtool -K va tx off sg off >/dev/null || fail "switch offloads off"
tcp "TCP" b a 192.0.2.2
in_ a ethtool -K va tx on sg on >/dev/null || fail "switch offloads on"

# checksums are made, though the stack leaves them out: seen by the receiver's host, if it does not merge frames
in_ b ethtool -K vb gro off || fail "switch merging off"
start dump ip netns exec "nic-$$-b" tcpdump -Z root -n -vv -Q in -i vb -c 200 tcp port 5201
until_true "tcpdump captures" grep -q listening "$tmp/dump.err"
tcp "TCP for its checksums" b a 192.0.2.2
finish dump
expect "wrong checksums" "$(grep -c 'incorrect' "$tmp/dump.out")" 0
expect_ge "right checksums" "$(grep -c '(correct)' "$tmp/dump.out")" 200
in_ b ethtool -K vb gro on || fail "switch merging on"

# frames that take several buffers
for i in a:va b:vb; do in_ "${i%:*}" ip link set "${i#*:}" mtu 9000 || fail "MTU of $i"; done
ping_all "ping with frames of five buffers" a 192.0.2.2 -s 8972 -M "do"
tcp "TCP" b a 192.0.2.2
for i in a:va b:vb; do in_ "${i%:*}" ip link set "${i#*:}" mtu 65535 || fail "MTU of $i"; done
ping_all "ping with frames of 64 KiB" a 192.0.2.2 -s 65000 -M "do"
in_ a ip link set va mtu 70000 2>"$tmp/mtu" && fail "an MTU of 70000 is possible"
for i in a:va b:vb; do in_ "${i%:*}" ip link set "${i#*:}" mtu 1500 || fail "MTU of $i"; done

# a tag of a VLAN goes through
for i in a:va:1 b:vb:2; do
	s=${i%%:*} d=${i#*:}
	{ in_ "$s" ip link add link "${d%:*}" name tag type vlan id 5 && in_ "$s" ip addr add "198.51.100.${d#*:}/24" dev tag &&
		in_ "$s" ip link set tag up; } || fail "VLAN in station $s"
done
ping_all "ping with tags" a 198.51.100.2 -s 1472 -M "do"

# all have counted the same
quiet() {
	in_ a ip link set va down && in_ b ip link set vb down || return 1
	[ "$(counter va rx_packets)" = "$(link a va .stats64.tx.packets)" ] && [ "$(counter vb forwarded)" = "$(link b vb .stats64.rx.packets)" ]
}
until_true "the frames are with their receivers" quiet
expect_identity vale0
for i in a:va b:vb; do
	s=${i%:*} d=${i#*:}
	expect_identity "vale0:$d"
	expect "$d: frames the host sent" "$(link "$s" "$d" .stats64.tx.packets)" "$(counter "$d" rx_packets)"
	expect "$d: bytes the host sent" "$(link "$s" "$d" .stats64.tx.bytes)" "$(counter "$d" rx_bytes)"
	expect "$d: frames the host received" "$(link "$s" "$d" .stats64.rx.packets)" "$(counter "$d" forwarded)"
	expect "$d: frames into the switch" "$(counter "vale0:$d" tx_packets)" "$(counter "$d" rx_packets)"
	expect "$d: frames from the switch" "$(counter "vale0:$d" rx_packets)" "$(counter "$d" tx_packets)"
	for c in rx_packets rx_bytes missed; do
		expect "$d: ethtool's rxring $c" "$(ethtool_sum "$s" "$d" "rxring[0-9]*_$c")" "$(counter "$d" $c)"
	done
	for c in tx_packets tx_bytes forwarded drop_no_backend; do
		expect "$d: ethtool's txring $c" "$(ethtool_sum "$s" "$d" "txring[0-9]*_$c")" "$(counter "$d" $c)"
	done
done
