#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check.sh [--guests] [--debug-guest] [--full] - installs what the tests need, builds with gcc and clang, runs everything.
# Prints a line for each step and, last, "N passed, N failed".
#
#	--guests       all tests of the module in the guests, by default a few
#	--debug-guest  a few also on a kernel with KASAN, lockdep, kmemleak and fault injection, which is built; and all NIC drivers
#	               are built, not only those that a guest can run, and the models of NICs are tried
#	--full         all tests at length in all of these, and all NIC drivers on all kernels: some hours
#
# Kernels of the guests are fetched and built once, into NETMAP_CACHE (~/.cache/netmap).
set -u
cd "$(dirname "$0")/.." || exit 1
full='' some=few: debug=''
for a in "$@"; do
	case $a in
	--full) full=1 some=all: debug=all:debug ;;
	--debug-guest) debug=${debug:-few:debug} ;;
	--guests) [ -n "$full" ] || some= ;;
	-h | --help) sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "usage: check.sh [--guests] [--debug-guest] [--full]" >&2; exit 2 ;;
	esac
done
sh scripts/deps.sh gcc g++ clang make pkg-config git gcc-multilib g++-multilib liburcu-dev libbpf-dev libcmocka-dev libjson-c-dev libpcap-dev \
	iproute2 iputils-ping iperf3 mandoc shellcheck jq util-linux tcpdump ngrep arp-scan bittwist python3 || exit 1
[ -z "$full" ] || sh scripts/deps.sh tshark python3-scapy || exit 1
# the run-time libraries of the sanitizers and the fuzzer are of clang's version
sh scripts/deps.sh "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" || exit 1
# programs of 32 bits, where the machine itself runs none
program=$(mktemp) || exit 1
if echo 'int main(void) { return 0; }' | gcc -m32 -x c -o "$program" - && ! "$program" 2>/dev/null; then sh scripts/deps.sh qemu-user || exit 1; fi
rm -f "$program"
# headers of a kernel, whichever it is, to build the module for
headers=linux-headers-$(dpkg --print-architecture)
if apt-cache show "$headers" >/dev/null 2>&1; then sh scripts/deps.sh "$headers" kmod || exit 1; fi
# guests: kernels to build, and what the tests in them are
guests=
if [ "$(dpkg --print-architecture)" = amd64 ]; then
	guests=1
	sh scripts/deps.sh flex bison bc libelf-dev libssl-dev xz-utils sparse coccinelle busybox-static cpio kmod ethtool qemu-system-x86 || exit 1
fi
passed=0 failed=0 skipped=
log=$(mktemp) || exit 1
jobs=$(nproc)
# The kernels take minutes to build. That is begun beside the first steps, with what these leave of the processors; the step that
# needs them waits for it, by the lock of the cache.
kernels="kernels:uml kernels:stock ${debug:+kernels:debug}" beside=
# shellcheck disable=SC2317,SC2329
cleanup() {
	status=$?
	trap '' EXIT INT TERM
	[ -z "$beside" ] || kill -- "-$beside" 2>/dev/null
	rm -f "$log"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -n "$guests" ]; then
	# shellcheck disable=SC2086 # words
	GUEST_NICE=19 setsid sh tests/guest/check.sh $kernels >/dev/null 2>&1 </dev/null &
	beside=$!
fi

