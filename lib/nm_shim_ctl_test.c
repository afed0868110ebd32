/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_ctl_test.c - requests flattened and answers copied out, against an engine in a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nm_shim.h"

#define MEMSIZE 65536u

static struct {
	int ctl, ready, kick, memfd;
	int32_t error;          /* of the next CTRL */
	uint32_t status;        /* of all its options */
	uint32_t cell;          /* of the ring in the bind */
	uint32_t nopts;         /* as received */
	uint64_t want;          /* memory that the next CTRL is to bring, 256 bytes; it finds "asked" there, and leaves "taken" */
	pthread_t thread;
} eng;

static void
reply(char *msg, size_t len, const int *fds, size_t n)
{
	union { char buf[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } c;
	struct iovec io = {msg, len};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	((struct nm_wire *)(void *)msg)->len = (uint32_t)len;
	if (n > 0) {
		m.msg_control = c.buf;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(eng.ctl, &m, 0), len);
}

/* One transmit ring of 8 slots at 1024, buffers from 8192 on, the sync area behind the memory. */
static size_t
put_bind(char *at)
{
	struct nm_wire_bind b = {.memsize = MEMSIZE, .sync_off = MEMSIZE, .sync_len = 4096, .cell = 1, .ntx = 1, .nr_tx_total = 1};
	struct nm_wire_ring r = {.cell = eng.cell};

	memcpy(at, &b, sizeof(b));
	memcpy(at + sizeof(b), &r, sizeof(r));
	return sizeof(b) + sizeof(r);
}

static void
serve_ctrl(char *msg, size_t len)
{
	struct nm_wire *w = (void *)msg;
	struct nmreq_header h;
	uint32_t i;
	char *opt;

	memcpy(&h, w + 1, sizeof(h));
	assert_true(h.nr_body == 0 && h.nr_options == 0);
	eng.nopts = w->nopts;
	w->error = eng.error;
	opt = (char *)(w + 1) + sizeof(h) + (h.nr_reqtype == NETMAP_REQ_REGISTER ? sizeof(struct nmreq_register) : 8);
	memset((char *)(w + 1) + sizeof(h), 0x5a, 8); /* the start of the body */
	for (i = 0; i < w->nopts; i++, opt += sizeof(struct nmreq_opt_offsets)) {
		struct nmreq_opt_offsets o;

		memcpy(&o, opt, sizeof(o));
		assert_true(o.nro_opt.nro_next == 0);
		o.nro_opt.nro_status = eng.status;
		o.nro_max_offset = 99;
		memcpy(opt, &o, sizeof(o));
	}
	if (h.nr_reqtype == NETMAP_REQ_REGISTER && eng.error == 0)
		len += put_bind(msg + len);
	reply(msg, len, NULL, 0);
}

/* Asks for memory, or looks at what came and serves the rest of the message; false: it asked. */
static bool
take_memory(char *msg, size_t *len, struct msghdr *m)
{
	struct nm_wire *w = (void *)msg;
	struct nm_wire_umem u = {.addr = eng.want, .size = 256};
	char *p;
	int fd;

	if (w->numem == 0) {
		w->op = NM_WIRE_UMEM;
		memcpy(w + 1, &u, sizeof(u));
		reply(msg, sizeof(*w) + sizeof(u), NULL, 0);
		return false;
	}
	assert_int_equal(w->numem, 1);
	*len -= sizeof(u);
	memcpy(&u, msg + *len, sizeof(u));
	assert_true(u.fd == 0 && u.addr <= eng.want && u.addr + u.size >= eng.want + 256);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(m)), sizeof(fd));
	p = mmap(NULL, u.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)u.offset);
	close(fd);
	assert_string_equal(p + (eng.want - u.addr), "asked");
	strcpy(p + (eng.want - u.addr), "taken");
	munmap(p, u.size);
	eng.want = 0;
	return true;
}

