/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dev_ctl.c - control requests: copied in whole, handed to the core, copied back.
 *
 * The core gets a private copy. The header goes back always, the body when the request succeeded, of each option the header
 * always and the rest when its status is 0. A bad pointer is EFAULT with a text, like any other refusal.
 */
#include "nm_dev_ctl.h"
#include "nm_ctl.h"
#include "nm_trace.h"

#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/netmap_legacy.h>

struct request {
	struct nmreq_header hdr;
	bool compat;
	uint64_t body, options;               /* the client's addresses */
	uint64_t user[NM_CTL_MAX_OPTS];       /* of each option */
	uint32_t len[NM_CTL_MAX_OPTS];
	struct nm_ctl_opt opt[NM_CTL_MAX_OPTS];
	struct nm_ctl_msg m;
	/* the body, then options, each at a multiple of eight */
	char bytes[NM_CTL_MAX_BYTES + 8 * (NM_CTL_MAX_OPTS + 1)] __aligned(8);
};

static void __user *
client(uint64_t address)
{
	return (void __user *)(uintptr_t)address;
}

static int
take_options(struct nm_file *f, struct request *r, size_t total)
{
	uint64_t next = r->options;
	size_t at = ALIGN(total, 8);
	uint32_t size, n;

	for (n = 0; next; n++) {
		struct nmreq_option h;

		if (n == NM_CTL_MAX_OPTS)
			return nm_session_error(&f->s, EMSGSIZE, "the list of options has no end, or more than %u entries", NM_CTL_MAX_OPTS);
		if (copy_from_user(&h, client(next), sizeof(h)))
			return nm_session_error(&f->s, EFAULT, "option %u can't be read, its address is 0x%llx", n, next);
		size = nm_ctl_option_size(h.nro_reqtype, h.nro_size);
		total += size;
		if (total > NM_CTL_MAX_BYTES)
			return nm_session_error(&f->s, EMSGSIZE, "body and options have more than %u bytes", NM_CTL_MAX_BYTES);
		memcpy(r->bytes + at, &h, sizeof(h));
		if (copy_from_user(r->bytes + at + sizeof(h), client(next + sizeof(h)), size - sizeof(h)))
			return nm_session_error(&f->s, EFAULT, "%u bytes of option %u (%s) can't be read", size, h.nro_reqtype,
			    nm_ctl_option_name(h.nro_reqtype));
		r->user[n] = next;
		r->len[n] = size;
		r->opt[n].hdr = h;
		r->opt[n].hdr.nro_next = 0;
		r->opt[n].body = r->bytes + at;
		next = h.nro_next;
		at += ALIGN(size, 8);
	}
	r->m.nopts = n;
	return 0;
}

/* Body and options, unless the core will refuse the header anyway. */
static int
take_request(struct nm_file *f, struct request *r)
{
	int size = nm_ctl_body_size(r->hdr.nr_reqtype);
	size_t bytes;

	r->body = r->hdr.nr_body;
	r->options = r->hdr.nr_options;
	r->hdr.nr_body = r->hdr.nr_options = 0;
	r->m.hdr = &r->hdr;
	r->m.opts = r->opt;
	if (r->hdr.nr_version < NETMAP_MIN_API || r->hdr.nr_version > NETMAP_MAX_API || r->hdr.nr_reserved || size < 0)
		return 0;
	r->m.body = r->body ? r->bytes : NULL;
	if (!size != !r->body)
		return 0;
	bytes = r->compat ? nm_dev_compat_size(r->hdr.nr_reqtype, size) : size;
	if (copy_from_user(r->bytes, client(r->body), bytes))
		return nm_session_error(&f->s, EFAULT, "the body of %d bytes can't be read", (int)bytes);
	if (r->compat)
		nm_dev_compat_in(r->hdr.nr_reqtype, r->bytes, size);
	return take_options(f, r, size);
}

