/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_igb_test.c - advanced descriptors of the 82576: 7.1 and 7.2.2 of its data sheet, see nm_igb_rings.h. */
#include "nic_bed.h"

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

#define DESC 512u

static union e1000_adv_tx_desc tx_desc[DESC];
static union e1000_adv_rx_desc rx_desc[DESC];
static u32 tail[2];
static struct igb_ring tx_ring = {tx_desc, &tail[NM_DIR_TX]}, rx_ring = {rx_desc, &tail[NM_DIR_RX]};
static bool begins; /* the descriptor that the NIC comes to begins a frame */

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
	assert_int_equal(cmd & ~(E1000_ADVTXD_DCMD_EOP | E1000_ADVTXD_DCMD_RS),
	    E1000_ADVTXD_DTYP_DATA | E1000_ADVTXD_DCMD_IFCS | E1000_ADVTXD_DCMD_DEXT | (cmd & 0xffff));
	*p = (struct nic_part){.addr = le64_to_cpu(tx_desc[desc].read.buffer_addr), .len = cmd & 0xffff, .last = cmd & E1000_ADVTXD_DCMD_EOP,
	    .report = cmd & E1000_ADVTXD_DCMD_RS};
	if (begins) {
		p->whole = le32_to_cpu(tx_desc[desc].read.olinfo_status) >> E1000_ADVTXD_PAYLEN_SHIFT;
		assert_true(p->whole >= 17); /* less and it hangs */
	}
	begins = p->last;
	return true;
}

static void
sent(uint32_t desc)
{
	tx_desc[desc].wb.status = cpu_to_le32(E1000_TXD_STAT_DD);
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	if (desc == tail[NM_DIR_RX])
		return false;
	assert_false(le32_to_cpu(rx_desc[desc].wb.upper.status_error) & E1000_RXD_STAT_DD);
	*addr = le64_to_cpu(rx_desc[desc].read.pkt_addr);
	*size = nic_rx.map->stride; /* a register says so */
	return true;
}

static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	union e1000_adv_rx_desc *d = &rx_desc[desc];

	d->wb.lower = ~0ull; /* over the address */
	d->wb.upper.length = cpu_to_le16(len);
	d->wb.upper.status_error = cpu_to_le32(E1000_RXD_STAT_DD | (flags & NM_HW_LAST ? E1000_RXD_STAT_EOP : 0) | (flags & NM_HW_BAD ? 0x80000000 : 0));
}

static const struct nic_model model = {nm_igb_txsync, nm_igb_rxsync, nm_igb_txdone, nm_igb_txforeign,
    .ndesc = DESC, .min_bytes = 17,
    .max_parts = NETMAP_MAX_FRAGS, .joins = true, .reset = reset, .sends = sends, .sent = sent, .posted = posted, .fill = fill};

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};

	return nic_main(argc, argv, models, 1, NULL, 0);
}
