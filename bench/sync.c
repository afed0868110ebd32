/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c - what a sync costs where the client's own thread does the work: a + b * batch nanoseconds.
 *
 * sync core|kernel [--frame N] [--slots N] [--ms N] [--pipe] - one thread sends batches from a switch port (or pipe end) to
 * another and takes them out there, reading the first line of each frame. `kernel` does it by /dev/netmap, `core` calls the
 * same core inside this process. For each batch size the median of the runs is one point of the line, which is fitted by least
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

#define RUNS 15

/* One port, however it is reached. */
struct side {
	int fd;
	struct nm_session s;
	struct netmap_ring *tx, *rx;
};

static struct nm_root root;
static bool by_core;
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
nm_os_nic_create(struct nm_root *r, struct nm_session *s, const char *name, struct nm_port **out)
{
	(void)r;
	(void)out;
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

static void
sync_side(struct side *p, int dir)
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

/* Nanoseconds of a round with this batch: the median of runs of `ms` each. */
static double
measure(struct side *from, struct side *to, uint32_t batch, uint32_t frame, double ms)
{
	double run[RUNS], begin, now;
	uint32_t k, i, rounds = 20000 / batch + 1, n;

	for (k = 0; k < RUNS; k++) {
		begin = now = seconds();
		for (n = 0; now - begin < ms * 1e-3; now = seconds(), n += rounds)
			for (i = 0; i < rounds; i++)
				send_and_take(from, to, batch, frame);
		run[k] = (now - begin) * 1e9 / n;
	}
	qsort(run, RUNS, sizeof(run[0]), by_value);
	return run[RUNS / 2];
}

/* y = a + b * x with the least sum of ((y - a - b * x) / y)^2. */
static void
fit(const double *x, const double *y, int n, double *a, double *b)
{
	double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
	int i;

	for (i = 0; i < n; i++) {
		double w = 1 / (y[i] * y[i]);

		s += w, sx += w * x[i], sy += w * y[i], sxx += w * x[i] * x[i], sxy += w * x[i] * y[i];
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

int
main(int argc, char **argv)
{
	static const double batches[] = {1, 4, 16, 64, 128, 256, 480};
	enum { N = sizeof(batches) / sizeof(batches[0]) };
	uint32_t frame = 60, slots = 1024, ms = 20;
	double ns[N], a, b;
	struct side from, to;
	bool pipe = false;
	int i;

	if (argc < 2 || (strcmp(argv[1], "core") && strcmp(argv[1], "kernel"))) {
		fprintf(stderr, "usage: sync core|kernel [--frame N] [--slots N] [--ms N] [--pipe]\n");
		return 2;
	}
	by_core = !strcmp(argv[1], "core");
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--pipe"))
			pipe = true;
		else if (!strcmp(argv[i], "--frame"))
			frame = number("--frame", argv[i + 1], 60, 2048), i++;
		else if (!strcmp(argv[i], "--slots"))
			slots = number("--slots", argv[i + 1], 1024, 4096), i++;
		else if (!strcmp(argv[i], "--ms"))
			ms = number("--ms", argv[i + 1], 1, 1000), i++;
		else {
			fprintf(stderr, "sync: what is '%s'?\n", argv[i]);
			return 2;
		}
	}
	if (by_core) {
		if (nm_os_user_init() || nm_root_init(&root, &nm_root_defaults))
			die("core", ENOMEM);
		rcu_register_thread();
	}
	open_side(&from, pipe ? "sync{1" : "vale7:from", slots);
	open_side(&to, pipe ? "sync}1" : "vale7:to", slots);
	prepare(&from, &to, frame);
	for (i = 0; i < N; i++) {
		ns[i] = measure(&from, &to, (uint32_t)batches[i], frame, ms);
		printf("{\"bench\":\"sync\",\"what\":\"%s\",\"home\":\"%s\",\"frame\":%u,\"slots\":%u,\"batch\":%.0f,\"ns\":%.1f,\"mpps\":%.3f}\n",
		    pipe ? "pipe" : "vale", argv[1], frame, slots, batches[i], ns[i], batches[i] * 1e3 / ns[i]);
	}
	fit(batches, ns, N, &a, &b);
	printf("{\"bench\":\"sync\",\"what\":\"%s\",\"home\":\"%s\",\"frame\":%u,\"slots\":%u,\"a_ns\":%.1f,\"b_ns\":%.2f}\n", pipe ? "pipe" : "vale",
	    argv[1], frame, slots, a, b);
	return 0;
}
