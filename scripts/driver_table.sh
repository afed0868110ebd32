#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# driver_table.sh [--build] [--run] [--write] - which driver was built for which kernel, and which tests of NICs it passed there in a
# guest, as a table: from what tests/guest/drivers.sh and tests/guest/run.sh --drivers found with the drivers as they are now.
#
#	--build    first builds all of them, for all kernels that drivers.sh knows (some minutes)
#	--run      builds and runs all of them (some hours)
#	--write    into README.md, between its two lines "driver_table.sh", instead of to the standard output
#
# Other results, of drivers that have changed since, count as none.
guest_lib=$(dirname "$0")/../tests/guest
# shellcheck source=tests/guest/lib.sh
. "$guest_lib/lib.sh"
measure='' write=''
for a in "$@"; do
	case $a in
	--build) measure=${measure:-build} ;;
	--run) measure=run ;;
	--write) write=1 ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
case $measure in
build) "$here/drivers.sh" >&2 ;;
run) "$here/drivers.sh" --run >&2 ;;
esac
status=$?

# cell NIC RELEASE
cell() {
	built='' good='' bad=''
	for f in "$driver_results/$1/$2"/*; do
		[ -f "$f" ] || continue
		read -r verdict of <"$f"
		[ "$of" = "$state" ] || continue
		name=$(basename "$f")
		# other drivers were there, too, but had no part in it
		case $name:$1 in
		nic_veth:veth | nic_virtio:virtio_net) ;;
		nic_veth:* | nic_virtio:* | nic_hostile:veth | nic_storm:veth | nic_jumbo:veth) continue ;;
		esac
		case $name:$verdict in
		build:*) built=$verdict ;;
		*:ok) good="$good${good:+, }${name#nic_}" ;;
		*) bad="$bad${bad:+, }${name#nic_}" ;;
		esac
	done
	case $built:$good:$bad in
	::) echo "not tried" ;;
	FAIL:*) echo "**does not build**" ;;
	*::) echo "builds" ;;
	*) echo "${good:+runs: $good}${bad:+${good:+; }**fails: $bad**}" ;;
	esac
}

table() {
	releases=$(cd "$driver_results" 2>/dev/null && for d in */*/; do [ ! -d "$d" ] || basename "$d"; done | sort -uV)
	[ -n "$releases" ] || die "nothing was measured yet: say --build or --run"
	echo "| driver |$(for r in $releases; do printf ' %s |' "$r"; done)"
	echo "|---|$(for _ in $releases; do printf -- '---|'; done)"
	for f in "$top"/drivers/*/driver.conf; do
		nic=$(basename "$(dirname "$f")")
		state=$(driver_state "$nic")
		echo "| \`$nic\` |$(for r in $releases; do printf ' %s |' "$(cell "$nic" "$r")"; done)"
	done
}

made=$(table) || exit 1
[ -n "$write" ] || { echo "$made"; exit $status; }
doc=$top/README.md
[ "$(grep -c '^<!-- .*driver_table.sh' "$doc")" -eq 2 ] || die "$doc lacks the two lines driver_table.sh between which the table stands"
echo "$made" | awk -v doc="$doc" '
	{ table = table $0 "\n" }
	END {
		while ((getline line <doc) > 0) {
			mark = line ~ /^<!-- .*driver_table.sh/
			if (mark && inside)
				printf "%s", table
			if (mark)
				inside = !inside
			if (mark || !inside)
				print line
		}
	}' >"$doc.new" && mv "$doc.new" "$doc" && exit $status
die "$doc could not be written"
