/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forcedeth.c - the NICs in NVIDIA's chip sets: nForce2, MCP55, MCP67, MCP79. There is no public data sheet; what they do is known from
 * the kernel's driver (drivers/net/ethernet/nvidia/forcedeth.c), whose names the registers have here.
 *
 * Three kinds of descriptors, chosen in NvRegTxRxControl; rings that are walked as long as descriptors belong to the NIC, from a place
 * that only a reset of that register sets back; events in NvRegIrqStatus, told by INTx or by one message for which the mask in
 * NvRegMSIIrqMask has to be opened again; a timer for drivers that do not want an interrupt for each frame; counters that are cleared
 * by reading; a PHY of Marvell's at address 1, whose vendor's registers are plain memory.
 *
 * Left out: MSI-X (the driver has it turned off), wake-up, pause frames (they are negotiated, nobody sends any), the management unit
 * (it says that it is not there), half duplex.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"
#include "phy.h"

enum {
	NvRegIrqStatus = 0x000, NvRegIrqMask = 0x004, NvRegUnknownSetupReg6 = 0x008, NvRegPollingInterval = 0x00c, NvRegMSIIrqMask = 0x030,
	NvRegMacReset = 0x034, NvRegTransmitterControl = 0x084, NvRegPacketFilterFlags = 0x08c, NvRegOffloadConfig = 0x090,
	NvRegReceiverControl = 0x094, NvRegMacAddrA = 0x0a8, NvRegMacAddrB = 0x0ac, NvRegMulticastAddrA = 0x0b0, NvRegMulticastAddrB = 0x0b4,
	NvRegMulticastMaskA = 0x0b8, NvRegMulticastMaskB = 0x0bc, NvRegPhyInterface = 0x0c0, NvRegTxRingPhysAddr = 0x100,
	NvRegRxRingPhysAddr = 0x104, NvRegRingSizes = 0x108, NvRegTransmitPoll = 0x10c, NvRegUnknownSetupReg5 = 0x130,
	NvRegTxRxControl = 0x144, NvRegTxRingPhysAddrHigh = 0x148, NvRegRxRingPhysAddrHigh = 0x14c, NvRegMIIStatus = 0x180,
	NvRegMIIMask = 0x184, NvRegMIIControl = 0x190, NvRegMIIData = 0x194, NvRegTxUnicast = 0x1a0, NvRegTxBroadcast = 0x1a8,
	NvRegTxCnt = 0x280, NvRegTxZeroReXmt = 0x284, NvRegRxFrameTooLong = 0x2b4, NvRegRxOverflow = 0x2b8, NvRegRxUnicast = 0x2c8,
	NvRegTxFrame = 0x2d8, NvRegRxCnt = 0x2dc, NvRegRxDropFrame = 0x2e8, NvRegVlanControl = 0x300, NvRegMSIXIrqStatus = 0x3f0,
	NvRegPowerState2 = 0x600, REGISTERS = 0x604
};
#define WINDOW 4096u

