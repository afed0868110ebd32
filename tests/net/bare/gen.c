/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.c - a small packet generator as users write them: net/netmap_user.h and nothing else of ours, neither library nor other headers.
 *
 *	gen tx PORT N	sends N numbered frames, 0: until a signal; waits by poll for room and until all have left
 *	gen rx PORT N	receives N frames (0: until a signal); each number has to be above the one before; says "ready" once it has the port
 *
 * Both end with "FRAMES frames, LOST lost" and 0, or with what is wrong and 1.
 */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#define LEN 60

static volatile sig_atomic_t stopped;
static sigset_t unblocked;

static void
on_signal(int sig)
{
	stopped = sig;
}

static int
fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

/* 1: ready, 0: a signal, -1: an error that was told. */
static int
wait_for(struct nm_desc *d, short events)
{
	struct pollfd p = {.fd = NETMAP_FD(d), .events = events};

	while (!stopped) {
		int n = ppoll(&p, 1, NULL, &unblocked); /* elsewhere the signals wait, so that none comes between look and sleep */

		if (n < 0 && errno != EINTR)
			return fail("poll") - 2;
		if (n > 0 && (p.revents & POLLERR)) {
			printf("poll says that the port is in error\n");
			return -1;
		}
		if (n > 0)
			return 1;
	}
	return 0;
}

static int
send_frames(struct nm_desc *d, uint64_t n)
{
	unsigned char frame[LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	uint64_t sent = 0;
	int r = 1;

	while (r > 0 && (n == 0 || sent < n)) {
		r = wait_for(d, POLLOUT);
		memcpy(frame + 14, &sent, sizeof(sent));
		while (r > 0 && (n == 0 || sent < n) && nm_inject(d, frame, sizeof(frame)) > 0) {
			sent++;
			memcpy(frame + 14, &sent, sizeof(sent));
		}
	}
	if (r < 0)
		return 1;
	while (!stopped && nm_tx_pending(NETMAP_TXRING(d->nifp, d->first_tx_ring))) {
		poll(NULL, 0, 1); /* the other end's turn */
		if (ioctl(NETMAP_FD(d), NIOCTXSYNC, NULL) < 0)
			return fail("NIOCTXSYNC");
	}
	printf("%llu frames, 0 lost\n", (unsigned long long)sent);
	return 0;
}

static int
receive_frames(struct nm_desc *d, uint64_t n)
{
	uint64_t got = 0, lost = 0, next = 0, number;
	struct nm_pkthdr h;
	unsigned char *p;
	int r = 1;

	printf("ready\n");
	fflush(stdout);
	while ((n == 0 || got < n) && (r = wait_for(d, POLLIN)) > 0)
		while ((p = nm_nextpkt(d, &h)) != NULL) {
			memcpy(&number, p + 14, sizeof(number));
			if (h.len != LEN || (got > 0 && number < next)) {
				printf("frame %llu has %u bytes and number %llu, %llu was expected\n", (unsigned long long)got, h.len,
				    (unsigned long long)number, (unsigned long long)next);
				return 1;
			}
			lost += got > 0 ? number - next : 0;
			next = number + 1;
			got++;
		}
	if (r < 0)
		return 1;
	printf("%llu frames, %llu lost\n", (unsigned long long)got, (unsigned long long)lost);
	return 0;
}

int
main(int argc, char **argv)
{
	struct nm_desc *d;
	sigset_t both;
	bool tx;
	int r;

	if (argc != 4 || ((tx = !strcmp(argv[1], "tx")) == 0 && strcmp(argv[1], "rx"))) {
		fprintf(stderr, "usage: gen tx|rx PORT N\n");
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGTERM);
	sigprocmask(SIG_BLOCK, &both, &unblocked);
	d = nm_open(argv[2], NULL, 0, NULL);
	if (d == NULL)
		return fail(argv[2]);
	r = tx ? send_frames(d, strtoull(argv[3], NULL, 10)) : receive_frames(d, strtoull(argv[3], NULL, 10));
	return nm_close(d) || r;
}
