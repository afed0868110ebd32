/* SPDX-License-Identifier: BSD-2-Clause */
/* ixgbe_rx.c - reception: filters (data sheet 7.1.1), FIFO, RSS (7.1.2.8), advanced descriptors (7.1.6) */
#include <string.h>
#include "ixgbe.h"

#define RXCTRL_RXEN 1u
#define FCTRL_MPE 0x100u
#define FCTRL_UPE 0x200u
#define FCTRL_BAM 0x400u
#define RAH_AV (1u << 31)
#define MCSTCTRL_MFE 4u
#define VLNCTRL_VFE (1u << 30)
#define SRRCTL_DROP_EN 0x10000000u
#define SRRCTL_DESCTYPE_MASK 0x0e000000u
#define SRRCTL_DESCTYPE_ADV_ONEBUF 0x02000000u
#define RXCSUM_PCSD 0x2000u
#define MRQC_MRQE 0xfu
#define MRQC_RSSEN 1u
#define QPRDC(q) (0x01430u + 0x40 * (q))
#define FCS 4u

/* of descriptors */
#define RXD_STAT_DD 0x01u
#define RXD_STAT_EOP 0x02u
#define RXD_STAT_VP 0x08u
#define RXD_STAT_UDPCS 0x10u
#define RXD_STAT_L4CS 0x20u
#define RXD_STAT_IPCS 0x40u
#define RXDADV_ERR_TCPE 0x40000000u
#define RXDADV_ERR_IPE 0x80000000u
#define PKTTYPE_IPV4 0x10u
#define PKTTYPE_IPV6 0x40u
#define PKTTYPE_TCP 0x100u
#define PKTTYPE_UDP 0x200u

#define IS_TCP 6
#define IS_UDP 17

/* RSS: types of packets by what descriptors call them, with the bit of MRQC that lets them count */
enum { RSS_NONE, RSS_IPV4_TCP, RSS_IPV4, RSS_IPV6_TCP, RSS_IPV6_EX, RSS_IPV6, RSS_IPV6_TCP_EX, RSS_IPV4_UDP, RSS_IPV6_UDP };
static const struct {
	unsigned int type;
	uint32_t bit;
	bool v6, ports;
	uint8_t protocol;
} rss_types[] = { /* the first one that fits */
	{RSS_IPV4_TCP, 1u << 16, false, true, IS_TCP}, {RSS_IPV4_UDP, 1u << 22, false, true, IS_UDP}, {RSS_IPV4, 1u << 17, false, false, 0},
	{RSS_IPV6_TCP, 1u << 21, true, true, IS_TCP},  {RSS_IPV6_UDP, 1u << 23, true, true, IS_UDP},  {RSS_IPV6, 1u << 20, true, false, 0},
};

static uint32_t toeplitz(struct ixgbe *x, const uint8_t *data, size_t length)
{
	const uint8_t *key = (const uint8_t *)ixgbe_reg(x, IXGBE_RSSRK);
	uint32_t window = frame_be32(key), hash = 0;

	for (size_t i = 0; i < length; i++)
		for (int bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[4 + i] >> bit & 1);
		}
	return hash;
}

/* rss - the hash and its type; addresses and ports are hashed as they are in the frame. The key has 40 bytes, the longest input 36. */
static unsigned int rss(struct ixgbe *x, const uint8_t *frame, const struct frame_parts *p, uint32_t *hash)
{
	uint32_t mrqc = *ixgbe_reg(x, IXGBE_MRQC);
	uint8_t input[36];
	size_t n = 0;

	*hash = 0;
	if ((mrqc & MRQC_MRQE) != MRQC_RSSEN || !p->l3)
		return RSS_NONE;
	for (size_t i = 0; i < sizeof rss_types / sizeof *rss_types; i++) {
		if (!(mrqc & rss_types[i].bit) || rss_types[i].v6 != p->v6)
			continue;
		if (rss_types[i].ports && (!p->l4 || p->protocol != rss_types[i].protocol))
			continue;
		n = p->v6 ? 32 : 8;
		memcpy(input, frame + p->l3 + (p->v6 ? 8 : 12), n);
		if (rss_types[i].ports) {
			memcpy(input + n, frame + p->l4, 4);
			n += 4;
		}
		*hash = toeplitz(x, input, n);
		return rss_types[i].type;
	}
	return RSS_NONE;
}

static bool own(struct ixgbe *x, const uint8_t *frame)
{
	for (unsigned int i = 0; i < 128; i++) {
		uint32_t *ra = ixgbe_reg(x, i < 16 ? IXGBE_RAL0 + 8 * i : IXGBE_RAL16 + 8 * (i - 16));

		if (ra[1] & RAH_AV && !memcmp(ra, frame, 6))
			return true;
	}
	return false;
}