#define NVREG_IRQSTAT_MASK 0x83ffu
#define NVREG_IRQ_RX_ERROR 0x0001u
#define NVREG_IRQ_RX 0x0002u
#define NVREG_IRQ_RX_NOBUF 0x0004u
#define NVREG_IRQ_TX_ERR 0x0008u
#define NVREG_IRQ_TX_OK 0x0010u
#define NVREG_IRQ_TIMER 0x0020u
#define NVREG_IRQ_LINK 0x0040u
#define NVREG_MSI_VECTOR_0_ENABLED 1u
#define NVREG_UNKSETUP6_VAL 3u
#define NVREG_UNKSETUP5_BIT31 (1u << 31)
#define NVREG_MAC_RESET_ASSERT 0xf3u
#define NVREG_START 1u /* of NvRegTransmitterControl and NvRegReceiverControl */
#define NVREG_PFF_ALWAYS 0x7f0000u
#define NVREG_PFF_PROMISC 0x80u
#define NVREG_PFF_MYADDR 0x20u
#define NVREG_PFF_LOOPBACK 0x10u
#define PHY_RGMII 0x10000000u
#define NVREG_RINGSZ_RXSHIFT 16
#define NVREG_TRANSMITPOLL_MAC_ADDR_REV 0x8000u
#define NVREG_TXRXCTL_KICK 0x0001u
#define NVREG_TXRXCTL_BIT1 0x0002u
#define NVREG_TXRXCTL_IDLE 0x0008u
#define NVREG_TXRXCTL_RESET 0x0010u
#define NVREG_TXRXCTL_VLANSTRIP 0x0040u
#define NVREG_TXRXCTL_VLANINS 0x0080u
#define NVREG_TXRXCTL_RXCHECK 0x0400u
#define NVREG_TXRXCTL_DESC_2 0x002100u
#define NVREG_TXRXCTL_DESC_3 0xc02200u
#define NVREG_VLANCONTROL_ENABLE 0x2000u
#define NVREG_MIISTAT_ERROR 1u
#define NVREG_MIISTAT_LINKCHANGE 8u
#define NVREG_MIISTAT_MASK_ALL 15u
#define NVREG_MIICTL_INUSE 0x8000u
#define NVREG_MIICTL_WRITE 0x0400u
#define NVREG_MIICTL_ADDRSHIFT 5
#define NVREG_POWERSTATE2_PHY_RESET 0x0004u
#define NVREG_POWERSTATE2_GATE_CLOCKS 0x0f00u

#define NV_VALID (1u << 31) /* NV_TX_VALID, NV_TX2_VALID, NV_RX_AVAIL, NV_RX2_AVAIL: it belongs to the NIC */
#define LEN_MASK_V1 0xffffu
#define LEN_MASK_V2 0x3fffu
#define NV_TX_LASTPACKET (1u << 16)
#define NV_TX2_LASTPACKET (1u << 29)
#define NV_TX2_TSO (1u << 28)
#define NV_TX2_TSO_SHIFT 14
#define NV_TX2_CHECKSUM_L3 (1u << 27)
#define NV_TX2_CHECKSUM_L4 (1u << 26)
#define NV_TX3_VLAN_TAG_PRESENT (1u << 18)
#define NV_RX_DESCRIPTORVALID (1u << 16)
#define NV_RX2_DESCRIPTORVALID (1u << 29)
#define NV_RX2_CHECKSUM_IP 0x10000000u
#define NV_RX2_CHECKSUM_IP_TCP 0x14000000u
#define NV_RX2_CHECKSUM_IP_UDP 0x18000000u
#define NV_RX3_VLAN_TAG_PRESENT (1u << 16)

#define IPPROTO_IS_TCP 6
#define PHY_ADDRESS 1u
#define PHY_MARVELL 0x01410cc2u /* 88E1111 */
#define POLL_UNIT 10240u        /* nanoseconds: NVREG_POLL_DEFAULT of 97 is a millisecond */

static const struct variant {
	uint16_t device;
	uint8_t revision;
	bool gigabit, msi, correct_mac, drop_counter; /* DEV_HAS_MSI, DEV_HAS_CORRECT_MACADDR, DEV_HAS_STATISTICS_V2 */
} variants[] = {
	{0x0ab0, 0xb1, true, true, true, true},     /* MCP79: jumbo frames, checksums, segmentation */
	{0x0373, 0xa3, true, true, false, true},    /* MCP55: and tags of VLANs; at most 16 frames under way */
	{0x054c, 0xa2, true, true, true, true},     /* MCP67: none of these */
	{0x0066, 0xa1, false, false, false, false}, /* nForce2: the first kind of descriptors, no counters */
};
#define VARIANTS "mcp79 mcp55 mcp67 nforce2"

struct forcedeth {
	struct nic nic;
	struct phy phy;
	const struct variant *variant;
	uint32_t reg[REGISTERS / 4];
	uint32_t tx_at, rx_at; /* descriptors, from the beginning of their rings */
	bool kicked;           /* the transmitter has not yet come to the end of what it was kicked for */
	bool told;             /* the message's condition was true when it was looked at last */
	struct timer poll;
	uint64_t poll_at; /* when the timer's event comes next */
	uint8_t frame[NIC_TSO], segment[WIRE_FRAME], received[WIRE_FRAME];
};

