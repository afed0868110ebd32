#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deps.sh PACKAGE... - installs the Debian packages that are missing; says what to do when it may not.
set -eu
missing=
for p in "$@"; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		SUDO=sudo
	else
		echo "missing packages:$missing; install them as root: apt-get install$missing" >&2
		exit 1
	fi
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
${SUDO:-} apt-get install -y -qq $missing >/dev/null 2>&1 ||
	{ ${SUDO:-} apt-get update -qq && ${SUDO:-} apt-get install -y -qq $missing >/dev/null; }
