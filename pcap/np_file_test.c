/* SPDX-License-Identifier: BSD-2-Clause */
/* np_file_test.c - files are the system's library's business, and the program's stdio is one with its. */
#include <errno.h>
#include <unistd.h>

#include "np_bed.h"

#define FRAMES 20

static char path[2][64];

static int
setup(void **state)
{
	int i, fd;

	for (i = 0; i < 2; i++) {
		strcpy(path[i], "/tmp/np-file-XXXXXX");
		fd = mkstemp(path[i]);
		assert_true(fd >= 0);
		close(fd);
	}
	return bed_setup(state);
}

static int
teardown(void **state)
{
	unlink(path[0]);
	unlink(path[1]);
	return own_engine_teardown(state);
}

/* The same frames into a file, by one library and for a handle of its own. */
static void
write_file(const struct np_sys *a, pcap_t *p, const char *name, bool append)
{
	pcap_dumper_t *d = append ? a->pcap_dump_open_append(p, name) : a->pcap_dump_open(p, name);
	struct pcap_pkthdr h = {.ts = {1000, 5}};
	u_char f[100];
	uint32_t i;

	assert_non_null(d);
	for (i = 0; i < FRAMES; i++) {
		h.len = 60 + i;
		h.caplen = h.len < 70 ? h.len : 70;
		h.ts.tv_usec++;
		bed_frame(f, sizeof(f), i, 9);
		a->pcap_dump((u_char *)d, &h, f);
	}
	assert_int_equal(a->pcap_dump_flush(d), 0);
	assert_int_equal(a->pcap_dump_ftell64(d), a->pcap_dump_ftell(d));
	a->pcap_dump_close(d);
}

static size_t
content(const char *name, char *to, size_t size)
{
	FILE *f = fopen(name, "r");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, size, f);
	fclose(f);
	return n;
}

static void
files_are_alike(void)
{
	static char a[16384], b[16384];
	size_t n = content(path[0], a, sizeof(a));

	assert_true(n > 24);
	assert_int_equal(n, content(path[1], b, sizeof(b)));
	assert_memory_equal(a, b, n);
}

static void
a_live_handle_writes_what_the_systems_would(void **state)
{
	pcap_t *ours = bed_open("vale0:file", 70, 100, 0), *theirs = bed_system.pcap_open_dead(DLT_EN10MB, 70);
	int append;

	(void)state;
	for (append = 0; append < 2; append++) {
		write_file(&bed_ours, ours, path[0], append);
		write_file(&bed_system, theirs, path[1], append);
		files_are_alike();
	}
	pcap_close(ours);
	bed_system.pcap_close(theirs);
}

static void
nanoseconds_too(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *ours = pcap_create("vale0:file", err), *theirs = bed_system.pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144,
	    PCAP_TSTAMP_PRECISION_NANO);

	(void)state;
	assert_int_equal(pcap_set_tstamp_precision(ours, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_activate(ours), 0);
	write_file(&bed_ours, ours, path[0], false);
	write_file(&bed_system, theirs, path[1], false);
	files_are_alike();
	pcap_close(ours);
	bed_system.pcap_close(theirs);
}

struct got {
	const struct np_sys *a;
	int n;
	uint64_t sum;
};

static void
add(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct got *g = (struct got *)(void *)user;
	uint32_t i;

	g->n++;
	g->sum = g->sum * 31 + h->len + (uint64_t)h->ts.tv_usec;
	for (i = 0; i < h->caplen; i++)
		g->sum = g->sum * 31 + data[i];
}

