/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What clients observe: the first state of rings, the rules of head, cur and tail, old and new versions of the
 * requests, and the exact error, with its text, of all that can be asked wrongly.
 */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
#include <libnetmap.h>

#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "app_port.h"
#include "own_engine.h"

static void
fresh_rings(void **state)
{
	struct app_port a;
	uint32_t i;

	(void)state;
	app_port_open(&a, "vale1:a", 0);
	assert_int_equal(a.tx->num_slots, a.reg.nr_tx_slots);
	assert_true(a.tx->head == 0 && a.tx->cur == 0 && a.tx->tail == a.tx->num_slots - 1);
	assert_true(a.rx->head == 0 && a.rx->cur == 0 && a.rx->tail == 0);
	assert_true(a.tx->dir == 1 && a.rx->dir == 0 && a.tx->ringid == 0 && a.rx->ringid == 0);
	for (i = 0; i < a.tx->num_slots; i++) {
		assert_true(a.tx->slot[i].buf_idx >= 2);
		assert_int_equal(a.tx->slot[i].len, a.tx->nr_buf_size);
		assert_true(a.tx->slot[i].flags == 0 && a.tx->slot[i].ptr == 0);
	}
	assert_int_equal(a.nifp->ni_tx_rings, 1);
	assert_true(a.nifp->ni_host_tx_rings == 1 && a.nifp->ni_host_rx_rings == 1); /* that only count */
	assert_int_equal(a.nifp->ring_ofs[1], 0);
	assert_int_equal(a.nifp->ring_ofs[3], 0);
	assert_string_equal(a.nifp->ni_name, "vale1:a");
	assert_int_equal(a.nifp->ni_flags, NI_PRIV_MEM);
	app_port_close(&a);
}

/* tail is the program's until it syncs, whatever arrives; ts tells when that was, if it is asked to. */
static void
tail_moves_in_syncs_only(void **state)
{
	struct app_port a, b;
	uint32_t n;

	(void)state;
	app_port_open(&a, "vale1:a", 0);
	app_port_open(&b, "vale1:b", 0);
	app_port_put(a.tx, 1);
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(a.tx->tail, 0); /* sent: the slot is free again */
	assert_false(nm_tx_pending(a.tx));
	assert_int_equal(b.rx->tail, 0);
	b.rx->tail = 5; /* reverted */
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
	assert_int_equal(b.rx->tail, 1);
	assert_int_equal(b.rx->ts.tv_sec, 0);
	b.rx->flags |= NR_TIMESTAMP;
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
	assert_int_not_equal(b.rx->ts.tv_sec, 0);
	assert_int_equal(a.rx->ts.tv_sec, 0);
	assert_true(app_port_take(b.rx, &n));
	assert_int_equal(n, 1);
	app_port_close(&a);
	app_port_close(&b);
}

/* A bad head is refused: the sync returns 0, poll tells POLLERR once, the ring goes on from where it was. */
static void
bad_indices_are_refused(void **state)
{
	struct pollfd p = {.events = POLLOUT};
	struct app_port a, b;
	uint32_t n;

	(void)state;
	app_port_open(&a, "vale1:a", 0);
	app_port_open(&b, "vale1:b", 0);
	p.fd = a.fd;
	a.tx->head = a.tx->cur = a.tx->num_slots + 7;
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	assert_true(a.tx->head == 0 && a.tx->cur == 0 && a.tx->tail == a.tx->num_slots - 1);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(p.revents & POLLERR);
	a.tx->head = 3;
	a.tx->cur = 2; /* cur before head */
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(p.revents & POLLERR);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(p.revents, POLLOUT);
	a.tx->slot[0].buf_idx = 1u << 30;
	a.tx->head = a.tx->cur = a.tx->num_slots; /* and what slots hold is made harmless */
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(a.tx->slot[0].buf_idx, 0);
	a.tx->slot[0].buf_idx = a.tx->slot[a.tx->num_slots - 1].buf_idx;
	assert_int_equal(poll(&p, 1, 0), 1);
	app_port_put(a.tx, 4);
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
	assert_true(app_port_take(b.rx, &n) && n == 4);
	app_port_close(&a);
	app_port_close(&b);
}

