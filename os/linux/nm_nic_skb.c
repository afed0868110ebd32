/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_nic_skb.c - frames of the system: what their senders and receivers left to the interface is done here. */
#include "nm_nic.h"
#include "compat.h"

#include <linux/if_vlan.h>
#include <net/checksum.h>

static bool
unsummed(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && !nm_param_generic_hwcsum;
}

bool
nm_nic_skb_plain(const struct sk_buff *skb)
{
	int start;

	if (!unsummed(skb))
		return true;
	start = skb_checksum_start_offset(skb);
	return !nm_compat_skb_is_sctp(skb) && start >= 0 && start <= (int)skb_headlen(skb) && start + skb->csum_offset + 2u <= skb->len;
}

/* Copies and sums up in one pass. */
static void
copy_sum(const struct sk_buff *skb, char *to)
{
	__sum16 *sum = (__sum16 *)(to + skb_checksum_start_offset(skb) + skb->csum_offset);

	skb_copy_and_csum_dev(skb, (u8 *)to);
	if (!get_unaligned((__force u16 *)sum)) /* in UDP, 0 says that there is none */
		put_unaligned(0xffff, (__force u16 *)sum);
}

void
nm_nic_skb_copy(const struct sk_buff *skb, char *dst)
{
	bool tag = skb_vlan_tag_present(skb);
	char *to = tag ? dst + VLAN_HLEN : dst;

	if (unlikely(unsummed(skb)))
		copy_sum(skb, to);
	else if (likely(!skb_is_nonlinear(skb)))
		nm_os_copy(to, skb->data, skb->len);
	else
		skb_copy_bits(skb, 0, to, skb->len);
	if (tag) {
		memmove(dst, to, 2 * ETH_ALEN);
		put_unaligned(skb->vlan_proto, (__be16 *)(dst + 2 * ETH_ALEN));
		put_unaligned_be16(skb_vlan_tag_get(skb), dst + 2 * ETH_ALEN + 2);
	}
}

struct sk_buff *
nm_nic_skb_finish(struct sk_buff *skb)
{
	if (unsummed(skb) && (skb_checksum_start_offset(skb) < 0 || skb_checksum_start_offset(skb) >= (int)skb->len ||
	    skb_csum_hwoffload_help(skb, 0))) {
		kfree_skb(skb);
		return NULL;
	}
	return skb_vlan_tag_present(skb) ? __vlan_hwaccel_push_inside(skb) : skb;
}

struct sk_buff *
nm_nic_skb_segment(struct sk_buff *skb)
{
	struct sk_buff *segs = __skb_gso_segment(skb, 0, false);

	if (IS_ERR_OR_NULL(segs)) {
		kfree_skb(skb);
		return NULL;
	}
	consume_skb(skb);
	return segs;
}
