#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# counters.sh - the books of a switch add up, to the frame, over a long run in which slow receivers lose many: for each port
#
#	sent + copies made of flooded frames = delivered + the sum of the drop reasons
#
# and what a port's client counted is what the switch delivered to it.
#
#	stream send, unicast to r ------ vale0:a --+
#	stream send, broadcast --------- vale0:b --+-- vale0:r --- stream recv, slow
#	stream send, unknown address --- vale0:c --+-- vale0:q --- stream recv, slow
#
# Needs: any home. --full: 100 million frames.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

share=$(amount 1000000 34000000)
receiver r vale0:r id=1 nap=2000,300
receiver q vale0:q id=2 nap=1000,500
# what to send is known from the start; the port stays open behind it for its counters to be read
sender a vale0:a id=16 to=1 count="$share" min=60 max=60
sender b vale0:b id=32 to=all count="$share" min=60 max=60
sender c vale0:c id=48 to=9 count="$share" min=60 max=60
sent a b c
signal r INT; told r '"role"'
signal q INT; told q '"role"'
for p in a b c r q; do expect_identity vale0:$p; done
expect_identity vale0
for p in a b c; do
	expect "$p: tx_packets" "$(counter vale0:$p tx_packets)" "$share"
done
expect_ge "frames lost for want of room, without which this looks at nothing" "$(counter vale0 drop_no_space)" 1000
for p in r q; do
	expect "$p: rx_packets" "$(counter vale0:$p rx_packets)" "$(value $p .frames)"
	expect "$p: rx_bytes" "$(counter vale0:$p rx_bytes)" "$(value $p .bytes)"
	expect "$p: altered" "$(value $p .altered)" 0
	expect "$p: reordered" "$(value $p .reordered)" 0
	expect_ge "$p: frames" "$(value $p .frames)" 1000
done
expect "a: flooded, its destination is known" "$(counter vale0:a flooded)" 0
expect "a: forwarded, which r saw" "$(stream_frames r 16)" "$(counter vale0:a forwarded)"
expect_ge "b: copies, to three others and, once c has come, four" "$(counter vale0:b flood_copies)" $((3 * share))
expect "c: copies, to four others" "$(counter vale0:c flood_copies)" $((4 * share))
sum=0
for p in a b c r q; do sum=$((sum + $(counter vale0:$p rx_packets))); done
expect "all rings: rx_packets, which is forwarded" "$sum" "$(counter vale0 forwarded)"
echo "$((3 * share)) sent, $(counter vale0 forwarded) copies delivered, $(counter vale0 drop_no_space) lost for want of room"
# what left ports counted stays in the switch's sums
before=$(counters_of vale0 | jq -c '.stats[0].counters | [.tx_packets, .forwarded, .drop_no_space, .flooded, .flood_copies]')
stop b; stop q
expect_identity vale0
expect "vale0, after two ports left" "$(counters_of vale0 | jq -c '.stats[0].counters | [.tx_packets, .forwarded, .drop_no_space, .flooded, .flood_copies]')" "$before"
stop a; stop c; stop r
