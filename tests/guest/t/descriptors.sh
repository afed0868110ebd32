#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# descriptors.sh - descriptors of /dev/netmap that travel, are shared by threads, and whose program is killed. See the program.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel

"$BUILD/guest/descriptors" $((100 * ${GUEST_SCALE:-1})) || fail "descriptors"
