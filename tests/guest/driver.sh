#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# driver.sh SUITE KSRC MODULE DRIVER... - builds NIC drivers with hooks from the kernel source of a suite (see fetch.sh) for the kernel
# whose build folder KSRC is and for which MODULE has netmap.ko, in MODULE-drivers, with the compiler that KSRC is for. Prints the files.
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
[ $# -ge 4 ] || { usage >&2; exit 2; }
suite=$1 ksrc=$2 module=$3
shift 3
case $suite in own) what=source ;; *) what=source:$suite ;; esac
got=$("$here/fetch.sh" "$what") || exit
mkdir -p "$module-drivers" || exit 1
for nic in "$@"; do driver_state "$nic" >"$module-drivers/$nic.state" 2>/dev/null; done # of unknown ones build.sh tells
KMAKE="$here/kmake.sh $ksrc $module-drivers" exec sh "$top/drivers/build.sh" "${got#* }" "$ksrc" "$module" "$module-drivers" "$@"
