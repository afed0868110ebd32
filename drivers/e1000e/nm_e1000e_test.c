/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_e1000e_test.c - descriptors of the 82574: 7.1.5 and 7.2.10.1 of its data sheet, see nm_e1000e_rings.h. */
#include "nic_intel.h"

#define E1000_TXD_CMD_EOP 0x01000000
#define E1000_TXD_CMD_IFCS 0x02000000
#define E1000_TXD_CMD_RS 0x08000000
#define E1000_TXD_CMD_IDE 0x80000000
#define E1000_TXD_STAT_DD 1
#define E1000_RXD_STAT_DD 1
#define E1000_RXD_STAT_EOP 2
#define E1000_RXDEXT_ERR_FRAME_ERR_MASK 0x97000000
#define FLAG2_PCIM2PCI_ARBITER_WA 1

struct e1000_tx_desc {
	__le64 buffer_addr;
	union { __le32 data; } lower, upper;
};

union e1000_rx_desc_extended {
	struct { __le64 buffer_addr, reserved; } read;
	struct {
		__le64 lower;
		struct { __le32 status_error; __le16 length, vlan; } upper;
	} wb;
};

struct e1000_adapter {
	u32 flags2, txd_cmd;
};

struct e1000_ring {
	struct e1000_adapter *adapter;
	void *desc;
	u32 *tail;
};

#define E1000_TX_DESC(ring, i) (&((struct e1000_tx_desc *)(ring).desc)[i])
#define E1000_RX_DESC_EXT(ring, i) (&((union e1000_rx_desc_extended *)(ring).desc)[i])

#include "nm_e1000e_rings.h"

static u32 checked;
static struct e1000_adapter adapter = {.txd_cmd = E1000_TXD_CMD_IDE};
static struct e1000_ring tx_ring = {&adapter, intel_tx, &intel_tail[NM_DIR_TX]}, rx_ring = {&adapter, intel_rx, &intel_tail[NM_DIR_RX]};

/* What the driver does for chips that may miss a write of the tail. */
static void
e1000e_update_rdt_wa(struct e1000_ring *ring, unsigned int i)
{
	*ring->tail = i;
	checked++;
}

static void
e1000e_update_tdt_wa(struct e1000_ring *ring, unsigned int i)
{
	*ring->tail = i;
	checked++;
}

static void
reset(struct nm_hw_ring *r, int dir)
{
	r->nic = dir == NM_DIR_TX ? &tx_ring : &rx_ring;
	intel_reset(dir);
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	intel_fill(desc, len, flags & NM_HW_BAD ? 0x80000000 : 0, flags);
}

static const struct nic_model model = {nm_e1000e_txsync, nm_e1000e_rxsync, nm_e1000e_txdone, nm_e1000e_txforeign, .ndesc = INTEL_DESC, .min_bytes = ETH_ZLEN,
    .bufs = &nm_e1000e_bufs, .max_parts = NETMAP_MAX_FRAGS, .joins = true, .reset = reset, .sends = intel_sends_legacy, .sent = intel_sent, .posted = intel_posted, .fill = fill};

static void
chips_that_may_miss_a_tail_get_it_from_the_driver(void **state)
{
	(void)state;
	adapter.flags2 = FLAG2_PCIM2PCI_ARBITER_WA;
	nic_open(&model, 64);
	nic_slot(0, 60, 0);
	assert_false(nic_transmit(1));
	assert_int_equal(nic_sends(2, NULL), 1);
	assert_true(nic_gets(60, NM_HW_LAST, 0));
	assert_int_equal(checked, 2);
	adapter.flags2 = 0;
}

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};
	const struct CMUnitTest own[] = {cmocka_unit_test_setup_teardown(chips_that_may_miss_a_tail_get_it_from_the_driver, nic_setup, nic_teardown)};

	return nic_main(argc, argv, models, 1, own, 1);
}
