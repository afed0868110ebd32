#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# demo.sh - installs what the build needs, builds, and measures two processes that exchange frames over a switch and over
# a pipe, beside the copy limit of this machine. Needs no root but for packages that are missing, leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."
sh scripts/deps.sh gcc make pkg-config liburcu-dev libbpf-dev libjson-c-dev libpcap-dev
start=$(date +%s)
make -s -j"$(nproc)" user bench
echo "built in $(($(date +%s) - start)) s; now about half a minute of frames, sender and receiver being processes of their own"
start=$(date +%s)
BUILD=build sh bench/run.sh vale pipe --seconds 1 --pairs 1 --tries 1 --peers none
echo "measured in $(($(date +%s) - start)) s; by hand, in two terminals:"
echo "  build/pkt-gen -i vale0:rx -f rx"
echo "  build/pkt-gen -i vale0:tx -f tx"