static struct got
read_file(const struct np_sys *a)
{
	struct got g = {.a = a};
	char err[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program f;
	pcap_t *p = a->pcap_open_offline(path[0], err);

	assert_non_null(p);
	assert_int_equal(a->pcap_compile(p, &f, "greater 65", 1, 0), 0);
	assert_int_equal(a->pcap_setfilter(p, &f), 0);
	a->pcap_freecode(&f);
	assert_int_equal(a->pcap_loop(p, -1, add, (u_char *)&g), 0);
	g.n = g.n * 1000 + a->pcap_snapshot(p) + a->pcap_datalink(p) + a->pcap_major_version(p) * 10 + a->pcap_minor_version(p) +
	    a->pcap_is_swapped(p);
	a->pcap_close(p);
	return g;
}

static void
files_are_read_alike(void **state)
{
	pcap_t *p = bed_open("vale0:file", 70, 100, 0);
	struct got ours, theirs;

	(void)state;
	write_file(&bed_ours, p, path[0], false);
	pcap_close(p);
	ours = read_file(&bed_ours);
	theirs = read_file(&bed_system);
	assert_int_equal(ours.n, theirs.n);
	assert_int_equal(ours.sum, theirs.sum);
	assert_true(ours.n > 10000);
}

/* A FILE of the program's: the same object there, with what the program wrote into it before and writes after. */
static void
a_file_of_the_programs(void **state)
{
	pcap_t *p = bed_open("vale0:file", 70, 100, 0), *back;
	struct pcap_pkthdr h = {.len = 60, .caplen = 60}, *hp;
	char err[PCAP_ERRBUF_SIZE] = "";
	pcap_dumper_t *d;
	const u_char *data;
	u_char frame[60];
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	bed_frame(frame, sizeof(frame), 3, 9);
	d = pcap_dump_fopen(p, f);
	assert_non_null(d);
	assert_ptr_equal(pcap_dump_file(d), f);
	pcap_dump((u_char *)d, &h, frame);
	assert_int_equal(ftell(f), 24 + 16 + 60); /* not flushed: so the buffer is one */
	assert_int_equal(pcap_dump_ftell(d), ftell(f));
	assert_int_equal(fflush(f), 0);
	rewind(f);
	back = pcap_fopen_offline(f, err);
	assert_non_null(back);
	assert_ptr_equal(pcap_file(back), f);
	assert_int_equal(pcap_next_ex(back, &hp, &data), 1);
	assert_memory_equal(data, frame, 60);
	assert_int_equal(pcap_next_ex(back, &hp, &data), PCAP_ERROR_BREAK);
	pcap_close(back); /* closes f */
	pcap_close(p);
}

/* "-" is the program's stdout, with what it has in its buffer. */
static void
the_programs_stdout(void **state)
{
	pcap_t *p = bed_open("vale0:file", 70, 100, 0);
	pcap_dumper_t *d;
	char text[128];
	size_t n;
	int keep;

	(void)state;
	fflush(stdout);
	keep = dup(1);
	assert_non_null(freopen(path[0], "w", stdout));
	printf("before");
	d = pcap_dump_open(p, "-");
	assert_ptr_equal(pcap_dump_file(d), stdout);
	assert_int_equal(pcap_dump_flush(d), 0);
	fflush(stdout);
	dup2(keep, 1);
	close(keep);
	n = content(path[0], text, sizeof(text));
	assert_int_equal(n, 6 + 24);
	assert_memory_equal(text, "before", 6);
	pcap_close(p);
}

/* What the system's library allocates is freed by it, what is ours by us, mixed in one program. */
static void
handles_of_both_kinds(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	struct bpf_program f;
	int i, *list;

	(void)state;
	for (i = 0; i < 50; i++) {
		pcap_t *live = bed_open("vale0:file", 70, 100, 64 * 2048), *file = pcap_open_offline(path[1], err), *dead = pcap_open_dead(1, 99);

		assert_non_null(file);
		assert_int_equal(pcap_compile(live, &f, "udp", 1, 0), 0);
		assert_int_equal(pcap_setfilter(file, &f), 0);
		assert_int_equal(pcap_setfilter(live, &f), 0);
		pcap_freecode(&f);
		assert_int_equal(pcap_list_datalinks(live, &list), 1);
		pcap_free_datalinks(list);
		assert_int_equal(pcap_snapshot(live), 70);
		assert_int_equal(pcap_snapshot(dead), 99);
		pcap_close(i % 2 ? live : file);
		pcap_close(i % 2 ? file : live);
		pcap_close(dead);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(a_live_handle_writes_what_the_systems_would), T(nanoseconds_too), T(files_are_read_alike),
	    T(a_file_of_the_programs), T(the_programs_stdout), T(handles_of_both_kinds)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
