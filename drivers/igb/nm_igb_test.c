/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_igb_test.c - advanced descriptors of the 82576: 7.1 and 7.2.2 of its data sheet, see nm_igb_rings.h. */
#include "nic_intel.h"

#define E1000_ADVTXD_DTYP_DATA 0x00300000
#define E1000_ADVTXD_DCMD_EOP 0x01000000
#define E1000_ADVTXD_DCMD_IFCS 0x02000000
#define E1000_ADVTXD_DCMD_RS 0x08000000
#define E1000_ADVTXD_DCMD_DEXT 0x20000000
#define E1000_ADVTXD_PAYLEN_SHIFT 14
#define E1000_TXD_STAT_DD 1
#define E1000_RXD_STAT_DD 1
#define E1000_RXD_STAT_EOP 2
#define E1000_RXDEXT_ERR_FRAME_ERR_MASK 0x97000000

union e1000_adv_tx_desc {
	struct { __le64 buffer_addr; __le32 cmd_type_len, olinfo_status; } read;
	struct { __le64 rsvd; __le32 nxtseq_seed, status; } wb;
};

union e1000_adv_rx_desc {
	struct { __le64 pkt_addr, hdr_addr; } read;
	struct {
		__le64 lower;
		struct { __le32 status_error; __le16 length, vlan; } upper;
	} wb;
};

struct igb_ring {
	void *desc;
	u32 *tail;
};

#define IGB_TX_DESC(ring, i) (&((union e1000_adv_tx_desc *)(ring)->desc)[i])
#define IGB_RX_DESC(ring, i) (&((union e1000_adv_rx_desc *)(ring)->desc)[i])

#include "nm_igb_rings.h"

static struct igb_ring tx_ring = {intel_tx, &intel_tail[NM_DIR_TX]}, rx_ring = {intel_rx, &intel_tail[NM_DIR_RX]};

static void
reset(struct nm_hw_ring *r, int dir)
{
	r->nic = dir == NM_DIR_TX ? &tx_ring : &rx_ring;
	intel_reset(dir);
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	return intel_sends_advanced(desc, p, 17); /* less and it hangs */
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	intel_fill(desc, len, flags & NM_HW_BAD ? 0x80000000 : 0, flags);
}

static const struct nic_model model = {nm_igb_txsync, nm_igb_rxsync, nm_igb_txdone, nm_igb_txforeign, .ndesc = INTEL_DESC, .min_bytes = 17,
    .bufs = &nm_igb_bufs, .max_parts = NETMAP_MAX_FRAGS, .joins = true, .reset = reset, .sends = sends, .sent = intel_sent, .posted = intel_posted, .fill = fill};

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};

	return nic_main(argc, argv, models, 1, NULL, 0);
}
