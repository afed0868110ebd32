#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh vale|pipe|run|latency|broadcast|fanin|monitor|storm|idle|memory|pcap|emulated|sync|native|all [--seconds N] [--pairs N] [--tries N] [--json]
#     [--frames "60 1514"] [--peers "bridge memif vhost"|none] [--verbose] [--home user|kernel]
#
# With --home kernel the ports are those of netmap.ko, which is loaded; "emulated", "sync" and "native" are of that home only, and kernel.sh
# runs all that in guests, but "native", which native.sh does: it is not in "all".
#
# Measures what is built in $BUILD (default: build) against limits and peers of this machine, in turn with them, and prints a table or,
# with --json, an object a line. bench/README.md says what each figure is.
set -u
cd "$(dirname "$0")/.." || exit 1
BIN=${BUILD:-build}
BENCHES="vale pipe run latency broadcast fanin monitor storm idle memory pcap" HOME_OF=user
SECONDS_EACH=1 PAIRS=3 FRAMES="60 1514" JSON='' VERBOSE='' PEERS='bridge memif vhost' TRIES=4 LIMIT_MS=150

usage() {
	echo "usage: bench/run.sh vale|pipe|run|latency|broadcast|fanin|monitor|storm|idle|memory|pcap|emulated|sync|native|all [--seconds N] [--pairs N]"
	echo "       [--tries N] [--json] [--frames LIST] [--peers LIST|none] [--verbose] [--home user|kernel]; see bench/README.md"
}

number() {
	case $2 in
	'' | *[!0-9]* | 0*) echo "bench: $1 '$2': a number from 1 is expected" >&2; exit 2 ;;
	esac
}

peers() {
	PEERS=
	for p in $1; do
		case $p in
		bridge | memif | vhost) PEERS="$PEERS $p" ;;
		none) ;;
		*) echo "bench: --peers '$p': bridge, memif, vhost or none is expected" >&2; exit 2 ;;
		esac
	done
}

what=
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) number "$1" "${2:-}"; SECONDS_EACH=$2; shift ;;
	--pairs) number "$1" "${2:-}"; PAIRS=$2; shift ;;
	--frames) FRAMES=${2:-}; shift; for f in $FRAMES; do number --frames "$f"; done ;;
	--json) JSON=1 ;;
	--tries) number "$1" "${2:-}"; TRIES=$2; shift ;;
	--peers) peers "${2:-}"; shift ;;
	--verbose) VERBOSE=1 ;;
	--home)
		case ${2:-} in
		user) ;;
		kernel) BENCHES="vale pipe monitor emulated sync native" ;;
		*) echo "bench: --home '${2:-}': user or kernel is expected" >&2; exit 2 ;;
		esac
		HOME_OF=$2; shift ;;
	--help) usage; exit 0 ;;
	all | vale | pipe | run | latency | broadcast | fanin | monitor | storm | idle | memory | pcap | emulated | sync | native) what="$what $1" ;;
	*) echo "bench: what is '$1'?" >&2; usage >&2; exit 2 ;;
	esac
	shift
done
[ -n "$what" ] || { usage >&2; exit 2; }
[ "$what" != " all" ] || what=${BENCHES% native}
for b in $what; do
	case " $BENCHES " in
	*" $b "*) ;;
	*) echo "bench: $b is not for --home $HOME_OF, which has: $BENCHES" >&2; exit 2 ;;
	esac
done

. bench/measure.sh
. bench/ports.sh
. bench/peers.sh
. bench/house.sh
. bench/nics.sh

needed="pkt-gen vale-ctl bench/limit bench/place"
[ "$HOME_OF" = kernel ] && needed="$needed bench/sync bench/packet_tx bench/packet_rx" || needed="$needed netmapd netmap-run bare/pkt-gen bench/eventfd bench/packet_tx bench/pcap_rx pcap/libpcap.so.0.8"
for f in $needed; do
	[ -x "$BIN/$f" ] || die "$BIN/$f is missing; run 'make all bench${BUILD:+ BUILD=$BUILD}' first"
