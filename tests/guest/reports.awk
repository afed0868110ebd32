# SPDX-License-Identifier: BSD-2-Clause
# reports.awk - prints the lines of a kernel's log that report something wrong, each with the test that was running. Variables:
# guest, patterns (reports.list), allowed (allow.list).
BEGIN {
	FS = "\t"
	while ((getline line <patterns) > 0)
		if (line !~ /^#/ && line != "")
			pattern[++n] = line
	while ((getline line <allowed) > 0) {
		split(line, f, "\t")
		if (line !~ /^#/ && (f[1] == guest || f[1] == "*"))
			allow[f[2]] = 1
	}
	running = "boot"
}
{
	line = $0
	sub(/\r+$/, "", line)
	while (sub(/^(<[0-9]+>)?\[[ 0-9TC.]+\] ?/, "", line)) # time, and thread or processor
		;
	if (line ~ /^netmap-guest: /) {
		running = substr(line, 15)
		next
	}
	if (line in allow) {
		allowed_at = NR
		next
	}
	# where the kernel came from, which it tells with a line that is allowed
	if (line == "Call Trace:" && allowed_at && NR - allowed_at <= 4) {
		allowed_at = 0
		next
	}
	for (i = 1; i <= n; i++)
		if (line ~ pattern[i]) {
			print running ": " line
			break
		}
}
