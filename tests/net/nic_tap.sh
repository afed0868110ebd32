#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_tap.sh - two stations with a TAP each in vale0, and a program at a third port:
#
#	station a: ta ---- vale0 ---- tb :station b
#	                     |
#	                 pkt-gen rx
#
# ta is made by ip tuntap, tb by vale-ctl -n; both are moved to their stations when they are in the switch.
# Needs: home user, root.
# shellcheck source=tests/net/nic_lib.sh
. "$(dirname "$0")/nic_lib.sh"
need_home user # which is the other end of a TAP; the kernel's module is at the interface's own side, as of any other
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"

station a
station b
engine first
ip tuntap add ta mode tap || skip "no TAP devices here"
vale-ctl -a vale0:ta || fail "attach ta"
vale-ctl -C 512,1024 -n tb || fail "make tb"
vale-ctl -a vale0:tb || fail "attach tb"
expect "slots of tb" "$(vale-ctl -g tb | sed 's/.* of \([0-9]*\) slots, .* of \([0-9]*\) slots.*/\1 \2/')" "512 1024"
ip link set ta netns "nic-$$-a" || fail "move ta"
ip link set tb netns "nic-$$-b" || fail "move tb"
start third pkt-gen -i vale0:third -f rx -X
until_true "the third port is there" counters_of vale0:third
dress a ta 192.0.2.1
dress b tb 192.0.2.2
in_ a ip neigh flush all

ping_all "ping over TAPs" a 192.0.2.2
sums sums_b b tb
tcp "TCP a to b" b a 192.0.2.2
sums_right sums_b
sums sums_a a ta
tcp "TCP b to a" b a 192.0.2.2 -R
sums_right sums_a

mac() { in_ "$1" ip -j link show "$2" | jq -r '.[0].address'; }
fdb=$(vale-ctl fdb --json vale0)
for m in "$(mac a ta)" "$(mac b tb)"; do
	echo "$fdb" | grep -qi "$m" || fail "$m is not in the table: $fdb"
done
signal third INT
finish third
grep -qi 'ff[ :]*ff[ :]*ff[ :]*ff[ :]*ff[ :]*ff' "$tmp/third.out" || fail "the third port saw no broadcast: $(head -5 "$tmp/third.out")"
grep -q '08 *06' "$tmp/third.out" || fail "the third port saw no ARP: $(head -5 "$tmp/third.out")"
expect_identity vale0
expect_identity vale0:ta
expect "rx of vale0:tb" "$(counter vale0:tb rx_packets)" "$(counter tb tx_packets)"

# errors, each with a text
refused 'ta is attached already (EBUSY)' vale-ctl -a vale0:ta
refused 'ta is a port of vale0; detach it first: vale-ctl -d vale0:ta (EBUSY)' vale-ctl -a vale1:ta
refused 'there is no interface nosuch' vale-ctl -a vale0:nosuch
refused 'not attached' vale-ctl -d vale0:nosuch
refused 'tb exists already (EEXIST)' vale-ctl -n tb
refused 'detach it first: vale-ctl -d vale0:tb (EBUSY)' vale-ctl -r tb
refused 'there is no persistent port nosuch' vale-ctl -r nosuch
refused 'ta is not a persistent port' vale-ctl -r ta
refused 'is an interface in a switch' pkt-gen -i netmap:ta -f rx -w 0 -n 1
refused 'is an interface in a switch' pkt-gen -i vale0:tb -f rx -w 0 -n 1

# a port that stays: away from the switch and back; with the host, who is at its other end anyway
vale-ctl -d vale0:tb || fail "detach tb"
vale-ctl -h vale0:tb || fail "attach tb again"
ping_all "ping after the detour" a 192.0.2.2

# the device leaves: its port goes, the other stays; then everything goes
in_ b ip link del tb
until_true "vale0:tb goes with its device" sh -c '! vale-ctl list | grep -q tb'
vale-ctl list | grep -q vale0:ta || fail "vale0:ta went too"
vale-ctl -d vale0:ta || fail "detach ta"
expect "ports left" "$(vale-ctl list)" "no ports"
stop first
