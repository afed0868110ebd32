#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# labels.sh [TEST...] - which error labels (err_*, fail_*) of core/ and os/linux/ the tests reach (guest/fail_nth if none is named).
#
# A copy of the sources gets a counter behind each label, in an array that the module shows as its parameter label_hits; what is
# built otherwise has none of it. t/fail_nth.sh writes the array to the kernel's log. Prints a line for each label: times, place,
# name; and last how many of them were reached. Fails if the tests do.
#
# Environment: LABELS_GUEST (umldebug; one with fault injection), BUILD, and what run.sh knows.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
guest=${LABELS_GUEST:-umldebug}
[ $# -gt 0 ] || set -- guest/fail_nth
dir=$(mktemp -d "${GUEST_TMP:-${TMPDIR:-/tmp}}/netmap-labels-XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

(cd "$top" && cp -r --parents core include/net os/linux "$dir/") || exit 1
cp "$top/os/linux/Kbuild" "$dir/Kbuild"
(cd "$dir" && grep -nE '^(err|fail)_[a-z_]+:$' core/*.c os/linux/*.c) >"$dir/list"
n=0
while IFS=: read -r file line _; do
	told=
	[ "$file" != os/linux/nm_dev.c ] || told=" pr_info(\"netmap-label: $n\\\\n\");" # the array goes with a module that fails to load
	sed -i "${line}s/\$/ nm_label_hits[$n]++;$told/" "$dir/$file"
	n=$((n + 1))
done <"$dir/list"
[ $n -gt 0 ] || die "no labels found"
cat >"$dir/os/linux/labels.c" <<-END
	#include <linux/module.h>
	unsigned int nm_label_hits[$n];
	module_param_array_named(label_hits, nm_label_hits, uint, NULL, 0444);
END
echo "extern unsigned int nm_label_hits[];" >"$dir/labels.h"

kernel=$("$here/kernel.sh" "$guest") || exit 1
case $guest in uml*) march=um ;; *) march=x86_64 ;; esac
make -C "$kernel" M="$dir" ARCH=$march KCFLAGS="-include $dir/labels.h" modules >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }

mkdir "$dir/run"
GUEST_TMP=$dir/run "$here/run.sh" --guest "$guest" --module "$dir/netmap.ko" --keep "$@" >"$dir/out"
status=$?
cat "$dir/out"
hits=$(sed -n 's/.*netmap-labels: \([0-9,]*\).*/\1/p' "$dir"/run/*/*console.log | tail -1 | tr ',' ' ')
[ -n "$hits" ] || die "the tests told of no labels"
reached=0 n=0
for h in $hits; do
	h=$((h + $(cat "$dir"/run/*/*console.log | tr -d '\r' | grep -c "netmap-label: $n\$"))) n=$((n + 1))
	read -r place <&3
	echo "$h $place"
	[ "$h" -eq 0 ] || reached=$((reached + 1))
done 3<"$dir/list"
echo "$reached of $n labels reached"
exit $status
