#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vale_ctl.sh - what vale-ctl shows and changes, against what the ports do.
#
#	pkt-gen tx --- vale0 --- pkt-gen rx, and a third port that nobody reads
#
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
me_name=$(id -un)
group=$(id -gn)

expect "without arguments" "$(vale-ctl)" "no ports"
expect "list --json of nothing" "$(vale-ctl --json | jq -c .)" '{"ports":[]}'

receive rx vale0:rx -C 128,1024,2,3
receive idle vale0:idle
receive other vale1:x
expect "names" "$(vale-ctl | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" "vale0:idle vale0:rx vale1:x "
expect "-l" "$(vale-ctl -l)" "$(vale-ctl list)"
expect "-l valeX" "$(vale-ctl -l vale1 | awk 'NR > 1 { print $1 }')" vale1:x
expect "list of a port" "$(vale-ctl list vale0:rx | awk 'NR > 1 { print $1, $2, $3, $4, $5, $7, $8 }')" "vale0:rx vale 2x128 3x1024 1 $(vale-ctl list vale0:rx --json | jq -r '.ports[0] | "\(.mode) \(.owner)"')"
expect "list --json" "$(vale-ctl list vale0:rx --json | jq -c '.ports[0] | [.name, .switch, .kind, .tx_rings, .rx_rings, .tx_slots, .rx_slots, .users, .uid, .gid]')" \
	"[\"vale0:rx\",\"vale0\",\"vale\",2,3,128,1024,1,$(id -u),$(id -g)]"
expect "-g" "$(vale-ctl -g vale0:rx | sed 's/, host.*//')" "vale0:rx: 2 tx rings of 128 slots, 3 rx rings of 1024 slots"
expect "-g --json" "$(vale-ctl -g vale0:rx --json | jq -c '[.name, .tx_rings, .tx_slots, .rx_rings, .rx_slots]')" '["vale0:rx",2,128,3,1024]'
receive vnet vale0:vnet -H 12
until_true "-g tells of a header" sh -c 'vale-ctl -g vale0:vnet | grep -q ", virtio-net headers of 12 bytes\$"'
expect "-g --json: header" "$(vale-ctl -g vale0:vnet --json | jq .header_bytes) $(vale-ctl -g vale0:rx --json | jq .header_bytes)" "12 0"
stop vnet

# Addresses: learned from a sender, at the port it has, gone after a flush
start tx pkt-gen -i vale0:tx -f tx -n 0 -R 1000 -S 02:00:00:00:00:0a
until_true "the address is learned" eval "vale-ctl fdb vale0 | grep -q '^02:00:00:00:00:0a .* vale0:tx\$'"
expect "fdb --json" "$(vale-ctl fdb vale0 --json | jq -c '[.switch, (.entries[] | .mac, .port, .vlan)]')" '["vale0","02:00:00:00:00:0a","vale0:tx",0]'
expect "fdb of a port" "$(vale-ctl fdb vale0:tx --json | jq -r '.entries[].mac')" 02:00:00:00:00:0a
expect "fdb of another port" "$(vale-ctl fdb vale0:rx)" "no addresses"

# stats: what the port says and the engine counts agree; --watch has rates
start watch vale-ctl stats vale0:tx --watch 0.1 --json
until_true "rates of --watch" eval "grep -q per_second '$tmp/watch.out'"
stop watch
expect "stats --watch: rate" "$(tail -1 "$tmp/watch.out" | jq '.stats[0].per_second.tx_packets > 0')" true
start watch vale-ctl --watch 0.1 list vale0
until_true "blocks of --watch" eval "[ \$(grep -c '^PORT ' '$tmp/watch.out') -ge 3 ]"
stop watch
start watch vale-ctl --watch=0.1 --json fdb vale0
until_true "blocks of --watch" eval "[ \$(wc -l <'$tmp/watch.out') -ge 3 ]"
stop watch
signal tx INT
finish tx
sent=$(sed -n 's/^sent \([0-9]*\) frames.*/\1/p' "$tmp/tx.out")
until_true "the sender has gone" port_gone vale0:tx
until_true "all arrived" eval "[ \"\$(counter vale0:rx rx_packets)\" = '$sent' ]"
signal rx TERM
finish rx
expect "rx" "$(value rx .packets)" "$sent"
expect "stats as text" "$(vale-ctl stats vale0:idle | awk '$1 == "rx_packets" { print $2 }')" "$sent"
vale-ctl stats -v vale0:idle | grep -qE '^  tx_packets +0 ' || fail "stats -v shows no zeroes: $(vale-ctl stats -v vale0:idle)"
vale-ctl stats vale0:idle | grep -qE '^  tx_packets ' && fail "stats shows zeroes without -v"
vale-ctl stats vale0 | grep -q '^vale0 (switch, with the ports it has)$' || fail "stats of a switch: $(vale-ctl stats vale0)"
expect "stats of all" "$(vale-ctl stats --json | jq -r '.stats[].name' | tr '\n' ' ')" "vale0 vale1 vale0:idle vale1:x "
start tx pkt-gen -i vale0:tx -f tx -n 0 -R 1000 -S 02:00:00:00:00:0b -D 02:00:00:00:00:0c
until_true "the address is learned" eval "vale-ctl fdb vale0 | grep -q '^02:00:00:00:00:0b '"
signal tx STOP
until_true "the switch is quiet" eval "a=\$(counter vale0:idle rx_packets); [ \"\$a\" = \"\$(counter vale0:idle rx_packets)\" ]"
expect "fdb --flush" "$(vale-ctl fdb vale0 --flush --json | jq -c '[.name, .removed]')" '["vale0",1]'
expect "fdb after the flush" "$(vale-ctl fdb vale0)" "no addresses"
expect "fdb --flush as text" "$(vale-ctl fdb vale0 --flush)" "vale0: 0 addresses forgotten"
signal tx CONT
stop tx

