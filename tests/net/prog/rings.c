/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rings.c - ports of several rings, and several descriptors of one port.
 *
 *	rings choice PREFIX	broadcast arrives at ring 0, unicast at the ring of the sender's number
 *	rings share PREFIX	each descriptor has the rings its name says, and only these
 *	rings extra PREFIX	lists of extra buffers, taken, exchanged and given back
 */
#include "common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LEN 60

static const uint8_t mac_s[6] = {2, 0, 0, 0, 0, 1}, mac_r[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct nmport_d *
open_at(const char *prefix, const char *rest, uint32_t extra)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", prefix, rest);
	return common_open(name, extra);
}

/* errno of a port that can't be opened. */
static int
refused(const char *prefix, const char *rest)
{
	char name[128];
	struct nmport_d *d;
	int e;

	snprintf(name, sizeof(name), "%s%s", prefix, rest);
	nmctx_get()->error = NULL;
	d = nmport_open(name);
	e = errno;
	CHECK(!d, "%s can be opened", name);
	return e;
}

static void
send_from(struct nmport_d *d, struct netmap_ring *r, const uint8_t *src, const uint8_t *dst)
{
	uint8_t frame[LEN];

	common_frame(frame, dst, src, LEN, 0);
	common_put(r, frame, LEN);
	common_txsync(d);
}

/* The rings that have a frame, as digits; takes these. */
static void
arrived(struct nmport_d *d, char *out)
{
	struct common_rings rx;
	uint32_t i;

	common_rx_rings(d, &rx);
	common_rxsync(d);
	for (i = 0; i < rx.n; i++) {
		while (nm_ring_space(rx.ring[i])) {
			*out++ = (char)('0' + rx.ring[i]->ringid);
			rx.ring[i]->cur = rx.ring[i]->head = common_next(rx.ring[i], rx.ring[i]->head);
		}
	}
	*out = 0;
}

static void
choice(const char *prefix)
{
	struct nmport_d *s = open_at(prefix, "s@conf:rings=4", 0), *r = open_at(prefix, "r@conf:rx-rings=3", 0);
	struct common_rings tx, back;
	char got[64], want[2] = "";
	uint32_t i;

	common_tx_rings(s, &tx);
	common_tx_rings(r, &back);
	CHECK(tx.n == 4, "%u transmit rings, 4 were asked for", tx.n);
	CHECK(r->reg.nr_rx_rings == 3, "%u receive rings, 3 were asked for", r->reg.nr_rx_rings);
	send_from(r, back.ring[0], mac_r, broadcast);
	arrived(s, got);
	CHECK(!strcmp(got, "0"), "a broadcast arrived at rings '%s'", got);
	for (i = 0; i < tx.n; i++) {
		send_from(s, tx.ring[i], mac_s, mac_r);
		arrived(r, got);
		want[0] = (char)('0' + i % 3);
		CHECK(!strcmp(got, want), "unicast from ring %u arrived at rings '%s', expected '%s'", i, got, want);
		send_from(s, tx.ring[i], mac_s, broadcast);
		arrived(r, got);
		CHECK(!strcmp(got, "0"), "broadcast from ring %u arrived at rings '%s', expected '0'", i, got);
	}
	nmport_close(s);
	nmport_close(r);
}

static void
bound(struct nmport_d *d, const char *what, uint32_t ntx, uint32_t nrx, uint32_t first)
{
	struct common_rings tx, rx;

	common_tx_rings(d, &tx);
	common_rx_rings(d, &rx);
	CHECK(tx.n == ntx && rx.n == nrx, "%s: %u + %u rings, expected %u + %u", what, tx.n, rx.n, ntx, nrx);
	CHECK(!ntx || tx.ring[0]->ringid == first, "%s: transmit ring %u, expected %u", what, tx.ring[0]->ringid, first);
	CHECK(!nrx || rx.ring[0]->ringid == first, "%s: receive ring %u, expected %u", what, rx.ring[0]->ringid, first);
	CHECK(!ntx || tx.ring[0]->dir == 1, "%s: dir of a transmit ring is %u", what, tx.ring[0]->dir);
	CHECK(!nrx || rx.ring[0]->dir == 0, "%s: dir of a receive ring is %u", what, rx.ring[0]->dir);
}

