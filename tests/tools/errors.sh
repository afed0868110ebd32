#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# errors.sh - bad input to each tool: the exit status and the one line that it says, word for word. 2 is a wrong command
# line, 1 all else; no line is a bare errno.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

rx="pkt-gen -f rx -n 1 -i"
tx="pkt-gen -f tx -n 1 -i vale0:x"
long=$(printf '%064d' 0 | tr 0 a)

# Names of ports
# shellcheck disable=SC2086
{
	refused_with 1 "pkt-gen: cannot open vale0:x{: 'vale0:x{', at the end: expected the name of a pipe" $rx 'vale0:x{'
	refused_with 1 "pkt-gen: cannot open vale0:a/q: 'vale0:a/q', character 9 ('q'): expected a flag: x z t r R or T" $rx vale0:a/q
	refused_with 1 "pkt-gen: cannot open vale0:a%b: 'vale0:a%b', character 8 ('%'): expected a letter, a digit, '_', '.', '{', '}', '^', '*', '-', '/', '@' or the end" $rx vale0:a%b
	refused_with 1 "pkt-gen: cannot open netmap:: 'netmap:', at the end: expected the name of an interface" $rx netmap:
	refused_with 1 "pkt-gen: cannot open vale0:a@99999: 'vale0:a@99999', character 9 ('9'): expected a memory id, 1 to 65535" $rx vale0:a@99999
	refused_with 1 "pkt-gen: cannot open vale0:$long: 'vale0:$long', character 64 ('a'): the name has 70 characters, 63 are the limit" $rx "vale0:$long"
	refused_with 1 "pkt-gen: '' is no name of a port: it has 0 characters, give 1 to 248, as in vale0:1" $rx ''
	refused_with 1 "pkt-gen: '$long...' is no name of a port: it has 320 characters, give 1 to 248, as in vale0:1" $rx "$long$long$long$long$long"
	refused_with 1 "pkt-gen: cannot open netmap:nosuch0: there is no interface nosuch0; a switch port is called valeX:PORT, a pipe NAME{ID" $rx nosuch0
	refused_with 1 "pkt-gen: cannot open netmap:vale0: there is no interface vale0; a switch port is called valeX:PORT, a pipe NAME{ID" $rx vale0
	refused_with 1 "pkt-gen: tap:${long}: names of devices have at most 15 letters" $rx "tap:$long"
	refused_with 2 "pkt-gen: no port given; say for instance -i vale0:1, see pkt-gen --help" pkt-gen -f rx

	# Rings, slots, memory
	refused_with 1 "pkt-gen: cannot open vale0:a-99: vale0:a ring 99 does not exist, there are 1 (0 to 0)" $rx vale0:a-99
	refused_with 1 "pkt-gen: cannot open vale0:a-9999: 'vale0:a-9999', character 9 ('9'): expected the number of a ring, 0 to 4094" $rx vale0:a-9999
	refused_with 1 "pkt-gen: cannot open vale0:a@77: vale0:a: there is no region 77" $rx vale0:a@77
	refused_with 1 "pkt-gen: cannot open vale0:x: vale0:x: 100000 transmit slots asked for, 1 to 4096 are possible" $tx -C 100000
	refused_with 1 "pkt-gen: cannot open vale0:x: vale0:x: 300 transmit rings asked for, 1 to 16 are possible" $tx -C 64,64,300
	refused_with 1 "pkt-gen: cannot open ring 0 for -p 17 of vale0:x: vale0:x: 17 transmit rings asked for, 1 to 16 are possible" $tx -p 17
	refused_with 2 "pkt-gen: -C: '64,64,1,1,1' is not TXSLOTS[,RXSLOTS[,TXRINGS[,RXRINGS]]] of at most 1048576 slots and 1024 rings (tx slots, rx slots, tx rings, rx rings of a port made by this call)" $tx -C 64,64,1,1,1
	refused_with 1 "pkt-gen: null: has one ring, -p 2 needs more; leave -p out" pkt-gen -i null -f tx -p 2

	# Lengths
	text='(length of a frame without FCS (60, IPv6: 62); a second -l: the least of random lengths)'
	for l in 0 13 65550 x; do
		refused_with 2 "pkt-gen: -l: '$l' is no length of a frame, give 14 (an Ethernet header) to 65549 $text" $tx -l $l
	done
	refused_with 1 "pkt-gen: vale0:x: a frame of 3000 bytes does not fit into 1 slot of 2112 bytes: give -F 2, or -l 2112 or less" $tx -l 3000
	refused_with 1 "pkt-gen: vale0:x: a frame of 65000 bytes does not fit into 63 slots of 100 bytes: give -l 6300 or less, or a greater -M" $tx -l 65000 -M 100
	refused_with 1 "pkt-gen: vale0:x: -M 4000 exceeds its buffers of 2112 bytes; give -M 2112 or less" $tx -M 4000
	refused_with 2 "pkt-gen: -l 50 is too short: mode txseq needs 60 bytes of headers and data; give -l 60 or more" pkt-gen -i vale0:x -f txseq -l 50
	refused_with 2 "pkt-gen: the second -l is the least length of a frame and exceeds the first; swap them" $tx -l 60 -l 70

	# The other options
	refused_with 2 "pkt-gen: -F: 64 is out of range, give 1 to 63 (slots of a frame)" $tx -F 64
	refused_with 2 "pkt-gen: -R: '-1' is not a number from 0 to 1000000000000 (frames a second, on average; 0: unlimited (default))" $tx -R -1
	refused_with 2 "pkt-gen: -f: 'foo' is unknown, give one of rx tx ping pong txseq rxseq (rx (default), tx, ping, pong, txseq or rxseq)" pkt-gen -i vale0:x -f foo
	refused_like 2 "^pkt-gen: -o: '3333' is no sum of 1 2 4 8 16 32 64 4096 \(" $tx -o 3333
	refused_like 2 "^pkt-gen: -s: '1.2.3' is not an address like 10.0.0.1, " $tx -s 1.2.3
	refused_like 2 "^pkt-gen: -d: '10.0.0.2-10.0.0.1': the range ends before it begins" $tx -d 10.0.0.2-10.0.0.1
	refused_like 2 "^pkt-gen: -D: 'zz' is not a MAC address like 02:00:00:00:00:01 " $tx -D zz
	refused_like 2 "^pkt-gen: -H: '5' is no length of a virtio-net header, give 0, 10 or 12 " $tx -H 5
	refused_with 2 "pkt-gen: -4 and -6 exclude each other" $tx -4 -6
	refused_with 2 "pkt-gen: -Q is not an option; see pkt-gen --help" $tx -Q
	refused_with 2 "pkt-gen: -b needs an argument; see pkt-gen --help" $tx -b
	refused_with 2 "pkt-gen: --nope is not an option; see pkt-gen --help" $tx --nope
	refused_with 2 "pkt-gen: 'word': is not expected here; see pkt-gen --help" $tx word

	# Files
	echo 'this is text' >"$tmp/text"
	pkt-gen -i "pcap:$tmp/full.pcap" -f tx -n 3 >/dev/null || fail "cannot make a pcap file"
	head -c -7 "$tmp/full.pcap" >"$tmp/cut.pcap"
	head -c 24 "$tmp/full.pcap" >"$tmp/none.pcap"
	refused_with 1 "pkt-gen: $tmp/text: cannot be read as a pcap file: unknown file format" $tx -P "$tmp/text"
	refused_with 1 "pkt-gen: $tmp/nosuch: cannot be read as a pcap file: No such file or directory" $tx -P "$tmp/nosuch"
	refused_like 1 "^pkt-gen: $tmp/cut.pcap: damaged after frame 2: truncated dump file" $tx -P "$tmp/cut.pcap"
	refused_with 1 "pkt-gen: $tmp/none.pcap: holds no frame, nothing to send" $tx -P "$tmp/none.pcap"
	refused_like 1 "^pkt-gen: pcap:$tmp/text: neither a usable interface nor a pcap file: unknown file format; see: " $rx "pcap:$tmp/text"
	refused_like 1 "^pkt-gen: pcap:$tmp/cut.pcap: the file is damaged after frame 2: .*; cut it there" pkt-gen -f rx -i "pcap:$tmp/cut.pcap"
	refused_with 1 "pkt-gen: cannot write $tmp/no/such: No such file or directory" $rx vale0:x --write "$tmp/no/such"
}