static uint32_t *reg(struct forcedeth *f, unsigned int offset) { return &f->reg[offset / 4]; }

/* interrupts */

static bool poll_runs(struct forcedeth *f) { return *reg(f, NvRegUnknownSetupReg6) == NVREG_UNKSETUP6_VAL; }

static void poll_look(struct forcedeth *f)
{
	uint64_t now, interval = (uint64_t)(*reg(f, NvRegPollingInterval) & 0xffff) * POLL_UNIT;

	if (!poll_runs(f))
		return;
	now = loop_now();
	if (now >= f->poll_at) {
		*reg(f, NvRegIrqStatus) |= NVREG_IRQ_TIMER;
		f->poll_at = now + (interval ? interval : POLL_UNIT);
	}
	if (*reg(f, NvRegIrqMask) & NVREG_IRQ_TIMER && !(*reg(f, NvRegIrqStatus) & NVREG_IRQ_TIMER))
		timer_set(&f->poll, f->poll_at);
}

static void irq_update(struct forcedeth *f)
{
	bool wanted, message;

	poll_look(f);
	wanted = *reg(f, NvRegIrqStatus) & *reg(f, NvRegIrqMask);
	message = wanted && *reg(f, NvRegMSIIrqMask) & NVREG_MSI_VECTOR_0_ENABLED;
	vfu_line(f->nic.vfu, wanted);
	if (message && !f->told)
		vfu_message(f->nic.vfu, 0);
	f->told = message;
}

static void poll_fire(void *arg) { irq_update(arg); }

static void event(struct forcedeth *f, uint32_t bits)
{
	*reg(f, NvRegIrqStatus) |= bits;
	irq_update(f);
}

/* descriptors */

static unsigned int format(struct forcedeth *f)
{
	uint32_t c = *reg(f, NvRegTxRxControl);

	if ((c & NVREG_TXRXCTL_DESC_3) == NVREG_TXRXCTL_DESC_3)
		return 3;
	return (c & NVREG_TXRXCTL_DESC_2) == NVREG_TXRXCTL_DESC_2 ? 2 : 1;
}

struct descriptor {
	uint64_t buffer;
	uint32_t flags;
	uint32_t *at; /* the words in memory; the last one is flags and length */
	unsigned int words;
};

/* descriptor - number n of a ring; false if the ring is not in memory */
static bool descriptor(struct forcedeth *f, bool tx, uint32_t n, struct descriptor *d)
{
	bool wide = format(f) == 3;
	uint64_t base = *reg(f, tx ? NvRegTxRingPhysAddr : NvRegRxRingPhysAddr);

	d->words = wide ? 4 : 2;
	if (wide)
		base |= (uint64_t)*reg(f, tx ? NvRegTxRingPhysAddrHigh : NvRegRxRingPhysAddrHigh) << 32;
	base += (uint64_t)n * d->words * 4;
	d->at = base & 3 ? NULL : vfu_memory(f->nic.vfu, base, d->words * 4, true);
	if (!d->at)
		return false;
	d->flags = __atomic_load_n(&d->at[d->words - 1], __ATOMIC_ACQUIRE);
	d->buffer = wide ? (uint64_t)d->at[0] << 32 | d->at[1] : d->at[0];
	return true;
}

static void give_back(struct descriptor *d, uint32_t flags) { __atomic_store_n(&d->at[d->words - 1], flags, __ATOMIC_RELEASE); }

static uint32_t length_mask(struct forcedeth *f) { return format(f) == 1 ? LEN_MASK_V1 : LEN_MASK_V2; }
static uint32_t ring_size(struct forcedeth *f, bool tx) { return (*reg(f, NvRegRingSizes) >> (tx ? 0 : NVREG_RINGSZ_RXSHIFT) & 0xffff) + 1; }

