#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vlan.sh - no frame crosses VLANs: each port receives exactly what it should, byte by byte, with the tag that it should have; one
# address in two VLANs is known at a port in each.
#
#	VLAN 10   vale0:a --+        +-- vale0:t   trunk
#	          vale0:b --+-vale0--+-- vale0:u   trunk, native 20
#	VLAN 20   vale0:c --+        +-- vale0:n   in none
#	          vale0:d --+                      one program (prog/vlan.c) has all
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq

start vlan vlan vale0: "$(amount 20000 1000000)"
NET_LIMIT=1000 told vlan '^{'
expect "vlan of the ports" "$(vale-ctl vlan vale0 | tr '\n' ' ')" "vale0:a: access 10 vale0:b: access 10 vale0:c: access 20 vale0:d: access 20 \
vale0:n: off vale0:t: trunk allow 10,20 vale0:u: trunk native 20 allow 10,20 "
for p in a b c d t u n; do
	expect "$p: tx_packets" "$(counter vale0:$p tx_packets)" "$(value vlan ".$p.sent")"
	expect "$p: rx_packets" "$(counter vale0:$p rx_packets)" "$(value vlan ".$p.received")"
	expect_identity vale0:$p
done
expect_ge "frames of other VLANs that were refused" "$(counter vale0 drop_vlan)" 1000
# the address that moved in VLAN 10 and stayed in VLAN 20
expect "a station of both VLANs" "$(vale-ctl fdb vale0 | awk '$1 == "02:00:00:00:00:55" { print $2, $NF }' | sort | tr '\n' ' ')" "10 vale0:t 20 vale0:d "
stop vlan
