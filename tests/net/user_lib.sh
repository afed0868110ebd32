# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2034,SC2154
# user_lib.sh - what the scripts share that run programs as an ordinary user, with that user's own engine: no root, no socket named.
#
# Sets $as, which goes before a command, and $uid, whose the engine is to be. As root that is a user whom nobody else has.

# user_begin FILE... - these of the build where that user can read them, whatever the rights of the build folder
user_begin() {
	[ ! -S /run/netmap/netmapd.sock ] || skip "a system engine would serve this test: /run/netmap/netmapd.sock exists"
	mkdir "$tmp/bin" "$tmp/run" && (cd "$BUILD" && cp -r "$@" "$tmp/bin/") || exit 1
	chmod 755 "$tmp" "$tmp/bin"
	if [ "$(id -u)" -eq 0 ]; then
		uid=$((60000 + $$ % 5000))
		as="setpriv --reuid=$uid --regid=$uid --clear-groups --inh-caps=-all env -i PATH=$tmp/bin:/usr/bin:/bin:/usr/sbin"
		NETMAP_SOCKET=/tmp/netmapd-$uid/netmapd.sock
		chown "$uid:$uid" "$tmp/run"
		# shellcheck disable=SC2317,SC2329
		undo() { rm -rf "/tmp/netmapd-$uid"; }
	else
		uid=$(id -u)
		chmod 700 "$tmp/run"
		as="env -i PATH=$tmp/bin:/usr/bin:/bin:/usr/sbin XDG_RUNTIME_DIR=$tmp/run"
		NETMAP_SOCKET=$tmp/run/netmapd.sock
	fi
}

# owner_of PID
owner_of() { stat -c %u "/proc/$1"; }

# engine_is_ours WHAT - there is one, and it is that user's
engine_is_ours() {
	expect "$1: engines" "$(engine_pid | wc -w)" 1
	expect "$1: owner of the engine" "$(owner_of "$(engine_pid)")" "$uid"
}

# engine_leaves WHAT - after the last client, with its socket
engine_leaves() {
	until_true "$1: the engine leaves after its last client" engine_gone
	[ ! -e "$NETMAP_SOCKET" ] || fail "$1: the engine left $NETMAP_SOCKET behind"
}
