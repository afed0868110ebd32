/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_host.c - host rings.
 *
 * While the device is taken, each of its queues has a queueing discipline of ours, which gives nothing to the driver but all
 * to the host ring. Our own frames do not pass there. The ones that were there are kept and put back, unless somebody has put
 * another one in place meanwhile, who thereby lets the host's frames pass. They aren't in the lists that tc shows. A device
 * that was never up has none yet: it is taken when it comes up.
 *
 * A frame to the host is marked by a variable of this CPU: netif_receive_skb_core hands it up before it returns, and leaves the
 * frame's own marks to the administrator.
 */
#include "nm_nic.h"
#include "nm_session.h"
#include "compat.h"

#include <linux/etherdevice.h>
#include <linux/percpu.h>
#include <linux/rtnetlink.h>
#include <net/pkt_sched.h>
#include <net/sch_generic.h>

#define STEP_FRAMES 256u

static DEFINE_PER_CPU(const struct nm_nic *, injecting);

struct taker {
	struct nm_nic *nic;
};

bool
nm_nic_host_injects(const struct nm_nic *n)
{
	return this_cpu_read(injecting) == n;
}

static int
taker_enqueue(struct sk_buff *skb, struct Qdisc *q, struct sk_buff **to_free)
{
	struct nm_nic *n = ((struct taker *)qdisc_priv(q))->nic;
	struct nm_port *p = n->port;
	uint32_t i = skb_get_queue_mapping(skb), rings = p->nhost[NM_DIR_RX];
	struct nm_nic_rx *r;

	r = &n->rx[p->nrings[NM_DIR_RX] + (i < rings ? i : i % rings)];
	rcu_read_lock();
	if (NM_LOAD_ACQUIRE(&r->kr->ready) && nm_nic_rx_queue(r, skb)) {
		rcu_read_unlock();
		return NET_XMIT_SUCCESS;
	}
	rcu_read_unlock();
	return qdisc_drop(skb, q, to_free);
}

static struct sk_buff *
taker_dequeue(struct Qdisc *q)
{
	(void)q;
	return NULL;
}

static struct Qdisc_ops taker_ops = {
	.id = "netmap",
	.priv_size = sizeof(struct taker),
	.enqueue = taker_enqueue,
	.dequeue = taker_dequeue,
	.peek = taker_dequeue,
	.owner = THIS_MODULE,
};

static bool
is_ours(const struct Qdisc *q)
{
	return q && q->ops == &taker_ops;
}

static void
put_old(struct nm_nic *n)
{
	uint32_t i;

	for (i = 0; i < n->nqdiscs; i++)
		if (n->qdisc[i])
			qdisc_put(n->qdisc[i]);
	kvfree(n->qdisc);
	n->qdisc = NULL;
	n->nqdiscs = 0;
}

/* Ours for every queue, in n->qdisc. */
static int
make_takers(struct nm_nic *n)
{
	struct net_device *dev = n->dev;
	uint32_t i;

	n->qdisc = kvcalloc(dev->num_tx_queues, sizeof(struct Qdisc *), GFP_KERNEL);
	if (!n->qdisc)
		return -ENOMEM;
	n->nqdiscs = dev->num_tx_queues;
	for (i = 0; i < n->nqdiscs; i++) {
		n->qdisc[i] = qdisc_create_dflt(netdev_get_tx_queue(dev, i), &taker_ops, TC_H_ROOT, NULL);
		if (!n->qdisc[i]) {
			put_old(n);
			return -ENOMEM;
		}
		((struct taker *)qdisc_priv(n->qdisc[i]))->nic = n;
	}
	return 0;
}

/* Exchanges each queue's with that of n->qdisc; `mine`: only where ours is. */
static void
exchange(struct nm_nic *n, bool mine)
{
	struct net_device *dev = n->dev;
	bool up = dev->flags & IFF_UP;
	uint32_t i;

	if (up)
		nm_compat_dev_deactivate(dev);
	for (i = 0; i < n->nqdiscs; i++) {
		struct netdev_queue *q = netdev_get_tx_queue(dev, i);

		if (!mine || is_ours(rtnl_dereference(q->qdisc_sleeping)))
			n->qdisc[i] = dev_graft_qdisc(q, n->qdisc[i]);
	}
	if (up)
		dev_activate(dev);
}

int
nm_nic_host_attach(struct nm_nic *n)
{
	int error;

	ASSERT_RTNL();
	if (!n->taken || n->qdisc || !n->dev || rtnl_dereference(n->dev->qdisc) == &noop_qdisc)
		return 0;
	error = make_takers(n);
	if (!error)
		exchange(n, false);
	return error;
}

void
nm_nic_host_detach(struct nm_nic *n)
{
	ASSERT_RTNL();
	if (!n->qdisc)
		return;
	exchange(n, true);
	put_old(n);
}

int
nm_nic_host_set(struct nm_port *p, enum nm_port_host h, struct nm_session *s)
{
	struct nm_nic *n = p->priv;
	int error = nm_nic_rings(n);

	if (error)
		return s ? nm_session_error(s, ENOMEM, "%s: no memory for its rings", p->name) : error;
	if (h == NM_PORT_HOST_TAKEN && !nm_param_generic_txqdisc)
		return s ? nm_session_error(s, EOPNOTSUPP, "%s: for its host rings the interface must be taken from the host, which the module's "
		    "parameter generic_txqdisc=0 forbids", p->name) : -EOPNOTSUPP;
	rtnl_lock();
	n->taken = h == NM_PORT_HOST_TAKEN;
	if (n->taken)
		error = nm_nic_host_attach(n);
	else
		nm_nic_host_detach(n);
	if (error)
		n->taken = false;
	rtnl_unlock();
	if (error && s)
		return nm_session_error(s, -error, "%s: no memory for the queues that take the interface from the host", p->name);
	return error;
}

void
nm_nic_host_inject(struct nm_nic *n, struct net_device *dev, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, dev);
	this_cpu_write(injecting, n);
	netif_receive_skb_core(skb);
	this_cpu_write(injecting, NULL);
}

int
nm_nic_host_tx_sync(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;
	struct nm_nic_tx *t = &n->tx[kr->id];
	struct net_device *dev = NM_RCU_DEREF(n->dev);
	const struct nm_frame *f = &t->frame;
	uint32_t budget = STEP_FRAMES;
	int bad;

	if (NM_READ_ONCE(kr->port->gone) || !dev)
		return -EIO;
	while (kr->hwcur != kr->rhead && budget--) {
		struct sk_buff *skb = NULL;

		nm_frame_gather(kr, kr->hwcur, nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), &t->frame);
		bad = f->bad;
		if (!bad && !netif_running(dev))
			bad = NM_STAT_drop_no_backend;
		if (!bad && !(skb = nm_nic_tx_skb(t, dev)))
			bad = NM_STAT_drop_no_backend;
		kr->stat[NM_STAT_tx_packets]++;
		kr->stat[bad ? bad : NM_STAT_forwarded]++;
		kr->hwcur = nm_ring_add(kr->hwcur, f->slots, kr->nslots);
		if (!skb)
			continue;
		kr->stat[NM_STAT_tx_bytes] += f->bytes;
		nm_nic_host_inject(n, dev, skb);
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	return 0;
}
