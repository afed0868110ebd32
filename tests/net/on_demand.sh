#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# on_demand.sh - an ordinary user types two commands and there is traffic; the engine comes with the first and leaves after
# the last.
#
#	pkt-gen tx --- vale0 --- pkt-gen rx        pkt-gen tx --- x}1===x{1 --- pkt-gen rx
#
# Needs: home user. Root is not needed; as root the programs run as a user that nobody else has.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_home user
need_tool jq jq

# The programs where that user can read them, whatever the rights of the build folder.
mkdir "$tmp/bin" "$tmp/run" && cp "$BUILD/pkt-gen" "$BUILD/netmapd" "$BUILD/vale-ctl" "$tmp/bin/" || exit 1
chmod 755 "$tmp" "$tmp/bin"
if [ "$(id -u)" -eq 0 ]; then
	uid=$((60000 + $$ % 5000))
	as="setpriv --reuid=$uid --regid=$uid --clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin"
	NETMAP_SOCKET=/tmp/netmapd-$uid/netmapd.sock
	# shellcheck disable=SC2317,SC2329
	undo() { rm -rf "/tmp/netmapd-$uid"; }
else
	chmod 700 "$tmp/run"
	as="env -i PATH=/usr/bin:/bin XDG_RUNTIME_DIR=$tmp/run"
	NETMAP_SOCKET=$tmp/run/netmapd.sock
fi
[ ! -S /run/netmap/netmapd.sock ] || skip "a system engine would serve this test: /run/netmap/netmapd.sock exists"

# traffic NAME RX-PORT TX-PORT - both at once: who comes first starts the engine
traffic() {
	# shellcheck disable=SC2086
	{
		start "rx_$1" $as "$tmp/bin/pkt-gen" -i "$2" -f rx -n 300000 --json
		start "tx_$1" $as "$tmp/bin/pkt-gen" -i "$3" -f tx --json
	}
	finish "rx_$1"
	expect "$1: frames received" "$(value "rx_$1" .packets)" 300000
	expect "$1: bytes received" "$(value "rx_$1" .bytes)" $((300000 * 60))
	expect "$1: engines" "$(engine_pid | wc -w)" 1
	owner=$(stat -c %u "/proc/$(engine_pid)")
	expect "$1: owner of the engine" "$owner" "${uid:-$(id -u)}"
	signal "tx_$1" INT
	finish "tx_$1"
	expect_ge "$1: frames sent" "$(value "tx_$1" .packets)" 300000
	until_true "$1: the engine leaves after its last client" engine_gone
	[ ! -e "$NETMAP_SOCKET" ] || fail "$1: the engine left $NETMAP_SOCKET behind"
}

traffic vale vale0:rx vale0:tx
traffic pipe 'netmap:x{1' 'netmap:x}1'
