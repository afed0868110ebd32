# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# stream_lib.sh - what the scripts that send frames of known content (prog/stream.c) share.

# receiver NAME PORT OPTION... / sender NAME PORT OPTION... - returns when the port is open
receiver() {
	name_=$1; shift
	start "$name_" stream recv "$@"
	told "$name_" ready
}
sender() {
	name_=$1; shift
	start "$name_" stream send "$@"
	told "$name_" ready
}

# sent NAME... - waits until each has sent all it had to
sent() {
	for name_ in "$@"; do
		NET_LIMIT=${NET_SEND_LIMIT:-1500} told "$name_" '"role"'
		expect "$name_ sent all" "$(value "$name_" .finished)" true
	done
}

# received NAME - ends its receiving; what came was as sent, in order and for it
received() {
	signal "$1" INT
	told "$1" '"role"'
	for_all_="altered reordered foreign bad_count unfinished"
	# shellcheck disable=SC2086 # words
	expect "$1: frames that were $for_all_" "$(values "$1" $for_all_)" "0 0 0 0 0"
	[ ! -s "$tmp/$1.err" ] || fail "$1 says: $(cat "$tmp/$1.err")"
}

# all_at INTERFACE N - so many came, into the receiver's rings or counted otherwise
all_at() { [ "$(counter "$1" rx_packets missed refused)" -ge "$2" ]; }
# gets_through FROM TO - the announcement of a receiver that comes and goes does, and somebody is there to take it
gets_through() {
	before_=$(counter "$2" rx_packets)
	receiver q "netmap:$2"
	receiver p "netmap:$1"
	stop p
	stop q
	[ "$(counter "$2" rx_packets)" -gt "$before_" ]
}

# stream_frames NAME ID [RINGS] - frames of the streams ID to ID + RINGS - 1 that NAME received
stream_frames() {
	awk -v id="$2" -v rings="${3:-1}" '
		/^{/ { line = $0 }
		END {
			sub(/.*"streams": *{/, "", line)
			n = split(line, stream, "}") # each: "ID": {"frames": N, ...
			for (i = 1; i <= n; i++) {
				split(stream[i], word, /[^0-9]+/)
				if (stream[i] ~ /"frames"/ && word[2] >= id && word[2] < id + rings)
					sum += word[3]
			}
			printf "%.0f\n", sum
		}' "$tmp/$1.out"
}
