#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# native.sh [--keep] [--nics "e1000 virtio-net-pci"] [-- OPTION...] - how fast the drivers with hooks send and receive against packet
# sockets over the same NIC, in turn: bench/run.sh --home kernel native in a guest in QEMU with Debian's kernel. OPTIONs are those of run.sh,
# such as --json; without any: --frames 60 --verbose.
set -eu
cd "$(dirname "$0")/.."
nics='e1000 virtio-net-pci' keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--nics) nics=${2:?--nics: models are expected}; shift ;;
	--keep) keep=--keep ;;
	--) shift; break ;;
	-h | --help) sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "native.sh: what is '$1'? see --help" >&2; exit 2 ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- --frames 60 --verbose
export GUEST_BENCH="$*"
export GUEST_LEAK=8192 # not what is looked at here: namespaces and their tables stay cached
export BUILD="${BUILD:-build/gcc}"
drivers='' sinks='' n=0
for nic in $nics; do
	case $nic in virtio*) drivers="$drivers virtio_net" ;; *) drivers="$drivers ${nic%%,*}" ;; esac
	# A hub throws away what nobody is there to take, but only if it has another port.
	n=$((n + 1))
	sinks="$sinks -netdev hubport,id=sink$n,hubid=9$n -netdev hubport,id=nobody$n,hubid=9$n"
	sinks="$sinks -device $nic,netdev=sink$n,mac=52:54:00:53:0$n:01,romfile="
done
# shellcheck disable=SC2086 # an option
exec sh tests/guest/run.sh --guest stock --drivers "${drivers# }" --nics "$nics" --qemu "${sinks# }" --limit 900 $keep bench/native
