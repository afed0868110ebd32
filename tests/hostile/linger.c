/* SPDX-License-Identifier: BSD-2-Clause */
/* linger.c - attacks by descriptors whose closing takes long: who sends one waits for it, nobody else. */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A connection that nobody reads, with data on their way: its last close waits an hour for them. */
static int
lingering(int *peer)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger hour = {1, 3600};
	socklen_t len = sizeof(a);
	static char buf[65536];

	if (bind(l, (void *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (void *)&a, &len) || connect(c, (void *)&a, sizeof(a)))
		return -1;
	*peer = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	close(l);
	while (send(c, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	return setsockopt(c, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) ? -1 : c;
}

/*
 * Bytes that make no sense, with a descriptor that is ours no more: sent by a child, who has the last copy but the engine's, since we
 * would wait if the engine was faster. Who exits does not.
 */
static int
pass(int sock, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } ctl = {{0}};
	static unsigned turn;
	struct iovec iov = {(char[64]){1}, turn++ < 3 ? 64 : 0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl.buf)};
	int go[2], status = -1;
	pid_t pid;

	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(int));
	if (pipe(go))
		return -errno;
	pid = fork();
	if (!pid) {
		close(go[1]);
		(void)!read(go[0], (char[1]){0}, 1); /* its end */
		_exit(sendmsg(sock, &m, MSG_NOSIGNAL) < 0);
	}
	close(fd);
	close(go[0]);
	close(go[1]);
	waitpid(pid, &status, 0);
	return status ? -EIO : 0;
}

/* Another client is served, within the time that a socket's timeout gives. */
static int
served(struct bed *b, struct pair *witness)
{
	struct timeval t = {.tv_sec = 20};
	struct raw_client c;
	int error = raw_connect(&c, b->path);

	if (!error)
		error = setsockopt(c.ctl, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) ? -errno : raw_register(&c, "vale8:c", 0);
	if (!error)
		raw_close(&c);
	return error ? error : pair_move(witness, 500);
}

/* Into the ready socket of a port: the worker empties it when the engine has room for more. */
static int
into_ready(struct raw_client *c, int fd)
{
	uint8_t f[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
	int error = raw_register(c, "vale0:x", 0), i;

	if (!error)
		error = pass(c->ready, fd);
	for (i = 0; !error && i < 100; i++) {
		__atomic_store_n(&c->sync->sleep, NM_SLEEP_TX, __ATOMIC_SEQ_CST);
		raw_put(c, f, sizeof(f));
		error = raw_txsync(c);
	}
	return error;
}

enum verdict
descriptors_that_take_long_to_close(struct bed *b, struct pair *witness)
{
	static const char *const ways[] = {"in a message", "in the ready socket", "in a message before a hang-up", "in an empty message"};
	int peer[4], fd, error;
	struct raw_client c[4];
	unsigned i;

	for (i = 0; i < 4; i++) {
		fd = lingering(&peer[i]);
		CHECK(fd >= 0 && !raw_connect(&c[i], b->path), "no connection");
		error = i == 1 ? into_ready(&c[i], fd) : pass(c[i].ctl, fd);
		CHECK(!error, "%s: can't be sent: %s", ways[i], strerror(-error));
		if (i >= 2)
			raw_close(&c[i]);
		error = served(b, witness);
		CHECK(!error, "%s: others are not served (%d)", ways[i], error);
	}
	raw_close(&c[0]);
	raw_close(&c[1]);
	error = served(b, witness);
	CHECK(!error, "others are not served at the end (%d)", error);
	for (i = 0; i < 4; i++)
		close(peer[i]);
	return OK;
}
