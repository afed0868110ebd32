/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_flight.c - frames that a transmit ring has under way, and frames that come back.
 *
 * A driver that is done with a frame frees it, which its destructor tells us. A frame that arrives at a receive ring of ours, as
 * between two interfaces of this machine, is alive a while longer: the driver is done with it then, but its sender may not have
 * more of these than a ring has slots, so that a receiver that is slow holds him back. When the receiver has copied such a
 * frame, the skb goes back to the ring it came from instead of being freed, and is sent again. So there are never more of them
 * than may be alive.
 */
#include "nm_nic.h"
#include "compat.h"

#include <linux/module.h>

/* Of the one who sends, in the cb of an skb that nobody else has. */
static struct llist_node *
node_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct llist_node) > sizeof(skb->cb));
	return (struct llist_node *)(void *)skb->cb;
}

static struct sk_buff *
skb_of(struct llist_node *node)
{
	return container_of((void *)node, struct sk_buff, cb);
}

static void
free_list(struct llist_node *node)
{
	struct llist_node *next;

	for (; node; node = next) {
		next = node->next;
		kfree_skb(skb_of(node));
	}
}

static void
flight_free(struct rcu_head *h)
{
	struct nm_nic_flight *f = container_of(h, struct nm_nic_flight, rcu);

	free_list(llist_del_all(&f->back));
	kfree(f);
	module_put(THIS_MODULE);
}

uint32_t
nm_nic_flight_out(const struct nm_nic_tx *t)
{
	return NM_READ_ONCE(t->sent) - (uint32_t)atomic_read(&t->flight->gone);
}

uint32_t
nm_nic_flight_room(const struct nm_nic_tx *t)
{
	uint32_t out = nm_nic_flight_out(t), alive = (uint32_t)atomic_read(&t->flight->users) - 1;

	return out < t->limit && alive < t->total ? min(t->limit - out, t->total - alive) : 0;
}

/* Who waits goes on when there is what it waits for. After a barrier, in a read section. */
static void
room_made(struct nm_nic_flight *f)
{
	struct nm_nic_tx *t = NM_RCU_DEREF(f->tx);
	uint32_t waits = t ? NM_READ_ONCE(t->waits) : NM_NIC_WAITS_NOT;

	if (waits && (waits == NM_NIC_WAITS_NONE ? !nm_nic_flight_out(t) : nm_nic_flight_room(t) >= t->limit / 2))
		napi_schedule(&t->napi);
}

static void
put(struct nm_nic_flight *f, uint32_t n)
{
	rcu_read_lock(); /* before: the last user may be another one right after us */
	if (unlikely(!atomic_sub_return((int)n, &f->users)))
		call_rcu(&f->rcu, flight_free);
	else
		room_made(f);
	rcu_read_unlock();
}

static void
driver_done(struct sk_buff *skb)
{
	struct nm_nic_flight *f = skb_shinfo(skb)->destructor_arg;

	atomic_inc(&f->gone);
	put(f, 1);
}

static void
receiver_done(struct sk_buff *skb)
{
	put(skb_shinfo(skb)->destructor_arg, 1);
}

void
nm_nic_flight_start(struct nm_nic_tx *t, struct sk_buff **skb, uint32_t n)
{
	struct nm_nic_flight *f = t->flight;
	uint32_t i;

	for (i = 0; i < n; i++) {
		skb_shinfo(skb[i])->destructor_arg = f;
		skb[i]->destructor = driver_done;
	}
	NM_WRITE_ONCE(t->sent, t->sent + n);
	atomic_add((int)n, &f->users);
}

bool
nm_nic_flight_arrive(struct sk_buff *skb)
{
	struct nm_nic_flight *f;

	if (skb->destructor != driver_done)
		return skb->destructor == receiver_done;
	f = skb_shinfo(skb)->destructor_arg;
	skb->destructor = receiver_done;
	atomic_inc(&f->gone);
	smp_mb__after_atomic();
	room_made(f);
	return true;
}

