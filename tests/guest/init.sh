#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# init.sh - the first process of a guest: runs what the file "list" beside it names, writes a line a test to the port of results
# and powers off. run.sh makes the folder that it stands in and says what the lines mean; "env" has the settings.
set -u
at=$(dirname "$0")
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp LC_ALL=C
# shellcheck disable=SC1091 # written by run.sh
. "$at/env"
work=/tmp/guest

# run NAME - as it is called in list: builtin/..., ctl/..., or FOLDER/SCRIPT of tests/
run() {
	export NETMAP_ENGINE=kernel NETMAP_SOCKET=$work/none NET_HOME=kernel NET_SLOW="$GUEST_SLOW" BUILD="$at/build/gcc"
	# shellcheck disable=SC2086 # options are words
	case $1 in
	ctl/*) "$at/build/gcc/ctl/${1#*/}" ;;
	bench/*) sh "$at/bench/run.sh" --home kernel $GUEST_BENCH "${1#*/}" ;;
	guest/*) sh "$at/tests/guest/t/${1#*/}.sh" ;;
	*) sh "$at/tests/$1.sh" ;;
	esac
}

if [ "${1:-}" = --run ]; then
	run "$2"
	exit
fi

mount -t proc proc /proc
if grep -q hostfs /proc/mounts; then
	# everything is the host's, read only: the tests get folders of their own on top
	mount -t tmpfs none /mnt && mkdir /mnt/netmap && mount --bind "$at" /mnt/netmap || echo "init: no folder /mnt" >&2
	at=/mnt/netmap
	for d in /tmp /run /var/tmp; do mount -t tmpfs -o mode=1777 none $d; done
fi
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm /run/netns /tmp
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t debugfs debug /sys/kernel/debug 2>/dev/null
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
cd / || exit 1
mkdir -p $work
port=/dev/$GUEST_PORT
stty -F "$port" raw -echo
exec 3>"$port" # stays open: the last close of a serial line may drop what is under way
tell() { echo "$*" >&3; }
off() { sync; sleep 0.1; "$at/busybox" poweroff -f; }
tell "booted $(uname -r) $(cut -d' ' -f1 /proc/uptime) s"
ip link set lo up

# pairs - interfaces that are connected with each other, by the addresses that run.sh gave them
nic() { for d_ in /sys/class/net/*/; do [ "$(cat "${d_}address")" != "52:54:00:4e:0$1:0$2" ] || basename "$d_"; done; }
pairs() {
	for hub in 1 2 3 4 5 6 7 8 9; do
		a=$(nic $hub 1) b=$(nic $hub 2)
		[ -z "$a" ] || [ -z "$b" ] || echo "$(basename "$(readlink "/sys/class/net/$a/device/driver")"):$a:$b"
	done
}
passed=0 failed=0 skipped=0 doubt=

# mark TEXT - in the kernel's log, so that who reads it knows what was running
mark() { echo "netmap-guest: $*" >/dev/kmsg; }

ok() { passed=$((passed + 1)); tell "ok $*"; }
bad() { failed=$((failed + 1)) doubt=1; tell "FAIL $*"; } # what it left behind could make the next one fail
skip() { skipped=$((skipped + 1)); tell "skip $*"; }
quote() { grep -v ' frames a batch$' "$1" | tail -"${2:-60}" | sed 's/^/| /' >&3; } # without pkt-gen's lines of each second

tainted() { echo $(($(cat /proc/sys/kernel/tainted) & ~12288)); } # without 4096, 8192: a module from outside, unsigned

# sound NAME - the kernel has had nothing to report since the last call; otherwise NAME fails
sound() {
	dmesg -c >$work/dmesg 2>/dev/null
	[ ! -w /sys/kernel/debug/dma-api/num_errors ] || echo 20 >/sys/kernel/debug/dma-api/num_errors # by default it tells of the first only
	awk -v guest="$GUEST" -v patterns="$at/reports.list" -v allowed="$at/allow.list" -f "$at/reports.awk" $work/dmesg >$work/reports
	now=$(tainted)
	if [ ! -s $work/reports ] && [ "$now" = "$taint" ]; then return 0; fi
	[ "$now" = "$taint" ] || echo "the kernel was tainted: $taint before, $now after" >>$work/reports
	taint=$now
	return 1
}

# drivers_out, drivers_in - those that came along take the place of the kernel's own and need our module
drivers_out() {
	for ko in "$at"/drivers/*.ko; do
		name=$(basename "$ko" .ko)
		! grep -q "^$name " /proc/modules || rmmod "$name" || return 1
	done
}
drivers_in() {
	[ ! -d "$at/drivers" ] || drivers_out || return 1
	for ko in "$at"/drivers/*.ko; do [ ! -e "$ko" ] || insmod "$ko" || return 1; done
}

load() {
	# shellcheck disable=SC2086 # parameters are words
	{ insmod "$at/$GUEST_MODULE.ko" $GUEST_PARAMS && drivers_in; } 2>$work/insmod || { cat $work/insmod; return 1; }
}
loaded() { grep -q "^$GUEST_MODULE " /proc/modules; }
unload() {
	loaded || return 0
	{ drivers_out && rmmod "$GUEST_MODULE"; } 2>$work/rmmod && return 0
	cat $work/rmmod
	grep "^$GUEST_MODULE " /proc/modules
	return 1
}

# used - KiB that nobody can take back, when they have stopped to fall: much is freed only after a grace period. Free pages
# that a processor keeps for itself are not taken; drop_caches leaves what is in use, such as the file system in memory.
used_now() {
	awk 'FILENAME ~ /zoneinfo/ {if ($1 == "count:") t -= $2 * 4; next} /^MemTotal/ {t += $2}
		/^(MemFree|Buffers|Cached|SReclaimable):/ {t -= $2} END {print t}' /proc/zoneinfo /proc/meminfo
}
used() {
	last=-1 same=0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo 3 >/proc/sys/vm/drop_caches
		for f in /sys/kernel/slab/*/shrink; do [ ! -w "$f" ] || echo 1 >"$f"; done 2>/dev/null
		now=$(used_now)
		if [ "$last" -ge 0 ] && [ $((last - now)) -lt 64 ] && [ $((now - last)) -lt 64 ]; then same=$((same + 1)); else same=0; fi
		last=$now
		[ $same -lt 3 ] || break
		sleep 0.3 # between two looks
	done
	cat /proc/meminfo >$work/meminfo
	echo "$now"
}

