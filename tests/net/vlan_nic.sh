#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vlan_nic.sh - interfaces in VLANs: two switches with a trunk between them, and access ports, one of which has its host in another VLAN
# than its wire.
#
#	VLAN 10   station a: pa ==== va --+                              +-- vc ==== pc :station c   VLAN 10
#	VLAN 20   the host, at va:  va^ --+-- vale0 -- ta ==== tb -- vale1 --+-- vd ==== pd :station d   VLAN 20
#
# All have an address in the networks of both VLANs, so that only the switches keep them apart. Merged frames, which stations leave to
# their interfaces, cross the trunk too.
# Needs: any home, root; for the engine clsact hooks and programs for them.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
if [ "$NET_HOME" = user ]; then
	need_tool tc iproute2
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	tc qdisc add dev lo clsact 2>/dev/null || skip "this system has no clsact hooks"
	tc qdisc del dev lo clsact
fi
tcp_bytes=$(amount 20000000 1000000000)
[ "$tcp_bytes" -gt 2000000 ] || tcp_bytes=2000000

# Nobody answers for an address of another interface, and of its own accord the host says nothing on the wires.
quiet() { in_ "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'; }
quiet -
for c in all default; do [ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/$c/disable_ipv6; done
n=0
for s in a c d; do
	station $s
	quiet $s
	ip link add v$s type veth peer name p$s netns "nic-$$-$s" || skip "no veth interfaces here"
	ip link set v$s up
	n=$((n + 1))
	dress $s p$s 192.0.2.$n
	dress $s p$s 198.51.100.$n
done
ip addr add 192.0.2.9/24 dev va
ip addr add 198.51.100.9/24 dev va
ip link add ta type veth peer name tb
ip link set ta up
ip link set tb up

# watch WHERE INTERFACE - what comes in there, until `seen INTERFACE` puts it into words
watch() {
	where_=$1 dump_=$2
	set -- tcpdump -Z root -n -U -Q in -i "$2" -w "$tmp/$2.pcap"
	[ "$where_" = - ] || set -- ip netns exec "nic-$$-$where_" "$@"
	start "dump_$dump_" "$@"
	until_true "dump_$dump_ captures" grep -q listening "$tmp/dump_$dump_.err"
}
seen() {
	signal "dump_$1" INT
	finish "dump_$1"
	tcpdump -e -n -r "$tmp/$1.pcap" >"$tmp/seen_$1" 2>/dev/null
}
# frames INTERFACE PATTERN - how many of them were of this kind
frames() { grep -c -e "$2" "$tmp/seen_$1"; }
mac() { in_ "$1" ip -o link show "$2" | sed 's|.*link/ether \([^ ]*\).*|\1|'; }

# apart WHAT STATION ADDRESS - no answer from there
apart() { in_ "$2" ping -q -c 2 -i 0.2 -W 1 "$3" >"$tmp/apart" && fail "$1: $(tail -2 "$tmp/apart")"; }

# vlan PORT WORDS... - as the port is to be
vlan() { vale-ctl vlan "$@" || fail "$*"; }

engine first
vale-ctl -h vale0:va || fail "attach va and its host"
for p in vale0:ta vale1:tb vale1:vc vale1:vd; do vale-ctl -a $p || fail "attach $p"; done
vlan vale0:ta trunk allow 10,20
vlan vale1:tb trunk allow 10,20,30
for p in vale0:va vale1:vc; do vlan $p access 10; done
for p in vale0:va^ vale1:vd; do vlan $p access 20; done
for s in a c d; do watch $s p$s; done
for i in ta tb; do watch - $i; done

ping_all "VLAN 10, over the trunk" a 192.0.2.2
ping_all "VLAN 10, the other way" c 192.0.2.1
ping_all "VLAN 20, from the host" - 198.51.100.3
ping_all "VLAN 20, to the host" d 198.51.100.9
apart "from VLAN 10 to VLAN 20 over the trunk" a 198.51.100.3
apart "from the wire to the host behind it" a 198.51.100.9
apart "from the host to its wire" - 192.0.2.1
apart "from VLAN 10 to VLAN 20 in one switch" c 192.0.2.3
apart "from VLAN 20 to VLAN 10 in one switch" d 192.0.2.2
apart "from VLAN 20 to VLAN 10 over the trunk" d 192.0.2.1
for i in pa pc pd ta tb; do seen $i; done

# on the trunk each frame has the tag of the VLAN that it is from
for i in ta tb; do
	expect "frames to $i without a tag" "$(grep -v -c 'ethertype 802.1Q (0x8100), length [0-9]*: vlan [12]0, ' "$tmp/seen_$i")" 0
done
expect_ge "echoes of a with tag 10" "$(frames tb 'vlan 10, .*192.0.2.1 > 192.0.2.2: ICMP echo')" 40
expect_ge "echoes of c with tag 10" "$(frames ta 'vlan 10, .*192.0.2.2 > 192.0.2.1: ICMP echo')" 40
expect_ge "echoes of the host with tag 20" "$(frames tb 'vlan 20, .*198.51.100.9 > 198.51.100.3: ICMP echo')" 40
expect_ge "echoes of d with tag 20" "$(frames ta 'vlan 20, .*198.51.100.3 > 198.51.100.9: ICMP echo')" 40
expect_ge "a's questions for d, in VLAN 10" "$(frames tb 'vlan 10, .*who-has 198.51.100.3 tell 198.51.100.1,')" 1
expect_ge "d's questions for a, in VLAN 20" "$(frames ta 'vlan 20, .*who-has 192.0.2.1 tell 192.0.2.3,')" 1
pa=$(mac a pa) pc=$(mac c pc) pd=$(mac d pd) host=$(mac - va)
expect "frames of a or c with tag 20" "$(cat "$tmp/seen_ta" "$tmp/seen_tb" | grep -c " \($pa\|$pc\) > .*vlan 20,")" 0
expect "frames of d or the host with tag 10" "$(cat "$tmp/seen_ta" "$tmp/seen_tb" | grep -c " \($pd\|$host\) > .*vlan 10,")" 0
# to access ports they go without, and none of another VLAN
for i in pa pc pd; do expect "frames to $i with a tag" "$(frames $i '802.1Q')" 0; done
for i in pa pc; do expect "frames to $i of VLAN 20" "$(frames $i " \($pd\|$host\) >")" 0; done
expect "frames to pd of VLAN 10" "$(frames pd " \($pa\|$pc\) >")" 0
expect_ge "frames to pd of the host" "$(frames pd " $host >")" 40
expect "where stations are known" "$(vale-ctl fdb vale0 | awk -v c="$pc" -v d="$pd" '$1 == c || $1 == d { print $2, $NF }' | sort | tr '\n' ' ')" \
	"10 vale0:ta 20 vale0:ta "

tcp "TCP over the trunk" c a 192.0.2.2
tcp "TCP over the trunk, the other way" c a 192.0.2.2 -R
tcp "TCP of the host over the trunk" d - 198.51.100.3
expect "frames that the trunk refused so far" "$(counter vale0:ta drop_vlan)" 0
vlan vale1:vd access 30
apart "in a VLAN that one end of the trunk has not" d 198.51.100.9
expect_ge "frames that it refused" "$(counter vale0:ta drop_vlan)" 1
expect "frames that could not be passed on" "$(counter va refused)" 0
for s in vale0 vale1; do expect_identity $s; done
