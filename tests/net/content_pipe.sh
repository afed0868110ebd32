#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# content_pipe.sh - through a pipe everything arrives, as it was sent and in order, in both directions at once.
#
#	stream send --- x{1/T ===> x}1/R --- stream recv
#	stream recv --- x{1/R <=== x}1/T --- stream send
#
# Needs: any home. --full: 50 million short and 5 million long frames.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

# books SENDER RECEIVER SENDING-END RECEIVING-END STREAM RINGS
books() {
	sent_=$(values "$1" frames bytes)
	n=${sent_% *}
	expect "$2: frames and bytes received" "$(values "$2" frames bytes)" "$sent_"
	expect "$2: frames of the sender's rings" "$(stream_frames "$2" "$5" "$6")" "$n"
	expect_identity "$3"
	expect "$3: tx_packets, tx_bytes, forwarded" "$(counters "$3" tx_packets tx_bytes forwarded)" "$sent_ $n"
	expect "$4: rx_packets, rx_bytes" "$(counters "$4" rx_packets rx_bytes)" "$sent_"
}

# run WHAT SUFFIX RINGS COUNT OPTIONS... RECV -- SEND
run() {
	what=$1 suffix=$2 rings=$3 count=$4 recv=
	shift 4
	while [ "$1" != -- ]; do recv="$recv $1"; shift; done
	shift
	# shellcheck disable=SC2086
	{
		receiver down "netmap:x}1/R$suffix" quiet $recv
		receiver up "netmap:x{1/R$suffix" quiet $recv
	}
	sender down_tx "netmap:x{1/T$suffix" id=16 count="$count" "$@"
	sender up_tx "netmap:x}1/T$suffix" id=64 count="$count" poll "$@"
	sent down_tx up_tx
	received down
	received up
	books down_tx down 'x{1' 'x}1' 16 "$rings"
	books up_tx up 'x}1' 'x{1' 64 "$rings"
	expect "$what: frames" "$(value down .frames)" $((count * rings))
	echo "$what: $((2 * count * rings)) sent and received"
	stop down_tx; stop up_tx; stop down; stop up
}

# late - the sender fills the pipe while its other end is not there; who opens that gets all
late() {
	sender early 'netmap:x{1' id=16 count=200000 min=14 max=1514
	until_true "late: the pipe is full" full
	receiver last 'netmap:x}1' quiet min=14 max=1514
	sent early
	received last
	expect "late: frames received" "$(value last .frames)" 200000
	stop early; stop last
}
# full - a ring's worth went in, and no more goes
full() {
	n1=$(counter 'x}1' rx_packets)
	n2=$(counter 'x}1' rx_packets)
	[ "$n1" -gt 0 ] && [ "$n1" = "$n2" ]
}

short=$(amount 600000 25000000)
long=$(amount 80000 2500000)
run "one slot" "" 1 "$short" min=14 max=1514 -- min=14 max=1514
run "many slots" "" 1 "$long" min=14 max=9000 -- min=14 max=9000 fragment=701
run "buffers exchanged" "" 1 "$long" min=14 max=9000 swap=300 -- min=14 max=9000 fragment=701 swap=100
run "four rings" "@conf:rings=4" 4 $((short / 8)) min=14 max=1514 -- min=14 max=1514
late