# objects - how many of each kind are in use; the kernel does not merge kinds that are alike (run.sh). All objects of a page count that a
# processor keeps for the next one who asks, so these pages are taken from it right before, with nothing started in between.
objects() {
	for d in /sys/kernel/slab/*; do
		if [ -L "$d" ] || [ ! -w "$d/shrink" ]; then continue; fi
		echo 1 >"$d/shrink"
		read -r n _ <"$d/objects"
		echo "${d##*/} $n"
	done >$work/counts
	sort $work/counts
}

# grown BEFORE AFTER LEAST - kinds of objects that became more, without those that belong to processes: how many of them there
# are just then is chance
grown() {
	join "$1" "$2" | grep -vE '^(maple_node|vm_area_struct|anon_vma|anon_vma_chain|task_struct|pid|filp|dentry|cred_jar|mm_struct) ' |
		awk -v least="$3" '$3 - $2 >= least {print $1, $2, $3}'
}

# cycles - loads and unloads again and again: nothing may stay. The first rounds make what the kernel keeps for good. A leak is what
# shows in each of three stretches, an object for two rounds at least, or a page a round. A kind of object that grew in all three
# has to do so in two more, since what the kernel does meanwhile takes objects too.
cycles() {
	unload || return 1
	rounds=$((10 * GUEST_SCALE)) least=
	[ "$GUEST_SLOW" -lt 10 ] || rounds=$((5 * GUEST_SCALE))
	few=$(((rounds + 1) / 2))
	: >$work/leaked
	for stretch in 0 1 2 3 4 5; do
		[ $stretch -le 3 ] || [ -s $work/leaked ] || break
		for i in $(seq 1 $rounds); do
			if ! load || ! unload; then echo "round $((stretch * rounds + i))"; return 1; fi
		done
		u1=$(used)
		objects >$work/objects1
		[ -s $work/objects1 ] || { echo "no counts of objects in /sys/kernel/slab"; return 1; }
		if [ $stretch -gt 0 ]; then
			grown $work/objects0 $work/objects1 $few >$work/grown
			if [ $stretch -gt 1 ]; then join $work/leaked $work/grown >$work/both; else cp $work/grown $work/both; fi
			mv $work/both $work/leaked
			[ -n "$least" ] && [ "$least" -le $((u1 - u0)) ] || least=$((u1 - u0))
			echo "$rounds rounds: $((u1 - u0)) KiB more"
		fi
		mv $work/objects1 $work/objects0
		u0=$u1
	done
	[ ! -s $work/leaked ] || { echo "each $rounds rounds leave $few objects at least of (before and after each stretch):"; cat $work/leaked; return 1; }
	[ "$least" -lt $((rounds * 4)) ] || { echo "each $rounds rounds leave $least KiB at least"; return 1; }
}

# refused_in_use - unloading is refused while a program has the device open
refused_in_use() {
	[ -e /dev/netmap ] || { echo "no /dev/netmap"; return 1; }
	exec 4<>/dev/netmap || return 1
	if rmmod "$GUEST_MODULE" 2>/dev/null; then echo "unloaded while the device is open"; exec 4>&-; return 1; fi
	exec 4>&-
	unload && load
}

# guarded NAME - in a process group of its own, with a limit; a process that SIGKILL does not end ends the guest
guarded() {
	(
		sleep $((GUEST_LIMIT + 40))
		tell "FAIL $1 (not even SIGKILL ends it; the log has where it waits)"
		echo w >/proc/sysrq-trigger
		echo t >/proc/sysrq-trigger
		off
	) 3>&3 &
	watchdog=$!
	case $1 in
	builtin/*) "${1#*/}" ;;
	*) timeout -k 10 "$GUEST_LIMIT" sh "$at/init.sh" --run "$1" ;;
	esac >$work/out 2>&1 </dev/null 3>&-
	status=$?
	kill $watchdog 2>/dev/null
	wait $watchdog 2>/dev/null
	return $status
}

