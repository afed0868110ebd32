/* SPDX-License-Identifier: BSD-2-Clause */
/* ixgbe.c - registers, interrupts (data sheet 7.3), EEPROM (3.3); see ixgbe.h */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include "ixgbe.h"

enum {
	STATUS = 0x00008, EICR = 0x00800, EICS = 0x00808, EIAC = 0x00810, EITR0 = 0x00820, EIMS = 0x00880, EIMC = 0x00888, EIAM = 0x00890,
	GPIE = 0x00898, IVAR0 = 0x00900, IVAR_MISC = 0x00a00, EICS_EX = 0x00a90, EIMS_EX = 0x00aa0, EIMC_EX = 0x00ab0, EIAM_EX = 0x00ad0,
	SRRCTL0 = 0x02100, RDRXCTL = 0x02f00, MSCA = 0x0425c, MSRWD = 0x04260, AUTOC = 0x042a0, LINKS = 0x042a4, ANLP1 = 0x042b0,
	SECTXSTAT = 0x08804, SECRXSTAT = 0x08d04, FDIRCTRL = 0x0ee00, FDIRCMD = 0x0ee2c, EEC = 0x10010, EERD = 0x10014, SWSM = 0x10140, FWSM = 0x10148,
	EITR24 = 0x12300
};
#define CTRL_GIO_DIS 0x4u
#define CTRL_LNK_RST 0x8u
#define CTRL_RST 0x04000000u
#define STATUS_GIO 0x00080000u
#define EICR_LSC 0x00100000u
#define QUEUES 0xffffu /* of EICR and its kin: the causes of queues, the others are above them */
#define GPIE_MSIX_MODE 0x10u
#define GPIE_EIAME 0x40000000u
#define IVAR_ALLOC_VAL 0x80u
#define IVAR_VECTOR 0x3fu
#define EITR_UNIT 2048u /* ns */
#define RDRXCTL_DMAIDONE 0x8u
#define MSCA_MDI_CMD 0x40000000u
#define AUTOC_10G_CX4_NO_AN (1u << 13 | 2u << 7)
#define AUTOC_AN_RESTART 0x1000u
#define LINKS_UP_10G 0x70000000u
#define ANLP1_AN_STATE 0x10000u
#define SEC_RDY 1u
#define FDIRCTRL_INIT_DONE 8u
#define FDIRCMD_CMD_MASK 3u
#define EEC_REQ 0x40u
#define EEC_GNT 0x80u
#define EEC_PRES_4096 (0x100u | 6u << 11) /* present, 4096 words */
#define EERD_DONE 2u
#define SWSM_SMBI 1u
#define FWSM_VALID 0x8000u /* and no mode: there is no management */
#define SWFLSH (1u << 26) /* of RXDCTL and TXDCTL */
#define EEPROM_CHECKSUM 0x3fu
#define EEPROM_SUM 0xbabau
#define RATE 10000000000ull

/* interrupts */

static bool msix_mode(struct ixgbe *x) { return *ixgbe_reg(x, GPIE) & GPIE_MSIX_MODE; }
static uint32_t others(struct ixgbe *x) { return *ixgbe_reg(x, EICR) & *ixgbe_reg(x, EIMS) & ~QUEUES; }

static uint64_t auto_mask(struct ixgbe *x)
{
	return (uint64_t)*ixgbe_reg(x, EIAM_EX + 4) << 32 | *ixgbe_reg(x, EIAM_EX) | (*ixgbe_reg(x, EIAM) & QUEUES);
}

/* tell_vectors - messages of queues. What is told is no cause any more (auto-clear) and, if that is wanted, masked. */
static void tell_vectors(struct ixgbe *x)
{
	uint64_t due = x->causes & x->enabled, now, soonest = UINT64_MAX;

	if (!due)
		return;
	now = loop_now();
	for (unsigned int v = 0; v < IXGBE_MSIX; v++) {
		uint64_t bit = 1ull << v;

		if (!(due & bit))
			continue;
		if (now < x->next_time[v]) {
			soonest = x->next_time[v] < soonest ? x->next_time[v] : soonest;
			continue;
		}
		x->next_time[v] = now + (*ixgbe_reg(x, v < 24 ? EITR0 + 4 * v : EITR24 + 4 * (v - 24)) >> 3 & 0x1ff) * EITR_UNIT;
		x->causes &= ~bit;
		if (*ixgbe_reg(x, GPIE) & GPIE_EIAME)
			x->enabled &= ~(bit & auto_mask(x));
		vfu_message(x->nic.vfu, v);
	}
	if (soonest != UINT64_MAX)
		timer_set(&x->throttle, soonest);
}

