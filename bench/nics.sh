# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# nics.sh - NICs whose drivers have hooks, by their own rings and by packet sockets. Sourced by run.sh, in the guest of native.sh.
#
#   sink          a NIC alone on its hub: what it sends goes nowhere
#   na ==== nb    a pair; na sends by netmap, whoever receives

# nics_find - lines "driver sink na nb"
nics_find() {
	for n_pair in ${GUEST_PAIRS:-}; do
		n_kind=${n_pair%%:*} n_pair=${n_pair#*:}
		for n_at in /sys/class/net/*; do
			case $(cat "$n_at/address") in
			52:54:00:53:*)
				[ "$(basename "$(readlink "$n_at/device/driver")")" != "$n_kind" ] || echo "$n_kind $(basename "$n_at") ${n_pair%:*} ${n_pair#*:}"
				;;
			esac
		done
	done
}

carrier() {
	[ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]
}

# busy - ticks that all processors were not idle, since boot, and the time in s
busy() {
	awk 'FILENAME == "/proc/stat" && $1 == "cpu" { b = $2 + $3 + $4 + $7 + $8 } FILENAME != "/proc/stat" { t = $1 } END { print b, t }' /proc/stat /proc/uptime
}

# nics_flow - a flow; sets spent, the busy processors meanwhile
nics_flow() {
	b0=$(busy)
	flow
	spent=$(echo "$b0 $(busy)" | awk -v hz="$(getconf CLK_TCK 2>/dev/null || echo 100)" '{ print ($3 - $1) / hz / ($4 - $2) }')
}

# Frames have come or gone, as pkt-gen NAME says
moves() {
	awk '/ frames in / && $5 > 0 { found = 1 } END { exit !found }' "$TMP/$1.err"
}

# of one frame, in microseconds of processors
nics_us() {
	holds "${value:-0} > 0" || die "$1: no frame passed"
	us=$(calc "$spent / $value")
}

nics_tx_netmap() {
	gen tx -i "netmap:$sink" -f tx -w 0 -l "$1" -D "$MAC"
	until_true 20 "frames out of $sink" moves tx
	nics_flow
	gen_end tx "$pid"
	value=$(rate tx)
}

# nics_tx_packet FRAME [ring]
nics_tx_packet() {
	until_true 20 "the carrier of $sink" carrier "$sink"
	spawn "$TMP/ptx" "$BIN/bench/packet_tx" "$sink" "$1" "$MAC" ${2+"$2"}
	nics_flow
	end "$pid"
	[ "$status" -eq 0 ] || die "the sender of the packet sockets ended with $status"
	value=$(cat "$TMP/ptx")
}

# The sender is there before and after, so that the NICs are reset for the receiver's sake only.
nics_rx_netmap() {
	gen tx -i "netmap:$na" -f tx -w 0 -l "$1" -D "$MAC"
	tx=$pid
	gen rx -i "netmap:$nb" -f rx -w 0
	rx=$pid
	until_true 20 "frames into $nb" moves rx
	nics_flow
	gen_end rx "$rx"
	gen_end tx "$tx"
	value=$(rate rx)
}

received() {
	[ "$(cat "/sys/class/net/$1/statistics/rx_packets")" -gt "$2" ]
}

nics_rx_packet() {
	until_true 20 "the carrier of $nb" carrier "$nb"
	gen tx -i "netmap:$na" -f tx -w 0 -l "$1" -D "$MAC"
	tx=$pid
	until_true 20 "frames into $nb" received "$nb" "$(cat "/sys/class/net/$nb/statistics/rx_packets")"
	spawn "$TMP/prx" "$BIN/bench/packet_rx" "$nb"
	rx=$pid
	until_true 20 "the receiver of the packet sockets" grep -q ready "$TMP/prx.err"
	nics_flow
	end "$rx"
	[ "$status" -eq 0 ] || die "the receiver of the packet sockets ended with $status"
	gen_end tx "$tx"
	value=$(cat "$TMP/prx")
}

run_tx_netmap() { nics_tx_netmap "$1"; nics_us tx_netmap; }
run_tx_mmsg() { nics_tx_packet "$1"; nics_us tx_mmsg; }
run_tx_ring() { nics_tx_packet "$1" ring; nics_us tx_ring; }
run_rx_netmap() { nics_rx_netmap "$1"; nics_us rx_netmap; }
run_rx_ring() { nics_rx_packet "$1"; nics_us rx_ring; }

# nics_rounds FRAME WHAT REF... - each in turn, PAIRS times: frames, and what one costs the guest's processors. All rounds count: in a guest
# the place of its processors is not known.
nics_rounds() {
	r_frame=$1 r_what=$2; shift 2
	for _ in $(seq "$PAIRS"); do
		place
		measure "$r_what" "$r_frame"
		r_value=$value r_us=$us
		for r_ref; do
			measure "$r_ref" "$r_frame"
			record "$kind" "$r_frame" "$r_what" "$r_ref" "$r_value" "$value" - - 1 mpps 'ratio>=3'
			record "$kind" "$r_frame" "$r_what" "$r_ref,cpu" "$r_us" "$us" - - 1 us 'ratio<=0.34'
			progress "$kind $r_what: $r_value Mpps, $r_us us each; $r_ref: $value, $us"
		done
	done
}

bench_native() {
	nics_find >"$TMP/nics"
	[ -s "$TMP/nics" ] || die "no NICs to measure; bench/native.sh runs this in a guest that has them"
	helpers=$(softirq_threads)
	echo 1 >/sys/module/netmap/parameters/admode || die "cannot set the module's parameter admode"
	while read -r kind sink na nb <&4; do
		for n in $sink $na $nb; do
			[ ! -e "/proc/sys/net/ipv6/conf/$n/disable_ipv6" ] || echo 1 >"/proc/sys/net/ipv6/conf/$n/disable_ipv6"
			ip link set "$n" up promisc on || die "cannot bring up $n"
		done
		for f in $FRAMES; do
			nics_rounds "$f" tx_netmap tx_mmsg tx_ring
			nics_rounds "$f" rx_netmap rx_ring
		done
	done 4<"$TMP/nics"
	echo 0 >/sys/module/netmap/parameters/admode
}
