/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlan.c - two trunks and four access ports in two VLANs; who gets which frame, and how it is tagged.
 *
 *	vlan PREFIX N		opens PREFIXa, b (VLAN 10), c, d (VLAN 20), t, u (trunks of both, u with native VLAN 20), and n, which is in
 *				none; asks for these VLANs; sends what the table below has, then N frames of random kind; prints a JSON
 *				object of what each sent and received and waits for SIGTERM
 *
 * When NIOCTXSYNC returns, what was published has been switched, so nothing here has to wait.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define PORTS 7
#define LEN 60 /* without a tag */
#define UNTAGGED 0xffffffffu

enum { A, B, C, D, T, U, N };

static struct port {
	struct nmport_d *d;
	struct common_rings tx, rx;
	uint32_t sent, received;
} port[PORTS];

/* What each is, as it is asked for. */
static const struct {
	const char *name;
	uint16_t mode, vid;
	bool both; /* VLANs 10 and 20 are allowed */
} shape[PORTS] = {
	[A] = {"a", NM_VLAN_ACCESS, 10, false}, [B] = {"b", NM_VLAN_ACCESS, 10, false}, [C] = {"c", NM_VLAN_ACCESS, 20, false},
	[D] = {"d", NM_VLAN_ACCESS, 20, false}, [T] = {"t", NM_VLAN_TRUNK, 0, true}, [U] = {"u", NM_VLAN_TRUNK, 20, true},
	[N] = {"n", NM_VLAN_NONE, 0, false},
};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t same[6] = {2, 0, 0, 0, 0, 0x55}; /* a station in each VLAN */
static uint32_t serial;

static void
ask(const char *name, int i)
{
	struct nmreq_vlan r = {.nr_op = NM_POLICY_SET, .nr_mode = shape[i].mode, .nr_vid = shape[i].vid};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_VLAN, .nr_body = (uintptr_t)&r};
	int fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/netmap: %s", strerror(errno));
	if (shape[i].both) {
		r.nr_allowed[10 / 8] |= 1 << 10 % 8;
		r.nr_allowed[20 / 8] |= 1 << 20 % 8;
	}
	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	CHECK(!ioctl(fd, NIOCCTRL, &h), "VLANs of %s: %s", name, strerror(errno));
	close(fd);
}

static void
open_port(const char *prefix, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", prefix, shape[i].name);
	port[i].d = common_open(name, 0);
	common_tx_rings(port[i].d, &port[i].tx);
	common_rx_rings(port[i].d, &port[i].rx);
	if (shape[i].mode)
		ask(name, i);
}

/* The VLAN that a frame with this tag is in, if port i sends it: by the rules, not by the switch. 0: none, UNTAGGED: refused. */
static uint32_t
vlan_of(int i, uint32_t tci)
{
	uint32_t vid = tci == UNTAGGED ? 0 : tci & 0xfff;

	if (shape[i].mode == NM_VLAN_NONE)
		return 0;
	if (!vid)
		return shape[i].vid ? shape[i].vid : UNTAGGED;
	return shape[i].mode == NM_VLAN_ACCESS ? (vid == shape[i].vid ? vid : UNTAGGED) : vid == 10 || vid == 20 ? vid : UNTAGGED;
}

static bool
member(int i, uint32_t vid)
{
	return shape[i].mode == NM_VLAN_TRUNK ? vid == 10 || vid == 20 : vid == shape[i].vid;
}

/* The frame without a tag, or with it between addresses and the rest. */
static uint32_t
with_tag(uint8_t *to, const uint8_t *plain, uint32_t tci)
{
	if (tci == UNTAGGED) {
		memcpy(to, plain, LEN);
		return LEN;
	}
	memcpy(to, plain, 12);
	memcpy(to + 12, (uint8_t[]){0x81, 0, (uint8_t)(tci >> 8), (uint8_t)tci}, 4);
	memcpy(to + 16, plain + 12, LEN - 12);
	return LEN + 4;
}

/* Takes what port i got: one frame like this, or none. */
static bool
took(const char *what, int i, const uint8_t *plain, uint32_t tci)
{
	struct netmap_ring *r = port[i].rx.ring[0];
	uint8_t want[LEN + 4];
	uint32_t len = with_tag(want, plain, tci);

	common_rxsync(port[i].d);
	if (!nm_ring_space(r))
		return false;
	CHECK(nm_ring_space(r) == 1, "%s: %u frames at %s", what, nm_ring_space(r), shape[i].name);
	CHECK(r->slot[r->head].len == len, "%s: %u bytes at %s, expected %u", what, r->slot[r->head].len, shape[i].name, len);
	CHECK(!memcmp(common_buf(r, r->head), want, len), "%s: not the frame that was sent, at %s", what, shape[i].name);
	r->cur = r->head = common_next(r, r->head);
	port[i].received++;
	return true;
}

