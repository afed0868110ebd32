/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_ctl.c - control requests: flattened, sent, and the answer copied to where the kernel would put it. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nm_ctl.h"
#include "nm_shim.h"
#include "nm_shim_real.h"

/* A bad pointer of the application is EFAULT, not a signal; without the call it is trusted. */
static int
copy(void *here, uint64_t there, size_t n, bool in)
{
	struct iovec l = {here, n}, r = {(void *)(uintptr_t)there, n};
	ssize_t k;

	if (n == 0)
		return 0;
	k = in ? process_vm_readv(getpid(), &l, 1, &r, 1, 0) : process_vm_writev(getpid(), &l, 1, &r, 1, 0);
	if (k == (ssize_t)n)
		return 0;
	if (k >= 0 || errno == EFAULT)
		return -EFAULT;
	if (in)
		memcpy(here, r.iov_base, n);
	else
		memcpy(r.iov_base, here, n);
	return 0;
}

int
nm_shim_copyin(void *to, uint64_t from, size_t n)
{
	return copy(to, from, n, true);
}

int
nm_shim_copyout(uint64_t to, const void *from, size_t n)
{
	return copy((void *)(uintptr_t)from, to, n, false);
}

/* Why a request is refused without asking the engine; NETMAP_REQ_ERROR_GET tells it. */
static int refuse(struct nm_shim_opts *o, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
refuse(struct nm_shim_opts *o, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
	return -err;
}

/* Body and options begin at multiples of eight. */
static size_t
pad8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void
take_fds(struct msghdr *m, int fds[2])
{
	struct cmsghdr *c;
	int k = 0, fd;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		size_t n, i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (fds != NULL && k < 2)
				fds[k++] = fd;
			else
				nm_real_close(fd);
		}
	}
}

/* The request, and descriptors of the program. */
static int
send_message(int sock, char *msg, size_t len, const struct nm_shim_sent *s)
{
	union { char buf[CMSG_SPACE(NM_WIRE_MAX_FDS * sizeof(int))]; struct cmsghdr align; } ctl;
	struct iovec io = {msg, len};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
	struct nm_wire w;
	ssize_t n;

	memcpy(&w, msg, sizeof(w));
	w.len = (uint32_t)len;
	memcpy(msg, &w, sizeof(w));
	if (s != NULL && s->n > 0) {
		memset(&ctl, 0, sizeof(ctl));
		m.msg_control = ctl.buf;
		m.msg_controllen = CMSG_SPACE(s->n * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(s->n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), s->fd, s->n * sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 && errno != EPIPE && errno != ECONNRESET ? -errno : 0;
}

static int
receive_message(int sock, char *msg, size_t room, int fds[2])
{
	union { char buf[CMSG_SPACE(4 * sizeof(int))]; struct cmsghdr align; } ctl;
	struct iovec io = {msg, room};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl)};
	struct nm_wire w;
	int again = 0;
	ssize_t n;

	/* an engine that refuses us has answered and closed before it heard us, which the first call tells */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || (errno == ECONNRESET && again++ == 0)));
	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -EIO : -errno;
	take_fds(&m, fds);
	if ((size_t)n < sizeof(w) || (m.msg_flags & MSG_TRUNC))
		return -EPROTO;
	memcpy(&w, msg, sizeof(w));
	if (w.magic != NM_WIRE_MAGIC || w.len > (size_t)n || w.error > 0)
		return -EPROTO;
	return (int)n;
}

int
nm_shim_call(int sock, char *msg, size_t len, size_t room, int fds[2])
{
	return nm_shim_call_fds(sock, msg, len, room, NULL, fds);
}

int
nm_shim_call_fds(int sock, char *msg, size_t len, size_t room, const struct nm_shim_sent *s, int fds[2])
{
	int err = send_message(sock, msg, len, s);

	return err < 0 ? err : receive_message(sock, msg, room, fds);
}

int
nm_shim_call_umems(int sock, char *msg, size_t len, size_t room, const struct nm_shim_umems *mem)
{
	size_t table = mem->n * sizeof(mem->at[0]);
	struct nm_shim_sent s;
	struct nm_wire w;

	if (len + table > room)
		return -EMSGSIZE;
	memcpy(&w, msg, sizeof(w));
	w.numem = mem->n;
	memcpy(msg, &w, sizeof(w));
	memcpy(msg + len, mem->at, table);
	s.n = mem->n;
	memcpy(s.fd, mem->fd, mem->n * sizeof(s.fd[0]));
	return nm_shim_call_fds(sock, msg, len + table, room, &s, NULL);
}