# policies: set, shown, refused
expect "vlan says nothing" "$(vale-ctl vlan vale0:idle access 10)" ""
expect "vlan" "$(vale-ctl vlan vale0)" "vale0:idle: access 10"
expect "vlan -v" "$(vale-ctl -v vlan vale0:idle trunk native 1 allow 10,20-30)" "vale0:idle: vlan trunk native 1 allow 10,20-30"
expect "vlan --json" "$(vale-ctl vlan vale0:idle --json | jq -c .)" '{"vlan":[{"name":"vale0:idle","mode":"trunk","native":1,"allowed":"10,20-30"}]}'
expect "fdb add" "$(vale-ctl -v fdb vale0 add 02:00:00:00:00:0e idle vlan 20)" "vale0:idle: 02:00:00:00:00:0e added"
expect "fdb has it" "$(vale-ctl fdb vale0 | awk 'NR > 1')" "02:00:00:00:00:0e    20   static  vale0:idle"
expect "fdb --json has it" "$(vale-ctl fdb vale0 --json | jq -c '.entries[] | [.mac, .vlan, .static, .age_ms]')" '["02:00:00:00:00:0e",20,true,null]'
expect "fdb del" "$(vale-ctl --json fdb vale0 del 02:00:00:00:00:0e vlan 20 | jq -c .)" '{"name":"vale0","done":"deleted","mac":"02:00:00:00:00:0e","vlan":20}'
refused "vale0 has no static address 02:00:00:00:00:0e in VLAN 20; see: vale-ctl fdb vale0 (ENOENT)" vale-ctl fdb vale0 del 02:00:00:00:00:0e vlan 20
expect "vlan off" "$(vale-ctl -v vlan vale0:idle off)" "vale0:idle: vlan off"
expect "storm" "$(vale-ctl -v storm vale0:idle broadcast 1000pps unknown 5k,70)" "vale0:idle: storm broadcast 1000,100 unknown 5000,70"
expect "storm keeps the others" "$(vale-ctl -v storm vale0:idle broadcast off multicast 7)" "vale0:idle: storm multicast 7,32 unknown 5000,70"
expect "storm --json" "$(vale-ctl storm vale0 --json | jq -c '.storm[0] | [.name, .broadcast, .unknown]')" '["vale0:idle",null,{"pps":5000,"burst":70}]'
expect "storm off" "$(vale-ctl -v storm vale0:idle off)" "vale0:idle: storm off"
expect "lossless" "$(vale-ctl -v lossless vale0 on)" "vale0: lossless on"
expect "lossless of both" "$(vale-ctl lossless vale0 | tr '\n' ' ')" "vale0: on vale0:idle: off "
expect "lossless --json" "$(vale-ctl lossless vale0 off --json | jq -c .)" '{"name":"vale0","lossless":false}'
receive mirror vale0:mirror
expect "mirror" "$(vale-ctl -v mirror vale0:idle to mirror rx)" "vale0:idle: mirror to vale0:mirror rx"
expect "mirror --json" "$(vale-ctl mirror vale0 --json | jq -c '.mirror[0]')" '{"name":"vale0:idle","to":"vale0:mirror","directions":"rx"}'
refused "can't be its own mirror" vale-ctl mirror vale0:idle to idle
stop mirror
until_true "its mirror has gone" port_gone vale0:mirror
expect "mirror of nobody" "$(vale-ctl mirror vale0)" "vale0:idle: off"
refused "there is no port vale0:nobody" vale-ctl vlan vale0:nobody
refused "'5000' is not a VLAN, 1 to 4094; see vale-ctl --help" vale-ctl vlan vale0:idle access 5000

