# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# lib.sh - what the scripts of this folder share, above tests/net/lib.sh; each begins with: . "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../net/lib.sh"
need_tool jq jq
: "${tmp:?made by tests/net/lib.sh}"

# has WHAT FILE PATTERN... - FILE has a line for each pattern (grep -E)
has() {
	h_what=$1 h_file=$2; shift 2
	for h_pattern in "$@"; do
		grep -qE -e "$h_pattern" "$h_file" || { fail "$h_what: no '$h_pattern' in: $(cat "$h_file")"; return; }
	done
}

# receive NAME PORT ARGUMENTS... - a receiver in the background, ready when this returns
receive() {
	r_name=$1 r_port=$2; shift 2
	start "$r_name" pkt-gen -i "$r_port" -f rx --json "$@"
	until_true "$r_port is open" port_or_gone "$r_name" "$r_port"
}

# The part of a port's name that the engine knows.
port_or_gone() { vale-ctl list "$(echo "$2" | sed 's/^netmap://; s/[/@^*-].*//')" || ! running "$1"; }
port_gone() { ! vale-ctl list "$1" 2>/dev/null; }

# capture FILE COUNT ARGUMENTS... - what pkt-gen with these arguments sends over a switch, as it arrives; file $tmp/FILE.pcap
capture() {
	c_file=$1 c_count=$2; shift 2
	receive "$c_file" vale0:rx -n "$c_count" --write "$tmp/$c_file.pcap"
	pkt-gen -i vale0:tx -f tx -n "$c_count" "$@" >"$tmp/$c_file.tx" 2>&1 || fail "$c_file: $(tail -3 "$tmp/$c_file.tx")"
	finish "$c_file"
	expect "$c_file: frames" "$(value "$c_file" .packets)" "$c_count"
}

# decode FILE FILTER... - a line for each frame: time cut off, MAC addresses, checksums verified
decode() {
	d_file=$1; shift
	tcpdump -nn -e -vv -t -r "$tmp/$d_file.pcap" "$@" 2>/dev/null |
		awk '/^[ \t]/ { line = line $0; next } NR > 1 { print line } { line = $0 } END { if (NR) print line }'
}

# hex FILE - all bytes of each frame, a line for each
hex() {
	tcpdump -nn -t -xx -r "$tmp/$1.pcap" 2>/dev/null |
		awk '/^\t0x/ { sub(/^\t0x[0-9a-f]*:/, ""); gsub(/ /, ""); line = line $0; next } { if (line != "") print line; line = "" }
			END { print line }'
}

# refused_with STATUS LINE COMMAND... - COMMAND fails with STATUS and says this one line
refused_with() {
	f_status=$1 f_line=$2; shift 2
	timeout -k 5 "$NET_LIMIT" "$@" >"$tmp/refused.out" 2>"$tmp/refused.err" </dev/null
	f_got=$?
	[ $f_got -eq "$f_status" ] || fail "$*: status $f_got, expected $f_status"
	[ "$(cat "$tmp/refused.err")" = "$f_line" ] || fail "$*: it said
$(cat "$tmp/refused.err")
and should say
$f_line"
}

# refused_like STATUS PATTERN COMMAND... - likewise, one line that matches (grep -E)
refused_like() {
	f_status=$1 f_line=$2; shift 2
	timeout -k 5 "$NET_LIMIT" "$@" >"$tmp/refused.out" 2>"$tmp/refused.err" </dev/null
	f_got=$?
	[ $f_got -eq "$f_status" ] || fail "$*: status $f_got, expected $f_status"
	expect "$*: lines on standard error" "$(wc -l <"$tmp/refused.err")" 1
	grep -qE -e "$f_line" "$tmp/refused.err" || fail "$*: it said '$(cat "$tmp/refused.err")', expected '$f_line'"
}