static void *
engine(void *arg)
{
	char msg[NM_WIRE_MAX] __attribute__((aligned(8)));
	struct nm_wire *w = (void *)msg;
	int fds[2] = {eng.ready, eng.kick};
	union { char buf[CMSG_SPACE(8 * sizeof(int))]; struct cmsghdr align; } c;
	struct iovec io = {msg, sizeof(msg)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
	ssize_t n;

	(void)arg;
	for (;;) {
		size_t len;

		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c);
		n = recvmsg(eng.ctl, &m, 0);
		if (n <= 0)
			break;
		len = (size_t)n;
		switch (w->op) {
		case NM_WIRE_HELLO:
			w->arg = NM_WIRE_STAMPS;
			reply(msg, sizeof(*w), fds, 2);
			break;
		case NM_WIRE_MAP:
			reply(msg, sizeof(*w), &eng.memfd, 1);
			break;
		default:
			if (!eng.want || take_memory(msg, &len, &m))
				serve_ctrl(msg, len);
		}
	}
	return NULL;
}

static void
make_region(void)
{
	struct netmap_if *nifp;
	struct netmap_ring *r;
	char *p;

	eng.memfd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(ftruncate(eng.memfd, MEMSIZE + 4096), 0);
	p = mmap(NULL, MEMSIZE, PROT_READ | PROT_WRITE, MAP_SHARED, eng.memfd, 0);
	nifp = (void *)p;
	*(ssize_t *)(void *)(p + offsetof(struct netmap_if, ring_ofs)) = 1024;
	*(uint32_t *)(uintptr_t)&nifp->ni_tx_rings = 1;
	r = (void *)(p + 1024);
	*(uint32_t *)(uintptr_t)&r->num_slots = 8;
	*(uint32_t *)(uintptr_t)&r->nr_buf_size = 2048;
	*(int64_t *)(uintptr_t)&r->buf_ofs = 8192 - 1024;
	munmap(p, MEMSIZE);
}

static int ready_peer;

static int
setup(void **state)
{
	static int fd;
	int ctl[2], ready[2];

	memset(&eng, 0, sizeof(eng));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ctl), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ready), 0);
	eng.ctl = ctl[1];
	eng.ready = ready[0];
	ready_peer = ready[1];
	eng.kick = eventfd(0, EFD_NONBLOCK);
	make_region();
	pthread_create(&eng.thread, NULL, engine, NULL);
	fd = nm_shim_hello(ctl[0], O_RDWR);
	assert_true(fd >= 0);
	*state = &fd;
	return 0;
}

static int
teardown(void **state)
{
	close(*(int *)*state);
	pthread_join(eng.thread, NULL);
	close(eng.ctl);
	close(eng.ready);
	close(eng.kick);
	close(eng.memfd);
	close(ready_peer);
	return 0;
}

static struct nmreq_header
header(uint16_t type, void *body, void *options)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type};

	h.nr_body = (uintptr_t)body;
	h.nr_options = (uintptr_t)options;
	return h;
}

static int
ctrl(int fd, struct nmreq_header *h)
{
	return ioctl(fd, NIOCCTRL, h) < 0 ? errno : 0;
}

static void
test_body_only_on_success(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_port_hdr b = {.nr_hdr_len = 12};
	struct nmreq_header h = header(NETMAP_REQ_PORT_HDR_SET, &b, NULL);

	eng.error = -ENXIO;
	assert_int_equal(ctrl(fd, &h), ENXIO);
	assert_int_equal(b.nr_hdr_len, 12);
	assert_true(h.nr_body == (uintptr_t)&b && h.nr_options == 0);
	eng.error = 0;
	assert_int_equal(ctrl(fd, &h), 0);
	assert_int_equal(b.nr_hdr_len, 0x5a5a5a5a);
}

static void
test_options(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_port_hdr b = {0};
	struct nmreq_opt_offsets o[2] = {0};
	struct nmreq_header h = header(NETMAP_REQ_PORT_HDR_SET, &b, &o[0]);

	o[0].nro_opt.nro_reqtype = o[1].nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
	o[0].nro_opt.nro_next = (uintptr_t)&o[1];
	eng.status = EINVAL;
	assert_int_equal(ctrl(fd, &h), 0);
	assert_int_equal(eng.nopts, 2);
	assert_int_equal(o[1].nro_opt.nro_status, EINVAL);
	assert_true(o[0].nro_opt.nro_next == (uintptr_t)&o[1]);
	assert_true(o[0].nro_max_offset == 0); /* not served: its body stays */
	eng.status = 0;
	assert_int_equal(ctrl(fd, &h), 0);
	assert_true(o[0].nro_max_offset == 99 && o[1].nro_max_offset == 99);
	eng.error = -EBUSY;
	eng.status = EOPNOTSUPP;
	assert_int_equal(ctrl(fd, &h), EBUSY);
	assert_int_equal(o[0].nro_opt.nro_status, EOPNOTSUPP); /* headers come back even then */
}

