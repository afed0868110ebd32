/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * r8169.c - Realtek's RTL8168C, RTL8168B and RTL8168D. What they do is known from the kernel's driver (drivers/net/ethernet/realtek/r8169_main.c),
 * whose names the registers have here, and from the data sheet of the RTL8169, whose descriptors they share.
 *
 * Rings of descriptors that belong to the NIC while DescOwn is set, walked up to RingEnd from a place that only a reset sets back;
 * INTx, which is all that the driver wants of an RTL8168B, or a message whenever an event comes up that is not masked; counters that are
 * written to memory when asked for. Registers have bytes as their unit. Behind PHYAR is a PHY whose vendor's pages are plain memory,
 * so are CSI (parts of the configuration space) and EPHY.
 *
 * Left out: moderation of interrupts (IntrMitigate is taken and read back; the driver sets none), wake-up, pause frames, the high
 * priority ring, 10 and 100 Mbit/s in half duplex. Jumbo frames go with or without their bits in Config3 and Config4.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"
#include "phy.h"

enum {
	MAC0 = 0x00, MAR0 = 0x08, CounterAddrLow = 0x10, CounterAddrHigh = 0x14, TxDescStartAddrLow = 0x20, ChipCmd = 0x37, TxPoll = 0x38,
	IntrMask = 0x3c, IntrStatus = 0x3e, TxConfig = 0x40, RxConfig = 0x44, Cfg9346 = 0x50, Config0 = 0x51, Config5 = 0x56, PHYAR = 0x60,
	CSIDR = 0x64, CSIAR = 0x68, PHYstatus = 0x6c, EPHYAR = 0x80, RxMaxSize = 0xda, EFUSEAR = 0xdc,
	CPlusCmd = 0xe0, RxDescAddrLow = 0xe4, REGISTERS = 0x100
};
#define WINDOW 4096u

#define SWInt 0x0100u
#define TxDescUnavail 0x0080u
#define LinkChg 0x0020u
#define RxOverflow 0x0010u
#define TxErr 0x0008u
#define TxOK 0x0004u
#define RxErr 0x0002u
#define RxOK 0x0001u
#define CmdReset 0x10u
#define CmdRxEnb 0x08u
#define CmdTxEnb 0x04u
#define NPQ 0x40u
#define FSWInt 0x01u
#define Cfg9346_Unlock 0xc0u
#define AcceptBroadcast 0x08u
#define AcceptMulticast 0x04u
#define AcceptMyPhys 0x02u
#define AcceptAllPhys 0x01u
#define RxVlan (1u << 6)
#define RxChkSum (1u << 5)
#define _1000bpsF 0x10u
#define _100bps 0x08u
#define _10bps 0x04u
#define LinkStatus 0x02u
#define FullDup 0x01u
#define CounterReset 0x1u
#define CounterDump 0x8u
#define FLAG 0x80000000u /* of PHYAR, CSIAR, EPHYAR, EFUSEAR: a write is asked for, or what was read is there */
#define XID_MASK 0xfcf00000u

#define DescOwn (1u << 31)
#define RingEnd (1u << 30)
#define FirstFrag (1u << 29)
#define LastFrag (1u << 28)
#define TD_LSO (1u << 27)
#define TD_MSS_MAX 0x7ffu
#define TD0_MSS_SHIFT 16
#define TD0_TCP_CS (1u << 16)
#define TD0_UDP_CS (1u << 17)
#define TD0_IP_CS (1u << 18)
#define TD1_GTSENV4 (1u << 26)
#define TD1_GTSENV6 (1u << 25)
#define TD1_MSS_SHIFT 18
#define TD1_IPv4_CS (1u << 29)
#define TD1_TCP_CS (1u << 30)
#define TD1_UDP_CS (1u << 31)
#define TxVlanTag (1u << 17)
#define RxMAR (1u << 27) /* of the data sheet: group, own address, broadcast */
#define RxPAM (1u << 26)
#define RxBAR (1u << 25)
#define RxProtoUDP (1u << 18)
#define RxProtoTCP (1u << 17)
#define RxProtoIP (RxProtoUDP | RxProtoTCP)
#define IPFail (1u << 16)
#define UDPFail (1u << 15)
#define TCPFail (1u << 14)
#define RxVlanTag (1u << 16)
#define LENGTH_TX 0xffffu
#define LENGTH_RX 0x3fffu
#define RING_MOST 1024u
#define FCS 4u