/* Appends the application's option list; nro_next is cleared on the way. */
static int
flatten_opts(char *msg, size_t room, size_t at, uint64_t next, size_t total, struct nm_shim_opts *o)
{
	struct nmreq_option h;

	for (o->n = 0; next != 0; o->n++) {
		uint32_t size;

		if (o->n == NM_CTL_MAX_OPTS)
			return refuse(o, EMSGSIZE, "the list of options has no end, or more than %u entries", NM_CTL_MAX_OPTS);
		if (nm_shim_copyin(&h, next, sizeof(h)) < 0)
			return refuse(o, EFAULT, "option %u can't be read, its address is 0x%llx", o->n, (unsigned long long)next);
		size = nm_ctl_option_size(h.nro_reqtype, h.nro_size);
		total += size;
		if (total > NM_CTL_MAX_BYTES || at + pad8(size) > room)
			return refuse(o, EMSGSIZE, "body and options have more than %u bytes", NM_CTL_MAX_BYTES);
		if (nm_shim_copyin(msg + at + sizeof(h), next + sizeof(h), size - sizeof(h)) < 0)
			return refuse(o, EFAULT, "%u bytes of option %u (%s) can't be read", size, h.nro_reqtype, nm_ctl_option_name(h.nro_reqtype));
		o->user[o->n] = next;
		o->len[o->n] = size;
		next = h.nro_next;
		h.nro_next = 0;
		memcpy(msg + at, &h, sizeof(h));
		memset(msg + at + size, 0, pad8(size) - size);
		at += pad8(size);
	}
	return (int)at;
}

/* Another version is told which one is wanted. */
static bool
version_good(const struct nmreq_header *hdr, struct nmreq_header *user)
{
	uint16_t wanted = NETMAP_API;

	if (hdr->nr_version >= NETMAP_MIN_API && hdr->nr_version <= NETMAP_MAX_API)
		return true;
	(void)nm_shim_copyout((uintptr_t)&user->nr_version, &wanted, sizeof(wanted)); /* it is refused whether it can be told or not */
	return false;
}

/* What the engine could not be asked, because it would take the message for another. */
static int
check_header(const struct nmreq_header *hdr, struct nmreq_header *user, struct nm_shim_opts *o)
{
	int body = nm_ctl_body_size(hdr->nr_reqtype);

	if (!version_good(hdr, user))
		return refuse(o, EINVAL, "API version %u is not supported, %u to %u are", hdr->nr_version, NETMAP_MIN_API, NETMAP_MAX_API);
	if (hdr->nr_reserved != 0)
		return refuse(o, EINVAL, "the header's reserved field is %u, not 0", hdr->nr_reserved);
	if (body < 0)
		return refuse(o, EINVAL, "request %u is unknown", hdr->nr_reqtype);
	if (body > 0 && hdr->nr_body == 0)
		return refuse(o, EINVAL, "request %u (%s) has a body of %d bytes, none is given", hdr->nr_reqtype,
		    nm_ctl_request_name(hdr->nr_reqtype), body);
	if (body == 0 && hdr->nr_body != 0)
		return refuse(o, EINVAL, "request %u (%s) has no body, one is given", hdr->nr_reqtype,
		    nm_ctl_request_name(hdr->nr_reqtype));
	return 0;
}

int
nm_shim_flatten(char *msg, size_t room, struct nmreq_header *user, struct nmreq_header *hdr, struct nm_shim_opts *o)
{
	struct nm_wire w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_CTRL};
	struct nmreq_header plain;
	size_t at = sizeof(w) + sizeof(plain);
	int body, n;

	o->n = 0;
	o->why[0] = 0;
	if (nm_shim_copyin(hdr, (uintptr_t)user, sizeof(*hdr)) < 0)
		return refuse(o, EFAULT, "the header can't be read");
	n = check_header(hdr, user, o);
	if (n < 0)
		return n;
	body = nm_ctl_body_size(hdr->nr_reqtype);
	if (at + pad8((size_t)body) > room)
		return refuse(o, EMSGSIZE, "body and options have more than %u bytes", NM_CTL_MAX_BYTES);
	plain = *hdr;
	plain.nr_body = plain.nr_options = 0;
	if (nm_shim_copyin(msg + at, hdr->nr_body, (size_t)body) < 0)
		return refuse(o, EFAULT, "the body of %d bytes can't be read", body);
	memset(msg + at + body, 0, pad8((size_t)body) - (size_t)body);
	n = flatten_opts(msg, room, at + pad8((size_t)body), hdr->nr_options, (size_t)body, o);
	if (n < 0)
		return n;
	w.nopts = o->n;
	w.len = (uint32_t)n;
	memcpy(msg, &w, sizeof(w));
	memcpy(msg + sizeof(w), &plain, sizeof(plain));
	return n;
}

