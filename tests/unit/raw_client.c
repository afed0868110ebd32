/* SPDX-License-Identifier: BSD-2-Clause */
#include "raw_client.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t
raw_engine_start(char path[64])
{
	return raw_engine_start_with(path, NULL);
}

pid_t
raw_engine_start_with(char path[64], const char *option)
{
	char exe[PATH_MAX + 32], fd[16], dir[] = "/tmp/netmap-test-XXXXXX", byte;
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX);
	char *end;
	pid_t pid;
	int p[2];

	if (n < 0 || pipe(p) || !mkdtemp(dir))
		return -1;
	exe[n] = 0;
	end = strstr(exe, "/test/");
	if (!end)
		return -1;
	strcpy(end, "/netmapd");
	snprintf(path, 64, "%s/sock", dir);
	pid = fork();
	if (!pid) {
		close(p[0]);
		snprintf(fd, sizeof(fd), "%d", p[1]);
		execl(exe, exe, "--foreground", "--log-level", "0", "--socket", path, "--ready-fd", fd, option, (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	n = read(p[0], &byte, 1);
	close(p[0]);
	return n == 1 ? pid : -1;
}

int
raw_engine_stop(pid_t pid, const char *path)
{
	char name[80];
	int status = -1;

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	snprintf(name, sizeof(name), "%s.srv", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s", path);
	*strrchr(name, '/') = 0;
	rmdir(name);
	return status;
}

/* Sends w, with descriptors. As send(2). */
static ssize_t
send_with(int fd, const struct nm_wire *w, uint32_t len, const int *fds, uint32_t nfds)
{
	union { char buf[CMSG_SPACE(NM_WIRE_MAX_UMEM * sizeof(int))]; struct cmsghdr align; } ctl = {{0}};
	struct iovec iov = {(void *)(uintptr_t)w, len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (nfds) {
		m.msg_control = ctl.buf;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, nfds * sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

/* Takes the answer into w; descriptors that come along go to fds. Length or -errno. */
static ssize_t
answer(int fd, struct nm_wire *w, int *fds, unsigned nfds)
{
	char control[CMSG_SPACE(2 * sizeof(int))];
	struct iovec iov = {w, NM_WIRE_MAX};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	int again = 0;
	ssize_t n;

	/* an engine that refuses us may have answered and closed already */
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == ECONNRESET && again++ == 0);
	if (n < (ssize_t)sizeof(*w))
		return n < 0 ? -errno : -ECONNRESET;
	c = CMSG_FIRSTHDR(&m);
	if (c && nfds)
		memcpy(fds, CMSG_DATA(c), nfds * sizeof(int));
	return w->error ? w->error : n;
}

/* Sends w and takes the answer into w; descriptors that come along go to fds. Length or -errno. */
static ssize_t
call(int fd, struct nm_wire *w, uint32_t op, uint32_t len, int *fds, unsigned nfds)
{
	w->magic = NM_WIRE_MAGIC;
	w->op = op;
	w->len = len;
	if (send_with(fd, w, len, NULL, 0) < 0 && errno != EPIPE && errno != ECONNRESET)
		return -errno;
	return answer(fd, w, fds, nfds);
}

int
raw_connect(struct raw_client *c, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	uint64_t buf[NM_WIRE_MAX / 8] = {0};
	struct nm_wire w;
	int fds[2];
	ssize_t n;

	memset(c, 0, sizeof(*c));
	c->mem = -1;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	c->ctl = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->ctl < 0 || connect(c->ctl, (void *)&a, sizeof(a)))
		return -errno;
	n = call(c->ctl, (void *)buf, NM_WIRE_HELLO, sizeof(struct nm_wire), fds, 2);
	if (n < 0)
		return (int)n;
	memcpy(&w, buf, sizeof(w));
	c->engine = w.arg;
	c->ready = fds[0];
	c->kick = fds[1];
	return 0;
}

static void
bind_rings(struct raw_client *c, const struct nm_wire_bind *b, char *sync)
{
	char *nifp = c->base + b->nifp_off;
	const ssize_t *ofs = ((struct netmap_if *)(void *)nifp)->ring_ofs;
	struct nm_sync_ring *cells = (void *)sync;

	c->sync = (void *)&cells[b->cell];
	if (b->ntx) {
		c->tx = (void *)(nifp + ofs[b->ring[0].index]);
		c->txs = &cells[b->ring[0].cell];
	}
	if (b->nrx) {
		c->rx = (void *)(nifp + ofs[b->nr_tx_total + b->ring[b->ntx].index]);
		c->rxs = &cells[b->ring[b->ntx].cell];
	}
}

int
raw_register(struct raw_client *c, const char *name, uint64_t flags)
{
	struct {
		struct nm_wire w;
		struct nmreq_header h;
		struct nmreq_register r;
		char rest[NM_WIRE_MAX];
	} m = {.h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER},
	    .r = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags}};
	const uint32_t len = sizeof(m) - sizeof(m.rest);
	uint64_t buf[NM_WIRE_MAX / 8] = {0};
	struct nm_wire_bind *b = (void *)m.rest;
	ssize_t n;

	snprintf(m.h.nr_name, sizeof(m.h.nr_name), "%s", name);
	n = call(c->ctl, &m.w, NM_WIRE_CTRL, len, NULL, 0);
	if (n < 0)
		return (int)n;
	n = call(c->ctl, (void *)buf, NM_WIRE_MAP, sizeof(struct nm_wire), &c->mem, 1);
	if (n < 0)
		return (int)n;
	c->size = b->sync_off + b->sync_len;
	c->base = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->mem, 0);
	if (c->base == MAP_FAILED)
		return -errno;
	bind_rings(c, b, c->base + b->sync_off);
	return 0;
}

/* Both files of the region, the sync area behind the memory. */
static int
map_both(struct raw_client *c, const struct nm_wire_bind *b)
{
	uint64_t buf[NM_WIRE_MAX / 8] = {0};
	struct nm_wire *w = (void *)buf;
	size_t at = (b->memsize + 4095) & ~(size_t)4095;
	int fds[2] = {-1, -1};
	ssize_t n;

	*w = (struct nm_wire){.magic = NM_WIRE_MAGIC, .op = NM_WIRE_MAP, .len = sizeof(*w)};
	if (send_with(c->ctl, w, sizeof(*w), NULL, 0) < 0)
		return -errno;
	n = answer(c->ctl, w, fds, 2);
	if (n < 0)
		return (int)n;
	c->mem = fds[0];
	c->size = at + b->sync_len;
	c->base = mmap(NULL, c->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->base == MAP_FAILED ||
	    mmap(c->base, b->memsize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fds[0], (off_t)b->mem_off) == MAP_FAILED ||
	    mmap(c->base + at, b->sync_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fds[1], (off_t)b->sync_off) == MAP_FAILED)
		return -errno;
	close(fds[1]);
	bind_rings(c, b, c->base + at);
	return 0;
}

int
raw_register_in(struct raw_client *c, const char *name, uint64_t addr, uint64_t size, const struct raw_memory *mem)
{
	union {
		struct {
			struct nm_wire w;
			struct nmreq_header h;
			struct nmreq_register r;
			struct nmreq_opt_extmem o;
		} at;
		char bytes[NM_WIRE_MAX];
	} m = {.at = {.w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_CTRL, .nopts = 1, .numem = mem->n},
	    .h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER},
	    .r = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 256, .nr_rx_slots = 256},
	    .o = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_EXTMEM}, .nro_usrptr = addr, .nro_info = {.nr_memsize = size}}}};
	uint32_t entries = mem->n < NM_WIRE_MAX_UMEM + 1 ? mem->n : NM_WIRE_MAX_UMEM + 1, len = sizeof(m.at) + entries * sizeof(mem->at[0]);
	struct nm_wire_bind *b = (void *)(m.bytes + sizeof(m.at));
	ssize_t n;

	snprintf(m.at.h.nr_name, sizeof(m.at.h.nr_name), "%s", name);
	memcpy(m.bytes + sizeof(m.at), mem->at, entries * sizeof(mem->at[0]));
	m.at.w.len = len;
	if (send_with(c->ctl, &m.at.w, len, mem->fd, mem->nfds) < 0 && errno != EPIPE && errno != ECONNRESET)
		return -errno;
	n = answer(c->ctl, &m.at.w, NULL, 0);
	if (n < 0)
		return (int)n;
	return m.at.w.op == NM_WIRE_UMEM ? -EAGAIN : map_both(c, b);
}

