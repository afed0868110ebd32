/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_ixgbe_test.c - advanced descriptors of the 82599: 7.1.6 and 7.2.3.2.4 of its data sheet, see nm_ixgbe_rings.h. */
#include "nic_bed.h"

#define IXGBE_ADVTXD_DTYP_DATA 0x00300000
#define IXGBE_ADVTXD_DCMD_EOP 0x01000000
#define IXGBE_ADVTXD_DCMD_IFCS 0x02000000
#define IXGBE_ADVTXD_DCMD_RS 0x08000000
#define IXGBE_ADVTXD_DCMD_DEXT 0x20000000
#define IXGBE_ADVTXD_PAYLEN_SHIFT 14
#define IXGBE_TXD_STAT_DD 1
#define IXGBE_RXD_STAT_TSIP 0x8000
#define IXGBE_RXDADV_STAT_DD 1
#define IXGBE_RXDADV_STAT_EOP 2
#define IXGBE_RXDADV_ERR_FRAME_ERR_MASK 0x3b000000
#define IXGBE_FLAG_RX_HWTSTAMP_ENABLED 1
#define IXGBE_TS_HDR_LEN 8

union ixgbe_adv_tx_desc {
	struct { __le64 buffer_addr; __le32 cmd_type_len, olinfo_status; } read;
	struct { __le64 rsvd; __le32 nxtseq_seed, status; } wb;
};

union ixgbe_adv_rx_desc {
	struct { __le64 pkt_addr, hdr_addr; } read;
	struct {
		__le64 lower;
		struct { __le32 status_error; __le16 length, vlan; } upper;
	} wb;
};

enum ixgbe_mac_type { ixgbe_mac_82599EB, ixgbe_mac_X550 };

struct ixgbe_adapter {
	struct { struct { enum ixgbe_mac_type type; } mac; } hw;
	u32 flags;
};

struct ixgbe_q_vector { struct ixgbe_adapter *adapter; };

struct ixgbe_ring {
	struct ixgbe_q_vector *q_vector;
	void *desc;
	u32 *tail;
};

#define IXGBE_TX_DESC(ring, i) (&((union ixgbe_adv_tx_desc *)(ring)->desc)[i])
#define IXGBE_RX_DESC(ring, i) (&((union ixgbe_adv_rx_desc *)(ring)->desc)[i])

#include "nm_ixgbe_rings.h"

#define DESC 512u

static union ixgbe_adv_tx_desc tx_desc[DESC];
static union ixgbe_adv_rx_desc rx_desc[DESC];
static u32 tail[2];
static struct ixgbe_adapter adapter;
static struct ixgbe_q_vector vector = {&adapter};
static struct ixgbe_ring tx_ring = {&vector, tx_desc, &tail[NM_DIR_TX]}, rx_ring = {&vector, rx_desc, &tail[NM_DIR_RX]};
static bool begins; /* the descriptor that the NIC comes to begins a frame */
static u32 also;    /* what the NIC says of a frame besides */

static void
reset(struct nm_hw_ring *r, int dir)
{
	tail[dir] = 0;
	r->nic = dir == NM_DIR_TX ? &tx_ring : &rx_ring;
	if (dir == NM_DIR_TX)
		memset(tx_desc, 0, sizeof(tx_desc));
	else
		memset(rx_desc, 0xff, sizeof(rx_desc));
	begins = true;
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	u32 cmd = le32_to_cpu(tx_desc[desc].read.cmd_type_len);

	if (desc == tail[NM_DIR_TX])
		return false;
	assert_int_equal(cmd & ~(IXGBE_ADVTXD_DCMD_EOP | IXGBE_ADVTXD_DCMD_RS),
	    IXGBE_ADVTXD_DTYP_DATA | IXGBE_ADVTXD_DCMD_IFCS | IXGBE_ADVTXD_DCMD_DEXT | (cmd & 0xffff));
	*p = (struct nic_part){.addr = le64_to_cpu(tx_desc[desc].read.buffer_addr), .len = cmd & 0xffff, .last = cmd & IXGBE_ADVTXD_DCMD_EOP,
	    .report = cmd & IXGBE_ADVTXD_DCMD_RS};
	if (begins) {
		p->whole = le32_to_cpu(tx_desc[desc].read.olinfo_status) >> IXGBE_ADVTXD_PAYLEN_SHIFT;
		assert_true(p->whole >= NM_IXGBE_SHORTEST);
	}
	begins = p->last;
	return true;
}

static void
sent(uint32_t desc)
{
	tx_desc[desc].wb.status = cpu_to_le32(IXGBE_TXD_STAT_DD);
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	if (desc == tail[NM_DIR_RX])
		return false;
	assert_false(le32_to_cpu(rx_desc[desc].wb.upper.status_error) & IXGBE_RXDADV_STAT_DD);
	*addr = le64_to_cpu(rx_desc[desc].read.pkt_addr);
	*size = nic_rx.map->stride; /* a register says so */
	return true;
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	union ixgbe_adv_rx_desc *d = &rx_desc[desc];

	d->wb.lower = ~0ull; /* over the address */
	d->wb.upper.length = cpu_to_le16(len);
	d->wb.upper.status_error =
	    cpu_to_le32(IXGBE_RXDADV_STAT_DD | also | (flags & NM_HW_LAST ? IXGBE_RXDADV_STAT_EOP : 0) | (flags & NM_HW_BAD ? 0x20000000 : 0));
}

static const struct nic_model model = {nm_ixgbe_txsync, nm_ixgbe_rxsync, nm_ixgbe_txdone, nm_ixgbe_txforeign,
    .ndesc = DESC, .min_bytes = NM_IXGBE_SHORTEST,
    .max_parts = NM_IXGBE_PARTS, .joins = true, .reset = reset, .sends = sends, .sent = sent, .posted = posted, .fill = fill};

/* Of an X550 that was asked for times they are behind the frame; the bit alone means nothing. */
static void
times_are_no_part_of_a_frame(void **state)
{
	(void)state;
	nic_open(&model, 64);
	also = IXGBE_RXD_STAT_TSIP;
	nic_gets(60, NM_HW_LAST, 0);
	adapter.hw.mac.type = ixgbe_mac_X550;
	nm_ixgbe_rxsync(&nic_rx, 64);
	nic_gets(61, NM_HW_LAST, 0);
	nm_ixgbe_rxsync(&nic_rx, 64);
	adapter.flags = IXGBE_FLAG_RX_HWTSTAMP_ENABLED;
	nic_gets(70, NM_HW_LAST, 0);
	nic_gets(8, NM_HW_LAST, 0); /* the rest of a time */
	nic_gets(70, NM_HW_LAST | NM_HW_BAD, 0);
	nm_ixgbe_rxsync(&nic_rx, 64);
	also = 0;
	nic_gets(63, NM_HW_LAST, 0);
	nm_ixgbe_rxsync(&nic_rx, 64);
	assert_int_equal(nic_got(), 4);
	assert_int_equal(nic_rx.kr->slots[0].len, 60);
	assert_int_equal(nic_rx.kr->slots[1].len, 61);
	assert_int_equal(nic_rx.kr->slots[2].len, 62);
	assert_int_equal(nic_rx.kr->slots[3].len, 63);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused], 2);
	adapter = (struct ixgbe_adapter){0};
}

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};
	const struct CMUnitTest own[] = {cmocka_unit_test_setup_teardown(times_are_no_part_of_a_frame, nic_setup, nic_teardown)};

	return nic_main(argc, argv, models, 1, own, 1);
}