/* The header of an option is always copied out, nro_next never; the rest when it was served. */
static int
option_out(const char *msg, uint64_t user, uint32_t len, bool ok)
{
	struct nmreq_option h;
	size_t from = offsetof(struct nmreq_option, nro_reqtype);

	memcpy(&h, msg, sizeof(h));
	return nm_shim_copyout(user + from, msg + from, ok && h.nro_status == 0 ? len - from : sizeof(h) - from);
}

int
nm_shim_unflatten(const char *msg, size_t len, struct nmreq_header *user, const struct nmreq_header *hdr,
    const struct nm_shim_opts *o)
{
	struct nmreq_header back;
	struct nm_wire w;
	size_t at = sizeof(w), body = (size_t)nm_ctl_body_size(hdr->nr_reqtype);
	uint32_t i;
	int err = 0;

	memcpy(&w, msg, sizeof(w));
	if (len < at + sizeof(back)) /* refused before it was read */
		return w.error < 0 ? w.error : -EPROTO;
	memcpy(&back, msg + at, sizeof(back));
	at += sizeof(back);
	back.nr_options = hdr->nr_options;
	back.nr_body = hdr->nr_body;
	back.nr_reserved = 0;
	err |= nm_shim_copyout((uintptr_t)user, &back, sizeof(back));
	if (len < at + pad8(body))
		return w.error < 0 ? w.error : -EPROTO;
	if (w.error == 0)
		err |= nm_shim_copyout(hdr->nr_body, msg + at, body);
	at += pad8(body);
	for (i = 0; i < o->n; i++, at += pad8(o->len[i - 1])) {
		if (len < at + o->len[i])
			return w.error < 0 ? w.error : -EPROTO;
		err |= option_out(msg + at, o->user[i], o->len[i], w.error == 0);
	}
	if (w.error < 0)
		return w.error;
	return err ? -EFAULT : (int)at;
}

/* Bytes of the answer before the bind. */
static size_t
answer_size(const struct nmreq_header *hdr, const struct nm_shim_opts *o)
{
	size_t n = sizeof(struct nm_wire) + sizeof(*hdr) + pad8((size_t)nm_ctl_body_size(hdr->nr_reqtype));
	uint32_t i;

	for (i = 0; i < o->n; i++)
		n += pad8(o->len[i]);
	return n;
}

static int32_t
wire_error(const char *msg)
{
	struct nm_wire w;

	memcpy(&w, msg, sizeof(w));
	return w.error;
}

/* ERROR_GET after a request that the engine did not see. */
static int
tell_refused(const struct nm_shim_obj *o, const struct nmreq_header *hdr)
{
	struct nmreq_error e = {.nr_errno = o->refused};

	snprintf(e.nr_text, sizeof(e.nr_text), "%s", o->why);
	e.nr_len = (uint32_t)strlen(e.nr_text);
	return nm_shim_copyout(hdr->nr_body, &e, sizeof(e));
}

/* What the engine asked for goes along the next time; false: it did not ask. */
static bool
wanted(const char *msg, int len, struct nm_wire_umem *u)
{
	struct nm_wire w;

	memcpy(&w, msg, sizeof(w));
	if (w.op != NM_WIRE_UMEM || (size_t)len < sizeof(w) + sizeof(*u))
		return false;
	memcpy(u, msg + sizeof(w), sizeof(*u));
	return true;
}

/* Options that name memory of the program have it, when that can't be had. */
static void
blame(const struct nm_shim_opts *o, int err)
{
	struct nmreq_option h;
	uint32_t i, status = (uint32_t)err;

	for (i = 0; i < o->n; i++)
		if (nm_shim_copyin(&h, o->user[i], sizeof(h)) == 0 &&
		    (h.nro_reqtype == NETMAP_REQ_OPT_EXTMEM || h.nro_reqtype == NETMAP_REQ_OPT_CSB))
			nm_shim_copyout(o->user[i] + offsetof(struct nmreq_option, nro_status), &status, sizeof(status));
}

