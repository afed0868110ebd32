#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_replay.sh - the frames of a pcap file, sent with pkt-gen -P, arrive byte for byte and in order.
#
#	frames.pcap --- pkt-gen tx -P --- vale0:tx  vale0:rx --- pkt-gen rx --write --- got.pcap       the same over a pipe
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool jq jq
need_tool tcpdump tcpdump

# le32 N... - little-endian words
le32() {
	for n in "$@"; do
		# shellcheck disable=SC2059
		printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24 & 255)))"
	done
}

# make_pcap FILE SIZE... - a file with a frame of random bytes of each size, all to a group address
make_pcap() {
	out=$1; shift
	{
		le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 262144 1
		for size in "$@"; do
			le32 1 2 "$size" "$size"
			printf '\001\002\003\004\005\006\002\000\000\000\000\001\210\265'
			[ "$size" -eq 14 ] || head -c $((size - 14)) /dev/urandom
		done
	} >"$out"
}

# content FILE - frames as text, without time stamps
content() { tcpdump -r "$1" -t -e -n -xx 2>/dev/null; }

# replay WHAT RX-PORT TX-PORT PCAP FRAMES OPTION...
replay() {
	what=$1 rx=$2 tx=$3 file=$4 n=$5
	shift 5
	start "rx_$what" pkt-gen -i "$rx" -f rx -n "$n" --write "$tmp/got_$what.pcap" --json
	until_true "$what: the receiver's port is there" counters_of "${rx#netmap:}"
	start "tx_$what" pkt-gen -i "$tx" -f tx -P "$file" -n "$n" --json "$@"
	finish "tx_$what"
	finish "rx_$what"
	expect "$what: frames received" "$(value "rx_$what" .packets)" "$n"
	content "$file" >"$tmp/want"
	content "$tmp/got_$what.pcap" >"$tmp/got"
	expect "$what: frames of the file" "$(grep -c '^02:00:00:00:00:01' "$tmp/want")" "$n"
	cmp "$tmp/want" "$tmp/got" || fail "$what: the frames differ"
}

sizes=$(seq 14 97 1514)
# shellcheck disable=SC2086
make_pcap "$tmp/frames.pcap" $sizes 60 1514 15 1513
n=$(($(echo "$sizes" | wc -l) + 4))
replay vale vale0:rx vale0:tx "$tmp/frames.pcap" "$n"
replay pipe 'netmap:x}1' 'netmap:x{1' "$tmp/frames.pcap" "$n"
# frames of several slots
make_pcap "$tmp/long.pcap" 9000 2048 2049 5000 60 4097
replay long vale1:rx vale1:tx "$tmp/long.pcap" 6 -F 5