static void
extra_buffers(void **state)
{
	struct app_port a;
	uint32_t i, n = 0;
	int round;

	(void)state;
	for (round = 0; round < 3; round++) {
		memset(&a, 0, sizeof(a));
		a.reg.nr_mode = NR_REG_ALL_NIC;
		a.reg.nr_extra_bufs = 100;
		a.fd = open("/dev/netmap", O_RDWR);
		assert_int_equal(app_port_register(&a, "vale1:x"), 0);
		assert_int_equal(app_port_map(&a), 0);
		assert_int_equal(a.reg.nr_extra_bufs, 100);
		for (i = a.nifp->ni_bufs_head, n = 0; i; n++) {
			assert_true(i >= 2 && n < 100);
			memcpy(&i, NETMAP_BUF(a.tx, i), sizeof(i));
		}
		assert_int_equal(n, 100);
		/* one is exchanged for a slot's, as programs that keep frames do */
		i = a.nifp->ni_bufs_head;
		memcpy(&n, NETMAP_BUF(a.tx, i), sizeof(n));
		memcpy(NETMAP_BUF(a.tx, a.rx->slot[0].buf_idx), &n, sizeof(n));
		a.nifp->ni_bufs_head = a.rx->slot[0].buf_idx;
		a.rx->slot[0].buf_idx = i;
		a.rx->slot[0].flags |= NS_BUF_CHANGED;
		app_port_close(&a);
	}
}

static const struct {
	uint32_t version;
	int err;
} versions[] = {{3, EINVAL}, {10, EINVAL}, {11, 0}, {12, 0}, {13, 0}, {14, 0}, {15, 0}, {16, 0}, {4711, 0}};

static void
versions_of_the_old_request(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct nmreq r = {.nr_version = versions[i].version, .nr_flags = NR_REG_ALL_NIC | NR_EXCLUSIVE, .nr_arg1 = 4711,
		    .nr_ringid = NETMAP_NO_TX_POLL, .nr_tx_slots = 200, .spare2 = {0xdeadbeef}};
		int fd = open("/dev/netmap", O_RDWR), ret;
		char *mem;

		strcpy(r.nr_name, "vale1:old");
		ret = ioctl(fd, NIOCREGIF, &r);
		assert_int_equal(ret, versions[i].err ? -1 : 0);
		/* never written back, but to one that is refused */
		assert_int_equal(r.nr_version, versions[i].err ? NETMAP_API : versions[i].version);
		assert_int_equal(r.nr_flags, NR_REG_ALL_NIC | NR_EXCLUSIVE);
		assert_int_equal(r.nr_ringid, NETMAP_NO_TX_POLL);
		assert_string_equal(r.nr_name, "vale1:old");
		if (versions[i].err) {
			assert_int_equal(errno, versions[i].err);
			assert_int_equal(r.nr_memsize, 0);
		} else {
			assert_true(r.nr_memsize > 0 && r.nr_offset < r.nr_memsize && r.nr_arg2 != 0);
			assert_true(r.nr_tx_rings == 1 && r.nr_rx_rings == 1 && r.nr_tx_slots == 200 && r.nr_rx_slots > 0);
			mem = mmap(NULL, r.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			assert_ptr_not_equal(mem, MAP_FAILED);
			/* where programs before 14 look for the first receive ring */
			assert_int_not_equal(NETMAP_IF(mem, r.nr_offset)->ring_ofs[r.nr_tx_rings + 1], 0);
			munmap(mem, r.nr_memsize);
			assert_int_equal(ioctl(fd, NIOCREGIF, &r), -1);
			assert_int_equal(errno, EBUSY);
		}
		close(fd);
	}
}

static void
looking_with_the_old_request(void **state)
{
	struct nmreq r = {.nr_version = 11};
	struct app_port a;
	int fd = open("/dev/netmap", O_RDWR), seen = 0;

	(void)state;
	app_port_open(&a, "vale9:list", 0);
	strcpy(r.nr_name, "vale9:list");
	assert_int_equal(ioctl(fd, NIOCGINFO, &r), 0);
	assert_int_equal(r.nr_arg2, a.reg.nr_mem_id);
	assert_int_equal(r.nr_memsize, a.reg.nr_memsize);
	assert_int_equal(r.nr_rx_slots, a.reg.nr_rx_slots);
	for (memset(&r, 0, sizeof(r)), r.nr_version = NETMAP_API, r.nr_cmd = NETMAP_BDG_LIST; ioctl(fd, NIOCGINFO, &r) == 0; r.nr_arg2++) {
		seen += strcmp(r.nr_name, "vale9:list") == 0;
		r.nr_name[0] = '\0';
	}
	assert_int_equal(errno, ENOENT);
	assert_int_equal(seen, 1);
	memset(&r, 0, sizeof(r));
	r.nr_version = NETMAP_API;
	strcpy(r.nr_name, "vale9:list");
	r.nr_cmd = NETMAP_PT_HOST_CREATE;
	assert_int_equal(ioctl(fd, NIOCREGIF, &r), -1);
	assert_int_equal(errno, EINVAL);
	close(fd);
	app_port_close(&a);
}

