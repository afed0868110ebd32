/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os.h - all that the core asks of its host.
 *
 * The host supplies "nm_os_types.h" (found by the include path of its os/ folder) with
 *   - the fixed-width integer types, size_t, bool, NULL, struct timeval, errno numbers,
 *     memcpy memset memmove memcmp strlen strcmp strncmp snprintf;
 *   - struct nm_os_spin, struct nm_os_mutex and the inline functions on them; nm_os_mutex_lock_killable is 0 or -EINTR, where
 *     a client can be killed while it waits; nm_os_spin_level(l, n) says that the lock is one of level n, 1 to 7, which is taken inside
 *     locks of lower levels (0 if it's not said), for a host that looks after that;
 *   - NM_READ_COUNTER(x): a statistic of 64 bits that its one writer adds to by plain stores; may be a little old;
 *   - NM_READ_ONCE(x) NM_WRITE_ONCE(x, v) NM_LOAD_ACQUIRE(p) NM_STORE_RELEASE(p, v) NM_MB()
 *     NM_FETCH_ADD(p, v) NM_EXCHANGE(p, v) (on uint32_t, ordered like NM_MB, give the old value)
 *     NM_PREFETCH(p) NM_PREFETCHW(p) NM_LIKELY(x) NM_UNLIKELY(x);
 *   - NM_RCU_DEREF(p), NM_RCU_ASSIGN(p, v); the host opens and closes read sections around its calls of data functions.
 *
 * Contexts: "control" may sleep and holds the root's mutex; "data" runs inside a read section,
 * never sleeps, never allocates, and may hold ring locks.
 */
#ifndef NM_OS_H
#define NM_OS_H

#include "nm_os_types.h"

struct nm_kring;
struct nm_port;
struct nm_root;
struct nm_session;

/* Zeroed memory. Control; NULL when there is none. */
void *nm_os_alloc(size_t size);
void nm_os_free(void *p);

/* Waits until every read section that was open at the call has ended. Control, sleeps. */
void nm_os_rcu_sync(void);

/*
 * Memory of a client, which he knows by an address of his: all of it is one range, at `base`, until the put, whatever he does to
 * his mapping meanwhile. Who takes pages away, or changes what he has mapped, loses only sight of what is written there.
 */
struct nm_umem {
	char *base;  /* where the client's address is */
	size_t size; /* bytes from there; 0: there is none */
	void *host;
};

/*
 * The backing of a region: zeroed pages, shareable with clients, who see its parts one behind the other. The core sees each part as
 * a range of its own, from the part's start to where there is memory so far.
 */
#define NM_OS_PARTS 4
struct nm_os_region {
	struct nm_os_part {
		size_t offset, size; /* in the region, in whole pages; the core fills them in */
		size_t block;        /* likewise; not 0: pieces of so many bytes, a power of two, are to be in one piece for a device */
		size_t have;         /* bytes that there are */
		char *base;          /* of them */
	} part[NM_OS_PARTS];
	size_t size;
	struct nm_umem umem; /* its size not 0: all parts but the last lie in it, from its base on */
	int handle; /* descriptor of the memory in user space, unused elsewhere */
	void *host; /* the host's own bookkeeping */
};

/*
 * A host may begin with all parts whole, or with nothing; those in memory of a client are. That memory is the region's if this succeeds.
 * Control, sleeps. 0, -ENOMEM, -EDQUOT (the owner's quota), -EMFILE, -EOPNOTSUPP (a region can't be in this memory).
 */
int nm_os_region_create(struct nm_os_region *r, struct nm_root *root, uint32_t uid);
/*
 * Gets the memory that a part of `bytes` will have, unseen by the core; it stays the region's also if it's never asked for. Sleeps,
 * also for long, and needs no lock, only a region that is not destroyed meanwhile. 0, -ENOMEM, -EDQUOT, -EINTR (the caller was killed).
 */
int nm_os_region_fill(struct nm_os_region *r, unsigned part, size_t bytes);
/*
 * A part that has less than `bytes` gets as much. Its base may change; the old one remains good for what there was, until the
 * region goes. Control, sleeps. 0, else nothing has changed: -ENOMEM, -EDQUOT, -EINTR (the caller was killed).
 */
int nm_os_region_more(struct nm_os_region *r, unsigned part, size_t bytes);
/* Needs no lock: nobody has the region any more. May take long. */
void nm_os_region_destroy(struct nm_os_region *r);

/*
 * Of the client who makes the request that is served. Called without the root's lock, since a client may keep it waiting; see
 * nm_umem_get. 0, or -errno with a text: -EFAULT not mapped, or not to be written; -EOPNOTSUPP memory of a kind that can't be had;
 * -ENOMEM, -ENFILE. -EAGAIN: the host has to ask the client first. The request is to fail with that and to have done nothing: it
 * comes once more.
 */
int nm_os_umem_get(struct nm_session *s, uint64_t addr, size_t size, struct nm_umem *u);
/* Nobody uses it any more; u->size is 0 then. Sleeps, needs no lock. */
void nm_os_umem_put(struct nm_umem *u);
/* Both are the same memory, from its first byte to the last. */
bool nm_os_umem_same(const struct nm_umem *a, const struct nm_umem *b);

/*
 * The loop that serves the rings of a session by its CSB (nm_kloop.h), as the client has asked for it. start: 0 or -errno with a text;
 * the loop begins now or after the request. stop: it is to end, and the host calls nm_kloop_ended when it has, maybe at once. A
 * session that is closed has none any more. Control.
 */
struct nm_os_kloop_plan {
	uint32_t sleep_us;  /* between two rounds, where nobody wakes it; 0: it goes round and round */
	bool wakes;         /* all rings have an ioeventfd: it sleeps until one of them, or the port, has something */
	bool direct[2];     /* by NM_DIR_*: these rings are to be served by who signals: nm_kloop.direct, or the host does so anyway */
	uint32_t nrings;
	const struct nm_os_kloop_fds { int32_t io, irq; } *fds; /* of each ring, in the order of entries; NULL: none; negative: not there */
};
int nm_os_kloop_start(struct nm_session *s, const struct nm_os_kloop_plan *plan);
void nm_os_kloop_stop(struct nm_session *s);

/* Wakes whoever waits on this ring: its sessions have new slots. Data. */
void nm_os_notify(struct nm_kring *kr);

/* Nanoseconds of a monotonic clock that may be cached for the length of a batch. Any context. */
uint64_t nm_os_now(void);

/* The same clock, never cached; for rare paths. Any context. */
uint64_t nm_os_now_exact(void);

/*
 * nm_os_types.h also has nm_os_copy(dst, src, len): len bytes of a frame between buffers of two regions. May write up to
 * the next multiple of 64 bytes of dst but the bytes beyond len are zeroes or unchanged, never data of src. Data.
 */

/*
 * Data of a NS_INDIRECT slot: client address to buffer, before any lease. 0; -EFAULT, where no client address crosses; or
 * -EAGAIN: what comes before this frame is sent, and the sync returns that, so that the data can be fetched where one may
 * sleep. Data.
 */
int nm_os_copy_indirect(struct nm_kring *kr, void *dst, uint64_t uaddr, uint32_t len);

/* nm_os_types.h also has nm_os_index_nospec(i, n): i when i < n, else some value below n, also under speculation. */

/*
 * Creates the port of the OS interface `name` in *out, with its shape (rings, slots, host rings) and its operations but
 * without memory; linking it is left to the caller. Its destroy lets go of the interface. Control. -ENXIO no such
 * interface, -EPERM the client may not, -EOPNOTSUPP this home has none; each with a text. Buffers will have buf_size bytes, unless
 * the port is moved into a region of its own; 0: it will be.
 */
int nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, uint32_t buf_size, struct nm_port **out);