static bool runs(struct forcedeth *f, unsigned int control)
{
	return *reg(f, control) & NVREG_START && !(*reg(f, NvRegTxRxControl) & NVREG_TXRXCTL_RESET) &&
	       !(*reg(f, NvRegPowerState2) & NVREG_POWERSTATE2_GATE_CLOCKS);
}

/* reception */

static bool accepts(struct forcedeth *f, const uint8_t *frame)
{
	uint32_t flags = *reg(f, NvRegPacketFilterFlags), a, b;
	uint8_t own[6];

	memcpy(&a, frame, 4);
	b = (uint32_t)frame[4] | (uint32_t)frame[5] << 8;
	switch (nic_cast(frame)) {
	case NIC_BROADCAST: return flags & NVREG_PFF_ALWAYS;
	case NIC_MULTICAST:
		return !((a ^ *reg(f, NvRegMulticastAddrA)) & *reg(f, NvRegMulticastMaskA)) &&
		       !((b ^ *reg(f, NvRegMulticastAddrB)) & *reg(f, NvRegMulticastMaskB) & 0xffff);
	default: break;
	}
	if (flags & (NVREG_PFF_PROMISC | NVREG_PFF_LOOPBACK))
		return true;
	memcpy(own, reg(f, NvRegMacAddrA), 4);
	memcpy(own + 4, reg(f, NvRegMacAddrB), 2);
	if (!f->variant->correct_mac && !(*reg(f, NvRegTransmitPoll) & NVREG_TRANSMITPOLL_MAC_ADDR_REV))
		for (int i = 0; i < 3; i++) {
			uint8_t other = own[i];

			own[i] = own[5 - i];
			own[5 - i] = other;
		}
	return flags & NVREG_PFF_MYADDR && !memcmp(own, frame, sizeof own);
}

static uint32_t checked(struct forcedeth *f, const uint8_t *frame, size_t length)
{
	struct frame_parts p;

	if (!(*reg(f, NvRegTxRxControl) & NVREG_TXRXCTL_RXCHECK) || format(f) == 1)
		return 0;
	frame_parse(frame, length, &p);
	if (!frame_ip_right(frame, &p))
		return 0;
	if (!frame_l4_right(frame, &p))
		return NV_RX2_CHECKSUM_IP;
	return p.protocol == IPPROTO_IS_TCP ? NV_RX2_CHECKSUM_IP_TCP : NV_RX2_CHECKSUM_IP_UDP;
}

static void lose(struct forcedeth *f, unsigned int counter, uint32_t bits)
{
	++*reg(f, counter);
	event(f, bits);
}

static void receive(void *arg, const uint8_t *frame, size_t length)
{
	struct forcedeth *f = arg;
	struct descriptor d;
	uint32_t flags = format(f) == 1 ? NV_RX_DESCRIPTORVALID : NV_RX2_DESCRIPTORVALID, counted = (uint32_t)length + 4, most;
	uint16_t tci = 0;
	bool tagged = false;

	if (!runs(f, NvRegReceiverControl) || !accepts(f, frame) || length > sizeof f->received)
		return;
	memcpy(f->received, frame, length);
	flags |= checked(f, frame, length);
	if (format(f) == 3 && *reg(f, NvRegTxRxControl) & NVREG_TXRXCTL_VLANSTRIP)
		tagged = frame_untag(f->received, &length, &tci);
	if (!descriptor(f, false, f->rx_at, &d) || !(d.flags & NV_VALID)) {
		lose(f, f->variant->drop_counter ? NvRegRxDropFrame : NvRegRxOverflow, NVREG_IRQ_RX_NOBUF);
		return;
	}
	most = d.flags & length_mask(f);
	if (length > most || length > (*reg(f, NvRegOffloadConfig) & LEN_MASK_V2)) {
		lose(f, NvRegRxFrameTooLong, NVREG_IRQ_RX_ERROR);
		return;
	}
	if (!vfu_store(f->nic.vfu, d.buffer, f->received, length)) {
		complain("forcedeth: no memory at %#llx for a frame", (unsigned long long)d.buffer);
		lose(f, NvRegRxOverflow, NVREG_IRQ_RX_ERROR);
		return;
	}
	if (tagged)
		d.at[1] = NV_RX3_VLAN_TAG_PRESENT | tci;
	else if (format(f) == 3 && *reg(f, NvRegTxRxControl) & NVREG_TXRXCTL_VLANSTRIP)
		d.at[1] = 0;
	give_back(&d, flags | (uint32_t)length);
	f->rx_at = (f->rx_at + 1) % ring_size(f, false);
	++*reg(f, NvRegRxUnicast + 4 * (unsigned int)nic_cast(frame));
	*reg(f, NvRegRxCnt) += counted;
	event(f, NVREG_IRQ_RX);
}

