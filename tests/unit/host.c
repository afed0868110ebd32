/* SPDX-License-Identifier: BSD-2-Clause */
/* A host for unit tests of the core: one thread, memory of the process, every call counted. */
#include "host.h"

#include <sys/uio.h>
#include <unistd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

unsigned host_notified, host_changed, host_synced;
uint64_t host_now = 1000000000000ull;
long host_allocs;
size_t host_quota = SIZE_MAX, host_regions;
void (*host_on_alloc)(size_t size);
void (*host_on_fill)(void), (*host_on_destroy)(void);
void (*host_on_notify)(struct nm_kring *kr);
long host_fail_after = -1;
bool host_lazy;
void (*host_on_umem)(void);
int host_umem_error, host_umems;
struct nm_os_kloop_plan host_kloop;
int host_kloops, host_kloop_error;
bool host_indirect = true;
uint16_t host_nic_rings[2] = {1, 1}, host_nic_host[2] = {1, 1};

unsigned host_nic_sent;
int host_nic_enabled;
int host_nic_error;
bool host_nic_stuck;
uint32_t host_nic_keeps, host_nic_dma_sizes;
enum nm_port_host host_nic_taken;
const char *host_nic_last;
const struct nm_hw_bufs *host_nic_bufs;
uint32_t host_nic_least;
struct nm_kring *host_later;
uint32_t host_cpus;
struct nm_os_polling_plan host_polling;
int host_polled;

void *
nm_os_alloc(size_t size)
{
	if (host_fail_after >= 0 && host_fail_after-- == 0)
		return NULL;
	host_allocs++;
	if (host_on_alloc)
		host_on_alloc(size);
	return calloc(1, size);
}

void
nm_os_free(void *p)
{
	host_allocs -= p != NULL;
	free(p);
}

void
nm_os_rcu_sync(void)
{
	host_synced++;
}

/* Ways to see a region, the last one first. */
struct view {
	struct view *next;
	char *base;
	size_t size;
};

static int
add_view(struct nm_os_region *r, size_t offset, size_t size)
{
	struct view *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->handle, (off_t)offset);
	assert_ptr_not_equal(v->base, MAP_FAILED);
	v->size = size;
	v->next = r->host;
	r->host = v;
	return 0;
}

char *
host_region(const struct nm_os_region *r)
{
	const struct view *v = r->host;

	while (v->next)
		v = v->next;
	return v->base;
}

int
nm_os_region_fill(struct nm_os_region *r, unsigned part, size_t bytes)
{
	if (bytes <= r->part[part].have)
		return 0;
	if (host_regions + bytes - r->part[part].have > host_quota)
		return -EDQUOT;
	if (host_on_fill)
		host_on_fill();
	return 0;
}

int
nm_os_region_more(struct nm_os_region *r, unsigned part, size_t bytes)
{
	struct nm_os_part *p = &r->part[part];
	size_t want = (bytes + 4095) & ~(size_t)4095;

	if (want <= p->have)
		return 0;
	if (want > p->size || (host_fail_after >= 0 && host_fail_after-- == 0))
		return -ENOMEM;
	if (host_regions + want - p->have > host_quota)
		return -EDQUOT;
	host_regions += want - p->have;
	add_view(r, p->offset, want);
	p->base = ((struct view *)r->host)->base;
	p->have = want;
	return 0;
}

/* The part is in memory of a client. */
static bool
in_umem(const struct nm_os_region *r, uint32_t part)
{
	return r->umem.size && part < NM_OS_PARTS - 1;
}

int
nm_os_region_create(struct nm_os_region *r, struct nm_root *root, uint32_t uid)
{
	size_t size = r->part[NM_OS_PARTS - 1].offset + r->part[NM_OS_PARTS - 1].size;
	uint32_t i;

	(void)root;
	(void)uid;
	if (!host_lazy && host_regions + size > host_quota)
		return -EDQUOT;
	r->handle = memfd_create("region", MFD_CLOEXEC);
	assert_true(r->handle >= 0 && !ftruncate(r->handle, (off_t)size));
	add_view(r, 0, size);
	for (i = 0; i < NM_OS_PARTS; i++) {
		if (host_lazy && !in_umem(r, i))
			continue;
		r->part[i].base = in_umem(r, i) ? r->umem.base + r->part[i].offset : host_region(r) + r->part[i].offset;
		r->part[i].have = r->part[i].size;
		host_regions += in_umem(r, i) ? 0 : r->part[i].size;
	}
	r->size = size;
	return 0;
}

