#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh [--full] [--build] [--run] [--home user|kernel] [--in FOLDER] [NAME...] - runs the scripts of this folder or of another one beside
# it, or those named; builds prog/ first. With --build it does that alone: tests/guest/run.sh has the scripts run against the kernel.
# With --run programs and tools have the device only, and netmap-run before them.
#
# Each script has a time limit and prints a line: ok, FAIL (with its output) or skip (with the reason), and seconds. Last come
# "N passed, N failed" and, where something was skipped, "N skipped: why". What a script needs stands in its head.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd) || exit 1
NET_FULL='' NET_HOME=user build_only='' by_run='' names='' scripts=$here
while [ $# -gt 0 ]; do
	case $1 in
	--full) NET_FULL=1 ;;
	--build) build_only=1 ;;
	--run) by_run=1 ;;
	--home) NET_HOME=${2:-}; shift ;;
	--in) scripts=$top/tests/${2:-}; shift ;;
	-*) echo "usage: run.sh [--full] [--build] [--run] [--home user|kernel] [--in FOLDER] [NAME...]" >&2; exit 2 ;;
	*) names="$names $(basename "$1" .sh)" ;;
	esac
	shift
done
case $NET_HOME in
user | kernel) ;;
*) echo "run.sh: --home $NET_HOME: user or kernel is expected" >&2; exit 2 ;;
esac
BUILD=${BUILD:-build/gcc}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
export BUILD NET_FULL NET_HOME
[ -x "$BUILD/pkt-gen" ] || { echo "run.sh: there is no $BUILD/pkt-gen; build first: make BUILD=$BUILD" >&2; exit 2; }
limit=${NET_TIMEOUT:-$([ -n "$NET_FULL" ] && echo 1800 || echo 240)}

# A program is prog/NAME.c with the files prog/NAME_*.c and prog/common.c. Those of bare/ are of one file, and have the headers of ours only.
build() {
	mkdir -p "$BUILD/net" || return 1
	for main in "$here"/bare/*.c; do
		[ -f "$main" ] || continue
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64 -O2 -g -Wall -Wextra -Werror -Wshadow \
			-Wno-missing-field-initializers -I"$top/include" -o "$BUILD/net/$(basename "$main" .c)" "$main" -lpthread || return 1
	done
	for main in "$here"/prog/*.c; do
		[ -f "$main" ] || continue
		p=$(basename "$main" .c)
		case $p in *_* | common) continue ;; esac
		set -- "$main" "$here/prog/common.c"
		for part in "$here/prog/$p"_*.c; do [ -f "$part" ] && set -- "$@" "$part"; done
		# shellcheck disable=SC2086
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
			${CFLAGS:-} -I"$top/include" -I"$here/prog" -o "$BUILD/net/$p" "$@" "$BUILD/libnetmap.a" -lpthread -ldl || return 1
	done
}

# by_netmap_run - the same programs and the tools once more, under their names in a folder for the PATH
by_netmap_run() {
	make -s -C "$top" BUILD="$BUILD" bare >/dev/null && mkdir -p "$BUILD/net-run" || return 1
	for main in "$here"/prog/*.c "$BUILD"/bare/*; do
		p=$(basename "$main" .c)
		case $p in *_* | common) continue ;; esac
		bare=$BUILD/bare/$p
		if [ "$main" != "$bare" ]; then
			bare=$BUILD/net-run/$p.bare
			set -- "$main" "$here/prog/common.c"
			for part in "$here/prog/$p"_*.c; do [ -f "$part" ] && set -- "$@" "$part"; done
			${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -I"$top/include" -I"$here/prog" -o "$bare" "$@" \
				"$BUILD/libnetmap-bare.a" -lpthread || return 1
		fi
		printf '#!/bin/sh\nexec "%s/netmap-run" "%s" "$@"\n' "$BUILD" "$bare" >"$BUILD/net-run/$p" && chmod 755 "$BUILD/net-run/$p" || return 1
	done
	NET_BY_RUN=$BUILD/net-run
	export NET_BY_RUN
}

log=$(mktemp) || exit 1
child=
trap 'rm -f "$log"' EXIT
trap '[ -z "$child" ] || { kill "$child"; wait "$child"; }; exit 130' INT TERM
build || { echo "FAIL prog"; echo "0 passed, 1 failed"; exit 1; }
[ -z "$build_only" ] || exit 0
[ -z "$by_run" ] || by_netmap_run || { echo "FAIL prog, without the library"; echo "0 passed, 1 failed"; exit 1; }
[ -n "$names" ] || for s in "$scripts"/*.sh; do
	case $(basename "$s" .sh) in run | lib | *_lib) ;; *) names="$names $(basename "$s" .sh)" ;; esac
done
passed=0 failed=0 skipped=0 why=
for name in $names; do
	begin=$(date +%s)
	timeout -k 30 "$limit" sh "$scripts/$name.sh" >"$log" 2>&1 </dev/null &
	child=$!
	wait $child # so that a signal to us ends it at once
	status=$?
	child=
	took=$(($(date +%s) - begin))
	case $status in
	0) passed=$((passed + 1)); echo "ok $name $took s" ;;
	77)
		reason=$(sed -n 's/^skip: //p' "$log" | tail -1)
		skipped=$((skipped + 1)); why="${why:+$why; }$name: ${reason:-no reason given}"
		echo "skip $name $took s (${reason:-no reason given})"
		;;
	*)
		failed=$((failed + 1)); echo "FAIL $name $took s (status $status)"
		[ $status -ne 124 ] || echo "not within its limit of $limit s"
		tail -60 "$log"
		;;
	esac
done
[ $skipped -eq 0 ] || echo "$skipped skipped: $why"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