static int
give_options(struct request *r, bool ok)
{
	const size_t from = offsetof(struct nmreq_option, nro_reqtype);
	uint32_t i;

	for (i = 0; i < r->m.nopts; i++) {
		char *p = r->opt[i].body;
		size_t n = ok && !r->opt[i].hdr.nro_status ? r->len[i] : sizeof(struct nmreq_option);

		memcpy(p, &r->opt[i].hdr, sizeof(r->opt[i].hdr));
		if (copy_to_user(client(r->user[i] + from), p + from, n - from))
			return -EFAULT;
	}
	return 0;
}

static int
give_body(struct request *r)
{
	int size = nm_ctl_body_size(r->hdr.nr_reqtype);
	size_t bytes = size;

	if (size <= 0)
		return 0;
	if (r->compat) {
		nm_dev_compat_out(r->hdr.nr_reqtype, r->bytes, size);
		bytes = nm_dev_compat_size(r->hdr.nr_reqtype, size);
	}
	return copy_to_user(client(r->body), r->bytes, bytes) ? -EFAULT : 0;
}

static int
give_request(struct request *r, void __user *arg, int error)
{
	int fault = 0;

	r->hdr.nr_body = r->body;
	r->hdr.nr_options = r->options;
	if (copy_to_user(arg, &r->hdr, sizeof(r->hdr)))
		fault = -EFAULT;
	if (!error && give_body(r))
		fault = -EFAULT;
	if (give_options(r, !error))
		fault = -EFAULT;
	return error ? error : fault;
}

/* The layout of the netmap_if is that of who registers. */
static void
set_layout(struct nm_file *f, bool compat)
{
	if (!f->bound)
		f->s.ofs32 = compat;
}

/* Syncs, mmap and poll may look at the session from here on. */
static void
registered(struct nm_file *f)
{
	if (!f->s.port || f->bound)
		return;
	trace_netmap_register(&f->s, true);
	f->mm = current->mm;
	mmgrab(f->mm);
	smp_store_release(&f->bound, true);
}

/* What a request goes on with, for as long as it takes, and others of the descriptor are served. */
static int (*afterwards(uint32_t reqtype))(struct nm_file *f)
{
	return reqtype == NETMAP_REQ_SYNC_KLOOP_START ? nm_dev_kloop_run : reqtype == NETMAP_REQ_SYNC_KLOOP_STOP ? nm_dev_kloop_wait : NULL;
}

int
nm_dev_ctl(struct nm_file *f, void __user *arg, bool compat)
{
	struct request *r = kvzalloc(sizeof(*r), NM_OS_GFP);
	int (*then)(struct nm_file *f) = NULL;
	int error;

	if (!r)
		return -ENOMEM;
	error = mutex_lock_killable(&f->ctl);
	if (error)
		goto out_free;
	set_layout(f, compat);
	r->compat = compat;
	if (copy_from_user(&r->hdr, arg, sizeof(r->hdr))) {
		error = nm_session_error(&f->s, EFAULT, "the header can't be read");
		goto out;
	}
	error = take_request(f, r);
	if (error)
		goto out;
	error = nm_ctl_request(&f->s, &r->m);
	registered(f);
	then = error ? NULL : afterwards(r->hdr.nr_reqtype);
	error = give_request(r, arg, error);
out:
	mutex_unlock(&f->ctl);
	if (then)
		error = then(f);
out_free:
	kvfree(r);
	return error;
}

int
nm_dev_ctl_legacy(struct nm_file *f, void __user *arg, bool regif, bool compat)
{
	struct nmreq req;
	int error = mutex_lock_killable(&f->ctl);

	if (error)
		return error;
	set_layout(f, compat);
	if (copy_from_user(&req, arg, sizeof(req))) {
		error = nm_session_error(&f->s, EFAULT, "the request can't be read");
		goto out;
	}
	error = nm_legacy_request(&f->s, &req, regif);
	registered(f);
	if (copy_to_user(arg, &req, sizeof(req)) && !error)
		error = -EFAULT;
out:
	mutex_unlock(&f->ctl);
	return error;
}
