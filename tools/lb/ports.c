/* SPDX-License-Identifier: BSD-2-Clause */
/* ports.c - opens the port and the pipes, and has the extra buffers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <libnetmap.h>
#include <net/netmap_user.h>

#include "fault.h"
#include "lb.h"

#define SHARED_REGION 1   /* with room for many pipes; a switch port's own has it for few */
#define OWN_REGION_PIPES 4
#define BACK_SLOTS 64      /* of the direction that is not used; they have buffers, too */

static int
refuse(const char *name, const char *then)
{
	int e = errno ? errno : EINVAL;
	char line[FAULT_LINE];

	fprintf(stderr, "lb: cannot open %s: %s%s%s\n", name, fault_line(e, line), then ? "; " : "", then ? then : "");
	return -e;
}

static int
open_port(struct lb *l, const struct config *c)
{
	struct nmport_d *d;

	fault_listen();
	l->port = d = nmport_prepare(c->port);
	if (!d)
		return refuse(c->port, NULL);
	if (d->reg.nr_flags & (NR_TX_RINGS_ONLY)) {
		fprintf(stderr, "lb: %s names transmit rings only, frames come from receive rings; leave out the /T\n", c->port);
		return -EINVAL;
	}
	if (!strncmp(d->hdr.nr_name, NM_BDG_NAME, 4) && !d->reg.nr_mem_id && config_pipes(c) > OWN_REGION_PIPES)
		d->reg.nr_mem_id = SHARED_REGION;
	d->reg.nr_flags |= NR_RX_RINGS_ONLY;
	d->reg.nr_extra_bufs = (uint32_t)c->extra;
	if (nmport_open_desc(d))
		return refuse(c->port, NULL);
	if (d->reg.nr_extra_bufs < c->extra)
		fprintf(stderr, "lb: %s has room for %u of %lld extra buffers\n", c->port, d->reg.nr_extra_bufs, (long long)c->extra);
	return 0;
}

/* The extra buffers become the pool. The list is kept by us: one that is killed must not give away what pipes have. */
static void
take_extra(struct lb *l)
{
	struct queue_pool *p = &l->spread.pool;
	uint32_t buf = l->port->nifp->ni_bufs_head, next;

	l->port->nifp->ni_bufs_head = 0;
	while (buf && p->nbufs < p->nslots) {
		memcpy(&next, l->spread.bufs + (size_t)buf * l->spread.buf_size, sizeof(next));
		queue_give(p, buf);
		buf = next;
	}
}

static void
give_extra(struct lb *l)
{
	struct queue_pool *p = &l->spread.pool;
	uint32_t head = 0, buf;

	while (p->nbufs) {
		buf = queue_take(p);
		memcpy(l->spread.bufs + (size_t)buf * l->spread.buf_size, &head, sizeof(head));
		head = buf;
	}
	l->port->nifp->ni_bufs_head = head;
}

/* A name of which pipes can be made. 0 or -EINVAL. */
static int
prefix_of(const struct lb *l, const struct config_group *g, char to[PORTNAME_LEN])
{
	const char *name = l->port->hdr.nr_name;

	if (!g->prefix[0] && strpbrk(name, "{}")) {
		fprintf(stderr, "lb: %s is a pipe, the pipes of a group need another name; give it by -p PREFIX:%u\n", name, g->n);
		return -EINVAL;
	}
	if (g->prefix[0])
		snprintf(to, PORTNAME_LEN, "%s", g->prefix);
	else
		snprintf(to, PORTNAME_LEN, "%s%s", strncmp(name, NM_BDG_NAME, 4) || !strchr(name, ':') ? "netmap:" : "", name);
	return 0;
}

/* In the region of the port, if it can be there: it can't if somebody has made it elsewhere. */
static struct nmport_d *
open_pipe(const struct lb *l, const char *name)
{
	uint16_t region = l->port->reg.nr_mem_id;
	struct nmport_d *d;
	int e;

	for (;;) {
		d = nmport_prepare(name);
		if (!d)
			return NULL;
		d->reg.nr_flags |= NR_TX_RINGS_ONLY;
		d->reg.nr_mode = NR_REG_ONE_NIC;
		d->reg.nr_ringid = 0;
		d->reg.nr_mem_id = region;
		d->reg.nr_rx_slots = BACK_SLOTS;
		if (!nmport_open_desc(d))
			return d;
		e = errno;
		nmport_close(d);
		errno = e;
		if (!region || e != EINVAL)
			return NULL;
		region = 0;
	}
}

