#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check.sh WHAT... - guests with the tests and amounts that scripts/check.sh takes, several at the same time. WHAT is one of
#
#	kernels:GUEST  builds the kernel of uml or debug, or gets that of stock
#	few:uml        tests of requests, of loading and unloading, of descriptors, of slots out of rule
#	few:stock      likewise, and programs of 32 bits, kills inside the module
#	few:debug      of the requests those that concern memory, descriptors, threads and devices; slots out of rule, kills, storms of kills,
#	               failures of all that can fail, with everything watched that the kernel does
#	uml, stock     tests of requests and of traffic in both; of the others each where it finds more
#	all:uml        all tests but those of the tools
#	all:stock      likewise
#	all:debug      likewise, with the least amounts
#	tools          uml: tests of the tools
#	hostile        debug: clients without manners for ten minutes
#	swiotlb        debug: NICs whose transfers all go through bounce buffers
#	iommu          debug: NICs behind an emulated IOMMU
#	drivers        stock: those drivers with hooks of whose NICs this machine's QEMU has models
#	drivers:few    debug: two of them, with little of all that a driver does to its rings, and programs without manners on these
#	drivers:debug  debug: three of them, with more of it
#	drivers:swiotlb, drivers:iommu   debug: programs without manners where NICs reach memory another way
#	models         stock, with the kernel's own drivers on models of the NICs that QEMU lacks
#	releases       stock, with the kernels of other releases: a few tests
#
# Prints what they print and, last, "N passed, N failed"; where a guest was skipped, "N skipped: why".
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
'' | -h | --help) usage; exit 0 ;;
esac

