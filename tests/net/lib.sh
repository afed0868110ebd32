# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# lib.sh - what the scripts of this folder share; each begins with: . "$(dirname "$0")/lib.sh"
#
# Environment, set by run.sh and with defaults for a script that is run by hand:
#	BUILD      where the tools are (build/gcc); programs of prog/ are in $BUILD/net
#	NET_FULL   not empty: the long variant
#	NET_SLOW   what amounts are divided by, for a machine that is so much slower (1)
#	NET_HOME   user (the engine, default) or kernel (/dev/netmap)
#
# A script may define undo(), which is called at its end. Names of variables that end in _ are this file's.
#
# A script has its own folder $tmp and its own engine, which the first client starts on $NETMAP_SOCKET, and which leaves
# after the last. Nothing waits for a time: `until_true` looks at a state again and again up to a limit, which is there only
# so that a broken build fails instead of hanging.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
BUILD=${BUILD:-$top/build/gcc}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
NET_FULL=${NET_FULL:-}
NET_SLOW=${NET_SLOW:-1}
NET_HOME=${NET_HOME:-user}
NET_LIMIT=${NET_LIMIT:-60} # seconds a state may take to come
PATH=${NET_BY_RUN:+$NET_BY_RUN:}$BUILD:$BUILD/net:$PATH
export PATH BUILD NET_FULL NET_HOME

me=$(basename "$0" .sh)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/net-$me-XXXXXX") || exit 1
failures=0
started=
NETMAP_SOCKET=$tmp/socket
NETMAP_ENGINE=$NET_HOME
export NETMAP_SOCKET NETMAP_ENGINE