/* group - whether the table has it: twelve bits of the address's end, which MCSTCTRL chooses */
static bool group(struct ixgbe *x, const uint8_t *frame)
{
	static const unsigned int shifts[] = {4, 3, 2, 0};
	uint32_t control = *ixgbe_reg(x, IXGBE_MCSTCTRL);
	uint32_t vector = ((uint32_t)frame[4] | (uint32_t)frame[5] << 8) >> shifts[control & 3] & 0xfff;

	return control & MCSTCTRL_MFE && *ixgbe_reg(x, IXGBE_MTA + vector / 32 * 4) >> vector % 32 & 1;
}

static bool accepts(struct ixgbe *x, const uint8_t *frame)
{
	uint32_t control = *ixgbe_reg(x, IXGBE_FCTRL);
	uint16_t vlan = frame_be16(frame + 14) & 0xfff;

	if (frame_be16(frame + 12) == 0x8100 && *ixgbe_reg(x, IXGBE_VLNCTRL) & VLNCTRL_VFE &&
	    !(*ixgbe_reg(x, IXGBE_VFTA + vlan / 32u * 4) >> vlan % 32 & 1))
		return false;
	switch (nic_cast(frame)) {
	case NIC_BROADCAST: return control & FCTRL_BAM;
	case NIC_MULTICAST: return control & FCTRL_MPE || group(x, frame);
	default: return control & FCTRL_UPE || own(x, frame);
	}
}

/* put - a frame into a queue's descriptors; false if there are too few now */
struct arrived {
	uint8_t *data;
	size_t length;
	uint32_t info, hash, status; /* as descriptors have them */
	uint16_t vlan;
};

static bool put(struct ixgbe *x, uint32_t queue, const struct arrived *a)
{
	uint32_t *head = ixgbe_reg(x, queue + Q_HEAD), tail = *ixgbe_reg(x, queue + Q_TAIL), size = ixgbe_ring(x, queue);
	uint32_t srrctl = *ixgbe_reg(x, queue + Q_SRRCTL), most = (srrctl & 0x1f) * 1024, needed, free;
	size_t done = 0, part;

	if (!(*ixgbe_reg(x, queue + Q_DCTL) & IXGBE_DCTL_ENABLE) || !size || !most || *head >= size || tail >= size)
		return false;
	needed = (uint32_t)((a->length + most - 1) / most);
	free = (tail + size - *head) % size;
	if (free < needed)
		return false;
	for (; done < a->length; done += part) {
		uint32_t *d = ixgbe_descriptor(x, queue, *head), status = a->status | RXD_STAT_DD;
		uint64_t to;

		if (!d)
			return false;
		part = a->length - done < most ? a->length - done : most;
		to = d[0] | (uint64_t)d[1] << 32;
		if (!vfu_store(x->nic.vfu, to, a->data + done, part))
			complain("ixgbe: no memory at %#llx for a frame", (unsigned long long)to);
		if (done + part == a->length)
			status |= RXD_STAT_EOP;
		d[0] = a->info;
		d[1] = a->hash;
		d[3] = (uint32_t)part | (uint32_t)a->vlan << 16;
		__atomic_store_n(&d[2], status, __ATOMIC_RELEASE);
		*head = (*head + 1) % size;
	}
	return true;
}

static void examine(struct ixgbe *x, struct arrived *a, unsigned int *queue)
{
	struct frame_parts p;
	uint32_t hash;
	unsigned int type;

	frame_parse(a->data, a->length, &p);
	type = rss(x, a->data, &p, &hash);
	*queue = type ? ((const uint8_t *)ixgbe_reg(x, IXGBE_RETA))[hash & 127] & 15 : 0;
	a->info = type;
	if (*ixgbe_reg(x, IXGBE_RXCSUM) & RXCSUM_PCSD)
		a->hash = hash;
	if (!p.l3)
		return;
	a->info |= p.v6 ? PKTTYPE_IPV6 : PKTTYPE_IPV4;
	if (!p.v6)
		a->status |= RXD_STAT_IPCS | (frame_ip_right(a->data, &p) ? 0 : RXDADV_ERR_IPE);
	if (!p.l4)
		return;
	a->info |= p.protocol == IS_TCP ? PKTTYPE_TCP : PKTTYPE_UDP;
	if (p.protocol == IS_UDP && !p.v6 && !frame_be16(a->data + p.l4 + 6))
		return; /* it has no checksum */
	a->status |= RXD_STAT_L4CS | (p.protocol == IS_UDP ? RXD_STAT_UDPCS : 0);
	if (!frame_l4_right(a->data, &p))
		a->status |= RXDADV_ERR_TCPE;
}

