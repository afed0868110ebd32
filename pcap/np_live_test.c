/* SPDX-License-Identifier: BSD-2-Clause */
/* np_live_test.c - capture and inject on ports: what comes, what is kept, how calls end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "np_bed.h"

#define LONG 6000

static pcap_t *rx, *tx;

static int
both(void **state)
{
	(void)state;
	rx = bed_open("vale0:rx", 65535, 5000, 0);
	tx = bed_open("vale0:tx", 65535, 1000, 0);
	return 0;
}

static int
neither(void **state)
{
	(void)state;
	pcap_close(rx);
	pcap_close(tx);
	return 0;
}

struct seen {
	uint32_t n, limit;
	uint32_t number[4096];
	pcap_t *p;
};

static void
note(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct seen *s = (struct seen *)(void *)user;

	assert_true(h->caplen >= 46 && s->n < 4096);
	memcpy(&s->number[s->n++], data + 42, 4);
	if (s->limit && s->n == s->limit)
		pcap_breakloop(s->p);
}

static void
frames_come_as_they_were_sent(void **state)
{
	static const size_t sizes[] = {60, 61, 127, 128, 1514, 2047, 2112, 2113, LONG};
	static u_char f[LONG];
	struct pcap_pkthdr *h;
	struct timespec before, after;
	const u_char *data;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bed_frame(f, sizes[i], (uint32_t)i, 9);
		clock_gettime(CLOCK_REALTIME, &before);
		assert_int_equal(pcap_inject(tx, f, sizes[i]), sizes[i]);
		assert_int_equal(pcap_next_ex(rx, &h, &data), 1);
		clock_gettime(CLOCK_REALTIME, &after);
		assert_int_equal(h->len, sizes[i]);
		assert_int_equal(h->caplen, sizes[i]);
		assert_memory_equal(data, f, sizes[i]);
		assert_true(h->ts.tv_sec >= before.tv_sec && h->ts.tv_sec <= after.tv_sec && h->ts.tv_usec < 1000000);
	}
}

static void
the_snapshot_length_cuts(void **state)
{
	pcap_t *p = bed_open("vale0:short", 47, 5000, 0);
	static u_char f[LONG];
	struct pcap_pkthdr h;
	const u_char *data;

	(void)state;
	assert_int_equal(pcap_snapshot(p), 47);
	bed_frame(f, LONG, 1, 9);
	assert_int_equal(pcap_inject(tx, f, LONG), LONG);
	bed_send(tx, 2, 9);
	data = pcap_next(p, &h);
	assert_non_null(data);
	assert_int_equal(h.caplen, 47);
	assert_int_equal(h.len, LONG);
	assert_memory_equal(data, f, 47);
	assert_non_null(pcap_next(p, &h));
	assert_int_equal(h.caplen, 47);
	assert_int_equal(h.len, 60);
	pcap_close(p);
}

/* Where `at` lies: in memory shared with the engine? */
static bool
shared(const void *at)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], flags[8];
	bool yes = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, flags) == 3 && (uintptr_t)at >= from && (uintptr_t)at < to)
			yes = flags[3] == 's';
	fclose(f);
	return yes;
}

static void
look(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)h;
	*(int *)(void *)user += shared(data);
}

static void
data_are_handed_over_where_they_lie(void **state)
{
	int n = 0;

	(void)state;
	bed_send(tx, 1, 9);
	assert_int_equal(pcap_dispatch(rx, 1, look, (u_char *)&n), 1);
	assert_int_equal(n, 1);
}

/*
 * A frame of pcap_next is the program's until the next call, whatever comes meanwhile: also when that call has told the engine of slots that
 * it may have again.
 */