# step NAME COMMAND... - one thing that passes or fails; programs that count print "N passed, N failed" themselves
step() {
	name=$1; shift
	start=$(date +%s)
	if "$@" >"$log" 2>&1; then verdict=ok; else verdict=FAIL; fi
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
	if [ -n "$last" ]; then
		passed=$((passed + $(echo "$last" | sed 's/ passed.*//')))
		f=$(echo "$last" | sed 's/.*passed, //; s/ failed.*//')
		failed=$((failed + f))
		[ "$verdict" = ok ] || [ "$f" -gt 0 ] || failed=$((failed + 1))
	elif [ $verdict = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	echo "$verdict $name $(($(date +%s) - start)) s${last:+ ($last)}"
	grep -E '^[0-9]+ skipped: ' "$log"
	[ $verdict = ok ] || tail -60 "$log"
}

step "style" sh scripts/style.sh
# shellcheck disable=SC2016
step "shell scripts" sh -c 'shellcheck $(git ls-files "*.sh" .ci/run)'
# shellcheck disable=SC2016
step "manual pages" sh -c 'set -- $(git ls-files "*.3" "*.4" "*.8"); [ $# -eq 0 ] || mandoc -Tlint -Wwarning "$@"'
step "core without a host" make -j"$jobs" nullos BUILD=build/null
step "build, gcc" make -j"$jobs" user BUILD=build/gcc CC=gcc
step "build, clang" make -j"$jobs" user BUILD=build/clang CC=clang
step "programs of the benchmarks, clang" make -j"$jobs" bench BUILD=build/clang CC=clang
step "programs of the benchmarks, gcc" make -j"$jobs" bench BUILD=build/gcc CC=gcc
step "benchmarks run" env BUILD=build/gcc sh bench/smoke.sh
step "unit tests, gcc" make -j"$jobs" check BUILD=build/gcc CC=gcc
step "unit tests, ASan and UBSan" make -j"$jobs" check BUILD=build/asan CC=clang SAN=address,undefined OPT="-O1 -g"
skipped="2 skipped: unit tests of lib and tools under ASan and TSan, whose runtimes take the calls that the library interposes"
step "unit tests, TSan" make -j"$jobs" check BUILD=build/tsan CC=clang SAN=thread OPT="-O1 -g"
kills=40 deaths=5 attack=3 fuzz=40
[ -z "$full" ] || { kills=300 deaths=30 attack=60 fuzz=600; }
step "faults" sh scripts/run-built.sh gcc fault/fault --kills $kills --engine-kills $deaths
step "hostile clients, gcc" sh scripts/run-built.sh gcc hostile/hostile --seconds $attack
step "hostile clients, ASan and UBSan" sh scripts/run-built.sh asan hostile/hostile --seconds $attack
step "hostile clients, TSan" sh scripts/run-built.sh tsan hostile/hostile --seconds $attack
step "clients as threads of the engine, TSan" sh scripts/run-built.sh tsan race/race --seconds $attack
step "isolation of users" env BUILD=build/gcc sh tests/fault/isolation.sh
step "fuzzing, $fuzz s each" sh tests/fuzz/run.sh $fuzz
[ ! -f tests/abi/run.sh ] || step "ABI" env BUILD=build/abi sh tests/abi/run.sh
[ ! -f tests/ctl/run.sh ] || step "requests" env BUILD=build/gcc CC=gcc sh tests/ctl/run.sh
step "requests, by netmap-run" env BUILD=build/gcc CC=gcc sh tests/ctl/run.sh --run
step "installed tree" env BUILD=build/gcc sh tests/install/run.sh
step "installed module" env BUILD=build/gcc sh tests/packaging/make.sh
step "Debian packages, lintian" sh packaging/build-deb.sh --out build/deb --lintian
[ -z "$full" ] || step "Debian packages in a system of their own" sh tests/packaging/run.sh --debs build/deb
[ ! -f tests/net/run.sh ] || step "network tests" env BUILD=build/gcc sh tests/net/run.sh ${full:+--full}
step "network tests, by netmap-run" env BUILD=build/gcc sh tests/net/run.sh --run ${full:+--full} close content_pipe content_vale rings wake
step "tools" env BUILD=build/gcc sh tests/net/run.sh --in tools ${full:+--full}
if [ -n "$guests" ]; then
	# shellcheck disable=SC2086
	step "kernels of the guests" sh tests/guest/check.sh $kernels
	wait "$beside"
	beside=
	step "module, all kernels, clang, sparse" sh tests/guest/headers.sh
	[ -z "$debug" ] || [ -n "$full" ] || step "NIC drivers" sh tests/guest/drivers.sh own
	[ -z "$debug" ] || step "models of NICs, hostile clients" sh tests/guest/devices/check.sh $attack
	step "module, guests uml and stock" env BUILD=build/gcc sh tests/guest/check.sh ${some}uml ${some}stock
	# one guest keeps hardly more than one processor busy
	step "${debug:+module, guest debug; }NIC drivers, guest stock" env BUILD=build/gcc sh tests/guest/check.sh ${debug:+"$debug"} drivers
	if [ -n "$full" ]; then
		on_nics=
		for t in pair load forward switch native_queues hostile offsets jumbo storm veth queues leave; do on_nics="$on_nics guest/nic_$t"; done
		step "NIC drivers, all kernels" env BUILD=build/gcc TESTS="$on_nics" sh tests/guest/drivers.sh --run
		for guest in models hostile swiotlb iommu drivers:debug drivers:swiotlb drivers:iommu releases tools; do
			step "module, $guest" env BUILD=build/gcc sh tests/guest/check.sh $guest
		done
	fi
else
	skipped="$skipped
1 skipped: the module in guests, which are for amd64"
fi
[ -z "$skipped" ] || echo "$skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