int
raw_request(struct raw_client *c, uint16_t type, const char *name, void *body, size_t size)
{
	struct {
		struct nm_wire w;
		struct nmreq_header h;
		char body[NM_WIRE_MAX];
	} m = {.h = {.nr_version = NETMAP_API, .nr_reqtype = type}};
	ssize_t n;

	snprintf(m.h.nr_name, sizeof(m.h.nr_name), "%s", name);
	memcpy(m.body, body, size);
	n = call(c->ctl, &m.w, NM_WIRE_CTRL, (uint32_t)(sizeof(m.w) + sizeof(m.h) + ((size + 7) & ~(size_t)7)), NULL, 0);
	if (n >= 0)
		memcpy(body, m.body, size);
	return n < 0 ? (int)n : 0;
}

void
raw_close(struct raw_client *c)
{
	struct stat st;

	/* by whole pages, whatever their size */
	if (c->base && !fstat(c->mem, &st))
		munmap(c->base, st.st_blksize > 4096 ? (size_t)(st.st_size) : c->size);
	if (c->mem >= 0)
		close(c->mem);
	close(c->ready);
	close(c->kick);
	close(c->ctl);
}

static char *
buffer(struct netmap_ring *r, uint32_t idx)
{
	return (char *)r + r->buf_ofs + (size_t)idx * r->nr_buf_size;
}