# Two at once: an exclusive port is nobody else's, in either order
receive one vale0:one/x
refused_like 1 '^pkt-gen: cannot open vale0:one: vale0:one: tx ring 0 is held exclusively by another descriptor; ' pkt-gen -i vale0:one -f tx
stop one
until_true "the port has gone" port_gone vale0:one
receive one vale0:one -C 64
refused_with 1 "pkt-gen: vale0:one: -C asks for 128 transmit slots, the port has 64: it exists already, or more are not possible; give 64 or leave -C out" pkt-gen -i vale0:one -f tx -C 128
refused_with 1 "pkt-gen: cannot open ring 1 for -p 2 of vale0:one: vale0:one ring 1 does not exist, there are 1 (0 to 0)" pkt-gen -i vale0:one -f tx -p 2
refused_like 1 '^pkt-gen: cannot open vale0:one/x: vale0:one: tx ring 0 is in use by 1 descriptor.*; ' pkt-gen -i vale0:one/x -f tx
refused_like 1 '^bridge: cannot open vale0:one/x: vale0:one: tx ring 0 is in use by 1 descriptor.*; ' bridge vale0:one/x vale1:b
stop one

# Memory that is not there: a quota of the engine, seen by another user, and as root by a limit of descriptors
if [ "$NET_HOME" != user ]; then
	echo "other users and their memory in the kernel: see tests/guest/t/users.sh"