static void
a_held_frame_is_not_overwritten(void **state)
{
	pcap_t *p = bed_open("netmap:held}1", 100, 5000, 64 * 2048), *q = bed_open("netmap:held{1", 100, 5000, 0);
	struct pcap_pkthdr h;
	const u_char *data;
	u_char want[60], more[60];
	uint32_t i, sent = 0;

	(void)state;
	assert_int_equal(pcap_setnonblock(q, 1, NULL), 0);
	for (i = 0; i < 1000; i++) {
		do /* as many as there is room for: a pipe gives the sender the buffers back that the receiver is done with */
			bed_frame(more, sizeof(more), sent, 9);
		while (pcap_sendpacket(q, more, sizeof(more)) == 0 && ++sent);
		data = pcap_next(p, &h);
		assert_non_null(data);
		assert_true(shared(data));
		bed_frame(want, sizeof(want), i, 9);
		assert_memory_equal(data, want, sizeof(want));
		do
			bed_frame(more, sizeof(more), sent, 9);
		while (pcap_sendpacket(q, more, sizeof(more)) == 0 && ++sent);
		assert_memory_equal(data, want, sizeof(want));
	}
	pcap_close(q);
	pcap_close(p);
}

/* Frames of at most `most`, once there are some: on a busy machine the handle's time may be up before. */
static int
dispatch_some(int most, struct seen *s)
{
	uint32_t before = s->n;
	int n;

	do
		n = pcap_dispatch(rx, most, note, (u_char *)s);
	while (n == 0);
	assert_true(n > 0 && (most <= 0 || n <= most));
	assert_int_equal(s->n, before + (uint32_t)n);
	return n;
}

static void
dispatch_counts(void **state)
{
	static struct seen s;
	uint32_t i;
	int n;

	(void)state;
	memset(&s, 0, sizeof(s));
	for (i = 0; i < 100; i++)
		bed_send(tx, i, 9);
	n = dispatch_some(7, &s);
	assert_int_equal(s.n, n);
	assert_int_equal(dispatch_some(1, &s), 1);
	assert_int_equal(pcap_loop(rx, 50, note, (u_char *)&s), 0);
	assert_int_equal(s.n, n + 51);
	while (s.n < 100)
		dispatch_some(s.n % 2 ? -1 : 0, &s); /* both: all that are there */
	for (i = 0; i < 100; i++)
		assert_int_equal(s.number[i], i);
}

