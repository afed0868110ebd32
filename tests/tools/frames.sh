#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# frames.sh - what pkt-gen sends, option by option, seen at the other end of a switch and decoded by tcpdump.
#
#	pkt-gen tx OPTIONS --- vale0 --- pkt-gen rx --write
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool tcpdump tcpdump

# fields FILE FIELD... - of each frame, by awk on decode
column() { decode "$1" | sed -E "s/$2/\\1/"; }
mac='([0-9a-f:]{17})'
flow='.* ([0-9a-f.:]+ > [0-9a-f.:]+): .*'

# Without options: 60 bytes, IPv4 UDP, broadcast, good checksums.
capture plain 3
expect "plain: length and type" "$(decode plain | grep -c 'ethertype IPv4 (0x0800), length 60:.*proto UDP (17), length 46')" 3
expect "plain: destination" "$(column plain "^$mac > $mac, .*" | sort -u | wc -l)" 1
expect "plain: to all" "$(decode plain | sed -E "s/^$mac > $mac, .*/\\2/" | sort -u)" ff:ff:ff:ff:ff:ff
expect "plain: a local unicast source" "$(decode plain | grep -c '^02:')" 3
expect "plain: checksums" "$(decode plain | grep -c 'udp sum ok\|UDP, length 18')" 3
expect "plain: addresses" "$(column plain "$flow" | sort -u)" "10.0.0.1.1234 > 10.0.0.2.1234"

# -l, twice, and -o 4096: the UDP checksum also where lengths vary
capture length 2 -l 1514
expect "-l 1514" "$(decode length | grep -c ', length 1514:')" 2
capture lengths 400 -l 80 -l 61 -o 4096
lens=$(column lengths '.*, length ([0-9]+): .*' | sort -n -u)
expect "two -l: least" "$(echo "$lens" | head -1)" 61
expect "two -l: most" "$(echo "$lens" | tail -1)" 80
expect "-o 4096: checksums" "$(decode lengths | grep -c 'udp sum ok')" 400
receive least vale0:rx -n 1
pkt-gen -i vale0:tx -f tx -n 1 -l 14 >"$tmp/least.tx" 2>&1 || fail "-l 14: $(cat "$tmp/least.tx")"
finish least
expect "-l 14" "$(value least .bytes)" 14

# -6, also by address
capture six 2 -6
expect "-6" "$(decode six | grep -c 'ethertype IPv6 (0x86dd), length 62.*udp sum ok')" 2
expect "-6: addresses" "$(column six "$flow" | sort -u)" "fd00::1.1234 > fd00::2.1234"
capture six_by 2 -s '[fd00::5]:7-[fd00::6]:7' -d fd00::9
expect "-s IPv6" "$(column six_by "$flow")" "fd00::5.7 > fd00::9.1234
fd00::6.7 > fd00::9.1234"
capture four 1 -4
expect "-4" "$(decode four | grep -c 'ethertype IPv4')" 1

# -s and -d sweep like the wheels of a counter, ports first
capture sweep 8 -s 10.1.0.1:5-10.1.0.2:6 -d 10.2.0.1:9-10.2.0.1:10
expect "-s -d ranges" "$(column sweep "$flow")" "10.1.0.1.5 > 10.2.0.1.9
10.1.0.1.6 > 10.2.0.1.9
10.1.0.2.5 > 10.2.0.1.9
10.1.0.2.6 > 10.2.0.1.9
10.1.0.1.5 > 10.2.0.1.10
10.1.0.1.6 > 10.2.0.1.10
10.1.0.2.5 > 10.2.0.1.10
10.1.0.2.6 > 10.2.0.1.10"
expect "-s -d ranges: checksums" "$(decode sweep | grep -c 'udp sum ok')" 8

# -S and -D
capture macs 4 -S 02:00:00:00:00:fe-02:00:00:00:01:00 -D 02:11:22:33:44:55
expect "-S range, -D" "$(column macs "^($mac > $mac), .*")" "02:00:00:00:00:fe > 02:11:22:33:44:55
02:00:00:00:00:ff > 02:11:22:33:44:55
02:00:00:00:01:00 > 02:11:22:33:44:55
02:00:00:00:00:fe > 02:11:22:33:44:55"

