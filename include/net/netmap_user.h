/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/netmap_user.h - addresses of rings and buffers; with NETMAP_WITH_LIBS also the small library of static functions
 * that needs nothing to link with on a kernel (and -lnetmap for the userspace engine):
 *
 *	nm_open("netmap:eth0", NULL, 0, NULL)  a port by name: netmap:NAME or valeX:PORT, then one of
 *	                                       -N ring N, * NIC and host, ^ host, {N }N pipe ends, and
 *	                                       /xzrtRT exclusive, zero-copy monitor, monitor rx, tx, only rx, tx rings
 *	nm_inject, nm_dispatch, nm_nextpkt     frames out and in, without a system call
 *	nm_close
 *
 * New programs use libnetmap.h.
 */
#ifndef _NET_NETMAP_USER_H_
#define _NET_NETMAP_USER_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <net/if.h>
#include <net/netmap.h>

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#define NETMAP_DEVICE_NAME "/dev/netmap"

#define _NETMAP_OFFSET(type, ptr, offset) ((type)(void *)((char *)(ptr) + (offset)))

#define NETMAP_IF(base, ofs) _NETMAP_OFFSET(struct netmap_if *, base, ofs)
#define NETMAP_TXRING(nifp, index) _NETMAP_OFFSET(struct netmap_ring *, nifp, (nifp)->ring_ofs[index])
#define NETMAP_RXRING(nifp, index) _NETMAP_OFFSET(struct netmap_ring *, nifp, \
	(nifp)->ring_ofs[(index) + (nifp)->ni_tx_rings + (nifp)->ni_host_tx_rings])
#define NETMAP_BUF(ring, index) ((char *)(ring) + (ring)->buf_ofs + ((size_t)(index) * (ring)->nr_buf_size))
#define NETMAP_BUF_IDX(ring, buf) ((uint32_t)(((char *)(buf) - ((char *)(ring) + (ring)->buf_ofs)) / (ring)->nr_buf_size))

/* A ring that the descriptor has not bound has offset 0: its pointer is nifp itself. Host rings follow those of the NIC. */
#define NETMAP_RING_BOUND(nifp, ring) ((const void *)(ring) != (const void *)(nifp))

/* With the option OFFSETS: where in its buffer a slot's frame begins. */
#define NETMAP_ROFFSET(ring, slot) ((slot)->ptr & (ring)->offset_mask)
#define NETMAP_WOFFSET(ring, slot, offset) do { \
	(slot)->ptr = ((slot)->ptr & ~(ring)->offset_mask) | ((offset) & (ring)->offset_mask); \
} while (0)
#define NETMAP_BUF_OFFSET(ring, slot) (NETMAP_BUF(ring, (slot)->buf_idx) + NETMAP_ROFFSET(ring, slot))

static inline uint32_t
nm_ring_next(struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

/* True while sent frames are not all gone. */
static inline int
nm_tx_pending(struct netmap_ring *r)
{
	return nm_ring_next(r, r->tail) != r->head;
}

static inline int
nm_ring_empty(struct netmap_ring *ring)
{
	return ring->head == ring->tail;
}

/* Copies a frame of len bytes. */
static inline void
nm_pkt_copy(const void *src, void *dst, int len)
{
	memcpy(dst, src, (size_t)len);
}

#ifdef NETMAP_WITH_LIBS

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

/* One line on stderr: time, function, line, text. */
static __attribute__((unused, format(printf, 3, 4))) void
nm_log_(const char *where, int line, const char *fmt, ...)
{
	char text[512];
	struct timeval now;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	gettimeofday(&now, NULL);
	fprintf(stderr, "%03d.%06d %s [%d] %s\n", (int)(now.tv_sec % 1000), (int)now.tv_usec, where, line, text);
}

#ifndef ND
#define ND(...) do { } while (0) /* a D that is switched off */
#define D(...) nm_log_(__func__, __LINE__, __VA_ARGS__)
/* At most lps lines a second. */
#define RD(lps, ...) do { \
	static int nm_t0_, nm_cnt_; \
	struct timeval nm_now_; \
	gettimeofday(&nm_now_, NULL); \
	if (nm_now_.tv_sec != nm_t0_) { \
		nm_t0_ = (int)nm_now_.tv_sec; \
		nm_cnt_ = 0; \
	} \
	if (nm_cnt_++ < (lps)) \
		D(__VA_ARGS__); \
} while (0)
#endif

