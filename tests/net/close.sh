#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# close.sh - ports of a switch and ends of a pipe closed in every order: those left go on, a pipe's other end keeps what it
# was sent, and after the last nothing is left.
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq
wake close vale0: || fail "wake close"
vale-ctl list --json >"$tmp/list" || fail "vale-ctl list"
expect "ports that are left" "$(jq -r '[.. | objects | .name? // empty] | join(" ")' "$tmp/list")" ""
