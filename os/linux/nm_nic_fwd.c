/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_fwd.c - NS_FORWARD: what a program releases goes on between the interface and its host.
 *
 * The program's thread does it before the release counts, so that nobody fills these buffers meanwhile. Frames are copied on both
 * ways. Those of the first host receive ring go to the driver one by one, if the program has all transmit rings too; where these are
 * the NIC's own, between the program's frames in the first of them. What there is no room for is lost, and counted as drop_no_backend,
 * like all that can't be forwarded, by the ring that was released.
 */
#include "nm_nic.h"
#include "compat.h"

#include <linux/etherdevice.h>

/* What a slot has of a frame; NULL if that is not in order. */
static const char *
data_of(const struct nm_kring *kr, const struct netmap_slot *s)
{
	uint32_t offset = nm_kring_offset(&kr->offsets, s->ptr);
	const char *buf = nm_kring_buf(kr, s->buf_idx);

	return buf && s->len <= kr->stride - offset ? buf + offset : NULL;
}

/* The slots of one frame from `at` on, of `avail`; *len is its length, 0 if it is not in order. */
static uint32_t
measure(struct nm_kring *kr, uint32_t at, uint32_t avail, uint32_t *len, bool *wanted)
{
	struct netmap_slot s;
	uint32_t n = 0;
	bool bad = false;

	*len = 0;
	*wanted = nm_param_fwd;
	do {
		s = nm_kring_snapshot(&kr->slots[at]);
		*wanted |= s.flags & NS_FORWARD;
		if (s.flags & NS_FORWARD)
			NM_WRITE_ONCE(kr->slots[at].flags, s.flags & ~NS_FORWARD);
		bad |= !data_of(kr, &s);
		*len += s.len;
		at = nm_ring_add(at, 1, kr->nslots);
		n++;
	} while ((s.flags & NS_MOREFRAG) && n < avail && n < NETMAP_MAX_FRAGS);
	if (bad || (s.flags & NS_MOREFRAG) || *len < ETH_HLEN)
		*len = 0;
	return n;
}

/* Copies n slots; what changed since they were measured fails. */
static struct sk_buff *
copy(struct nm_kring *kr, struct net_device *dev, uint32_t at, uint32_t n, uint32_t len)
{
	struct sk_buff *skb = netdev_alloc_skb(dev, LL_RESERVED_SPACE(dev) + len + READ_ONCE(dev->needed_tailroom));

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev));
	for (; n--; at = nm_ring_add(at, 1, kr->nslots)) {
		struct netmap_slot s = nm_kring_snapshot(&kr->slots[at]);
		const char *data = data_of(kr, &s);

		if (!data || s.len > len - skb->len)
			break;
		memcpy(skb_put(skb, s.len), data, s.len);
	}
	if (skb->len == len)
		return skb;
	kfree_skb(skb);
	return NULL;
}

/* Consumes skb. */
static bool
send(struct nm_nic *nic, struct net_device *dev, struct sk_buff *skb)
{
	struct netdev_queue *q = netdev_get_tx_queue(dev, 0);
	uint32_t gone = 0, lost = 0;

	if (!nm_nic_too_long(dev, skb->len) && nm_nic_usable(dev)) {
		nm_nic_tx_dress(skb, dev, q);
		if (READ_ONCE(nic->hw) && !nic->soft)
			return nm_native_send(nic, dev, skb);
		gone = nm_nic_tx_transmit(&skb, 1, dev, q, &lost);
	}
	if (!gone)
		kfree_skb(skb);
	return gone > lost;
}

/* A descriptor that has this host ring has all rings that send, too: what it forwards is then what it could send itself. */
static bool
may_send(const struct nm_kring *kr)
{
	const struct nm_port *p = kr->port;
	const struct nm_session *s;

	for (s = NM_RCU_DEREF(p->sessions); s; s = NM_RCU_DEREF(s->next))
		if (kr->id >= s->first[NM_DIR_RX] && kr->id < s->last[NM_DIR_RX] && !s->first[NM_DIR_TX] &&
		    s->last[NM_DIR_TX] >= p->nrings[NM_DIR_TX])
			return true;
	return false;
}

static void
forward(struct nm_kring *kr, struct net_device *dev, uint32_t at, uint32_t n, uint32_t len)
{
	struct nm_nic *nic = kr->port->priv;
	struct sk_buff *skb = len ? copy(kr, dev, at, n, len) : NULL;
	bool done = skb;

	if (skb && kr->is_host)
		done = send(nic, dev, skb);
	else if (skb && netif_running(dev))
		nm_nic_host_inject(nic, dev, skb);
	else if (skb)
		done = false, kfree_skb(skb);
	kr->stat[done ? NM_STAT_forwarded : NM_STAT_drop_no_backend]++;
	kr->stat[NM_STAT_tx_packets]++;
	kr->stat[NM_STAT_tx_bytes] += done ? len : 0;
}

void
nm_nic_fwd_release(struct nm_kring *kr, uint32_t from, uint32_t to)
{
	struct nm_nic *nic = kr->port->priv;
	struct net_device *dev;
	uint32_t n, len;
	bool wanted;

	if (likely(!nm_param_fwd && !(NM_READ_ONCE(kr->ring->flags) & NR_FORWARD)))
		return;
	if (kr->is_host && kr->id != kr->port->nrings[NM_DIR_RX])
		return;
	while (from != to) {
		nm_os_linux_read_lock(); /* for each: softirqs get their turn */
		dev = NM_RCU_DEREF(nic->dev);
		n = measure(kr, from, nm_ring_dist(from, to, kr->nslots), &len, &wanted);
		if (wanted && dev && (!kr->is_host || may_send(kr)))
			forward(kr, dev, from, n, len);
		nm_os_linux_read_unlock();
		from = nm_ring_add(from, n, kr->nslots);
	}
}
