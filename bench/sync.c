/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c - what a sync costs where the client's own thread does the work: a + b * batch nanoseconds.
 *
 * sync core|kernel [--frame N] [--slots N] [--ms N] [--runs N] [--pipe] - one thread sends batches from a switch port (or pipe end) to
 * another and takes them out there, reading the first line of each frame. `kernel` does it by /dev/netmap, `core` calls the
 * same core inside this process. Only the two calls of a round are timed, by the CPU's time stamp, since a clock that is a system
 * call would weigh as much as they do. For each batch size the median of the runs is one point of the line, which is fitted by least
 * squares of the relative error, so that small batches tell a and large ones b. Prints an object a line and one for the line.
 */
#include "nm_ctl.h"
#include "nm_os_user.h"
#include "nm_root.h"

#include <errno.h>
#include <fcntl.h>
#include <net/netmap_user.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 1000

static const uint32_t batches[] = {1, 16, 64, 128, 192, 256, 320, 384, 448, 500};
enum { BATCHES = sizeof(batches) / sizeof(batches[0]) };

struct shape {
	uint32_t frame, slots, ms, runs;
	bool pipe;
};

/* One port, however it is reached. */
struct side {
	int fd;
	struct nm_session s;
	struct netmap_ring *tx, *rx;
};

static struct nm_root root;
static bool by_core;
static uint64_t in_calls; /* ticks */
static volatile uint32_t seen; /* what was read of the frames */

/* What the core asks of a host; one thread has nobody to wake. */
void
nm_os_notify(struct nm_kring *kr)
{
	(void)kr;
}

void
nm_os_port_changed(struct nm_port *port)
{
	(void)port;
}

void
nm_os_tx_later(struct nm_kring *kr)
{
	(void)kr;
}

int
nm_os_nic_create(struct nm_root *r, struct nm_session *s, const char *name, uint32_t buf_size, struct nm_port **out)
{
	(void)r;
	(void)out;
	(void)buf_size;
	return nm_session_error(s, ENXIO, "there is no interface %s here", name);
}

int
nm_os_vif_create(struct nm_root *r, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape, struct nm_port **out)
{
	(void)r;
	(void)shape;
	(void)out;
	return nm_session_error(s, EOPNOTSUPP, "there are no persistent ports here: %s", name);
}

int
nm_os_kloop_start(struct nm_session *s, const struct nm_os_kloop_plan *plan)
{
	(void)plan;
	return nm_session_error(s, EOPNOTSUPP, "there are no loops here");
}

void
nm_os_kloop_stop(struct nm_session *s)
{
	(void)s;
}

static void
die(const char *what, int error)
{
	fprintf(stderr, "sync: %s: %s\n", what, strerror(error));
	exit(1);
}

static void
open_kernel(struct side *p, struct nmreq_header *h, struct nmreq_register *reg)
{
	char *base;
	struct netmap_if *nifp;

	p->fd = open("/dev/netmap", O_RDWR);
	if (p->fd < 0)
		die("/dev/netmap", errno);
	if (ioctl(p->fd, NIOCCTRL, h))
		die(h->nr_name, errno);
	base = mmap(NULL, reg->nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (base == MAP_FAILED)
		die("mmap", errno);
	nifp = NETMAP_IF(base, reg->nr_offset);
	p->tx = NETMAP_TXRING(nifp, 0);
	p->rx = NETMAP_RXRING(nifp, 0);
}

static void
open_core(struct side *p, struct nmreq_header *h, struct nmreq_register *reg)
{
	struct nm_ctl_msg m = {.hdr = h, .body = reg};
	struct nm_cred c = {.admin = true};

	nm_session_init(&p->s, &root, &c);
	if (nm_ctl_request(&p->s, &m)) {
		fprintf(stderr, "sync: %s\n", p->s.errtext);
		exit(1);
	}
	p->tx = nm_session_kring(&p->s, NM_DIR_TX, 0)->ring;
	p->rx = nm_session_kring(&p->s, NM_DIR_RX, 0)->ring;
}

static void
open_side(struct side *p, const char *name, uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&reg};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	if (by_core)
		open_core(p, &h, &reg);
	else
		open_kernel(p, &h, &reg);
}

static uint64_t
ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

static void
sync_call(struct side *p, int dir)
{
	struct nm_kring *kr;

	if (!by_core) {
		if (ioctl(p->fd, dir == NM_DIR_TX ? NIOCTXSYNC : NIOCRXSYNC, NULL))
			die("sync", errno);
		return;
	}
	kr = nm_session_kring(&p->s, dir, 0);
	if (nm_kring_enter(kr))
		die("enter", EINVAL);
	while (nm_kring_step(kr) == 1)
		;
	nm_kring_leave(kr);
	nm_os_user_quiescent();
}

static void
sync_side(struct side *p, int dir)
{
	uint64_t begin = ticks();

	sync_call(p, dir);
	in_calls += ticks() - begin;
}

static void
prepare(struct side *from, struct side *to, uint32_t frame)
{
	static const uint8_t addresses[2][12] = {{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}};
	uint32_t i;

	for (i = 0; i < from->tx->num_slots; i++) {
		char *b = NETMAP_BUF(from->tx, from->tx->slot[i].buf_idx);

		memset(b, (int)i, frame);
		memcpy(b, addresses[0], 12);
		from->tx->slot[i].len = (uint16_t)frame;
	}
	/* the switch is told where the receiver is */
	memcpy(NETMAP_BUF(to->tx, to->tx->slot[0].buf_idx), addresses[1], 12);
	to->tx->slot[0].len = 60;
	to->tx->head = to->tx->cur = 1;
	sync_side(to, NM_DIR_TX);
	sync_side(from, NM_DIR_RX);
	from->rx->head = from->rx->cur = from->rx->tail;
}

