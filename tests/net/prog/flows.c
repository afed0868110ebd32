/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flows.c - conversations: frames of many flows in both directions, and readers that tell which flows they got.
 *
 *	flows send PORT FLOWS ROUNDS [FIRST]	UDP between 10.0.0.1 and 10.1.x.y; each round (from FIRST on, 0) a frame of each flow, one way, then
 *					the other; then says how many were sent, as JSON
 *	flows read PORT...		takes frames from all these ports until SIGINT; then tells as JSON how many each got, how many frames
 *					came elsewhere than others of their flow, and how many were foreign or out of order
 *
 * A frame has at byte 46 the number of its round, so that a reader sees the order within a flow.
 */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LEN 60u
#define MOST 60000u
#define PORTS 16

static volatile sig_atomic_t ended;

static void
make_frame(uint8_t *f, uint32_t flow, bool back, uint32_t round)
{
	static const uint8_t head[42] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 0,
	    0, 80, 0x12, 0x34, 0, 26};
	uint8_t ends[12];

	memset(f, 0, LEN);
	memcpy(f, head, sizeof(head));
	f[32] = (uint8_t)(flow >> 8);
	f[33] = (uint8_t)flow;
	if (back) {
		memcpy(ends, f + 26, 12);
		memcpy(f + 26, ends + 4, 4);
		memcpy(f + 30, ends, 4);
		memcpy(f + 34, ends + 10, 2);
		memcpy(f + 36, ends + 8, 2);
	}
	f[42] = back;
	memcpy(f + 46, &round, sizeof(round));
	memcpy(f + 50, &flow, sizeof(flow));
}

static int
send_all(const char *port, uint32_t flows, uint32_t rounds, uint32_t first)
{
	struct nmport_d *d = common_open(port, 0);
	struct common_rings tx;
	uint64_t sent = 0;
	uint8_t f[LEN];
	uint32_t i, r;

	common_tx_rings(d, &tx);
	for (r = first; r < first + rounds; r++)
		for (i = 0; i < 2 * flows; i++) {
			while (tx.ring[0]->head == tx.ring[0]->tail)
				common_wait(d, POLLOUT);
			make_frame(f, i / 2, i % 2, r);
			common_put(tx.ring[0], f, LEN);
			sent++;
		}
	do
		common_txsync(d);
	while (common_next(tx.ring[0], tx.ring[0]->tail) != tx.ring[0]->head);
	printf("{\"sent\": %llu}\n", (unsigned long long)sent);
	nmport_close(d);
	return 0;
}

static struct reader {
	struct nmport_d *d;
	struct common_rings rx;
	uint64_t got;
} reader[PORTS];
static struct {
	uint8_t port;     /* and one; 0: none */
	uint32_t next[2]; /* least round that may come */
} seen[MOST];
static uint64_t foreign, torn, reordered;

static void
see(int port, const uint8_t *f, uint32_t len)
{
	uint32_t flow, round;
	uint8_t want[LEN];
	bool back;

	memcpy(&round, f + 46, sizeof(round));
	memcpy(&flow, f + 50, sizeof(flow));
	back = f[42];
	if (len != LEN || flow >= MOST) {
		foreign++;
		return;
	}
	make_frame(want, flow, back, round);
	if (memcmp(want, f, LEN)) {
		foreign++;
		return;
	}
	if (!seen[flow].port)
		seen[flow].port = (uint8_t)(port + 1);
	torn += seen[flow].port != port + 1;
	reordered += round < seen[flow].next[back];
	seen[flow].next[back] = round + 1;
}

static void
take(int port)
{
	struct reader *r = &reader[port];
	uint32_t i;

	for (i = 0; i < r->rx.n; i++) {
		struct netmap_ring *ring = r->rx.ring[i];

		for (; ring->head != ring->tail; ring->head = common_next(ring, ring->head)) {
			struct netmap_slot *s = &ring->slot[ring->head];

			see(port, (const uint8_t *)NETMAP_BUF(ring, s->buf_idx), s->len);
			r->got++;
		}
		ring->cur = ring->head;
	}
}

static int
read_all(char **name, int n)
{
	struct pollfd p[PORTS];
	uint32_t flows = 0, i;
	int k;

	CHECK(n <= PORTS, "%d ports, %d are possible", n, PORTS);
	for (k = 0; k < n; k++) {
		reader[k].d = common_open(name[k], 0);
		common_rx_rings(reader[k].d, &reader[k].rx);
		p[k] = (struct pollfd){.fd = reader[k].d->fd, .events = POLLIN};
	}
	printf("ready\n");
	fflush(stdout);
	do {
		if (poll(p, (nfds_t)n, 100) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		for (k = 0; k < n; k++) {
			CHECK(!(p[k].revents & POLLERR), "%s: POLLERR", name[k]);
			take(k);
		}
	} while (!ended);
	for (k = 0; k < n; k++) { /* what was there when the signal came */
		CHECK(!ioctl(reader[k].d->fd, NIOCRXSYNC, NULL), "%s: %s", name[k], strerror(errno));
		take(k);
	}
	for (i = 0; i < MOST; i++)
		flows += seen[i].port != 0;
	printf("{\"flows\": %u, \"torn\": %llu, \"reordered\": %llu, \"foreign\": %llu", flows, (unsigned long long)torn,
	    (unsigned long long)reordered, (unsigned long long)foreign);
	for (k = 0; k < n; k++) {
		printf(", \"got%d\": %llu", k, (unsigned long long)reader[k].got);
		nmport_close(reader[k].d);
	}
	printf("}\n");
	return 0;
}

int
main(int argc, char **argv)
{
	common_catch(SIGINT, &ended);
	if ((argc == 5 || argc == 6) && !strcmp(argv[1], "send") && strtoul(argv[3], NULL, 10) <= MOST)
		return send_all(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10),
		    argc == 6 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0);
	if (argc > 2 && !strcmp(argv[1], "read"))
		return read_all(argv + 2, argc - 2);
	die("usage: flows send PORT FLOWS ROUNDS [FIRST] | flows read PORT...");
}