/* transmission */

static void sent(void *arg, uint8_t *frame, size_t length)
{
	struct forcedeth *f = arg;

	*reg(f, NvRegTxCnt) += (uint32_t)(length < 60 ? 60 : length) + 4;
	++*reg(f, NvRegTxZeroReXmt);
	++*reg(f, NvRegTxFrame);
	++*reg(f, NvRegTxUnicast + 4 * (unsigned int)nic_cast(frame));
	if (*reg(f, NvRegPacketFilterFlags) & NVREG_PFF_LOOPBACK || phy_loopback(&f->phy))
		receive(f, frame, length);
	else
		wire_send(&f->nic.end, frame, length);
}

/* send_frame - what has been gathered, as the first descriptor says */
static void send_frame(struct forcedeth *f, size_t length, uint32_t flags, uint32_t vlan)
{
	struct frame_parts p;

	if (length < 14 || length > sizeof f->frame - FRAME_TAG) {
		complain("forcedeth: a frame of %zu bytes", length);
		event(f, NVREG_IRQ_TX_ERR);
		return;
	}
	if (format(f) == 3 && *reg(f, NvRegTxRxControl) & NVREG_TXRXCTL_VLANINS && vlan & NV_TX3_VLAN_TAG_PRESENT)
		frame_tag(f->frame, &length, (uint16_t)vlan);
	if (format(f) != 1 && flags & NV_TX2_TSO) {
		size_t mss = flags >> NV_TX2_TSO_SHIFT & 0x3fff;

		if (!frame_segment(f->frame, length, mss < WIRE_FRAME - 512 ? mss : 0, f->segment, sent, f))
			complain("forcedeth: %zu bytes are no TCP to be cut by %zu", length, mss);
		return;
	}
	if (format(f) != 1 && flags & (NV_TX2_CHECKSUM_L3 | NV_TX2_CHECKSUM_L4)) {
		frame_parse(f->frame, length, &p);
		if (flags & NV_TX2_CHECKSUM_L3)
			frame_set_ip(f->frame, &p);
		if (flags & NV_TX2_CHECKSUM_L4)
			frame_set_l4(f->frame, &p);
	}
	if (length > WIRE_FRAME) {
		complain("forcedeth: a frame of %zu bytes", length);
		event(f, NVREG_IRQ_TX_ERR);
		return;
	}
	sent(f, f->frame, length);
}

/* send_next - one frame whose descriptors all belong to the NIC; false if there is none */
static bool send_next(struct forcedeth *f)
{
	uint32_t size = ring_size(f, true), last = format(f) == 1 ? NV_TX_LASTPACKET : NV_TX2_LASTPACKET;
	uint32_t n = 0, first = 0, vlan = 0, part;
	size_t length = 0;
	struct descriptor d;

	do {
		if (n == size || !descriptor(f, true, (f->tx_at + n) % size, &d) || !(d.flags & NV_VALID))
			return false;
		part = (d.flags & length_mask(f)) + 1;
		if (!n) {
			first = d.flags;
			vlan = d.words == 4 ? d.at[2] : 0;
		}
		if (part > sizeof f->frame - FRAME_TAG - length || !vfu_fetch(f->nic.vfu, d.buffer, f->frame + length, part)) {
			complain("forcedeth: a frame with %u bytes at %#llx", part, (unsigned long long)d.buffer);
			event(f, NVREG_IRQ_TX_ERR);
			return false;
		}
		length += part;
		n++;
	} while (!(d.flags & last));
	send_frame(f, length, first, vlan);
	for (uint32_t i = 0; i < n; i++)
		if (descriptor(f, true, (f->tx_at + i) % size, &d))
			give_back(&d, d.flags & (last | length_mask(f)));
	f->tx_at = (f->tx_at + n) % size;
	return true;
}

