/* SPDX-License-Identifier: BSD-2-Clause */
/* nmport_extmem_test.c - ports in memory of the program: options, files, joining, and who unmaps what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libnetmap.h>
#include <net/netmap_user.h>

#include "own_engine.h"

#define SIZE ((size_t)24 << 20)

static char said[2048];
static char path[] = "/dev/shm/netmap-test-XXXXXX";
static struct nmctx ctx;

static void
say(struct nmctx *c, const char *text)
{
	(void)c;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static int
setup(void **state)
{
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, SIZE) || own_engine_setup(state))
		return -1;
	close(fd);
	ctx = *nmctx_get();
	ctx.error = say;
	ctx.mem_descs = NULL;
	nmctx_set_default(&ctx);
	return 0;
}

static int
teardown(void **state)
{
	unlink(path);
	return own_engine_teardown(state);
}

/* Mapped by this process: lines of its maps. */
static int
mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, path) != NULL;
	fclose(f);
	return n;
}

static struct nmport_d *
open_file(const char *name, const char *more)
{
	char spec[256];
	struct nmport_d *d;

	snprintf(spec, sizeof(spec), "%s@conf:slots=256@extmem:file=%s%s", name, path, more);
	said[0] = '\0';
	d = nmport_open(spec);
	if (!d)
		print_message("%s", said);
	return d;
}

static void
pass(struct nmport_d *from, struct nmport_d *to, unsigned char fill)
{
	struct netmap_ring *rx = NETMAP_RXRING(to->nifp, 0);
	unsigned char f[60];

	assert_int_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
	rx->head = rx->cur = rx->tail; /* what others sent before */
	memset(f, fill, sizeof(f));
	memset(f, 0xff, 6);
	f[6] = 2;
	assert_int_equal(nmport_inject(from, f, sizeof(f)), sizeof(f));
	assert_int_equal(ioctl(from->fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
	assert_int_equal(nm_ring_space(rx), 1);
	assert_memory_equal(NETMAP_BUF(rx, rx->slot[rx->head].buf_idx), f, sizeof(f));
	rx->head = rx->cur = rx->tail;
	assert_int_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
}

static void
a_layout_as_asked_for(void **state)
{
	struct nmport_d *a = open_file("vale0:a", ",if-num=7,if-size=512,ring-num=6,ring-size=8192,buf-num=2000,buf-size=4096"), *b;
	const struct nmreq_pools_info *i;

	(void)state;
	assert_non_null(a);
	i = nmport_extmem_getinfo(a);
	assert_true(i->nr_if_pool_objtotal == 7 && i->nr_if_pool_objsize == 512 && i->nr_ring_pool_objtotal == 6);
	assert_true(i->nr_ring_pool_objsize == 8192 && i->nr_buf_pool_objsize == 4096 && i->nr_buf_pool_objtotal > 6000);
	assert_int_equal(i->nr_mem_id, a->reg.nr_mem_id);
	assert_int_equal(i->nr_memsize, SIZE);
	assert_true(a->mem->is_extmem && a->mem->mem == (void *)(uintptr_t)a->extmem->nro_usrptr);
	assert_ptr_equal(a->nifp, (char *)a->mem->mem + a->reg.nr_offset);
	b = nmport_open("vale0:b");
	assert_non_null(b);
	pass(a, b, 1);
	pass(b, a, 2);
	nmport_close(a);
	nmport_close(b);
	assert_null(nmport_open("vale0:a@extmem=/nonexistent"));
	assert_null(ctx.mem_descs);
}

/* Ports of one memory are in one region, which the process has one mapping of; it goes with the last, whichever that is. */
static void
ports_of_one_memory(void **state)
{
	struct nmport_d *a = open_file("vale0:a", ""), *b = open_file("vale0:b", ""), *c, *d;

	(void)state;
	assert_true(a && b);
	assert_ptr_equal(a->mem, b->mem);
	c = nmport_clone(a);
	assert_int_equal(nmport_open_desc(c), 0);
	d = nmport_open("vale0:d@share=vale0:a");
	assert_true(d && c->mem == a->mem && d->mem == a->mem);
	pass(a, b, 3);
	nmport_close(a);
	assert_true(mappings() > 0);
	nmport_close(c);
	pass(b, d, 4);
	nmport_close(b);
	(void)nm_ring_space(NETMAP_RXRING(d->nifp, 0)); /* still mapped */
	assert_int_equal(ioctl(d->fd, NIOCTXSYNC, NULL), 0);
	nmport_close(d);
	assert_null(ctx.mem_descs);
	assert_int_equal(mappings(), 0);
}

static void
it_can_be_registered_again(void **state)
{
	struct nmport_d *a = open_file("vale0:a", ""), *b = open_file("vale0:b", "");

	(void)state;
	assert_true(a && b);
	nmport_undo_open_desc(a);
	assert_int_equal(nmport_open_desc(a), 0);
	assert_ptr_equal(a->mem, b->mem);
	pass(a, b, 5);
	nmport_close(b);
	nmport_close(a);
	assert_int_equal(mappings(), 0);
}

/* Memory that is no file's: it stays where it is, and the program's. */
static void
memory_of_the_program(void **state)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nmport_d *a = nmport_prepare("vale0:a@conf:slots=256"), *b;

	(void)state;
	assert_int_equal(nmport_extmem(a, p, SIZE), 0);
	assert_int_equal(nmport_extmem(a, p, SIZE), -1);
	assert_null(nmport_clone(a));
	assert_int_equal(nmport_open_desc(a), 0);
	assert_ptr_equal(a->mem->mem, p);
	b = nmport_open("netmap:x{1@conf:slots=256");
	assert_non_null(b);
	nmport_close(b);
	b = nmport_open("vale0:b");
	pass(a, b, 6);
	pass(b, a, 7);
	nmport_close(a);
	nmport_close(b);
	p[0] = 1;
	munmap(p, SIZE);
}

static void
what_is_wrong_is_told(void **state)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nmport_d *a = nmport_prepare("vale0:a");

	(void)state;
	said[0] = '\0';
	assert_int_equal(nmport_extmem(a, p + 8, SIZE / 2), 0);
	assert_int_equal(nmport_open_desc(a), -1);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(said, "option 'extmem' (1) failed: EINVAL"));
	assert_non_null(strstr(said, "a multiple of 4096 other than 0 is expected"));
	nmport_undo_prepare(a);
	a = nmport_prepare("vale0:a");
	munmap(p + SIZE / 2, 4096);
	said[0] = '\0';
	assert_int_equal(nmport_extmem(a, p, SIZE), 0);
	assert_int_equal(nmport_open_desc(a), -1);
	assert_int_equal(errno, EFAULT);
	assert_non_null(strstr(said, "option 'extmem' (1) failed: EFAULT"));
	assert_non_null(strstr(said, "nothing is mapped at 0x"));
	nmport_undo_prepare(a);
	munmap(p, SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layout_as_asked_for),
		cmocka_unit_test(ports_of_one_memory),
		cmocka_unit_test(it_can_be_registered_again),
		cmocka_unit_test(memory_of_the_program),
		cmocka_unit_test(what_is_wrong_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
