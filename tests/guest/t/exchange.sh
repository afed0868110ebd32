#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# exchange.sh - programs of 64 and of 32 bits use the same module, alone and together.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel

"$BUILD/guest/exchange" || fail "64 bits"
case $GUEST in
uml*) echo "User Mode Linux runs no programs of 32 bits" ;;
*) "$BUILD/guest/exchange32" || fail "32 bits" ;;
esac
