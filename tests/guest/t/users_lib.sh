# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# users_lib.sh - what the scripts with users of /dev/netmap share; these begin with it, and it brings tests/net/lib.sh.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
need_tool setpriv util-linux
# shellcheck disable=SC2034
dev=/dev/netmap own=$BUILD/guest/own
# shellcheck disable=SC2034
mode=$(stat -c %a $dev)

# as UID COMMAND... - by that user, in a group of the same number
as() { who_=$1; shift; setpriv --reuid "$who_" --regid "$who_" --clear-groups "$@"; }