# chmod and chown
expect "chmod says nothing" "$(vale-ctl chmod 0640 vale0:idle)" ""
expect "chmod" "$(vale-ctl list vale0:idle --json | jq -r '.ports[0].mode')" 0640
expect "chmod -v" "$(vale-ctl -v chmod 0600 vale0:idle)" "vale0:idle: mode 0600, owner $me_name:$group"
expect "chmod --json" "$(vale-ctl --json chmod 0660 vale0:idle | jq -c .)" "{\"name\":\"vale0:idle\",\"done\":\"mode changed\",\"mode\":\"0660\",\"owner\":\"$me_name:$group\"}"
expect "chown -v" "$(vale-ctl -v chown "$me_name:$group" vale0:idle)" "vale0:idle: mode 0660, owner $me_name:$group"
if [ "$(id -u)" -eq 0 ]; then
	vale-ctl chown 12345:23456 vale0:idle || fail "chown failed"
	expect "chown" "$(vale-ctl list vale0:idle --json | jq -r '.ports[0].owner')" 12345:23456
	vale-ctl chown :0 vale0:idle || fail "chown :0 failed"
	expect "chown of the group" "$(vale-ctl list vale0:idle --json | jq -c '.ports[0] | [.uid, .gid]')" '[12345,0]'
fi
expect "chmod of a switch" "$(vale-ctl -v chmod 0660 vale1 | sed 's/, owner.*//')" "vale1: mode 0660"
stop idle
stop other
nothing() { vale-ctl | grep -qx 'no ports'; }
until_true "all have gone" nothing

# Interfaces and persistent ports, in a network of their own (root only)
if [ "$(id -u)" -eq 0 ]; then
	cat >"$tmp/inner.sh" <<-'EOF'
		ip link add vc0 type veth peer name vc1 && ip link set vc0 up && ip link set vc1 up || exit 1
		"$@"
	EOF
	in_net() { unshare -n sh "$tmp/inner.sh" "$@"; }
	# the engine lives as long as its network is in use
	cat >"$tmp/attach.sh" <<-'EOF'
		netmapd --foreground --socket "$NETMAP_SOCKET" 2>"$1/engine.err" &
		e=$!
		until NETMAPD=/nonexistent vale-ctl >/dev/null 2>&1; do kill -0 $e || exit 1; sleep 0.02; done
		vale-ctl -v -a vale5:vc0 >"$1/attach" 2>&1; echo "status $?" >>"$1/attach"
		vale-ctl list vale5 >>"$1/attach" 2>&1
		vale-ctl -a vale5:vc0 >"$1/twice" 2>&1; echo "status $?" >>"$1/twice"
		vale-ctl -v -d vale5:vc0 >"$1/detach" 2>&1; echo "status $?" >>"$1/detach"
		vale-ctl -v -n vp0 -C 64,32,2,2 >"$1/newif" 2>&1; echo "status $?" >>"$1/newif"
		vale-ctl -g vp0 >>"$1/newif" 2>&1
		vale-ctl -v -r vp0 >"$1/delif" 2>&1; echo "status $?" >>"$1/delif"
		kill $e; wait $e
	EOF
	NETMAP_SOCKET=$tmp/nic in_net sh "$tmp/attach.sh" "$tmp" || fail "attach: $(cat "$tmp/engine.err")"
	# an engine that can't do it yet says so
	if ! grep -q EOPNOTSUPP "$tmp/attach"; then
		has -a "$tmp/attach" '^vale5:vc0: attached, port [0-9]*$' '^status 0$' '^vale5:vc0 '
		has "-a twice" "$tmp/twice" "^vale-ctl: can't attach vale5:vc0: .*; " '^status 1$'
		has -d "$tmp/detach" '^vale5:vc0: detached, port [0-9]*$' '^status 0$'
	else
		echo "this engine can't attach interfaces: $(head -1 "$tmp/attach")"
	fi
	if ! grep -q EOPNOTSUPP "$tmp/newif"; then
		has -n "$tmp/newif" '^vp0: made$' '^status 0$' '^vp0: [12] tx rings of 64 slots, [12] rx rings of 32 slots'
		has -r "$tmp/delif" '^vp0: removed$' '^status 0$'
	else
		echo "this engine can't make persistent ports: $(head -1 "$tmp/newif")"
	fi
fi
