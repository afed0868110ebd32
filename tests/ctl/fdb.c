/* SPDX-License-Identifier: BSD-2-Clause */
/* FDB_GET and FDB_FLUSH. */
#include "ctl.h"

#include <libnetmap.h>
#include <net/netmap_user.h>

static struct nmreq_fdb table;

/* All of the table, in as many pieces as it takes; how many entries, and those of port in *of_port. */
static uint32_t
entries(int fd, uint32_t port, uint32_t *of_port)
{
	uint32_t n = 0, i;

	*of_port = 0;
	table.nr_cursor = 0;
	do {
		ctl_expect(fd, NETMAP_REQ_FDB_GET, "vale0", &table, NULL, 0, NULL);
		for (i = 0; i < table.nr_count; i++) {
			ctl_equal(table.nr_entry[i].mac[0], 2);
			ctl_equal(table.nr_entry[i].vlan, 0);
			ctl_check(table.nr_entry[i].age_ms < 60000);
			*of_port += table.nr_entry[i].port_idx == port;
		}
		n += table.nr_count;
	} while (table.nr_cursor != NM_CURSOR_END && n < 100000);
	return n;
}

/* A broadcast from 02:00:00:00:00:77 with NS_NO_LEARN or without. */
static void
send_from_77(struct nmport_d *p, uint16_t flags)
{
	static const uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0x77};
	struct netmap_ring *r = NETMAP_TXRING(p->nifp, 0);
	struct netmap_slot *s = &r->slot[r->head];

	memcpy(NETMAP_BUF(r, s->buf_idx), frame, sizeof(frame));
	s->len = sizeof(frame);
	s->flags = flags;
	r->head = r->cur = nm_ring_next(r, r->head);
	ctl_equal(ioctl(p->fd, NIOCTXSYNC, NULL), 0);
}

int
main(void)
{
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2};
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b");
	struct nmreq_fdb_flush f = {.nr_port_idx = NM_CURSOR_END};
	int fd = ctl_open(), i;
	uint32_t of_b;

	if (!a || !b)
		return 1;
	ctl_expect(fd, NETMAP_REQ_FDB_GET, "vale9", &table, NULL, ENXIO, "there is no switch vale9; see: vale-ctl list");
	ctl_expect(fd, NETMAP_REQ_FDB_FLUSH, "vale9", &f, NULL, ENXIO, "there is no switch vale9; see: vale-ctl list");
	ctl_equal(entries(fd, 1, &of_b), 0);
	send_from_77(a, NS_NO_LEARN);
	ctl_equal(entries(fd, 1, &of_b), 0);
	send_from_77(b, 0);
	ctl_equal(entries(fd, 1, &of_b), 1);
	ctl_expect(fd, NETMAP_REQ_FDB_FLUSH, "vale0", &f, NULL, 0, NULL);
	for (i = 0; i < 300; i++) {
		frame[10] = (uint8_t)i;
		frame[11] = (uint8_t)(i >> 8);
		ctl_equal(nmport_inject(i < 290 ? a : b, frame, sizeof(frame)), sizeof(frame));
	}
	ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(ioctl(b->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(entries(fd, 1, &of_b), 300); /* three pieces */
	ctl_equal(of_b, 10);
	f.nr_port_idx = 1;
	ctl_expect(fd, NETMAP_REQ_FDB_FLUSH, "vale0", &f, NULL, 0, NULL);
	ctl_equal(f.nr_removed, 10);
	ctl_equal(entries(fd, 1, &of_b), 290);
	nmport_close(a); /* its addresses go with it */
	ctl_equal(entries(fd, 1, &of_b), 0);
	f.nr_port_idx = NM_CURSOR_END;
	ctl_expect(fd, NETMAP_REQ_FDB_FLUSH, "vale0:b", &f, NULL, 0, NULL); /* a port's name names its switch */
	ctl_equal(f.nr_removed, 0);
	table.nr_cursor = 12345678;
	ctl_expect(fd, NETMAP_REQ_FDB_GET, "vale0", &table, NULL, 0, NULL);
	ctl_equal(table.nr_count, 0);
	ctl_equal(table.nr_cursor, NM_CURSOR_END);
	nmport_close(b);
	return ctl_done();
}
