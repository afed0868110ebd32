/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as its users write it: open, ioctl, mmap and poll on /dev/netmap, nothing else of ours. It is served by an
 * engine that the library starts on demand.
 */
#include <net/netmap.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "own_engine.h"

struct app {
	int fd;
	char *base;
	size_t size;
	struct netmap_if *nifp;
	struct netmap_ring *tx, *rx;
};

static int
register_app(struct app *a, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&reg};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	if (ioctl(a->fd, NIOCCTRL, &h))
		return -1;
	a->size = reg.nr_memsize;
	a->base = mmap(NULL, a->size, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	if (a->base == MAP_FAILED)
		return -1;
	a->nifp = (void *)(a->base + reg.nr_offset);
	a->tx = (void *)((char *)a->nifp + a->nifp->ring_ofs[0]);
	a->rx = (void *)((char *)a->nifp + a->nifp->ring_ofs[a->nifp->ni_tx_rings + a->nifp->ni_host_tx_rings]);
	return 0;
}

static void
open_app(struct app *a, const char *name)
{
	a->fd = open("/dev/netmap", O_RDWR);
	assert_true(a->fd >= 0);
	assert_int_equal(register_app(a, name), 0);
}

static void
close_app(struct app *a)
{
	munmap(a->base, a->size);
	close(a->fd);
}

static char *
buffer(struct netmap_ring *r, uint32_t i)
{
	return (char *)r + r->buf_ofs + (size_t)r->slot[i].buf_idx * r->nr_buf_size;
}

static void
put(struct app *a, uint32_t n)
{
	struct netmap_ring *r = a->tx;
	char *p = buffer(r, r->head);

	memset(p, 0xff, 6);
	memset(p + 6, 2, 54);
	memcpy(p + 20, &n, sizeof(n));
	r->slot[r->head].len = 60;
	r->head = r->cur = r->head + 1 == r->num_slots ? 0 : r->head + 1;
}

static uint32_t
take(struct app *a)
{
	struct netmap_ring *r = a->rx;
	uint32_t n;

	assert_int_not_equal(r->head, r->tail);
	assert_int_equal(r->slot[r->head].len, 60);
	memcpy(&n, buffer(r, r->head) + 20, sizeof(n));
	r->head = r->cur = r->head + 1 == r->num_slots ? 0 : r->head + 1;
	return n;
}

static void
txsync_is_done_when_it_returns(void **state)
{
	struct app a, b;
	uint32_t i;

	(void)state;
	open_app(&a, "vale0:a");
	open_app(&b, "vale0:b");
	for (i = 0; i < 10000; i++) {
		put(&a, i);
		assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
		assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
		assert_int_equal(take(&b), i);
		assert_int_equal(nm_ring_space(a.tx), a.tx->num_slots - 1);
	}
	close_app(&a);
	close_app(&b);
}

static void *
receive_by_poll(void *arg)
{
	struct app *b = arg;
	struct pollfd p = {.fd = b->fd, .events = POLLIN};
	uintptr_t got = 0;

	while (got < 100000 && poll(&p, 1, 20000) == 1 && !(p.revents & POLLERR))
		while (b->rx->head != b->rx->tail)
			if (take(b) == got)
				got++;
	return (void *)got;
}

/* A pipe loses nothing; both sides sleep in poll when they must. */
static void
poll_sleeps_and_wakes(void **state)
{
	struct pollfd p = {.events = POLLOUT};
	pthread_t thread;
	struct app a, b;
	void *got;
	uint32_t i = 0;

	(void)state;
	open_app(&a, "p{1");
	open_app(&b, "p}1");
	p.fd = a.fd;
	pthread_create(&thread, NULL, receive_by_poll, &b);
	while (i < 100000) {
		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_false(p.revents & POLLERR);
		while (i < 100000 && nm_ring_space(a.tx))
			put(&a, i++);
	}
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	pthread_join(thread, &got);
	assert_int_equal((uintptr_t)got, 100000);
	close_app(&a);
	close_app(&b);
}

static void
poll_times_out(void **state)
{
	struct pollfd p = {.events = POLLIN};
	struct app a;

	(void)state;
	open_app(&a, "vale0:a");
	p.fd = a.fd;
	assert_int_equal(poll(&p, 1, 50), 0);
	assert_int_equal(p.revents, 0);
	p.events = POLLOUT;
	assert_int_equal(poll(&p, 1, 50), 1);
	assert_int_equal(p.revents, POLLOUT);
	close_app(&a);
}

static void
errors_are_those_of_the_device(void **state)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER};
	struct app a = {0};

	(void)state;
	a.fd = open("/dev/netmap", O_RDWR);
	assert_true(a.fd >= 0);
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(ioctl(a.fd, NIOCCTRL, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ioctl(a.fd, NIOCCTRL, &h), -1);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, a.fd, 0), MAP_FAILED);
	assert_int_equal(register_app(&a, "nosuchinterface"), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(register_app(&a, "vale0:a"), 0);
	assert_int_equal(register_app(&a, "vale0:b"), -1);
	assert_int_equal(errno, EBUSY);
	close_app(&a);
}

static void
legacy_requests_work(void **state)
{
	struct nmreq r = {.nr_name = "vale7:old", .nr_version = 11, .nr_flags = NR_REG_ALL_NIC};
	int fd = open("/dev/netmap", O_RDWR);
	char *p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, NIOCREGIF, &r), 0);
	p = mmap(NULL, r.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_string_equal(((struct netmap_if *)(void *)(p + r.nr_offset))->ni_name, "vale7:old");
	munmap(p, r.nr_memsize);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(txsync_is_done_when_it_returns),
		cmocka_unit_test(poll_sleeps_and_wakes),
		cmocka_unit_test(poll_times_out),
		cmocka_unit_test(errors_are_those_of_the_device),
		cmocka_unit_test(legacy_requests_work),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
