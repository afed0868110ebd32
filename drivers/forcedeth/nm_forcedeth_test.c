/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_forcedeth_test.c - descriptors of nForce NICs in their three formats, see nm_forcedeth_rings.h. */
#include "nic_bed.h"

#define DESC_VER_1 1
#define DESC_VER_2 2
#define DESC_VER_3 3
#define NV_TX_LASTPACKET (1u << 16)
#define NV_TX_VALID (1u << 31)
#define NV_TX2_LASTPACKET (1u << 29)
#define NV_TX2_VALID (1u << 31)
#define NV_RX_DESCRIPTORVALID (1u << 16)
#define NV_RX_SUBTRACT1 (1u << 18)
#define NV_RX_ERROR4 (1u << 26)
#define NV_RX_CRCERR (1u << 27)
#define NV_RX_FRAMINGERR (1u << 29)
#define NV_RX_ERROR (1u << 30)
#define NV_RX_AVAIL (1u << 31)
#define NV_RX_ERROR_MASK 0x3f800000u
#define NV_RX2_DESCRIPTORVALID (1u << 29)
#define NV_RX2_SUBTRACT1 (1u << 25)
#define NV_RX2_ERROR4 (1u << 21)
#define NV_RX2_CRCERR (1u << 22)
#define NV_RX2_FRAMINGERR (1u << 24)
#define NV_RX2_ERROR (1u << 30)
#define NV_RX2_AVAIL (1u << 31)
#define NV_RX2_ERROR_MASK 0x01fc0000u
#define NV_PKTLIMIT_2 9100u
#define NV_RX_HEADERS 64u
#define LEN_MASK_V1 0x0000ffffu
#define LEN_MASK_V2 0x00003fffu
#define NV_TX_LIMIT_COUNT 16
#define NVREG_TXRXCTL_KICK 1
#define NvRegTxRxControl 0

struct ring_desc { __le32 buf, flaglen; };
struct ring_desc_ex { __le32 bufhigh, buflow, txvlan, flaglen; };
union ring_type { struct ring_desc *orig; struct ring_desc_ex *ex; };

struct fe_priv {
	union ring_type rx_ring, tx_ring;
	u8 *base;
	u32 desc_ver, txrxctl_bits;
	int tx_limit;
	uint32_t netmap_tail, netmap_given, netmap_flight;
};

static bool
nv_optimized(const struct fe_priv *np)
{
	return np->desc_ver == DESC_VER_3;
}

static u32
dma_low(uint64_t addr)
{
	return (u32)addr;
}

static u32
dma_high(uint64_t addr)
{
	return (u32)(addr >> 32);
}

#include "nm_forcedeth_rings.h"

#define DESC 512u

static struct ring_desc tx_desc[DESC], rx_desc[DESC];
static struct ring_desc_ex tx_ex[DESC], rx_ex[DESC];
static u32 control;
static struct fe_priv private;
static bool begins = true; /* the next descriptor begins a frame */

static void
reset_as(struct nm_hw_ring *r, int dir, u32 version, int limit)
{
	u32 i;

	private.base = (u8 *)&control;
	private.desc_ver = version;
	private.tx_limit = limit;
	private.rx_ring.ex = rx_ex;
	private.tx_ring.ex = tx_ex;
	if (version != DESC_VER_3) {
		private.rx_ring.orig = rx_desc;
		private.tx_ring.orig = tx_desc;
	}
	r->nic = &private;
	if (dir == NM_DIR_TX) {
		private.netmap_tail = private.netmap_given = private.netmap_flight = 0;
		memset(tx_desc, 0, sizeof(tx_desc));
		for (i = 0; i < DESC; i++)
			tx_ex[i] = (struct ring_desc_ex){.txvlan = ~0u}; /* a tag that the driver put in before */
		control = 0;
	} else {
		memset(rx_desc, 0, sizeof(rx_desc));
		memset(rx_ex, 0, sizeof(rx_ex));
	}
}

static void
reset1(struct nm_hw_ring *r, int dir)
{
	reset_as(r, dir, DESC_VER_1, 0);
}

static void
reset2(struct nm_hw_ring *r, int dir)
{
	reset_as(r, dir, DESC_VER_2, 0);
}

static void
reset3(struct nm_hw_ring *r, int dir)
{
	reset_as(r, dir, DESC_VER_3, 0);
}

static void
reset_limited(struct nm_hw_ring *r, int dir)
{
	reset_as(r, dir, DESC_VER_3, 1);
}

static bool
format1(void)
{
	return private.desc_ver == DESC_VER_1;
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	u32 flaglen = le32_to_cpu(tx_desc[desc].flaglen), lengths = format1() ? 0xffff : 0x3fff;
	u32 last = format1() ? NV_TX_LASTPACKET : NV_TX2_LASTPACKET;

	if (!(flaglen & NV_TX_VALID) || !control)
		return false;
	assert_int_equal(flaglen & ~(NV_TX_VALID | last | lengths), 0);
	*p = (struct nic_part){.addr = nic_below_4g(le32_to_cpu(tx_desc[desc].buf)), .len = (flaglen & lengths) + 1, .last = flaglen & last, .report = true};
	return true;
}

static void
sent(uint32_t desc)
{
	tx_desc[desc].flaglen &= ~cpu_to_le32(NV_TX_VALID);
}

