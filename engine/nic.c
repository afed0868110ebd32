/* SPDX-License-Identifier: BSD-2-Clause */
#include "nic.h"
#include "nm_root.h"
#include "nm_worker.h"

#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_PAUSE_NS 10000000 /* between looks at a receive ring that is full */
#define MIN_PAUSE_NS 100000

void
nic_wake(struct nic *n)
{
	(void)!write(n->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
}

/* Frames were put in place by the thread. */
static int
nic_rxsync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}

/* Nobody else leases here, so that the room can only grow. */
static uint32_t
room_of(struct nm_kring *kr)
{
	uint32_t room = nm_kring_lease_begin(kr), none;

	nm_kring_lease_commit(kr, 0, &none);
	return room;
}

static void
deliver(struct nm_kring *kr, struct nic_in *in, uint32_t n)
{
	uint32_t idx[NIC_BATCH], fit = 0, start, i;
	uint64_t bytes = 0;

	for (i = 0; i < n; i++) {
		if (in[i].len <= kr->stride)
			in[fit++] = in[i];
		else
			kr->stat[NM_STAT_drop_bad_len]++;
	}
	if (!fit)
		return;
	nm_kring_lease_begin(kr);
	start = nm_kring_lease_commit(kr, fit, idx);
	for (i = 0; i < fit; i++) {
		memcpy(kr->bufs + (size_t)idx[i] * kr->stride, in[i].data, in[i].len);
		nm_kring_put_slot(&kr->slots[nm_ring_add(start, i, kr->nslots)], idx[i], (uint16_t)in[i].len, 0);
		bytes += in[i].len;
	}
	nm_kring_finish(kr, start, fit, fit, bytes);
	nm_os_notify(kr);
}

/* One batch. Frames received, 0 for none, -ENOBUFS when the ring is full. What nobody receives is read and forgotten. */
static int
receive(struct nic *n)
{
	struct nm_kring *kr = &n->port->krings[NM_DIR_RX][0];
	bool ready = NM_LOAD_ACQUIRE(&kr->ready);
	struct nic_in in[NIC_BATCH];
	uint32_t room = ready ? room_of(kr) : NIC_BATCH;
	int got;

	if (!room)
		return -ENOBUFS;
	got = n->kind->receive(n, in, room < NIC_BATCH ? room : NIC_BATCH);
	if (got > 0 && ready)
		deliver(kr, in, (uint32_t)got);
	return got;
}

static void
count_lost(struct nic *n)
{
	struct nm_kring *kr = &n->port->krings[NM_DIR_RX][0];

	if (n->kind->lost)
		kr->stat[NM_STAT_drop_no_space] += n->kind->lost(n);
}

/* There is room to transmit: their workers look again. */
static void
kick_senders(struct nic *n)
{
	struct nm_session *s;

	NM_WRITE_ONCE(n->tx_waits, 0);
	for (s = NM_RCU_DEREF(n->port->sessions); s; s = NM_RCU_DEREF(s->next))
		nm_worker_poke(s->host);
}

/* Waits for the stop, for room to transmit if that is wanted, and for frames if rx; -1 ns: as long as it takes. */
static void
wait_for_work(struct nic *n, bool rx, int64_t ns)
{
	bool tx = NM_READ_ONCE(n->tx_waits) && !NM_READ_ONCE(n->port->gone);
	struct pollfd p[3] = {
		{.fd = n->wake_fd, .events = POLLIN},
		{.fd = tx ? n->tx_fd : -1, .events = POLLOUT},
		{.fd = rx ? n->rx_fd : -1, .events = POLLIN},
	};
	struct timespec t = {.tv_nsec = (long)ns};
	uint64_t count;

	rcu_thread_offline();
	ppoll(p, 3, ns < 0 ? NULL : &t, NULL);
	rcu_thread_online();
	if (p[0].revents)
		(void)!read(n->wake_fd, &count, sizeof(count));
	if (tx && p[1].revents)
		kick_senders(n);
}

