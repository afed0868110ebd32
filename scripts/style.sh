#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# style.sh - the limits the code is held to; prints each breach and fails if there is one.
#   files of C: 800 lines; functions: 100 lines, 6 parameters, 4 nested braces (style.awk); no OS conditionals in core/; an SPDX
#   line in each file
set -eu
cd "$(dirname "$0")/.."
files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
breaches=$(
	for f in $files; do
		[ -f "$f" ] || continue
		head -3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f: no SPDX line"
		n=$(wc -l <"$f")
		[ "$n" -le 800 ] || echo "$f: $n lines, 800 are the limit"
		awk -v f="$f" -f scripts/style.awk "$f"
		grep -nE '\b(TODO|XXX|FIXME|HACK)\b' "$f" | sed "s|^|$f:|" || true
	done
	for f in core/*.[ch]; do
		grep -nE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif).*(linux|FreeBSD|KERNEL|VERSION|__APPLE__)' "$f" | sed "s|^|$f:|" || true
		grep -nE '^#include <' "$f" | grep -vE '<(net/netmap.h|setjmp.h|cmocka.h)>' | sed "s|^|$f: not the core's own: |" || true
	done
)
[ -z "$breaches" ] || { echo "$breaches"; exit 1; }
