/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_e1000_test.c - descriptors of the 8254x: 3.2.3 and 3.3.3 of its manual, see nm_e1000_rings.h. */
#include "nic_intel.h"

#define E1000_TXD_CMD_EOP 0x01000000
#define E1000_TXD_CMD_IFCS 0x02000000
#define E1000_TXD_CMD_RS 0x08000000
#define E1000_TXD_CMD_IDE 0x80000000
#define E1000_TXD_STAT_DD 1
#define E1000_RXD_STAT_DD 1
#define E1000_RXD_STAT_EOP 2
#define E1000_RXD_ERR_FRAME_ERR_MASK 0x97

struct e1000_tx_desc {
	__le64 buffer_addr;
	union { __le32 data; } lower, upper;
};

struct e1000_rx_desc {
	__le64 buffer_addr;
	__le16 length, csum;
	u8 status, errors;
	__le16 special;
};

struct e1000_ring {
	void *desc;
	u16 tdt, rdt; /* each of another structure in the driver */
};

struct e1000_hw { u8 *hw_addr; };

struct e1000_adapter {
	struct e1000_ring *tx_ring, *rx_ring;
	u32 txd_cmd;
	struct e1000_hw hw;
};

#define E1000_TX_DESC(ring, i) (&((struct e1000_tx_desc *)(ring).desc)[i])
#define E1000_RX_DESC(ring, i) (&((struct e1000_rx_desc *)(ring).desc)[i])

#include "nm_e1000_rings.h"

static struct e1000_rx_desc rx_desc[INTEL_DESC];
static struct e1000_ring tx_ring = {.desc = intel_tx, .tdt = 0}, rx_ring = {.desc = rx_desc, .rdt = 4};
static struct e1000_adapter adapter = {&tx_ring, &rx_ring, E1000_TXD_CMD_IDE, {(u8 *)intel_tail}};

static void
reset(struct nm_hw_ring *r, int dir)
{
	r->nic = &adapter;
	intel_reset(dir);
	if (dir == NM_DIR_RX)
		memset(rx_desc, 0xff, sizeof(rx_desc));
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	*addr = le64_to_cpu(rx_desc[desc].buffer_addr);
	*size = nic_rx.buf_bytes; /* a register says so */
	return desc != intel_tail[NM_DIR_RX];
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	rx_desc[desc].length = cpu_to_le16(len);
	rx_desc[desc].errors = flags & NM_HW_BAD ? 0x80 : 0;
	rx_desc[desc].status = E1000_RXD_STAT_DD | (flags & NM_HW_LAST ? E1000_RXD_STAT_EOP : 0);
}

static const struct nic_model model = {nm_e1000_txsync, nm_e1000_rxsync, nm_e1000_txdone, nm_e1000_txforeign, .ndesc = INTEL_DESC, .min_bytes = ETH_ZLEN,
    .bufs = &nm_e1000_bufs, .max_parts = NETMAP_MAX_FRAGS, .joins = true, .reset = reset, .sends = intel_sends_legacy, .sent = intel_sent, .posted = posted, .fill = fill};

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};

	return nic_main(argc, argv, models, 1, NULL, 0);
}
