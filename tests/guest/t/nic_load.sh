#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nic_load.sh - drivers with hooks (GUEST_NATIVE) without netmap.ko, beside the kernel's own, and netmap.ko while they need it: each is
# refused with one line, and all is well afterwards.
NET_LIB=$(dirname "$0")/../../net
export NET_LIB
# shellcheck source=tests/net/lib.sh
. "$NET_LIB/lib.sh"
home=$(dirname "$0")/../../..
[ -n "${GUEST_NATIVE:-}" ] || skip "there are no drivers with hooks in this guest"

loaded() { grep -q "^$1 " /proc/modules; }
out() { ! loaded "$1" || rmmod "$1" || fail "$1 can't be unloaded"; }
# refused WHAT TEXT COMMAND... - it fails with one line that has TEXT
refused() {
	what_=$1 text_=$2
	shift 2
	dmesg -c >"$tmp/before"
	"$@" 2>"$tmp/said" && fail "$what_: it did not fail"
	expect "$what_: lines" "$(wc -l <"$tmp/said")" 1
	grep -q "$text_" "$tmp/said" || fail "$what_: said is $(cat "$tmp/said")"
	dmesg -c >"$tmp/log"
}

for nic in $GUEST_NATIVE; do
	ko=$home/drivers/$nic.ko
	loaded "$nic" || fail "$nic is not loaded"
	refused "$nic: netmap.ko while a driver needs it" "in use" rmmod netmap
	out "$nic"
	modprobe "$nic" || fail "$nic: the kernel's own is not there"
	refused "$nic: beside the kernel's own" "File exists" insmod "$ko"
	out "$nic"
done
for nic in $GUEST_NATIVE; do out "$nic"; done
out netmap
for nic in $GUEST_NATIVE; do
	refused "$nic: without netmap.ko" "Unknown symbol in module" insmod "$home/drivers/$nic.ko"
	expect "$nic: lines in the log" "$(grep -c "$nic: Unknown symbol netmap_nic_attach" "$tmp/log")" 1
	modprobe "$nic" || fail "$nic: the kernel's own is not there"
	out "$nic"
done
