#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# params.sh - parameters of the module: each is in netmap(4) with its default and bounds, which hold; a wrong value is refused in words.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/../../net/lib.sh"
need_home kernel
page=$(dirname "$0")/../../../man/netmap.4
at=/sys/module/netmap/parameters
ko=$BUILD/../../netmap.ko
[ -e "$ko" ] || ko=$(find "$BUILD/../.." -maxdepth 1 -name '*.ko' | head -1)
# shellcheck disable=SC2317,SC2329
undo() { rmmod netmap 2>/dev/null; } # the next test loads its own

rmmod netmap || fail "rmmod"
insmod "$ko" || fail "insmod"
# documented - a line each: name, "*" or -, default, least, most (of Y or N: -)
documented() {
	sed -n 's/^\.It Cm \([a-z_]*\) Pq \([^;]*\); \(.*\)$/\1 - \2 \3/p; s/^\.It Cm \([a-z_]*\) \* Pq \([^;]*\); \(.*\)$/\1 * \2 \3/p' "$page" |
		sed 's/ Y or N$/ - -/; s/ to / /'
}
documented >"$tmp/documented"
for f in "$at"/*; do basename "$f"; done | grep -vx label_hits | sort >"$tmp/there"
cut -d' ' -f1 "$tmp/documented" | sort >"$tmp/names"
expect "parameters" "$(cat "$tmp/there")" "$(cat "$tmp/names")"

# said TEXT - in the kernel's log
said() { dmesg | grep -qF "$1" || fail "the log does not say '$1'"; }
while read -r name star default least most; do
	expect "default of $name" "$(cat "$at/$name")" "$default"
	writable=-
	[ "$(stat -c %a "$at/$name")" != 644 ] || writable='*'
	expect "$name can be changed" "$writable" "$star"
	if [ "$least" = - ]; then
		! echo 7 2>/dev/null >"$at/$name" || [ "$star" = - ] || fail "$name=7 is taken"
		continue
	fi
	values="$((most + 1)) word"
	[ "$least" -eq 0 ] || values="$values $((least - 1))"
	[ "$star" = '*' ] || rmmod netmap || fail "rmmod"
	for wrong in $values -1; do
		if [ "$star" = '*' ]; then
			! { echo "$wrong" >"$at/$name"; } 2>/dev/null || fail "$name=$wrong is taken"
		else
			! insmod "$ko" "$name=$wrong" 2>/dev/null || { fail "the module loads with $name=$wrong"; rmmod netmap; }
		fi
		said "netmap: $name=$wrong: a number from $least to $most is expected"
	done
	[ "$star" = - ] || expect "$name after that" "$(cat "$at/$name")" "$default"
	for right in $least $most; do
		if [ "$star" = '*' ]; then
			echo "$right" >"$at/$name" || fail "$name=$right is refused"
			expect "$name" "$(cat "$at/$name")" "$right"
			echo "$default" >"$at/$name"
		else
			insmod "$ko" "$name=$right" || fail "the module does not load with $name=$right"
			expect "$name" "$(cat "$at/$name")" "$right"
			rmmod netmap || fail "rmmod"
		fi
	done
	[ "$star" = '*' ] || insmod "$ko" || fail "insmod"
done <"$tmp/documented"