static int
add_pipe(struct lb *l, const char *prefix, uint32_t id)
{
	struct lb_pipe *p = &l->pipe[l->npipes];
	struct spread_out *o = &l->spread.out[l->npipes];
	const struct netmap_ring *first = l->spread.in[0].ring;

	snprintf(p->name, sizeof(p->name), "%s{%u", prefix, id);
	p->d = open_pipe(l, p->name);
	if (!p->d)
		return refuse(p->name, errno != ENOMEM ? NULL : l->port->reg.nr_mem_id == SHARED_REGION ? "give fewer pipes" :
		    "give fewer pipes, or the port's name with @1, a region with room for more");
	l->npipes++;
	o->ring = NETMAP_TXRING(p->d->nifp, 0);
	o->sent = o->ring->head;
	o->arg = p;
	o->swap = p->d->mem == l->port->mem && !o->ring->offset_mask && o->ring->nr_buf_size == first->nr_buf_size;
	return 0;
}

static int
add_groups(struct lb *l, const struct config *c)
{
	char prefix[PORTNAME_LEN], other[PORTNAME_LEN];
	int i, k, rc;

	for (i = 0; i < c->ngroups; i++) {
		uint32_t first = 0, n;

		rc = prefix_of(l, &c->group[i], prefix);
		if (rc)
			return rc;
		for (k = 0; k < i; k++) { /* numbers go on where a group before has the same names */
			prefix_of(l, &c->group[k], other);
			if (!strcmp(prefix, other))
				first += c->group[k].n;
		}
		l->spread.group[i] = l->npipes;
		for (n = 0; n < c->group[i].n; n++) {
			rc = add_pipe(l, prefix, first + n);
			if (rc)
				return rc;
		}
	}
	l->spread.group[c->ngroups] = l->npipes;
	return 0;
}

/* The engine passes on what the pipe has, and says what room there is. That it is gone is seen by the next poll. */
static void
look(struct spread_out *o)
{
	const struct lb_pipe *p = o->arg;

	(void)ioctl(p->d->fd, NIOCTXSYNC, NULL);
}

static uint32_t
receive_rings(const struct nmport_d *d, struct spread_in *in)
{
	const struct netmap_if *nifp = d->nifp;
	uint32_t i, n = 0, base = nifp->ni_tx_rings + nifp->ni_host_tx_rings;

	for (i = 0; i < nifp->ni_rx_rings + nifp->ni_host_rx_rings; i++) {
		if (!nifp->ring_ofs[base + i])
			continue;
		if (in)
			in[n].ring = NETMAP_RXRING(nifp, i);
		n++;
	}
	return n;
}

int
ports_open(struct lb *l, const struct config *c)
{
	uint32_t nin;
	int rc = open_port(l, c);

	if (rc)
		return rc;
	nin = receive_rings(l->port, NULL);
	if (!nin) {
		fprintf(stderr, "lb: %s has no receive rings\n", c->port);
		return -EINVAL;
	}
	l->pipe = calloc(config_pipes(c), sizeof(*l->pipe));
	rc = spread_init(&l->spread, nin, config_pipes(c), (uint32_t)c->ngroups);
	if (!rc)
		rc = queue_init(&l->spread.pool, l->port->reg.nr_extra_bufs);
	if (rc || !l->pipe) {
		fprintf(stderr, "lb: no memory for %u pipes and %u extra buffers\n", config_pipes(c), l->port->reg.nr_extra_bufs);
		return -ENOMEM;
	}
	receive_rings(l->port, l->spread.in);
	l->spread.batch = (uint32_t)c->batch;
	l->spread.bufs = NETMAP_BUF(l->spread.in[0].ring, 0);
	l->spread.buf_size = l->spread.in[0].ring->nr_buf_size;
	l->spread.look = look;
	take_extra(l);
	return add_groups(l, c);
}

void
ports_close(struct lb *l)
{
	uint32_t i;

	if (l->port && l->spread.in) {
		spread_give_up(&l->spread);
		give_extra(l);
	}
	for (i = 0; i < l->npipes; i++)
		nmport_close(l->pipe[i].d);
	nmport_close(l->port);
	spread_fini(&l->spread);
	free(l->pipe);
}
