/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_trace.h - tracepoints netmap:*. One that is off costs a jump that is not taken; what only serves it is behind its
 * ..._enabled(), or in the inline functions at the end.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM netmap

#if !defined(NM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NM_TRACE_H

#include "nm_os_linux.h"

#include <linux/tracepoint.h>

TRACE_EVENT(netmap_register,
	TP_PROTO(const struct nm_session *s, bool on),
	TP_ARGS(s, on),
	TP_STRUCT__entry(
		__array(char, port, NETMAP_REQ_IFNAMSIZ)
		__field(bool, on)
		__field(u32, uid)
		__field(u32, mem)
		__array(u32, first, 2)
		__array(u32, last, 2)
		__field(u64, flags)
	),
	TP_fast_assign(
		strscpy(__entry->port, s->port->name, NETMAP_REQ_IFNAMSIZ);
		__entry->on = on;
		__entry->uid = s->cred.uid;
		__entry->mem = s->mem->id;
		memcpy(__entry->first, s->first, sizeof(s->first));
		memcpy(__entry->last, s->last, sizeof(s->last));
		__entry->flags = s->flags;
	),
	TP_printk("%s port=%s uid=%u region=%u tx=[%u,%u) rx=[%u,%u) flags=0x%llx", __entry->on ? "bind" : "unbind", __entry->port,
	    __entry->uid, __entry->mem, __entry->first[NM_DIR_TX], __entry->last[NM_DIR_TX], __entry->first[NM_DIR_RX],
	    __entry->last[NM_DIR_RX], __entry->flags)
);

/* head and cur: as the client left them. */
TRACE_EVENT(netmap_sync_error,
	TP_PROTO(const struct nm_kring *kr, u32 their_head, u32 their_cur),
	TP_ARGS(kr, their_head, their_cur),
	TP_STRUCT__entry(
		__array(char, port, NETMAP_REQ_IFNAMSIZ)
		__field(u32, dir)
		__field(u32, ring)
		__field(u32, head)
		__field(u32, cur)
		__field(u32, hwcur)
		__field(u32, hwtail)
		__field(u32, slots)
	),
	TP_fast_assign(
		strscpy(__entry->port, kr->port->name, NETMAP_REQ_IFNAMSIZ);
		__entry->dir = kr->dir;
		__entry->ring = kr->id;
		__entry->head = their_head;
		__entry->cur = their_cur;
		__entry->hwcur = READ_ONCE(kr->hwcur);
		__entry->hwtail = READ_ONCE(kr->hwtail);
		__entry->slots = kr->nslots;
	),
	TP_printk("port=%s %s%u head=%u cur=%u hwcur=%u hwtail=%u slots=%u", __entry->port, __entry->dir == NM_DIR_TX ? "tx" : "rx",
	    __entry->ring, __entry->head, __entry->cur, __entry->hwcur, __entry->hwtail, __entry->slots)
);

/* By a ring that sends into the core, or that an interface delivers to; why: a counter of it, by its name. */
TRACE_EVENT(netmap_drop,
	TP_PROTO(const struct nm_kring *kr, u32 counter, u64 frames),
	TP_ARGS(kr, counter, frames),
	TP_STRUCT__entry(
		__array(char, port, NETMAP_REQ_IFNAMSIZ)
		__field(u32, dir)
		__field(u32, ring)
		__field(u32, counter)
		__field(u64, frames)
	),
	TP_fast_assign(
		strscpy(__entry->port, kr->port->name, NETMAP_REQ_IFNAMSIZ);
		__entry->dir = kr->dir;
		__entry->ring = kr->id;
		__entry->counter = counter;
		__entry->frames = frames;
	),
	TP_printk("port=%s %s%u why=%s frames=%llu", __entry->port, __entry->dir == NM_DIR_TX ? "tx" : "rx", __entry->ring,
	    nm_trace_counter(__entry->counter), __entry->frames)
);

TRACE_EVENT(netmap_wake,
	TP_PROTO(const struct nm_kring *kr),
	TP_ARGS(kr),
	TP_STRUCT__entry(
		__array(char, port, NETMAP_REQ_IFNAMSIZ)
		__field(u32, dir)
		__field(u32, ring)
		__field(u32, hwtail)
	),
	TP_fast_assign(
		strscpy(__entry->port, kr->port->name, NETMAP_REQ_IFNAMSIZ);
		__entry->dir = kr->dir;
		__entry->ring = kr->id;
		__entry->hwtail = READ_ONCE(kr->hwtail);
	),
	TP_printk("port=%s %s%u hwtail=%u", __entry->port, __entry->dir == NM_DIR_TX ? "tx" : "rx", __entry->ring, __entry->hwtail)
);

#ifndef NM_TRACE_INLINES
#define NM_TRACE_INLINES

/* nm_trace.c */
const char *nm_trace_counter(u32 counter);
struct nm_trace_drops {
	u64 was[NM_STAT_COUNT];
	bool on;
};
void nm_trace_drops_take(struct nm_trace_drops *d, const struct nm_kring *kr);
void nm_trace_drops_tell(const struct nm_trace_drops *d, const struct nm_kring *kr);

/* Before and after something that may drop frames of kr. */
static inline void
nm_trace_drops_begin(struct nm_trace_drops *d, const struct nm_kring *kr)
{
	d->on = trace_netmap_drop_enabled();
	if (d->on)
		nm_trace_drops_take(d, kr);
}

static inline void
nm_trace_drops_end(const struct nm_trace_drops *d, const struct nm_kring *kr)
{
	if (d->on)
		nm_trace_drops_tell(d, kr);
}

/* kr->notify; in a switch that forwards, and so may drop. In a read section. */
static inline void
nm_trace_notify(struct nm_kring *kr)
{
	const struct nm_kring *sender = trace_netmap_drop_enabled() ? READ_ONCE(kr->wrap) : NULL;
	struct nm_trace_drops drops;

	if (sender)
		nm_trace_drops_take(&drops, sender);
	NM_RCU_DEREF(kr->notify)(kr);
	if (sender)
		nm_trace_drops_tell(&drops, sender);
}

#endif

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE nm_trace
#include <trace/define_trace.h>
