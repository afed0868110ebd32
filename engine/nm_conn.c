/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_conn.h"
#include "nm_closer.h"
#include "nm_os_user.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What the kernel says of the peer. */
static int
peer_cred(int fd, struct nm_cred *c)
{
	struct ucred u;
	gid_t groups[NM_CRED_GROUPS];
	socklen_t len = sizeof(u);
	uint32_t i;

	memset(c, 0, sizeof(*c));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len))
		return -errno;
	c->uid = u.uid;
	c->gid = u.gid;
	c->admin = u.uid == 0 || u.uid == geteuid();
	c->net_raw = u.uid == 0 || u.uid == geteuid();
	len = sizeof(groups);
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		c->ngroups = (uint32_t)(len / sizeof(gid_t));
	for (i = 0; i < c->ngroups; i++)
		c->groups[i] = groups[i];
	return 0;
}

struct nm_conn *
nm_conn_new(struct nm_root *root, int ctl_fd)
{
	struct nm_conn *c = calloc(1, sizeof(*c));
	struct nm_cred cred;
	int sv[2];

	if (!c)
		return NULL;
	if (peer_cred(ctl_fd, &cred) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv))
		goto fail_alloc;
	c->client.kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->client.kick_fd < 0)
		goto fail_pair;
	c->client.poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->client.poke_fd < 0)
		goto fail_kick;
	c->ctl_fd = ctl_fd;
	c->client.end_fd = -1;
	c->client.ready_fd = sv[0];
	c->app_fd = sv[1];
	nm_session_init(&c->client.session, root, &cred);
	c->client.session.host = &c->client;
	return c;

fail_kick:
	close(c->client.kick_fd);
fail_pair:
	close(sv[0]);
	close(sv[1]);
fail_alloc:
	free(c);
	return NULL;
}

static void
tell(int fd, int error)
{
	struct nm_wire w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_HELLO, .len = sizeof(w), .error = error};

	(void)!send(fd, &w, sizeof(w), MSG_NOSIGNAL | MSG_DONTWAIT); /* nobody to tell is as well */
}

void
nm_conn_refuse(int ctl_fd, int error)
{
	tell(ctl_fd, error);
	close(ctl_fd);
}

void
nm_conn_tell(struct nm_conn *c, int error)
{
	tell(c->ctl_fd, error);
}

void
nm_conn_close(struct nm_conn *c)
{
	nm_worker_remove(&c->client);
	nm_session_close(&c->client.session);
	nm_csb_free(c->client.loop);
	close(c->client.kick_fd);
	close(c->client.poke_fd);
	nm_closer_end(c->client.ready_fd, c->client.session.cred.uid);
	nm_closer_end(c->ctl_fd, c->client.session.cred.uid);
	if (c->app_fd >= 0)
		close(c->app_fd);
	free(c);
}

void
nm_conn_abandon(struct nm_conn *c)
{
	if (c->client.session.sync)
		NM_WRITE_ONCE(c->client.session.sync->dead, 1);
	nm_worker_wake_client(&c->client);
}

static int
reply(struct nm_conn *c, struct nm_wire *w, uint32_t len, const int *fds, uint32_t nfds)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = {0};
	struct iovec iov = {w, len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cm;

	w->magic = NM_WIRE_MAGIC;
	w->len = len;
	if (nfds) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, nfds * sizeof(int));
	}
	/* a client that does not take its answers does not get to block us */
	return sendmsg(c->ctl_fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len ? 0 : -EPIPE;
}

static int
hello(struct nm_conn *c, struct nm_wire *w)
{
	int fds[2] = {c->app_fd, c->client.kick_fd}, error;

	if (c->app_fd < 0)
		return -EPROTO;
	w->pid = (uint32_t)getpid();
	w->arg = c->stamps ? NM_WIRE_STAMPS : 0;
	error = reply(c, w, sizeof(*w), fds, 2);
	close(c->app_fd);
	c->app_fd = -1;
	return error;
}

static int
map(struct nm_conn *c, struct nm_wire *w)
{
	struct nm_session *s = &c->client.session;
	uint64_t offset;

	if (s->mem && s->mem->region.umem.size)
		return reply(c, w, sizeof(*w), (int[]){nm_os_user_umem_file(&s->mem->region.umem, &offset), s->mem->region.handle}, 2);
	if (s->mem)
		return reply(c, w, sizeof(*w), &s->mem->region.handle, 1);
	w->error = -ENXIO;
	return reply(c, w, sizeof(*w), NULL, 0);
}

