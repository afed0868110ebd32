/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_ixgbe_test.c - advanced descriptors of the 82599: 7.1.6 and 7.2.3.2.4 of its data sheet, see nm_ixgbe_rings.h. */
#include "nic_intel.h"

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

static struct ixgbe_adapter adapter;
static struct ixgbe_q_vector vector = {&adapter};
static struct ixgbe_ring tx_ring = {&vector, intel_tx, &intel_tail[NM_DIR_TX]}, rx_ring = {&vector, intel_rx, &intel_tail[NM_DIR_RX]};
static u32 also;    /* what the NIC says of a frame besides */

static void
reset(struct nm_hw_ring *r, int dir)
{
	r->nic = dir == NM_DIR_TX ? &tx_ring : &rx_ring;
	intel_reset(dir);
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	return intel_sends_advanced(desc, p, NM_IXGBE_SHORTEST);
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	intel_fill(desc, len, also | (flags & NM_HW_BAD ? 0x20000000 : 0), flags);
}

static const struct nic_model model = {nm_ixgbe_txsync, nm_ixgbe_rxsync, nm_ixgbe_txdone, nm_ixgbe_txforeign, .ndesc = INTEL_DESC, .min_bytes = NM_IXGBE_SHORTEST,
    .bufs = &nm_ixgbe_bufs, .max_parts = NM_IXGBE_PARTS, .joins = true, .reset = reset, .sends = sends, .sent = intel_sent, .posted = intel_posted, .fill = fill};

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
