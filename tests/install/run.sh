#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh - installs what $BUILD (build) holds into a folder, then builds a program against that with nothing else, C and
# C++, shared and static, fortified and for large files, and runs it: it finds the installed engine by itself. Checks
# what the library exports, and that all that is to be installed is there.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
root=$(mktemp -d /tmp/netmap-install-XXXXXX) || exit 1
passed=0 failed=0
warn="-Wall -Wextra -Werror"

leave() { # the engine goes with its last client
	i=0
	while [ -e "$root/sock" ] && [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done
	rm -rf "$root"
}
trap leave EXIT
trap 'exit 1' INT TERM

verdict() { # status name
	if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $2"; fi
}

calls() { # of the library, by the map
	sed -n '/global:/,/local:/p' lib/libnetmap.map | tr -d ';' | tr '\t ' '\n' | grep '^nm'
}

before() { # those of the C library that it stands before
	sed -n '/global:/,/local:/p' lib/preload.map | grep -v : | tr -d ';\t' | tr ' ' '\n' | grep .
}

exported() { # by a library
	nm -D --defined-only "$1" | awk '$2 ~ /[TDBVW]/ { print $3 }' | sort
}

make -s install BUILD="$build" DESTDIR="$root" PREFIX=/usr >"$root/log" 2>&1
status=$?
[ $status -eq 0 ] || cat "$root/log"
verdict $status "make install"

for f in include/libnetmap.h include/net/netmap.h include/net/netmap_user.h include/net/netmap_legacy.h include/net/netmap_virt.h \
	lib/libnetmap.a lib/libnetmap.so lib/libnetmap.so.1 lib/pkgconfig/libnetmap.pc sbin/netmapd bin/netmap-run lib/netmap/libnetmap-preload.so \
	share/man/man8/netmap-run.8 \
	share/man/man3/nmport_open.3 share/man/man3/nmreq.3 share/man/man3/nmctx.3 share/man/man4/netmap.4 share/man/man4/vale.4 \
	lib/netmap/pcap/libpcap.so.0.8 bin/netmap-pcap share/man/man8/netmap-pcap.8 bin/lb bin/nmreplay share/man/man8/lb.8 \
	share/man/man8/nmreplay.8; do
	[ -s "$root/usr/$f" ]; verdict $? "installed: $f"
done
[ "$(readlink "$root/usr/lib/libnetmap.so")" = libnetmap.so.1 ]; verdict $? "the link libnetmap.so"
[ "$("$root/usr/bin/netmap-pcap" --library | xargs realpath)" = "$root/usr/lib/netmap/pcap" ]; verdict $? "netmap-pcap finds the library installed with it"
# a page for each call, as a page or a link to one
for f in $(calls | grep -v '_cleanup$'); do
	[ -s "$root/usr/share/man/man3/$f.3" ]; verdict $? "manual page: $f"
done

# The calls by version, those it stands before without; nothing else.
exported "$root/usr/lib/libnetmap.so.1" | sed 's/@@LIBNETMAP_1.0$/ versioned/' | sort >"$root/exported"
{
	calls | sed 's/$/ versioned/'
	before
} | sort >"$root/wanted"
grep -v '^LIBNETMAP_1.0' "$root/exported" | diff "$root/wanted" - >"$root/log"
status=$?
[ $status -eq 0 ] || cat "$root/log"
verdict $status "exported symbols"
[ "$(grep -c versioned "$root/wanted")" -ge 43 ]; verdict $? "the 43 calls of the public library, and ours"
before | sort >"$root/wanted"
exported "$root/usr/lib/netmap/libnetmap-preload.so" | diff "$root/wanted" - >"$root/log"
status=$?
[ $status -eq 0 ] || cat "$root/log"
verdict $status "exported symbols of the library to be preloaded"

export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export NETMAP_ENGINE=user NETMAP_SOCKET="$root/sock" PATH="$root/usr/sbin:$PATH"
unset NETMAPD

program() { # name, compiler, flags, libraries
	name="$1, $2 $3"
	# shellcheck disable=SC2046,SC2086
	if ! $2 $3 $warn $(pkg-config --cflags libnetmap) -o "$root/client" tests/install/client.c $4 >"$root/log" 2>&1; then
		cat "$root/log"
		verdict 1 "$name: does not build"
		return
	fi
	LD_LIBRARY_PATH="$root/usr/lib" timeout 60 "$root/client" >"$root/log" 2>&1
	status=$?
	cat "$root/log"
	verdict $status "$name"
}

shared=$(pkg-config --libs libnetmap)
static=$(pkg-config --static --libs libnetmap | sed "s|-lnetmap|$root/usr/lib/libnetmap.a|")
[ -n "$shared" ]; verdict $? "pkg-config"
for c in gcc clang; do
	cxx=$([ $c = gcc ] && echo g++ || echo clang++)
	for flags in -O0 "-O2 -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64"; do
		program shared "$c" "-std=gnu11 $flags" "$shared"
		program static "$c" "-std=gnu11 $flags" "$static"
		program "C++, shared" "$cxx" "-x c++ -std=c++17 $flags" "-x none $shared"
		program "C++, static" "$cxx" "-x c++ -std=c++17 $flags" "-x none $static"
	done
done
ldd "$root/client" | grep -q libnetmap; [ $? -eq 1 ]; verdict $? "the static one needs no libnetmap.so"

# With the headers only, and by netmap-run; also one that is linked with the library, which then serves itself.
"$root/usr/bin/netmap-run" --version | grep -q '^netmap-run [0-9]'; verdict $? "netmap-run --version"
timeout 60 "$root/usr/bin/netmap-run" "$root/client"; verdict $? "the static one by netmap-run"
for c in gcc clang; do
	for flags in -O0 "-O2 -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64"; do
		# shellcheck disable=SC2046,SC2086
		if ! $c $flags $warn $(pkg-config --cflags libnetmap) -DHEADERS_ONLY -o "$root/client" tests/install/client.c >"$root/log" 2>&1; then
			cat "$root/log"
			verdict 1 "headers only, $c $flags: does not build"
			continue
		fi
		timeout 60 "$root/usr/bin/netmap-run" "$root/client" >"$root/log" 2>&1
		status=$?
		[ $status -eq 0 ] || cat "$root/log"
		verdict $status "headers only, by netmap-run, $c $flags"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
