#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# wake.sh - poll, ppoll, select, pselect and epoll return when a frame comes to a port, and when a full pipe has room again.
#
#	one thread --- vale0:s  vale0:r --- the other, asleep       the other, asleep --- w{1===w}1 --- one thread
#
# Needs: any home. --full: 20000 times each.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
n=$(amount 200 20000)
wake in vale0: "$n" || fail "wake in"
wake out netmap:w "$n" || fail "wake out"
