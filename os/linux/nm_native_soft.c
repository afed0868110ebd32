/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_native_soft.c - drivers with no device behind them, as veth: see `soft` in drivers/nm_nic.h.
 *
 * What such a driver does not move from ring to ring itself comes and goes as frames of the system do (nm_nic_rx.c, nm_nic_tx.c): into
 * the ring's queue of skbs, from which a program's sync or the NAPI copies, and as skbs to the driver. So receive rings have two
 * sources, which both lease slots. For a switch the ring's NAPI alone passes on what there is, wherever it came from.
 */
#include "nm_nic.h"
#include "nm_trace.h"

bool
nm_native_soft_transmit(struct nm_hw_ring *r)
{
	struct nm_kring *kr = r->kr;

	return !nm_nic_tx_sync(kr) && NM_READ_ONCE(kr->blocked);
}

static struct nm_nic_rx *
rx_of(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;

	return &n->rx[kr->id];
}

void
nm_native_soft_filled(struct nm_hw_ring *r)
{
	struct nm_kring *kr = READ_ONCE(r->kr);

	if (!kr || !NM_LOAD_ACQUIRE(&kr->ready))
		return;
	if (READ_ONCE(kr->wrap))
		napi_schedule(&rx_of(kr)->napi);
	else
		nm_os_linux_wake(kr, NULL);
}

bool
nm_native_soft_receive(struct nm_hw_ring *r, struct sk_buff *skb)
{
	struct nm_kring *kr = READ_ONCE(r->kr);

	return kr && NM_LOAD_ACQUIRE(&kr->ready) && nm_nic_rx_queue(rx_of(kr), skb);
}

void
nm_native_soft_turn(struct nm_kring *kr)
{
	const struct nm_nic *n = kr->port->priv;
	struct nm_hw_ring *r;

	if (kr->is_host)
		return;
	nm_trace_notify(kr);
	r = nm_native_hold(kr);
	if (r) {
		n->hw->driver->rxsync(r, 0);
		nm_os_spin_unlock(&kr->lock);
	}
}

int
nm_native_soft_rx_sync(struct nm_kring *kr)
{
	nm_native_rx_sync(kr);
	return nm_nic_rx_sync(kr);
}

void
nm_native_soft_tx_later(struct nm_kring *kr)
{
	struct nm_hw_ring *r = kr->is_host ? NULL : nm_native_hold(kr);
	bool waits = r && r->reports;

	if (r)
		nm_os_spin_unlock(&kr->lock);
	if (waits)
		nm_native_tx_later(kr);
	else
		nm_nic_tx_later(kr);
}

uint32_t
nm_native_soft_poll(struct nm_kring *kr, uint32_t budget)
{
	uint32_t seen = nm_nic_rx_poll(kr, budget);

	nm_native_soft_turn(kr);
	return seen;
}
