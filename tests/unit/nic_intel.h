/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_intel.h - the NIC's side of descriptors that several of Intel's NICs have in common, for models of nic_bed.h. Numbers are of the data
 * sheets that drivers/X/nm_X_rings.h cites, not the names that the drivers give them: what a driver misnames is to be seen.
 */
#ifndef NIC_INTEL_H
#define NIC_INTEL_H

#include "nic_bed.h"

#define INTEL_DESC 512u

/* Of a descriptor's second half, transmit: commands and the length; then what is written back, or the length of the whole frame. */
#define INTEL_EOP (1u << 24)
#define INTEL_IFCS (1u << 25)
#define INTEL_RS (1u << 27)
#define INTEL_ADVANCED (1u << 29 | 3u << 20) /* DEXT, DTYP of data */
#define INTEL_IDE (1u << 31)
#define INTEL_PAYLEN_SHIFT 14
/* receive, as it is written back: state and errors; then the length */
#define INTEL_DD 1u
#define INTEL_RX_EOP 2u

struct intel_desc {
	__le64 addr;
	__le32 low, high;
};

static struct intel_desc intel_tx[INTEL_DESC], intel_rx[INTEL_DESC];
static u32 intel_tail[2];     /* registers, by direction */
static bool intel_begins;     /* the transmit descriptor that the NIC comes to begins a frame */

static inline void
intel_reset(int dir)
{
	intel_tail[dir] = 0;
	intel_begins = true;
	memset(dir == NM_DIR_TX ? intel_tx : intel_rx, dir == NM_DIR_TX ? 0 : 0xff, sizeof(intel_tx));
}

/* Its command has to be `always`, with what differs from frame to frame. */
static inline bool
intel_sends(uint32_t desc, struct nic_part *p, u32 always)
{
	u32 cmd = le32_to_cpu(intel_tx[desc].low);

	if (desc == intel_tail[NM_DIR_TX])
		return false;
	assert_int_equal(cmd & ~(INTEL_EOP | INTEL_RS), always | (cmd & 0xffff));
	*p = (struct nic_part){.addr = le64_to_cpu(intel_tx[desc].addr), .len = cmd & 0xffff, .last = cmd & INTEL_EOP, .report = cmd & INTEL_RS};
	return true;
}

/* Legacy descriptors, with a command that may wait with its interrupt. */
static inline bool
intel_sends_legacy(uint32_t desc, struct nic_part *p)
{
	if (!intel_sends(desc, p, INTEL_IFCS | INTEL_IDE))
		return false;
	assert_int_equal(intel_tx[desc].high, 0);
	return true;
}

/* Advanced ones: the first of a frame tells how long it is, which must not be less than `shortest`. */
static inline bool
intel_sends_advanced(uint32_t desc, struct nic_part *p, uint32_t shortest)
{
	if (!intel_sends(desc, p, INTEL_IFCS | INTEL_ADVANCED))
		return false;
	if (intel_begins) {
		p->whole = le32_to_cpu(intel_tx[desc].high) >> INTEL_PAYLEN_SHIFT;
		assert_true(p->whole >= shortest);
	}
	intel_begins = p->last;
	return true;
}

static inline void
intel_sent(uint32_t desc)
{
	intel_tx[desc].high = cpu_to_le32(INTEL_DD);
}

/* Descriptors that are written over by the NIC; how large buffers are a register says. */
static inline bool
intel_posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	if (desc == intel_tail[NM_DIR_RX])
		return false;
	assert_false(le32_to_cpu(intel_rx[desc].low) & INTEL_DD);
	*addr = le64_to_cpu(intel_rx[desc].addr);
	*size = nic_rx.buf_bytes;
	return true;
}

static inline void
intel_fill(uint32_t desc, uint32_t len, u32 says, unsigned flags)
{
	intel_rx[desc] = (struct intel_desc){
	    .addr = ~0ull,
	    .low = cpu_to_le32(INTEL_DD | says | (flags & NM_HW_LAST ? INTEL_RX_EOP : 0)),
	    .high = cpu_to_le32(len),
	};
}

#endif