#define IPPROTO_IS_TCP 6
#define PHY_RTL8211B 0x001cc912u

static const struct variant {
	uint16_t xid;
	uint8_t revision;
	bool csum_v2, msi, counter_reset;
} variants[] = {
	{0x3c0, 0x02, true, true, true},   /* RTL8168C, RTL_GIGA_MAC_VER_19 */
	{0x380, 0x01, false, true, false}, /* RTL8168B, RTL_GIGA_MAC_VER_17 */
	{0x281, 0x03, true, true, true},   /* RTL8168D, RTL_GIGA_MAC_VER_25: the driver lets it have frames of 9 KiB */
};
#define VARIANTS "rtl8168c rtl8168b rtl8168d"

struct counters { /* as they are written to memory */
	uint64_t tx_packets, rx_packets, tx_errors;
	uint32_t rx_errors;
	uint16_t rx_missed, align_errors;
	uint32_t tx_one_collision, tx_multi_collision;
	uint64_t rx_unicast, rx_broadcast;
	uint32_t rx_multicast;
	uint16_t tx_aborted, tx_underrun;
};

struct r8169 {
	struct nic nic;
	struct phy phy;
	const struct variant *variant;
	uint8_t reg[REGISTERS];
	uint32_t csi[1024];
	uint16_t ephy[32];
	struct counters counters;
	uint32_t tx_at, rx_at; /* descriptors, from the beginning of their rings */
	bool polled;           /* the transmitter has not yet come to the end of what it was told to send */
	bool told;             /* an event that is not masked was there when it was looked at last */
	uint8_t frame[NIC_TSO], segment[WIRE_FRAME], received[WIRE_FRAME + FCS];
};

static uint16_t get16(struct r8169 *r, unsigned int at) { return (uint16_t)(r->reg[at] | r->reg[at + 1] << 8); }
static uint32_t get32(struct r8169 *r, unsigned int at) { return get16(r, at) | (uint32_t)get16(r, at + 2) << 16; }
static void put16(struct r8169 *r, unsigned int at, uint16_t value)
{
	r->reg[at] = (uint8_t)value;
	r->reg[at + 1] = (uint8_t)(value >> 8);
}
static void put32(struct r8169 *r, unsigned int at, uint32_t value)
{
	put16(r, at, (uint16_t)value);
	put16(r, at + 2, (uint16_t)(value >> 16));
}

static void irq_update(struct r8169 *r)
{
	bool wanted = get16(r, IntrStatus) & get16(r, IntrMask);

	vfu_line(r->nic.vfu, wanted);
	if (wanted && !r->told)
		vfu_message(r->nic.vfu, 0);
	r->told = wanted;
}

static void event(struct r8169 *r, uint16_t bits)
{
	put16(r, IntrStatus, get16(r, IntrStatus) | bits);
	irq_update(r);
}

/* descriptors */

struct descriptor {
	uint32_t opts1, opts2;
	uint64_t address;
	uint32_t *at; /* in memory */
};

static bool descriptor(struct r8169 *r, unsigned int ring, uint32_t n, struct descriptor *d)
{
	uint64_t base = get32(r, ring) | (uint64_t)get32(r, ring + 4) << 32;

	d->at = base & 255 ? NULL : vfu_memory(r->nic.vfu, base + 16ull * n, 16, true);
	if (!d->at)
		return false;
	d->opts1 = __atomic_load_n(&d->at[0], __ATOMIC_ACQUIRE);
	d->opts2 = d->at[1];
	d->address = d->at[2] | (uint64_t)d->at[3] << 32;
	return true;
}

static void give_back(struct descriptor *d, uint32_t opts1) { __atomic_store_n(&d->at[0], opts1, __ATOMIC_RELEASE); }

static uint32_t next(const struct descriptor *d, uint32_t n) { return d->opts1 & RingEnd || n + 1 >= RING_MOST ? 0 : n + 1; }

/* reception */

