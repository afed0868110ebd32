#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_run.sh - netmap-pcap: what it runs, and what it says of what it can't; that no call of the system's library comes back to ours; and
# the end of an engine under a capture.
#
# Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/pcap_lib.sh
. "$(dirname "$0")/pcap_lib.sh"
need_tool tcpdump tcpdump

# says STATUS TEXT ARGUMENTS... - one line
says() {
	status_want=$1 text=$2; shift 2
	netmap-pcap "$@" >"$tmp/said" 2>&1
	expect "netmap-pcap $*: status" $? "$status_want"
	[ -z "$text" ] || grep -qF -e "$text" "$tmp/said" || fail "netmap-pcap $*: it said '$(cat "$tmp/said")', expected '$text'"
}

says 0 'usage: netmap-pcap PROGRAM' --help
says 0 'netmap-pcap ' --version
says 0 '/pcap' --library
says 2 'usage: netmap-pcap PROGRAM'
says 2 'there is no option --frobnicate' --frobnicate
says 127 'nosuchprogram: there is no such program in PATH' nosuchprogram
says 127 '/nonexistent/x: No such file or directory' /nonexistent/x
says 126 'Is a directory' "$tmp"
echo data >"$tmp/data"
chmod 644 "$tmp/data"
says 126 'Permission denied' "$tmp/data"

# programs that would take no notice
elf=$(command -v tcpdump)
if [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; then says 126 'is linked statically' /bin/busybox; fi
cp "$elf" "$tmp/raised"
if [ "$(id -u)" -eq 0 ] && chown 65534 "$tmp/raised" && chmod 4755 "$tmp/raised"; then
	says 126 'is set-uid or set-gid, so the loader ignores' "$tmp/raised"
	chown 0:65534 "$tmp/raised" && chmod 2755 "$tmp/raised"
	says 126 'is set-uid or set-gid, so the loader ignores' "$tmp/raised"
fi
head -c 4 "$elf" >"$tmp/other" && printf '\001' >>"$tmp/other" && tail -c +6 "$elf" | head -c 200 >>"$tmp/other"
chmod 755 "$tmp/other"
case $(getconf LONG_BIT) in 64) says 126 'is a program of 32 bits' "$tmp/other" ;; esac

# scripts are looked at by their interpreters, and run
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\necho "$1 $LD_LIBRARY_PATH"\n' >"$tmp/script"
printf '#!/usr/bin/env sh\nexit 5\n' >"$tmp/script2"
chmod 755 "$tmp/script" "$tmp/script2"
says 0 "a b c $(netmap-pcap --library)" "$tmp/script" 'a b c'
LD_LIBRARY_PATH=/before says 0 "x $(netmap-pcap --library):/before" "$tmp/script" x
says 5 '' "$tmp/script2"
if [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; then
	printf '#!/bin/busybox sh\nexit 0\n' >"$tmp/script3" && chmod 755 "$tmp/script3"
	says 126 'is linked statically' "$tmp/script3"
fi

# Bindings, as the loader tells them: the system's library finds what is its own in itself, and the program all of it in ours.
ours=$(netmap-pcap --library)/libpcap.so.0.8
LD_DEBUG=bindings netmap-pcap tcpdump --version >"$tmp/version" 2>"$tmp/bindings"
grep 'binding file [^ ]*/libpcap\.so\.0\.8 ' "$tmp/bindings" | grep -v "binding file $ours " >"$tmp/theirs"
expect_ge "bindings of the system's library to itself" "$(grep -c ' to [^ ]*/libpcap\.so\.0\.8 \[[0-9]*\]: normal symbol .\(pcap\|bpf\)_' "$tmp/theirs")" 10
expect "bindings of the system's library to ours" "$(grep -c " to $ours " "$tmp/theirs")" 0
expect "bindings of the program to the system's" "$(grep 'binding file [^ ]*tcpdump ' "$tmp/bindings" | grep '/libpcap\.so' | grep -vc " to $ours ")" 0
expect_ge "bindings of the program to ours" "$(grep 'binding file [^ ]*tcpdump ' "$tmp/bindings" | grep -c " to $ours ")" 10

# a program that loads libpcap later: by the name that programs ask for it is ours, by a path it is what lies there
expect "libpcap loaded later, by its name" "$(netmap-pcap later pcap libpcap.so.0.8)" opened
system=$(ldconfig -p 2>/dev/null | sed -n 's/.*libpcap\.so\.0\.8 .*=> //p' | head -1)
if [ -n "$system" ]; then
	netmap-pcap later pcap "$system" >"$tmp/later" && fail "the system's libpcap, loaded by its path, opened vale0:later"
	grep -q 'vale0:later' "$tmp/later" || fail "the system's libpcap, loaded by its path: $(cat "$tmp/later")"
fi

# a set-user-ID program that is started later has the system's
if [ "$(id -u)" -eq 0 ]; then
	cp "$BUILD/net/later" "$tmp/raised" && chown 65534 "$tmp/raised" && chmod 4755 "$tmp/raised" && chmod 755 "$tmp"
	# shellcheck disable=SC2016 # for the shell
	netmap-pcap sh -c '"$0" pcap libpcap.so.0.8' "$tmp/raised" >"$tmp/later" && fail "a set-user-ID program opened vale0:later"
	grep -q 'vale0:later' "$tmp/later" || fail "a set-user-ID program that is started later: $(cat "$tmp/later")"
fi

# a library that is not there, or is ours again
NETMAP_LIBPCAP=/nonexistent/libpcap.so says 127 "set NETMAP_LIBPCAP to its path" tcpdump --version
NETMAP_LIBPCAP=$ours says 127 'this is the library over netmap itself' tcpdump --version

# live on a device of the system, through ours
if [ "$(id -u)" -eq 0 ] && ip link show lo up 2>/dev/null | grep -q LOOPBACK; then
	capture lo lo -c 1 icmp
	ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1 || ping -c 1 127.0.0.1 >/dev/null 2>&1
	finish lo
	expect "captured on lo" "$(packets lo captured)" 1
fi

# the engine ends: the capture does too, and says so
if [ "$NET_HOME" = user ]; then
	capture cut vale0:cut
	for p in $(engine_pid); do kill -KILL "$p"; done
	finish cut 1
	grep -q 'vale0:cut: the port has gone, or its engine' "$tmp/cut.err" || fail "tcpdump without its engine: $(cat "$tmp/cut.err")"
fi