void
nm_os_region_destroy(struct nm_os_region *r)
{
	struct view *v;
	uint32_t i;

	if (host_on_destroy)
		host_on_destroy();
	while ((v = r->host)) {
		r->host = v->next;
		munmap(v->base, v->size);
		free(v);
	}
	close(r->handle);
	for (i = 0; i < NM_OS_PARTS; i++)
		host_regions -= in_umem(r, i) ? 0 : r->part[i].have;
	if (r->umem.size)
		nm_os_umem_put(&r->umem);
}

/* Memory of the test itself, where it is; host_umem_error stands for what is refused. */
int
nm_os_umem_get(struct nm_session *s, uint64_t addr, size_t size, struct nm_umem *u)
{
	if (host_on_umem)
		host_on_umem();
	if (host_umem_error)
		return nm_session_error(s, host_umem_error, "the test's memory can't be had");
	*u = (struct nm_umem){.base = (char *)(uintptr_t)addr, .size = size};
	host_umems++;
	return 0;
}

void
nm_os_umem_put(struct nm_umem *u)
{
	assert_true(host_umems-- > 0);
	*u = (struct nm_umem){.size = 0};
}

bool
nm_os_umem_same(const struct nm_umem *a, const struct nm_umem *b)
{
	return a->base == b->base && a->size == b->size;
}

int
nm_os_kloop_start(struct nm_session *s, const struct nm_os_kloop_plan *plan)
{
	if (host_kloop_error)
		return nm_session_error(s, host_kloop_error, "the test has no loops");
	host_kloop = *plan;
	host_kloops++;
	return 0;
}

void
nm_os_kloop_stop(struct nm_session *s)
{
	assert_true(host_kloops-- > 0);
	nm_kloop_ended(s);
}

void
nm_os_notify(struct nm_kring *kr)
{
	host_notified++;
	if (host_on_notify)
		host_on_notify(kr);
}

uint64_t
nm_os_now(void)
{
	return host_now;
}

uint64_t
nm_os_now_exact(void)
{
	return host_now;
}

static void
copy(void *dst, const void *src, uint32_t len)
{
	memcpy(dst, src, len);
}

/* The wire of the test's interface: takes all that is there, unless host_nic_stuck. */
static int
nic_sync(struct nm_kring *kr)
{
	if (kr->dir == NM_DIR_RX)
		return 0;
	kr->blocked = host_nic_stuck && kr->hwcur != kr->rhead;
	while (kr->hwcur != kr->rhead && !host_nic_stuck) {
		struct netmap_slot *slot = &kr->slots[kr->hwcur];

		host_nic_last = kr->bufs + (size_t)slot->buf_idx * kr->stride;
		host_nic_sent++;
		kr->hwcur = nm_ring_add(kr->hwcur, 1, kr->nslots);
	}
	if (nm_ring_dist(nm_ring_add(kr->hwtail, 1, kr->nslots), kr->hwcur, kr->nslots) > host_nic_keeps)
		kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1 - host_nic_keeps, kr->nslots);
	return 0;
}

static int
nic_enable(struct nm_port *p, bool on)
{
	(void)p;
	if (on && host_nic_error)
		return host_nic_error;
	host_nic_enabled += on ? 1 : -1;
	return 0;
}

static int
nic_host(struct nm_port *p, enum nm_port_host h, struct nm_session *s)
{
	(void)p;
	(void)s;
	host_nic_taken = h;
	return 0;
}

void
nm_os_log(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

#define NIC_OPS \
	.kind = NM_PORT_KIND_NIC, .enable = nic_enable, .host = nic_host, .txsync = nic_sync, .rxsync = nic_sync, .host_txsync = nic_sync, \
	.host_rxsync = nic_sync

static const struct nm_port_ops nic_ops = {
	NIC_OPS,
};

static int
nic_admit(struct nm_port *p, struct nm_session *s)
{
	return nm_hw_admit(s, p, host_nic_bufs, host_nic_least);
}

static const struct nm_port_ops offsets_ops = {
	NIC_OPS,
	.offsets = true,
	.admit = nic_admit,
};

nm_os_copy_fn *nm_os_copy_long = copy;

/* Addresses of the test itself, whatever they are: the kernel says which can be read. */
int
nm_os_copy_indirect(struct nm_kring *kr, void *dst, uint64_t uaddr, uint32_t len)
{
	struct iovec to = {dst, len}, from = {(void *)(uintptr_t)uaddr, len};

	(void)kr;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int
nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, uint32_t buf_size, struct nm_port **out)
{
	struct nm_port *p;
	int dir;

	(void)buf_size;
	if (strcmp(name, "nic0"))
		return nm_session_error(s, ENXIO, "there is no interface %s", name);
	p = nm_port_alloc(root, name, host_nic_bufs ? &offsets_ops : &nic_ops, &s->cred);
	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	for (dir = 0; dir < 2; dir++) {
		p->nrings[dir] = host_nic_rings[dir];
		p->nhost[dir] = host_nic_host[dir];
		p->nslots[dir] = 64;
	}
	p->dma_sizes = host_nic_dma_sizes;
	*out = p;
	return 0;
}

static const struct nm_port_ops vif_ops = {
	.kind = NM_PORT_KIND_VALE_PERSISTENT,
	.enable = nic_enable,
	.txsync = nic_sync,
	.rxsync = nic_sync,
};

int
nm_os_vif_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape,
    struct nm_port **out)
{
	struct nm_port *p = nm_port_alloc(root, name, &vif_ops, &s->cred);
	int dir;

	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	for (dir = 0; dir < 2; dir++) {
		p->nrings[dir] = 1;
		p->nslots[dir] = shape->slots[dir] ? shape->slots[dir] : 64;
	}
	*out = p;
	return 0;
}