static void irq_update(struct ixgbe *x)
{
	uint32_t misc = *ixgbe_reg(x, IVAR_MISC) >> 8 & 0xff;
	bool wanted = others(x);

	if (msix_mode(x)) {
		vfu_line(x->nic.vfu, false);
		tell_vectors(x);
		if (wanted && !x->told && misc & IVAR_ALLOC_VAL)
			vfu_message(x->nic.vfu, misc & IVAR_VECTOR);
	} else {
		wanted |= (x->causes & x->enabled & QUEUES) != 0;
		vfu_line(x->nic.vfu, wanted);
		if (wanted && !x->told)
			vfu_message(x->nic.vfu, 0);
	}
	x->told = wanted;
}

static void throttled(void *arg) { irq_update(arg); }

void ixgbe_cause(struct ixgbe *x, unsigned int queue, bool tx)
{
	uint32_t entry = *ixgbe_reg(x, IVAR0 + queue / 2 * 4) >> (16 * (queue & 1) + (tx ? 8 : 0)) & 0xff;

	if (!(entry & IVAR_ALLOC_VAL))
		return;
	x->causes |= 1ull << (entry & (msix_mode(x) ? IVAR_VECTOR : 15));
	irq_update(x);
}

/* read_causes - EICR: reading clears, and masks what is to be masked on its own */
static uint32_t read_causes(struct ixgbe *x)
{
	uint32_t value = (*ixgbe_reg(x, EICR) & ~QUEUES) | ((uint32_t)x->causes & QUEUES);

	*ixgbe_reg(x, EICR) = 0;
	x->causes &= ~(uint64_t)QUEUES;
	if (!msix_mode(x))
		x->enabled &= ~(auto_mask(x) & QUEUES);
	irq_update(x);
	return value;
}

/* one of the registers of interrupts is written; false if it is none */
static bool write_irq(struct ixgbe *x, uint32_t offset, uint32_t value)
{
	uint64_t high = (uint64_t)value << 32;

	switch (offset) {
	case EICR:
		*ixgbe_reg(x, EICR) &= ~value;
		x->causes &= ~(uint64_t)(value & QUEUES);
		break;
	case EICS:
		*ixgbe_reg(x, EICR) |= value & ~QUEUES;
		x->causes |= value & QUEUES;
		break;
	case EIMS:
		*ixgbe_reg(x, EIMS) |= value & ~QUEUES;
		x->enabled |= value & QUEUES;
		x->told = false; /* what is there is told again */
		break;
	case EIMC:
		*ixgbe_reg(x, EIMS) &= ~value;
		x->enabled &= ~(uint64_t)(value & QUEUES);
		break;
	case EICS_EX: x->causes |= value; break;
	case EICS_EX + 4: x->causes |= high; break;
	case EIMS_EX: x->enabled |= value; break;
	case EIMS_EX + 4: x->enabled |= high; break;
	case EIMC_EX: x->enabled &= ~(uint64_t)value; break;
	case EIMC_EX + 4: x->enabled &= ~high; break;
	default: return false;
	}
	irq_update(x);
	return true;
}

/* rings */

uint32_t ixgbe_ring(struct ixgbe *x, uint32_t queue) { return *ixgbe_reg(x, queue + Q_LEN) / IXGBE_DESCRIPTOR; }

uint32_t *ixgbe_descriptor(struct ixgbe *x, uint32_t queue, uint32_t n)
{
	uint64_t base = *ixgbe_reg(x, queue + Q_BAL) | (uint64_t)*ixgbe_reg(x, queue + Q_BAH) << 32;

	return base & 127 ? NULL : vfu_memory(x->nic.vfu, base + (uint64_t)n * IXGBE_DESCRIPTOR, IXGBE_DESCRIPTOR, true);
}

void ixgbe_count64(struct ixgbe *x, uint32_t low, uint64_t n)
{
	uint64_t value = (*ixgbe_reg(x, low) | (uint64_t)*ixgbe_reg(x, low + 4) << 32) + n;

	*ixgbe_reg(x, low) = (uint32_t)value;
	*ixgbe_reg(x, low + 4) = (uint32_t)(value >> 32) & 0xf;
}

/* is_queue - whether it is a register of a queue, and which of them */
static bool is_queue(uint32_t offset, bool *tx, uint32_t *which)
{
	*tx = offset >= IXGBE_TX_QUEUE(0) && offset < IXGBE_TX_QUEUE(IXGBE_QUEUES);
	*which = offset & 0x3f;
	return *tx || (offset >= 0x1000 && offset < 0x2000) || (offset >= 0xd000 && offset < 0xe000);
}

/* reset */

