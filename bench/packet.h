/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.h - what the two packet socket programs share. */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include "cpus.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_SETTLE_NS 300000000u

static volatile sig_atomic_t packet_stop;

struct packet_count {
	uint64_t first, from, last; /* times */
	uint64_t frames, settled;   /* all, and those before from */
};

/* n frames more, n > 0. Those of the first PACKET_SETTLE_NS don't count for the rate. */
static inline void
packet_count(struct packet_count *c, uint64_t n)
{
	c->last = cpus_now();
	if (!c->first)
		c->first = c->last;
	c->frames += n;
	if (!c->from && c->last - c->first >= PACKET_SETTLE_NS) {
		c->from = c->last;
		c->settled = c->frames;
	}
}

/* Prints the rate in Mpps; 0, or 1 with a message where there is none. */
static inline int
packet_rate(const struct packet_count *c, const char *program, const char *what)
{
	if (!c->from || c->last <= c->from) {
		fprintf(stderr, "%s: %llu frames %s, too few for a rate\n", program, (unsigned long long)c->frames, what);
		return 1;
	}
	printf("%.4f\n", (double)(c->frames - c->settled) / ((double)(c->last - c->from) / 1e9) / 1e6);
	return 0;
}

static inline bool
packet_stopped(void)
{
	return packet_stop;
}

static inline void
packet_signal(int sig)
{
	(void)sig;
	packet_stop = 1;
}

/* Without SA_RESTART: a poll ends. */
static inline void
packet_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = packet_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static inline int
packet_bind(int fd, const char *interface, uint16_t protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)if_nametoindex(interface) };

	if (at.sll_ifindex && !bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return 0;
	fprintf(stderr, "cannot use interface %s: ", interface);
	perror("bind");
	return -1;
}

/* A raw socket on the interface; protocol 0 receives nothing. Negative: failed, with a message. */
static inline int
packet_open(const char *interface, uint16_t protocol)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0)
		perror("packet socket");
	else if (packet_bind(fd, interface, protocol)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

#endif
