/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_tx.c - sends the same frame out of an interface as fast as a packet socket can, until a signal. Prints Mpps, from 0.3 s after the
 * first frame to the last.
 *
 * Around the queueing discipline, by sendmmsg() or, with "ring", from a mapped ring (PACKET_TX_RING); which one is faster depends on the
 * driver.
 */
#include "packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BATCH 64
#define RING_FRAMES 1024u
#define RING_BLOCK 65536u
#define FRAME_SIZE 2048u

struct sent {
	struct packet_count c;
	uint64_t full;
};

/* Whether a failed call is to be made again. */
static bool
again(struct sent *t, const char *what)
{
	if (errno == ENOBUFS || errno == EAGAIN)
		t->full++;
	else if (errno != EINTR) {
		perror(what);
		return false;
	}
	return true;
}

static int
send_all(int fd, uint8_t *frame, size_t len, struct sent *t)
{
	static struct mmsghdr msg[BATCH];
	struct iovec iov = { .iov_base = frame, .iov_len = len };
	int i, n;

	for (i = 0; i < BATCH; i++)
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	while (!packet_stopped()) {
		n = sendmmsg(fd, msg, BATCH, 0);
		if (n > 0)
			packet_count(&t->c, (uint64_t)n);
		else if (!again(t, "packet_tx: sendmmsg"))
			return 1;
	}
	return 0;
}

/* A frame is counted when its place in the ring is free again. */
static int
send_ring(int fd, const uint8_t *frame, size_t len, struct sent *t)
{
	struct tpacket_req req = { .tp_block_size = RING_BLOCK, .tp_block_nr = RING_FRAMES * FRAME_SIZE / RING_BLOCK, .tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = RING_FRAMES };
	const size_t data = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
	int version = TPACKET_V2;
	uint32_t i, n, gone, at = 0, put = 0; /* put: at most as many as there are in the ring */
	uint8_t *ring;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) || setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req))) {
		perror("packet_tx: ring");
		return 1;
	}
	ring = mmap(NULL, (size_t)RING_FRAMES * FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED) {
		perror("packet_tx: mmap");
		return 1;
	}
	for (i = 0; i < RING_FRAMES; i++) {
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)(ring + (size_t)i * FRAME_SIZE);

		h->tp_len = (uint32_t)len;
		memcpy((uint8_t *)h + data, frame, len);
	}
	while (!packet_stopped()) {
		for (n = 0; n < RING_FRAMES / 2; n++) {
			struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)(ring + (size_t)at * FRAME_SIZE);

			if (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
				break;
			__atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
			at = (at + 1) % RING_FRAMES;
		}
		gone = put + n > RING_FRAMES ? put + n - RING_FRAMES : 0;
		put += n - gone;
		if (gone)
			packet_count(&t->c, gone);
		if (send(fd, NULL, 0, n ? MSG_DONTWAIT : 0) < 0 && !again(t, "packet_tx: send"))
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t frame[2048];
	bool ring = argc == 5 && !strcmp(argv[4], "ring");
	static struct sent t;
	unsigned long len = argc == 4 || ring ? strtoul(argv[2], NULL, 10) : 0;
	unsigned mac[6];
	int fd, pair[2], i, one = 1;

	if (len < 14 || len > 1514 ||
	    sscanf(argv[3], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6) {
		fprintf(stderr, "usage: packet_tx INTERFACE LENGTH MAC [ring], a length of 14 to 1514\n");
		return 2;
	}
	for (i = 0; i < 6; i++)
		frame[i] = (uint8_t)mac[i];
	frame[6] = 0x02; /* a local address */
	frame[11] = 0x02;
	frame[12] = 0x88; /* for experiments (0x88b5): no protocol of the host wants it */
	frame[13] = 0xb5;
	packet_catch_signals();
	if (cpus_pair(pair) || cpus_bind(pair[0]))
		return 1;
	fd = packet_open(argv[1], 0);
	if (fd < 0)
		return 1;
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one))) {
		perror("packet_tx: PACKET_QDISC_BYPASS");
		return 1;
	}
	if (ring ? send_ring(fd, frame, len, &t) : send_all(fd, frame, len, &t))
		return 1;
	fprintf(stderr, "%llu frames sent, %llu times no room\n", (unsigned long long)t.c.frames, (unsigned long long)t.full);
	return packet_rate(&t.c, "packet_tx", "went out");
}
