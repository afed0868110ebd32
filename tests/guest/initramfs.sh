#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# initramfs.sh ARCHIVE STAGE [KERNEL RELEASE MODULE...] - packs the file system of a guest in QEMU: commands of this machine with
# their libraries, STAGE as /netmap, and modules of the unpacked kernel package KERNEL with those that they need. Prints its size.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
[ $# -eq 2 ] || [ $# -ge 4 ] || { usage >&2; exit 2; }
archive=$1 stage=$2 kernel=${3:-} release=${4:-}
if [ $# -eq 2 ]; then shift 2; else shift 4; fi

# What the tests call. Those of the first list have to be there, of the others the tests that need them say so.
commands="sh bash paste cat cp mv rm ln ls mkdir rmdir mktemp mkfifo mknod chmod chown touch date sleep timeout sort uniq head tail cut tr wc tee seq
	expr printf env id true false test [ basename dirname readlink realpath stat stty sync nproc od cmp diff grep sed awk find xargs
	ps kill mount umount dmesg unshare nsenter setpriv setsid taskset renice flock ip ss tc ping ethtool jq tcpdump iperf3 insmod rmmod
	modprobe lsmod uname comm join dd df du free sysctl nice chroot mountpoint echo pwd sha256sum md5sum cksum"
others="bridge pgrep pkill script column mandoc xxd prlimit"

root=$stage.root
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/lib32" "$root/etc" "$root/proc" "$root/sys" \
	"$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/var/tmp" "$root/mnt" || exit 1
chmod 1777 "$root/tmp" "$root/var/tmp"
for d in bin sbin lib lib64 lib32; do ln -s usr/$d "$root/$d"; done
ln -s ../run "$root/var/run"
cp -L /etc/passwd /etc/group "$root/etc/"
for f in protocols services ethertypes nsswitch.conf; do [ ! -f /etc/$f ] || cp -L /etc/$f "$root/etc/"; done
echo '127.0.0.1 localhost' >"$root/etc/hosts"

# copy FILE... - to the same place, whatever links lead there
copy() {
	for f_ in "$@"; do
		[ ! -e "$root$f_" ] || continue
		mkdir -p "$root${f_%/*}" && cp -L "$f_" "$root$f_" || return 1
	done
}

# libraries FILE... - what they are linked with
libraries() { ldd "$@" 2>/dev/null | grep -oE '/[^ ():]+\.so[^ ():]*' | sort -u; }

found=
for c in $commands $others; do
	path=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$c" || true)
	case $path in
	/*) copy "$path" && found="$found $path" ;;
	*)
		# a command inside the shell has a file too
		for d in /usr/bin /bin; do [ ! -x "$d/$c" ] || { copy "$d/$c"; path=/; }; done
		[ -n "$path" ] || case " $commands " in *[[:space:]]"$c"[[:space:]]*) die "this machine has no command $c, which tests need" ;; esac
		;;
	esac
done
mv "$stage" "$root/netmap" || exit 1
# shellcheck disable=SC2046,SC2086 # words
copy $(libraries $found $(find "$root/netmap/build" -type f -perm -100) "$root/netmap/busybox") || exit 1
for l in /lib/*-linux-gnu*/libgcc_s.so.1; do [ ! -f "$l" ] || copy "$l"; done # loaded by threads that end

# the kernel's modules
if [ -n "$kernel" ]; then
	from=$kernel/lib/modules/$release
	mkdir -p "$root/lib/modules/$release"
	cp "$from"/modules.* "$root/lib/modules/$release/"
	for m in "$@"; do
		modprobe -d "$kernel" -S "$release" --show-depends "$m" 2>/dev/null | awk '$1 == "insmod" {print $2}' || true
	done | sort -u | while read -r f; do
		to=$root/lib/modules/$release/${f#*/lib/modules/"$release"/}
		mkdir -p "${to%/*}" && cp "$f" "$to"
	done
fi
# not compressed: the emulated processor would take seconds to unpack it
(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0) >"$archive" || exit 1
rm -rf "$root"
du -h "$archive" | cut -f1
