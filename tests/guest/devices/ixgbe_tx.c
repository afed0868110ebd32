/* SPDX-License-Identifier: BSD-2-Clause */
/* ixgbe_tx.c - transmission: advanced descriptors of both kinds and legacy ones (data sheet 7.2.3), segmentation, checksums */
#include <string.h>
#include "ixgbe.h"

#define DMATXCTL_TE 1u
#define DTYP_MASK 0x00f00000u
#define DTYP_CONTEXT 0x00200000u
#define DTYP_DATA 0x00300000u
#define DCMD_EOP 0x01000000u
#define DCMD_RS 0x08000000u
#define DCMD_DEXT 0x20000000u
#define DCMD_VLE 0x40000000u
#define DCMD_TSE 0x80000000u
#define STAT_DD 1u
#define OLINFO_IXSM 0x100u
#define OLINFO_TXSM 0x200u
#define L4T_MASK 0x1800u
#define L4T_SCTP 0x1000u
#define FCS 4u

static void sent(void *arg, uint8_t *frame, size_t length)
{
	struct ixgbe *x = arg;
	uint32_t wire = (uint32_t)(length < 60 ? 60 : length) + FCS;

	++*ixgbe_reg(x, IXGBE_GPTC);
	++*ixgbe_reg(x, IXGBE_TPT);
	ixgbe_count64(x, IXGBE_GOTCL, wire);
	if (nic_cast(frame) == NIC_BROADCAST)
		++*ixgbe_reg(x, IXGBE_BPTC);
	else if (nic_cast(frame) == NIC_MULTICAST)
		++*ixgbe_reg(x, IXGBE_MPTC);
	if (*ixgbe_reg(x, IXGBE_HLREG0) & IXGBE_HLREG0_LPBK)
		ixgbe_receive(x, frame, length);
	else
		wire_send(&x->nic.end, frame, length);
}

/* send_frame - what has been gathered; d is the first descriptor that has data */
static void send_frame(struct ixgbe *x, unsigned int q, size_t length, const uint32_t *d)
{
	const struct ixgbe_context *c = &x->context[q][d[3] >> 4 & 1];
	bool extended = d[2] & DCMD_DEXT;
	uint16_t tag = (uint16_t)((extended ? c->vlan_macip_lens : d[3]) >> 16);
	struct frame_parts p;

	if (length >= 14 && d[2] & DCMD_VLE)
		frame_tag(x->frame, &length, tag);
	if (extended && d[2] & DCMD_TSE) {
		size_t mss = c->mss_l4len_idx >> 16;

		if (mss > WIRE_FRAME - 512 || !frame_segment(x->frame, length, mss, x->segment, sent, x))
			complain("ixgbe: %zu bytes cannot be cut by %zu", length, mss);
		return;
	}
	if (length < 14 || length > WIRE_FRAME) {
		complain("ixgbe: a frame of %zu bytes", length);
		return;
	}
	if (extended) {
		frame_parse(x->frame, length, &p);
		if (d[3] & OLINFO_IXSM)
			frame_set_ip(x->frame, &p);
		if (d[3] & OLINFO_TXSM && (c->type_tucmd_mlhl & L4T_MASK) == L4T_SCTP)
			complain("ixgbe: the checksum of SCTP is not in this model");
		else if (d[3] & OLINFO_TXSM)
			frame_set_l4(x->frame, &p);
	}
	sent(x, x->frame, length);
}

/* done - a descriptor is written back if it asks for that */
static bool done(uint32_t *at, uint32_t command)
{
	if (!(command & DCMD_RS))
		return false;
	__atomic_store_n(&at[3], at[3] | STAT_DD, __ATOMIC_RELEASE);
	return true;
}

/* gather - one frame from a queue's head on: how many descriptors it has, 0: not all of it is there yet, or it cannot be sent */
static uint32_t gather(struct ixgbe *x, unsigned int q, size_t *length, uint32_t *first)
{
	uint32_t queue = IXGBE_TX_QUEUE(q), size = ixgbe_ring(x, queue), at = *ixgbe_reg(x, queue + Q_HEAD), n = 0;
	bool data = false;

	for (*length = 0; at != *ixgbe_reg(x, queue + Q_TAIL) && n < size; at = (at + 1) % size) {
		uint32_t *d = ixgbe_descriptor(x, queue, at), part;

		if (!d)
			break;
		n++;
		if (d[2] & DCMD_DEXT && (d[2] & DTYP_MASK) == DTYP_CONTEXT) {
			x->context[q][d[3] >> 4 & 1] = (struct ixgbe_context){d[0], d[2], d[3]};
			continue;
		}
		if (d[2] & DCMD_DEXT && (d[2] & DTYP_MASK) != DTYP_DATA)
			complain("ixgbe: transmit queue %u: a descriptor of type %#x", q, d[2] & DTYP_MASK);
		if (!data)
			memcpy(first, d, IXGBE_DESCRIPTOR);
		data = true;
		part = d[2] & 0xffff;
		if (part > sizeof x->frame - FRAME_TAG - *length ||
		    !vfu_fetch(x->nic.vfu, d[0] | (uint64_t)d[1] << 32, x->frame + *length, part)) {
			complain("ixgbe: transmit queue %u: a frame with %u bytes at %#x%08x", q, part, d[1], d[0]);
			break;
		}
		*length += part;
		if (d[2] & DCMD_EOP)
			return n;
	}
	return 0;
}

/* send_next - a frame of a queue; false if it has none */
static bool send_next(struct ixgbe *x, unsigned int q)
{
	uint32_t queue = IXGBE_TX_QUEUE(q), *head = ixgbe_reg(x, queue + Q_HEAD), size = ixgbe_ring(x, queue), first[4] = {0}, n;
	size_t length;
	bool told = false;

	if (!(*ixgbe_reg(x, queue + Q_DCTL) & IXGBE_DCTL_ENABLE) || !size || *head >= size || *ixgbe_reg(x, queue + Q_TAIL) >= size)
		return false;
	n = gather(x, q, &length, first);
	if (!n)
		return false;
	send_frame(x, q, length, first);
	for (; n; n--) {
		uint32_t *d = ixgbe_descriptor(x, queue, *head);

		told |= d && done(d, d[2]);
		*head = (*head + 1) % size;
	}
	if (told)
		ixgbe_cause(x, q, true);
	return true;
}

void ixgbe_transmit(void *arg)
{
	struct ixgbe *x = arg;
	unsigned int idle = 0;

	if (!(*ixgbe_reg(x, IXGBE_DMATXCTL) & DMATXCTL_TE))
		return;
	while (idle < IXGBE_QUEUES && wire_free(&x->nic.end)) {
		x->last_queue = (x->last_queue + 1) % IXGBE_QUEUES;
		idle = send_next(x, x->last_queue) ? 0 : idle + 1;
	}
}
