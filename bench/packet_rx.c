/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_rx.c - receives from an interface through a mapped ring (TPACKET_V3) and reads the first line of each frame, until a signal.
 * Prints Mpps, from 0.3 s after the first frame to the last.
 */
#include "packet.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCKS 64u
#define BLOCK_SIZE (256u << 10)
#define FRAME_SIZE 2048u

struct received {
	struct packet_count c;
	uint64_t sink;
};

static uint8_t *
map_ring(int fd)
{
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_SIZE, .tp_block_nr = BLOCKS, .tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = BLOCKS * (BLOCK_SIZE / FRAME_SIZE), .tp_retire_blk_tov = 10,
	};
	int version = TPACKET_V3;
	void *p;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req))) {
		perror("packet_rx: ring");
		return NULL;
	}
	p = mmap(NULL, (size_t)BLOCKS * BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror("packet_rx: mmap");
		return NULL;
	}
	return p;
}

static void
read_block(struct received *g, struct tpacket_block_desc *b)
{
	uint8_t *at = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
	uint32_t i, n = b->hdr.bh1.num_pkts;
	uint64_t word;

	for (i = 0; i < n; i++) {
		struct tpacket3_hdr *h = (struct tpacket3_hdr *)(void *)at;

		memcpy(&word, at + h->tp_mac, sizeof(word));
		g->sink ^= word;
		at += h->tp_next_offset;
	}
	if (!n)
		return;
	packet_count(&g->c, n);
}

static int
receive(int fd, uint8_t *ring, struct received *g)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t i = 0;

	while (!packet_stopped()) {
		struct tpacket_block_desc *b = (struct tpacket_block_desc *)(void *)(ring + (size_t)i * BLOCK_SIZE);

		if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
			if (poll(&p, 1, 100) < 0 && errno != EINTR) {
				perror("packet_rx: poll");
				return 1;
			}
			continue;
		}
		read_block(g, b);
		__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		i = (i + 1) % BLOCKS;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct received g;
	uint8_t *ring;
	int fd, pair[2];

	if (argc != 2) {
		fprintf(stderr, "usage: packet_rx INTERFACE\n");
		return 2;
	}
	packet_catch_signals();
	if (cpus_pair(pair) || cpus_bind(pair[1]))
		return 1;
	fd = packet_open(argv[1], 0);
	ring = fd < 0 ? NULL : map_ring(fd);
	if (!ring || packet_bind(fd, argv[1], ETH_P_ALL))
		return 1;
	fprintf(stderr, "ready\n");
	if (receive(fd, ring, &g))
		return 1;
	__asm__ volatile("" : : "r"(g.sink));
	return packet_rate(&g.c, "packet_rx", "came in");
}
