/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_closer.h"
#include "nm_os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 253u     /* of a message, as the kernel has it */
#define MAX_THREADS 64u
#define USER_THREADS 4u  /* that may wait for one user */
#define USER_WAITING 512u  /* no more are taken then */
#define LONG_NS 1000000000ull
#define STACK (256u << 10)

struct job {
	struct job *next;
	uint32_t uid;
	int fd;
	uint64_t since; /* it was begun */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *queue, **tail = &queue; /* first come, first served, but for users who have too many that take long */
static struct job *begun;                  /* one for each thread that closes something */
static uint32_t threads;

static uint32_t
count(const struct job *j, uint32_t uid)
{
	uint32_t n = 0;

	for (; j; j = j->next)
		n += j->uid == uid;
	return n;
}

/* Of the user's, one takes long. */
static bool
stuck(uint32_t uid)
{
	uint64_t now = nm_os_now_exact();
	const struct job *j;

	for (j = begun; j && (j->uid != uid || now - j->since < LONG_NS); j = j->next)
		;
	return j != NULL;
}

uint32_t
nm_closer_stuck(uint32_t uid)
{
	uint32_t n;

	pthread_mutex_lock(&lock);
	n = stuck(uid) ? count(queue, uid) + count(begun, uid) : 0;
	pthread_mutex_unlock(&lock);
	return n;
}

/* 0, or why no more of the user's are taken now. */
static int
refusal(uint32_t uid)
{
	int error;

	pthread_mutex_lock(&lock);
	error = count(queue, uid) < USER_WAITING ? 0 : stuck(uid) ? EDQUOT : EAGAIN;
	pthread_mutex_unlock(&lock);
	return error;
}

/* The place of the next one that a thread may begin, or of the list's end. */
static struct job **
pick(void)
{
	struct job **q;

	for (q = &queue; *q && count(begun, (*q)->uid) >= USER_THREADS; q = &(*q)->next)
		;
	return q;
}

static void
begin(struct job **q)
{
	struct job *j = *q;

	*q = j->next;
	if (!*q)
		tail = q;
	j->since = nm_os_now_exact();
	j->next = begun;
	begun = j;
}

static void
done(struct job *j)
{
	struct job **q;

	for (q = &begun; *q != j; q = &(*q)->next)
		;
	*q = j->next;
	free(j);
}

static void *
closer(void *arg)
{
	struct job **q, *j;

	(void)arg;
	pthread_mutex_lock(&lock);
	while (*(q = pick())) {
		j = *q;
		begin(q);
		pthread_mutex_unlock(&lock);
		close(j->fd);
		pthread_mutex_lock(&lock);
		done(j);
	}
	threads--;
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* One more thread, when all that there are have something to wait for. Under the lock. */
static void
more_threads(void)
{
	pthread_attr_t attr;
	const struct job *j;
	uint32_t busy = 0;
	pthread_t t;

	for (j = begun; j; j = j->next)
		busy++;
	if (busy < threads || threads == MAX_THREADS || !*pick())
		return;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK);
	threads++;
	if (pthread_create(&t, &attr, closer, NULL))
		threads--; /* the next one that comes tries again */
	pthread_attr_destroy(&attr);
}

static void
enqueue(int fd, uint32_t uid)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j) {
		close(fd);
		return;
	}
	j->fd = fd;
	j->uid = uid;
	pthread_mutex_lock(&lock);
	*tail = j;
	tail = &j->next;
	more_threads();
	pthread_mutex_unlock(&lock);
}

/* Files in memory are closed at once, whoever has them. Nothing is asked that a file system would have to answer. */
static bool
harmless(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

static void
close_one(int fd, uint32_t uid)
{
	if (harmless(fd))
		close(fd);
	else
		enqueue(fd, uid);
}

static void
take_fds(struct msghdr *m, uint32_t uid, struct nm_closer_fds *fds)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (fds && fds->n < NM_WIRE_MAX_FDS)
				fds->fd[fds->n++] = fd;
			else
				close_one(fd, uid);
		}
	}
}

ssize_t
nm_closer_recv(int sock, void *buf, size_t len, uint32_t uid, struct nm_closer_fds *fds)
{
	union { char buf[CMSG_SPACE(MAX_FDS * sizeof(int))]; struct cmsghdr align; } ctl;
	struct iovec iov = {buf, len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl)};
	ssize_t n;

	if (fds)
		fds->n = 0;
	errno = refusal(uid);
	if (errno)
		return -1;
	n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		take_fds(&m, uid, fds);
	return n;
}

void
nm_closer_close(const struct nm_closer_fds *fds, uint32_t uid)
{
	uint32_t i;

	for (i = 0; i < fds->n; i++)
		if (fds->fd[i] >= 0)
			close_one(fds->fd[i], uid);
}

/*
 * After the shutdown nothing more comes, so what there is can be read to its end. Of packets only one without credentials is that, since
 * a client may send empty ones.
 */
void
nm_closer_end(int sock, uint32_t uid)
{
	union { char buf[CMSG_SPACE(MAX_FDS * sizeof(int)) + 256]; struct cmsghdr align; } ctl;
	char buf[4096];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m;
	int type = 0, on = 1;
	socklen_t len = sizeof(type);
	ssize_t n;

	shutdown(sock, SHUT_RDWR);
	getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &len);
	setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	do {
		m = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl)};
		n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n >= 0)
			take_fds(&m, uid, NULL);
	} while (n > 0 || (n == 0 && type == SOCK_SEQPACKET && m.msg_controllen > 0));
	close(sock);
}