static bool accepts(struct r8169 *r, const uint8_t *frame)
{
	uint32_t mode = get32(r, RxConfig);
	unsigned int hash = frame_hash(frame);

	switch (nic_cast(frame)) {
	case NIC_BROADCAST: return mode & AcceptBroadcast;
	/* chips of PCI Express have the table with its last byte first */
	case NIC_MULTICAST: return mode & AcceptMulticast && r->reg[MAR0 + 7 - hash / 8] >> hash % 8 & 1;
	default: return mode & AcceptAllPhys || (mode & AcceptMyPhys && !memcmp(frame, r->reg + MAC0, 6));
	}
}

static uint32_t checked(struct r8169 *r, const uint8_t *frame, size_t length)
{
	struct frame_parts p;
	uint32_t bits;

	if (!(get16(r, CPlusCmd) & RxChkSum))
		return 0;
	frame_parse(frame, length, &p);
	if (!p.l3)
		return 0;
	bits = p.v6 || frame_ip_right(frame, &p) ? 0 : IPFail;
	if (!p.l4)
		return bits | RxProtoIP;
	if (p.protocol == IPPROTO_IS_TCP)
		return bits | RxProtoTCP | (frame_l4_right(frame, &p) ? 0 : TCPFail);
	return bits | RxProtoUDP | (frame_l4_right(frame, &p) ? 0 : UDPFail);
}

/* room - whether there are descriptors for so many bytes; then the frame is put there: it is cut where a buffer ends */
static bool room(struct r8169 *r, size_t length)
{
	struct descriptor d;
	uint32_t n = r->rx_at;

	for (uint32_t looked = 0; looked < RING_MOST; looked++) {
		size_t part;

		if (!descriptor(r, RxDescAddrLow, n, &d) || !(d.opts1 & DescOwn))
			return false;
		part = d.opts1 & LENGTH_RX;
		if (part >= length)
			return true;
		length -= part;
		n = next(&d, n);
	}
	return false;
}

static bool put(struct r8169 *r, const uint8_t *frame, size_t length, uint32_t opts1, uint32_t opts2)
{
	struct descriptor d;
	size_t left = length, part;
	uint32_t bits;

	for (const uint8_t *at = frame; left; at += part, left -= part) {
		if (!descriptor(r, RxDescAddrLow, r->rx_at, &d))
			return false;
		part = d.opts1 & LENGTH_RX;
		part = part < left ? part : left;
		if (!vfu_store(r->nic.vfu, d.address, at, part)) {
			complain("r8169: no memory at %#llx for a frame", (unsigned long long)d.address);
			return false;
		}
		bits = (at == frame ? FirstFrag : 0) | (part == left ? LastFrag : 0);
		d.at[1] = opts2;
		give_back(&d, (d.opts1 & RingEnd) | bits | opts1 | (uint32_t)(part == left ? length : part));
		r->rx_at = next(&d, r->rx_at);
	}
	return true;
}

static void receive(void *arg, const uint8_t *frame, size_t length)
{
	struct r8169 *r = arg;
	uint32_t opts1, opts2 = 0, crc;
	uint16_t tci;
	enum nic_cast cast = nic_cast(frame);
	static const uint32_t casts[] = {RxPAM, RxMAR, RxMAR | RxBAR};

	if (!(r->reg[ChipCmd] & CmdRxEnb) || !accepts(r, frame) || length > WIRE_FRAME)
		return;
	if (length + FCS > get16(r, RxMaxSize) || length + FCS > LENGTH_RX) {
		r->counters.rx_errors++;
		event(r, RxErr);
		return;
	}
	memcpy(r->received, frame, length);
	opts1 = casts[cast] | checked(r, frame, length);
	if (get16(r, CPlusCmd) & RxVlan && frame_untag(r->received, &length, &tci))
		opts2 = RxVlanTag | (uint16_t)(tci << 8 | tci >> 8);
	crc = frame_crc(r->received, length);
	for (unsigned int i = 0; i < FCS; i++)
		r->received[length + i] = (uint8_t)(crc >> 8 * i);
	if (!room(r, length + FCS)) {
		r->counters.rx_missed++;
		event(r, RxOverflow);
		return;
	}
	if (!put(r, r->received, length + FCS, opts1, opts2)) {
		r->counters.rx_errors++;
		event(r, RxErr);
		return;
	}
	r->counters.rx_packets++;
	if (cast == NIC_UNICAST)
		r->counters.rx_unicast++;
	else if (cast == NIC_BROADCAST)
		r->counters.rx_broadcast++;
	else
		r->counters.rx_multicast++;
	event(r, RxOK);
}