/* Nobody but us has the skb or its data, and it is as it was made. */
static bool
reusable(struct sk_buff *skb)
{
	return !skb_shared(skb) && !skb->cloned && skb->fclone == SKB_FCLONE_UNAVAILABLE && !skb_is_nonlinear(skb) &&
	    !skb_shinfo(skb)->nr_frags && !skb_zcopy(skb) && !skb_pfmemalloc(skb) && !skb->sk && !skb_dst(skb) && !skb_nfct(skb) &&
	    !skb_has_extensions(skb);
}

void
nm_nic_flight_consume(struct sk_buff **skb, uint32_t n, int budget)
{
	struct llist_node *first = NULL, *last = NULL;
	struct nm_nic_flight *f = NULL, *of;
	uint32_t i, run = 0;

	for (i = 0; i < n; i++) {
		of = skb[i]->destructor == receiver_done && reusable(skb[i]) ? skb_shinfo(skb[i])->destructor_arg : NULL;
		if (run && of != f) {
			llist_add_batch(first, last, &f->back);
			put(f, run);
			run = 0;
		}
		if (unlikely(!of)) {
			napi_consume_skb(skb[i], budget);
			continue;
		}
		skb[i]->destructor = NULL;
		if (!run++)
			last = node_of(skb[i]);
		else
			node_of(skb[i])->next = first;
		first = node_of(skb[i]);
		f = of;
	}
	if (run) {
		llist_add_batch(first, last, &f->back);
		put(f, run);
	}
}

/* As a new one, but for what lies behind `tail` in it: memory and references, which are as they should be. */
static void
renew(struct sk_buff *skb)
{
	struct skb_shared_info *si = skb_shinfo(skb);
	bool frag = skb->head_frag;

	memset(skb, 0, offsetof(struct sk_buff, tail));
	skb->head_frag = frag;
	skb->data = skb->head;
	skb_reset_tail_pointer(skb);
	skb->mac_header = (typeof(skb->mac_header))~0U;
	skb->transport_header = (typeof(skb->transport_header))~0U;
	memset(si, 0, offsetof(struct skb_shared_info, dataref));
	atomic_set(&si->dataref, 1);
}

/* So that frames of many lengths find one that is large enough when they come back. */
static uint32_t
rounded(uint32_t bytes)
{
	return bytes <= 128 ? 128 : bytes <= 512 ? 512 : max_t(uint32_t, bytes, ETH_FRAME_LEN + VLAN_HLEN);
}

struct sk_buff *
nm_nic_flight_skb(struct nm_nic_tx *t, uint32_t head, uint32_t bytes)
{
	struct llist_node *node = t->again;
	struct sk_buff *skb;

	if (!node)
		node = llist_del_all(&t->flight->back);
	if (node) {
		skb = skb_of(node);
		t->again = node->next;
		if (likely(skb_end_offset(skb) >= NET_SKB_PAD + NET_IP_ALIGN + head + bytes)) {
			renew(skb);
			skb_reserve(skb, (int)(NET_SKB_PAD + NET_IP_ALIGN + head));
			return skb;
		}
		napi_consume_skb(skb, 1); /* for one that is larger */
	}
	skb = napi_alloc_skb(&t->napi, head + rounded(bytes));
	if (likely(skb))
		skb_reserve(skb, (int)head);
	return skb;
}

int
nm_nic_flight_init(struct nm_nic_tx *t)
{
	t->flight = kzalloc(sizeof(*t->flight), GFP_KERNEL);
	if (!t->flight)
		return -ENOMEM;
	__module_get(THIS_MODULE); /* we are in a call that has it */
	init_llist_head(&t->flight->back);
	t->flight->tx = t;
	atomic_set(&t->flight->users, 1);
	return 0;
}

void
nm_nic_flight_fini(struct nm_nic_tx *t)
{
	NM_RCU_ASSIGN(t->flight->tx, NULL);
	free_list(t->again);
	t->again = NULL;
	put(t->flight, 1);
	t->flight = NULL;
}

void
nm_nic_flight_exit(void)
{
	rcu_barrier();
}
