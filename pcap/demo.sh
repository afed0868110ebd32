#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# demo.sh - builds what it needs; then the system's tcpdump, unchanged, watches a switch to which pkt-gen sends a million frames, one in a
# hundred of them for port 42.
set -eu
cd "$(dirname "$0")/.."
sh scripts/deps.sh gcc make liburcu-dev libbpf-dev libjson-c-dev libpcap-dev tcpdump
BUILD=${BUILD:-build}
echo "building ..."
make -s -j"$(nproc)" "BUILD=$BUILD" user
tmp=$(mktemp -d)
NETMAP_SOCKET=$tmp/socket NETMAP_ENGINE=user
export NETMAP_SOCKET NETMAP_ENGINE
watch=
trap '[ -z "$watch" ] || kill "$watch" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
echo "netmap-pcap tcpdump -n -i vale0:watch udp dst port 42"
"$BUILD/netmap-pcap" tcpdump -n -i vale0:watch udp dst port 42 >"$tmp/out" 2>"$tmp/err" &
watch=$!
until grep -q '^listening' "$tmp/err"; do
	kill -0 $watch 2>/dev/null || { cat "$tmp/err"; exit 1; }
	sleep 0.05
done
"$BUILD/pkt-gen" -i vale0:tx -f tx -n 1000000 -R 1000000 -d 10.0.0.2:1-10.0.0.2:100 | tail -1
kill -INT $watch
wait $watch || true
watch=
head -3 "$tmp/out"
echo ...
tail -3 "$tmp/err"