# skip REASON - this machine can't run the script; run.sh prints the reason
skip() {
	echo "skip: $*"
	exit 77
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root: $*"; }
need_tool() { command -v "$1" >/dev/null || skip "needs $1${2:+ (package $2)}"; }
need_home() { [ "$NET_HOME" = "$1" ] || skip "only for home $1"; }

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# amount USUAL FULL - how many, as the variant and the machine have it
amount() { if [ -n "$NET_FULL" ]; then echo "$2"; else echo $(($1 / NET_SLOW)); fi; }

# expect WHAT GOT WANTED
expect() {
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# expect_ge WHAT GOT LEAST
expect_ge() {
	if [ -z "$2" ] || [ "$2" -lt "$3" ]; then fail "$1: got '$2', expected $3 at least"; fi
}

# refused TEXT COMMAND... - it fails and says so
refused() {
	text_=$1; shift
	if "$@" >"$tmp/refused" 2>&1 </dev/null; then fail "'$*' succeeded, expected '$text_'"; fi
	grep -q -e "$text_" "$tmp/refused" || fail "'$*' said: $(cat "$tmp/refused"), expected '$text_'"
}

# until_true WHAT COMMAND... - waits until COMMAND succeeds
until_true() {
	what_=$1; shift
	read -r now_ _ </proc/uptime
	limit_=$((${now_%.*} + NET_LIMIT))
	until "$@" >/dev/null 2>&1; do
		read -r now_ _ </proc/uptime
		if [ "${now_%.*}" -ge $limit_ ]; then
			fail "$what_: not within $NET_LIMIT s ($*)"
			return 1
		fi
		sleep 0.02 # between two looks; what counts is the look
	done
}

# start NAME COMMAND... - in the background; output in $tmp/NAME.out and .err, process id in $tmp/NAME.pid
start() {
	start_=$1; shift
	: >"$tmp/$start_.out" # not by the child, which may come later than who reads it
	: >"$tmp/$start_.err"
	"$@" >>"$tmp/$start_.out" 2>>"$tmp/$start_.err" </dev/null &
	echo $! >"$tmp/$start_.pid"
	started="$started $start_"
}

# bare PROGRAM ARG... - one that knows the device and not our library: as it is where that is the kernel's, else by netmap-run
bare() { if [ "$NET_HOME" = kernel ]; then "$@"; else netmap-run "$@"; fi; }

pid_of() { read -r pid_ <"$tmp/$1.pid" && echo "$pid_"; }
running() { kill -0 "$(pid_of "$1")" 2>/dev/null; }

# signal NAME SIGNAL
signal() { kill -"$2" "$(pid_of "$1")" 2>/dev/null || fail "$1 has ended before SIG$2: $(tail -3 "$tmp/$1.err")"; }

# finish NAME [STATUS] - waits for its end, which is to be with STATUS (0)
finish() {
	wait "$(pid_of "$1")" 2>/dev/null
	status_=$?
	[ $status_ -eq "${2:-0}" ] || fail "$1 ended with status $status_, expected ${2:-0}: $(tail -5 "$tmp/$1.err")"
	left_=
	for name_of_ in $started; do [ "$name_of_" = "$1" ] || left_="$left_ $name_of_"; done
	started=$left_
}

# stop NAME - the polite end: SIGTERM and success
stop() {
	signal "$1" TERM
	finish "$1"
}

# told NAME TEXT - waits until the output of NAME has TEXT; what it said otherwise
told() {
	until_true "$1 says '$2'" said_or_gone "$1" "$2"
	grep -q -e "$2" "$tmp/$1.out" || fail "$1 ended without '$2': $(tail -5 "$tmp/$1.err")"
}

said_or_gone() { grep -q -e "$2" "$tmp/$1.out" || ! running "$1"; }

# value NAME FILTER - jq's FILTER of the JSON object that NAME printed last, on a line of its own; values NAME FIELD... - plain fields
# of it, each to come before a nested one of its name. That is done without jq, which takes long to begin, in an emulated guest a second.
value() {
	case $2 in
	.*[!a-z_]* | [!.]*) grep '^{' "$tmp/$1.out" | tail -1 | jq -r "$2" ;;
	*) values "$1" "${2#.}" ;;
	esac
}
values() {
	from_=$1; shift
	awk -v names="$*" '
		/^{/ { line = $0 }
		END {
			n = line == "" ? 0 : split(names, name, " ")
			for (i = 1; i <= n; i++) {
				at = index(line, "\"" name[i] "\":")
				v = at ? substr(line, at + length(name[i]) + 3) : "null"
				sub(/^ */, "", v)
				sub(/[,}].*/, "", v)
				gsub(/"/, "", v)
				printf "%s%s", v, i < n ? " " : "\n"
			}
		}' "$tmp/$from_.out"
}

# counters_of PORT-OR-SWITCH - "name":number lines, fails where there is none
counters_of() { vale-ctl stats --json "$1" 2>>"$tmp/vale-ctl.err"; }
# counters PORT-OR-SWITCH NAME... - each of them; counter PORT-OR-SWITCH NAME... - their sum
counters() {
	of_=$1; shift
	counters_of "$of_" | awk -F '[":, ]+' -v names="$*" '
		BEGIN { n = split(names, name, " "); for (i = 1; i <= n; i++) want[name[i]] = 1 }
		$2 in want { value[$2] = $3; found++ }
		END { for (i = 1; found == n && i <= n; i++) printf "%s%s", value[name[i]], i < n ? " " : "\n" }'
}
counter() {
	sum_=
	for n_ in $(counters "$@"); do sum_=$((${sum_:-0} + n_)); done
	echo "$sum_"
}

# books_differ PORT-OR-SWITCH - by how many frames: sent, and neither passed on nor dropped
books_differ() {
	counters_of "$1" >"$tmp/identity"
	awk -F '[":, ]+' '
		$2 == "tx_packets" { seen++ }
		$2 == "tx_packets" || $2 == "flood_copies" { sum += $3 }
		$2 == "flooded" || $2 == "forwarded" || $2 ~ /^drop_/ { sum -= $3 }
		END { if (seen == 1) printf "%.0f\n", sum }' "$tmp/identity"
}

# expect_identity PORT-OR-SWITCH - nothing that was sent got lost in the books
expect_identity() {
	difference_=$(books_differ "$1")
	[ "$difference_" = 0 ] || fail "$1: tx_packets + flood_copies - flooded exceeds forwarded + drops by '$difference_': $(cat "$tmp/identity")"
}

# engine_pid - of the engine that serves $NETMAP_SOCKET: the one process with this path among its arguments
engine_pid() {
	echo "$NETMAP_SOCKET" >"$tmp/pattern"
	grep -lsazxF -f "$tmp/pattern" /proc/[0-9]*/cmdline | cut -d/ -f3
}

engine_gone() { [ -z "$(engine_pid)" ]; }

# shellcheck disable=SC2317,SC2329
cleanup() {
	status=$?
	trap '' EXIT INT TERM
	for name in $started; do
		kill -CONT "$(pid_of "$name")" 2>/dev/null
		kill -KILL "$(pid_of "$name")" 2>/dev/null
		wait "$(pid_of "$name")" 2>/dev/null
	done
	for p in $(engine_pid); do kill -TERM "$p" 2>/dev/null; done
	if command -v undo >/dev/null; then undo; fi
	rm -rf "$tmp"
	[ $status -ne 0 ] || [ $failures -eq 0 ] || status=1
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