/* The interface left: everybody is told. */
static void
leave(struct nic *n)
{
	struct nm_session *s;

	nm_os_log(NM_LOG_WARN, "%s: the interface is gone", n->port->name);
	NM_WRITE_ONCE(n->port->gone, true);
	for (s = NM_RCU_DEREF(n->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		NM_WRITE_ONCE(s->sync->dead, 1);
		nm_worker_wake_client(s->host);
	}
}

static bool
is_gone(const struct nic *n)
{
	char name[IF_NAMESIZE];

	return !if_indextoname(n->ifindex, name);
}

static void *
thread_main(void *arg)
{
	struct nic *n = arg;
	int64_t pause_ns = MIN_PAUSE_NS;
	int got;

	rcu_register_thread();
	while (!NM_LOAD_ACQUIRE(&n->stop)) {
		got = receive(n);
		rcu_quiescent_state();
		if (got > 0) {
			pause_ns = MIN_PAUSE_NS;
			if (NM_READ_ONCE(n->tx_waits))
				wait_for_work(n, false, 0);
			continue;
		}
		count_lost(n);
		if (got < 0 && got != -ENOBUFS && is_gone(n)) {
			leave(n);
			while (!NM_LOAD_ACQUIRE(&n->stop))
				wait_for_work(n, false, -1);
		} else if (got == 0) {
			wait_for_work(n, true, -1);
		} else {
			wait_for_work(n, false, pause_ns);
			pause_ns = 2 * pause_ns > MAX_PAUSE_NS ? MAX_PAUSE_NS : 2 * pause_ns;
		}
	}
	rcu_unregister_thread();
	return NULL;
}

static int
nic_enable(struct nm_port *p, bool on)
{
	struct nic *n = p->priv;

	if (!on) {
		NM_STORE_RELEASE(&n->stop, 1);
		nic_wake(n);
		pthread_join(n->thread, NULL);
		return 0;
	}
	n->stop = n->tx_waits = 0;
	return -pthread_create(&n->thread, NULL, thread_main, n);
}

static void
close_all(struct nic *n)
{
	if (n->tx_fd >= 0 && n->tx_fd != n->rx_fd)
		close(n->tx_fd);
	if (n->rx_fd >= 0)
		close(n->rx_fd);
	if (n->wake_fd >= 0)
		close(n->wake_fd);
	free(n->space);
	free(n);
}

static void
nic_destroy(struct nm_port *p)
{
	if (p->priv)
		close_all(p->priv);
}

static const struct nm_port_ops nic_ops = {
	.kind = NM_PORT_KIND_NIC,
	.enable = nic_enable,
	.txsync = nic_tx_sync,
	.rxsync = nic_rxsync,
	.destroy = nic_destroy,
};

/* By the first kind that takes the interface. */
static int
open_nic(const char *name, unsigned ifindex, struct nic **out)
{
	struct nic *n = calloc(1, sizeof(*n));
	int error;

	if (!n)
		return -ENOMEM;
	n->rx_fd = n->tx_fd = -1;
	n->ifindex = ifindex;
	n->space = malloc((size_t)NIC_BATCH * NIC_IN_MAX);
	n->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = !n->space ? -ENOMEM : n->wake_fd < 0 ? -errno : 0;
	if (!error) {
		n->kind = &nic_tap_kind;
		error = n->kind->open(n, name);
		if (error == -EBUSY) {
			n->kind = &nic_packet_kind;
			error = n->kind->open(n, name);
		}
	}
	if (error) {
		close_all(n);
		return error;
	}
	*out = n;
	return 0;
}

int
nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_port **out)
{
	unsigned ifindex = if_nametoindex(name);
	struct nm_port *p;
	struct nic *n;
	int error;

	if (!ifindex)
		return nm_session_error(s, ENXIO, "there is no interface %s; a switch port is called valeX:PORT, a pipe NAME{ID", name);
	if (!s->cred.net_raw)
		return nm_session_error(s, EPERM, "%s: user %u may not open interfaces of this engine", name, s->cred.uid);
	error = open_nic(name, ifindex, &n);
	if (error == -EPERM || error == -EACCES)
		return nm_session_error(s, EPERM, "%s: the engine may not open interfaces; it needs CAP_NET_RAW (TAP: CAP_NET_ADMIN)", name);
	if (error)
		return nm_session_error(s, -error, "%s: can't be opened: %s", name, strerror(-error));
	p = nm_port_alloc(root, name, &nic_ops, &s->cred);
	if (!p) {
		close_all(n);
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	}
	p->priv = n;
	n->port = p;
	p->nrings[NM_DIR_TX] = p->nrings[NM_DIR_RX] = 1;
	p->nslots[NM_DIR_TX] = p->nslots[NM_DIR_RX] = root->limits.ring_slots;
	error = nm_mem_global(root, &s->cred, &p->mem);
	if (error) {
		p->mem = NULL;
		nm_port_put(p);
		return nm_session_error(s, ENOMEM, "%s: no region for interfaces of user %u could be had: %s", name, s->cred.uid,
		    strerror(-error));
	}
	*out = p;
	return 0;
}