/* One request and what it must say: errno, and a part of the text. */
static const struct {
	const char *name;
	struct nmreq_register reg;
	int err;
	const char *text;
} wrong[] = {
	{"vale1:used", {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE}, EBUSY, "tx ring 0 is in use by 1 descriptor(s)"},
	{"vale1:mine", {.nr_mode = NR_REG_ALL_NIC}, EBUSY, "tx ring 0 is held exclusively by another descriptor"},
	{"vale1:a", {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 5}, EINVAL, "ring 5 does not exist, there are 1 (0 to 0)"},
	{"vale1:a", {.nr_mode = NR_REG_SW}, EINVAL, "has no host rings"},
	{"vale1:a", {.nr_mode = NR_REG_ONE_SW}, EINVAL, "has no host rings"},
	{"vale1:a", {.nr_mode = 77}, EINVAL, "mode 77 is unknown"},
	{"vale1:a", {.nr_mode = NR_REG_PIPE_MASTER}, EINVAL, "write the name as BASE{ID"},
	{"vale1:a", {.nr_mode = NR_REG_ALL_NIC, .nr_flags = 1ull << 40}, EINVAL, "unknown flags 0x10000000000"},
	{"vale1:a", {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 17}, EINVAL, "17"},
	{"vale1:a", {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 1u << 20}, EINVAL, "1048576"},
	{"vale1:a", {.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = 60000}, EINVAL, "60000"},
	{"vale1:a{1", {.nr_mode = NR_REG_SW}, EINVAL, "a pipe has no host rings"},
	{"", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "name is empty"},
	{"vale-1:a", {.nr_mode = NR_REG_ALL_NIC}, ENXIO, "there is no interface vale-1:a"},
	{"vale0123456789abc:a", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "16"},
	{"vale1:averyveryverylongname", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "15"},
	{"nosuchif0", {.nr_mode = NR_REG_ALL_NIC}, ENXIO, "nosuchif0"},
};

static void
wrong_requests(void **state)
{
	struct app_port used, mine, p;
	size_t i;

	(void)state;
	app_port_open(&used, "vale1:used", 0);
	app_port_open(&mine, "vale1:mine", NR_EXCLUSIVE);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		p.fd = open("/dev/netmap", O_RDWR);
		p.reg = wrong[i].reg;
		if (app_port_register(&p, wrong[i].name) == 0 || errno != wrong[i].err)
			fail_msg("row %zu '%s': %s: %s", i, wrong[i].name, strerror(errno), app_port_error(p.fd));
		if (!strstr(app_port_error(p.fd), wrong[i].text))
			fail_msg("row %zu '%s': '%s' has no '%s'", i, wrong[i].name, app_port_error(p.fd), wrong[i].text);
		assert_memory_equal(&p.reg, &wrong[i].reg, sizeof(p.reg)); /* not written back */
		close(p.fd);
	}
	p.fd = open("/dev/netmap", O_RDWR);
	p.reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
	assert_int_equal(app_port_register(&p, "vale1:a"), 0);
	assert_int_equal(app_port_register(&p, "vale1:b"), -1);
	assert_int_equal(errno, EBUSY);
	assert_non_null(strstr(app_port_error(p.fd), "registered to vale1:a already"));
	close(p.fd);
	app_port_close(&used);
	app_port_close(&mine);
}

static void
wrong_calls(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_name = "vale1:a",
	    .nr_body = (uintptr_t)&reg};
	struct nmreq_option loop = {.nro_reqtype = NETMAP_REQ_OPT_CSB};
	struct pollfd p = {.events = POLLIN | POLLOUT};
	int fd = open("/dev/netmap", O_RDWR);

	(void)state;
#define FAILS(call, error) do { errno = 0; assert_int_equal((call), -1); assert_int_equal(errno, error); } while (0)
	p.fd = fd;
	FAILS(ioctl(fd, NIOCTXSYNC, NULL), ENXIO);
	FAILS(ioctl(fd, NIOCRXSYNC), ENXIO);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(p.revents, POLLERR);
	errno = 0;
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	FAILS(ioctl(fd, NIOCCTRL, NULL), EINVAL);
	FAILS(ioctl(fd, NIOCREGIF, NULL), EINVAL);
	FAILS(ioctl(fd, NIOCGINFO, NULL), EINVAL);
	FAILS(ioctl(fd, NIOCCTRL, (void *)8), EFAULT);
	FAILS(ioctl(fd, _IO('i', 147), NULL), EOPNOTSUPP);
	FAILS(ioctl(fd, _IOWR('i', 200, int), &p), EOPNOTSUPP);
	h.nr_version = 13;
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_version = 16;
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_version = NETMAP_API;
	h.nr_reserved = 1;
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_reserved = 0;
	h.nr_body = 0;
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_body = 16;
	FAILS(ioctl(fd, NIOCCTRL, &h), EFAULT);
	h.nr_body = (uintptr_t)&reg;
	h.nr_reqtype = 999;
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_reqtype = NETMAP_REQ_VALE_DELIF; /* has no body */
	FAILS(ioctl(fd, NIOCCTRL, &h), EINVAL);
	h.nr_reqtype = NETMAP_REQ_REGISTER;
	loop.nro_next = (uintptr_t)&loop;
	h.nr_options = (uintptr_t)&loop;
	FAILS(ioctl(fd, NIOCCTRL, &h), EMSGSIZE);
	h.nr_options = 0;
	assert_int_equal(ioctl(fd, NIOCCTRL, &h), 0);
	assert_int_equal(h.nr_reserved, 0);
	assert_int_equal(h.nr_body, (uintptr_t)&reg);
	close(fd);
	FAILS(ioctl(fd, NIOCTXSYNC, NULL), EBADF);
}