/* transmission */

static void sent(void *arg, uint8_t *frame, size_t length)
{
	struct r8169 *r = arg;

	r->counters.tx_packets++;
	if (phy_loopback(&r->phy))
		receive(r, frame, length);
	else
		wire_send(&r->nic.end, frame, length);
}

/* what the first descriptor of a frame wants done with it */
struct wishes {
	size_t mss;
	bool ip, l4;
};

static struct wishes wishes(struct r8169 *r, uint32_t opts1, uint32_t opts2)
{
	if (r->variant->csum_v2) {
		if (opts1 & (TD1_GTSENV4 | TD1_GTSENV6))
			return (struct wishes){.mss = opts2 >> TD1_MSS_SHIFT & TD_MSS_MAX};
		return (struct wishes){.ip = opts2 & TD1_IPv4_CS, .l4 = opts2 & (TD1_TCP_CS | TD1_UDP_CS)};
	}
	if (opts1 & TD_LSO)
		return (struct wishes){.mss = opts1 >> TD0_MSS_SHIFT & TD_MSS_MAX};
	return (struct wishes){.ip = opts1 & TD0_IP_CS, .l4 = opts1 & (TD0_TCP_CS | TD0_UDP_CS)};
}

static void send_frame(struct r8169 *r, size_t length, uint32_t opts1, uint32_t opts2)
{
	struct wishes w = wishes(r, opts1, opts2);
	struct frame_parts p;

	if (length >= 14 && opts2 & TxVlanTag)
		frame_tag(r->frame, &length, (uint16_t)((opts2 & 0xff) << 8 | (opts2 >> 8 & 0xff)));
	if (w.mss) {
		if (frame_segment(r->frame, length, w.mss, r->segment, sent, r))
			return;
		complain("r8169: %zu bytes are no TCP to be cut by %zu", length, w.mss);
	} else if (length >= 14 && length <= WIRE_FRAME) {
		frame_parse(r->frame, length, &p);
		if (w.ip)
			frame_set_ip(r->frame, &p);
		if (w.l4)
			frame_set_l4(r->frame, &p);
		sent(r, r->frame, length);
		return;
	} else {
		complain("r8169: a frame of %zu bytes", length);
	}
	r->counters.tx_errors++;
	event(r, TxErr);
}

/* send_next - one frame whose descriptors all belong to the NIC; false if there is none */
static bool send_next(struct r8169 *r)
{
	uint32_t n = r->tx_at, opts1 = 0, opts2 = 0, many = 0;
	size_t length = 0, part;
	struct descriptor d;

	do {
		if (many == RING_MOST || !descriptor(r, TxDescStartAddrLow, n, &d) || !(d.opts1 & DescOwn))
			return false;
		if (!many++) {
			opts1 = d.opts1;
			opts2 = d.opts2;
		}
		part = d.opts1 & LENGTH_TX;
		if (part > sizeof r->frame - FRAME_TAG - length || !vfu_fetch(r->nic.vfu, d.address, r->frame + length, part)) {
			complain("r8169: a frame with %zu bytes at %#llx", part, (unsigned long long)d.address);
			event(r, TxErr);
			return false;
		}
		length += part;
		n = next(&d, n);
	} while (!(d.opts1 & LastFrag));
	if (!(opts1 & FirstFrag))
		complain("r8169: a frame that does not begin at descriptor %u", r->tx_at);
	send_frame(r, length, opts1, opts2);
	while (many-- && descriptor(r, TxDescStartAddrLow, r->tx_at, &d)) {
		give_back(&d, d.opts1 & ~DescOwn);
		r->tx_at = next(&d, r->tx_at);
	}
	return true;
}