static uint32_t
list_rings(const struct nm_session *s, int dir, struct nm_wire_ring *r)
{
	uint32_t i, n = 0;

	for (i = s->first[dir]; i < s->last[dir]; i++, n++)
		r[n] = (struct nm_wire_ring){.index = (uint16_t)i, .cell = nm_session_kring(s, dir, i)->csb};
	return n;
}

/* What the library needs to know of a registration that succeeded; returns its length. */
static uint32_t
describe(const struct nm_session *s, struct nm_wire_bind *b)
{
	const struct nm_port *p = s->port;

	memset(b, 0, sizeof(*b));
	b->memsize = s->mem->memsize;
	b->sync_off = s->mem->pool[NM_POOL_SYNC].offset;
	b->sync_len = s->mem->region.size - b->sync_off;
	if (s->mem->region.umem.size) {
		nm_os_user_umem_file(&s->mem->region.umem, &b->mem_off);
		b->sync_off = 0;
	}
	b->cell = s->cell;
	b->mem_id = s->mem->id;
	b->flags = s->flags;
	b->nifp_off = s->nifp_ofs;
	b->nr_tx_total = p->nrings[NM_DIR_TX] + nm_port_host_entries(p, NM_DIR_TX);
	b->ntx = (uint16_t)list_rings(s, NM_DIR_TX, b->ring);
	b->nrx = (uint16_t)list_rings(s, NM_DIR_RX, b->ring + b->ntx);
	return (uint32_t)sizeof(*b) + (uint32_t)(b->ntx + b->nrx) * (uint32_t)sizeof(b->ring[0]);
}

/* After a request that may have bound rings: hands the client to a worker and appends the description. */
static int
bound(struct nm_conn *c, bool was_bound, char *end, uint32_t *len)
{
	int error;

	if (was_bound || !c->client.session.port)
		return 0;
	if (nm_worker_add(&c->client)) {
		nm_session_close(&c->client.session);
		error = nm_session_error(&c->client.session, ENOMEM, "no memory for another client");
		return error;
	}
	*len += describe(&c->client.session, (void *)end);
	return 0;
}

static int
legacy(struct nm_conn *c, struct nm_wire *w, uint32_t len)
{
	struct nmreq *req = (void *)(w + 1);
	bool was = c->client.session.port != NULL;
	uint32_t end = sizeof(*w) + sizeof(*req);

	if (len != end)
		return -EPROTO;
	w->error = nm_legacy_request(&c->client.session, req, w->arg == 1);
	end = (end + 7) & ~7u;
	if (!w->error)
		w->error = bound(c, was, (char *)w + end, &end);
	return reply(c, w, end, NULL, 0);
}

/* Finds the options of a flattened request; -EPROTO when the lengths do not add up. */
static int
parse_options(char *p, char *end, struct nm_ctl_opt *opts, uint32_t nopts)
{
	uint32_t i, size;

	for (i = 0; i < nopts; i++) {
		if (p > end || (size_t)(end - p) < sizeof(struct nmreq_option))
			return -EPROTO;
		memcpy(&opts[i].hdr, p, sizeof(opts[i].hdr));
		size = nm_ctl_option_size(opts[i].hdr.nro_reqtype, opts[i].hdr.nro_size);
		if ((size_t)(end - p) < size)
			return -EPROTO;
		opts[i].body = p;
		p += (size + 7) & ~7u;
		if (p > end)
			return -EPROTO;
	}
	return p == end ? 0 : -EPROTO;
}

/* What the client sent of its own memory, behind the options at `table`. */
static int
take_offer(const struct nm_wire *w, const char *table, struct nm_closer_fds *fds, struct nm_os_offer *o)
{
	struct nm_wire_umem u;
	uint32_t i;

	_Static_assert(NM_WIRE_MAX_UMEM == NM_OS_PIECES, "as many as can be sent");
	*o = (struct nm_os_offer){.n = w->numem};
	for (i = 0; i < w->numem; i++) {
		memcpy(&u, table + i * sizeof(u), sizeof(u));
		if (u.fd >= fds->n)
			return -EPROTO;
		o->piece[i] = (struct nm_os_piece){.addr = u.addr, .size = u.size, .offset = u.offset, .fd = fds->fd[u.fd]};
	}
	return 0;
}

