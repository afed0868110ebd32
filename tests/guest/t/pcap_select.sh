#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pcap_select.sh - programs that wait on libpcap's descriptor by select, poll and epoll, over ports of the module's. See pcap/np_select_test.c.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel

LD_LIBRARY_PATH=$BUILD/pcap "$BUILD/guest/np_select_test" || fail "np_select_test"