static void transmit(void *arg)
{
	struct r8169 *r = arg;
	bool any = false;

	while (r->polled && r->reg[ChipCmd] & CmdTxEnb && wire_free(&r->nic.end)) {
		r->polled = send_next(r);
		any |= r->polled;
	}
	if (any)
		event(r, TxOK | (r->polled ? 0 : TxDescUnavail));
}

/* registers */

static void link_change(void *arg, bool up)
{
	struct r8169 *r = arg;
	bool full;
	unsigned int speed;

	phy_link(&r->phy, up);
	speed = phy_speed(&r->phy, &full);
	wire_rate(&r->nic.end, speed * 1000000ull);
	r->reg[PHYstatus] = 0;
	if (up)
		r->reg[PHYstatus] = (uint8_t)(LinkStatus | (full ? FullDup : 0) | (speed == 1000 ? _1000bpsF : speed == 100 ? _100bps : _10bps));
	event(r, LinkChg);
}

/* chip_reset - what CmdReset does: the rings and what is under way, not the addresses and the PHY */
static void chip_reset(struct r8169 *r)
{
	r->tx_at = r->rx_at = 0;
	r->polled = false;
	r->reg[ChipCmd] = 0;
	put16(r, IntrMask, 0);
	put16(r, IntrStatus, 0);
	put32(r, RxConfig, 0);
	irq_update(r);
}

static void dump_counters(struct r8169 *r)
{
	uint32_t command = get32(r, CounterAddrLow);
	uint64_t to = (command & ~63u) | (uint64_t)get32(r, CounterAddrHigh) << 32;

	_Static_assert(sizeof r->counters == 64, "as the NIC writes them");
	if (command & CounterReset && r->variant->counter_reset)
		memset(&r->counters, 0, sizeof r->counters);
	if (command & CounterDump && !vfu_store(r->nic.vfu, to, &r->counters, sizeof r->counters))
		complain("r8169: no memory at %#llx for the counters", (unsigned long long)to);
	put32(r, CounterAddrLow, command & ~(CounterReset | CounterDump));
}

/* behind - registers behind registers: what is asked for is done at once, the flag says so */
static void behind(struct r8169 *r, unsigned int at)
{
	uint32_t command = get32(r, at), index;
	bool write = command & FLAG;

	switch (at) {
	case PHYAR:
		index = command >> 16 & 31;
		if (write)
			phy_write(&r->phy, index, (uint16_t)command);
		command = (command & 0x1f0000) | (write ? command & 0xffff : phy_read(&r->phy, index));
		break;
	case CSIAR:
		index = command >> 2 & 1023;
		if (write)
			r->csi[index] = get32(r, CSIDR);
		else
			put32(r, CSIDR, r->csi[index]);
		break;
	case EFUSEAR: /* none is burnt */
		command = (command & 0x3ff00) | 0xff;
		break;
	default: /* EPHYAR */
		index = command >> 16 & 31;
		if (write)
			r->ephy[index] = (uint16_t)command;
		command = (command & 0x1f0000) | r->ephy[index];
	}
	put32(r, at, write ? command & ~FLAG : command | FLAG);
}

static uint32_t bar_read(void *arg, unsigned int bar, uint32_t offset, unsigned int size)
{
	struct r8169 *r = arg;
	uint32_t value = 0;

	(void)bar;
	for (unsigned int i = 0; i < size && offset + i < REGISTERS; i++)
		value |= (uint32_t)r->reg[offset + i] << 8 * i;
	return value;
}

/* writable - of a byte: what the guest can change of it */
static uint8_t writable(struct r8169 *r, uint32_t offset)
{
	bool locked = (r->reg[Cfg9346] & Cfg9346_Unlock) != Cfg9346_Unlock;

	if (locked && (offset < MAC0 + 6 || (offset >= Config0 && offset <= Config5)))
		return 0;
	if (offset == PHYstatus)
		return 0;
	return offset >= TxConfig && offset < TxConfig + 4 ? (uint8_t)~(XID_MASK >> 8 * (offset - TxConfig)) : 0xff;
}

/* touches - whether an access has a certain byte */
static bool touches(uint32_t offset, unsigned int size, uint32_t byte) { return byte >= offset && byte < offset + size; }

static void command(struct r8169 *r)
{
	if (r->reg[ChipCmd] & CmdReset)
		chip_reset(r);
	else
		transmit(r);
}

