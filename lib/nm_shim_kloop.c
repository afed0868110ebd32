/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_kloop.c - CSB and sync loops with the engine. A worker of the engine serves the rings; the thread that called
 * SYNC_KLOOP_START waits at a pipe, whose other end the engine has, until the loop has ended or a signal comes.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nm_ctl.h"
#include "nm_shim.h"
#include "nm_shim_real.h"

#define NOT_OPEN INT32_MAX /* an index of no descriptor that came along */

/* Where in the message the option of this type is that nm_shim_flatten put there; 0: there is none. */
static size_t
find_option(const char *msg, const struct nmreq_header *hdr, const struct nm_shim_opts *o, uint32_t type)
{
	size_t at = sizeof(struct nm_wire) + sizeof(*hdr) + (((size_t)nm_ctl_body_size(hdr->nr_reqtype) + 7) & ~(size_t)7);
	struct nmreq_option h;
	uint32_t i;

	for (i = 0; i < o->n; i++) {
		memcpy(&h, msg + at, sizeof(h));
		if (h.nro_reqtype == type)
			return at;
		at += (o->len[i] + 7) & ~(uint32_t)7;
	}
	return 0;
}

/* Eventfds of the option become indices of the descriptors that are sent. How many, of the ints of the option. */
static uint32_t
pack(char *msg, size_t at, int32_t was[NM_WIRE_MAX_FDS], struct nm_shim_sent *s)
{
	struct nmreq_option h;
	uint32_t i, n;

	memcpy(&h, msg + at, sizeof(h));
	n = (nm_ctl_option_size(h.nro_reqtype, h.nro_size) - (uint32_t)sizeof(h)) / sizeof(int32_t);
	if (n > NM_WIRE_MAX_FDS)
		return 0; /* the engine has no such descriptors then */
	memcpy(was, msg + at + sizeof(h), n * sizeof(*was));
	for (i = 0; i < n; i++) {
		int32_t index = -1;

		if (was[i] >= 0 && nm_real_fcntl(was[i], F_GETFD, NULL) < 0)
			index = NOT_OPEN;
		else if (was[i] >= 0) {
			index = (int32_t)s->n;
			s->fd[s->n++] = was[i];
		}
		memcpy(msg + at + sizeof(h) + i * sizeof(index), &index, sizeof(index));
	}
	return n;
}

int
nm_shim_kloop_start(struct nm_shim_obj *o, char *msg, size_t len, size_t room, const struct nmreq_header *hdr,
    struct nm_shim_opts *opts)
{
	int32_t was[NM_WIRE_MAX_FDS];
	struct nm_shim_sent s;
	int got[2] = {-1, -1}, n;
	uint32_t nwas = 0;
	size_t at = find_option(msg, hdr, opts, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS);

	s.n = 0;
	if (at > 0)
		nwas = pack(msg, at, was, &s);
	n = nm_shim_call_fds(o->sock, msg, len, room, &s, got);
	if (nwas > 0 && n >= 0 && (size_t)n >= at + sizeof(struct nmreq_option) + nwas * sizeof(*was))
		memcpy(msg + at + sizeof(struct nmreq_option), was, nwas * sizeof(*was));
	if (got[1] >= 0)
		nm_real_close(got[1]);
	opts->loop = got[0] < 0 ? -1 : nm_shim_hide(got[0]);
	return n;
}

void
nm_shim_kloop_note(struct nm_shim_obj *o, const char *msg, const struct nmreq_header *hdr, const struct nm_shim_opts *opts)
{
	size_t at = 0;
	struct nmreq_option h;

	if (hdr->nr_reqtype == NETMAP_REQ_REGISTER || hdr->nr_reqtype == NETMAP_REQ_CSB_ENABLE)
		at = find_option(msg, hdr, opts, NETMAP_REQ_OPT_CSB);
	if (at == 0)
		return;
	memcpy(&h, msg + at, sizeof(h));
	if (h.nro_status == 0)
		__atomic_store_n(&o->csb, 1, __ATOMIC_RELEASE);
}

/* By the system call itself: a signal's handler that lets calls go on (SA_RESTART) does so here, and the thread is not cancelled. */
int
nm_shim_kloop_wait(struct nm_shim_obj *o, int loop)
{
	struct nmreq_header stop = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_SYNC_KLOOP_STOP};
	char byte;
	long n = syscall(SYS_read, loop, &byte, 1);
	int err = n == 1 ? 0 : n < 0 ? -errno : NM_READ_ONCE(o->closing) ? -EBADF : -EIO;

	nm_real_close(loop);
	if (n < 0)
		nm_shim_ctl(o, &stop);
	return err;
}
