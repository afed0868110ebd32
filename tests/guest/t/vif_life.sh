#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vif_life.sh - how persistent ports come, change and go: shape, carrier, address, name, namespaces, deletion, unloading.
# shellcheck source=tests/guest/t/vif_lib.sh
. "$(dirname "$0")/vif_lib.sh"

ended() { ! running "$1"; }

# one with several rings, as ethtool and ip see it
vale-ctl -C 512,256,3,2 -n v0 || fail "make v0"
vale-ctl -g v0 >"$tmp/shape" || fail "look at v0"
expect "shape" "$(sed "s/, host.*//" "$tmp/shape")" "v0: 3 tx rings of 512 slots, 2 rx rings of 256 slots"
expect "kind" "$(link - v0 .linkinfo.info_kind)" netmap
ethtool -i v0 | grep -q '^driver: netmap$' || fail "driver: $(ethtool -i v0)"
ethtool -g v0 >"$tmp/g" || fail "ethtool -g"
expect "slots by ethtool" "$(awk '/^Current/ {c = 1} c && /^(RX|TX):/ {printf "%s%s ", $1, $2}' "$tmp/g")" "RX:512 TX:256 "
ethtool -l v0 >"$tmp/l" || fail "ethtool -l"
expect "queues by ethtool" "$(awk '/^Current/ {c = 1} c && /^(RX|TX):/ {printf "%s%s ", $1, $2}' "$tmp/l")" "RX:3 TX:2 "
ip link set v0 address 02:00:00:00:00:77 || fail "set the address"
expect "address" "$(link - v0 .address)" 02:00:00:00:00:77
ip link set v0 up || fail "up"
ip link set v0 address 02:00:00:00:00:78 || fail "set the address while it is up"

# a carrier while somebody has it: a switch, a program
until_true "no carrier at first" carrier - v0 false
vale-ctl -a vale0:v0 || fail "attach"
until_true "a carrier in the switch" carrier - v0 true
vale-ctl -d vale0:v0 || fail "detach"
until_true "no carrier without the switch" carrier - v0 false
start rx pkt-gen -i netmap:v0 -f rx
until_true "a carrier with a program" carrier - v0 true
refused 'in use by a program' vale-ctl -r v0
refused 'in use by a program' vale-ctl -a vale0:v0
signal rx INT
finish rx
until_true "no carrier without the program" carrier - v0 false
vale-ctl -r v0 || fail "remove v0"
absent v0 || fail "v0 is still there"

# errors
vale-ctl -n v1 || fail "make v1"
refused 'v1 exists already (EEXIST)' vale-ctl -n v1
refused 'lo exists already (EEXIST)' vale-ctl -n lo
refused 'no name for an interface' vale-ctl -n 'v%d'
refused 'there is no persistent port nosuch' vale-ctl -r nosuch
ip link add v2 type netmap 2>"$tmp/add" && fail "ip link add can make one"

# to a station and back; the port stays
station a
vale-ctl -a vale0:v1 || fail "attach v1"
move v1 a 192.0.2.1
in_ a ip link set v1 down
in_ a ip link set v1 name other || fail "rename"
vale-ctl list | grep -q vale0:v1 || fail "the port went with its interface's name"
refused 'v1 exists already' vale-ctl -n v1
in_ a ip link set other netns $$ || fail "back"
{ ip link set other name v1 && ip link set v1 up; } || fail "the old name"
until_true "its carrier came along" carrier - v1 true

# deletion by the host, then a namespace that ends: the ports go by and by, and those who have them are told
ip link del v1 || fail "delete v1"
until_true "the port of v1 goes" sh -c '! vale-ctl list | grep -q v1'
vale-ctl -n v1 || fail "make v1 again"
ip link set v1 up
start rx2 pkt-gen -i netmap:v1 -f rx
until_true "the program has v1" carrier - v1 true
ip link del v1 || fail "delete v1 under a program"
until_true "the program hears that v1 is gone" ended rx2
absent v1 || fail "v1 is still there"
wait "$(pid_of rx2)"
# shellcheck disable=SC2034 # of lib.sh
started=
vale-ctl -n v1 || fail "make v1 after that"
vale-ctl -a vale0:v1 || fail "attach v1"
move v1 a 192.0.2.1
ip netns del "nic-$$-a" || fail "delete the station"
stations=
until_true "the port goes with the station" sh -c '! vale-ctl list | grep -q v1'
vale-ctl -n v1 || fail "make v1 after the station went"

# nothing is in the way of unloading, not even a port in a switch
vale-ctl -a vale0:v1 || fail "attach v1"
rmmod netmap || fail "unload with a port"
absent v1 || fail "v1 has survived its module"
