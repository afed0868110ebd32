# SPDX-License-Identifier: BSD-2-Clause
# report.awk - from records (measure.sh) to a table, or JSON with -v json=1. Runs in different placements of the CPUs are different
# rows: a median over both would be neither.

BEGIN {
	name["limit"] = "copy limit"
	name["limit_descriptors"] = "limit of descriptors"
	name["vale"] = name["pipe"] = "first line read"
	name["vale_descriptors"] = name["pipe_descriptors"] = "descriptors only"
	name["run_vale"] = "by netmap-run, switch"
	name["run_pipe"] = "by netmap-run, pipe"
	name["vale_unicast"] = "one to one"
	name["fanin"] = "three to one"
	name["broadcast"] = "one to three, copies"
	name["storm_calm"] = "one to one, 1000 broadcasts/s"
	name["storm_raging"] = "one to one, 10^6 broadcasts/s"
	name["bridge"] = "Linux bridge"
	name["memif"] = "DPDK memif"
	name["vhost"] = "DPDK vhost"
	name["ping"] = "pkt-gen ping"
	name["ping_busy"] = "pkt-gen ping, engine --busy-poll"
	name["tx_netmap"] = "pkt-gen sends"
	name["rx_netmap"] = "pkt-gen receives"
	name["tx_mmsg"] = name["tx_mmsg,cpu"] = "sendmmsg"
	name["tx_ring"] = name["tx_ring,cpu"] = "PACKET_TX_RING"
	name["rx_ring"] = name["rx_ring,cpu"] = "TPACKET_V3"
	name["eventfd"] = "eventfd ping-pong"
}

function title(what) {
	return what in name ? name[what] : what
}

# Middle of a[1..n], which becomes sorted.
function median(a, n,    i, j, t) {
	for (i = 2; i <= n; i++) {
		t = a[i]
		for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]
		a[j + 1] = t
	}
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

function met(aim, value, ratio,    op, at, x) {
	if (aim == "none" || aim == "") return ""
	op = aim ~ />=/ ? ">=" : "<="
	at = aim; sub(/.*[<>]=/, "", at)
	x = aim ~ /^ratio/ ? ratio : value
	return (op == ">=" ? x >= at + 0 : x <= at + 0) ? "yes" : "no"
}

{
	key = $1 " " $2 " " $3 " " $4
	if (!(key in count)) order[++keys] = key
	i = ++count[key]
	value[key, i] = $5; ref[key, i] = $6; place[key, i] = $7; foreign[key, i] = $8; good[key, i] = $9
	unit[key] = $10; aim[key] = $11
	goods[key] += $9
}

function quote(s) {
	return "\"" s "\""
}

function row_json(k, f,    u) {
	u = unit[k]
	printf("{\"bench\":%s,\"what\":%s,\"frame\":%s", quote(f[1]), quote(title(f[3])), f[2] == "-" ? "null" : f[2])
	printf(",\"%s\":%.4f,\"%s_min\":%.4f,\"%s_max\":%.4f", u, mid, u, low, u, high)
	if (u == "mpps") printf(",\"gbps\":%.3f", mid * f[2] * 8 / 1000)
	if (f[4] == "-") printf(",\"ref\":null,\"ref_%s\":null,\"ratio\":null", u)
	else printf(",\"ref\":%s,\"ref_%s\":%.4f,\"ratio\":%.4f,\"ratio_min\":%.4f,\"ratio_max\":%.4f", quote(title(f[4])), u, ref_mid, ratio_mid, ratio_low, ratio_high)
	printf(",\"place_us\":%s,\"foreign_pct\":%s", place_mid == "-" ? "null" : sprintf("%.3f", place_mid), foreign_mid == "-" ? "null" : foreign_mid)
	printf(",\"n\":%d,\"tried\":%d,\"comparable\":%s,\"aim\":%s,\"met\":%s}\n", n, count[k], comparable ? "true" : "false",
	    aim[k] == "none" ? "null" : quote(aim[k]), verdict == "" ? "null" : verdict == "yes" ? "true" : "false")
}

function row_text(k, f,    range, rrange) {
	if (!header++)
		printf("%-9s %5s  %-32s %9s %-17s %-5s %7s  %-21s %9s %7s %-13s %-11s %-4s %6s %7s %s\n", "bench", "frame", "what", "median", "(min..max)",
		    "unit", "Gbit/s", "against", "median", "ratio", "(min..max)", "aim", "met", "place", "others", "runs")
	range = n > 1 ? sprintf("(%.3f..%.3f)", low, high) : ""
	rrange = n > 1 && f[4] != "-" ? sprintf("(%.2f..%.2f)", ratio_low, ratio_high) : ""
	printf("%-9s %5s  %-32s %9.3f %-17s %-5s %7s  %-21s %9s %7s %-13s %-11s %-4s %6s %7s %s%s\n", f[1], f[2], title(f[3]), mid, range, unit[k] == "mpps" ? "Mpps" : unit[k],
	    unit[k] == "mpps" ? sprintf("%.2f", mid * f[2] * 8 / 1000) : "", f[4] == "-" ? "" : title(f[4]), f[4] == "-" ? "" : sprintf("%.3f", ref_mid),
	    f[4] == "-" ? "" : sprintf("%.2f", ratio_mid), rrange, aim[k] == "none" ? "" : aim[k], verdict,
	    place_mid == "-" ? "" : sprintf("%.3f", place_mid), foreign_mid == "-" ? "" : sprintf("%.1f %%", foreign_mid), n " of " count[k],
	    comparable ? "" : "  (not comparable: CPUs moved or others were busy)")
}

# Rows of key k, one for each placement.
function report(k,    f, i, j, m, t, first, used, v, r, q, p, o) {
	split(k, f, " ")
	comparable = goods[k] > 0
	# by place, the nearest first
	m = 0
	for (i = 1; i <= count[k]; i++) {
		if (comparable && !good[k, i]) continue
		for (j = m++; j > 0 && place[k, used[j]] > place[k, i]; j--) used[j + 1] = used[j]
		used[j + 1] = i
	}
	for (i = 1; i <= m; ) {
		first = place[k, used[i]]
		for (n = 0; i <= m && (first == "-" || place[k, used[i]] <= first * 1.5); i++) {
			t = used[i]; n++
			v[n] = value[k, t] + 0; r[n] = ref[k, t] + 0; q[n] = r[n] ? v[n] / r[n] : 0; p[n] = place[k, t]; o[n] = foreign[k, t]
		}
		place_mid = first == "-" ? "-" : median(p, n); foreign_mid = o[1] == "-" ? "-" : median(o, n)
		mid = median(v, n); low = v[1]; high = v[n]
		ref_mid = median(r, n)
		ratio_mid = median(q, n); ratio_low = q[1]; ratio_high = q[n]
		verdict = comparable ? met(aim[k], mid, ratio_mid) : ""
		if (json) row_json(k, f)
		else row_text(k, f)
	}
}

END {
	for (key = 1; key <= keys; key++) report(order[key])
}
