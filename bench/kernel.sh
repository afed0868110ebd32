#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh [--guest stock|uml] [vale|pipe|emulated|sync]... [-- OPTION...]
#
# Runs bench/run.sh --home kernel in guests, with what is built here: without a guest's name "vale pipe emulated" in stock, which has
# two emulated processors, and "sync" in uml, which runs at this machine's speed on one. OPTIONs are those of run.sh, such as --json.
set -eu
cd "$(dirname "$0")/.."
guest='' what=''
while [ $# -gt 0 ]; do
	case $1 in
	--guest) guest=${2:?--guest: stock or uml is expected}; shift ;;
	--) shift; break ;;
	vale | pipe | emulated | sync) what="$what $1" ;;
	-h | --help) sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "kernel.sh: what is '$1'? see --help" >&2; exit 2 ;;
	esac
	shift
done
export GUEST_BENCH="$*"
export GUEST_LEAK=8192 # not what is looked at here: namespaces and their tables stay cached
BUILD=${BUILD:-build/gcc}
export BUILD
make -s -j"$(nproc)" BUILD="$BUILD" all bench

# in_guest GUEST BENCH... - what it printed, and fails where the guest does
in_guest() {
	g=$1; shift
	tests=
	for b in "$@"; do tests="$tests bench/$b"; done
	# User Mode Linux is two processes that take turns: on two CPUs each turn would fetch its memory from the other's cache
	pin=
	[ "$g" != uml ] || pin="taskset -c $(($(nproc) - 1))"
	# shellcheck disable=SC2086 # words
	$pin sh tests/guest/run.sh --guest "$g" --limit 900 $tests
}
if [ -n "$guest" ]; then
	# shellcheck disable=SC2086
	in_guest "$guest" ${what:-vale pipe emulated sync}
	exit
fi
for b in ${what:-vale pipe emulated sync}; do
	case $b in sync) in_guest uml sync ;; *) in_guest stock "$b" ;; esac
done
