#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# isolation.sh - what a user gets of another's ports: nothing, until the owner gives it. Needs root, to be several users.
#
#   ann (61001) owns ports; bob (61002) is in ann's group; eve (61003) is a stranger. Seals and bounds of the memory:
#   engine/netmapd_test.c and tests/hostile.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/gcc}
[ "$(id -u)" -eq 0 ] || { echo "1 skipped: isolation: only root can be several users"; echo "0 passed, 0 failed"; exit 0; }
for f in netmapd vale-ctl pkt-gen; do
	[ -x "$build/$f" ] || { echo "isolation.sh: there is no $build/$f; build first: make BUILD=$build" >&2; exit 2; }
done
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
mkdir "$dir/bin"
cp "$build/netmapd" "$build/vale-ctl" "$build/pkt-gen" "$dir/bin/" # the tree itself may be closed to these users
passed=0 failed=0 engine='' port=''
export NETMAP_SOCKET="$dir/sock" NETMAP_ENGINE=user

end() { # PID: ends it and waits
	[ -z "$1" ] || { kill "$1" 2>/dev/null; wait "$1" 2>/dev/null; }
}
trap 'end "$port"; end "$engine"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

as() { # USER COMMAND...: in a subshell, which becomes the command, so that its process id is the command's
	who=$1
	shift
	case $who in
	ann) set -- --reuid 61001 --regid 61001 --clear-groups "$@" ;;
	bob) set -- --reuid 61002 --regid 61002 --groups 61001 "$@" ;;
	eve) set -- --reuid 61003 --regid 61003 --clear-groups "$@" ;;
	root) set -- --clear-groups "$@" ;;
	esac
	exec setpriv "$@"
}

good() { # TEXT COMMAND...: the command succeeds
	text=$1
	shift
	if out=$("$@" 2>&1); then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $text: $out"; fi
}

bad() { # TEXT PATTERN COMMAND...: the command fails and says why
	text=$1 pattern=$2
	shift 2
	if out=$("$@" 2>&1); then
		failed=$((failed + 1)); echo "FAIL $text: it worked: $out"
	elif echo "$out" | grep -q "$pattern"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1)); echo "FAIL $text: the text is: $out"
	fi
}

same() { # TEXT WANTED GOT
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $1: $3 instead of $2"; fi
}

start() { # USER OPTION...: an engine; ends the one before
	end "$engine"
	user=$1
	shift
	mkfifo "$dir/ready" && chmod 666 "$dir/ready"
	as "$user" "$dir/bin/netmapd" --foreground --log-level 1 --socket "$NETMAP_SOCKET" --ready-fd 9 "$@" 9>"$dir/ready" &
	engine=$!
	head -c 1 "$dir/ready" >/dev/null
	rm "$dir/ready"
}

tool() { # USER TOOL ARGUMENT...
	user=$1 tool=$2
	shift 2
	as "$user" "$dir/bin/$tool" "$@"
}

open_port() { # USER PORT: keeps it open until end "$port"; returns when it is there
	as "$1" "$dir/bin/pkt-gen" -i "$2" -f rx >"$dir/rx.log" 2>&1 &
	port=$!
	while kill -0 $port 2>/dev/null && ! (tool root vale-ctl list "$2") >/dev/null 2>&1; do :; done
}

send_to() { # USER PORT: opens it and sends one frame
	tool "$1" pkt-gen -i "$2" -f tx -n 1
}

sees() { # USER PATTERN: in the list of ports
	tool "$1" vale-ctl list | grep -q "$2"
}

# The socket: its mode does not come from the umask.
for mask in 000 077; do
	umask $mask
	start root
	same "mode of the socket under umask $mask" 600 "$(stat -c %a "$NETMAP_SOCKET")"
	start root --group 61001
	same "mode of the socket with a group, umask $mask" "660 61001" "$(stat -c '%a %g' "$NETMAP_SOCKET")"
done
umask 022
bad "a stranger at a socket of a group" "ermission denied\|not permitted" send_to eve vale0:e
good "a member at a socket of a group" send_to bob vale0:b
bad "an odd mode" "octal mode" "$dir/bin/netmapd" --mode 0999
bad "a group that is not there" "there is no such group" "$dir/bin/netmapd" --group no-such-group-here

# The system's engine, open to everybody; the owner is not the engine's user.
start root --mode 0666
open_port ann vale7:ann
good "ann sees her port" sees ann vale7:ann
good "root sees it" sees root vale7:ann
if sees eve vale7; then failed=$((failed + 1)); echo "FAIL eve sees ann's port"; else passed=$((passed + 1)); fi
bad "eve opens it" "belongs to user 61001" send_to eve vale7:ann
bad "eve joins the switch" "belongs to user 61001" send_to eve vale7:eve
bad "eve monitors it" "belongs to user 61001" tool eve pkt-gen -i "vale7:ann/r" -f rx -n 1
bad "eve reads its counters" "belongs to user 61001\|there is no" tool eve vale-ctl stats vale7:ann
bad "eve reads the counters of the switch" "belongs to user 61001\|there is no" tool eve vale-ctl stats vale7
bad "eve reads the MAC table" "belongs to user 61001\|there is no" tool eve vale-ctl fdb vale7
bad "eve flushes the MAC table" "belongs to user 61001\|there is no" tool eve vale-ctl fdb vale7 --flush
bad "eve detaches it" "." tool eve vale-ctl -d vale7:ann
bad "eve changes its mode" "only he or root\|belongs to user 61001" tool eve vale-ctl chmod 0666 vale7:ann
bad "eve takes it" "only he or root\|belongs to user 61001" tool eve vale-ctl chown 61003 vale7:ann
bad "ann gives it away" "only root" tool ann vale-ctl chown 61003 vale7:ann
good "ann closes the port to her group" tool ann vale-ctl chmod 0600 vale7:ann
good "ann closes the switch to her group" tool ann vale-ctl chmod 0600 vale7
bad "bob opens it then" "belongs to user 61001" send_to bob vale7:ann
good "ann opens the port to her group" tool ann vale-ctl chmod 0660 vale7:ann
good "bob opens it" send_to bob vale7:ann
bad "bob joins the switch, which is closed still" "belongs to user 61001" send_to bob vale7:bob
bad "eve opens it still" "belongs to user 61001" send_to eve vale7:ann
good "ann opens the switch to her group" tool ann vale-ctl chmod 0660 vale7
good "bob joins it" send_to bob vale7:bob
bad "eve joins it still" "belongs to user 61001" send_to eve vale7:eve
end "$port"
port=

# An engine of ann's own, with its socket open: what is made in it is hers alone at first.
rm -f "$NETMAP_SOCKET" "$NETMAP_SOCKET.srv"
chown 61001:61001 "$dir"
start ann --mode 0666
open_port ann vale7:ann
bad "bob opens a port in ann's engine" "belongs to user 61001" send_to bob vale7:ann
bad "eve opens a port in ann's engine" "belongs to user 61001" send_to eve vale7:ann
good "ann shares it with her group" tool ann vale-ctl chmod 0660 vale7:ann
good "bob opens it in ann's engine" send_to bob vale7:ann
bad "eve opens it in ann's engine still" "belongs to user 61001" send_to eve vale7:ann
good "eve has ports of her own there" send_to eve vale8:eve

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
