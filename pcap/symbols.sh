#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# symbols.sh LIBPCAP map|data|list - reads the system's libpcap: prints the list of its exports for the linker, the sizes of its data as C, or a
# line "FUNC|OBJECT SIZE NAME" for each.
set -eu
lib=${1:?"symbols.sh LIBPCAP map|data|list"}
symbols() { readelf -W --dyn-syms "$lib" | awk '$5 ~ /GLOBAL|WEAK/ && $7 != "UND" && $4 ~ /FUNC|OBJECT/ { sub(/@.*/, "", $8); print $4, $3, $8 }'; }
case ${2:-} in
map)
	echo '{ global:'
	symbols | awk '{ print $3 ";" }'
	echo 'local: *; };'
	;;
data) symbols | awk '$1 == "OBJECT" { print "#define NP_SIZE_" $3 " " $2 }' ;;
list) symbols | sort -k3 ;;
*) echo "symbols.sh: $2: map, data or list is expected" >&2; exit 2 ;;
esac