/* Has the request answered, as often as the engine asks for memory of the program. Bytes, or -errno with opts->why or without. */
static int
ask(struct nm_shim_obj *o, char *msg, size_t room, struct nmreq_header *user, struct nmreq_header *hdr, struct nm_shim_opts *opts)
{
	struct nm_shim_umems mem = {.n = 0};
	struct nm_wire_umem u;
	int n;

	for (;;) {
		n = nm_shim_flatten(msg, room, user, hdr, opts);
		if (n < 0 || (hdr->nr_reqtype == NETMAP_REQ_ERROR_GET && o->refused))
			break;
		o->refused = 0;
		if (hdr->nr_reqtype == NETMAP_REQ_SYNC_KLOOP_START) {
			n = nm_shim_kloop_start(o, msg, (size_t)n, room, hdr, opts);
			break;
		}
		n = nm_shim_call_umems(o->sock, msg, (size_t)n, room, &mem);
		if (n < 0 || !wanted(msg, n, &u))
			break;
		n = nm_shim_umem(&mem, u.addr, u.size, opts->why);
		if (n < 0) {
			blame(opts, -n);
			break;
		}
	}
	while (mem.n > 0)
		nm_real_close(mem.fd[--mem.n]);
	return n;
}

static int
ctl_locked(struct nm_shim_obj *o, struct nmreq_header *user, int *loop)
{
	char msg[NM_WIRE_MAX] __attribute__((aligned(8)));
	struct nmreq_header hdr;
	struct nm_shim_opts opts = {.loop = -1};
	int n = ask(o, msg, sizeof(msg), user, &hdr, &opts), err = 0;
	size_t at;

	*loop = opts.loop;
	if (n < 0 && opts.why[0] != '\0') {
		o->refused = -n;
		memcpy(o->why, opts.why, sizeof(o->why));
	}
	if (n < 0)
		return n;
	if (hdr.nr_reqtype == NETMAP_REQ_ERROR_GET && o->refused)
		return tell_refused(o, &hdr);
	at = answer_size(&hdr, &opts);
	if (hdr.nr_reqtype == NETMAP_REQ_REGISTER && wire_error(msg) == 0 && (size_t)n >= at)
		err = nm_shim_bind(o, msg + at, (size_t)n - at);
	if (wire_error(msg) == 0 && (size_t)n >= at)
		nm_shim_kloop_note(o, msg, &hdr, &opts);
	n = nm_shim_unflatten(msg, (size_t)n, user, &hdr, &opts);
	return err < 0 ? err : n < 0 ? n : 0;
}

int
nm_shim_ctl(struct nm_shim_obj *o, struct nmreq_header *user)
{
	int err, loop = -1;

	pthread_mutex_lock(&o->ctl);
	err = o->closing ? -EBADF : ctl_locked(o, user, &loop);
	pthread_mutex_unlock(&o->ctl);
	return loop < 0 ? err : nm_shim_kloop_wait(o, loop);
}

static int
legacy_locked(struct nm_shim_obj *o, struct nmreq *user, bool regif)
{
	char msg[NM_WIRE_MAX] __attribute__((aligned(8)));
	struct nm_wire w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_LEGACY, .arg = regif};
	size_t size = sizeof(w) + sizeof(struct nmreq), end = pad8(size);
	int n, err = 0;

	memcpy(msg, &w, sizeof(w));
	if (nm_shim_copyin(msg + sizeof(w), (uintptr_t)user, sizeof(struct nmreq)) < 0)
		return -EFAULT;
	o->refused = 0;
	n = nm_shim_call(o->sock, msg, size, sizeof(msg), NULL);
	if (n < 0)
		return n;
	w.error = wire_error(msg);
	if ((size_t)n < size)
		return w.error < 0 ? w.error : -EPROTO;
	if (w.error == 0 && regif && (size_t)n > end)
		err = nm_shim_bind(o, msg + end, (size_t)n - end);
	if (nm_shim_copyout((uintptr_t)user, msg + sizeof(w), sizeof(struct nmreq)) < 0)
		return -EFAULT;
	return err < 0 ? err : w.error;
}

int
nm_shim_legacy(struct nm_shim_obj *o, struct nmreq *user, bool regif)
{
	int err;

	pthread_mutex_lock(&o->ctl);
	err = o->closing ? -EBADF : legacy_locked(o, user, regif);
	pthread_mutex_unlock(&o->ctl);
	return err;
}
