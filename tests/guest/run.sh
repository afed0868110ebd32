#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [OPTION...] [TEST...] - runs tests of netmap.ko in a guest, that is, on a kernel of its own in a process of this machine
#
#	--guest NAME     uml (default): User Mode Linux, one processor, this machine's programs at native speed
#	                 umldebug: the same with KASAN, lockdep and more
#	                 stock: the kernel of this Debian release in QEMU, two emulated processors, pairs of NICs
#	                 debug: a kernel with KASAN, lockdep, kmemleak, UBSAN and fault injection in QEMU
#	--kernels WHICH  stock: that of a suite such as trixie (see fetch.sh), or of all: this release, newer and older ones
#	--limit S        seconds that a test may take (240; emulation: 600)
#	--slow N         amounts of packets are divided by N (uml 4, stock and umldebug 10, debug 20)
#	--total S        seconds that the guest may take (limit of a test and 30 for each test)
#	--module FILE    this module and not the one built from here
#	--param TEXT     parameters of the module
#	--env NAME=VALUE for the tests; may be given again
#	--append TEXT    further words of the kernel's command line
#	--qemu TEXT      further options of QEMU
#	--qemu-suite S   the QEMU of another suite, such as trixie-backports (see fetch.sh), for NICs that this machine's lacks
#	--nics MODELS    pairs of NICs of a guest in QEMU, by QEMU's names, properties and all ("e1000 virtio-net-pci,mq=on"). A pair
#	                 vfio-user:FILE is served by programs that have to listen at FILE.1 and FILE.2; the name of FILE is that of
#	                 the kernel's driver. NICs of PCIe are put behind root ports.
#	--models KINDS   pairs of NICs that QEMU lacks, such as "forcedeth r8169 forcedeth:mcp55": see devices/. Those of --nics are
#	                 there only if it is given too, and QEMU is that of trixie-backports unless --qemu-suite says else.
#	--drivers NAMES  drivers of drivers/ that take the place of the kernel's own (stock, debug)
#	--cpus N         processors of a guest in QEMU (2)
#	--keep           keep the folder of the run also if all went well
#	--list           print the tests and end
#	--console        show the guest's console too
#	TEST             pattern such as ctl/register, 'net/*' or close (in any folder); default: all
#
# Tests are: builtin/cycles (load and unload), builtin/refused_in_use, ctl/PROGRAM, net/SCRIPT and tools/SCRIPT of those folders
# of tests/, guest/SCRIPT of t/ here; and, if named, bench/BENCH of bench/run.sh --home kernel. Each prints a line: ok, FAIL (with its output) or skip (with the reason). A test fails also
# if the kernel reports something (reports.list, allow.list), the run if it leaves memory behind, hangs or does not come to its
# end. Last comes "N passed, N failed". The console's log is console.log in the folder that is named at the end.
#
# Environment: BUILD (build/gcc, where the tools are), GUEST_SCALE (1; counts and durations are multiplied by it), GUEST_TMP
# (build/guest/runs, where the folders of runs are), and those of lib.sh.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

