#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# monitor_copy.sh - monitors that copy, on a switch and on a pipe: each frame is shown as it was, or counted as missed; and what its owner
# sends and receives is none the less.
#
#	stream send --- vale0:a ========== vale0:r --- stream recv
#	       three monitors ---+             +--- a monitor --- one of it
#
# One of them is stopped, one slow. Needs: any home.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
# shellcheck source=tests/net/monitor_lib.sh
. "$(dirname "$0")/monitor_lib.sh"
need_tool jq jq

on_vale "" "$(amount 200000 10000000)" min=14 max=1514
on_vale "" "$(amount 20000 1000000)" min=14 max=9000 -- fragment=701
on_pipe "" "$(amount 200000 10000000)" min=14 max=1514
on_pipe "" "$(amount 20000 1000000)" min=14 max=9000 -- fragment=701
ends ""
refused "can't be monitored: no program and no switch has it open" stream recv vale0:nobody/t quiet
refused "there is no port nosuchif0 to be monitored" stream recv netmap:nosuchif0/t quiet
