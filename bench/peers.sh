# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# peers.sh - what others reach on this machine. Sourced by run.sh.
bridge_usable() { why="not yet"; return 1; }
memif_usable() { why="not yet"; return 1; }
vhost_usable() { why="not yet"; return 1; }
skip() { echo "skipped: $1: $2" >&2; }
peers_clean() { :; }