int
nm_os_polling_cpus(struct nm_session *s, struct nm_port *nic)
{
	return host_cpus ? (int)host_cpus : nm_session_error(s, EOPNOTSUPP, "%s: nobody polls here", nic->name);
}

int
nm_os_polling_start(struct nm_session *s, struct nm_port *nic, const struct nm_os_polling_plan *plan, struct nm_os_polling **out)
{
	if (plan->first_cpu + plan->ncpus > host_cpus)
		return nm_session_error(s, EINVAL, "%s: CPU %u is not there", nic->name, plan->first_cpu + plan->ncpus - 1);
	host_polling = *plan;
	host_polled++;
	*out = (struct nm_os_polling *)&host_polling;
	return 0;
}

void
nm_os_polling_stop(struct nm_os_polling *t)
{
	assert_ptr_equal(t, &host_polling);
	host_polled--;
}

void
nm_os_tx_later(struct nm_kring *kr)
{
	host_later = kr;
}

bool
nm_os_ifname_exists(struct nm_session *s, const char *name)
{
	(void)s;
	return !strcmp(name, "lo") || !strcmp(name, "nic0");
}

void
nm_os_port_changed(struct nm_port *port)
{
	(void)port;
	host_changed++;
}

void
host_open(struct nm_session *s, struct nm_root *root, uint32_t uid)
{
	struct nm_cred c = {.uid = uid, .gid = uid, .admin = uid == 0};

	nm_session_init(s, root, &c);
}

int
host_begin(struct nm_root *root, struct nm_session *const *sessions)
{
	host_allocs = 0;
	host_fail_after = -1;
	host_on_alloc = NULL;
	host_on_fill = host_on_destroy = NULL;
	host_on_notify = NULL;
	host_quota = SIZE_MAX;
	host_regions = 0;
	host_lazy = false;
	host_on_umem = NULL;
	host_umem_error = host_umems = 0;
	host_kloop_error = host_kloops = 0;
	if (nm_root_init(root, &nm_root_defaults))
		return -1;
	for (; sessions && *sessions; sessions++)
		host_open(*sessions, root, 1000);
	return 0;
}

int
host_end(struct nm_root *root, struct nm_session *const *sessions)
{
	uint32_t i;

	for (; sessions && *sessions; sessions++)
		nm_session_close(*sessions);
	assert_null(root->ports);
	assert_null(root->mems);
	for (i = 0; i < root->limits.max_switches; i++)
		assert_null(root->vales[i]);
	host_fini(root);
	return 0;
}

void
host_fini(struct nm_root *root)
{
	nm_root_fini(root);
	assert_null(root->ports);
	assert_null(root->mems);
	assert_int_equal(host_allocs, 0);
	assert_int_equal(host_regions, 0);
	assert_int_equal(host_umems, 0);
}

int
host_request(struct nm_session *s, uint16_t type, const char *name, void *body)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type};
	struct nm_ctl_msg m = {.hdr = &h, .body = body};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return nm_ctl_request(s, &m);
}

int
host_register(struct nm_session *s, const char *name, struct nmreq_register *reg)
{
	return host_request(s, NETMAP_REQ_REGISTER, name, reg);
}