# -z and -Z: one end random, the other as it is
capture random 50 -z
expect "-z: sources differ" "$(column random '.* ([0-9.]+) > .*' | sort -u | wc -l)" 50
expect "-z: destination" "$(column random '.* > ([0-9.]+): .*' | sort -u)" 10.0.0.2.1234
capture Random 50 -Z -d 10.9.0.0:7-10.9.0.255:7
expect "-Z: destinations in the range" "$(column Random '.* > (10\.9\.0)\.[0-9]+\.7: .*' | sort -u)" 10.9.0
[ "$(column Random '.* > ([0-9.]+): .*' | sort -u | wc -l)" -gt 10 ] || fail "-Z: destinations do not differ"
expect "-Z: source" "$(column Random '.* ([0-9.]+) > .*' | sort -u)" 10.0.0.1.1234

# -F, -M, -o 4, -o 8, -I: the same bytes, however they are put into the ring
src="-S 02:00:00:00:00:01 -l 1500"
# shellcheck disable=SC2086
{
	capture whole 2 $src
	for how in "-F 3" "-M 400" "-o 4" "-o 8" "-I" "-o 32" "-o 1" "-b 1" "-F 63" "-o 2"; do
		capture other 2 $src $how
		expect "$how: bytes" "$(hex other)" "$(hex whole)"
	done
}
# One more than a buffer holds, in slots
receive frags vale0:rx -n 5 -o 4096
pkt-gen -i vale0:tx -f tx -n 5 -l 9000 -F 5 -o 4096 >"$tmp/frags.tx" 2>&1 || fail "-F 5: $(cat "$tmp/frags.tx")"
finish frags
expect "-F 5: frames of 9000 bytes" "$(value frags '"\(.packets) \(.bytes) \(.bad_checksums)"')" "5 45000 0"

# -r sends what lies in the buffers: zeroes in a new port (a switch would not send a frame back to the address it came from)
start rubbish pkt-gen -i 'netmap:r}1' -f rx -n 2 --write "$tmp/rubbish.pcap"
until_true "the pipe is open" port_or_gone rubbish 'netmap:r}1'
pkt-gen -i 'netmap:r{1' -f tx -n 2 -r >"$tmp/rubbish.tx" 2>&1 || fail "-r: $(cat "$tmp/rubbish.tx")"
finish rubbish
expect "-r: frames" "$(hex rubbish | wc -l)" 2
expect "-r: bytes" "$(hex rubbish | sort -u | tr -d 0)" ""

# -P: the frames of a file in their order, again from the start, byte for byte
capture again 17 -P "$tmp/sweep.pcap"
expect "-P: frames" "$(hex again)" "$(hex sweep; hex sweep; hex sweep | head -1)"

# -H: a header of zeroes before each frame, not counted in -l; the switch translates
pkt-gen -i "pcap:$tmp/vnet.pcap" -f tx -n 3 -H 12 -l 64 >"$tmp/vnet.tx" || fail "-H 12: $(cat "$tmp/vnet.tx")"
has "-H 12" "$tmp/vnet.tx" '^sent 3 frames, 192 bytes'
expect "-H 12: frames" "$(decode vnet | grep -c ', length 64:')" 3
header_is() { [ "$(vale-ctl -g "$1" --json | jq .header_bytes)" = "$2" ]; }
for h in 0 10 12; do
	receive "vnet$h" vale0:rx -n 3 -H $h -o 4096
	until_true "-H $h: the receiver's header" header_is vale0:rx $h
	pkt-gen -i vale0:tx -f tx -n 3 -H 12 -l 64 -o 4096 >"$tmp/vnet.tx" 2>&1 || fail "-H 12: $(cat "$tmp/vnet.tx")"
	finish "vnet$h"
	expect "-H 12 to -H $h: bytes, bad checksums" "$(value "vnet$h" '"\(.bytes) \(.bad_checksums)"')" "192 0"
done
