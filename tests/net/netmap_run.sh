#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# netmap_run.sh - programs that know the device alone, on the engine by netmap-run: frames over a switch and a pipe, Python's event loops,
# children, programs that have our library as well; and what can't be run, each with its line.
#
#	gen tx ===> vale0 ===> gen rx       gen tx ===> x{1===x}1 ===> gen rx
#
# Needs: the userspace engine.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need_home user
bare=$(cd "$(dirname "$0")/bare" && pwd) || exit 1

# cannot STATUS TEXT COMMAND... - ends with that status, and says so in one line
cannot() {
	status_=$1 text_=$2; shift 2
	timeout 60 "$@" >"$tmp/cannot" 2>&1 </dev/null
	got_=$?
	[ $got_ -eq "$status_" ] || fail "'$*' ended with $got_, expected $status_: $(cat "$tmp/cannot")"
	grep -q -e "$text_" "$tmp/cannot" || fail "'$*' said: $(cat "$tmp/cannot"), expected '$text_'"
	[ "$(wc -l <"$tmp/cannot")" -eq 1 ] || fail "'$*' said more than a line: $(cat "$tmp/cannot")"
}

# frames
n=$(amount 100000 20000000)
start rx netmap-run gen rx 'netmap:x}1' "$n"
told rx ready
start tx netmap-run gen tx 'netmap:x{1' "$n"
finish rx; finish tx
expect "pipe" "$(tail -1 "$tmp/rx.out")" "$n frames, 0 lost"
start rx netmap-run gen rx vale0:rx "$n"
told rx ready
start tx netmap-run gen tx vale0:tx 0
finish rx
stop tx
got=$(sed -n 's/^\([0-9]*\) frames.*/\1/p' "$tmp/rx.out")
expect_ge "switch" "$got" "$n"

# who has nothing to do sleeps, and a signal ends it
start idle netmap-run gen rx vale0:idle 0
told idle ready
asleep() { grep -q '^State:.S' "/proc/$(pid_of idle)/status" && [ "$(ticks)" = "$(sleep 0.3; ticks)" ]; }
ticks() { sed 's/^.*) //' "/proc/$(pid_of idle)/stat" | cut -d' ' -f12,13; }
until_true "the receiver sleeps" asleep
stop idle
expect "asleep" "$(tail -1 "$tmp/idle.out")" "0 frames, 0 lost"

# killed: the port is free at once. Interrupted from the terminal: who has started the engine does not take it along.
in_list() { vale-ctl list "$1" >/dev/null 2>&1; }
gone() { ! in_list "$1"; }
until_true "the engine leaves" engine_gone
start first setsid netmap-run gen rx vale0:first 0
told first ready
start second netmap-run gen rx vale0:second 100
told second ready
kill -s INT -- "-$(pid_of first)"
finish first
until_true "the interrupted one's port is gone" gone vale0:first
start third netmap-run gen tx vale0:third 0
finish second
signal third KILL
finish third 137
until_true "the killed one's port is gone" gone vale0:third

# children, and a program that has the library too
expect "status of the program" "$(netmap-run sh -c 'exit 7'; echo $?)" 7
start rx netmap-run sh -c 'gen rx vale1:rx 100; exit $?'
told rx ready
netmap-run netmap-run sh -c 'gen tx vale1:tx 200 >/dev/null & wait' || fail "a child of a child"
finish rx
expect "LD_PRELOAD" "$(LD_PRELOAD=libm.so.6 netmap-run netmap-run printenv LD_PRELOAD)" "libm.so.6:$BUILD/libnetmap-preload.so"
any=$([ -e /dev/netmap ] || echo "env -u NETMAP_ENGINE") # then who looks for the kernel's device first must not find the other's
# shellcheck disable=SC2086
start linked $any netmap-run pkt-gen -i 'netmap:y}1' -f rx -n 1000 --json
until_true "the linked one has its end of the pipe" in_list 'y}1'
netmap-run gen tx 'netmap:y{1' 1000 >/dev/null || fail "from a bare program to one that is linked with the library"
finish linked
expect "linked with the library, and by netmap-run" "$(value linked .packets)" 1000
netmap-run --verbose --engine user --socket "$tmp/other" gen tx vale0:a 1 >"$tmp/verbose" 2>&1 || fail "--verbose: status $?"
grep -q "gen with LD_PRELOAD=.*; NETMAP_ENGINE user, NETMAP_SOCKET $tmp/other\$" "$tmp/verbose" || fail "--verbose: $(cat "$tmp/verbose")"
grep -q "^netmap: process [0-9]*, descriptor [0-9]*: an engine's, on $tmp/other\$" "$tmp/verbose" || fail "--verbose: $(cat "$tmp/verbose")"
(cd "$tmp" && netmap-run --socket rel sh -c 'cd / && gen tx vale0:a 1') >/dev/null || fail "a relative --socket"
[ -e "$tmp/rel.lock" ] || fail "a relative --socket: there is no $tmp/rel.lock"