guest=uml slow='' kernels=own qemu='' qemu_suite='' drivers='' models='' kinds='' cpus=2 limit='' total='' module='' params='' append='' environment='' keep='' list='' console='' tests=''
while [ $# -gt 0 ]; do
	case $1 in
	--guest) guest=${2:-}; shift ;;
	--kernels) kernels=${2:-}; shift ;;
	--qemu) qemu=${2:-}; shift ;;
	--qemu-suite) qemu_suite=${2:-}; shift ;;
	--nics) models=${2:-}; shift ;;
	--models) kinds=${2:-}; shift ;;
	--drivers) drivers=${2:-}; shift ;;
	--cpus) cpus=${2:-}; shift ;;
	--limit) limit=${2:-}; shift ;;
	--slow) slow=${2:-}; shift ;;
	--total) total=${2:-}; shift ;;
	--module) module=${2:-}; shift ;;
	--param) params=${2:-}; shift ;;
	--env) environment="$environment ${2:-}"; shift ;;
	--append) append=${2:-}; shift ;;
	--keep) keep=1 ;;
	--list) list=1 ;;
	--console) console=1 ;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) tests="$tests $1" ;;
	esac
	[ $# -eq 0 ] || shift
done
[ -z "$kinds" ] || : "${qemu_suite:=trixie-backports}"
[ -n "$models$kinds" ] || models='e1000 virtio-net-pci'
build=${BUILD:-build/gcc}
case $build in /*) ;; *) build=$top/$build ;; esac
: "${GUEST_SCALE:=1}"
# KASAN never frees the stack traces it has seen, and keeps what was freed for a while; kmemleak finds what nobody points to
case $guest in *debug) : "${GUEST_LEAK:=32768}" ;; *) : "${GUEST_LEAK:=4096}" ;; esac

# all_tests - one a line
all_tests() {
	echo builtin/cycles
	echo builtin/refused_in_use
	for f in "$top"/tests/ctl/*.c; do
		name=$(basename "$f" .c)
		[ "$name" = ctl ] || echo "ctl/$name"
	done
	for folder in net tools guest/t; do
		for f in "$top/tests/$folder"/*.sh; do
			name=$(basename "$f" .sh)
			case $name in run | lib | *_lib | '*') ;; *) echo "${folder%/t}/$name" ;; esac
		done
	done
}

# wanted - of them those that TEST names
wanted() {
	for t in $tests; do case $t in bench/*) echo "$t" ;; esac; done
	echo "$all" | while read -r name; do
		[ -n "$tests" ] || { echo "$name"; continue; }
		for t in $tests; do
			# shellcheck disable=SC2254 # a pattern
			case $name in $t | */$t) echo "$name"; break ;; esac
		done
	done
}

all=$(all_tests)
set -f # patterns of tests are not names of files here
names=$(wanted)
set +f
[ -n "$names" ] || die "there is no test $tests; --list prints them"
[ -z "$list" ] || { echo "$names"; exit 0; }

need_commands make:make gcc:gcc jq:jq ip:iproute2 tcpdump:tcpdump iperf3:iperf3 ethtool:ethtool busybox:busybox-static kmod:kmod cpio:cpio
case $guest in
uml | umldebug) : "${limit:=240}" ;;
stock | debug) : "${limit:=600}" ;;
*) die "--guest $guest: uml, umldebug, stock or debug is expected" ;;
esac
case ${kinds:+models}$guest in models*uml*) die "--models: a guest in QEMU is needed" ;; esac
case $guest in
uml) : "${slow:=4}" ;;
debug) : "${slow:=20}" ;;
*) : "${slow:=10}" ;;
esac
: "${total:=$((limit + $(echo "$names" | wc -l) * 30))}"

