#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# module.sh KSRC FOLDER [MAKE-VARIABLE...] - builds netmap.ko in FOLDER for the kernel whose build folder KSRC is, see kmake.sh
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
ksrc=$1 folder=$2
shift 2
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
exec "$here/kmake.sh" "$ksrc" "$folder" -j"$(nproc)" -C "$top" module KSRC="$ksrc" MODDIR="$folder" "$@"