/* The request needs more of the client's memory than came with it. */
static int
ask(struct nm_conn *c, struct nm_wire *w, const struct nm_os_offer *o)
{
	struct nm_wire_umem u = {.addr = o->want, .size = o->want_size};

	w->op = NM_WIRE_UMEM;
	w->error = 0;
	memcpy(w + 1, &u, sizeof(u));
	return reply(c, w, sizeof(*w) + sizeof(u), NULL, 0);
}

/* Along goes the pipe of a loop that the request has started. */
static int
answer(struct nm_conn *c, struct nm_wire *w, uint32_t len)
{
	int error = reply(c, w, len, &c->client.end_fd, c->client.end_fd >= 0);

	if (c->client.end_fd >= 0)
		close(c->client.end_fd);
	c->client.end_fd = -1;
	return error;
}

static int
control(struct nm_conn *c, struct nm_wire *w, uint32_t len, struct nm_closer_fds *fds)
{
	struct nm_os_offer offer;
	struct nmreq_header *h = (void *)(w + 1);
	struct nm_ctl_opt opts[NM_CTL_MAX_OPTS];
	struct nm_ctl_msg m = {.hdr = h, .opts = opts, .nopts = w->nopts};
	bool was = c->client.session.port != NULL;
	char *p = (char *)(h + 1);
	uint32_t i, end;
	int size;

	if (w->nopts > NM_CTL_MAX_OPTS || w->numem > NM_WIRE_MAX_UMEM ||
	    len < sizeof(*w) + sizeof(*h) + w->numem * sizeof(struct nm_wire_umem))
		return -EPROTO;
	end = len -= w->numem * (uint32_t)sizeof(struct nm_wire_umem);
	if (take_offer(w, (char *)w + end, fds, &offer))
		return -EPROTO;
	size = nm_ctl_body_size(h->nr_reqtype);
	if (size < 0)
		size = 0;
	if (len - sizeof(*w) - sizeof(*h) < (uint32_t)size)
		return -EPROTO;
	if (size)
		m.body = p;
	if (parse_options(p + ((size + 7) & ~7), (char *)w + len, opts, w->nopts))
		return -EPROTO;
	c->client.session.offer = &offer;
	c->client.sent = (struct nm_csb_sent){fds->n, fds->fd};
	w->error = nm_ctl_request(&c->client.session, &m);
	c->client.session.offer = NULL;
	c->client.sent.n = 0;
	if (w->error == -EAGAIN && offer.want_size)
		return ask(c, w, &offer);
	w->numem = 0;
	for (i = 0; i < m.nopts; i++)
		memcpy(opts[i].body, &opts[i].hdr, sizeof(opts[i].hdr));
	if (!w->error)
		w->error = bound(c, was, (char *)w + end, &end);
	return answer(c, w, end);
}

static int
serve(struct nm_conn *c, struct nm_wire *w, ssize_t n, struct nm_closer_fds *fds)
{
	const size_t most = sizeof(*w) + sizeof(struct nmreq_header) + NM_CTL_MAX_BYTES + 8 * (NM_CTL_MAX_OPTS + 1) +
	    NM_WIRE_MAX_UMEM * sizeof(struct nm_wire_umem);

	if (n < (ssize_t)sizeof(*w) || n > (ssize_t)most || w->magic != NM_WIRE_MAGIC || w->len != (uint32_t)n)
		return -EPROTO;
	w->error = 0;
	switch (w->op) {
	case NM_WIRE_HELLO:
		return hello(c, w);
	case NM_WIRE_CTRL:
		return control(c, w, (uint32_t)n, fds);
	case NM_WIRE_LEGACY:
		return legacy(c, w, (uint32_t)n);
	case NM_WIRE_MAP:
		return map(c, w);
	default:
		return -EPROTO;
	}
}

int
nm_conn_message(struct nm_conn *c)
{
	static union {
		struct nm_wire w;
		char bytes[2 * NM_WIRE_MAX];
		uint64_t align;
	} u;
	const uint32_t uid = c->client.session.cred.uid;
	struct nm_closer_fds fds;
	ssize_t n = nm_closer_recv(c->ctl_fd, u.bytes, NM_WIRE_MAX, uid, &fds);
	int error;

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	error = n == 0 ? -ECONNRESET : serve(c, &u.w, n, &fds);
	nm_closer_close(&fds, uid);
	return error;
}