/* Sends a frame and looks who gets it: those of `only`, or all of its VLAN if that is NULL. */
static void
expect(const char *what, int from, uint32_t tci, const uint8_t *src, const uint8_t *dst, const char *only)
{
	uint32_t vid = vlan_of(from, tci), prio = tci == UNTAGGED ? 0 : tci & 0xf000, len;
	uint8_t plain[LEN], frame[LEN + 4];
	int i;

	common_frame(plain, dst, src, LEN, (uint8_t)serial);
	memcpy(plain + 20, &serial, 4);
	serial++;
	len = with_tag(frame, plain, tci);
	common_put(port[from].tx.ring[0], frame, len);
	port[from].sent++;
	common_txsync(port[from].d);
	for (i = 0; i < PORTS; i++) {
		bool want = i != from && vid != UNTAGGED && member(i, vid) && (!only || strchr(only, shape[i].name[0]));
		uint32_t out = shape[i].mode == NM_VLAN_TRUNK && vid != shape[i].vid ? prio | vid : vid ? UNTAGGED : tci;

		CHECK(took(what, i, plain, out) == want, "%s: %s %s it", what, shape[i].name, want ? "did not get" : "got");
	}
}

static void
table(void)
{
	expect("untagged from an access port", A, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 1}, broadcast, NULL);
	expect("untagged from one of the other VLAN", C, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 3}, broadcast, NULL);
	expect("with its own tag", A, 10, (uint8_t[]){2, 0, 0, 0, 0, 1}, broadcast, NULL);
	expect("with the other's tag", A, 20, (uint8_t[]){2, 0, 0, 0, 0, 1}, broadcast, NULL);
	expect("with a priority", A, 0x6000, (uint8_t[]){2, 0, 0, 0, 0, 1}, broadcast, NULL);
	expect("from a trunk", T, 0xb000 | 10, (uint8_t[]){2, 0, 0, 0, 0, 4}, broadcast, NULL);
	expect("from a trunk, of a VLAN that it has not", T, 30, (uint8_t[]){2, 0, 0, 0, 0, 4}, broadcast, NULL);
	expect("untagged from a trunk without a native VLAN", T, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 4}, broadcast, NULL);
	expect("untagged from a trunk with one", U, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 5}, broadcast, NULL);
	expect("from who is in none", N, 10, (uint8_t[]){2, 0, 0, 0, 0, 6}, broadcast, NULL);
	/* one address, in both VLANs, at different ports */
	expect("a station of VLAN 10", A, UNTAGGED, same, broadcast, NULL);
	expect("a station of VLAN 20", D, UNTAGGED, same, broadcast, NULL);
	expect("to it in VLAN 10", B, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 2}, same, "a");
	expect("to it in VLAN 20", C, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 3}, same, "d");
	expect("to it in VLAN 10, by a trunk", T, 10, (uint8_t[]){2, 0, 0, 0, 0, 4}, same, "a");
	expect("to it in VLAN 20, by a trunk", T, 20, (uint8_t[]){2, 0, 0, 0, 0, 4}, same, "d");
	expect("it goes on in VLAN 10", T, 10, same, broadcast, NULL);
	expect("to it in VLAN 10, where it is now", B, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 2}, same, "t");
	expect("to it in VLAN 20, where it was", C, UNTAGGED, (uint8_t[]){2, 0, 0, 0, 0, 3}, same, "d");
}

static void
on_term(int sig)
{
	(void)sig;
}

int
main(int argc, char **argv)
{
	static const uint32_t tags[] = {UNTAGGED, 10, 20, 30, 0, 4095, 0x7000 | 10, 0xf000 | 20};
	struct sigaction sa = {.sa_handler = on_term};
	sigset_t block, before;
	uint64_t x = 1;
	long n;
	int i;

	CHECK(argc == 3, "usage: vlan PREFIX N");
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigaction(SIGTERM, &sa, NULL);
	for (i = 0; i < PORTS; i++)
		open_port(argv[1], i);
	table();
	for (n = atol(argv[2]); n > 0; n--) {
		x = common_mix(x);
		/* a source for each frame: all is flooded, in its VLAN */
		expect("a random frame", (int)(x % PORTS), tags[x >> 8 & 7], (uint8_t[]){6, (uint8_t)(x >> 16), (uint8_t)(x >> 24), (uint8_t)(n >> 16),
		    (uint8_t)(n >> 8), (uint8_t)n}, x >> 32 & 1 ? broadcast : (uint8_t[]){10, 1, 2, 3, 4, 5}, NULL);
	}
	printf("{");
	for (i = 0; i < PORTS; i++)
		printf("%s\"%s\": {\"sent\": %u, \"received\": %u}", i ? ", " : "", shape[i].name, port[i].sent, port[i].received);
	puts("}");
	fflush(stdout);
	sigsuspend(&before);
	for (i = 0; i < PORTS; i++)
		nmport_close(port[i].d);
	return 0;
}
