#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# storm.sh - of a storm of broadcasts a port's limit lets through what it says, by the books of sender and receivers, and no less of
# what another port sends.
#
#	pkt-gen, s: broadcasts --+        +-- pkt-gen, r
#	pkt-gen, a: broadcasts --+-vale0--+
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq

n=$(amount 500000 50000000)
start r pkt-gen -i vale0:r -f rx --json
until_true "r is there" vale-ctl list vale0:r
start s pkt-gen -i vale0:s -f tx -n 0 -R 1
until_true "s is there" vale-ctl list vale0:s
vale-ctl storm vale0:s broadcast 1,500 || fail "storm limit"
sent_() { [ "$(counter vale0:s tx_packets)" -ge 1 ]; }
until_true "s sends" sent_
begin=$(date +%s)
start s2 pkt-gen -i vale0:s -f tx -n "$n"
finish s2
# 500 at once, then one a second
end=$(date +%s)
passed=$(($(counter vale0:s tx_packets) - $(counter vale0:s drop_storm_broadcast)))
expect_ge "s: frames" "$(counter vale0:s tx_packets)" "$n"
expect_ge "s: frames within the limit" "$passed" 500
[ "$passed" -le $((500 + end - begin + 5)) ] || fail "s: $passed frames passed in $((end - begin)) s, 500 and one a second may"
expect_identity vale0:s
# nobody but a sends from here on
signal s STOP
quiet() { before_=$(counter vale0:s tx_packets); [ "$(counter vale0:s tx_packets)" = "$before_" ]; }
until_true "s is quiet" quiet
before=$(($(counter vale0 tx_packets) - $(counter vale0 drop_storm_broadcast)))
start a pkt-gen -i vale0:a -f tx -n 1000 -R 100000 -w 0
finish a
until_true "a has gone" eval '! vale-ctl list vale0:a'
expect "broadcasts of a that passed" "$(($(counter vale0 tx_packets) - $(counter vale0 drop_storm_broadcast) - before))" 1000
signal s CONT
stop s
stop r
