#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# content_vale.sh - several senders to one receiver through a switch: each frame that arrives is as it was sent and after those
# its sender sent before; each that does not is in a drop counter of its sender, to the last one.
#
#	stream send --- vale0:a --+
#	stream send --- vale0:b --+-- vale0:r --- stream recv
#	stream send --- vale0:c --+
#
# Needs: any home. --full: 50 million short and 5 million long frames.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
need_tool jq jq

# books SENDER PORT STREAM RINGS - what the sender sent, what the switch counted and what the receiver saw
books() {
	sent_=$(values "$1" frames bytes)
	n=${sent_% *}
	got=$(stream_frames r "$3" "$4")
	expect_identity "$2"
	expect "$2: tx_packets, tx_bytes" "$(counters "$2" tx_packets tx_bytes)" "$sent_"
	expect "$2: forwarded, which the receiver saw; the others, which are drop_no_space" "$(counters "$2" forwarded drop_no_space)" "$got $((n - got))"
}

# run WHAT RECV-SUFFIX SEND-SUFFIX RINGS COUNT RECV-OPTIONS -- SEND-OPTIONS; the senders differ in how they hand data over
run() {
	what=$1 rport=vale0:r$2 suffix=$3 rings=$4 count=$5 recv=
	shift 5
	while [ "$1" != -- ]; do recv="$recv $1"; shift; done
	shift
	# shellcheck disable=SC2086
	receiver r "$rport" id=1 $recv
	sender a "vale0:a$suffix" id=16 to=1 count="$count" "$@"
	sender b "vale0:b$suffix" id=32 to=1 count="$count" indirect "$@"
	sender c "vale0:c$suffix" id=48 to=1 count="$count" swap=100 poll "$@"
	sent a b c
	received r
	books a vale0:a 16 "$rings"
	books b vale0:b 32 "$rings"
	books c vale0:c 48 "$rings"
	expect "$what: rx_packets, rx_bytes" "$(counters vale0:r rx_packets rx_bytes)" "$(values r frames bytes)"
	expect_identity vale0
	expect_ge "$what: frames received" "$(value r .frames)" $((count / 10))
	echo "$what: $((3 * count * rings)) sent, $(value r .frames) received"
	stop a; stop b; stop c; stop r
}

short=$(amount 500000 17000000)
long=$(amount 60000 1700000)
run "one slot" "" "" 1 "$short" min=14 max=1514 -- min=14 max=1514
run "many slots" "" "" 1 "$long" min=14 max=9000 swap=300 -- min=14 max=9000 fragment=701
run "three rings to two" "@conf:rings=2" "@conf:rings=3" 3 $((short / 15)) min=14 max=1514 -- min=14 max=1514