runs=${GUEST_TMP:-$top/build/guest/runs}
mkdir -p "$runs" || exit 2
find "$runs" -maxdepth 1 -name 'run-*' -mmin +1440 -exec rm -rf {} + # of those that failed
run=$(mktemp -d "$runs/run-XXXXXX") || exit 2
pid='' model_pids=''
# shellcheck disable=SC2317,SC2329
cleanup() {
	status=$?
	trap '' EXIT INT TERM
	[ -z "$pid" ] || kill -s KILL -- "-$pid" 2>/dev/null
	for p in $model_pids; do kill -s KILL "$p" 2>/dev/null; done
	if [ $status -eq 0 ] && [ -z "$keep" ]; then rm -rf "$run"; else echo "the guest's console: $run/*console.log"; fi
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# alone COMMAND... - while no other run uses or makes what is in the folder of the programs
alone() { locked "programs-$build" "$@"; }

# programs - everything that is compiled, once for all kernels
programs() {
	make -s -C "$top" -j"$(nproc)" BUILD="$build" all && BUILD=$build sh "$top/tests/ctl/run.sh" --build "$build/ctl" &&
		BUILD=$build sh "$top/tests/net/run.sh" --build && make -s -C "$top" BUILD="$build" guest-programs ${kinds:+nic-model}
}

# stage FOLDER MODULE - what the guest needs of ours
stage() {
	mkdir -p "$1/build/gcc" "$1/tests" || return 1
	for f in "$build"/*; do [ ! -f "$f" ] || cp -p "$f" "$1/build/gcc/"; done
	cp -rp "$build/ctl" "$build/net" "$build/guest" "$build/pcap" "$1/build/gcc/" &&
		for folder in ctl net tools guest; do cp -rp "$top/tests/$folder" "$1/tests/" || return 1; done &&
		cp "$here/init.sh" "$here/reports.awk" "$here/reports.list" "$here/allow.list" "$(command -v busybox)" "$2" "$1/" || return 1
	# documentation that tests of the tools compare with
	mkdir -p "$1/tools" && (cd "$top" && find tools engine pcap man -name '*.[1-9]' | cpio -pdm --quiet "$1") || return 1
	if echo "$names" | grep -q ^bench/; then
		make -s -C "$top" -j"$(nproc)" BUILD="$build" bench && cp -rp "$top/bench" "$1/" && cp -rp "$build/bench" "$1/build/gcc/" || return 1
	fi
	echo "$names" >"$1/list"
	cat >"$1/env" <<-EOF
		GUEST=$guest GUEST_SCALE=$GUEST_SCALE GUEST_LIMIT=$limit GUEST_LEAK=$GUEST_LEAK GUEST_SLOW=$slow
		GUEST_MODULE=$(basename "$2" .ko) GUEST_PORT=$results GUEST_PARAMS='$params' GUEST_MODPROBE='$modprobe'
		GUEST_BENCH='${GUEST_BENCH:-}' GUEST_NATIVE='$drivers' GUEST_MODELS='$kinds'
		export GUEST GUEST_SCALE GUEST_NATIVE GUEST_MODELS GUEST_PORT$environment
	EOF
}

# module_for FOLDER NAME [MAKE-VARIABLE...] - builds it for the kernel whose build folder that is and prints where it is
module_for() {
	[ -z "$module" ] || { realpath "$module"; return; }
	ksrc=$1 moddir=$top/build/guest/$2
	shift 2
	locked "module-$moddir" "$here/module.sh" "$ksrc" "$moddir" "$@" >"$run/module.log" 2>&1 || {
		cat "$run/module.log" >&2
		return 1
	}
	echo "$moddir/netmap.ko"
}

# drivers_for SUITE KERNEL-BUILD-FOLDER MODULE-FOLDER - builds them and puts them on the stage
drivers_for() {
	[ -n "$drivers" ] || return 0
	# shellcheck disable=SC2086 # words
	locked "module-$3" "$here/driver.sh" "$@" $drivers >"$run/drivers" || return
	mkdir -p "$run/netmap/drivers" || return 1
	# shellcheck disable=SC2046 # words
	cp $(cat "$run/drivers") "$run/netmap/drivers/" || return 1
	for nic in $drivers; do cp "$3-drivers/$nic.state" "$run/" || return 1; done
}

# links - does what the lines "link ID on" and "link ID off" on its input ask for: the link of a NIC, by QEMU's monitor. A guest can
# ask for nothing else.
links() {
	sed -n 's/^link \(n[0-9]*\) \(o[nf]f*\)$/set_link \1 \2/p' >>"$run/monitor.in"
}

# watch - shows results as they come, until the guest has ended; fails if it has to be ended
watch() {
	until_=$(($(date +%s) + total)) shown=0
	while :; do
		alive=1
		kill -0 "$pid" 2>/dev/null || alive=
		tr -d '\r' <"$run/results" >"$run/results.now" # only whole lines
		lines=$(wc -l <"$run/results.now")
		if [ "$lines" -gt "$shown" ]; then
			head -n "$lines" "$run/results.now" | tail -n +$((shown + 1)) >"$run/results.new"
			grep -v -e '^end ' -e '^link ' "$run/results.new"
			[ ! -p "$run/monitor.in" ] || ! grep -q '^link ' "$run/results.new" || links <"$run/results.new"
			shown=$lines
		fi
		[ -n "$alive" ] || return 0
		if [ "$(date +%s)" -ge $until_ ]; then
			echo "FAIL guest (not within its limit of $total s)"
			return 1
		fi
		sleep 0.2 # between two looks
	done
}

# judge - after its end; adds to passed and failed
judge() {
	end=$(grep '^end ' "$run/results.now" | tail -1)
	awk -v guest="$guest" -v patterns="$here/reports.list" -v allowed="$here/allow.list" -f "$here/reports.awk" "$run/console.log" >"$run/reports"
	if [ -n "$end" ]; then
		# shellcheck disable=SC2086 # its words
		set -- $end
		passed=$((passed + $2)) failed=$((failed + $4)) skipped=$((skipped + $6))
	else
		passed=$((passed + $(grep -c '^ok ' "$run/results.now"))) failed=$((failed + $(grep -c '^FAIL ' "$run/results.now") + 1))
		echo "FAIL guest (it ended without its last line); the end of its console:"
		tail -40 "$run/console.log" | tr -d '\r'
		[ ! -s "$run/qemu.log" ] || { echo "and of what QEMU said:"; tail -5 "$run/qemu.log"; }
	fi
	sed -n 's/^skip \([^ ]*\) [0-9.]* s (\(.*\))$/; \1: \2/p' "$run/results.now" | tr -d '\n' >>"$run/skips"
	# what the guest has not counted itself
	if [ -s "$run/reports" ] && ! grep -q '^FAIL .*the kernel reports' "$run/results.now"; then
		failed=$((failed + 1))
		echo "FAIL guest (the kernel reports)"
		head -20 "$run/reports"
	fi
}

# record RELEASE - how the drivers with hooks did in this guest: in the tests of NICs, of those that had such NICs
record() {
	for nic in $drivers; do
		grep -q "^note NICs:.* $nic:" "$run/results.now" || [ "$nic" = veth ] || continue
		sed -n 's|^\(ok\) guest/\(nic_[a-z_]*\) .*|\1 \2|p; s|^\(FAIL\) guest/\(nic_[a-z_]*\) .*|\1 \2|p' "$run/results.now" | while read -r verdict name; do
			[ "$nic" = veth ] || grep -q -e GUEST_PAIRS -e GUEST_NATIVE "$here/t/$name.sh" || continue
			driver_result "$nic" "$1" "$name" "$verdict" "$(cat "$run/$nic.state")" || return
		done
	done
}

# boot COMMAND... - the guest, in a process group of its own so that it can be ended as a whole
boot() {
	: >"$run/results"
	: >"$run/console.log"
	setsid "$@" >>"$run/$output" 2>&1 </dev/null 3>>"$run/results" &
	pid=$!
	[ -z "$console" ] || tail -f --pid=$pid "$run/console.log" &
	watch
	kill -s KILL -- "-$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
	judge
}

uml() {
	kernel=$("$here/kernel.sh" "$guest") || return 1
	ko=$(module_for "$kernel" "$(basename "$kernel")" KFLAGS=ARCH=um) || return 1
	results=ttyS0 modprobe='' output=console.log
	alone stage "$run/netmap" "$ko" || return 1
	# shellcheck disable=SC2086 # words
	boot "$kernel/vmlinux" mem="${GUEST_MEM:-1024}M" root=/dev/root rootfstype=hostfs rootflags=/ ro init="$run/netmap/init.sh" \
		con=null con0=null,fd:1 ssl0=null,fd:3 panic=-1 loglevel=7 slab_nomerge $append
}

# What is a module in the kernel of a distribution and what tests need of it. The NICs come in pairs, each back to back.
stock_modules="veth tun dummy 8021q bridge macvlan bonding sch_fq_codel af_packet_diag inet_diag"

# nics - sets the options of QEMU for them, the machine that they need and the names of their drivers in a distribution's kernel.
# Options without a boot program save seconds. Functions of PCIe devices can collide if these are not behind ports of their own.
nics() {
	nics='' drivers_of_nics='' hub=0
	for kind in $kinds; do models="$models vfio-user:$run/model-$kind/${kind%%:*}"; done
	for model in $models; do
		hub=$((hub + 1)) name=${model%%,*} port=
		case $name in
		virtio*) drivers_of_nics="$drivers_of_nics virtio_pci virtio_net" ;;
		vfio-user:*) drivers_of_nics="$drivers_of_nics ${name##*/}" port=1 ;;
		e1000e | igb) drivers_of_nics="$drivers_of_nics $name" port=1 ;;
		*) drivers_of_nics="$drivers_of_nics ${name%%-*}" ;;
		esac
		for end in 1 2; do
			id=$hub$end bus=
			if [ -n "$port" ]; then
				machine=q35 bus=,bus=port$id
				nics="$nics -device pcie-root-port,id=port$id,chassis=$id"
			fi
			case $name in
			vfio-user:*)
				# its program reaches the guest's memory
				memory="-object memory-backend-memfd,id=shared,size=${GUEST_MEM:-2048}M,share=on" shared=,memory-backend=shared
				# shellcheck disable=SC2089
				nics="$nics -device {\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"${name#*:}.$end\"}${port:+,\"bus\":\"port$id\"}}"
				;;
			*) nics="$nics -netdev hubport,id=n$id,hubid=$hub -device $model,netdev=n$id,mac=52:54:00:4e:0$hub:0$end,romfile=$bus" ;;
			esac
		done
	done
}

