#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# manual.sh - --help and the manual page of each tool name the same options, and each example of a page runs as it stands there
# (# and $ before it are prompts), in a network that has an eth0, which root can make.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
need_tool mandoc mandoc
if [ "$NET_HOME" = kernel ] && [ -z "${MANUAL_INSIDE:-}" ]; then
	MANUAL_INSIDE=1 unshare -n sh "$0" # its switches and interfaces belong to a network
	exit
fi
backspace=$(printf '\b')

page() { mandoc -Tascii "$top/tools/$1/$1.8" | sed "s/.$backspace//g"; }
# "-i --port" for each option: the first words of a line
of_help() { "$1" --help | sed -nE 's/^  (-[A-Za-z0-9])?,? *(--[a-z0-9-]+)?( .*)?$/\1 \2/p' | grep -e -; }
of_page() { page "$1" | sed -nE 's/^     (-[A-Za-z0-9])?,? ?(--[a-z0-9-]+)?,?( .*)?$/\1 \2/p' | grep -e '^-.* --\|^ --'; }

for tool in pkt-gen bridge vale-ctl lb nmreplay netmap-run; do
	statuses="0 1 2"
	[ $tool != netmap-run ] || statuses="125 126 127"
	of_help "$tool" | sort >"$tmp/help"
	[ "$(wc -l <"$tmp/help")" -ge 5 ] || fail "$tool --help: $(cat "$tmp/help")"
	page "$tool" | sed -E 's/^     --help, --version/     --help\n     --version/' >"$tmp/page"
	while read -r a b; do
		grep -qE -e "^     $a${b:+, $b}( |\$)" "$tmp/page" || fail "$tool(8) lacks $a $b"
	done <"$tmp/help"
	of_page "$tool" | while read -r a b; do
		case "$a $b" in "--help " | "--version ") continue ;; esac
		grep -qFx -e "$a $b" -e " $a" "$tmp/help" || echo "$a $b"
	done >"$tmp/extra"
	expect "$tool(8): options that --help lacks" "$(cat "$tmp/extra")" ""
	"$tool" --version | grep -qx "$tool [0-9.]*" || fail "$tool --version: $("$tool" --version)"
	for status in $statuses; do
		page "$tool" | sed -n '/^EXIT STATUS/,/^[A-Z]/p' | tail -n +1 | grep -qw "$status" || fail "$tool(8): no exit status $status"
	done
done

# examples TOOL N - the N-th block of the page's examples
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$top/tools/$1/$1.8" |
		awk -v want="$2" '/^\.Bd/ { n++; on = 1; next } /^\.Ed/ { on = 0 } /^\.Dl/ { n++; if (n == want) { sub(/^\.Dl /, ""); print } }
			on && n == want { print }' | sed -E 's/^[#$] //'
}

# run TOOL N - the block, and what it left in the background, end well
run() {
	{ echo 'set -e'; examples "$1" "$2"; echo wait; } >"$tmp/example.sh"
	[ "$(wc -l <"$tmp/example.sh")" -gt 2 ] || fail "$1(8) has no example $2"
	timeout -k 5 "$NET_LIMIT" sh "$tmp/example.sh" >"$tmp/example.out" 2>&1 ||
		fail "$1(8), example $2: status $?: $(cat "$tmp/example.sh" "$tmp/example.out")"
}

# run_until TOOL N TEXT - likewise an example that does not end by itself: interrupted when it has said TEXT
run_until() {
	{ examples "$1" "$2" | sed '$s/^/exec /'; } >"$tmp/example.sh"
	start example sh -e "$tmp/example.sh"
	until_true "$1(8), example $2 says '$3'" said_it_or_gone "$3"
	has "$1(8), example $2" "$tmp/example.all" "$3"
	signal example INT
	finish example
}

said_it_or_gone() {
	cat "$tmp/example.out" "$tmp/example.err" >"$tmp/example.all"
	grep -qE -e "$1" "$tmp/example.all" || ! running example
}

run pkt-gen 1
has "first example" "$tmp/example.out" '^sent 10000000 frames, ' '^received [1-9]'
run pkt-gen 2
expect "second example" "$(grep '^{' "$tmp/example.out" | jq -c '[.good, .lost, .corrupted]')" '[1000000,0,0]'
run pkt-gen 3
has "third example" "$tmp/example.out" '^round trip: .* of (99[0-9]|1000)$' # the first may come before pong is there
run_until bridge 2 'vale1:down -> vale0:up'
pkt-gen -i "pcap:$tmp/frames.pcap" -f tx -n 1000 >/dev/null || fail "make frames.pcap"
cd "$tmp" || exit 1
run nmreplay 1
cd "$top" || exit 1
has "nmreplay(8), example 1" "$tmp/example.out" '^sent (9[5-9][0-9]|1000) frames, '
run_until lb 1 'vale0:lb -> vale0:lb\{0 and on: 4 pipes'
if [ "$(id -u)" -eq 0 ]; then
	cat >"$tmp/net.sh" <<-'EOF'
		ip link add eth0 type veth peer name peer0 && ip link set eth0 up && ip link set peer0 up || exit 1
		[ $# -eq 0 ] || exec netmapd --foreground --socket "$1"
	EOF
	if [ "$NET_HOME" = kernel ]; then
		sh "$tmp/net.sh" || fail "make eth0"
	else
		NETMAP_SOCKET=$tmp/net
		start engine unshare -n sh "$tmp/net.sh" "$NETMAP_SOCKET"
		until_true "the engine listens" env NETMAPD=/nonexistent vale-ctl
	fi
	vale-ctl -a vale0:eth0 2>"$tmp/attach.err" && vale-ctl -d vale0:eth0 2>>"$tmp/attach.err"
	if grep -q EOPNOTSUPP "$tmp/attach.err"; then
		echo "this engine can't attach an interface: $(cat "$tmp/attach.err")"
	else
		run_until vale-ctl 1 '^vale0 \(switch'
		vale-ctl -d vale0:eth0
	fi
	receive user vale0:user
	run vale-ctl 2
	expect "second example" "$(vale-ctl list vale0:user --json | jq -r '.ports[0].name')" vale0:user
	stop user
	if ! grep -q EOPNOTSUPP "$tmp/attach.err"; then
		receive web vale0:web
		receive db vale0:db
		run vale-ctl 3
		expect "third example" "$(vale-ctl vlan vale0:eth0)" "vale0:eth0: trunk allow 10,20"
		vale-ctl -d vale0:eth0
		stop web
		stop db
	fi
	[ "$NET_HOME" = kernel ] || stop engine
else
	echo "without root: the examples with an interface did not run"
fi
