#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# rings.sh - ports of several rings, and several descriptors of one port.
#
#	vale0:s, 4 rings --- vale0 --- vale0:r, 3 receive rings      unicast to the ring of the sender's number, broadcast to 0
#	vale0:m, 3 rings, opened whole, ring by ring, and to send only
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
for what in choice share extra; do
	rings $what vale0: || fail "rings $what"
done
