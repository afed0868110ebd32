#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vif_polling.sh - threads that poll an interface in a switch: one end of a veth pair, whose other end is at station a; station b
# has a persistent port, which can't be polled.
# shellcheck source=tests/guest/t/vif_lib.sh
. "$(dirname "$0")/vif_lib.sh"

# poller CPU - the process of the thread on that CPU, nothing if there is none; threads - how many there are
poller() { grep -lx "netmap/$1/p0" /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }
no_poller() { [ -z "$(poller "$1")" ]; }
threads() { cat /proc/[0-9]*/comm 2>/dev/null | grep -cx 'netmap/[0-9]*/p0'; }

station a
station b
ip link add p0 type veth peer name p1 netns "nic-$$-a" || fail "a veth pair"
{ in_ a ip addr add 192.0.2.1/24 dev p1 && in_ a ip link set p1 up && ip link set p0 up; } || fail "the veth pair up"
{ vale-ctl -n vb && vale-ctl -a vale0:vb && vale-ctl -a vale0:p0; } || fail "vb and p0 into vale0"
move vb b 192.0.2.2
ping_all "ping without polling" a 192.0.2.2

refused 'is not attached' vale-ctl -p vale0:nosuch -C single,0,1
refused "vb can't be polled" vale-ctl -p vale0:vb -C single,0,1
refused 'is not polled' vale-ctl -P vale0:p0
refused 'there are rings 0 to 0' vale-ctl -p vale0:p0 -C multi,0,2
refused 'there are rings 0 to 0' vale-ctl -p vale0:p0 -C multi,1,1
if [ "$(nproc)" -eq 1 ]; then
	refused "1 of 1 CPUs can't all poll" vale-ctl -p vale0:p0 -C single,0,1
	exit # what follows needs a second CPU
fi
refused 'CPU 4000 is not there' vale-ctl -p vale0:p0 -C single,4000,1

vale-ctl -p vale0:p0 -C single,1,1 || fail "polling on"
until_true "a thread polls" [ -n "$(poller 1)" ]
expect "its CPU" "$(awk '/^Cpus_allowed_list/ {print $2}' "/proc/$(poller 1)/status")" 1
refused 'is polled already' vale-ctl -p vale0:p0 -C single,0,1
refused 'is polled; end that first' vale-ctl -d vale0:p0
before=$(awk '{print $14 + $15}' "/proc/$(poller 1)/stat")
ping_all "ping with polling" a 192.0.2.2
more_time() { [ "$(awk '{print $14 + $15}' "/proc/$(poller 1)/stat")" -gt "$before" ]; }
until_true "the thread works" more_time
vale-ctl -P vale0:p0 || fail "polling off"
expect "threads after that" "$(threads)" 0
ping_all "ping after polling" a 192.0.2.2

# ring 0 by CPU 0; a thread that is killed gives its ring back
vale-ctl -p vale0:p0 -C multi,0,1 || fail "polling on, ring by ring"
until_true "a thread polls on CPU 0" [ -n "$(poller 0)" ]
kill -KILL "$(poller 0)" || fail "kill the thread"
ping_all "ping after the thread was killed" a 192.0.2.2
vale-ctl -P vale0:p0 || fail "polling off after the thread was killed"
expect "threads after that" "$(threads)" 0

# the interface leaves, then the module
vale-ctl -p vale0:p0 -C single,0,1 || fail "polling on again"
ip link del p0 || fail "delete p0"
until_true "its port goes" sh -c '! vale-ctl list | grep -q p0'
until_true "its thread goes" no_poller 0
expect_identity vale0