# models_begin - a process for each pair of --models; models_end - with the guest they have ended too, and had nothing to complain of
models_begin() {
	model_pids='' hub=0
	for model in $models; do
		hub=$((hub + 1))
		case $model in "vfio-user:$run/model-"*) ;; *) continue ;; esac
		socket=${model#*:}
		kind=$(basename "$(dirname "$socket")")
		mkdir -p "$(dirname "$socket")"
		: >"$socket.out"
		mac=52:54:00:4e:0$hub
		"$build/nic-model" "${kind#model-}" "$socket.1" "$mac:01" "$socket.2" "$mac:02" >"$socket.out" 2>"$socket.err" </dev/null &
		model_pids="$model_pids $!"
		until grep -q ready "$socket.out"; do
			kill -0 "$!" 2>/dev/null || { cat "$socket.err" >&2; die "no model ${kind#model-}"; }
			sleep 0.05 # between two looks
		done
	done
}
models_end() {
	for p in $model_pids; do
		for _ in $(seq 1 50); do
			kill -0 "$p" 2>/dev/null || break
			sleep 0.1 # between two looks
		done
		kill -s KILL "$p" 2>/dev/null
		wait "$p" || { failed=$((failed + 1)); echo "FAIL guest (a model of a NIC ended with status $?)"; }
	done
	model_pids=
	for f in "$run"/model-*/*.err; do
		[ -s "$f" ] || continue
		failed=$((failed + 1))
		echo "FAIL guest (a model of a NIC complains)"
		sort "$f" | uniq -c | head -20
		: >"$f"
	done
}

# emulated IMAGE INITRAMFS - boots it in QEMU, after nics
emulated() {
	output=qemu.log
	# With everything watched, the tables of QEMU's older machine take minutes: they compute the ways of interrupts in loops.
	[ "$guest" != debug ] || machine=q35
	[ -p "$run/monitor.in" ] || mkfifo "$run/monitor.in" || return 1
	: >"$run/monitor.out"
	models_begin
	# shellcheck disable=SC2086,SC2090 # words, in which quotes are QEMU's
	boot "$qemu_program" -machine $machine$shared -accel tcg,thread=multi -smp "$cpus" -m "${GUEST_MEM:-2048}" $memory -nodefaults -no-user-config \
		-display none -no-reboot -kernel "$1" -initrd "$2" \
		-append "rdinit=/netmap/init.sh console=ttyS0 panic=-1 printk.time=1 loglevel=7 slab_nomerge $append" \
		-serial "file:$run/console.log" -serial "file:$run/results" -chardev "pipe,id=monitor,path=$run/monitor" -mon chardev=monitor $qemu $nics
	models_end
}

# stock SUITE
stock() {
	got=$("$here/fetch.sh" "$1") || return
	release=${got%% *} kernel=${got#* }
	echo "guest stock: $release"
	ko=$(module_for "$kernel/usr/src/linux-headers-$release" "$release") || return 1
	results=ttyS1 modprobe="$stock_modules$drivers_of_nics"
	alone stage "$run/netmap" "$ko" || return 1
	drivers_for "$1" "$kernel/usr/src/linux-headers-$release" "$(dirname "$ko")" || return
	# shellcheck disable=SC2086 # words
	"$here/initramfs.sh" "$run/initramfs" "$run/netmap" "$kernel" "$release" $modprobe >/dev/null || return 1
	image=$kernel/boot/vmlinuz-$release
	[ -e "$image" ] || image=$kernel/lib/modules/$release/vmlinuz # of later packages
	emulated "$image" "$run/initramfs"
	record "$release"
}

debug() {
	kernel=$("$here/kernel.sh" debug) || return 1
	ko=$(module_for "$kernel" "$(basename "$kernel")") || return 1
	release=$(make -s -C "$kernel" kernelrelease)
	results=ttyS1 modprobe="veth$drivers_of_nics"
	alone stage "$run/netmap" "$ko" || return 1
	drivers_for own "$kernel" "$(dirname "$ko")" || return 1
	# shellcheck disable=SC2086 # words
	"$here/initramfs.sh" "$run/initramfs" "$run/netmap" "$kernel/installed" "$release" $modprobe >/dev/null || return 1
	emulated "$kernel/arch/x86/boot/bzImage" "$run/initramfs"
	record "$release"
}

# each SUITE... - a guest for each; the logs of those before are kept
each() {
	for suite in "$@"; do
		stock "$suite"
		case $?:$suite in
		0:*) ;;
		77:own) failed=$((failed + 1)); echo "FAIL guest stock (its kernel can't be had)" ;;
		77:*) skipped=$((skipped + 1)); echo "skip guest stock of $suite (the mirror lacks it, or does not tell of it now)"
			printf '; kernel of %s: the mirror lacks it, or does not tell of it now' "$suite" >>"$run/skips" ;;
		*) failed=$((failed + 1)); echo "FAIL guest stock of $suite" ;;
		esac
		[ ! -f "$run/console.log" ] || mv "$run/console.log" "$run/$suite-console.log"
	done
}

passed=0 failed=0 skipped=0
machine=pc memory='' shared='' qemu_program=qemu-system-x86_64
case $guest in
stock | debug)
	nics
	if [ -n "$qemu_suite" ]; then
		got=$("$here/fetch.sh" "qemu:$qemu_suite") || die "there is no QEMU of $qemu_suite"
		qemu_program=${got#* }/qemu-system-x86_64
	else
		need_commands qemu-system-x86_64:qemu-system-x86
	fi
	;;
esac
alone programs || die "the programs do not build"
case $guest in
uml*) uml || die "no guest: see above" ;;
debug) debug || die "no guest: see above" ;;
stock)
	# shellcheck disable=SC2046 # words
	if [ "$kernels" = all ]; then each own $("$here/fetch.sh" suites); else each "$kernels"; fi
	;;
esac
[ $skipped -eq 0 ] || echo "$skipped skipped: in guest $guest$(cat "$run/skips")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