static void make_eeprom(struct ixgbe *x)
{
	uint16_t sum = 0;

	/* no pointers, no firmware, no capabilities: what is 0xffff there is not there */
	memset(x->eeprom, 0, sizeof x->eeprom);
	for (unsigned int i = 0x03; i <= 0x0f; i++)
		x->eeprom[i] = 0xffff;
	x->eeprom[0x27] = x->eeprom[0x28] = x->eeprom[0x37] = 0xffff; /* addresses for storage */
	for (unsigned int i = 0; i < EEPROM_CHECKSUM; i++)
		sum = (uint16_t)(sum + x->eeprom[i]);
	x->eeprom[EEPROM_CHECKSUM] = (uint16_t)(EEPROM_SUM - sum);
}

static void chip_reset(struct ixgbe *x)
{
	memset(x->reg, 0, sizeof x->reg);
	memset(x->context, 0, sizeof x->context);
	memset(x->next_time, 0, sizeof x->next_time);
	x->causes = x->enabled = 0;
	x->told = false;
	x->fifo_from = x->fifo_to = 0;
	timer_clear(&x->throttle);
	memcpy(ixgbe_reg(x, IXGBE_RAL0), x->nic.mac, 6);
	*ixgbe_reg(x, IXGBE_RAL0 + 4) |= 1u << 31;
	*ixgbe_reg(x, IXGBE_RXPBSIZE0) = IXGBE_FIFO;
	*ixgbe_reg(x, IXGBE_HLREG0) = 0x403;
	*ixgbe_reg(x, IXGBE_MAXFRS) = 1518u << 16;
	*ixgbe_reg(x, RDRXCTL) = RDRXCTL_DMAIDONE;
	*ixgbe_reg(x, AUTOC) = AUTOC_10G_CX4_NO_AN;
	*ixgbe_reg(x, ANLP1) = ANLP1_AN_STATE;
	*ixgbe_reg(x, SECRXSTAT) = *ixgbe_reg(x, SECTXSTAT) = SEC_RDY;
	*ixgbe_reg(x, EEC) = EEC_PRES_4096;
	*ixgbe_reg(x, FWSM) = FWSM_VALID;
	irq_update(x);
}

static void link_change(void *arg, bool up)
{
	struct ixgbe *x = arg;

	(void)up;
	*ixgbe_reg(x, EICR) |= EICR_LSC;
	irq_update(x);
}

static void control(struct ixgbe *x, uint32_t value)
{
	if (value & (CTRL_RST | CTRL_LNK_RST))
		chip_reset(x);
	*ixgbe_reg(x, IXGBE_CTRL) = value & ~(CTRL_RST | CTRL_LNK_RST);
	if (value & CTRL_LNK_RST) {
		wire_ready(&x->nic.end, false);
		wire_ready(&x->nic.end, true);
	}
}

/* registers */

/* counts - a counter; those of queues and of packet buffers are among them */
static bool counts(uint32_t offset)
{
	if (offset >= 0x1000 && offset < 0x2000)
		return (offset & 0x3f) >= 0x30;
	return (offset >= 0x3f60 && offset < 0x3fe0) || (offset >= 0x4000 && offset < 0x4120);
}

static uint32_t read_register(struct ixgbe *x, uint32_t offset)
{
	uint32_t value = *ixgbe_reg(x, offset);

	switch (offset) {
	case EICR: return read_causes(x);
	case EICS: return (*ixgbe_reg(x, EICR) & ~QUEUES) | ((uint32_t)x->causes & QUEUES);
	case EIMS: case EIMC: return (*ixgbe_reg(x, EIMS) & ~QUEUES) | ((uint32_t)x->enabled & QUEUES);
	case STATUS: return *ixgbe_reg(x, IXGBE_CTRL) & CTRL_GIO_DIS ? 0 : STATUS_GIO;
	case LINKS: return wire_up(&x->nic.end) ? LINKS_UP_10G : 0;
	case EEC: return value & EEC_REQ ? value | EEC_GNT : value & ~EEC_GNT;
	case SWSM: *ixgbe_reg(x, SWSM) |= SWSM_SMBI; return value; /* who finds it free has it */
	default: break;
	}
	if (counts(offset))
		*ixgbe_reg(x, offset) = 0;
	return value;
}

static void write_queue(struct ixgbe *x, uint32_t offset, bool tx, uint32_t which, uint32_t value)
{
	if (which == Q_DCTL)
		value &= ~SWFLSH;
	*ixgbe_reg(x, offset) = value;
	if (which == Q_TAIL || which == Q_DCTL) {
		if (tx)
			ixgbe_transmit(x);
		else
			ixgbe_drain(x);
	}
}

