/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_rings.c - shared memory written by the input, while syncs run. Three sessions: two ports of a switch and one with its
 * own; and two ends of a pipe. The input is a sequence of steps of 8 bytes: what, where (2), value (4).
 */
#include "host.h"
#include "nm_sync.h"

#include <stdlib.h>

#define PORTS 4u
#define SLOTS 32u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[PORTS] = {"vale0:a", "vale0:b", "p{1", "p}1"};

/* The private side stays in range, whatever the shared side says. */
static void
check(struct nm_session *s)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		const struct nm_kring *kr = nm_session_kring(s, dir, 0);

		if (kr->hwcur >= kr->nslots || kr->hwtail >= kr->nslots || kr->rhead >= kr->nslots || kr->rel >= kr->nslots ||
		    kr->lease >= kr->nslots || kr->nstack > kr->nslots)
			abort();
		for (i = 0; dir == NM_DIR_RX && i < kr->nstack; i++)
			if (kr->stack[i] < 2 || kr->stack[i] >= kr->nbufs)
				abort();
	}
}

/* What applies to a port of the switch, or another kind of port, which has none of this. */
static void
change_policy(struct nm_session *s, uint32_t port, uint32_t value)
{
	struct nmreq_vlan vlan = {.nr_op = NM_POLICY_SET, .nr_mode = value & 3, .nr_vid = value >> 2 & 1 ? 10 : 0};
	struct nmreq_storm storm = {.nr_op = NM_POLICY_SET};
	struct nmreq_lossless lossless = {.nr_op = NM_POLICY_SET, .nr_on = value >> 3 & 1};
	struct nmreq_mirror mirror = {.nr_op = NM_POLICY_SET, .nr_dirs = value >> 4 & 3};
	struct nmreq_fdb_static fixed = {.nr_op = 1 + (value >> 6 & 1), .nr_vid = vlan.nr_vid, .nr_mac = {2, (uint8_t)(value >> 24)}};

	vlan.nr_allowed[1] = (uint8_t)(value >> 16);
	storm.nr_limit[value >> 8 & 1].pps = value >> 9 & 127;
	if (mirror.nr_dirs)
		snprintf(mirror.nr_to, sizeof(mirror.nr_to), "%s", names[!port]);
	host_request(s, NETMAP_REQ_VLAN, names[port], &vlan);
	host_request(s, NETMAP_REQ_STORM, names[port], &storm);
	host_request(s, NETMAP_REQ_LOSSLESS, names[port], &lossless);
	host_request(s, NETMAP_REQ_MIRROR, names[port], &mirror);
	host_request(s, NETMAP_REQ_FDB_STATIC, names[port], &fixed);
}

static void
step(struct nm_session *s, const uint8_t *b)
{
	struct nm_session *p = &s[b[0] >> 6];
	uint32_t where = (uint32_t)(b[2] | b[3] << 8), value, i;
	int dir = b[1] & 1;
	struct nm_kring *kr = nm_session_kring(p, dir, 0);

	memcpy(&value, b + 4, sizeof(value));
	switch (b[0] & 7) {
	case 0: /* a slot, any word of it */
		((uint32_t *)(void *)kr->slots)[where % (4 * SLOTS)] = value;
		break;
	case 1: /* the ring's own words */
		((uint32_t *)(void *)kr->ring)[where % 64] = value;
		break;
	case 2: /* its cell: the client's line and the engine's */
		((uint32_t *)(void *)kr->atok)[where % 32] = value;
		break;
	case 3: /* the session's cell, and the netmap_if */
		if (b[1] & 2)
			((uint32_t *)(void *)p->sync)[where % 32] = value;
		else
			((uint32_t *)(void *)p->nifp)[where % 64] = value;
		break;
	case 4: /* the first bytes of a buffer: addresses, or the list of extra buffers */
		memcpy(kr->bufs + (size_t)(where % kr->nbufs) * kr->stride + b[1] % 3 * 4, &value, sizeof(value));
		break;
	case 5: /* send so many slots, as they are or as frames of 60 bytes */
		kr = nm_session_kring(p, NM_DIR_TX, 0);
		for (i = 0; i < value % SLOTS; i++)
			if (b[1] & 4)
				kr->slots[(kr->hwcur + i) % SLOTS].len = 60;
		kr->atok->head = kr->atok->cur = (kr->hwcur + value % SLOTS) % SLOTS;
		host_txsync(p);
		break;
	case 6: /* give everything back, perhaps with an index that was not given */
		kr = nm_session_kring(p, NM_DIR_RX, 0);
		if (b[1] & 4)
			kr->slots[(kr->rel + where) % SLOTS].buf_idx = value;
		kr->atok->head = kr->atok->cur = kr->hwtail;
		break;
	default:
		if (b[1] & 8)
			change_policy(s, b[0] >> 6, value);
		host_txsync(p);
		host_now += value;
	}
	check(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_root root;
	struct nm_session s[PORTS];
	uint32_t i;
	size_t at;

	if (nm_root_init(&root, &nm_root_defaults))
		abort();
	for (i = 0; i < PORTS; i++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS, .nr_extra_bufs = 4};

		host_open(&s[i], &root, 1);
		if (host_register(&s[i], names[i], &reg))
			abort();
	}
	for (at = 0; at + 8 <= size; at += 8)
		step(s, data + at);
	for (i = 0; i < PORTS; i++)
		host_txsync(&s[i]);
	for (i = 0; i < PORTS; i++)
		nm_session_close(&s[i]);
	if (root.ports || root.mems || host_regions)
		abort();
	nm_root_fini(&root);
	return 0;
}
