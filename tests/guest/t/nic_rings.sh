#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_rings.sh - slots and indices out of rule in the rings of interfaces and of their host: each is counted, nothing of it passes.
#
#	nic_rings --- va ==== vb --- nic_rings
#
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/nic_lib.sh
. "$NET_LIB/nic_lib.sh"

ip link add va type veth peer name vb || skip "no veth interfaces here"
for i in va vb; do
	echo 1 >"/proc/sys/net/ipv6/conf/$i/disable_ipv6" # the host has nothing to say
	ip link set $i up
done
"$BUILD/guest/nic_rings" va vb || fail "nic_rings"
