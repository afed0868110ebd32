#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# inside.sh - the tests of run.sh, inside the system that it makes: /t has old/ and new/ (packages) and tree/ (source)
set -u
case ${1:-} in -h | --help) sed -n 3p "$0"; exit 0 ;; esac
[ -d /t/new ] || { echo "inside.sh: run.sh starts this in a system of its own" >&2; exit 2; }
passed=0 failed=0
log=/t/log
packages="netmap-utils netmap-dkms libnetmap1 libnetmap-dev"
kernel=$(basename "$(dirname /lib/modules/*/build)")

# try NAME COMMAND... - one thing that passes or fails
try() {
	name=$1; shift
	if "$@" >$log 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name"; tail -25 $log; fi
}
no() { ! "$@"; }
install_debs() { apt-get install -y -q --no-install-recommends "$1"/*.deb; }
all_have() { # version
	for p in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Abbrev} ${Version}' "$p")" = "ii  $1" ] || { echo "$p is not there in $1"; return 1; }
	done
}
none_left() { for p in $packages; do no dpkg-query -W "$p" || return 1; done; }
mode() { [ "$(stat -c '%U:%G %a' "$1")" = "$2" ] || { stat "$1"; return 1; }; }
files() { find / -xdev \( -path /t -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log -o -path /tmp \) -prune -o -print |
	grep -vE '^/etc/(group|gshadow|passwd|shadow|subuid|subgid)-$' | sort; } # without the copies that adduser keeps

module_is() { # version: dkms has it for the kernel, in this version only, and modprobe finds it
	dkms status
	[ "$(dkms status -m netmap)" = "netmap/$1, $kernel, $(uname -m): installed" ] &&
		modinfo -k "$kernel" -F vermagic netmap | grep -q "^$kernel " && modprobe -n -v -S "$kernel" netmap | grep updates/dkms/netmap
}
no_module() { no modinfo -k "$kernel" netmap && [ -z "$(dkms status -m netmap)" ] && [ -z "$(find /lib/modules /var/lib/dkms -name 'netmap*')" ]; }

# as GROUP COMMAND... - as nobody, who is in this group only
as() { g=$1; shift; setpriv --reuid nobody --regid nogroup --groups "$g" env HOME=/tmp "$@"; }
# shellcheck disable=SC2016 # the inner shell's variables
by_user() { # frames over a switch of an engine that starts by itself
	as nogroup env NETMAP_ENGINE=user timeout 60 sh -c '
		pkt-gen -i vale0:rx -f rx -n 1000 >/tmp/rx.log 2>&1 & rx=$!
		until vale-ctl list | grep -q vale0:rx; do sleep 0.05; kill -0 $rx || break; done
		pkt-gen -i vale0:tx -f tx -n 1000 && wait $rx; r=$?; cat /tmp/rx.log; exit $r'
}
engine_of_system() { # with no more capabilities than the unit gives it
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/netmapd.service | sed 's/CAP_/+/g' | tr 'A-Z ' 'a-z,')
	setpriv --no-new-privs --bounding-set="-all,$caps" netmapd --foreground >/t/engine.log 2>&1 &
	engine=$!
	i=0
	while [ ! -S /run/netmap/netmapd.sock ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
	mode /run/netmap "root:root 755" && mode /run/netmap/netmapd.sock "root:netmap 660"
}
member_lists() { as netmap env NETMAP_ENGINE=user NETMAP_SOCKET=/run/netmap/netmapd.sock vale-ctl list; }
other_is_refused() {
	no as nogroup env NETMAP_ENGINE=user NETMAP_SOCKET=/run/netmap/netmapd.sock vale-ctl list >/t/other.log 2>&1 &&
		cat /t/other.log && grep -q 'not permitted: .*group netmap' /t/other.log
}
program() { # of the library: it waits by poll, select and epoll
	# shellcheck disable=SC2046
	gcc -Wall -Werror -o /t/client /t/tree/tests/install/client.c $(pkg-config --cflags --libs libnetmap) && ldd /t/client | grep libnetmap.so.1 &&
		NETMAP_ENGINE=user NETMAP_SOCKET=/t/sock timeout 60 /t/client
}
bare_program() { # with the headers only
	gcc -Wall -Werror -DHEADERS_ONLY -o /t/bare /t/tree/tests/install/client.c && NETMAP_ENGINE=user NETMAP_SOCKET=/t/sock timeout 60 netmap-run /t/bare
}
not_enabled() { [ -d /etc/systemd ] && [ -z "$(find /etc/systemd -name '*netmap*')" ]; }

apt-get update -qq >$log 2>&1 || { cat $log; exit 1; }
apt-get install -y -qq --no-install-recommends man-db adduser >$log 2>&1 || { cat $log; exit 1; }
depmod "$kernel" 2>$log # it misses the lists of a whole kernel
files >/t/before
cp /etc/group /t/group

old=$(dpkg-deb -f /t/old/netmap-utils_*.deb Version)
try "install" install_debs /t/old
try "all packages are installed" all_have "$old"
try "dkms built the module for $kernel" module_is "${old%-*}"
for p in pkt-gen nmreplay vale-ctl netmap-bridge netmap-lb netmap-run netmapd; do try "$p starts" "$p" --help; done
try "frames over a switch, as nobody" by_user
try "group netmap, without members" grep -qE '^netmap:x:[0-9]+:$' /etc/group
try "udev rule" grep -qE '^KERNEL=="netmap", .*GROUP="netmap", MODE="0660"$' /lib/udev/rules.d/60-netmap.rules
try "module list" grep -qx netmap /usr/lib/modules-load.d/netmap.conf
for f in /lib/udev/rules.d/60-netmap.rules /usr/lib/modules-load.d/netmap.conf /lib/systemd/system/netmapd.service "/usr/src/netmap-${old%-*}/dkms.conf"; do
	try "mode of $f" mode "$f" "root:root 644"
done
try "unit starts the installed engine" grep -qx 'ExecStart=/usr/sbin/netmapd --foreground' /lib/systemd/system/netmapd.service
try "unit is not enabled" not_enabled
try "engine of the system" engine_of_system
try "members of the group use it" member_lists
try "others are refused" other_is_refused
kill "$engine" && wait "$engine"
try "engine ends orderly" [ $? -eq 0 ]
try "manual pages" man -w pkt-gen nmreplay vale-ctl netmap-bridge netmap-lb netmap-run netmapd netmap vale nmport_open
try "bridge is still iproute2's" sh -c 'bridge -V 2>&1 | grep "^bridge utility"'
try "a program is built and runs" program
try "a program with the headers only runs by netmap-run" bare_program

adduser --quiet nobody netmap
try "upgrade" install_debs /t/new
new=$(dpkg-deb -f /t/new/netmap-utils_*.deb Version)
try "all packages are upgraded" all_have "$new"
try "dkms replaced the module" module_is "${new%-*}"
try "no source of the old module is left" [ ! -e "/usr/src/netmap-${old%-*}" ]
try "the group keeps its members" grep -qE '^netmap:x:[0-9]+:nobody$' /etc/group
try "frames over a switch after the upgrade" by_user

# shellcheck disable=SC2086
try "remove" apt-get remove -y -q $packages
try "no module after remove" no_module
try "no program after remove" no ls /usr/bin/pkt-gen /usr/bin/vale-ctl /usr/sbin/netmapd
# shellcheck disable=SC2086
try "purge" dpkg --purge $packages
try "a group with members stays" grep -q '^netmap:' /etc/group
try "install again" apt-get install -y -q --no-install-recommends /t/new/netmap-utils_*.deb
deluser --quiet nobody netmap
try "purge after deluser" apt-get purge -y -q netmap-utils
try "no package is left" none_left
apt-get autoremove -y -qq --purge >$log 2>&1
files >/t/after
try "nothing is left" diff /t/before /t/after
try "groups are as before" diff /t/group /etc/group

# without packages
from_tree() { make -C /t/tree dkms_source && dkms add netmap/"${new%-*}" && dkms build netmap/"${new%-*}" -k "$kernel" && dkms install netmap/"${new%-*}" -k "$kernel"; }
by_make() {
	make -j"$(nproc)" -C /t/tree module KSRC="/lib/modules/$kernel/build" && make -C /t/tree modules_install &&
		modprobe -n -v -S "$kernel" netmap | grep -E '/(updates|extra)/netmap.ko'
}
try "dkms add, build, install from the tree" from_tree
try "modprobe finds it" module_is "${new%-*}"
try "dkms remove" dkms remove netmap/"${new%-*}" --all
try "no module after dkms remove" no_module
try "make module, make modules_install" by_make
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
