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
# shellcheck source=tests/net/user_lib.sh
. "$(dirname "$0")/user_lib.sh"
need_home user
need_tool jq jq

user_begin pkt-gen netmapd vale-ctl

# traffic NAME RX-PORT TX-PORT - both at once: who comes first starts the engine
traffic() {
	# shellcheck disable=SC2086 # words
	{
		start "rx_$1" $as pkt-gen -i "$2" -f rx -n 300000 --json
		start "tx_$1" $as pkt-gen -i "$3" -f tx --json
	}
	finish "rx_$1"
	expect "$1: frames received" "$(value "rx_$1" .packets)" 300000
	expect "$1: bytes received" "$(value "rx_$1" .bytes)" $((300000 * 60))
	engine_is_ours "$1"
	signal "tx_$1" INT
	finish "tx_$1"
	expect_ge "$1: frames sent" "$(value "tx_$1" .packets)" 300000
	engine_leaves "$1"
}

traffic vale vale0:rx vale0:tx
traffic pipe 'netmap:x{1' 'netmap:x}1'