/* No more frames than some chips can do with: `out` counts those that are valid from here on. */
static bool
sends_ex(uint32_t desc, struct nic_part *p)
{
	u32 flaglen = le32_to_cpu(tx_ex[desc].flaglen), k, out = 0;

	if (!(flaglen & NV_TX2_VALID) || !control)
		return false;
	for (k = desc; private.tx_limit && (tx_ex[k].flaglen & cpu_to_le32(NV_TX2_VALID)); k = (k + 1) % DESC)
		out += !!(tx_ex[k].flaglen & cpu_to_le32(NV_TX2_LASTPACKET));
	assert_true(out <= NV_TX_LIMIT_COUNT);
	assert_int_equal(tx_ex[desc].txvlan, 0);
	*p = (struct nic_part){.addr = (uint64_t)le32_to_cpu(tx_ex[desc].bufhigh) << 32 | le32_to_cpu(tx_ex[desc].buflow),
	    .len = (flaglen & 0x3fff) + 1, .last = flaglen & NV_TX2_LASTPACKET, .report = true};
	return true;
}

static void
sent_ex(uint32_t desc)
{
	tx_ex[desc].flaglen &= ~cpu_to_le32(NV_TX2_VALID);
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	u32 flaglen = le32_to_cpu(rx_desc[desc].flaglen);

	*addr = nic_below_4g(le32_to_cpu(rx_desc[desc].buf));
	*size = flaglen & (format1() ? LEN_MASK_V1 : LEN_MASK_V2);
	return flaglen & NV_RX_AVAIL;
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	/* it has no frames of several: what does not fit is an error */
	bool bad = !begins || !(flags & NM_HW_LAST) || (flags & NM_HW_BAD);
	u32 says;

	if (format1())
		says = NV_RX_DESCRIPTORVALID | (bad ? NV_RX_ERROR | NV_RX_CRCERR : 0);
	else
		says = NV_RX2_DESCRIPTORVALID | (bad ? NV_RX2_ERROR | NV_RX2_CRCERR : 0);
	rx_desc[desc].flaglen = cpu_to_le32(len | says);
	begins = flags & NM_HW_LAST;
}

static bool
posted_ex(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	u32 flaglen = le32_to_cpu(rx_ex[desc].flaglen);

	*addr = (uint64_t)le32_to_cpu(rx_ex[desc].bufhigh) << 32 | le32_to_cpu(rx_ex[desc].buflow);
	*size = flaglen & LEN_MASK_V2;
	return flaglen & NV_RX2_AVAIL;
}

static void
fill_ex(uint32_t desc, uint32_t len, unsigned flags)
{
	bool part = !begins || !(flags & NM_HW_LAST);

	rx_ex[desc].flaglen = cpu_to_le32(len | NV_RX2_DESCRIPTORVALID | (flags & NM_HW_BAD || part ? NV_RX2_ERROR | NV_RX2_CRCERR : 0));
	begins = flags & NM_HW_LAST;
}

#define SYNCS nm_forcedeth_txsync, nm_forcedeth_rxsync, nm_forcedeth_txdone, nm_forcedeth_txforeign, .ndesc = DESC, \
	.min_bytes = ETH_ZLEN, .max_parts = NETMAP_MAX_FRAGS, .bufs = &nm_forcedeth_bufs
static const struct nic_model first = {SYNCS, .reset = reset1, .sends = sends, .sent = sent, .posted = posted, .fill = fill,
    .name = "format 1"};
static const struct nic_model second = {SYNCS, .reset = reset2, .sends = sends, .sent = sent, .posted = posted, .fill = fill,
    .name = "format 2"};
static const struct nic_model third = {SYNCS, .reset = reset3, .sends = sends_ex, .sent = sent_ex, .posted = posted_ex, .fill = fill_ex,
    .name = "format 3"};
static const struct nic_model limited = {SYNCS, .reset = reset_limited, .sends = sends_ex, .sent = sent_ex, .posted = posted_ex, .fill = fill_ex,
    .name = "format 3, 16 frames at a time"};

/* Of a frame with dribble bits the last byte is none; a length in the header that is not the frame's is the program's matter. */
static void
errors_that_are_none(void **state)
{
	(void)state;
	nic_open(&third, 64);
	assert_true(nic_gets(61, NM_HW_LAST, 0));
	rx_ex[0].flaglen |= cpu_to_le32(NV_RX2_ERROR | NV_RX2_FRAMINGERR | NV_RX2_SUBTRACT1);
	assert_true(nic_gets(62, NM_HW_LAST, 0));
	rx_ex[1].flaglen |= cpu_to_le32(NV_RX2_ERROR | NV_RX2_ERROR4);
	assert_true(nic_gets(63, NM_HW_LAST, 0));
	rx_ex[2].flaglen |= cpu_to_le32(NV_RX2_ERROR | NV_RX2_ERROR4 | NV_RX2_CRCERR);
	nm_forcedeth_rxsync(&nic_rx, 64);
	assert_int_equal(nic_got(), 2);
	assert_int_equal(nic_rx.kr->slots[0].len, 60);
	assert_int_equal(nic_rx.kr->slots[1].len, 62);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused], 1);
}

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&first, &second, &third, &limited};
	const struct CMUnitTest own[] = {cmocka_unit_test_setup_teardown(errors_that_are_none, nic_setup, nic_teardown)};

	return nic_main(argc, argv, models, 4, own, 1);
}