static void
filters_choose(void **state)
{
	static struct seen s;
	struct bpf_program f;
	struct pcap_stat st;
	uint32_t i;

	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(pcap_compile(rx, &f, "udp dst port 53", 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(pcap_setfilter(rx, &f), 0);
	pcap_freecode(&f); /* the handle has its own */
	for (i = 0; i < 300; i++)
		bed_send(tx, i, i % 100 == 42 ? 53 : 54);
	assert_int_equal(pcap_loop(rx, 3, note, (u_char *)&s), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(s.number[i], i * 100 + 42);
	assert_int_equal(pcap_stats(rx, &st), 0);
	assert_int_equal(st.ps_recv, 3);
	assert_int_equal(st.ps_drop, 0);
	assert_int_equal(pcap_compile(rx, &f, "greater 61", 1, 0), 0); /* another takes its place */
	assert_int_equal(pcap_setfilter(rx, &f), 0);
	pcap_freecode(&f);
	bed_send(tx, 1, 53);
	assert_int_equal(pcap_setnonblock(rx, 1, NULL), 0);
	assert_int_equal(pcap_dispatch(rx, -1, note, (u_char *)&s), 0);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
the_timeout_ends_a_call(void **state)
{
	pcap_t *p = bed_open("vale1:quiet", 100, 30, 0);
	struct pcap_pkthdr *h, hdr;
	const u_char *data;
	static struct seen s;
	uint64_t start = now_ms();

	(void)state;
	assert_int_equal(pcap_dispatch(p, -1, note, (u_char *)&s), 0);
	assert_true(now_ms() - start >= 30);
	assert_int_equal(pcap_next_ex(p, &h, &data), 0);
	assert_null(pcap_next(p, &hdr));
	assert_true(now_ms() - start >= 90);
	pcap_close(p);
}

/* Frames that the filter rejects all the time do not keep a call from its end. */
static void *
flood(void *arg)
{
	int *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		bed_send(tx, 1, 54);
	return NULL;
}

static void
the_timeout_ends_a_call_under_load(void **state)
{
	pcap_t *p = bed_open("vale0:busy", 100, 30, 0);
	static struct seen s;
	struct bpf_program f;
	pthread_t t;
	int stop = 0;

	(void)state;
	assert_int_equal(pcap_compile(p, &f, "tcp", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &f), 0);
	pcap_freecode(&f);
	assert_int_equal(pthread_create(&t, NULL, flood, &stop), 0);
	assert_int_equal(pcap_dispatch(p, -1, note, (u_char *)&s), 0);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	pcap_close(p);
}

static void
without_blocking_calls_return_at_once(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	static struct seen s;
	int n = 0;

	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(pcap_getnonblock(rx, err), 0);
	assert_int_equal(pcap_setnonblock(rx, 1, err), 0);
	assert_int_equal(pcap_getnonblock(rx, err), 1);
	assert_int_equal(pcap_dispatch(rx, -1, note, (u_char *)&s), 0);
	assert_int_equal(pcap_next_ex(rx, &h, &data), 0);
	bed_send(tx, 5, 9);
	while (n == 0)
		n = pcap_dispatch(rx, -1, note, (u_char *)&s);
	assert_int_equal(n, 1);
	assert_int_equal(s.number[0], 5);
	assert_int_equal(pcap_setnonblock(rx, 0, err), 0);
	assert_int_equal(pcap_getnonblock(rx, err), 0);
}

static void
a_callback_breaks_the_loop(void **state)
{
	static struct seen s;
	uint32_t i;

	(void)state;
	s = (struct seen){.limit = 3, .p = rx};
	for (i = 0; i < 10; i++)
		bed_send(tx, i, 9);
	assert_int_equal(pcap_loop(rx, -1, note, (u_char *)&s), PCAP_ERROR_BREAK);
	assert_int_equal(s.n, 3);
	s.limit = 0;
	assert_int_equal(pcap_loop(rx, 7, note, (u_char *)&s), 0); /* the others are there yet, and the call was heard once */
	for (i = 0; i < 10; i++)
		assert_int_equal(s.number[i], i);
}

static void
dispatch_tells_of_a_break_when_nothing_was_taken(void **state)
{
	static struct seen s;

	(void)state;
	s = (struct seen){.limit = 1, .p = rx};
	bed_send(tx, 1, 9);
	assert_int_equal(pcap_dispatch(rx, -1, note, (u_char *)&s), 1);
	assert_int_equal(pcap_dispatch(rx, -1, note, (u_char *)&s), PCAP_ERROR_BREAK);
}

static void *
break_it(void *arg)
{
	pcap_breakloop(arg);
	return NULL;
}

static void
another_thread_breaks_a_waiting_loop(void **state)
{
	static struct seen s;
	pthread_t t;
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		assert_int_equal(pthread_create(&t, NULL, break_it, rx), 0);
		assert_int_equal(pcap_loop(rx, -1, note, (u_char *)&s), PCAP_ERROR_BREAK);
		pthread_join(t, NULL);
	}
}

static void
on_alarm(int sig)
{
	(void)sig;
	pcap_breakloop(rx);
}

static void
a_signal_breaks_a_waiting_loop(void **state)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	static struct seen s;

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	assert_int_equal(pcap_loop(rx, -1, note, (u_char *)&s), PCAP_ERROR_BREAK);
}

/* What there was no room for is told, exactly. */
static void
drops_are_counted(void **state)
{
	pcap_t *p = bed_open("vale0:small", 100, 1, 64 * 2048), *q;
	static struct seen s;
	struct pcap_stat st;
	uint32_t i;
	int n;

	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(pcap_bufsize(p) / 64 / 2048, 1); /* 64 slots, of 2 KiB or somewhat more */
	for (i = 0; i < 1000; i++)
		bed_send(tx, i, 9);
	do {
		n = pcap_dispatch(p, -1, note, (u_char *)&s);
		assert_true(n >= 0);
		assert_int_equal(pcap_stats(p, &st), 0);
	} while (st.ps_recv + st.ps_drop < 1000);
	assert_int_equal(st.ps_recv, s.n);
	assert_int_equal(st.ps_recv + st.ps_drop, 1000);
	assert_true(st.ps_drop > 0);
	assert_int_equal(st.ps_ifdrop, 0);
	q = bed_open("vale0:small", 100, 1, 0); /* of the same port: what was before is not this handle's */
	assert_int_equal(pcap_stats(q, &st), 0);
	assert_int_equal(st.ps_recv + st.ps_drop, 0);
	pcap_close(q);
	pcap_close(p);
}

static void
nanoseconds_if_asked_for(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("vale0:nano", err);
	struct pcap_pkthdr h;
	int i, fine = 0;

	(void)state;
	assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_get_tstamp_precision(p), PCAP_TSTAMP_PRECISION_NANO);
	for (i = 0; i < 50; i++) {
		bed_send(tx, 1, 9);
		while (!pcap_next(p, &h))
			;
		fine += h.ts.tv_usec >= 1000000;
	}
	assert_true(fine > 0);
	pcap_close(p);
}

static void
directions(void **state)
{
	(void)state;
	assert_int_equal(pcap_setdirection(rx, PCAP_D_IN), 0);
	assert_int_equal(pcap_setdirection(rx, PCAP_D_INOUT), 0);
	assert_int_equal(pcap_setdirection(rx, PCAP_D_OUT), PCAP_ERROR); /* a port does not see what it sends */
	assert_non_null(strstr(pcap_geterr(rx), "vale0:rx"));
}

static void
what_can_not_be_sent(void **state)
{
	static u_char huge[200000];
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = bed_open("netmap:full{1", 100, 100, 0), *only_rx = bed_open("vale0:deaf/R", 100, 100, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(pcap_inject(tx, huge, sizeof(huge)), PCAP_ERROR);
	assert_string_equal(pcap_geterr(tx), "send: Message too long");
	assert_int_equal(pcap_inject(tx, huge, 13), PCAP_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pcap_inject(tx, huge, (size_t)1 << 32), PCAP_ERROR);
	assert_int_equal(pcap_sendpacket(tx, huge, -1), PCAP_ERROR);
	assert_int_equal(pcap_inject(only_rx, huge, 60), PCAP_ERROR);
	assert_int_equal(errno, EOPNOTSUPP);
	/* a pipe whose other end nobody reads is full some time */
	assert_int_equal(pcap_setnonblock(p, 1, err), 0);
	for (i = 0; i < 100000 && pcap_inject(p, huge, 60) == 60; i++)
		;
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(pcap_geterr(p), "send: Resource temporarily unavailable");
	assert_true(i > 100);
	pcap_close(p);
	pcap_close(only_rx);
}

/* Of a port that others have: what it receives and what it sends, chosen by direction, and what the monitor was not shown. */
static void
a_monitor_sees_both_directions(void **state)
{
	pcap_t *all = bed_open("vale0:rx/rt", 100, 5000, 0), *in = bed_open("vale0:rx/rt", 100, 5000, 0), *out = bed_open("vale0:rx/rt", 100, 5000, 0);
	pcap_t *small = bed_open("vale0:rx/r", 100, 1, 64 * 2048);
	static struct seen s[4];
	struct pcap_stat st;
	uint32_t i;

	(void)state;
	memset(s, 0, sizeof(s));
	assert_int_equal(pcap_setdirection(in, PCAP_D_IN), 0);
	assert_int_equal(pcap_setdirection(out, PCAP_D_OUT), 0);
	for (i = 0; i < 100; i++)
		bed_send(i % 2 ? rx : tx, i, 9);
	assert_int_equal(pcap_loop(all, 100, note, (u_char *)&s[0]), 0);
	assert_int_equal(pcap_loop(in, 50, note, (u_char *)&s[1]), 0);
	assert_int_equal(pcap_loop(out, 50, note, (u_char *)&s[2]), 0);
	for (i = 0; i < 50; i++) {
		assert_int_equal(s[1].number[i], 2 * i);
		assert_int_equal(s[2].number[i], 2 * i + 1);
	}
	assert_int_equal(pcap_stats(all, &st), 0);
	assert_int_equal(st.ps_recv, 100);
	assert_int_equal(st.ps_drop + st.ps_ifdrop, 0);
	assert_int_equal(pcap_sendpacket(all, (const u_char *)&s, 60), PCAP_ERROR);
	assert_int_equal(errno, EOPNOTSUPP);
	for (i = 0; i < 1000; i++)
		bed_send(tx, i, 9);
	do {
		assert_true(pcap_dispatch(small, -1, note, (u_char *)&s[3]) >= 0);
		assert_int_equal(pcap_stats(small, &st), 0);
	} while (st.ps_recv + st.ps_drop < 1050);
	assert_int_equal(st.ps_recv, s[3].n);
	assert_int_equal(st.ps_recv + st.ps_drop, 1050);
	assert_true(st.ps_drop > 0);
	pcap_close(rx); /* its port leaves: the monitor's program is told, as of an interface that went */
	rx = bed_open("vale0:rx", 65535, 5000, 0);
	while (pcap_dispatch(in, -1, note, (u_char *)&s[1]) > 0)
		;
	assert_int_equal(pcap_dispatch(in, -1, note, (u_char *)&s[1]), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(in), "vale0:rx/rt: the port has gone"));
	pcap_close(all);
	pcap_close(in);
	pcap_close(out);
	pcap_close(small);
}

static void
a_pipe_carries_frames(void **state)
{
	pcap_t *a = bed_open("netmap:p{1", 65535, 5000, 0), *b = bed_open("netmap:p}1", 65535, 5000, 0);
	static struct seen s;
	uint32_t i;

	(void)state;
	memset(&s, 0, sizeof(s));
	for (i = 0; i < 200; i++)
		bed_send(a, i, 9);
	assert_int_equal(pcap_loop(b, 200, note, (u_char *)&s), 0);
	for (i = 0; i < 200; i++)
		assert_int_equal(s.number[i], i);
	pcap_close(a);
	pcap_close(b);
}

static int
mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd") != NULL;
	fclose(f);
	return n;
}

