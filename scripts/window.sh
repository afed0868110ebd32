#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# window.sh KSRC - prints the release of the kernel whose source or build folder KSRC is, as 6.1; refuses those that are too old for
# us, and warns of those that nobody has tried yet.
set -u
oldest=5.10 newest=7.3
case ${1:-} in '' | -*) sed -n '3,4s/^# //p' "$0" >&2; exit 2 ;; esac
# newer A B - A is newer than B
newer() { [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -gt "${2#*.}" ]; }; }

release=$(MAKEFLAGS='' make -s -C "$1" kernelversion 2>/dev/null | sed -n 's/^\([0-9]*\.[0-9]*\).*/\1/p')
[ -n "$release" ] || { echo "$1 is neither the source nor a build folder of a kernel" >&2; exit 1; }
if newer $oldest "$release"; then
	echo "$1 is of Linux $release, which is too old: netmap is for $oldest to $newest" >&2
	exit 1
fi
! newer "$release" $newest || echo "$1 is of Linux $release, newer than all that netmap was tried with, $oldest to $newest; going on" >&2
echo "$release"