bool
raw_put(struct raw_client *c, const void *frame, uint16_t len)
{
	struct netmap_ring *r = c->tx;
	struct netmap_slot *s = &r->slot[r->head];

	r->tail = __atomic_load_n(&c->txs->ktoa.hwtail, __ATOMIC_ACQUIRE);
	if (r->head == r->tail)
		return false;
	memcpy(buffer(r, s->buf_idx), frame, len);
	s->len = len;
	s->flags = 0;
	r->head = r->cur = nm_ring_add(r->head, 1, r->num_slots);
	return true;
}

static void
kick(struct raw_client *c, uint32_t why)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&c->sync->need_kick, __ATOMIC_RELAXED) & why)
		(void)!write(c->kick, &(uint64_t){1}, sizeof(uint64_t));
}

void
raw_publish(struct raw_client *c)
{
	__atomic_store_n(&c->txs->atok.cur, c->tx->cur, __ATOMIC_RELAXED);
	__atomic_store_n(&c->txs->atok.head, c->tx->head, __ATOMIC_RELEASE);
	__atomic_fetch_add(&c->sync->sync_req, 1, __ATOMIC_SEQ_CST);
	kick(c, NM_KICK_TX);
}

int
raw_txsync(struct raw_client *c)
{
	struct timespec t = {.tv_sec = 10};
	uint32_t want, done;

	raw_publish(c);
	want = c->sync->sync_req;
	__atomic_store_n(&c->sync->sync_wait, 1, __ATOMIC_SEQ_CST);
	while ((done = __atomic_load_n(&c->sync->sync_done, __ATOMIC_SEQ_CST)) != want)
		if (syscall(SYS_futex, &c->sync->sync_done, FUTEX_WAIT, done, &t, NULL, 0) && errno == ETIMEDOUT)
			return -ETIMEDOUT;
	__atomic_store_n(&c->sync->sync_wait, 0, __ATOMIC_SEQ_CST);
	return 0;
}

const void *
raw_take(struct raw_client *c, uint16_t *len)
{
	struct netmap_ring *r = c->rx;
	struct netmap_slot *s = &r->slot[r->cur];

	r->tail = __atomic_load_n(&c->rxs->ktoa.hwtail, __ATOMIC_ACQUIRE);
	if (r->cur == r->tail)
		return NULL;
	r->cur = nm_ring_add(r->cur, 1, r->num_slots);
	*len = s->len;
	return buffer(r, s->buf_idx);
}

void
raw_release(struct raw_client *c)
{
	c->rx->head = c->rx->cur;
	__atomic_store_n(&c->rxs->atok.cur, c->rx->cur, __ATOMIC_RELAXED);
	__atomic_store_n(&c->rxs->atok.head, c->rx->head, __ATOMIC_RELEASE);
	kick(c, NM_KICK_RX);
}