struct nm_desc;

/* A received frame; begins as pcap's header does. */
struct nm_pkthdr {
	struct timeval ts; /* of the sync that brought it */
	uint32_t caplen;  /* bytes at the callback's pointer */
	uint32_t len;     /* of the frame */
	uint64_t flags;   /* NM_MORE_PKTS */
	struct nm_desc *d;
	struct netmap_slot *slot; /* its first */
	uint8_t *buf;
};

#define NM_MORE_PKTS 1 /* another callback follows at once */

/* As pcap's. Only ps_recv counts: frames that nm_dispatch and nm_nextpkt gave. */
struct nm_stat {
	unsigned int ps_recv, ps_drop, ps_ifdrop;
};

#define NM_ERRBUF_SIZE 512

struct nm_desc {
	struct nm_desc *self;                /* &itself when valid */
	int fd;
	void *mem;
	size_t memsize;
	int done_mmap;                       /* the mapping is ours to undo */
	struct netmap_if *nifp;
	uint16_t first_tx_ring, last_tx_ring, cur_tx_ring; /* both ends included; cur is where the next call begins */
	uint16_t first_rx_ring, last_rx_ring, cur_rx_ring;
	struct nmreq req;                    /* as granted */
	struct nm_pkthdr hdr;                /* of nm_dispatch */
	struct netmap_ring *some_ring;       /* any bound ring: NETMAP_BUF works with each */
	void *buf_start, *buf_end;
	int snaplen, promisc, to_ms;         /* from here to if_curcap for libpcap */
	char *errbuf;
	uint32_t if_flags, if_reqcap, if_curcap;
	struct nm_stat st;
	char msg[NM_ERRBUF_SIZE];
};

#define P2NMD(p) ((struct nm_desc *)(void *)(p))
#define IS_NETMAP_DESC(d) ((d) && P2NMD(d)->self == P2NMD(d))
#define NETMAP_FD(d) (P2NMD(d)->fd)

/* Flags of nm_open beside NETMAP_NO_TX_POLL and NETMAP_DO_RX_POLL. "Parent" is the req of `arg`. */
enum {
	NM_OPEN_NO_MMAP = 0x040000,  /* no mapping of its own; with a parent of the same region its mapping is used */
	NM_OPEN_IFNAME = 0x080000,   /* nr_name, nr_ringid and nr_flags are the parent's, ifname is not read */
	NM_OPEN_ARG1 = 0x100000,     /* nr_arg1 is the parent's */
	NM_OPEN_ARG2 = 0x200000,     /* nr_arg2 is the parent's: its region */
	NM_OPEN_ARG3 = 0x400000,     /* nr_arg3 is the parent's: extra buffers */
	NM_OPEN_RING_CFG = 0x800000, /* numbers of rings and slots are the parent's */
};

typedef void (*nm_cb_t)(u_char *, const struct nm_pkthdr *, const u_char *);

/* Unmaps, closes, frees. 0, or EINVAL for what is no descriptor. */
static __attribute__((unused)) int
nm_close(struct nm_desc *d)
{
	if (!d || d->self != d)
		return EINVAL;
	if (d->done_mmap && d->mem)
		munmap(d->mem, d->memsize);
	if (d->fd != -1)
		close(d->fd);
	memset((void *)d, 0, sizeof(*d));
	free((void *)d);
	return 0;
}

/* The times that nm_dispatch and nm_nextpkt hand out have to be asked for. */
static __attribute__((unused)) void
nm_ask_time_(struct nm_desc *d)
{
	uint32_t i;

	for (i = d->first_rx_ring; i <= d->last_rx_ring; i++) {
		struct netmap_ring *r = NETMAP_RXRING(d->nifp, i);

		if (NETMAP_RING_BOUND(d->nifp, r))
			r->flags |= NR_TIMESTAMP;
	}
}

