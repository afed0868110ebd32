/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - what programs in use take from the headers: each function, macro and field by its name, with the type they
 * expect. Captures, replayers, IDSes, hypervisors, generators and bridges; it compiles or it does not.
 */
#define NETMAP_WITH_LIBS
#define LIBNETMAP_NOTHREADSAFE
#include <net/netmap_user.h>
#include <net/netmap_virt.h>
#include <libnetmap.h>

/* Functions: an assignment to a pointer of the expected type. */
static struct nm_desc *(*const f_open)(const char *, const struct nmreq *, uint64_t, const struct nm_desc *) = nm_open;
static int (*const f_close)(struct nm_desc *) = nm_close;
static int (*const f_mmap)(struct nm_desc *, const struct nm_desc *) = nm_mmap;
static int (*const f_inject)(struct nm_desc *, const void *, size_t) = nm_inject;
static int (*const f_dispatch)(struct nm_desc *, int, nm_cb_t, u_char *) = nm_dispatch;
static u_char *(*const f_nextpkt)(struct nm_desc *, struct nm_pkthdr *) = nm_nextpkt;
static uint32_t (*const f_next)(struct netmap_ring *, uint32_t) = nm_ring_next;
static int (*const f_pending)(struct netmap_ring *) = nm_tx_pending;
static int (*const f_empty)(struct netmap_ring *) = nm_ring_empty;
static void (*const f_copy)(const void *, void *, int) = nm_pkt_copy;
static void (*const f_csb_write)(struct nm_csb_atok *, uint32_t, uint32_t) = nm_sync_kloop_appl_write;
static void (*const f_csb_read)(struct nm_csb_ktoa *, uint32_t *, uint32_t *) = nm_sync_kloop_appl_read;

static void
descriptor(struct nm_desc *d, struct nm_pkthdr *h)
{
	struct nm_desc **self = &d->self;
	int *ints[] = {&d->fd, &d->done_mmap, &d->snaplen, &d->promisc, &d->to_ms};
	uint16_t *rings[] = {&d->first_tx_ring, &d->last_tx_ring, &d->cur_tx_ring, &d->first_rx_ring, &d->last_rx_ring, &d->cur_rx_ring};
	uint32_t *flags[] = {&d->if_flags, &d->if_reqcap, &d->if_curcap, &h->len, &h->caplen};
	struct netmap_ring **some = &d->some_ring;
	struct nm_stat *st = &d->st;
	unsigned int *stats[] = {&st->ps_recv, &st->ps_drop, &st->ps_ifdrop};
	void **mem[] = {&d->mem, &d->buf_start, &d->buf_end};
	char **err = &d->errbuf, *msg = d->msg;
	struct nmreq *req = &d->req;
	struct nm_pkthdr *hdr = &d->hdr;
	struct netmap_slot **slot = &h->slot;
	struct timeval *ts = &h->ts;
	uint64_t *more = &h->flags;
	struct nm_desc **of = &h->d;
	uint8_t **buf = &h->buf;
	size_t *size = &d->memsize;

	(void)self, (void)ints, (void)rings, (void)flags, (void)some, (void)stats, (void)mem, (void)err, (void)msg, (void)req;
	(void)hdr, (void)slot, (void)ts, (void)more, (void)of, (void)buf, (void)size;
	if (IS_NETMAP_DESC(d) && NETMAP_FD(d) >= 0 && P2NMD(d)->self == d && (h->flags & NM_MORE_PKTS))
		msg[NM_ERRBUF_SIZE - 1] = '\0';
}

