#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# drivers.sh [--run] [--drivers NAMES] [SUITE...] - builds the drivers of drivers/, or those named, for the kernels of this release and of
# backports (or those of SUITE..., see fetch.sh). Prints a line for each and, last, "N passed, N failed". A warning fails like an error.
#
#	--run      and runs each in a guest with a pair of its NICs, where the tests of TESTS (guest/nic_pair; of veth also guest/nic_veth)
#	           have to pass
#
# Results are kept for scripts/driver_table.sh.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
drivers='' guests=''
while [ $# -gt 0 ]; do
	case $1 in
	--run) guests=1 ;;
	--drivers) drivers=${2:-}; [ $# -gt 1 ] || { usage >&2; exit 2; }; shift ;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
need_commands make:make gcc:gcc spatch:coccinelle
: "${drivers:=$(cd "$top/drivers" && for f in */driver.conf; do echo "${f%/*}"; done)}"
passed=0 failed=0 skipped=0 why=
mkdir -p "$top/build/guest" || exit 2
work=$(mktemp -d "$top/build/guest/drivers-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

good() { passed=$((passed + 1)); echo "ok $*"; }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }

# nics NIC - what run.sh needs for a pair of them
nics() {
	case $1 in
	virtio_net) echo --nics virtio-net-pci ;;
	igb) echo --nics igb --qemu-suite trixie-backports ;;
	ixgbe | r8169 | forcedeth) echo --models "$1" ;;
	veth) echo --nics e1000 ;;
	*) echo --nics "$1" ;;
	esac
}

# try NIC - of $suite, for $release, $ksrc, $module
try() {
	log=$module-drivers/$1/build.log
	if ! locked "module-$module" "$here/driver.sh" "$suite" "$ksrc" "$module" "$1" >"$work/log" 2>&1; then
		bad "$1, $release"
		tail -20 "$work/log"
	elif grep -E '^[^ ]+:[0-9]+:.* warning:|^WARNING: ' "$log" >"$work/warnings"; then # of the compiler, of modpost
		bad "$1, $release (warnings)"
		head -20 "$work/warnings"
	else
		good "$1, $release"
		driver_result "$1" "$release" build ok "$(cat "$module-drivers/$1.state")"
		return
	fi
	driver_result "$1" "$release" build FAIL "$(cat "$module-drivers/$1.state")"
	return 1
}

# tests NIC
tests() {
	case $1 in
	veth) echo guest/nic_pair guest/nic_veth ;;
	*) echo guest/nic_pair ;;
	esac
}

# guest NIC - its tests, as run.sh counts them
guest() {
	# shellcheck disable=SC2046,SC2086 # words
	"$here/run.sh" --guest stock --kernels "$suite" --slow 150 --total 2400 --drivers "$1" $(nics "$1") ${TESTS:-$(tests "$1")} >"$work/log" 2>&1
	status=$?
	if [ $status -eq 0 ] && grep -q '^ok guest/' "$work/log"; then
		good "$1, $release, in a guest"
	else
		bad "$1, $release, in a guest"
		tail -40 "$work/log"
	fi
}

# shellcheck disable=SC2046 # words
[ $# -gt 0 ] || set -- own $("$here/fetch.sh" suites | tr ' ' '\n' | grep -e -backports)
for suite in "$@"; do
	case $suite in own) source=source ;; *) source=source:$suite ;; esac
	got=$("$here/fetch.sh" "$suite") && "$here/fetch.sh" "$source" >"$work/source"
	status=$?
	if [ $status -eq 77 ] && [ "$suite" != own ]; then
		skipped=$((skipped + 1)) why="$why; $suite"
		echo "skip $suite"
		continue
	elif [ $status -ne 0 ]; then
		bad "$suite (its packages can't be had)"
		continue
	fi
	release=${got%% *}
	ksrc=${got#* }/usr/src/linux-headers-$release module=$top/build/guest/$release
	if ! locked "module-$module" "$here/module.sh" "$ksrc" "$module" >"$work/log" 2>&1; then
		bad "netmap.ko, $release"
		tail -20 "$work/log"
		continue
	fi
	for nic in $drivers; do
		try "$nic" || continue
		[ -z "$guests" ] || guest "$nic"
	done
done
[ $skipped -eq 0 ] || echo "$skipped skipped: drivers for kernels of suites that the mirror lacks, or does not tell of now$why"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