static void transmit(void *arg)
{
	struct forcedeth *f = arg;
	bool any = false;

	while (f->kicked && runs(f, NvRegTransmitterControl) && wire_free(&f->nic.end)) {
		f->kicked = send_next(f);
		any |= f->kicked;
	}
	if (any)
		event(f, NVREG_IRQ_TX_OK);
}

/* registers */

static void link_change(void *arg, bool up)
{
	struct forcedeth *f = arg;
	bool full;

	phy_link(&f->phy, up);
	wire_rate(&f->nic.end, phy_speed(&f->phy, &full) * 1000000ull);
	*reg(f, NvRegMIIStatus) |= NVREG_MIISTAT_LINKCHANGE;
	if (*reg(f, NvRegMIIMask) & NVREG_MIISTAT_LINKCHANGE)
		event(f, NVREG_IRQ_LINK);
}

static void mii(struct forcedeth *f, uint32_t value)
{
	unsigned int address = value >> NVREG_MIICTL_ADDRSHIFT & 31;
	bool full;

	if (value & NVREG_MIICTL_INUSE)
		return; /* ends what is under way: nothing is, ever */
	if (address != PHY_ADDRESS) {
		*reg(f, NvRegMIIStatus) |= NVREG_MIISTAT_ERROR;
		*reg(f, NvRegMIIData) = 0xffff;
	} else if (value & NVREG_MIICTL_WRITE) {
		phy_write(&f->phy, value & 31, (uint16_t)*reg(f, NvRegMIIData));
		wire_rate(&f->nic.end, phy_speed(&f->phy, &full) * 1000000ull);
	} else {
		*reg(f, NvRegMIIData) = phy_read(&f->phy, value & 31);
	}
	*reg(f, NvRegMIIControl) = value;
}

static void control(struct forcedeth *f, uint32_t value)
{
	*reg(f, NvRegTxRxControl) = value & ~NVREG_TXRXCTL_KICK;
	if (value & NVREG_TXRXCTL_RESET) {
		f->tx_at = f->rx_at = 0;
		f->kicked = false;
	}
	if (value & NVREG_TXRXCTL_BIT1)
		*reg(f, NvRegUnknownSetupReg5) |= NVREG_UNKSETUP5_BIT31;
	if (value & NVREG_TXRXCTL_KICK) {
		f->kicked = true;
		transmit(f);
	}
}

static void power(struct forcedeth *f, uint32_t value)
{
	if (value & ~*reg(f, NvRegPowerState2) & NVREG_POWERSTATE2_PHY_RESET)
		phy_reset(&f->phy);
	*reg(f, NvRegPowerState2) = value;
}

static bool counts(uint32_t offset)
{
	return (offset >= NvRegTxCnt && offset <= NvRegRxDropFrame) || (offset >= NvRegTxUnicast && offset <= NvRegTxBroadcast);
}

static uint32_t bar_read(void *arg, unsigned int bar, uint32_t offset, unsigned int size)
{
	struct forcedeth *f = arg;
	uint32_t value;

	(void)bar;
	if (offset >= REGISTERS || size != 4)
		return size == 4 ? 0 : ~0u; /* there are only whole registers */
	if (offset == NvRegMSIXIrqStatus)
		offset = NvRegIrqStatus;
	if (offset == NvRegIrqStatus)
		poll_look(f);
	value = *reg(f, offset);
	if (counts(offset))
		*reg(f, offset) = 0;
	return offset == NvRegTxRxControl ? value | NVREG_TXRXCTL_IDLE : value;
}