static void
test_refused_here(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_port_hdr b = {0};
	struct nmreq_option loop = {.nro_next = (uintptr_t)&loop, .nro_reqtype = 0x77};
	struct nmreq_option big = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = 5000};
	struct nmreq_header h = header(NETMAP_REQ_PORT_HDR_SET, &b, &loop);

	assert_int_equal(ctrl(fd, &h), EMSGSIZE);
	h.nr_options = (uintptr_t)&big;
	assert_int_equal(ctrl(fd, &h), EMSGSIZE);
	h.nr_options = 8;
	assert_int_equal(ctrl(fd, &h), EFAULT);
	h = header(NETMAP_REQ_PORT_HDR_SET, NULL, NULL);
	assert_int_equal(ctrl(fd, &h), EINVAL);
	h = header(NETMAP_REQ_VALE_DELIF, &b, NULL);
	assert_int_equal(ctrl(fd, &h), EINVAL);
	h = header(NETMAP_REQ_PORT_HDR_SET, &b, NULL);
	h.nr_version = 13;
	assert_int_equal(ctrl(fd, &h), EINVAL);
	assert_int_equal(h.nr_version, NETMAP_API); /* the one that is wanted */
	h.nr_version = 15;
	h.nr_reserved = 1;
	assert_int_equal(ctrl(fd, &h), EINVAL);
	assert_int_equal(h.nr_version, 15);
	assert_int_equal(ctrl(fd, NULL), EINVAL);
	assert_int_equal(ioctl(fd, 0x1234, 0), -1);
	assert_int_equal(errno, EOPNOTSUPP);
}

static void
test_the_engine_says_whether_to_stamp(void **state)
{
	assert_true(nm_shim_find(*(int *)*state)->stamps);
}

static void
test_register_and_map(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_register r = {0};
	struct nmreq_header h = header(NETMAP_REQ_REGISTER, &r, NULL);
	char *p;

	assert_true(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ioctl(fd, NIOCTXSYNC, NULL), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(ctrl(fd, &h), 0);
	p = mmap(NULL, MEMSIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(((struct netmap_if *)(void *)p)->ni_tx_rings, 1);
	assert_true(mmap(NULL, MEMSIZE + 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(ioctl(fd, NIOCTXSYNC, NULL), 0);
	munmap(p, MEMSIZE);
}

static void
test_bad_bind(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_register r = {0};
	struct nmreq_header h = header(NETMAP_REQ_REGISTER, &r, NULL);

	eng.cell = 4096 / NM_SYNC_CELL;
	assert_int_equal(ctrl(fd, &h), EPROTO);
	assert_int_equal(ioctl(fd, NIOCTXSYNC, NULL), -1);
	assert_int_equal(errno, ENXIO);
}

/* Memory of the program that the engine wants goes along, on the stack here; the request is answered as if nothing had been. */
static void
test_memory_is_asked_for(void **state)
{
	int fd = *(int *)*state;
	char cells[256] __attribute__((aligned(256))) = "asked";
	struct nmreq_port_hdr b = {0};
	struct nmreq_header h = header(NETMAP_REQ_PORT_HDR_SET, &b, NULL);
	struct nmreq_error e;

	eng.want = (uintptr_t)cells;
	assert_int_equal(ctrl(fd, &h), 0);
	assert_int_equal(b.nr_hdr_len, 0x5a5a5a5a);
	assert_string_equal(cells, "taken");
	eng.want = 4096; /* nothing is there */
	assert_int_equal(ctrl(fd, &h), EFAULT);
	eng.want = 0;
	h = header(NETMAP_REQ_ERROR_GET, &e, NULL);
	assert_int_equal(ctrl(fd, &h), 0);
	assert_non_null(strstr(e.nr_text, "nothing is mapped at 0x1000"));
}

/* An engine that leaves ends requests. */
static void
test_engine_gone(void **state)
{
	int fd = *(int *)*state;
	struct nmreq_port_hdr b = {0};
	struct nmreq_header h = header(NETMAP_REQ_PORT_HDR_SET, &b, NULL);

	shutdown(eng.ctl, SHUT_RDWR);
	assert_int_equal(ctrl(fd, &h), EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_body_only_on_success, setup, teardown),
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_here, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_engine_says_whether_to_stamp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_register_and_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_engine_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
