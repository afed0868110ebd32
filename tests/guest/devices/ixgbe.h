/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ixgbe.h - Intel's 82599 for CX4 cables. The truth is the data sheet ("Intel 82599 10 GbE Controller Datasheet", 331520) and the
 * kernel's driver (drivers/net/ethernet/intel/ixgbe), whose names the registers have here.
 *
 * There: 128 queues each way with advanced descriptors, RSS, checksums, segmentation, tags of VLANs and their filter, the filter of
 * addresses, a receive FIFO that waits for descriptors unless the queue is to drop, 64 messages of MSI-X with throttling, auto-clear and
 * auto-mask, MSI and INTx, EEPROM with its checksum, counters that are cleared by reading. CX4 has neither PHY nor negotiation: there is a
 * link when both ends have power.
 *
 * Left out: flow director (its commands are taken, no filter ever matches), VMDq and virtual functions, DCB (all goes through the first
 * packet buffer), RSC, header split, FCoE, IPsec and MACsec, time stamps, pause frames, management firmware, SCTP's checksum, head
 * write-back. Descriptors are written back one by one, whatever the thresholds say.
 */
#ifndef IXGBE_H
#define IXGBE_H
#include "nic.h"

#define IXGBE_BAR 0x20000u
#define IXGBE_QUEUES 128u
#define IXGBE_MSIX 64u
#define IXGBE_FIFO (512u * 1024) /* the most that RXPBSIZE can say */

struct ixgbe_context {
	uint32_t vlan_macip_lens, type_tucmd_mlhl, mss_l4len_idx;
};

struct ixgbe {
	struct nic nic;
	uint32_t reg[IXGBE_BAR / 4];
	uint16_t eeprom[64];
	/* interrupts: causes of queues by their vector, and whether they may be told; EICR and EIMS have the others */
	uint64_t causes, enabled;
	bool told;                     /* other causes, or in the mode without MSI-X all of them, were there when it was looked at last */
	uint64_t next_time[IXGBE_MSIX]; /* when a vector may be told again */
	struct timer throttle;
	/* reception */
	uint8_t *fifo; /* frames, each behind its length in four bytes, from the beginning; what has been taken is moved out now and then */
	size_t fifo_from, fifo_to;
	/* transmission */
	struct ixgbe_context context[IXGBE_QUEUES][2];
	unsigned int last_queue;
	uint8_t frame[NIC_TSO], segment[WIRE_FRAME], received[WIRE_FRAME];
};

static inline uint32_t *ixgbe_reg(struct ixgbe *x, uint32_t offset) { return &x->reg[offset / 4]; }

/* registers that more than one file knows */
enum {
	IXGBE_CTRL = 0x00000, IXGBE_RXCTRL = 0x03000, IXGBE_RXPBSIZE0 = 0x03c00, IXGBE_MPC0 = 0x03fa0, IXGBE_GPRC = 0x04074, IXGBE_BPRC = 0x04078,
	IXGBE_MPRC = 0x0407c, IXGBE_GPTC = 0x04080, IXGBE_GORCL = 0x04088, IXGBE_GOTCL = 0x04090, IXGBE_ROC = 0x040ac, IXGBE_TORL = 0x040c0,
	IXGBE_TPR = 0x040d0, IXGBE_TPT = 0x040d4, IXGBE_MPTC = 0x040f0, IXGBE_BPTC = 0x040f4, IXGBE_HLREG0 = 0x04240, IXGBE_MAXFRS = 0x04268,
	IXGBE_DMATXCTL = 0x04a80, IXGBE_RXCSUM = 0x05000, IXGBE_FCTRL = 0x05080, IXGBE_VLNCTRL = 0x05088, IXGBE_MCSTCTRL = 0x05090,
	IXGBE_MTA = 0x05200, IXGBE_RAL0 = 0x05400, IXGBE_RAL16 = 0x0a280, IXGBE_MRQC = 0x05818, IXGBE_RETA = 0x05c00, IXGBE_RSSRK = 0x05c80,
	IXGBE_VFTA = 0x0a000
};
#define IXGBE_HLREG0_RXCRCSTRP 0x2u
#define IXGBE_HLREG0_JUMBOEN 0x4u
#define IXGBE_HLREG0_LPBK 0x8000u
#define IXGBE_RX_QUEUE(q) ((q) < 64 ? 0x01000u + 0x40 * (q) : 0x0d000u + 0x40 * ((q) - 64))
#define IXGBE_TX_QUEUE(q) (0x06000u + 0x40 * (q))
/* behind the beginning of a queue's registers, the same for both ways */
enum { Q_BAL = 0x00, Q_BAH = 0x04, Q_LEN = 0x08, Q_HEAD = 0x10, Q_SRRCTL = 0x14, Q_TAIL = 0x18, Q_DCTL = 0x28 };
#define IXGBE_DCTL_ENABLE (1u << 25)
#define IXGBE_DESCRIPTOR 16u
#define IXGBE_VME (1u << 30)

/* ixgbe.c */
/* ixgbe_cause - a queue has something: tx, or rx */
void ixgbe_cause(struct ixgbe *x, unsigned int queue, bool tx);
/* ixgbe_count64 - a counter of two registers, the lower one first */
void ixgbe_count64(struct ixgbe *x, uint32_t low, uint64_t n);
/* ixgbe_descriptor - where number n of a ring is, NULL: nowhere; ixgbe_ring - how many it has */
uint32_t *ixgbe_descriptor(struct ixgbe *x, uint32_t queue, uint32_t n);
uint32_t ixgbe_ring(struct ixgbe *x, uint32_t queue);

/* ixgbe_rx.c */
void ixgbe_receive(void *arg, const uint8_t *frame, size_t length);
void ixgbe_drain(struct ixgbe *x);

/* ixgbe_tx.c */
void ixgbe_transmit(void *arg);

#endif