/* Receive rings only: a transmit sync has nothing to do and says so by 0. */
static void
one_direction(void **state)
{
	struct app_port r;

	(void)state;
	app_port_open(&r, "vale1:r", NR_RX_RINGS_ONLY);
	assert_ptr_equal(r.tx, r.nifp);
	assert_int_equal(ioctl(r.fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(ioctl(r.fd, NIOCRXSYNC, NULL), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = r.fd, .events = POLLOUT}, 1, 10), 0);
	app_port_close(&r);
}

static char said[4096];

static void
hear(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static const struct {
	const char *spec;
	int err;
	const char *text;
} specs[] = {
	{"eth0", EINVAL, "'eth0', character 1 ('e'): expected 'netmap:' or 'vale<name>:'"},
	{"netmap:eth 0", EINVAL, "'netmap:eth 0', character 11 (' '): expected a letter"},
	{"vale1:a-5000", EINVAL, "character 9 ('5'): expected the number of a ring, 0 to 4094"},
	{"vale1:a-9", EINVAL, "'vale1:a': register failed: EINVAL (Invalid argument): vale1:a ring 9 does not exist"},
	{"netmap:nosuchif0", ENXIO, "'nosuchif0': register failed: ENXIO"},
	{"vale1:held", EBUSY, "'vale1:held': register failed: EBUSY (Device or resource busy): vale1:held: tx ring 0 is held exclusively"},
	{"vale1:a@60000", EINVAL, "60000"},
	{"vale1:a@conf:slots=99999", EINVAL, "99999"},
};

/* The same through nmport_open, which puts the name and errno before the engine's text. */
static void
wrong_names(void **state)
{
	struct nmctx ctx = *nmctx_get(), *before;
	struct app_port held;
	size_t i;

	(void)state;
	ctx.error = hear;
	before = nmctx_set_default(&ctx);
	app_port_open(&held, "vale1:held", NR_EXCLUSIVE);
	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		said[0] = '\0';
		errno = 0;
		if (nmport_open(specs[i].spec) || errno != specs[i].err || !strstr(said, specs[i].text))
			fail_msg("row %zu: %s, said: %s", i, strerror(errno), said);
	}
	app_port_close(&held);
	nmctx_set_default(before);
	assert_null(ctx.mem_descs);
}

/* Of another user: neither opened nor seen, and told whose it is. Only root can try. */
static void
a_foreign_user(void **state)
{
	const char *sock = getenv("NETMAP_SOCKET");
	struct app_port mine, p = {.reg = {.nr_mode = NR_REG_ALL_NIC}};
	char dir[80], *slash;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("not tried: needs root\n");
		return;
	}
	app_port_open(&mine, "vale1:mine", 0);
	snprintf(dir, sizeof(dir), "%s", sock);
	slash = strrchr(dir, '/');
	*slash = '\0';
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(sock, 0666), 0);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(1);
		p.fd = open("/dev/netmap", O_RDWR);
		if (p.fd < 0)
			_exit(2);
		if (app_port_register(&p, "vale1:mine") == 0)
			_exit(3);
		if (errno != EACCES && errno != EPERM)
			_exit(4);
		_exit(strstr(app_port_error(p.fd), "belongs to user 0") ? 0 : 5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	app_port_close(&mine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_rings), cmocka_unit_test(tail_moves_in_syncs_only), cmocka_unit_test(bad_indices_are_refused),
		cmocka_unit_test(extra_buffers), cmocka_unit_test(versions_of_the_old_request),
		cmocka_unit_test(looking_with_the_old_request), cmocka_unit_test(wrong_requests), cmocka_unit_test(wrong_calls),
		cmocka_unit_test(one_direction), cmocka_unit_test(wrong_names), cmocka_unit_test(a_foreign_user),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
