/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_csb.c - eventfds of clients.
 *
 * A write(2) to an eventfd waits while its count is at its end, and not to wait is a flag that its owner can take away: a worker
 * would be his. But the kernel itself adds to an eventfd without waiting, as it does when an asynchronous read is complete. So a
 * signal is such a read, of a byte of a memfd, which is complete when it is submitted.
 */
#include "nm_csb.h"
#include "nm_os_user.h"
#include "nm_wire.h"
#include "nm_worker.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS 256u

/* The head of what the kernel maps at an aio_context_t; events that are done lie from head to tail. */
struct completions {
	uint32_t id, nr, head, tail;
};

static aio_context_t aio;
static int byte_fd = -1;
static char sink;
static uint32_t limit = 1024;

void
nm_csb_limit(uint32_t n)
{
	limit = n;
}

/* Once, when the first loop is started. Under the root's lock. */
static int
prepare_signals(struct nm_session *s)
{
	if (byte_fd >= 0)
		return 0;
	if (!aio && syscall(SYS_io_setup, EVENTS, &aio))
		return nm_session_error(s, EOPNOTSUPP, "%s: this system has no asynchronous reads for the engine (%s), by which it signals eventfds; start the "
		    "loop without irqfds", s->port->name, strerror(errno));
	byte_fd = memfd_create("netmap-byte", MFD_CLOEXEC);
	if (byte_fd >= 0 && write(byte_fd, "", 1) == 1)
		return 0;
	if (byte_fd >= 0)
		close(byte_fd);
	byte_fd = -1;
	return nm_session_error(s, ENFILE, "the engine has no descriptors left");
}

void
nm_csb_signal(int fd)
{
	struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)byte_fd, .aio_buf = (uintptr_t)&sink, .aio_nbytes = 1,
	    .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = (uint32_t)fd}, *list[1] = {&cb};
	struct completions *done = (void *)(uintptr_t)aio;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		long n = syscall(SYS_io_submit, aio, 1, list);

		NM_WRITE_ONCE(done->head, NM_READ_ONCE(done->tail)); /* nobody asks what came of it; two threads may do so at once */
		if (n == 1)
			return;
	}
	nm_os_log(NM_LOG_WARN, "an eventfd of a client can't be signalled: %s", strerror(errno));
}

static bool
is_eventfd(int fd)
{
	char path[32], what[32] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, what, sizeof(what) - 1) > 0 && !strcmp(what, "anon_inode:[eventfd]");
}

/* One of those that came along becomes the loop's. */
static int
take(struct nm_session *s, struct nm_csb_sent *sent, uint32_t ring, const char *what, int32_t index, int *fd)
{
	*fd = -1;
	if (index < 0)
		return 0;
	if ((uint32_t)index >= sent->n || sent->fd[index] < 0)
		return nm_session_error(s, EBADF, "%s: the %s of entry %u is not an open descriptor", s->port->name, what, ring);
	if (!is_eventfd(sent->fd[index]))
		return nm_session_error(s, EINVAL, "%s: the %s of entry %u is not an eventfd", s->port->name, what, ring);
	*fd = sent->fd[index];
	sent->fd[index] = -1;
	return 0;
}

/* Descriptors of all loops of this user. */
static uint32_t
used_by(const struct nm_root *root, uint32_t uid)
{
	const struct nm_port *p;
	const struct nm_session *s;
	uint32_t n = 0;

	for (p = root->ports; p; p = p->next)
		for (s = p->sessions; s; s = s->next) {
			const struct nm_client *c = s->host;

			if (s->cred.uid == uid && c->loop)
				n += 2 * c->loop->n;
		}
	return n;
}

static int
take_all(struct nm_session *s, const struct nm_os_kloop_plan *plan, struct nm_csb_sent *sent, struct nm_csb_loop *l)
{
	uint32_t i, used = used_by(s->root, s->cred.uid);
	int error = 0;

	for (i = 0; i < plan->nrings; i++)
		l->fd[i].io = l->fd[i].irq = -1;
	if (!plan->fds)
		return 0;
	if (2 * plan->nrings > NM_WIRE_MAX_FDS)
		return nm_session_error(s, EOPNOTSUPP, "%s: an engine takes eventfds of up to %u rings, and %u are bound; start the loop without them, or "
		    "bind fewer", s->port->name, NM_WIRE_MAX_FDS / 2, plan->nrings);
	if (s->cred.uid != geteuid() && used + 2 * plan->nrings > limit)
		return nm_session_error(s, EDQUOT, "%s: user %u has %u descriptors in loops, with %u more these are above the limit, %u", s->port->name,
		    s->cred.uid, used, 2 * plan->nrings, limit);
	for (i = 0; !error && i < plan->nrings; i++) {
		error = take(s, sent, i, "ioeventfd", plan->fds[i].io, &l->fd[i].io);
		if (!error)
			error = take(s, sent, i, "irqfd", plan->fds[i].irq, &l->fd[i].irq);
		if (!error && l->fd[i].irq >= 0)
			error = prepare_signals(s);
	}
	return error;
}

void
nm_csb_free(struct nm_csb_loop *l)
{
	uint32_t i;

	if (!l)
		return;
	for (i = 0; i < l->n; i++) {
		if (l->fd[i].io >= 0)
			close(l->fd[i].io);
		if (l->fd[i].irq >= 0)
			close(l->fd[i].irq);
	}
	if (l->end_fd >= 0)
		close(l->end_fd);
	free(l);
}

/*
 * Nothing is to be done for a direct mode: a signal wakes the worker, which serves the rings itself, and who delivers to them stores the
 * indices and signals. The thread that waits for the loop's end has no part in either.
 */
int
nm_os_kloop_start(struct nm_session *s, const struct nm_os_kloop_plan *plan)
{
	struct nm_client *c = s->host;
	struct nm_csb_loop *l = calloc(1, sizeof(*l) + plan->nrings * sizeof(l->fd[0]));
	int end[2], error;

	if (!l)
		return nm_session_error(s, ENOMEM, "%s: no memory for a loop", s->port->name);
	l->n = plan->nrings;
	l->wakes = plan->wakes;
	l->sleep_us = plan->sleep_us;
	l->end_fd = -1;
	error = take_all(s, plan, &c->sent, l);
	if (!error && pipe2(end, O_CLOEXEC))
		error = nm_session_error(s, ENFILE, "the engine has no descriptors left");
	if (!error) {
		l->end_fd = end[1];
		c->end_fd = end[0];
		nm_worker_lend(c, l);
		return 0;
	}
	nm_csb_free(l);
	return error;
}

void
nm_os_kloop_stop(struct nm_session *s)
{
	struct nm_client *c = s->host;
	struct nm_csb_loop *l = c->loop;

	nm_worker_give_back(c);
	nm_os_rcu_sync(); /* who delivers may signal still */
	(void)!write(l->end_fd, "", 1); /* an empty pipe takes it; its reader may be gone */
	nm_csb_free(l);
	nm_kloop_ended(s);
}
