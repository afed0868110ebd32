/* SPDX-License-Identifier: BSD-2-Clause */
/* The option OFFSETS of REGISTER: what is refused, what comes back, and where frames then begin. */
#include "ctl.h"

#include <net/netmap_user.h>
#include <sys/mman.h>

static struct nmreq_opt_offsets
asked(uint64_t max, uint64_t first, uint32_t bits)
{
	return (struct nmreq_opt_offsets){.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_OFFSETS, .nro_status = 99}, .nro_max_offset = max,
	    .nro_initial_offset = first, .nro_offset_bits = bits};
}

static void
refused(int fd, const char *name, struct nmreq_opt_offsets o, int err, const char *text)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, &o, err, text);
	ctl_equal(o.nro_opt.nro_status, err);
}

/* A descriptor with its rings. */
struct end {
	int fd;
	struct netmap_if *nifp;
};

static struct end
granted(const char *name, struct nmreq_opt_offsets *o)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct end e = {.fd = ctl_open()};
	char *mem;

	ctl_expect(e.fd, NETMAP_REQ_REGISTER, name, &reg, o, 0, NULL);
	if (o)
		ctl_equal(o->nro_opt.nro_status, 0);
	mem = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, e.fd, 0);
	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	e.nifp = NETMAP_IF(mem, reg.nr_offset);
	return e;
}

/* A frame that begins there arrives where the receiver's slot says, or where the sender's said, of a pipe. */
static void
passes(const struct end *from, const struct end *to, uint32_t offset, uint32_t there)
{
	struct netmap_ring *tx = NETMAP_TXRING(from->nifp, 0), *rx = NETMAP_RXRING(to->nifp, 0);
	struct netmap_slot *s = &tx->slot[tx->head];

	NETMAP_WOFFSET(tx, s, offset);
	memset(NETMAP_BUF(tx, s->buf_idx), 0x11, 200);
	memset(NETMAP_BUF_OFFSET(tx, s), 0xff, 60);
	s->len = 60;
	tx->head = tx->cur = nm_ring_next(tx, tx->head);
	ctl_equal(ioctl(from->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
	ctl_check(!nm_ring_empty(rx));
	s = &rx->slot[rx->head];
	ctl_equal(s->len, 60);
	ctl_equal(NETMAP_ROFFSET(rx, s), there);
	ctl_equal((unsigned char)NETMAP_BUF_OFFSET(rx, s)[0], 0xff);
	ctl_equal((unsigned char)NETMAP_BUF_OFFSET(rx, s)[59], 0xff);
	rx->head = rx->cur = nm_ring_next(rx, rx->head);
	ctl_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
}

int
main(void)
{
	struct nmreq_opt_offsets o = asked(64, 32, 16), less = asked(10, 5, 8), many = asked(128, 16, 0);
	struct end a, b, more;
	int fd = ctl_open();

	refused(fd, "vale0:a", asked(64, 0, 65), EINVAL, "vale0:a: an offset of 65 bits, 64 are the most");
	refused(fd, "vale0:a", asked(1ull << 32, 0, 0), EINVAL, "~vale0:a: an offset of up to 4294967296, buffers have ");
	refused(fd, "vale0:a", asked(64, 0, 6), EINVAL, "vale0:a: an offset of up to 64, which 6 bits don't hold");
	refused(fd, "vale0:a", asked(64, 65, 0), EINVAL, "vale0:a: the first offset, 65, is above the greatest, 64");

	a = granted("vale0:a", &many);
	b = granted("vale0:b", &o);
	ctl_check(NETMAP_TXRING(a.nifp, 0)->offset_mask == UINT64_MAX);
	ctl_check(NETMAP_TXRING(b.nifp, 0)->offset_mask == 0xffff);
	ctl_equal(NETMAP_TXRING(b.nifp, 0)->slot[7].ptr, 32);
	passes(&a, &b, 100, 32);
	passes(&b, &a, 64, 16);
	refused(fd, "vale0:b", asked(65, 0, 16), EBUSY, "~vale0:b: tx ring 0 is in use with offsets of up to 64");
	more = granted("vale0:b", &less);
	ctl_equal(less.nro_max_offset, 64);
	close(more.fd);
	close(a.fd);
	close(b.fd);

	a = granted("x{1", &many);
	b = granted("x}1", &o);
	passes(&a, &b, 64, 64);
	passes(&a, &b, 65, 0); /* the receiver has no such offsets */
	close(a.fd);
	close(b.fd);
	close(fd);
	return ctl_done();
}
