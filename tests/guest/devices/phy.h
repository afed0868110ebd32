/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phy.h - a transceiver for copper with the registers of IEEE 802.3 clause 22, up to 1000BASE-T. It negotiates with the one at the
 * other end at once: what it has announced and the other has too is what the registers of the link partner say.
 */
#ifndef PHY_H
#define PHY_H
#include "wire.h"

struct phy {
	struct wire_end *end;
	struct phy *other;
	uint16_t id1, id2;
	bool gigabit;
	bool paged; /* register 31 chooses among pages, of which the first one is the standard's; the others are only memory */
	uint16_t reg[32], pages[16][32];
	bool latched_down; /* the link was down since the status was read */
};

void phy_init(struct phy *p, struct wire_end *end, struct phy *other, uint32_t id, bool gigabit);
void phy_reset(struct phy *p);
uint16_t phy_read(struct phy *p, unsigned int reg);
void phy_write(struct phy *p, unsigned int reg, uint16_t value);
/* phy_link - to be called when the wire says that the link has changed */
void phy_link(struct phy *p, bool up);
/* phy_speed - 1000, 100 or 10, in full duplex or not; what negotiation or the control register says */
unsigned int phy_speed(const struct phy *p, bool *full);
bool phy_loopback(const struct phy *p);

#endif
