#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# extmem.sh - frames through memory that programs bring in files, over a switch and over a pipe; what arrives is as it was sent.
#
#	stream send --- vale0:a (file one) ===> vale0:r (file two) --- stream recv
#	stream send --- x{1 (file one) ===> x}1 (file one) --- stream recv
#	stream send --- x{1 (file one) ===> x}1 (joined by @share) --- stream recv
#
# Needs: any home, a tmpfs at /dev/shm; root for files on hugetlbfs. --full: 20 million frames each.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/stream_lib.sh
. "$(dirname "$0")/stream_lib.sh"
[ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] || skip "needs a tmpfs at /dev/shm"
mem=$(mktemp -d /dev/shm/net-extmem-XXXXXX) || exit 1
huge='' pages=

# shellcheck disable=SC2317,SC2329
undo() {
	[ -z "$huge" ] || umount "$huge"
	[ -z "$pages" ] || echo "$pages" >/proc/sys/vm/nr_hugepages
	rm -rf "$mem"
}

# switch WHAT SENDER-OPTION RECEIVER-OPTION - all that was sent is forwarded, and received whole, or counted as dropped
switch() {
	receiver r "vale0:r@$3" id=1 quiet min=14 max=9000
	sender a "vale0:a@$2" id=16 to=1 count="$count" min=14 max=9000 fragment=701
	sent a
	received r
	n=$(value a .frames)
	got=$(value r .frames)
	expect "$1: frames sent" "$n" "$count"
	expect "$1: forwarded, which the receiver saw; the others, which are drop_no_space" "$(counters vale0:a forwarded drop_no_space)" "$got $((n - got))"
	expect_ge "$1: frames received" "$got" 50 # about a ring full, if the sender had the processor for itself
	stop a
	stop r
	echo "$1: $n sent, $got received"
}

# pipe WHAT SENDER-OPTION RECEIVER-OPTION - all arrives; buffers are exchanged, some with extra ones
pipe() {
	sender a "netmap:x{1/T@conf:slots=512@$2" id=16 count="$count" min=14 max=9000 fragment=701 swap=100
	receiver r "netmap:x}1/R@conf:slots=512@$3" quiet min=14 max=9000 swap=100
	sent a
	received r
	expect "$1: frames received" "$(value r .frames)" "$(value a .frames)"
	stop a
	stop r
	echo "$1: $count sent and received"
}

count=$(amount 10000 20000000)
for f in one two odd; do truncate -s 16M "$mem/$f" || fail "a file in $mem"; done
truncate -s 12345678 "$mem/odd"
switch "a switch" extmem="$mem/one" extmem="$mem/two"
switch "a switch, a layout as asked for" \
	"extmem:file=$mem/one,if-num=3,if-size=128,ring-num=4,ring-size=40000,buf-num=6000,buf-size=1024" extmem="$mem/odd"
pipe "a pipe" extmem="$mem/one" extmem="$mem/one"
pipe "a pipe, the other end joined" extmem="$mem/one" "share=netmap:x{1"

# What can't be is told, with the numbers.
: >"$mem/empty"
truncate -s 64K "$mem/small"
disk=$(mktemp "${NET_DISK:-/var/tmp}/net-extmem-XXXXXX") && truncate -s 16M "$disk"
refused "can't be mapped: EINVAL" pkt-gen -i "vale0:a@extmem=$mem/empty" -f rx -n 1
refused "64 KiB of memory are too little" pkt-gen -i "vale0:a@extmem=$mem/small" -f rx -n 1
refused "of .* buffers, .* are free; ask for fewer rings" pkt-gen -i "netmap:x{1@conf:slots=4096@extmem=$mem/one" -f rx -n 1
refused "20000 netmap_ifs, 1 to 10000 are possible" pkt-gen -i "vale0:a@extmem:file=$mem/one,if-num=20000" -f rx -n 1
case $(stat -f -c %T "$disk") in
tmpfs) echo "skipped a part: no other filesystem at ${NET_DISK:-/var/tmp}" ;;
*) refused "tmpfs (.*/dev/shm) .*hugetlbfs" pkt-gen -i "vale0:a@extmem=$disk" -f rx -n 1 ;;
esac
rm -f "$disk"

# Huge pages, if there are none of others' and they are ours to take.
if [ "$(id -u)" -eq 0 ] && [ "$(cat /proc/sys/vm/nr_hugepages 2>/dev/null)" = 0 ]; then
	pages=0
	echo 16 >/proc/sys/vm/nr_hugepages
	mkdir "$mem/huge"
	if [ "$(cat /proc/sys/vm/nr_hugepages)" = 16 ] && mount -t hugetlbfs none "$mem/huge"; then
		huge=$mem/huge
		for f in one two; do truncate -s 16M "$huge/$f"; done
		switch "a switch, huge pages" extmem="$huge/one" extmem="$huge/two"
		rm -f "$huge/two"
		pipe "a pipe, huge pages" extmem="$huge/one" extmem="$huge/one"
	else
		echo "skipped a part: no huge pages"
	fi
fi