static void
rings(struct netmap_if *nifp, struct netmap_ring *r, char *base)
{
	struct netmap_slot *s = &r->slot[r->cur];
	const int64_t *ofs = &r->buf_ofs;
	const uint32_t *fixed[] = {&r->num_slots, &r->nr_buf_size, &nifp->ni_version, &nifp->ni_flags, &nifp->ni_tx_rings,
	    &nifp->ni_rx_rings, &nifp->ni_host_tx_rings, &nifp->ni_host_rx_rings};
	const uint16_t *ids[] = {&r->ringid, &r->dir, &s->len, &s->flags};
	uint32_t *free_[] = {&r->head, &r->cur, &r->tail, &r->flags, &nifp->ni_bufs_head, &s->buf_idx};
	uint64_t *wide[] = {&r->offset_mask, &r->buf_align, &s->ptr};
	const ssize_t *ring_ofs = nifp->ring_ofs;
	uint8_t *sem = r->sem;
	char *buf = NETMAP_BUF(r, s->buf_idx), *moved = NETMAP_BUF_OFFSET(r, s);

	(void)ofs, (void)fixed, (void)ids, (void)free_, (void)wide, (void)ring_ofs, (void)sem, (void)moved;
	if (NETMAP_IF(base, 64) == nifp && NETMAP_TXRING(nifp, 0) != NETMAP_RXRING(nifp, 0) && NETMAP_BUF_IDX(r, buf) == s->buf_idx)
		NETMAP_WOFFSET(r, s, NETMAP_ROFFSET(r, s) + 2);
	s->flags = NS_BUF_CHANGED | NS_REPORT | NS_FORWARD | NS_NO_LEARN | NS_INDIRECT | NS_MOREFRAG | NS_TXMON;
	s->flags |= (uint16_t)((1 << NS_PORT_SHIFT) & NS_PORT_MASK);
	if (likely(NS_RFRAGS(s) < NETMAP_MAX_FRAGS) && unlikely(nm_ring_space(r) == 0))
		r->flags |= NR_TIMESTAMP | NR_FORWARD;
}

/* Requests as vale-ctl, hypervisors and generators make them. */
static int
requests(int fd, struct nmport_d *d)
{
	struct nmreq r;
	struct nmreq_vale_attach att;
	struct nmreq_vale_detach det;
	struct nmreq_vale_list list;
	struct nmreq_vale_newif newif;
	struct nmreq_vale_polling polling;
	struct nmreq_port_hdr ph;
	struct nmreq_pools_info pools;
	struct nmreq_port_info_get info;
	struct nmreq_opt_csb csb;
	struct nmreq_opt_sync_kloop_mode mode;
	struct nmreq_header *hdr = &d->hdr;
	struct nm_ifreq ifr;
	uint16_t cmds[] = {NETMAP_BDG_ATTACH, NETMAP_BDG_DETACH, NETMAP_BDG_LIST, NETMAP_BDG_VNET_HDR, NETMAP_BDG_NEWIF, NETMAP_BDG_DELIF,
	    NETMAP_BDG_POLLING_ON, NETMAP_BDG_POLLING_OFF, NETMAP_VNET_HDR_GET, NETMAP_BDG_OFFSET, NETMAP_BDG_HOST};
	uint32_t modes[] = {NR_REG_DEFAULT, NR_REG_ALL_NIC, NR_REG_SW, NR_REG_NIC_SW, NR_REG_ONE_NIC, NR_REG_PIPE_MASTER, NR_REG_PIPE_SLAVE,
	    NR_REG_NULL, NR_REG_ONE_SW};
	uint64_t flags = NM_OPEN_NO_MMAP | NM_OPEN_IFNAME | NM_OPEN_ARG1 | NM_OPEN_ARG2 | NM_OPEN_ARG3 | NM_OPEN_RING_CFG;

	memset(&r, 0, sizeof(r));
	r.nr_version = NETMAP_API;
	r.nr_cmd = cmds[0];
	r.nr_arg1 = sizeof(ifr.data) == NM_IFRDATA_LEN;
	r.nr_ringid = NETMAP_RING_MASK & (NETMAP_NO_TX_POLL | NETMAP_DO_RX_POLL | NETMAP_SW_RING | NETMAP_HW_RING);
	r.nr_flags = modes[1] | NR_ACCEPT_VNET_HDR | (uint32_t)(flags & NR_REG_MASK);
	att.reg.nr_mode = modes[3];
	det.port_index = att.port_index;
	list.nr_bridge_idx = 0;
	list.nr_port_idx = det.port_index;
	newif.nr_mem_id = list.nr_bridge_idx;
	polling.nr_mode = NETMAP_POLLING_MODE_SINGLE_CPU | NETMAP_POLLING_MODE_MULTI_CPU;
	polling.nr_num_polling_cpus = polling.nr_first_cpu_id = newif.nr_mem_id;
	ph.nr_hdr_len = 12;
	pools.nr_buf_pool_objtotal = pools.nr_ring_pool_objsize = pools.nr_if_pool_objtotal = ph.nr_hdr_len;
	info.nr_host_tx_rings = info.nr_host_rx_rings = info.nr_mem_id = 0;
	csb.csb_atok = csb.csb_ktoa = (uintptr_t)&pools;
	mode.mode = NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX;
	nmreq_push_option(hdr, &csb.nro_opt);
	nmreq_push_option(hdr, &mode.nro_opt);
	hdr->nr_body = (uintptr_t)&info;
	return ioctl(fd, NIOCREGIF, &r) + ioctl(fd, NIOCGINFO, &r) + ioctl(fd, NIOCCTRL, hdr) + ioctl(fd, NIOCTXSYNC) +
	    ioctl(fd, NIOCRXSYNC, NULL) + ioctl(fd, NIOCCONFIG, &ifr) + open(NETMAP_DEVICE_NAME, O_RDWR);
}