/* deliver - the first frame of the FIFO; false if it has to stay there */
static bool deliver(struct ixgbe *x, const uint8_t *frame, size_t length)
{
	struct arrived a = {.data = x->received, .length = length};
	unsigned int q;
	uint32_t queue, crc;

	memcpy(x->received, frame, length);
	examine(x, &a, &q);
	queue = IXGBE_RX_QUEUE(q);
	if ((*ixgbe_reg(x, queue + Q_SRRCTL) & SRRCTL_DESCTYPE_MASK) != SRRCTL_DESCTYPE_ADV_ONEBUF) {
		if (*ixgbe_reg(x, queue + Q_DCTL) & IXGBE_DCTL_ENABLE)
			complain("ixgbe: receive queue %u has descriptors that this model does not know", q);
		return false;
	}
	if (*ixgbe_reg(x, queue + Q_DCTL) & IXGBE_VME && frame_untag(a.data, &a.length, &a.vlan))
		a.status |= RXD_STAT_VP;
	if (!(*ixgbe_reg(x, IXGBE_HLREG0) & IXGBE_HLREG0_RXCRCSTRP)) {
		crc = frame_crc(a.data, a.length);
		memcpy(a.data + a.length, &crc, FCS);
		a.length += FCS;
	}
	if (put(x, queue, &a)) {
		ixgbe_cause(x, q, false);
		return true;
	}
	if (!(*ixgbe_reg(x, queue + Q_SRRCTL) & SRRCTL_DROP_EN))
		return false;
	++*ixgbe_reg(x, QPRDC(q & 15));
	return true;
}

void ixgbe_drain(struct ixgbe *x)
{
	uint32_t length;

	while (x->fifo_from < x->fifo_to && *ixgbe_reg(x, IXGBE_RXCTRL) & RXCTRL_RXEN) {
		memcpy(&length, x->fifo + x->fifo_from, sizeof length);
		if (!deliver(x, x->fifo + x->fifo_from + sizeof length, length))
			return;
		x->fifo_from += sizeof length + length;
	}
	if (x->fifo_from == x->fifo_to)
		x->fifo_from = x->fifo_to = 0;
}

/* keep - into the FIFO; false if it is full */
static bool keep(struct ixgbe *x, const uint8_t *frame, uint32_t length)
{
	size_t room = *ixgbe_reg(x, IXGBE_RXPBSIZE0);

	room = room < IXGBE_FIFO ? room : IXGBE_FIFO;
	if (x->fifo_to + sizeof length + length > room && x->fifo_from) {
		memmove(x->fifo, x->fifo + x->fifo_from, x->fifo_to - x->fifo_from);
		x->fifo_to -= x->fifo_from;
		x->fifo_from = 0;
	}
	if (x->fifo_to + sizeof length + length > room)
		return false;
	memcpy(x->fifo + x->fifo_to, &length, sizeof length);
	memcpy(x->fifo + x->fifo_to + sizeof length, frame, length);
	x->fifo_to += sizeof length + length;
	return true;
}

void ixgbe_receive(void *arg, const uint8_t *frame, size_t length)
{
	struct ixgbe *x = arg;
	size_t most = *ixgbe_reg(x, IXGBE_HLREG0) & IXGBE_HLREG0_JUMBOEN ? *ixgbe_reg(x, IXGBE_MAXFRS) >> 16 : 1518;

	if (frame_be16(frame + 12) == 0x8100)
		most += FRAME_TAG;
	++*ixgbe_reg(x, IXGBE_TPR);
	ixgbe_count64(x, IXGBE_TORL, length + FCS);
	if (!(*ixgbe_reg(x, IXGBE_RXCTRL) & RXCTRL_RXEN) || length + FCS > WIRE_FRAME)
		return;
	if (length + FCS > most) {
		++*ixgbe_reg(x, IXGBE_ROC);
		return;
	}
	if (!accepts(x, frame))
		return;
	/* those that are missed are counted as good ones too: the driver knows */
	++*ixgbe_reg(x, IXGBE_GPRC);
	ixgbe_count64(x, IXGBE_GORCL, length + FCS);
	if (nic_cast(frame) == NIC_BROADCAST)
		++*ixgbe_reg(x, IXGBE_BPRC);
	else if (nic_cast(frame) == NIC_MULTICAST)
		++*ixgbe_reg(x, IXGBE_MPRC);
	if (!keep(x, frame, (uint32_t)length))
		++*ixgbe_reg(x, IXGBE_MPC0);
	ixgbe_drain(x);
}
