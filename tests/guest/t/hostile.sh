#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hostile.sh - clients without manners beside others, on switches, pipes and an interface with its host rings; then nothing is left.
# HOSTILE_SECONDS (3, times GUEST_SCALE) is how long, HOSTILE_SEED as which run.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
need_tool jq jq
undo() { ip link del "hv$$" 2>/dev/null; }

ip link add "hv$$" type veth peer name "hp$$" || fail "no veth"
ip link set "hv$$" up || fail "veth up"
ip link set "hp$$" up || fail "veth up"
"$BUILD/guest/hostile" ${HOSTILE_SEED:+--seed "$HOSTILE_SEED"} --seconds $((${HOSTILE_SECONDS:-3} * ${GUEST_SCALE:-1})) --interface "hv$$" || fail "hostile clients"
# persistent ports, which they may make, stay until somebody removes them
vale-ctl list --json >"$tmp/list" || fail "vale-ctl list"
for name in $(jq -r '[.. | objects | .name? // empty] | join(" ")' "$tmp/list"); do vale-ctl -r "$name" 2>>"$tmp/removed"; done
vale-ctl list --json >"$tmp/list" || fail "vale-ctl list"
expect "ports that are left" "$(jq -r '[.. | objects | .name? // empty] | join(" ")' "$tmp/list")" ""