/* IDSes and generators, of struct nmport_d. */
static void
ports(struct nmport_d *d)
{
	struct nmport_d *c = nmport_clone(d);
	uint16_t *of[] = {&d->first_tx_ring, &d->last_tx_ring, &d->first_rx_ring, &d->last_rx_ring, &d->cur_tx_ring, &d->cur_rx_ring};
	struct netmap_if **nifp = &d->nifp;
	struct nmreq_opt_extmem **ext = &d->extmem;
	struct nmem_d **mem = &d->mem;
	struct nmctx **ctx = &d->ctx;
	int *done[] = {&d->fd, &d->register_done, &d->mmap_done};
	struct nmreq_option *o;

	(void)of, (void)nifp, (void)ext, (void)done;
	c->reg.nr_mode = NR_REG_ONE_NIC;
	c->reg.nr_ringid = 1;
	c->reg.nr_flags |= NR_EXCLUSIVE | NR_TX_RINGS_ONLY | NR_RX_RINGS_ONLY | NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON |
	    NR_NO_TX_POLL | NR_DO_RX_POLL;
	c->reg.nr_extra_bufs = d->reg.nr_extra_bufs;
	nmreq_foreach_option(&c->hdr, o)
		o->nro_status = 0;
	if ((*mem)->mem && (*ctx)->verbose && nmport_open_desc(c) < 0)
		nmctx_ferror(*ctx, "%s", c->hdr.nr_name);
}

int
main(int argc, char **argv)
{
	if (argc > 1000) { /* compiled, never run */
		descriptor((struct nm_desc *)argv, (struct nm_pkthdr *)argv);
		rings((struct netmap_if *)argv, (struct netmap_ring *)argv, (char *)argv);
		ports((struct nmport_d *)argv);
		D("%d", requests(0, (struct nmport_d *)argv));
		ND("not said");
		RD(1, "once a second");
	}
	(void)f_open, (void)f_close, (void)f_mmap, (void)f_inject, (void)f_dispatch, (void)f_nextpkt, (void)f_next, (void)f_pending;
	(void)f_empty, (void)f_copy, (void)f_csb_write, (void)f_csb_read;
	return PTNETMAP_PCI_VENDOR_ID != 0x1b36;
}