elif [ "$(id -u)" -eq 0 ]; then
	mkdir "$tmp/bin" && cp "$BUILD/pkt-gen" "$BUILD/vale-ctl" "$BUILD/bridge" "$tmp/bin/"
	chmod 755 "$tmp" "$tmp/bin"
	uid=$((61000 + $$ % 4000))
	as="setpriv --reuid=$uid --regid=$uid --clear-groups"
	mine=$NETMAP_SOCKET
	NETMAP_SOCKET=$tmp/shared
	start shared netmapd --foreground --quota 100 --socket "$NETMAP_SOCKET"
	until_true "the engine listens" env NETMAPD=/nonexistent vale-ctl
	chmod 666 "$NETMAP_SOCKET"
	receive root vale3:root
	# shellcheck disable=SC2086
	{
		refused_like 1 '^pkt-gen: cannot open vale3:root: .*; .*vale-ctl chmod' $as "$tmp/bin/pkt-gen" -i vale3:root -f tx
		refused_like 1 '^pkt-gen: cannot open vale3:mine: .*; .*vale-ctl chmod' $as "$tmp/bin/pkt-gen" -i vale3:mine -f tx
		refused_like 1 '^bridge: cannot open vale3:root: .*; .*vale-ctl chmod' $as "$tmp/bin/bridge" vale3:root vale4:x
		refused_like 1 "^vale-ctl: can't change the mode of vale3: .*(EACCES|EPERM).*" $as "$tmp/bin/vale-ctl" chmod 0666 vale3
		refused_like 1 '^pkt-gen: cannot open vale5:big: .*quota.*; ' $as "$tmp/bin/pkt-gen" -i vale5:big -f tx -C 4096,4096,4,4
	}
	stop root
	stop shared
	NETMAP_SOCKET=$mine
else
	echo "without root: no test of other users and of quotas"
fi

