/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_e1000e_test.c - descriptors of the 82574: 7.1.5 and 7.2.10.1 of its data sheet, see nm_e1000e_rings.h. */
#include "nic_bed.h"

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

#define DESC 512u

static struct e1000_tx_desc tx_desc[DESC];
static union e1000_rx_desc_extended rx_desc[DESC];
static u32 tail[2], checked;
static struct e1000_adapter adapter = {.txd_cmd = E1000_TXD_CMD_IDE};
static struct e1000_ring tx_ring = {&adapter, tx_desc, &tail[NM_DIR_TX]}, rx_ring = {&adapter, rx_desc, &tail[NM_DIR_RX]};

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
	tail[dir] = 0;
	r->nic = dir == NM_DIR_TX ? &tx_ring : &rx_ring;
	if (dir == NM_DIR_TX)
		memset(tx_desc, 0, sizeof(tx_desc));
	else
		memset(rx_desc, 0xff, sizeof(rx_desc));
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	u32 cmd = le32_to_cpu(tx_desc[desc].lower.data);

	if (desc == tail[NM_DIR_TX])
		return false;
	assert_int_equal(cmd & ~(E1000_TXD_CMD_EOP | E1000_TXD_CMD_RS), E1000_TXD_CMD_IFCS | E1000_TXD_CMD_IDE | (cmd & 0xffff));
	assert_int_equal(tx_desc[desc].upper.data, 0);
	*p = (struct nic_part){.addr = le64_to_cpu(tx_desc[desc].buffer_addr), .len = cmd & 0xffff, .last = cmd & E1000_TXD_CMD_EOP,
	    .report = cmd & E1000_TXD_CMD_RS};
	return true;
}

static void
sent(uint32_t desc)
{
	tx_desc[desc].upper.data = cpu_to_le32(E1000_TXD_STAT_DD);
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	if (desc == tail[NM_DIR_RX])
		return false;
	assert_false(le32_to_cpu(rx_desc[desc].wb.upper.status_error) & E1000_RXD_STAT_DD);
	*addr = le64_to_cpu(rx_desc[desc].read.buffer_addr);
	*size = nic_rx.map->stride; /* a register says so */
	return true;
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	union e1000_rx_desc_extended *d = &rx_desc[desc];

	d->wb.lower = ~0ull; /* over the address */
	d->wb.upper.length = cpu_to_le16(len);
	d->wb.upper.status_error = cpu_to_le32(E1000_RXD_STAT_DD | (flags & NM_HW_LAST ? E1000_RXD_STAT_EOP : 0) | (flags & NM_HW_BAD ? 0x80000000 : 0));
}

static const struct nic_model model = {nm_e1000e_txsync, nm_e1000e_rxsync, nm_e1000e_txdone, nm_e1000e_txforeign,
    .ndesc = DESC, .min_bytes = ETH_ZLEN,
    .max_parts = NETMAP_MAX_FRAGS, .joins = true, .reset = reset, .sends = sends, .sent = sent, .posted = posted, .fill = fill};

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
