/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_tx.c - sends the same frame out of an interface as fast as a packet socket can, until a signal.
 *
 * By sendmmsg() around the queueing discipline: faster here than a transmit ring (PACKET_TX_RING).
 */
#include "cpus.h"
#include "packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64

static int
send_all(int fd, uint8_t *frame, size_t len)
{
	static struct mmsghdr msg[BATCH];
	struct iovec iov = { .iov_base = frame, .iov_len = len };
	uint64_t sent = 0, full = 0;
	int i, n;

	for (i = 0; i < BATCH; i++)
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	while (!packet_stopped()) {
		n = sendmmsg(fd, msg, BATCH, 0);
		if (n > 0) {
			sent += (uint64_t)n;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			full++;
		} else if (errno != EINTR) {
			perror("packet_tx: sendmmsg");
			return 1;
		}
	}
	printf("%llu frames sent, %llu times no room\n", (unsigned long long)sent, (unsigned long long)full);
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t frame[2048];
	unsigned long len = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned mac[6];
	int fd, pair[2], i, one = 1;

	if (len < 14 || len > 1514 ||
	    sscanf(argv[3], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6) {
		fprintf(stderr, "usage: packet_tx INTERFACE LENGTH MAC, a length of 14 to 1514\n");
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
	return send_all(fd, frame, len);
}