# bridge
refused_with 2 "bridge: no port is given; try: bridge -i eth0 -i eth1, or bridge --help" bridge
refused_like 2 "^bridge: -i: 'c' is a third port; a bridge has two " bridge -i a -i b -i c
refused_like 2 "^bridge: -b: 0 is out of range, give 1 to 8192 " bridge -b 0 vale0:a vale0:b
refused_with 2 "bridge: '9000': is not a burst, give 1 to 8192; see bridge --help" bridge vale0:a vale0:b 9000
refused_with 2 "bridge: -L sends back on one port, but vale0:a and vale0:b are two; leave one out" bridge -L vale0:a vale0:b
refused_with 1 "bridge: cannot open netmap:nosuch1: there is no interface nosuch1; a switch port is called valeX:PORT, a pipe NAME{ID" bridge nosuch1
refused_with 1 "bridge: cannot open vale0:a (host): vale0:a has no host rings; give a second port, or -L to send back on this one" bridge vale0:a
refused_with 1 "bridge: no port has receive rings for transmit rings of the other; check the /R and /T of the names" bridge vale0:a/R vale1:b/R

# vale-ctl
see='; see vale-ctl --help'
refused_with 2 "vale-ctl: 'foo': is no command; there are list, stats, fdb, chmod, chown, vlan, storm, lossless and mirror$see" vale-ctl foo
refused_with 2 "vale-ctl: -Q is not an option$see" vale-ctl -Q
refused_with 2 "vale-ctl: fdb needs a switch, as in: fdb vale0$see" vale-ctl fdb
refused_with 2 "vale-ctl: chmod needs a mode and a name, as in: chmod 0660 vale0:a$see" vale-ctl chmod
refused_with 2 "vale-ctl: '0999' is not an octal mode from 0 to 0777, such as 0660$see" vale-ctl chmod 0999 vale0
refused_with 2 "vale-ctl: there is no user 'no-such-user'$see" vale-ctl chown no-such-user vale0
refused_with 2 "vale-ctl: a switch or port must follow$see" vale-ctl vlan
refused_with 2 "vale-ctl: vlan takes: off, access VLAN, or trunk [native VLAN] [allow SET], as in: vlan vale0:a trunk native 1 allow 10,20-30$see" vale-ctl vlan vale0:a trunk
refused_with 2 "vale-ctl: '0' is not a VLAN, 1 to 4094$see" vale-ctl vlan vale0:a access 0
refused_with 2 "vale-ctl: '5-4' is not a set of VLANs from 1 to 4094, such as 10,20-30$see" vale-ctl vlan vale0:a trunk allow 5-4
refused_with 2 "vale-ctl: '0' is not off or RATE[,BURST], frames a second from 1 to 1000000000 and at once from 1 to 1048576$see" vale-ctl storm vale0:a broadcast 0
refused_with 2 "vale-ctl: lossless takes: on or off, as in: lossless vale0 on$see" vale-ctl lossless vale0 maybe
refused_with 2 "vale-ctl: mirror takes: off, or to PORT [rx|tx|both], as in: mirror vale0:a to vale0:b both$see" vale-ctl mirror vale0:a vale0:b
refused_with 2 "vale-ctl: '02:00' is not an address such as 02:00:00:00:00:01$see" vale-ctl fdb vale0 add 02:00 a
refused_with 2 "vale-ctl: --watch goes with commands that look, not with what changes something$see" vale-ctl vlan vale0:a off --watch
refused_with 1 "vale-ctl: can't look at vale9: there is no port vale9; see: vale-ctl list (ENXIO)" vale-ctl vlan vale9
refused_with 1 "vale-ctl: can't look at vale9: there is no switch vale9; see: vale-ctl list (ENXIO)" vale-ctl lossless vale9
refused_with 1 "vale-ctl: can't change vale9:x: there is no port vale9:x; see: vale-ctl list (ENXIO)" vale-ctl storm vale9:x off
refused_with 1 "vale-ctl: can't add an address to x: there is no port vale9:x; see: vale-ctl list (ENXIO)" vale-ctl fdb vale9 add 02:00:00:00:00:01 x
refused_with 2 "vale-ctl: -C goes with -n, -p and -P$see" vale-ctl -C 3
refused_with 2 "vale-ctl: -m: 0 is out of range, give 1 to 65535 (region to use, with -a, -h and -n)" vale-ctl -m 0
refused_with 2 "vale-ctl: --watch: '0' is not a number of seconds from 0.1 to 86400 (show again and again, every second if no other time is given)" vale-ctl --watch=0 list
refused_with 2 "vale-ctl: '3' is not MODE[,FIRST[,COUNT]] with MODE single (1) or multi (2) and CPU numbers$see" vale-ctl -p vale0:x -C 3
refused_with 1 "vale-ctl: there is no switch vale9 that you may see; see: vale-ctl list" vale-ctl list vale9
refused_with 1 "vale-ctl: there is no port vale9:x that you may see; see: vale-ctl list" vale-ctl -l vale9:x
refused_with 1 "vale-ctl: can't read the counters of vale9: there is no switch vale9 (ENXIO); wrong name? see: vale-ctl list" vale-ctl stats vale9
refused_with 1 "vale-ctl: can't read the addresses of vale9: there is no switch vale9; see: vale-ctl list (ENXIO)" vale-ctl fdb vale9
refused_with 1 "vale-ctl: can't look at nosuch: there is no interface nosuch; a switch port is called valeX:PORT, a pipe NAME{ID (ENXIO)" vale-ctl -g nosuch
refused_like 1 "^vale-ctl: can't attach vale0:nosuch: there is no interface nosuch" vale-ctl -a vale0:nosuch
refused_like 1 "^vale-ctl: can't attach vale0:nosuch: there is no interface nosuch" vale-ctl -h vale0:nosuch
refused_like 1 "^vale-ctl: can't detach vale0:nosuch: vale0:nosuch is not attached" vale-ctl -d vale0:nosuch
refused_like 1 "^vale-ctl: can't detach foo: foo is not of the form valeX:INTERFACE" vale-ctl -d foo
refused_like 1 "^vale-ctl: can't remove nosuch: there is no persistent port nosuch" vale-ctl -r nosuch
refused_like 1 "^vale-ctl: can't make aaaaaaaaaaaaaaaa: .*a name of 1 to 15 characters" vale-ctl -n aaaaaaaaaaaaaaaa
refused_like 1 "^vale-ctl: can't look at $long: File name too long \(ENAMETOOLONG\); a name has at most 63 characters" vale-ctl -g "$long"
refused_like 1 "^vale-ctl: can't turn polling on for vale0:x: " vale-ctl -p vale0:x
refused_like 1 "^vale-ctl: can't turn polling off for vale0:x: " vale-ctl -P vale0:x -C 1,0,1

# No engine at all. The library says so in a line of its own, for programs that would tell no more than an errno.
no_engine() {
	env NETMAPD=/nonexistent NETMAP_SOCKET="$tmp/none" "$@" 2>"$tmp/no_engine"
	n_status=$?
	grep -v '^netmap: ' "$tmp/no_engine" >&2
	return $n_status
}
no_engine_line() { # no_engine_line LINE COMMAND...
	n_line=$1; shift
	no_engine "$@" 2>"$tmp/no_engine_line"
	expect "without an engine, $1: status" "$?" 1
	expect "without an engine, $1" "$(cat "$tmp/no_engine_line")" "$n_line"
}
what='there is neither a module nor an engine: load netmap or start netmapd'
[ "$NET_HOME" != kernel ] || until_true "the module unloads" rmmod netmap
no_engine_line "pkt-gen: cannot open vale0:x: /dev/netmap: ENOENT (No such file or directory); $what" pkt-gen -i vale0:x -f tx
no_engine_line "vale-ctl: netmap can't be opened: $what (ENOENT)" vale-ctl
no_engine_line "bridge: cannot open vale0:x: /dev/netmap: ENOENT (No such file or directory); $what" bridge vale0:x vale1:y
