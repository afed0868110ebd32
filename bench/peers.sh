# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# peers.sh - what others reach on this machine. Sourced by run.sh. For a peer X: X_usable says whether it can run here (else $why), run_X
# FRAME runs it.
#
#   namespace A           namespace B                            namespace C
#   packet_tx             bridge br0                             packet_rx
#     tx0 ----- veth ----- ptx0   prx0 ---------- veth ----------- rx0

NS=nmbench$$

skip() {
	say "skipped: $1: $2"
}

in_ns() {
	ns=$1; shift
	ip netns exec "$NS$ns" "$@"
}

bridge_usable() {
	why=
	if [ "$(id -u)" -ne 0 ]; then
		why="network namespaces and packet sockets need root; run it as root"
	elif ! command -v ip >/dev/null || ! command -v bridge >/dev/null; then
		why="ip and bridge are missing; apt-get install iproute2"
	elif ! bridge_up 2>"$TMP/bridge.err"; then
		why="cannot set it up: $(cat "$TMP/bridge.err")"
		bridge_down
	fi
	[ -z "$why" ]
}

bridge_up() {
	[ -z "$bridge" ] || return 0
	for n in A B C; do
		ip netns add "$NS$n" || return 1
		bridge=1
		in_ns $n sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6' 2>/dev/null # else neighbours are looked for meanwhile
	done
	ip -n "${NS}A" link add dev tx0 type veth peer name ptx0 netns "${NS}B" &&
		ip -n "${NS}C" link add dev rx0 type veth peer name prx0 netns "${NS}B" &&
		ip -n "${NS}B" link add dev br0 type bridge &&
		ip -n "${NS}B" link set dev ptx0 master br0 up && ip -n "${NS}B" link set dev prx0 master br0 up && ip -n "${NS}B" link set dev br0 up &&
		ip -n "${NS}A" link set dev tx0 up && ip -n "${NS}C" link set dev rx0 address "$MAC" up &&
		bridge -n "${NS}B" fdb replace "$MAC" dev prx0 master static || return 1
	# netfilter looks at bridged frames in each new namespace unless told not to, and costs a fifth
	# shellcheck disable=SC2016
	in_ns B sh -c 'for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$f" ] || echo 0 >"$f" || exit 1; done'
}

# A veth from A to C, without a bridge.
veth_usable() {
	why=
	bridge_usable || return 1
	ip -n "${NS}A" link show dev etx0 >/dev/null 2>&1 && return 0
	ip -n "${NS}A" link add dev etx0 type veth peer name erx0 netns "${NS}C" && ip -n "${NS}A" link set dev etx0 up &&
		ip -n "${NS}C" link set dev erx0 address "$MAC" up || why="cannot make a veth"
	[ -z "$why" ]
}

bridge_down() {
	[ -n "$bridge" ] || return 0
	for n in A B C; do ip netns del "$NS$n" 2>/dev/null; done
	bridge=
}

softirq_threads() {
	grep -ls '^ksoftirqd/' /proc/[0-9]*/comm | tr -dc '0-9\n'
}

run_bridge() {
	packet_run tx0 rx0 "$1"
}

run_veth() {
	packet_run etx0 erx0 "$1"
}

# packet_run FROM TO FRAME - packet sockets in A and C
packet_run() {
	spawn "$TMP/prx" ip netns exec "${NS}C" "$BIN/bench/packet_rx" "$2"
	prx=$pid
	until_true 10 "the receiver of the packet sockets" grep -q ready "$TMP/prx.err"
	spawn "$TMP/ptx" ip netns exec "${NS}A" "$BIN/bench/packet_tx" "$1" "$3" "$MAC"
	ptx=$pid
	flow
	end "$prx"
	[ "$status" -eq 0 ] || die "the receiver of the packet sockets ended with $status"
	end "$ptx"
	[ "$status" -eq 0 ] || die "the sender of the packet sockets ended with $status"
	value=$(cat "$TMP/prx")
}

# Two processes of DPDK's testpmd: one sends, the other receives and looks at nothing. No switch in between.

dpdk_usable() {
	why=
	if ! command -v dpdk-testpmd >/dev/null; then
		why="dpdk-testpmd is missing; apt-get install dpdk-dev"
	elif ! "run_$1" 60 || [ -z "$value" ]; then
		why="it does not work here: $(tail -n 3 "$TMP/pmd_rx.err" "$TMP/pmd_tx.err" 2>&1 | tr '\n' ' ')"
	fi
	[ -z "$why" ]
}

memif_usable() {
	dpdk_usable memif
}

vhost_usable() {
	dpdk_usable vhost
}

# testpmd NAME CPU MODE OPTION... - with 16384 buffers, which is more than the rings hold and stays in the cache; bursts of 32 to 256 gave the same
testpmd() {
	t_name=$1 t_cpu=$2 t_mode=$3; shift 3
	t_frame=$frame
	[ "$t_mode" = txonly ] || t_frame=60
	spawn "$TMP/pmd_$t_name" env RUNTIME_DIRECTORY="$TMP" dpdk-testpmd --lcores "0@($CPUS),1@$t_cpu" --no-pci --no-huge -m 256 --no-telemetry --no-shconf \
		--file-prefix "$NS$t_name" "$@" -- --auto-start --stats-period=1 --forward-mode="$t_mode" --txpkts="$t_frame" --burst=64 \
		--total-num-mbufs=16384
}

made_or_gone() {
	[ -S "$1" ] || ! kill -0 "$2" 2>/dev/null
}

# What the receiver reported, frames a second
rates() {
	awk '$1 == "Rx-pps:" && $2 > 0 { print $2 }' "$TMP/pmd_rx"
}

# reports N - are there so many?
reports() {
	[ "$(rates | wc -l)" -ge "$1" ]
}

# dpdk_run FRAME RX-DEVICE TX-OPTION... - the receiver makes the socket $sock
dpdk_run() {
	frame=$1 rx_dev=$2; shift 2
	value=
	sock=$TMP/dpdk.sock
	rm -f "$sock"
	CPUS=$("$BIN/bench/place" --cpus | tr ' ' ',') || return 1
	testpmd rx "${CPUS#*,}" rxonly --vdev="$rx_dev"
	pmd_rx=$pid
	until_true 20 "DPDK's socket" made_or_gone "$sock" "$pmd_rx"
	[ -S "$sock" ] || { end "$pmd_rx"; return 1; }
	testpmd tx "${CPUS%,*}" txonly "$@"
	pmd_tx=$pid
	# a report a second; the first with frames is of the start
	until_true $((SECONDS_EACH + 20)) "reports of testpmd" reports $((SECONDS_EACH + 1))
	end "$pmd_tx" 2>/dev/null # may end in a segmentation fault when the other one was faster
	end "$pmd_rx"
	value=$(rates | awk 'NR > 1 { sum += $1; n++ } END { if (n) printf("%.4f", sum / n / 1e6) }')
}

run_memif() {
	dpdk_run "$1" "net_memif0,role=server,socket-abstract=no,socket=$TMP/dpdk.sock" \
		--vdev="net_memif0,role=client,socket-abstract=no,socket=$TMP/dpdk.sock"
}

run_vhost() {
	dpdk_run "$1" "net_vhost0,iface=$TMP/dpdk.sock" --single-file-segments --vdev="net_virtio_user0,path=$TMP/dpdk.sock,queue_size=1024"
}

peers_clean() {
	bridge_down
}