done
TMP=$(mktemp -d) || exit 1
NETMAP_SOCKET=$TMP/engine.sock NETMAP_ENGINE=$HOME_OF
export NETMAP_SOCKET NETMAP_ENGINE
children='' helpers='' bridge=''
cleanup() {
	trap '' INT TERM
	end_all
	peers_clean
	rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
: >"$TMP/records"

bench_vale() {
	engine
	for f in $FRAMES; do
		[ "$HOME_OF" = user ] || continue # whose aims these are; a kernel's calls cost more in a guest than the frames
		pair vale "$f" limit vale mpps 'ratio>=0.6'
		pair vale "$f" limit_descriptors vale_descriptors mpps none
	done
	bench_peers
	engine_end
}

bench_peers() {
	for peer in $PEERS; do
		if ! "${peer}_usable"; then
			skip "$peer" "$why"
			continue
		fi
		[ "$peer" != bridge ] || helpers="$engine $(softirq_threads)"
		for f in $FRAMES; do
			case $peer-$f in
			bridge-60) aim=$([ "$HOME_OF" = kernel ] && echo 'ratio>=20' || echo 'ratio>=50') ;;
			bridge-*) aim=none ;;
			*-60) aim='ratio>=1.5' ;;
			*) aim='ratio>=1' ;;
			esac
			pair vale "$f" "$peer" vale mpps "$aim"
		done
		helpers=$engine
	done
}

bench_monitor() {
	engine
	for f in $FRAMES; do
		pair monitor "$f" vale watched_sender mpps "$([ "$f" = 60 ] && echo 'ratio>=0.7' || echo none)"
		pair monitor "$f" vale watched_receiver mpps "$([ "$f" = 60 ] && echo 'ratio>=0.7' || echo none)"
	done
	engine_end
}

bench_pipe() {
	engine
	for f in $FRAMES; do
		if [ "$HOME_OF" = kernel ]; then
			! bridge_usable || pair pipe "$f" bridge pipe mpps none
			continue
		fi
		pair pipe "$f" limit_descriptors pipe_descriptors mpps "$([ "$f" = 60 ] && echo 'value>=100' || echo none)"
		pair pipe "$f" limit pipe mpps "$([ "$f" = 60 ] && echo 'ratio>=0.8' || echo none)"
	done
	engine_end
}

# The same pkt-gen twice: linked with the library, and with the device only, by netmap-run.
bench_run() {
	engine
	for f in $FRAMES; do
		pair run "$f" vale run_vale mpps 'ratio>=0.9'
		pair run "$f" pipe run_pipe mpps 'ratio>=0.9'
	done
	engine_end
}

bench_fanin() {
	engine
	for f in $FRAMES; do pair fanin "$f" vale fanin mpps 'ratio>=0.5'; done
	engine_end
}

bench_storm() {
	engine
	for f in $FRAMES; do pair storm "$f" storm_calm storm_raging mpps 'ratio>=0.9'; done
	engine_end
}

bench_broadcast() {
	engine
	for f in $FRAMES; do pair broadcast "$f" vale broadcast mpps 'ratio>=0.5'; done
	engine_end
}

# Two ends of a veth: by netmap, by packet sockets.
bench_emulated() {
	veth_usable || { skip emulated "$why"; return; }
	for f in $FRAMES; do pair emulated "$f" veth emulated mpps "$([ "$f" = 60 ] && echo 'ratio>=3' || echo none)"; done
}

# A program of libpcap: over netmap, and over the system's library on a veth, to which a packet socket sends.
bench_pcap() {
	veth_usable || { skip pcap "$why"; return; }
	engine
	for f in $FRAMES; do
		for p in pcap_vale pcap_pipe; do pair pcap "$f" pcap_veth $p mpps "$([ "$f" = 60 ] && echo 'ratio>=10' || echo none)"; done
	done
	engine_end
}

# What a frame costs in a call, without the call itself: in the module and in the same core as a program.
bench_sync() {
	for f in $FRAMES; do pair sync "$f" sync_core sync_kernel mpps "$([ "$f" = 60 ] && echo 'ratio>=0.8' || echo none)"; done
}

machine
for b in $what; do
	progress "$b"
	"bench_$b"
done
awk -v json="$JSON" -f bench/report.awk "$TMP/records"