static void poll(struct r8169 *r)
{
	uint8_t what = r->reg[TxPoll];

	r->reg[TxPoll] = 0;
	if (what & FSWInt)
		event(r, SWInt);
	if (what & NPQ) {
		r->polled = true;
		transmit(r);
	}
}

static void bar_write(void *arg, unsigned int bar, uint32_t offset, unsigned int size, uint32_t value)
{
	struct r8169 *r = arg;

	(void)bar;
	for (unsigned int i = 0; i < size && offset + i < REGISTERS; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i), mask = writable(r, offset + i), *at = &r->reg[offset + i];

		if ((offset + i) / 2 == IntrStatus / 2)
			*at &= (uint8_t)~byte;
		else
			*at = (uint8_t)((*at & ~mask) | (byte & mask));
	}
	if (touches(offset, size, ChipCmd))
		command(r);
	if (touches(offset, size, TxPoll))
		poll(r);
	if (touches(offset, size, IntrMask) || touches(offset, size, IntrStatus))
		irq_update(r);
	if (touches(offset, size, CounterAddrLow) && get32(r, CounterAddrLow) & (CounterReset | CounterDump))
		dump_counters(r);
	if (touches(offset, size, PHYAR + 3))
		behind(r, PHYAR);
	if (touches(offset, size, CSIAR + 3))
		behind(r, CSIAR);
	if (touches(offset, size, EPHYAR + 3))
		behind(r, EPHYAR);
	if (touches(offset, size, EFUSEAR + 3))
		behind(r, EFUSEAR);
}

static void device_reset(void *arg)
{
	struct r8169 *r = arg;

	memset(r->reg, 0, sizeof r->reg);
	memset(r->csi, 0, sizeof r->csi);
	memset(r->ephy, 0, sizeof r->ephy);
	memset(&r->counters, 0, sizeof r->counters);
	memcpy(r->reg + MAC0, r->nic.mac, 6);
	put32(r, TxConfig, (uint32_t)r->variant->xid << 20);
	chip_reset(r);
	phy_reset(&r->phy);
}

static const struct vfu_ops ops = {bar_read, bar_write, device_reset};

static void destroy(struct nic *nic)
{
	timer_clear(&nic->end.timer);
	vfu_free(nic->vfu);
	free(nic);
}

static struct nic *create(const char *path, const uint8_t *mac, const char *variant)
{
	struct r8169 *r = calloc(1, sizeof *r);
	struct vfu_id id = {.vendor = 0x10ec, .device = 0x8168, .subvendor = 0x10ec, .subdevice = 0x8168, .class_code = 0x020000};

	if (!r)
		return NULL;
	r->variant = &variants[nic_variant(&r8169_kind, variant)];
	id.revision = r->variant->revision;
	r->nic.kind = &r8169_kind;
	memcpy(r->nic.mac, mac, 6);
	r->nic.end = (struct wire_end){.nic = r, .receive = receive, .link = link_change, .resume = transmit};
	r->nic.vfu = vfu_new(path, &id, &ops, r);
	if (!r->nic.vfu) {
		free(r);
		return NULL;
	}
	vfu_bar(r->nic.vfu, 0, REGISTERS, PCI_BASE_ADDRESS_SPACE_IO);
	vfu_bar(r->nic.vfu, 2, WINDOW, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64);
	vfu_add_pm(r->nic.vfu);
	if (r->variant->msi)
		vfu_add_msi(r->nic.vfu, 1);
	vfu_add_pcie(r->nic.vfu, 1, 1);
	return &r->nic;
}

static void join(struct nic *na, struct nic *nb)
{
	struct r8169 *a = (struct r8169 *)na, *b = (struct r8169 *)nb;

	wire_join(&na->end, &nb->end);
	phy_init(&a->phy, &na->end, &b->phy, PHY_RTL8211B, true);
	phy_init(&b->phy, &nb->end, &a->phy, PHY_RTL8211B, true);
	a->phy.paged = b->phy.paged = true;
	device_reset(a);
	device_reset(b);
}

const struct nic_kind r8169_kind = {"r8169", VARIANTS, create, join, destroy};