static void bar_write(void *arg, unsigned int bar, uint32_t offset, unsigned int size, uint32_t value)
{
	struct forcedeth *f = arg;

	(void)bar;
	if (offset >= REGISTERS || size != 4 || counts(offset))
		return;
	switch (offset) {
	case NvRegIrqStatus: case NvRegMSIXIrqStatus:
		*reg(f, NvRegIrqStatus) &= ~value;
		irq_update(f);
		return;
	case NvRegMIIStatus: *reg(f, offset) &= ~(value & NVREG_MIISTAT_MASK_ALL); return;
	case NvRegMIIControl: mii(f, value); return;
	case NvRegTxRxControl: control(f, value); return;
	case NvRegPowerState2: power(f, value); return;
	default: *reg(f, offset) = value;
	}
	switch (offset) {
	case NvRegIrqMask: case NvRegMSIIrqMask: case NvRegUnknownSetupReg6: irq_update(f); break;
	case NvRegTransmitterControl: transmit(f); break;
	case NvRegMacReset:
		if (value == NVREG_MAC_RESET_ASSERT)
			*reg(f, NvRegMacAddrA) = *reg(f, NvRegMacAddrB) = *reg(f, NvRegTransmitPoll) = 0;
		break;
	default: break;
	}
}

static void device_reset(void *arg)
{
	struct forcedeth *f = arg;
	uint8_t mac[6];

	memset(f->reg, 0, sizeof f->reg);
	f->tx_at = f->rx_at = 0;
	for (int i = 0; i < 6; i++)
		mac[i] = f->nic.mac[f->variant->correct_mac ? i : 5 - i];
	memcpy(reg(f, NvRegMacAddrA), mac, 4);
	memcpy(reg(f, NvRegMacAddrB), mac + 4, 2);
	if (f->variant->gigabit)
		*reg(f, NvRegPhyInterface) = PHY_RGMII;
	timer_clear(&f->poll);
	f->told = f->kicked = false;
	vfu_line(f->nic.vfu, false);
	phy_reset(&f->phy);
}

static const struct vfu_ops ops = {bar_read, bar_write, device_reset};

static void destroy(struct nic *nic)
{
	struct forcedeth *f = (struct forcedeth *)nic;

	timer_clear(&f->poll);
	timer_clear(&nic->end.timer);
	if (nic->vfu)
		vfu_free(nic->vfu);
	free(f);
}

static struct nic *create(const char *path, const uint8_t *mac, const char *variant)
{
	struct forcedeth *f = calloc(1, sizeof *f);
	struct vfu_id id = {.vendor = 0x10de, .subvendor = 0x10de, .class_code = 0x020000};

	if (!f)
		return NULL;
	f->variant = &variants[nic_variant(&forcedeth_kind, variant)];
	id.device = id.subdevice = f->variant->device;
	id.revision = f->variant->revision;
	f->nic.kind = &forcedeth_kind;
	memcpy(f->nic.mac, mac, 6);
	f->nic.end = (struct wire_end){.nic = f, .receive = receive, .link = link_change, .resume = transmit};
	f->poll = (struct timer){.fire = poll_fire, .arg = f};
	f->nic.vfu = vfu_new(path, &id, &ops, f);
	if (!f->nic.vfu) {
		free(f);
		return NULL;
	}
	vfu_bar(f->nic.vfu, 0, WINDOW, PCI_BASE_ADDRESS_SPACE_MEMORY);
	vfu_add_pm(f->nic.vfu);
	if (f->variant->msi)
		vfu_add_msi(f->nic.vfu, 1);
	return &f->nic;
}

static void join(struct nic *na, struct nic *nb)
{
	struct forcedeth *a = (struct forcedeth *)na, *b = (struct forcedeth *)nb;

	wire_join(&na->end, &nb->end);
	phy_init(&a->phy, &na->end, &b->phy, PHY_MARVELL, a->variant->gigabit);
	phy_init(&b->phy, &nb->end, &a->phy, PHY_MARVELL, b->variant->gigabit);
	device_reset(a);
	device_reset(b);
}

const struct nic_kind forcedeth_kind = {"forcedeth", VARIANTS, create, join, destroy};