sample="builtin/cycles builtin/refused_in_use ctl/register ctl/transport ctl/wait net/close net/wake guest/descriptors guest/vif_life"
nics="net/nic_veth net/nic_host guest/nic_pair"
few="builtin/* ctl/* net/close net/wake net/rings net/learn guest/descriptors guest/nic_rings guest/hostile"
# of the requests those whose work is the kernel's own; that guest is slow, and the others are tried in uml
watched="ctl/register ctl/descriptor ctl/transport ctl/wait ctl/mapping ctl/threads ctl/pointers ctl/extmem* ctl/monitor ctl/offsets ctl/csb_enable"
watched="$watched ctl/kloop* ctl/vale_* ctl/do_rx_poll builtin/refused_in_use net/close net/wake guest/descriptors guest/nic_rings guest/hostile"
both="builtin/* ctl/* net/*"
two_cpus="guest/exchange guest/hostile guest/killed guest/nic_leave guest/nic_pair guest/nic_queues guest/vif_polling guest/vif_storm guest/vif_tcp guest/storm"
all="$both guest/*"
# what is not in the one is in the other, also a test that nobody has thought of here
one_cpu=
for t in "$here"/t/*.sh; do
	t=guest/$(basename "$t" .sh)
	case " $two_cpus " in *" $t "*) ;; *_lib*) ;; *) one_cpu="$one_cpu $t" ;; esac
done

# run TESTS OPTION... - TESTS are patterns, as words
run() {
	set -f
	tests=$1
	shift
	# shellcheck disable=SC2086
	exec "$here/run.sh" "$@" $tests
}

# dma HOW OPTION... - a few tests in a debug guest whose NICs reach memory another way; guest/nic_pair sees that they do
dma() {
	how=$1
	shift
	run "builtin/refused_in_use ctl/register guest/vif_life net/nic_host guest/nic_pair" --guest debug --slow 200 --total 2400 \
		--env "DMA_WANTED=$how" "$@"
}

# hooked TESTS DRIVERS OPTION... - drivers with hooks in a debug guest
hooked() {
	tests=$1 with=$2
	shift 2
	run "$tests" --guest debug --slow 200 --limit 1500 --total 3600 --drivers "$with" --nics "$(echo "$with" | sed 's/virtio_net/virtio-net-pci/')" "$@"
}

guest() {
	case $1 in
	kernels:stock) exec "$here/fetch.sh" own ;;
	kernels:*) exec "$here/kernel.sh" "${1#*:}" ;;
	few:uml) run "$few" --guest uml --slow 100 --total 2400 ;;
	few:stock) run "$few guest/exchange guest/killed" --guest stock --slow 150 --total 2400 ;;
	uml) run "$both $one_cpu" --guest uml --slow 100 --total 2400 ;;
	stock) run "$both $two_cpus" --guest stock --slow 150 --total 2400 ;;
	all:uml) run "$all" --guest uml --slow 20 --total 2400 ;;
	all:stock) run "$all" --guest stock --slow 50 --total 2400 ;;
	few:debug) run "$watched guest/fail_nth guest/killed guest/storm guest/vif_life" --guest debug --slow 200 --limit 1500 --total 3000 ;;
	all:debug) run "$all" --guest debug --slow 200 --limit 1500 --total 7200 ;;
	tools) run "tools/*" --guest uml --slow 20 --total 2400 ;;
	hostile) run guest/hostile --guest debug --limit 1000 --total 1800 --env HOSTILE_SECONDS=600 ;;
	swiotlb) dma swiotlb --append swiotlb=131072,force ;;
	# virtio NICs do without one, and the 6.1 driver's first call with one makes lockdep report the IOMMU's own locks
	iommu) dma iommu --append intel_iommu=on --qemu "-device intel-iommu" --nics e1000 ;;
	drivers)
		# shellcheck disable=SC2046 # words
		set -- $(cd "$top/drivers" && for d in e1000 e1000e veth virtio_net; do [ ! -e "$d/driver.conf" ] || echo "$d"; done)
		run "guest/nic_load guest/nic_pair guest/nic_forward guest/nic_veth guest/nic_hostile guest/nic_offsets guest/nic_jumbo" --guest stock \
			--slow 150 --total 2400 --drivers "$*" --nics "$(echo "$*" | sed 's/virtio_net/virtio-net-pci/; s/veth//')"
		;;
	drivers:few) hooked "guest/nic_storm guest/nic_hostile" "e1000 virtio_net" --env STORM_ACTS=1 --env STORM_ROUNDS=2 ;;
	drivers:debug) hooked "guest/nic_pair guest/nic_storm guest/nic_hostile guest/nic_offsets" "e1000 e1000e virtio_net" --env STORM_ACTS=8 --env HOSTILE_SECONDS=60 ;;
	drivers:swiotlb) hooked "guest/nic_pair guest/nic_hostile guest/nic_offsets" "e1000 e1000e" --env DMA_WANTED=swiotlb --append swiotlb=131072,force ;;
	# see iommu
	drivers:iommu) hooked "guest/nic_pair guest/nic_hostile guest/nic_offsets" "e1000 e1000e" --env DMA_WANTED=iommu --append intel_iommu=on --qemu "-device intel-iommu" ;;
	models) run guest/nic_models --guest stock --models "forcedeth r8169 ixgbe" --nics "" --limit 580 --total 2400 ;;
	releases) run "$sample $nics" --guest stock --slow 150 --total 2400 --kernels all ;;
	*) die "$1 is unknown" ;;
	esac
}

logs=$(mktemp -d) || exit 2
pids=
# shellcheck disable=SC2317,SC2329
cleanup() {
	status=$?
	trap '' EXIT INT TERM
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || { kill $pids; wait $pids; } 2>/dev/null
	rm -rf "$logs"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for what in "$@"; do
	(guest "$what") >"$logs/$what" 2>&1 &
	pids="$pids $!"
done
passed=0 failed=0
for what in "$@"; do
	# shellcheck disable=SC2086
	set -- $pids
	wait "$1"
	status=$?
	shift
	pids=$*
	echo "== $what"
	grep -v '^[0-9]* passed, ' "$logs/$what"
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/$what" | tail -1)
	if [ -n "$last" ]; then
		passed=$((passed + ${last%% *}))
		last=${last#*, }
		failed=$((failed + ${last%% *}))
		[ $status -eq 0 ] || [ "${last%% *}" -gt 0 ] || failed=$((failed + 1))
	elif [ $status -eq 0 ]; then passed=$((passed + 1))
	else failed=$((failed + 1)); echo "FAIL $what (status $status)"
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