/* With the option `type` if it has a body, `o`. */
static int
register_with(struct nm_session *s, const char *name, struct nmreq_register *reg, uint32_t type, struct nmreq_option *o)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER};
	struct nm_ctl_opt opt = {.hdr = {.nro_reqtype = type, .nro_status = 99}, .body = o};
	struct nm_ctl_msg m = {.hdr = &h, .body = reg, .opts = &opt, .nopts = o ? 1 : 0};
	int error;

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	error = nm_ctl_request(s, &m);
	if (o)
		o->nro_status = opt.hdr.nro_status;
	return error;
}

int
host_register_at(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nmreq_opt_offsets *o)
{
	return register_with(s, name, reg, NETMAP_REQ_OPT_OFFSETS, o ? &o->nro_opt : NULL);
}

int
host_open_port(struct nm_session *s, const char *name, uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots};

	return host_register(s, name, &reg);
}

int
host_begin_ports(struct nm_root *root, struct nm_session *const *sessions, const char *const *names, uint32_t slots)
{
	int error = host_begin(root, sessions);
	uint32_t i;

	for (i = 0; !error && sessions[i] && names[i]; i++)
		error = host_open_port(sessions[i], names[i], slots);
	return error;
}

int
host_register_in(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nmreq_opt_extmem *o)
{
	return register_with(s, name, reg, NETMAP_REQ_OPT_EXTMEM, &o->nro_opt);
}

void
host_put(struct nm_session *s, const void *frame, uint16_t len, uint16_t flags)
{
	struct nm_kring *kr = nm_session_kring(s, NM_DIR_TX, s->first[NM_DIR_TX]);
	uint32_t head = kr->atok->head;
	struct netmap_slot *slot = &kr->slots[head];

	memcpy(kr->bufs + (size_t)slot->buf_idx * kr->stride, frame, len);
	slot->len = len;
	slot->flags = flags;
	head = nm_ring_add(head, 1, kr->nslots);
	kr->atok->head = kr->atok->cur = head;
}

int
host_txsync(struct nm_session *s)
{
	struct nm_kring *kr = nm_session_kring(s, NM_DIR_TX, s->first[NM_DIR_TX]);
	int error;

	do
		error = nm_kring_sync(kr);
	while (!error && kr->hwcur != kr->rhead && kr->peer == NULL && !kr->blocked);
	return error;
}

int
host_take(struct nm_session *s, void *frame, uint16_t *flags)
{
	struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, s->first[NM_DIR_RX]);
	uint32_t head = kr->atok->head;
	struct netmap_slot *slot = &kr->slots[head];

	if (head == kr->ktoa->hwtail)
		return -1;
	memcpy(frame, kr->bufs + (size_t)slot->buf_idx * kr->stride, slot->len);
	if (flags)
		*flags = slot->flags;
	head = nm_ring_add(head, 1, kr->nslots);
	kr->atok->head = kr->atok->cur = head;
	return slot->len;
}

uint64_t
host_stat(struct nm_session *s, int dir, int stat)
{
	return nm_session_kring(s, dir, s->first[dir])->stat[stat];
}

void
host_frame(uint8_t f[64], const char *dst, const char *src)
{
	unsigned i;

	memset(f, 0, 64);
	for (i = 0; i < 6; i++) {
		f[i] = (uint8_t)dst[i];
		f[6 + i] = (uint8_t)src[i];
	}
	for (i = 12; i < 64; i++)
		f[i] = (uint8_t)i;
}

static struct {
	pthread_t thread;
	void (*f)(void *arg, uint32_t round);
	void *arg;
	uint32_t stop, rounds;
} race;

static void *
race_main(void *p)
{
	(void)p;
	while (!NM_LOAD_ACQUIRE(&race.stop)) {
		race.f(race.arg, race.rounds);
		NM_STORE_RELEASE(&race.rounds, race.rounds + 1);
	}
	return NULL;
}

void
host_race_start(void (*f)(void *arg, uint32_t round), void *arg)
{
	race.f = f;
	race.arg = arg;
	race.stop = race.rounds = 0;
	assert_int_equal(pthread_create(&race.thread, NULL, race_main, NULL), 0);
	while (!NM_LOAD_ACQUIRE(&race.rounds))
		sched_yield();
}

void
host_race_stop(void)
{
	NM_STORE_RELEASE(&race.stop, 1);
	pthread_join(race.thread, NULL);
}

void
host_yield(void)
{
	sched_yield();
}

static void (*interrupt)(void);

static void
interrupted(int sig)
{
	(void)sig;
	interrupt();
}

void
host_interrupts_start(void (*f)(void))
{
	const struct itimerval often = {{0, 20}, {0, 20}};

	interrupt = f;
	signal(SIGALRM, interrupted);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
}

void
host_interrupts_stop(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};

	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	signal(SIGALRM, SIG_IGN);
}