static void write_register(struct ixgbe *x, uint32_t offset, uint32_t value)
{
	uint32_t which, word;
	bool tx;

	if (counts(offset) || write_irq(x, offset, value))
		return;
	if (is_queue(offset, &tx, &which)) {
		write_queue(x, offset, tx, which, value);
		return;
	}
	if (offset >= SRRCTL0 && offset < SRRCTL0 + 64) /* those of the first queues are here too */
		*ixgbe_reg(x, IXGBE_RX_QUEUE((offset - SRRCTL0) / 4) + Q_SRRCTL) = value;
	switch (offset) {
	case IXGBE_CTRL: control(x, value); return;
	case STATUS: case LINKS: case ANLP1: case FWSM: case SECRXSTAT: case SECTXSTAT: case MSRWD: return;
	case AUTOC: value &= ~AUTOC_AN_RESTART; break;
	case MSCA: /* nobody is there to answer */
		*ixgbe_reg(x, MSRWD) = 0xffff0000;
		value &= ~MSCA_MDI_CMD;
		break;
	case EERD:
		word = value >> 2 & 0x3fff;
		value = (value & ~3u) | EERD_DONE | (uint32_t)(word < 64 ? x->eeprom[word] : 0xffff) << 16;
		break;
	case EEC: value = (value & EEC_REQ) | EEC_PRES_4096; break;
	case FDIRCTRL: value |= FDIRCTRL_INIT_DONE; break;
	case FDIRCMD: value &= ~FDIRCMD_CMD_MASK; break;
	default: break;
	}
	*ixgbe_reg(x, offset) = value;
	if (offset == IXGBE_DMATXCTL)
		ixgbe_transmit(x);
	else if (offset == IXGBE_RXCTRL)
		ixgbe_drain(x);
	else if (offset == GPIE)
		irq_update(x);
}

static uint32_t bar_read(void *arg, unsigned int bar, uint32_t offset, unsigned int size)
{
	if (bar || size != 4)
		return bar ? 0 : ~0u; /* there are only whole registers; MSI-X is the client's */
	return read_register(arg, offset);
}

static void bar_write(void *arg, unsigned int bar, uint32_t offset, unsigned int size, uint32_t value)
{
	if (!bar && size == 4)
		write_register(arg, offset, value);
}

static void device_reset(void *arg)
{
	struct ixgbe *x = arg;

	chip_reset(x);
	wire_ready(&x->nic.end, true);
}

static const struct vfu_ops ops = {bar_read, bar_write, device_reset};

static void destroy(struct nic *nic)
{
	struct ixgbe *x = (struct ixgbe *)nic;

	timer_clear(&x->throttle);
	timer_clear(&nic->end.timer);
	if (nic->vfu)
		vfu_free(nic->vfu);
	free(x->fifo);
	free(x);
}

/* The driver knows by heart where MSI-X and PCI Express are. */
static struct nic *create(const char *path, const uint8_t *mac, const char *variant)
{
	struct ixgbe *x = calloc(1, sizeof *x);
	struct vfu_id id = {.vendor = 0x8086, .device = 0x10f9, .subvendor = 0x8086, .subdevice = 0x10f9, .revision = 1, .class_code = 0x020000};

	(void)variant;
	if (!x)
		return NULL;
	x->nic.kind = &ixgbe_kind;
	memcpy(x->nic.mac, mac, 6);
	x->nic.end = (struct wire_end){.nic = x, .receive = ixgbe_receive, .link = link_change, .resume = ixgbe_transmit, .rate = RATE};
	x->throttle = (struct timer){.fire = throttled, .arg = x};
	make_eeprom(x);
	x->fifo = malloc(IXGBE_FIFO);
	x->nic.vfu = x->fifo ? vfu_new(path, &id, &ops, x) : NULL;
	if (!x->nic.vfu) {
		destroy(&x->nic);
		return NULL;
	}
	vfu_bar(x->nic.vfu, 0, IXGBE_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64);
	vfu_bar(x->nic.vfu, 4, 0x4000, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64);
	vfu_add_pm(x->nic.vfu);
	vfu_next_capability(x->nic.vfu, 0x50);
	vfu_add_msi(x->nic.vfu, 1);
	vfu_next_capability(x->nic.vfu, 0x70);
	vfu_add_msix(x->nic.vfu, IXGBE_MSIX, 4, 0, 0x2000);
	vfu_next_capability(x->nic.vfu, 0xa0);
	vfu_add_pcie(x->nic.vfu, 2, 8);
	return &x->nic;
}

static void join(struct nic *a, struct nic *b)
{
	wire_join(&a->end, &b->end);
	device_reset(a);
	device_reset(b);
}

const struct nic_kind ixgbe_kind = {"ixgbe", "82599", create, join, destroy};
