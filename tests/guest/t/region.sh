#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# region.sh - what a region takes: its addresses are there from the start, its memory comes with what is handed out or touched, and
# all of it goes with the last who has it.
#
#	ra$$ --- rb$$     veth; both are in the one region of interfaces
#
# shellcheck source=tests/guest/t/users_lib.sh
. "$(dirname "$0")/users_lib.sh"
limit=$(cat /sys/module/netmap/parameters/user_mem)
# shellcheck disable=SC2317,SC2329
undo() {
	ip link del "ra$$" 2>/dev/null
	chmod "$mode" $dev
	echo "$limit" >/sys/module/netmap/parameters/user_mem
}

# taken - KiB that nobody can take back, without free pages that a processor keeps for itself; what is freed after a grace period is
# waited for
taken_now() {
	awk 'FILENAME ~ /zoneinfo/ {if ($1 == "count:") t -= $2 * 4; next} /^MemTotal/ {t += $2}
		/^(MemFree|Buffers|Cached|SReclaimable):/ {t -= $2} END {print t}' /proc/zoneinfo /proc/meminfo
}
taken() {
	last_=-1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		now_=$(taken_now)
		[ $((now_ - last_)) -ge 256 ] || [ $((last_ - now_)) -ge 256 ] || break
		last_=$now_
		sleep 0.1 # between two looks
	done
	echo "$now_"
}
# more_than WHAT BEFORE KIB; less_than WHAT BEFORE KIB - what was taken since
more_than() { [ $(($(taken) - $2)) -gt "$3" ] || fail "$1: $(($(taken) - $2)) KiB, more than $3 expected"; }
less_than() { [ $(($(taken) - $2)) -lt "$3" ] || fail "$1: $(($(taken) - $2)) KiB, less than $3 expected"; }

# what may be left in use by the system when all has gone; KASAN keeps what was freed for a while
case ${GUEST:-} in
*debug) rest=16384 ;;
*) rest=4096 ;;
esac
ip link add "ra$$" type veth peer name "rb$$" || fail "no veth"
ip link set "ra$$" up || fail "no veth"
ip link set "rb$$" up || fail "no veth"
"$own" --once "ra$$" >/dev/null || fail "own"

# 327 MiB of addresses; two rings of 1024 slots, and a little more
before=$(taken)
start a "$own" "ra$$"
told a "ready"
expect "what an interface's region shows" "$(cat "$tmp/a.out")" "ready 327 MiB, 0 extra"
less_than "one interface" "$before" 16384
start b "$own" "rb$$" --extra 20000
told b "ready"
expect "what the other shows" "$(cat "$tmp/b.out")" "ready 327 MiB, 20000 extra"
more_than "two interfaces and 20000 buffers" "$before" 40000
less_than "two interfaces and 20000 buffers" "$before" 80000
stop a
less_than "the other interface, which came later" "$before" 80000
stop b
less_than "no interface" "$before" $rest

# a client may touch all that it has mapped; it is his own memory
start t "$own" --touch vale0:t
told t "ready [34]. MiB"
more_than "a port whose client touches everything" "$before" 40000
stop t
less_than "no port" "$before" $rest

# others have a quota: an interface fits into 16 MiB, touching all of its region does not, and hits nobody else
chmod 666 $dev || fail "chmod"
echo 16 >/sys/module/netmap/parameters/user_mem || fail "user_mem"
start other setpriv --reuid 1001 --regid 1001 --clear-groups "$own" vale1:other
told other "ready"
as 1000 "$own" --once "ra$$" >"$tmp/out" 2>&1 || fail "an interface within 16 MiB: $(cat "$tmp/out")"
as 1000 "$own" --once --touch vale2:t >"$tmp/out" 2>&1
expect "who touches more than his quota" $? 135 # SIGBUS
as 1000 "$own" --once "ra$$" >"$tmp/out" 2>&1 || fail "an interface afterwards: $(cat "$tmp/out")"
as 1000 "$own" --once vale2:e --extra 100000 >"$tmp/out" 2>&1 || fail "fewer extra buffers: $(cat "$tmp/out")"
got=$(sed 's/.*, \([0-9]*\) extra/\1/' "$tmp/out")
expect_ge "extra buffers in 16 MiB" "$got" 1000
expect_ge "extra buffers beyond 16 MiB" $((8000 - got)) 1
stop other
less_than "nobody" "$before" $rest
