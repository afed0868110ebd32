/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bulk.c - a TCP connection over which each side sends a number of bytes that the other knows, at the same time, and compares what comes.
 *
 *	bulk - PORT BYTES		waits for it, says "ready" before
 *	bulk ADDRESS PORT BYTES		makes it
 *
 * Ends with status 0 when all bytes have come as they were sent.
 */
#include "common.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 65536u /* bytes, of one write */

static uint64_t total;
static uint64_t own[PIECE / 8];
static int fd;

/* Bytes [at, at + n) of a stream, both multiples of eight; each side has its own. */
static void
fill(uint64_t *to, uint64_t at, uint64_t n, uint64_t side)
{
	uint64_t i;

	for (i = 0; i < n / 8; i++)
		to[i] = common_mix((at / 8 + i) * 2 + side);
}

static void *
sender(void *arg)
{
	uint64_t at, side = (uintptr_t)arg;
	size_t n, done;
	ssize_t k;

	for (at = 0; at < total; at += n) {
		n = total - at < PIECE ? total - at : PIECE;
		fill(own, at, n, side);
		for (done = 0; done < n; done += (size_t)k) {
			k = send(fd, (char *)own + done, n - done, MSG_NOSIGNAL);
			CHECK(k > 0, "sending after %llu bytes: %s", (unsigned long long)(at + done), strerror(errno));
		}
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void
receive(uint64_t side)
{
	static uint64_t got[PIECE / 8], want[PIECE / 8];
	uint64_t at;
	ssize_t k;
	size_t n;

	for (at = 0; at < total; at += n) {
		n = total - at < PIECE ? total - at : PIECE;
		k = recv(fd, got, n, MSG_WAITALL);
		CHECK(k == (ssize_t)n, "the stream ends after %llu bytes: %s", (unsigned long long)at, k < 0 ? strerror(errno) : "closed");
		fill(want, at, n, side);
		CHECK(!memcmp(got, want, n), "other bytes than were sent, %llu to %llu", (unsigned long long)at, (unsigned long long)(at + n));
	}
	CHECK(!recv(fd, got, 1, 0), "more than %llu bytes come", (unsigned long long)total);
}

static void
join(const char *address, const char *port)
{
	struct addrinfo hint = {.ai_family = address ? AF_UNSPEC : AF_INET6, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST};
	struct addrinfo *a;
	int error = getaddrinfo(address ? address : "::", port, &hint, &a), s, on = 1;

	CHECK(!error, "%s: %s", address ? address : "::", gai_strerror(error));
	s = fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0, "socket: %s", strerror(errno));
	if (address) {
		CHECK(!connect(fd, a->ai_addr, a->ai_addrlen), "connect: %s", strerror(errno));
	} else {
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		CHECK(!bind(s, a->ai_addr, a->ai_addrlen) && !listen(s, 1), "port %s: %s", port, strerror(errno));
		printf("ready\n");
		fflush(stdout);
		fd = accept(s, NULL, NULL);
		CHECK(fd >= 0, "accept: %s", strerror(errno));
		close(s);
	}
	freeaddrinfo(a);
}

int
main(int argc, char **argv)
{
	uint64_t waits = argc == 4 && !strcmp(argv[1], "-");
	pthread_t t;

	CHECK(argc == 4, "usage: bulk -|ADDRESS PORT BYTES");
	total = strtoull(argv[3], NULL, 10) & ~7ull;
	join(waits ? NULL : argv[1], argv[2]);
	CHECK(!pthread_create(&t, NULL, sender, (void *)(uintptr_t)waits), "no thread");
	receive(!waits);
	pthread_join(t, NULL);
	printf("%llu bytes each way\n", (unsigned long long)total);
	return 0;
}