# cleared - what a test left running has ended; SIGKILL takes its time. Otherwise the processes that are left are in alive.
cleared() {
	kill -s KILL -- -1 2>/dev/null
	for _ in $(seq 1 200); do
		awk 'BEGIN {getline own <"/proc/self/stat"; split(own, self, " ")}
			/^Name:/ {name = $2} /^State:/ {state = $2} /^Pid:/ {pid = $2} /^PPid:/ {parent = $2}
			/^Threads:/ && (state != "Z" || $2 > 1) && pid > 2 && parent != 2 && pid != self[1] {print pid, name, state}' \
			/proc/[0-9]*/status >$work/alive 2>/dev/null
		[ -s $work/alive ] || return 0
		sleep 0.1 # between two looks
	done
	return 1
}

one() {
	mark "$1"
	if [ -n "$doubt" ] && ! unload >$work/out 2>&1; then tell "note $1 has the module as the failed test before left it:"; quote $work/out; fi
	doubt=
	case $1 in
	builtin/cycles) ;;
	*) loaded || load >$work/out 2>&1 || { bad "$1 (the module does not load)"; quote $work/out; dmesg >$work/out; quote $work/out 5; return; } ;;
	esac
	begin=$(cut -d' ' -f1 /proc/uptime)
	guarded "$1"
	status=$?
	took=$(echo "$(cut -d' ' -f1 /proc/uptime) $begin" | awk '{printf "%.1f s", $1 - $2}')
	if ! cleared; then
		bad "$1 $took (processes that SIGKILL does not end)"
		quote $work/alive
		quote $work/out
	elif ! sound "$1"; then
		bad "$1 $took (the kernel reports)"
		quote $work/reports 20
		quote $work/out
	else
		case $status in
		0)
			ok "$1 $took"
			case $1 in bench/*) quote $work/out ;; esac
			;;
		77) skip "$1 $took ($(sed -n 's/^skip: //p' $work/out | tail -1))" ;;
		124 | 137) bad "$1 $took (not within its limit of $GUEST_LIMIT s)"; quote $work/out ;;
		*) bad "$1 $took (status $status)"; quote $work/out ;;
		esac
	fi
}

# leaks - what the whole run left behind. A region of netmap takes megabytes and a port tens of KiB, while the namespaces and
# interfaces of the tests make the kernel's own tables grow by some hundred KiB for good; kmemleak, where there is one, sees all.
leaks() {
	mark leaks
	unload >$work/out || { bad "unload"; quote $work/out; return; }
	u1=$(used)
	if [ $((u1 - used0)) -lt "$GUEST_LEAK" ]; then
		ok "leaks ($((u1 - used0)) KiB more than before, $GUEST_LEAK are allowed)"
	else
		bad "leaks ($((u1 - used0)) KiB more than before, $GUEST_LEAK are allowed)"
		objects >$work/objects1
		[ -s $work/objects1 ] || { echo "no counts of objects in /sys/kernel/slab"; return 1; }
		{
			echo "from /proc/meminfo and /proc/slabinfo, before and after:"
			sed 's/ kB//' $work/meminfo0 | sort >$work/m0
			sed 's/ kB//' $work/meminfo | sort | join $work/m0 - | awk '$2 != $3'
			grown $work/first $work/objects1 20
		} >$work/out
		quote $work/out
	fi
	if [ -w /sys/kernel/debug/kmemleak ]; then
		for _ in 1 2; do echo scan >/sys/kernel/debug/kmemleak; sleep 1; done # objects are reported from their second scan on
		cat /sys/kernel/debug/kmemleak >$work/out
		if [ -s $work/out ]; then bad "kmemleak"; quote $work/out 100; else ok "kmemleak"; fi
	fi
	if [ -r /proc/lockdep_stats ] && ! grep -q 'debug_locks: *1' /proc/lockdep_stats; then bad "lockdep (it has turned itself off)"; fi
	sound leaks || { bad "unload (the kernel reports)"; quote $work/reports 20; }
}

taint=$(tainted)
sound boot || { bad "boot (the kernel reports)"; quote $work/reports 20; }
# shellcheck disable=SC2086 # words
[ -z "$GUEST_MODPROBE" ] || modprobe -a $GUEST_MODPROBE 2>$work/out || { tell "note modprobe:"; quote $work/out; }
[ ! -e /dev/net/tun ] || chmod 666 /dev/net/tun # as udev does
{ load && unload && { [ ! -d "$at/drivers" ] || load; }; } >$work/out 2>&1 || { bad "load"; quote $work/out; dmesg >$work/out; quote $work/out 20; }
GUEST_PAIRS=$(pairs | tr '\n' ' ')
export GUEST_PAIRS
[ -z "$GUEST_PAIRS" ] || tell "note NICs: $GUEST_PAIRS"
used0=$(used)
objects >$work/first
mv $work/meminfo $work/meminfo0
while read -r name; do one "$name"; done <"$at/list"
leaks
tell "end $passed passed, $failed failed, $skipped skipped"
off
