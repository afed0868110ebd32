#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# monitor_nic.sh - monitors of interfaces: in the hands of programs, in a switch, and of their host rings.
#
#	stream send --- va ==== vb --- stream recv        station a: pa ==== vc -- bridge -- host rings
#
# Needs: any home, root; for host rings and the engine clsact hooks.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
# shellcheck source=tests/net/monitor_lib.sh
. "$(dirname "$0")/monitor_lib.sh"

ip link add va type veth peer name vb || skip "no veth interfaces here"
for i in va vb; do
	sysctl -q -w "net.ipv6.conf.$i.disable_ipv6=1"
	ip link set $i up
done

lengths="min=60 max=1500"

# between WHAT FLAGS - programs have both interfaces
between() {
	receiver hold netmap:va/R id=2 quiet
	# shellcheck disable=SC2086 # words
	{
		receiver r netmap:vb id=1 quiet $lengths
		watcher ta "netmap:va/$2" va.mon1 $lengths
		watcher rr "netmap:vb/$2" vb.mon1 $lengths
		watcher still "netmap:vb/$2" vb.mon2 $lengths
	}
	signal still STOP
	# shellcheck disable=SC2086
	sender a netmap:va/T id=16 to=1 count="$(amount 50000 1000000)" nap=64,200 $lengths
	sent a
	n=$(value a .frames)
	until_true "$1: all $n came" all_at vb "$n"
	received r
	until_true "$1: vb.mon2 looked at what came" looked_at vb.mon2 "$(counter vb rx_packets)"
	signal still CONT
	tally ta va.mon1 "$n"
	tally rr vb.mon1 "$(counter vb rx_packets)"
	tally still vb.mon2 "$(counter vb rx_packets)"
	for w in ta rr still a r hold; do stop $w; done
}
between "copies" tr
between "buffers" z

# an interface that leaves ends its monitor
receiver own netmap:vb id=1 quiet
watcher w1 netmap:vb/tr vb.mon1
ip link del va
finish own 1
ended w1

# in a switch: what it received is what the switch's port sends
ip link add va type veth peer name vb
for i in va vb; do
	sysctl -q -w "net.ipv6.conf.$i.disable_ipv6=1"
	ip link set $i up
done
vale-ctl -a vale0:vb || fail "attach vb"
# shellcheck disable=SC2086
{
	receiver r vale0:r id=1 $lengths
	watcher nic netmap:vb/r vb.mon1 $lengths
	watcher port vale0:vb/t vale0:vb.mon1 $lengths
	sender a netmap:va id=16 to=1 count="$(amount 20000 1000000)" nap=64,200 $lengths
}
sent a
n=$(value a .frames)
until_true "all $n came to vb" all_at vb "$n"
received r
tally nic vb.mon1 "$(counter vb rx_packets)"
tally port vale0:vb.mon1 "$(counter vale0:vb tx_packets)"
refused "shares its memory with nobody" stream recv netmap:vb/z quiet
for w in nic port a r; do stop $w; done
vale-ctl -d vale0:vb || fail "detach vb"

# host rings: an echo goes from the host's ring to the wire, its answer the other way
if [ "$NET_HOME" = user ]; then
	[ -c /dev/net/tun ] || skip "the rest needs /dev/net/tun"
	tc qdisc add dev lo clsact 2>/dev/null || skip "the rest needs clsact hooks"
	tc qdisc del dev lo clsact
fi
station a
ip link add vc type veth peer name pa netns "nic-$$-a"
ip addr add 192.0.2.2/24 dev vc
ip link set vc up
dress a pa 192.0.2.1
start bridge bridge -w 0 -i netmap:vc
until_true "the bridge has vc" sh -c 'vale-ctl list | grep -q "^vc "'
start host pkt-gen -w 0 -i 'netmap:vc^/tr' -f rx
start wire pkt-gen -w 0 -i netmap:vc/tr -f rx
until_true "both monitors are there" sh -c 'vale-ctl list | grep -q vc.mon2'
ping_all "ping through the bridge" - 192.0.2.1
for m in vc.mon1 vc.mon2; do expect_ge "$m: echoes and answers, both ways" "$(counter $m rx_packets)" 40; done
signal host INT; finish host
signal wire INT; finish wire
signal bridge INT; finish bridge