static void
share(const char *prefix)
{
	struct nmport_d *all = open_at(prefix, "m@conf:rings=3", 0), *one[3], *x = open_at(prefix, "x", 0), *t;
	struct common_rings tx;
	char got[64], name[32];
	uint32_t i;

	bound(all, "all", 3, 3, 0);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "m-%u", i);
		one[i] = open_at(prefix, name, 0);
		bound(one[i], name, 1, 1, i);
		CHECK(one[i]->reg.nr_mem_id == all->reg.nr_mem_id && one[i]->mem == all->mem, "%s: another region", name);
	}
	CHECK(refused(prefix, "m-3") == EINVAL, "ring 3 of 3: errno %d", errno);
	CHECK(refused(prefix, "m-1/x") == EBUSY, "a ring in use, exclusively: errno %d", errno);
	t = open_at(prefix, "m/T", 0);
	bound(t, "m/T", 3, 0, 0);
	nmport_close(t);

	/* a descriptor sends from its ring alone, whoever else is there */
	send_from(x, (common_tx_rings(x, &tx), tx.ring[0]), mac_r, broadcast);
	arrived(all, got);
	CHECK(!strcmp(got, "0"), "a broadcast arrived at rings '%s'", got);
	nmport_close(all);
	for (i = 0; i < 3; i++) {
		common_tx_rings(one[i], &tx);
		send_from(one[i], tx.ring[0], mac_s, mac_r);
		arrived(x, got);
		CHECK(!strcmp(got, "0"), "from descriptor %u arrived at rings '%s'", i, got);
	}
	/* ring 0 goes with its last descriptor; the others live on */
	nmport_close(one[0]);
	common_tx_rings(one[1], &tx);
	send_from(one[1], tx.ring[0], mac_s, mac_r);
	arrived(x, got);
	CHECK(!strcmp(got, "0"), "after another descriptor left: arrived at rings '%s'", got);
	send_from(x, (common_tx_rings(x, &tx), tx.ring[0]), mac_r, mac_s);
	arrived(one[1], got);
	CHECK(!strcmp(got, ""), "a frame for ring 0, which nobody has: arrived at rings '%s'", got);
	one[0] = open_at(prefix, "m-0/x", 0);
	send_from(x, tx.ring[0], mac_r, mac_s);
	arrived(one[0], got);
	CHECK(!strcmp(got, "0"), "ring 0 opened again: arrived at rings '%s'", got);
	CHECK(refused(prefix, "m-0") == EBUSY, "a ring that is held exclusively: errno %d", errno);
	for (i = 0; i < 3; i++)
		nmport_close(one[i]);
	nmport_close(x);
}

/* Each buffer is there once: in a slot of a ring or in the list. */
static void
all_different(struct nmport_d *d, uint32_t total, uint32_t extra)
{
	struct common_rings rings[2];
	uint32_t i, k, dir, n = 0, idx, head = d->nifp->ni_bufs_head;
	bool *seen = calloc(total, sizeof(*seen));

	CHECK(seen, "no memory");
	common_tx_rings(d, &rings[0]);
	common_rx_rings(d, &rings[1]);
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < rings[dir].n; i++)
			for (k = 0; k < rings[dir].ring[i]->num_slots; k++) {
				idx = rings[dir].ring[i]->slot[k].buf_idx;
				CHECK(idx >= 2 && idx < total && !seen[idx], "slot %u has buffer %u, twice or out of range", k, idx);
				seen[idx] = true;
			}
	while ((idx = head)) {
		CHECK(idx >= 2 && idx < total && !seen[idx], "the list has buffer %u, twice or out of range", idx);
		seen[idx] = true;
		common_extra_pop(rings[0].ring[0], &head);
		n++;
	}
	CHECK(n == extra, "%u extra buffers in the list, expected %u", n, extra);
	free(seen);
}

static uint32_t
buffers(const struct nmport_d *d)
{
	struct nmreq_pools_info info = {0};
	struct nmreq_header h = d->hdr;

	h.nr_reqtype = NETMAP_REQ_POOLS_INFO_GET;
	h.nr_options = 0;
	h.nr_body = (uintptr_t)&info;
	CHECK(!ioctl(d->fd, NIOCCTRL, &h), "NETMAP_REQ_POOLS_INFO_GET: %s", strerror(errno));
	return info.nr_buf_pool_objtotal;
}

static void
extra(const char *prefix)
{
	struct nmport_d *base = open_at(prefix, "e", 0), *d;
	struct common_rings tx;
	uint32_t total = buffers(base), idx, head, i, round;

	common_tx_rings(base, &tx);
	all_different(base, total, 0);
	/* each round would lose 100 buffers if the close did not take them back */
	for (round = 0; round < total / 100 + 10; round++) {
		d = open_at(prefix, "e", 100);
		if (!round)
			all_different(d, total, 100);
		head = d->nifp->ni_bufs_head;
		for (i = 0; i < 50; i++) { /* as a program that keeps frames: its buffer into the slot, the slot's into the list */
			struct netmap_slot *s = &tx.ring[0]->slot[(round + i) % (tx.ring[0]->num_slots - 1)];
			uint32_t mine = common_extra_pop(tx.ring[0], &head);

			idx = s->buf_idx;
			s->buf_idx = mine;
			s->flags |= NS_BUF_CHANGED;
			d->nifp->ni_bufs_head = head;
			common_extra_push(tx.ring[0], &head, idx);
			d->nifp->ni_bufs_head = head;
		}
		nmport_close(d);
	}
	all_different(base, total, 0);
	nmport_close(base);
}

int
main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(const char *); } table[] = {
		{"choice", choice}, {"share", share}, {"extra", extra},
	};
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(argv[1], table[i].name)) {
			table[i].run(argv[2]);
			return 0;
		}
	die("usage: rings choice|share|extra PREFIX");
}