# what is loaded later is served, unless it has the C library for itself; and a program's own system calls are not
if ${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$tmp/plugin.so" "$bare/later.c" 2>"$tmp/log"; then
	expect "a library loaded later" "$(netmap-run later plain "$tmp/plugin.so")" opened
	expect "the same with RTLD_DEEPBIND" "$(netmap-run later deep "$tmp/plugin.so")" "No such file or directory"
	expect "the same in a namespace of its own" "$(netmap-run later apart "$tmp/plugin.so")" "No such file or directory"
else
	fail "no library: $(cat "$tmp/log")"
fi
expect "a system call of its own" "$(netmap-run later raw)" "No such file or directory"

# Python
if command -v python3 >/dev/null; then
	expect "Python's event loops" "$(netmap-run python3 "$bare/loop.py" vale2 2>&1)" well
	cat >"$tmp/lib.py" <<-'EOP'
		import ctypes, sys
		lib = ctypes.CDLL(sys.argv[1])
		lib.nmport_open.restype = ctypes.c_void_p
		port = lib.nmport_open(b"vale2:lib")
		lib.nmport_close(ctypes.c_void_p(port))
		print("well" if port else "no port")
	EOP
	expect "libnetmap by ctypes" "$(netmap-run python3 "$tmp/lib.py" "$BUILD/libnetmap.so.1" 2>&1)" well
	[ -e /dev/netmap ] || expect "libnetmap by ctypes, without netmap-run" "$(python3 "$tmp/lib.py" "$BUILD/libnetmap.so.1" 2>/dev/null)" "no port"
else
	echo "there is no python3"
fi

# what is wrong with the command line, the program, the library, the engine
cannot 125 'which program' netmap-run
cannot 125 '-x is not an option' netmap-run -x true
cannot 125 "'both' is unknown, give one of any user kernel" netmap-run --engine both true
cannot 125 'the name of a socket has 1 to 107 bytes' netmap-run --socket "$(printf '/%0120d' 0)" true
cannot 125 "--socket '': the name of a socket has 1 to 107 bytes\$" netmap-run --socket '' true
cannot 125 "--socket 'rel0*': the name of a socket has 1 to 107 bytes, with the folder" netmap-run --socket "$(printf 'rel%0100d' 0)" true
cannot 127 'nosuchprogram: there is no such program in PATH' netmap-run nosuchprogram
cannot 127 '/nosuchprogram: there is no such program$' netmap-run /nosuchprogram
cannot 126 '^netmap-run: /: is not an executable file' netmap-run /
cp /bin/true "$tmp/plain"
chmod 644 "$tmp/plain"
cannot 126 "^netmap-run: $tmp/plain: is not an executable file" netmap-run "$tmp/plain"
PATH=$PATH:$tmp:/nonexistent cannot 126 "^netmap-run: $tmp/plain: is not an executable file" netmap-run plain
printf 'no program' >"$tmp/text"
printf '#!/nonexistent/sh\n' >"$tmp/script"
printf '#!%s/loop\n' "$tmp" >"$tmp/loop"
head -c 100 /bin/true >"$tmp/short"
chmod 755 "$tmp/text" "$tmp/script" "$tmp/loop" "$tmp/short"
cannot 126 'text is no program' netmap-run "$tmp/text"
cannot 126 '/nonexistent/sh, the interpreter of a script: No such file' netmap-run "$tmp/script"
cannot 126 'interpreters of scripts are scripts' netmap-run "$tmp/loop"
cannot 126 'its head is damaged' netmap-run "$tmp/short"
echo 'int main(void) { return 0; }' >"$tmp/main.c"
if ${CC:-cc} -static -o "$tmp/static" "$tmp/main.c" 2>"$tmp/log"; then
	cannot 126 'static is linked statically' netmap-run "$tmp/static"
	printf '#!%s/static\n' "$tmp" >"$tmp/by_static"
	chmod 755 "$tmp/by_static"
	cannot 126 'static is linked statically' netmap-run "$tmp/by_static"
fi
if ${CC:-cc} -m32 -o "$tmp/small" "$tmp/main.c" 2>"$tmp/log"; then
	cannot 126 'small is a program of 32 bits for i386' netmap-run "$tmp/small"
fi
if [ "$(id -u)" -eq 0 ]; then
	cp "$BUILD/net/gen" "$tmp/setuid" && chown 65534 "$tmp/setuid" && chmod 4755 "$tmp/setuid"
	cp "$BUILD/net/gen" "$tmp/setgid" && chgrp 65534 "$tmp/setgid" && chmod 2755 "$tmp/setgid"
	cannot 126 'setuid is set-user-ID, it runs as user 65534: the loader ignores preloaded libraries' netmap-run "$tmp/setuid"
	cannot 126 'setgid is set-group-ID, it runs as group 65534' netmap-run "$tmp/setgid"
	cp /bin/true "$tmp/unprivileged" && chmod 4755 "$tmp/unprivileged"
	netmap-run "$tmp/unprivileged" || fail "a set-user-ID program of the caller's own"
	cp "$BUILD/net/later" "$tmp/raised" && chown 65534 "$tmp/raised" && chmod 4755 "$tmp/raised" && chmod 755 "$tmp"
	# shellcheck disable=SC2016 # for the shell
	expect "a set-user-ID program that is started later" "$(netmap-run sh -c '"$0" plugin' "$tmp/raised")" "No such file or directory"
	if command -v setpriv >/dev/null; then
		setpriv --no-new-privs netmap-run "$tmp/setuid" rx 'netmap:nosuch' 1 >/dev/null
		expect "set-user-ID without new privileges" $? 1
	fi
	if command -v setcap >/dev/null && command -v setpriv >/dev/null; then
		cp /bin/true "$tmp/caps" && setcap cap_net_raw+ep "$tmp/caps"
		chmod 755 "$tmp"
		cannot 126 'caps has file capabilities' setpriv --reuid 65534 --regid 65534 --clear-groups netmap-run "$tmp/caps"
	fi
fi
# a file in the device's place
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs none /dev && mknod /dev/null c 1 3 && echo x >/dev/netmap && unset NETMAP_ENGINE && "$@"; r=$?; cat /dev/netmap; exit $r' \
		sh netmap-run gen tx vale0:a 1 >"$tmp/file" 2>&1 || fail "a file in the device's place: status $?"
	expect "a file in the device's place" "$(tr '\n' ' ' <"$tmp/file")" "netmap: /dev/netmap is a file and no device; remove it 1 frames, 0 lost x "
fi
mkdir "$tmp/alone" "$tmp/with space"
cp "$BUILD/netmap-run" "$tmp/alone/"
cp "$BUILD/netmap-run" "$BUILD/libnetmap-preload.so" "$tmp/with space/"
[ -e /usr/local/lib/netmap ] || cannot 125 'libnetmap-preload.so is neither beside netmap-run nor in' "$tmp/alone/netmap-run" true
cannot 125 'the loader takes spaces and colons' "$tmp/with space/netmap-run" true
export NETMAP_SOCKET="$tmp/absent"
NETMAP_SOCKET=/nonexistent/x cannot 1 "no engine listens on /nonexistent/x, .*: /nonexistent/x.lock: No such file or directory; have that folder made" \
	netmap-run sh -c 'gen rx vale0:a 1 >/dev/null'
export NETMAPD=/nonexistent
cannot 1 'netmapd is not found; install it, or set NETMAPD' netmap-run sh -c 'gen rx vale0:a 1 >/dev/null'
NETMAPD=/bin/false
cannot 1 'did not start' netmap-run sh -c 'gen rx vale0:a 1 >/dev/null'
