/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_ctl.c - control messages, to connections as netmapd has them, with a worker running. The input is a sequence of steps:
 * a byte of kind, a byte of length (in units of 8 bytes), then so many bytes.
 *   kind % 4: 0 the bytes are the message; 1 they are behind a good struct nm_wire; 2 behind a good header too;
 *   3 a message on a second connection of another user
 */
#include "nm_conn.h"
#include "nm_os_user.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct nm_root root;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct nm_worker_config w = {.workers = 1, .busy_poll_us = 0};

	(void)argc;
	(void)argv;
	nm_os_user_log_level(-1);
	nm_os_user_quota((size_t)128 << 20, true); /* so that a run stays within the fuzzer's limit of memory */
	if (nm_root_init(&root, &nm_root_defaults) || nm_worker_start(&w))
		abort();
	return 0;
}

struct peer {
	struct nm_conn *c;
	int fd;
};

static void
open_peer(struct peer *p, uint32_t uid)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv))
		abort();
	p->c = nm_conn_new(&root, sv[0]);
	p->fd = sv[1];
	if (!p->c)
		abort();
	p->c->client.session.cred.uid = uid;
	p->c->client.session.cred.admin = false;
	p->c->client.session.cred.net_raw = false; /* whoever runs this: no interface of the machine is touched */
}

static void
close_peer(struct peer *p)
{
	if (p->c)
		nm_conn_close(p->c);
	close(p->fd);
}

/* The answer must be a message that adds up. */
static void
take_answer(struct peer *p)
{
	static char answer[NM_WIRE_MAX + 1];
	ssize_t n = recv(p->fd, answer, sizeof(answer), MSG_DONTWAIT);
	struct nm_wire w;

	if (n <= 0)
		return;
	memcpy(&w, answer, sizeof(w));
	if (n < (ssize_t)sizeof(w) || n > (ssize_t)NM_WIRE_MAX || w.magic != NM_WIRE_MAGIC || w.len != (uint32_t)n || w.error > 0)
		abort();
}

static void
send_step(struct peer *p, unsigned kind, const uint8_t *bytes, size_t n)
{
	union { struct { struct nm_wire w; struct nmreq_header h; } m; uint8_t bytes[NM_WIRE_MAX]; } u = {.m = {
	    .w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_CTRL}, .h = {.nr_version = NETMAP_API}}};
	size_t at = kind == 0 ? 0 : kind == 1 ? sizeof(u.m.w) : sizeof(u.m);

	if (kind == 1 && n > 0) {
		u.m.w.op = bytes[0] % 6;
		u.m.w.nopts = n > 1 ? bytes[1] % 5 : 0;
		u.m.w.arg = n > 2 ? bytes[2] % 2 : 0;
		bytes += n < 8 ? n : 8;
		n -= n < 8 ? n : 8;
	}
	if (kind >= 2 && n >= 8) {
		static const char *const names[] = {"vale0:a", "vale0:b", "vale1:a", "x{1", "x}1", "vale0", "", "none"};

		u.m.h.nr_reqtype = bytes[0] & 0x80 ? 0x1000 + bytes[0] % 16 : bytes[0] % 24;
		u.m.w.nopts = bytes[1] % 3;
		snprintf(u.m.h.nr_name, sizeof(u.m.h.nr_name), "%s", names[bytes[2] % 8]);
		bytes += 8;
		n -= 8;
	}
	memcpy(u.bytes + at, bytes, n);
	if (kind > 0)
		u.m.w.len = (uint32_t)(at + n);
	if (send(p->fd, &u, at + n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
	if (nm_conn_message(p->c)) {
		take_answer(p);
		nm_conn_close(p->c);
		p->c = NULL;
		return;
	}
	take_answer(p);
}

/* These are meant to outlive their makers. */
static void
remove_persistent(void)
{
	struct nm_cred c = {.admin = true};
	struct nm_session s;

	nm_session_init(&s, &root, &c);
	while (root.ports && root.ports->persistent) {
		struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_VALE_DELIF};
		struct nm_ctl_msg m = {.hdr = &h};

		snprintf(h.nr_name, sizeof(h.nr_name), "%s", root.ports->name);
		if (nm_ctl_request(&s, &m))
			break;
	}
	nm_session_close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer p[2];
	size_t at = 0;

	open_peer(&p[0], 1);
	open_peer(&p[1], 2);
	while (at + 2 <= size) {
		unsigned kind = data[at] % 4;
		size_t n = (size_t)data[at + 1] * 8;
		struct peer *to = &p[kind == 3];

		at += 2;
		n = n < size - at ? n : size - at;
		if (to->c)
			send_step(to, kind, data + at, n);
		at += n;
	}
	close_peer(&p[0]);
	close_peer(&p[1]);
	remove_persistent();
	if (root.ports || root.mems) /* what a connection had goes with it */
		abort();
	return 0;
}