static void
send_and_take(struct side *from, struct side *to, uint32_t batch, uint32_t frame)
{
	struct netmap_ring *t = from->tx, *r = to->rx;
	uint32_t n = t->num_slots, h = t->head, i, sum = 0;

	for (i = 0; i < batch; i++) {
		t->slot[h].len = (uint16_t)frame;
		h = h + 1 == n ? 0 : h + 1;
	}
	t->head = t->cur = h;
	sync_side(from, NM_DIR_TX);
	sync_side(to, NM_DIR_RX);
	for (h = r->head; h != r->tail; h = h + 1 == r->num_slots ? 0 : h + 1, i--)
		sum += *(const uint32_t *)(const void *)NETMAP_BUF(r, r->slot[h].buf_idx);
	if (i) {
		fprintf(stderr, "sync: %u frames of a batch of %u did not arrive\n", i, batch);
		exit(1);
	}
	r->head = r->cur = h;
	seen += sum;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int
by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

/* Nanoseconds of a round's calls with this batch, over `ms`. */
static double
measure(struct side *from, struct side *to, uint32_t batch, uint32_t frame, double ms)
{
	double begin = seconds(), now = begin;
	uint32_t i, rounds = 2000 / batch + 1, n;
	uint64_t first = ticks(), all;

	in_calls = 0;
	for (n = 0; now - begin < ms * 1e-3; now = seconds(), n += rounds)
		for (i = 0; i < rounds; i++)
			send_and_take(from, to, batch, frame);
	all = ticks() - first;
	return (double)in_calls / (double)all * (now - begin) * 1e9 / n;
}

/* ns[] of each batch: medians of runs that are taken in turn, so that what drifts does so for all. */
static void
measure_all(struct side *from, struct side *to, const struct shape *s, double *ns)
{
	static double run[BATCHES][MAX_RUNS];
	uint32_t i, k;

	for (k = 0; k < s->runs; k++)
		for (i = 0; i < BATCHES; i++)
			run[i][k] = measure(from, to, batches[i], s->frame, s->ms);
	for (i = 0; i < BATCHES; i++) {
		qsort(run[i], s->runs, sizeof(double), by_value);
		ns[i] = run[i][s->runs / 2];
	}
}

/* y = a + b * x with the least sum of ((y - a - b * x) / y)^2. */
static void
fit(const uint32_t *x, const double *y, int n, double *a, double *b)
{
	double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
	int i;

	for (i = 0; i < n; i++) {
		double w = 1 / (y[i] * y[i]), v = x[i];

		s += w, sx += w * v, sy += w * y[i], sxx += w * v * v, sxy += w * v * y[i];
	}
	*b = (s * sxy - sx * sy) / (s * sxx - sx * sx);
	*a = (sy - *b * sx) / s;
}

static uint32_t
number(const char *option, const char *text, uint32_t least, uint32_t most)
{
	char *end;
	unsigned long v = text ? strtoul(text, &end, 10) : 0;

	if (!text || *end || v < least || v > most) {
		fprintf(stderr, "sync: %s %s: a number from %u to %u is expected\n", option, text ? text : "", least, most);
		exit(2);
	}
	return (uint32_t)v;
}

static void
take_options(int argc, char **argv, struct shape *s)
{
	int i;

	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--pipe"))
			s->pipe = true;
		else if (!strcmp(argv[i], "--frame"))
			s->frame = number("--frame", argv[i + 1], 60, 2048), i++;
		else if (!strcmp(argv[i], "--slots"))
			s->slots = number("--slots", argv[i + 1], 1024, 4096), i++;
		else if (!strcmp(argv[i], "--ms"))
			s->ms = number("--ms", argv[i + 1], 1, 1000), i++;
		else if (!strcmp(argv[i], "--runs"))
			s->runs = number("--runs", argv[i + 1], 1, MAX_RUNS), i++;
		else {
			fprintf(stderr, "sync: what is '%s'?\n", argv[i]);
			exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	struct shape s = {60, 1024, 5, 41, false};
	double ns[BATCHES], a, b;
	struct side from, to;
	char which[160];
	uint32_t i;

	if (argc < 2 || (strcmp(argv[1], "core") && strcmp(argv[1], "kernel"))) {
		fprintf(stderr, "usage: sync core|kernel [--frame N] [--slots N] [--ms N] [--runs N] [--pipe]\n");
		return 2;
	}
	by_core = !strcmp(argv[1], "core");
	take_options(argc, argv, &s);
	if (by_core) {
		if (nm_os_user_init() || nm_root_init(&root, &nm_root_defaults))
			die("core", ENOMEM);
		rcu_register_thread();
	}
	open_side(&from, s.pipe ? "sync{1" : "vale7:from", s.slots);
	open_side(&to, s.pipe ? "sync}1" : "vale7:to", s.slots);
	prepare(&from, &to, s.frame);
	measure_all(&from, &to, &s, ns);
	snprintf(which, sizeof(which), "\"bench\":\"sync\",\"what\":\"%s\",\"home\":\"%s\",\"frame\":%u,\"slots\":%u", s.pipe ? "pipe" : "vale",
	    argv[1], s.frame, s.slots);
	for (i = 0; i < BATCHES; i++)
		printf("{%s,\"batch\":%u,\"ns\":%.1f,\"mpps\":%.3f}\n", which, batches[i], ns[i], batches[i] * 1e3 / ns[i]);
	fit(batches, ns, BATCHES, &a, &b);
	printf("{%s,\"a_ns\":%.1f,\"b_ns\":%.2f}\n", which, a, b);
	return 0;
}
