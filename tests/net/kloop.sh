#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kloop.sh - frames between two ports that are served by loops (CSB, SYNC_KLOOP_START): once by programs that only look at memory and
# make no system call, once by such that sleep and are woken by eventfds, once with rings that are served where they are signalled. All
# arrive, as they were sent and in order.
#
#	memory or eventfds ===loop=== vale0:s  vale0:r ===loop=== memory or eventfds        the same with w{1 and w}1
#
# Needs: any home. --full: 2 million frames of each kind.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
n=$(amount 20000 2000000)
for how in memory eventfd direct; do
	kloop $how vale0:s vale0:r "$n" 200 || fail "$how over a switch"
	kloop $how vale0:s vale0:r "$n" lossless || fail "$how to a lossless port"
	kloop $how 'netmap:w{1' 'netmap:w}1' "$n" 0 || fail "$how over a pipe"
done
