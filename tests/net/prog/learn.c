/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * learn.c - four ports of a switch; who gets which frame.
 *
 *	learn PREFIX		opens PREFIXa to PREFIXd, prints what each sent and received as a JSON object, waits for SIGTERM
 *
 * When NIOCTXSYNC returns, what was published has been switched, so nothing here has to wait.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define PORTS 4
#define LEN 64

static struct port {
	struct nmport_d *d;
	struct common_rings tx, rx;
	uint8_t mac[6];
	uint32_t sent, received;
} port[PORTS];

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
static const uint8_t nobody[6] = {2, 0, 0, 0, 0, 0x77};
static uint8_t serial;

static void
open_port(struct port *p, const char *prefix, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%c", prefix, 'a' + i);
	p->d = common_open(name, 0);
	common_tx_rings(p->d, &p->tx);
	common_rx_rings(p->d, &p->rx);
	memcpy(p->mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)i}, 6);
}

/* Sends one frame and looks at which ports it arrived: `want` has a letter for each. */
static void
expect(const char *what, int from, const uint8_t *src, const uint8_t *dst, uint32_t len, const char *want)
{
	uint8_t frame[LEN];
	char got[PORTS + 1] = "";
	int i, n = 0;

	common_frame(frame, dst, src, LEN, serial++);
	common_put(port[from].tx.ring[0], frame, len);
	port[from].sent++;
	common_txsync(port[from].d);
	for (i = 0; i < PORTS; i++) {
		struct netmap_ring *r;

		if (!port[i].d)
			continue;
		r = port[i].rx.ring[0];
		common_rxsync(port[i].d);
		CHECK(nm_ring_space(r) <= 1, "%s: %u frames at port %c", what, nm_ring_space(r), 'a' + i);
		if (!nm_ring_space(r))
			continue;
		CHECK(r->slot[r->head].len == len, "%s: %u bytes at port %c, %u were sent", what, r->slot[r->head].len, 'a' + i, len);
		CHECK(!memcmp(common_buf(r, r->head), frame, len), "%s: altered at port %c", what, 'a' + i);
		CHECK(!(r->slot[r->head].flags & NS_MOREFRAG), "%s: flags %#x at port %c", what, r->slot[r->head].flags, 'a' + i);
		r->cur = r->head = common_next(r, r->head);
		port[i].received++;
		got[n++] = (char)('a' + i);
	}
	CHECK(!strcmp(got, want), "%s: arrived at '%s', expected at '%s'", what, got, want);
}

/* Closes a port and waits until the switch has let go of it: the engine learns of it by a hang-up, a little later. */
static void
close_port(struct port *p)
{
	struct nmreq_pools_info info;
	struct nmreq_header h = p->d->hdr;
	int fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/netmap: %s", strerror(errno));
	nmport_close(p->d);
	p->d = NULL;
	h.nr_reqtype = NETMAP_REQ_POOLS_INFO_GET;
	h.nr_options = 0;
	h.nr_body = (uintptr_t)&info;
	while (!ioctl(fd, NIOCCTRL, &h))
		sched_yield();
	CHECK(errno == ENXIO, "%s: %s", h.nr_name, strerror(errno));
	close(fd);
}

static void
on_term(int sig)
{
	(void)sig;
}

int
main(int argc, char **argv)
{
	static const uint8_t group_src[6] = {3, 0, 0, 0, 0, 9};
	struct sigaction sa = {.sa_handler = on_term};
	sigset_t block, before;
	const uint8_t *a, *b;
	int i;

	CHECK(argc == 2, "usage: learn PREFIX");
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigaction(SIGTERM, &sa, NULL);
	for (i = 0; i < PORTS; i++)
		open_port(&port[i], argv[1], i);
	a = port[0].mac;
	b = port[1].mac;

	expect("broadcast", 0, a, broadcast, LEN, "bcd");
	expect("learned", 1, b, a, LEN, "a");
	expect("learned from a unicast", 2, port[2].mac, b, LEN, "b");
	expect("unknown", 3, port[3].mac, nobody, LEN, "abc");
	expect("group address", 0, a, group, LEN, "bcd");
	expect("to itself", 1, b, b, LEN, "");
	expect("still known after that", 0, a, b, LEN, "b");
	expect("a group address is no source", 2, group_src, a, LEN, "a");
	expect("so it is not known", 0, a, group_src, LEN, "bcd");
	expect("14 bytes", 0, a, b, 14, "b");
	expect("13 bytes", 0, a, b, 13, "");
	expect("an address that moves", 3, a, b, LEN, "b");
	expect("is known at its new port", 1, b, a, LEN, "d");
	expect("and moves back", 0, a, b, LEN, "b");
	expect("once more", 1, b, a, LEN, "a");
	close_port(&port[3]);
	expect("a port that left is forgotten", 0, a, port[3].mac, LEN, "bc");
	open_port(&port[3], argv[1], 3);
	port[3].sent = port[3].received = 0;
	expect("its successor gets what is unknown", 0, a, port[3].mac, LEN, "bcd");

	printf("{");
	for (i = 0; i < PORTS; i++)
		printf("%s\"%c\": {\"sent\": %u, \"received\": %u}", i ? ", " : "", 'a' + i, port[i].sent, port[i].received);
	puts("}");
	fflush(stdout);
	sigsuspend(&before);
	for (i = 0; i < PORTS; i++)
		nmport_close(port[i].d);
	return 0;
}
