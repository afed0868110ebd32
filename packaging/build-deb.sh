#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build-deb.sh [OPTION...] - builds the Debian packages of a commit, in a folder of its own under $TMPDIR (/tmp)
#
#	--out DIR        where packages and source package go (build/deb)
#	--ref COMMIT     what is built (HEAD; what is not committed is left out)
#	--version V      version such as 0.2-1 in the place of the changelog's
#	--check          run the unit tests in between, as Debian's builders do
#	--lintian        have lintian look at the result; its errors are errors
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/build/deb ref=HEAD version='' check=nocheck lintian=''
usage() { sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; }
while [ $# -gt 0 ]; do
	case $1 in
	--out) out=${2:?"--out needs a folder"}; shift ;;
	--ref) ref=${2:?"--ref needs a commit"}; shift ;;
	--version) version=${2:?"--version needs a version"}; shift ;;
	--check) check= ;;
	--lintian) lintian=1 ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
cd "$top"
set -- build-essential debhelper dh-dkms git liburcu-dev libbpf-dev libjson-c-dev libpcap-dev
[ -n "$check" ] || set -- "$@" libcmocka-dev
[ -z "$lintian" ] || set -- "$@" lintian
sh scripts/deps.sh "$@"

[ -z "$(git status --porcelain)" ] || [ "$ref" != HEAD ] || echo "build-deb.sh: what is not committed is left out" >&2
work=$(mktemp -d "${TMPDIR:-/tmp}/netmap-deb-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

git archive --prefix=source/ "$ref" | tar -x -C "$work"
changelog=$work/source/packaging/debian/changelog
ours=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$changelog")
module=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' "$work/source/os/linux/nm_dev.c")
[ "${ours%-*}" = "$module" ] || { echo "build-deb.sh: the changelog has version $ours, the module $module" >&2; exit 1; }
if [ -n "$version" ]; then
	dpkg --validate-version "$version"
	case $version in *-*) ;; *) echo "build-deb.sh: --version $version: 0.2-1 or the like is expected" >&2; exit 2 ;; esac
	sed -i "1s/(.*)/($version)/" "$changelog"
else
	version=$ours
fi
upstream=${version%-*}
mv "$work/source" "$work/netmap-$upstream"
tar -c -z -C "$work" --owner=0 --group=0 --sort=name -f "$work/netmap_$upstream.orig.tar.gz" "netmap-$upstream"
cp -r "$work/netmap-$upstream/packaging/debian" "$work/netmap-$upstream/debian"

(
	cd "$work/netmap-$upstream"
	DEB_BUILD_OPTIONS="$check parallel=$(nproc)" dpkg-buildpackage --build=full --no-sign
) >"$work/log" 2>&1 || { tail -60 "$work/log"; echo "build-deb.sh: the build failed, see above" >&2; exit 1; }
if [ -n "$lintian" ]; then
	root=
	[ "$(id -u)" -ne 0 ] || root=--allow-root
	lintian $root --fail-on error "$work"/*.changes
fi
mkdir -p "$out"
rm -rf "$work/netmap-$upstream" "$work/log"
cp "$work"/* "$out/"
ls -1 "$out"/*"_${version}_"*.deb
