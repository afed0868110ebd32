/* SPDX-License-Identifier: BSD-2-Clause */
/* phy.c - see phy.h */
#include <linux/mii.h>
#include <string.h>
#include "phy.h"

#define ABILITIES (BMSR_100FULL | BMSR_100HALF | BMSR_10FULL | BMSR_10HALF | BMSR_ANEGCAPABLE | BMSR_ERCAP)
#define PREAMBLE 0x0040 /* a management frame needs no preamble */
#define PAGE 31u        /* register */

static uint16_t abilities(const struct phy *p) { return ABILITIES | PREAMBLE | (p->gigabit ? BMSR_ESTATEN : 0); }

void phy_reset(struct phy *p)
{
	memset(p->reg, 0, sizeof p->reg);
	p->reg[MII_BMCR] = BMCR_ANENABLE | BMCR_FULLDPLX | (p->gigabit ? BMCR_SPEED1000 : BMCR_SPEED100);
	p->reg[MII_PHYSID1] = p->id1;
	p->reg[MII_PHYSID2] = p->id2;
	p->reg[MII_ADVERTISE] = ADVERTISE_CSMA | ADVERTISE_10HALF | ADVERTISE_10FULL | ADVERTISE_100HALF | ADVERTISE_100FULL;
	if (p->gigabit) {
		p->reg[MII_CTRL1000] = ADVERTISE_1000FULL;
		p->reg[MII_ESTATUS] = ESTATUS_1000_TFULL;
	}
	p->latched_down = true;
	wire_ready(p->end, true);
}

void phy_init(struct phy *p, struct wire_end *end, struct phy *other, uint32_t id, bool gigabit)
{
	p->end = end;
	p->other = other;
	p->id1 = (uint16_t)(id >> 16);
	p->id2 = (uint16_t)id;
	p->gigabit = gigabit;
}

void phy_link(struct phy *p, bool up)
{
	if (!up)
		p->latched_down = true;
}

static bool negotiates(const struct phy *p) { return p->reg[MII_BMCR] & BMCR_ANENABLE; }

/* partner - what the other end has announced, as long as there is somebody who does */
static uint16_t partner(const struct phy *p)
{
	return wire_up(p->end) && negotiates(p->other) ? p->other->reg[MII_ADVERTISE] : 0;
}

static uint16_t partner_1000(const struct phy *p)
{
	uint16_t theirs = wire_up(p->end) && negotiates(p->other) ? p->other->reg[MII_CTRL1000] : 0, status = 0;

	if (theirs & ADVERTISE_1000FULL)
		status |= LPA_1000FULL;
	if (theirs & ADVERTISE_1000HALF)
		status |= LPA_1000HALF;
	return status ? status | LPA_1000LOCALRXOK | LPA_1000REMRXOK : 0;
}

static uint16_t status(struct phy *p)
{
	uint16_t s = abilities(p);
	bool up = wire_up(p->end);

	if (up && !p->latched_down)
		s |= BMSR_LSTATUS;
	p->latched_down = !up;
	if (up && negotiates(p))
		s |= BMSR_ANEGCOMPLETE;
	return s;
}

/* paged - where a register of another page is, NULL: it is of the first one */
static uint16_t *paged(struct phy *p, unsigned int reg)
{
	return p->paged && p->reg[PAGE] && reg < PAGE ? &p->pages[p->reg[PAGE] & 15][reg] : NULL;
}

/* negotiated - anew: the link was down for a moment, which both ends have seen */
static void negotiated(struct phy *p)
{
	if (!wire_up(p->end))
		return;
	for (int i = 0; i < 2; i++, p = p->other) {
		p->latched_down = true;
		p->end->link(p->end->nic, true);
	}
}

uint16_t phy_read(struct phy *p, unsigned int reg)
{
	if (paged(p, reg))
		return *paged(p, reg);
	switch (reg) {
	case MII_BMSR: return status(p);
	case MII_LPA: return partner(p) ? partner(p) | LPA_LPACK : 0;
	case MII_EXPANSION: return partner(p) ? EXPANSION_NWAY | EXPANSION_LCWP : 0;
	case MII_STAT1000: return p->gigabit ? partner_1000(p) : 0;
	default: return reg < 32 ? p->reg[reg] : 0xffff;
	}
}

void phy_write(struct phy *p, unsigned int reg, uint16_t value)
{
	if (paged(p, reg)) {
		*paged(p, reg) = value;
		return;
	}
	switch (reg) {
	case MII_BMSR: case MII_PHYSID1: case MII_PHYSID2: case MII_LPA: case MII_EXPANSION: case MII_STAT1000: case MII_ESTATUS:
		return; /* of these nothing can be written */
	case MII_BMCR:
		if (value & BMCR_RESET) {
			phy_reset(p); /* is over before it can be asked for */
			value &= (uint16_t)~BMCR_RESET;
		}
		p->reg[reg] = value & (uint16_t)~BMCR_ANRESTART;
		wire_ready(p->end, !(value & (BMCR_PDOWN | BMCR_ISOLATE | BMCR_LOOPBACK)));
		if (value & BMCR_ANRESTART && value & BMCR_ANENABLE)
			negotiated(p);
		return;
	case MII_CTRL1000:
		if (p->gigabit)
			p->reg[reg] = value;
		return;
	default:
		if (reg < 32)
			p->reg[reg] = value;
	}
}

bool phy_loopback(const struct phy *p) { return p->reg[MII_BMCR] & BMCR_LOOPBACK; }

unsigned int phy_speed(const struct phy *p, bool *full)
{
	uint16_t both = p->reg[MII_ADVERTISE] & partner(p), control = p->reg[MII_BMCR];

	if (!negotiates(p) || phy_loopback(p)) {
		*full = control & BMCR_FULLDPLX;
		return control & BMCR_SPEED1000 ? 1000 : control & BMCR_SPEED100 ? 100 : 10;
	}
	*full = true;
	if (p->gigabit && p->reg[MII_CTRL1000] & ADVERTISE_1000FULL && partner_1000(p) & LPA_1000FULL)
		return 1000;
	if (both & ADVERTISE_100FULL)
		return 100;
	*full = both & ADVERTISE_10FULL && !(both & ADVERTISE_100HALF);
	return both & ADVERTISE_100HALF ? 100 : 10;
}