static int
descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
closing_leaves_nothing(void **state)
{
	int maps = mappings(), fds = descriptors(), i;
	char err[PCAP_ERRBUF_SIZE];

	(void)state;
	for (i = 0; i < 30; i++) {
		pcap_t *p = bed_open("vale0:passing", 100, 100, 64 * 2048);

		assert_true(pcap_get_selectable_fd(p) >= 0);
		pcap_close(p);
		assert_null(pcap_open_live("netmap:nosuch0", 100, 0, 0, err));
	}
	assert_int_equal(mappings(), maps);
	assert_int_equal(descriptors(), fds);
}

#define P(t) cmocka_unit_test_setup_teardown(t, both, neither)

int
main(void)
{
	const struct CMUnitTest tests[] = {P(frames_come_as_they_were_sent), P(the_snapshot_length_cuts), P(data_are_handed_over_where_they_lie),
	    P(a_held_frame_is_not_overwritten), P(dispatch_counts), P(filters_choose), T(the_timeout_ends_a_call),
	    P(the_timeout_ends_a_call_under_load), P(without_blocking_calls_return_at_once), P(a_callback_breaks_the_loop),
	    P(dispatch_tells_of_a_break_when_nothing_was_taken), P(another_thread_breaks_a_waiting_loop), P(a_signal_breaks_a_waiting_loop),
	    P(drops_are_counted), P(nanoseconds_if_asked_for), P(directions), P(what_can_not_be_sent), P(a_monitor_sees_both_directions), T(a_pipe_carries_frames),
	    P(closing_leaves_nothing)};

	return cmocka_run_group_tests(tests, bed_setup, own_engine_teardown);
}