/*
 * The same for a persistent port: makes an interface of the OS called `name`, which goes with the port. The shape in
 * *shape is what was asked for (0: the default) and becomes what there is. Control.
 */
struct nm_os_vif_shape {
	uint32_t slots[2]; /* by NM_DIR_* */
	uint16_t rings[2];
};
int nm_os_vif_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape,
    struct nm_port **out);

/*
 * Transmit ring kr of an interface in a switch: has frames that it could not send now. The host calls
 * nm_vale_nic_resume(kr) once when it can go on, not from within this call. Data.
 */
void nm_os_tx_later(struct nm_kring *kr);

/*
 * Threads that poll the receive rings of an interface in a switch, each bound to a CPU: they do what otherwise comes when the
 * interface says so. All rings are one CPU's, or ring first_ring + i is that of CPU first_cpu + i.
 */
struct nm_os_polling;
struct nm_os_polling_plan {
	uint32_t first_ring, nrings, first_cpu, ncpus;
};
/* CPUs of the system; -EOPNOTSUPP, -EPERM with a text where the home, or this kind of interface, has no such. Control. */
int nm_os_polling_cpus(struct nm_session *s, struct nm_port *nic);
/* 0, or -errno with a text: -EINVAL when a CPU is not there. Control, sleeps. */
int nm_os_polling_start(struct nm_session *s, struct nm_port *nic, const struct nm_os_polling_plan *plan, struct nm_os_polling **out);
/* Afterwards the rings are served as before. Control, sleeps. */
void nm_os_polling_stop(struct nm_os_polling *t);

/* True when the OS has an interface of this name in the client's namespace. Control. */
bool nm_os_ifname_exists(struct nm_session *s, const char *name);

/* Rings of this port have been bound or unbound, by a session or a switch: the host (re)schedules its syncs. Control. */
void nm_os_port_changed(struct nm_port *port);

/* One line in the log, rate-limited by the host. Any context but under a spin lock. */
void nm_os_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum { NM_LOG_ERR, NM_LOG_WARN, NM_LOG_INFO, NM_LOG_DEBUG };

#endif