/* Maps the region, or takes the parent's mapping when that is of the same region. 0, or EINVAL: then nothing is mapped. */
static __attribute__((unused)) int
nm_mmap(struct nm_desc *d, const struct nm_desc *parent)
{
	if (d->done_mmap)
		return 0;
	if (IS_NETMAP_DESC(parent) && parent->mem && parent->req.nr_arg2 == d->req.nr_arg2) {
		d->memsize = parent->memsize;
		d->mem = parent->mem;
	} else {
		d->memsize = d->req.nr_memsize;
		d->mem = mmap(NULL, d->memsize, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
		if (d->mem == MAP_FAILED) {
			d->mem = NULL;
			return EINVAL;
		}
		d->done_mmap = 1;
	}
	d->nifp = NETMAP_IF(d->mem, d->req.nr_offset);
	d->some_ring = d->first_rx_ring <= d->last_rx_ring && d->nifp->ring_ofs[d->nifp->ni_tx_rings +
	    d->nifp->ni_host_tx_rings + d->first_rx_ring] ? NETMAP_RXRING(d->nifp, d->first_rx_ring) :
	    NETMAP_TXRING(d->nifp, d->first_tx_ring);
	d->buf_start = NETMAP_BUF(d->some_ring, 0);
	d->buf_end = (char *)d->mem + d->memsize;
	nm_ask_time_(d);
	return 0;
}

/* The part of a port name that says which rings; 0, or the text of what is wrong. */
static __attribute__((unused)) const char *
nm_open_suffix_(const char *s, struct nmreq *r, uint32_t *monitor)
{
	uint32_t mode = NR_REG_ALL_NIC;
	unsigned long n = 0;
	char *end = NULL;

	switch (*s) {
	case '-':
	case '{':
	case '}':
		mode = *s == '-' ? NR_REG_ONE_NIC : *s == '{' ? NR_REG_PIPE_MASTER : NR_REG_PIPE_SLAVE;
		n = strtoul(s + 1, &end, 10);
		if (end == s + 1 || n > NETMAP_RING_MASK - 1)
			return "a number below 4095 is expected after '-', '{' or '}'";
		s = end;
		break;
	case '*':
		mode = NR_REG_NIC_SW;
		s++;
		break;
	case '^':
		mode = NR_REG_SW;
		s++;
		break;
	}
	if (*s == '/')
		for (s++; *s && *s != '@'; s++)
			switch (*s) {
			case 'x': *monitor |= NR_EXCLUSIVE; break;
			case 'z': *monitor |= NR_ZCOPY_MON; break;
			case 't': *monitor |= NR_MONITOR_TX; break;
			case 'r': *monitor |= NR_MONITOR_RX; break;
			case 'R': *monitor |= NR_RX_RINGS_ONLY; break;
			case 'T': *monitor |= NR_TX_RINGS_ONLY; break;
			default: return "flags after '/' are x z t r R T";
			}
	if (*s == '@') {
		unsigned long id = strtoul(s + 1, &end, 10);

		if (end == s + 1 || !id || id > 65535)
			return "a memory id from 1 to 65535 is expected after '@'";
		r->nr_arg2 = (uint16_t)id;
		s = end;
	}
	if (*s)
		return "the name goes on with a character that has no meaning";
	r->nr_flags = (r->nr_flags & ~(uint32_t)NR_REG_MASK) | mode;
	r->nr_ringid = (uint16_t)((r->nr_ringid & ~NETMAP_RING_MASK) | n);
	return NULL;
}

/* Which rings the registration bound. */
static __attribute__((unused)) void
nm_open_rings_(struct nm_desc *d)
{
	uint32_t mode = d->req.nr_flags & NR_REG_MASK;
	uint16_t ring = d->req.nr_ringid & NETMAP_RING_MASK, tx = d->req.nr_tx_rings, rx = d->req.nr_rx_rings;

	d->last_tx_ring = (uint16_t)(tx ? tx - 1 : 0);
	d->last_rx_ring = (uint16_t)(rx ? rx - 1 : 0);
	if (mode == NR_REG_SW) {
		d->first_tx_ring = d->last_tx_ring = tx;
		d->first_rx_ring = d->last_rx_ring = rx;
	} else if (mode == NR_REG_NIC_SW) {
		d->last_tx_ring = tx;
		d->last_rx_ring = rx;
	} else if (mode == NR_REG_ONE_NIC) {
		d->first_tx_ring = d->last_tx_ring = ring < tx ? ring : 0;
		d->first_rx_ring = d->last_rx_ring = ring < rx ? ring : 0;
	}
	d->cur_tx_ring = d->first_tx_ring;
	d->cur_rx_ring = d->first_rx_ring;
}

/* Name and flags into d->req; 0 or the text of what is wrong. */
static __attribute__((unused)) const char *
nm_open_parse_(struct nm_desc *d, const char *ifname)
{
	const char *name = ifname, *end;
	uint32_t flags = 0;
	const char *wrong;
	size_t len;

	if (!strncmp(ifname, "netmap:", 7))
		name += 7;
	end = name + strcspn(name, "-*^{}/@");
	len = (size_t)(end - name);
	if (!len || len >= sizeof(d->req.nr_name))
		return "the port's name must have 1 to 15 characters";
	memset(d->req.nr_name, 0, sizeof(d->req.nr_name));
	memcpy(d->req.nr_name, name, len);
	wrong = nm_open_suffix_(end, &d->req, &flags);
	d->req.nr_flags |= flags;
	return wrong;
}

static __attribute__((unused)) void
nm_open_inherit_(struct nmreq *req, const struct nmreq *parent, uint64_t new_flags)
{
	if (new_flags & NM_OPEN_IFNAME) {
		memcpy(req->nr_name, parent->nr_name, sizeof(req->nr_name));
		req->nr_ringid = parent->nr_ringid;
		req->nr_flags = parent->nr_flags;
	}
	if (new_flags & NM_OPEN_ARG1)
		req->nr_arg1 = parent->nr_arg1;
	if (new_flags & NM_OPEN_ARG2)
		req->nr_arg2 = parent->nr_arg2;
	if (new_flags & NM_OPEN_ARG3)
		req->nr_arg3 = parent->nr_arg3;
	if (new_flags & NM_OPEN_RING_CFG) {
		req->nr_tx_slots = parent->nr_tx_slots;
		req->nr_rx_slots = parent->nr_rx_slots;
		req->nr_tx_rings = parent->nr_tx_rings;
		req->nr_rx_rings = parent->nr_rx_rings;
	}
}

/*
 * Opens a port. `req`, or NULL, gives what the name does not say; `arg`, or NULL, is the parent. NULL: errno, which is 0
 * when the name is of another subsystem.
 */
static __attribute__((unused)) struct nm_desc *
nm_open(const char *ifname, const struct nmreq *req, uint64_t new_flags, const struct nm_desc *arg)
{
	const struct nm_desc *parent = IS_NETMAP_DESC(arg) ? arg : NULL;
	const char *wrong = NULL;
	struct nm_desc *d;
	int error;

	if (strncmp(ifname, "netmap:", 7) && strncmp(ifname, NM_BDG_NAME, 4)) {
		errno = 0; /* not ours */
		return NULL;
	}
	d = (struct nm_desc *)calloc(1, sizeof(*d));
	if (!d) {
		errno = ENOMEM;
		return NULL;
	}
	d->self = d;
	d->fd = -1;
	if (req)
		d->req = *req;
	d->req.nr_version = NETMAP_API;
	if (!(new_flags & NM_OPEN_IFNAME))
		wrong = nm_open_parse_(d, ifname);
	if (wrong) {
		fprintf(stderr, "%s: %s\n", ifname, wrong);
		errno = EINVAL;
		goto fail;
	}
	d->req.nr_ringid &= NETMAP_RING_MASK;
	if (parent)
		nm_open_inherit_(&d->req, &parent->req, new_flags);
	d->req.nr_ringid |= (uint16_t)(new_flags & (NETMAP_NO_TX_POLL | NETMAP_DO_RX_POLL));
	d->fd = open(NETMAP_DEVICE_NAME, O_RDWR);
	if (d->fd < 0 || ioctl(d->fd, NIOCREGIF, &d->req))
		goto fail;
	nm_open_rings_(d);
	if ((!(new_flags & NM_OPEN_NO_MMAP) || parent) && (error = nm_mmap(d, parent))) {
		errno = error;
		goto fail;
	}
	return d;

fail:
	error = errno;
	nm_close(d);
	errno = error;
	return NULL;
}

/* Slots that a frame of size bytes takes, if this ring has them; else 0. */
static __attribute__((unused)) uint32_t
nm_inject_slots_(const struct netmap_ring *r, size_t size)
{
	size_t n = size ? (size + r->nr_buf_size - 1) / r->nr_buf_size : 1;

	return n <= nm_ring_space(r) ? (uint32_t)n : 0;
}

/* Copies a frame into the first ring with room; it leaves with the next sync or poll. Returns size, or 0: no room. */
static __attribute__((unused)) int
nm_inject(struct nm_desc *d, const void *buf, size_t size)
{
	uint32_t rings = (uint32_t)d->last_tx_ring - d->first_tx_ring + 1, k, n, i;

	for (k = 0; k < rings; k++) {
		uint32_t ring = d->first_tx_ring + (d->cur_tx_ring - d->first_tx_ring + k) % rings;
		struct netmap_ring *r = NETMAP_TXRING(d->nifp, ring);
		const char *from = (const char *)buf;
		size_t left = size;

		n = NETMAP_RING_BOUND(d->nifp, r) ? nm_inject_slots_(r, size) : 0;
		if (!n)
			continue;
		for (i = r->head; n; n--, i = nm_ring_next(r, i)) {
			struct netmap_slot *s = &r->slot[i];

			s->len = (uint16_t)(n > 1 ? r->nr_buf_size : left);
			s->flags = n > 1 ? NS_MOREFRAG : 0;
			memcpy(NETMAP_BUF(r, s->buf_idx), from, s->len);
			from += s->len;
			left -= s->len;
		}
		r->head = r->cur = i;
		d->cur_tx_ring = (uint16_t)ring;
		return (int)size;
	}
	return 0;
}

/* Takes one frame off a ring: header filled, slots released. Its fragments count for caplen while they are adjacent. */
static __attribute__((unused)) u_char *
nm_take_(struct nm_desc *d, struct netmap_ring *r, uint32_t ring, struct nm_pkthdr *h)
{
	uint32_t i = r->head, idx = r->slot[i].buf_idx;
	u_char *buf = (u_char *)NETMAP_BUF(r, idx);
	int adjacent = 1;

	h->ts = r->ts;
	h->slot = &r->slot[i];
	h->buf = buf;
	h->len = h->caplen = r->slot[i].len;
	while (r->slot[i].flags & NS_MOREFRAG && nm_ring_next(r, i) != r->tail) {
		adjacent = adjacent && r->slot[i].len == r->nr_buf_size;
		i = nm_ring_next(r, i);
		adjacent = adjacent && r->slot[i].buf_idx == ++idx;
		h->len += r->slot[i].len;
		if (adjacent)
			h->caplen += r->slot[i].len;
	}
	r->head = r->cur = nm_ring_next(r, i);
	d->cur_rx_ring = (uint16_t)ring;
	d->st.ps_recv++;
	return buf;
}

/*
 * Calls cb for up to cnt frames that are already there (0 or less: for all) and returns how many. Never waits; buffers
 * stay valid until the next sync.
 */
static __attribute__((unused)) int
nm_dispatch(struct nm_desc *d, int cnt, nm_cb_t cb, u_char *arg)
{
	uint32_t rings = (uint32_t)d->last_rx_ring - d->first_rx_ring + 1, first = d->cur_rx_ring, k;
	u_char *buf = NULL;
	int got = 0;

	d->hdr.d = d;
	for (k = 0; k < rings && (cnt <= 0 || got < cnt); k++) {
		uint32_t ring = d->first_rx_ring + (first - d->first_rx_ring + k) % rings;
		struct netmap_ring *r = NETMAP_RXRING(d->nifp, ring);

		if (!NETMAP_RING_BOUND(d->nifp, r))
			continue;
		for (; !nm_ring_empty(r) && (cnt <= 0 || got < cnt); got++) {
			if (buf) {
				d->hdr.flags = NM_MORE_PKTS;
				cb(arg, &d->hdr, buf);
			}
			buf = nm_take_(d, r, ring, &d->hdr);
		}
	}
	if (buf) {
		d->hdr.flags = 0;
		cb(arg, &d->hdr, buf);
	}
	return got;
}

/* The next frame that is already there, or NULL; valid until the next sync. */
static __attribute__((unused)) u_char *
nm_nextpkt(struct nm_desc *d, struct nm_pkthdr *h)
{
	uint32_t rings = (uint32_t)d->last_rx_ring - d->first_rx_ring + 1, first = d->cur_rx_ring, k;

	for (k = 0; k < rings; k++) {
		uint32_t ring = d->first_rx_ring + (first - d->first_rx_ring + k) % rings;
		struct netmap_ring *r = NETMAP_RXRING(d->nifp, ring);

		if (NETMAP_RING_BOUND(d->nifp, r) && !nm_ring_empty(r)) {
			h->flags = 0;
			h->d = d;
			return nm_take_(d, r, ring, h);
		}
	}
	return NULL;
}

#endif /* NETMAP_WITH_LIBS */

#endif
