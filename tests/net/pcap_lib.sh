# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# pcap_lib.sh - what the scripts share that run programs of the system over our libpcap. They are not changed, nor linked anew.

# through PROGRAM ARGUMENTS...
through() { netmap-pcap "$@"; }

# capture NAME PORT ARGUMENTS... - tcpdump on a port, which is open when this returns
capture() {
	c_name=$1 c_port=$2; shift 2
	start "$c_name" netmap-pcap tcpdump -Z root -l -n -i "$c_port" "$@"
	until_true "$c_name listens" listens_or_gone "$c_name"
}
listens_or_gone() { grep -q '^tcpdump: listening\|^listening' "$tmp/$1.err" || ! running "$1"; }

# packets NAME WHAT - what tcpdump counted: captured, "received by filter" or "dropped by kernel"
packets() { sed -n "s/^\([0-9]*\) packets\{0,1\} $2.*/\1/p" "$tmp/$1.err"; }

# port_open PORT
port_open() { vale-ctl list "$1"; }

# make_frames FILE N PORT - N frames of UDP from 10.0.0.1 to 10.0.0.2, each with its number, as a file
make_frames() {
	awk -v n="$2" -v port="$3" '
		function le32(v) { return sprintf("%02x%02x%02x%02x", v % 256, int(v / 256) % 256, int(v / 65536) % 256, int(v / 16777216)) }
		BEGIN {
			printf "d4c3b2a1020004000000000000000000ffff000001000000"
			for (i = 1; i <= n; i++) {
				printf "%s%s%s%s", le32(1000), le32(i), le32(60), le32(60)
				printf "ffffffffffff02000000000108004500002e00000000401166bd0a0000010a000002"
				printf "04d2%04x001a0000%08x70636170206f766572206e65746d", port, i
			}
		}' | sed 's/../\\x&/g' >"$tmp/frames.hex"
	# shellcheck disable=SC3037,SC2059
	/usr/bin/printf "$(cat "$tmp/frames.hex")" >"$1"
}
