/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim.h - the client side of the userspace engine, inside libnetmap.
 *
 * The library interposes the calls that touch /dev/netmap. A descriptor of the engine is the client's end of the
 * ready socket; a table indexed by descriptor finds the object behind it, and one load of that table is all that
 * other descriptors pay. Calls that are not ours go on to the C library.
 *
 *   nm_shim_real   the C library's own calls          nm_shim_ctl    requests flattened, answers copied out
 *   nm_shim_fd     table, objects, fork               nm_shim_bind   the region's mapping, mmap
 *   nm_shim_conn   finding the engine, HELLO          nm_shim_sync   transmit and receive sync
 *   nm_shim_start  starting one on demand             nm_shim_wait   poll; nm_shim_select; nm_shim_epoll, nm_shim_epset
 *   nm_shim_home   kernel or engine                   nm_shim_umem   the program's own memory, for options that name some
 *   nm_shim_open   open and friends                   nm_shim_close  close and dup; nm_shim_ioctl: ioctl
 *   nm_shim_stdio  fopen, which is refused            nm_shim_hidden descriptors of our own; nm_shim_kloop: CSB and loops
 *
 * Locks: `lock` of the table, then an object's `ctl`, then its `busy` words. Syncs take busy[dir] by one exchange;
 * who finds it taken skips, as the kernel does. Objects are recycled and never freed, so a pointer loaded from the
 * table stays an object. Calls hold it by nm_shim_use: a descriptor may be closed while another thread, or the call that a
 * signal came into, is at work on it, and the last to leave lets its mapping go; `bound` tells whether there is one.
 */
#ifndef NM_SHIM_H
#define NM_SHIM_H

#ifndef NM_OS_NO_RCU
#define NM_OS_NO_RCU
#endif

#include <net/netmap.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "nm_ring.h"
#include "nm_sync.h"
#include "nm_wire.h"

#define NM_SHIM_FDS 65536 /* descriptors beyond are never the engine's */
#define NM_SHIM_HIGH 512  /* hidden descriptors live from here on */
/* Not instrumented: the thread sanitizer's own start calls some of them. */
#define NM_SHIM_API __attribute__((visibility("default"), no_sanitize("thread")))

#define NM_SHIM_WHY 160 /* bytes of a text */

enum { NM_SHIM_TX, NM_SHIM_RX };

struct nm_shim_ring {
	struct netmap_ring *ring;  /* shared with the application */
	struct nm_csb_atok *atok;
	struct nm_csb_ktoa *ktoa;
	uint32_t n;                /* slots, read once */
	uint32_t tail;             /* as given out last */
	uint32_t bad;              /* violations seen */
	uint32_t buf_size, nbufs;
	char *bufs;                /* buffer 0 */
};

struct nm_shim_obj {
	struct nm_shim_obj *next;  /* free list */
	uint32_t refs;             /* descriptors in the table */
	uint32_t users;            /* calls that are at work on it, and NM_SHIM_LEFT */
	uint32_t busy[2];          /* a sync of that direction runs */
	uint32_t waiter;           /* a thread waits in poll for the byte of the ready socket */
	uint32_t bound;            /* registered and mapped */
	uint32_t closing;
	uint32_t csb;              /* there is a CSB: no syncs, no waiting */
	uint32_t bad;              /* a ring was bad since the last poll */
	uint64_t left_ns;          /* when it last left a CPU */
	uint32_t linger_ns;        /* what a wait spends awake, learned from how long the last ones took */
	uint32_t idle;             /* syncs that found nothing: now and then a hang-up is looked for */
	pthread_mutex_t ctl;
	int sock, kick;            /* hidden */
	dev_t dev;
	ino_t ino;                 /* of the ready socket: tells a recycled descriptor */
	char *base;                /* own mapping of the whole region, */
	char *sync_base;           /* and of its sync area, */
	struct { void *at; size_t len; } map[2]; /* which are one, or two */
	size_t memsize;
	uint64_t mem_off;          /* of the region in its file */
	uint64_t flags;            /* NR_* */
	bool stamps;               /* receive rings that get frames are stamped, asked for or not */
	uint32_t nrings[2];
	struct nm_shim_ring *rings[2];
	struct nm_sync_session *sync;
	int refused;               /* errno of the last request, if the engine was not asked; under ctl */
	char why[NM_SHIM_WHY];     /* in words */
};

/* nm_shim_fd */
extern struct nm_shim_obj *nm_shim_tab[NM_SHIM_FDS];

__attribute__((always_inline)) static inline struct nm_shim_obj *
nm_shim_find(int fd)
{
	if ((unsigned)fd >= NM_SHIM_FDS)
		return NULL;
	return __atomic_load_n(&nm_shim_tab[fd], __ATOMIC_ACQUIRE);
}

#define NM_SHIM_LEFT 0x80000000u /* in users: no descriptor is left, the last call lets go of all */

/* As find, and keeps it until nm_shim_unuse. NULL also for one that is being closed. */
struct nm_shim_obj *nm_shim_use_obj(struct nm_shim_obj *o, int fd);
void nm_shim_unuse(struct nm_shim_obj *o);

__attribute__((always_inline)) static inline struct nm_shim_obj *
nm_shim_use(int fd)
{
	struct nm_shim_obj *o = nm_shim_find(fd);

	return __builtin_expect(o == NULL, 1) ? NULL : nm_shim_use_obj(o, fd);
}

/* As find, and makes sure that fd still is the ready socket; a stale entry is dropped. Slow path. */
struct nm_shim_obj *nm_shim_find_checked(int fd);
struct nm_shim_obj *nm_shim_obj_new(void);
void nm_shim_obj_put(struct nm_shim_obj *o); /* the last reference closes */
/* Binds fd to o, one more reference. 0 or -EMFILE. */
int nm_shim_fd_set(int fd, struct nm_shim_obj *o);
void nm_shim_fd_drop(int fd);                /* takes fd out of the table */
/* False in a child made by vfork, which shares our memory and not our descriptors. */
bool nm_shim_owner(void);
bool nm_shim_busy_try(struct nm_shim_obj *o, int dir);
void nm_shim_busy_put(struct nm_shim_obj *o, int dir);

/* nm_shim_hidden: descriptors that the program does not know of, which closing all there are must not hit. */
int nm_shim_hide(int fd);                    /* moves it to a high number, if there is one; until nm_real_close */
bool nm_shim_hidden(int fd);
void nm_shim_hidden_forget(int fd);
/* The first one in [from, to], or to + 1. */
unsigned nm_shim_hidden_next(unsigned from, unsigned to);

/* nm_shim_home */
enum nm_shim_home { NM_SHIM_HOME_BAD, NM_SHIM_HOME_ANY, NM_SHIM_HOME_KERNEL, NM_SHIM_HOME_USER };
enum nm_shim_next { NM_SHIM_NEXT_FAIL, NM_SHIM_NEXT_ENGINE, NM_SHIM_NEXT_ENGINE_DENIED };
/* The value of NETMAP_ENGINE, NULL: unset. */
enum nm_shim_home nm_shim_home(const char *choice);
/* The device did not open, for err: what then. DENIED: the engine, and the user is told. */
enum nm_shim_next nm_shim_home_next(enum nm_shim_home home, int err);

#define NM_SHIM_DEVICE "/dev/netmap"

static inline bool
nm_shim_is_device(const char *path)
{
	return path != NULL && path[0] == '/' && __builtin_expect(strcmp(path, NM_SHIM_DEVICE) == 0, 0);
}

/* nm_shim_open: a line on stderr, once a process. */
void nm_shim_say(const char *text, const char *more);

/* nm_shim_conn: a descriptor of the engine, or -errno. flags of open(2). */
int nm_shim_connect(int flags);
/* Whether one is there, without starting it. */
bool nm_shim_listens(void);
int nm_shim_hello(int sock, int flags);      /* takes sock over */
/* nm_shim_start: runs netmapd for the socket and waits until it listens. 0 or -errno. */
int nm_shim_start(const char *path);

/* nm_shim_ctl: 0 or -errno */
int nm_shim_ctl(struct nm_shim_obj *o, struct nmreq_header *user);
int nm_shim_legacy(struct nm_shim_obj *o, struct nmreq *user, bool regif);
/* Moves bytes between here and addresses of the application. 0 or -EFAULT. */
int nm_shim_copyin(void *to, uint64_t from, size_t n);
int nm_shim_copyout(uint64_t to, const void *from, size_t n);

struct nm_shim_opts { /* where the options of a request came from */
	uint32_t n;
	uint32_t len[NM_WIRE_MAX / 128];
	uint64_t user[NM_WIRE_MAX / 128];
	char why[NM_SHIM_WHY];    /* of a refusal */
	int loop;                 /* the pipe of a loop that was started, or -1 */
};
/* Request to message and back; bytes or -errno. */
int nm_shim_flatten(char *msg, size_t room, struct nmreq_header *user, struct nmreq_header *hdr, struct nm_shim_opts *o);
int nm_shim_unflatten(const char *msg, size_t len, struct nmreq_header *user, const struct nmreq_header *hdr,
    const struct nm_shim_opts *o);
/* One message there and one back, up to two descriptors with it. Bytes or -errno. Under ctl. */
int nm_shim_call(int sock, char *msg, size_t len, size_t room, int fds[2]);

/* The program's memory that goes along with a request. */
struct nm_shim_umems {
	uint32_t n;
	struct nm_wire_umem at[NM_WIRE_MAX_UMEM]; /* whose fd are their indices */
	int fd[NM_WIRE_MAX_UMEM];
};
/* The same with such. Bytes or -errno. */
int nm_shim_call_umems(int sock, char *msg, size_t len, size_t room, const struct nm_shim_umems *m);
/* As nm_shim_call, with descriptors there, too. */
struct nm_shim_sent {
	uint32_t n;
	int fd[NM_WIRE_MAX_FDS];
};
int nm_shim_call_fds(int sock, char *msg, size_t len, size_t room, const struct nm_shim_sent *s, int fds[2]);

/* nm_shim_umem: adds that memory, in the files it lies in, or is moved to. 0, or -errno and why. */
int nm_shim_umem(struct nm_shim_umems *m, uint64_t addr, uint64_t size, char *why);
void nm_shim_umem_fork(void);

/* nm_shim_kloop. start: has the request answered, eventfds sent along; bytes or -errno. note: what an answer says of a CSB. Under ctl. */
int nm_shim_kloop_start(struct nm_shim_obj *o, char *msg, size_t len, size_t room, const struct nmreq_header *hdr,
    struct nm_shim_opts *opts);
void nm_shim_kloop_note(struct nm_shim_obj *o, const char *msg, const struct nmreq_header *hdr, const struct nm_shim_opts *opts);
/* Until the loop has ended; takes `loop`. 0, -EINTR, -EBADF the descriptor was closed, -EIO. */
int nm_shim_kloop_wait(struct nm_shim_obj *o, int loop);

/* nm_shim_bind */
int nm_shim_bind(struct nm_shim_obj *o, const void *bind, size_t len);
void nm_shim_unbind(struct nm_shim_obj *o);
/* Reads the rings a bind names, once their region is mapped. 0 or -EPROTO. */
int nm_shim_bind_rings(struct nm_shim_obj *o, const struct nm_wire_bind *b);

/* nm_shim_sync: the calls take the busy word; the passes want it held. */
int nm_shim_txsync(struct nm_shim_obj *o, int fd);
int nm_shim_rxsync(struct nm_shim_obj *o, int fd);
bool nm_shim_tx_publish(struct nm_shim_obj *o); /* true: the engine has to look */
void nm_shim_tx_collect(struct nm_shim_obj *o); /* tails */
bool nm_shim_rx_pass(struct nm_shim_obj *o, bool *changed); /* true: a ring has packets */
void nm_shim_kick(struct nm_shim_obj *o, uint32_t what);
bool nm_shim_room(const struct nm_shim_obj *o, int dir); /* cur != tail on some ring */

/* A monitor can't transmit: that is EIO, and POLLERR for who waits to. */
static inline bool
nm_shim_is_monitor(const struct nm_shim_obj *o)
{
	return o->flags & (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON);
}
void nm_shim_drain(struct nm_shim_obj *o, int fd, bool force);
void nm_shim_arm(struct nm_shim_obj *o, uint32_t what);
void nm_shim_disarm(struct nm_shim_obj *o, uint32_t what);
bool nm_shim_gone(int fd);                   /* hang-up of the ready socket */
/* As gone, on every 4096th call only. */
bool nm_shim_gone_maybe(struct nm_shim_obj *o, int fd);

/* nm_shim_place */
void nm_shim_note_cpu(struct nm_shim_obj *o);
/* If the engine says that this CPU is better left to a receiver, moves this thread to another that it may use. */
void nm_shim_leave_cpu(struct nm_shim_obj *o);

static inline void
nm_shim_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline uint64_t
nm_shim_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define NM_SHIM_NS_BAD (-2)

/* A timeout in ns: -1 for NULL, very long ones cut, NM_SHIM_NS_BAD for what the kernel refuses. */
static inline int64_t
nm_shim_ns(const struct timespec *ts)
{
	if (ts == NULL)
		return -1;
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= 1000000000)
		return NM_SHIM_NS_BAD;
	return ts->tv_sec > 1000000000 ? INT64_MAX / 4 : ts->tv_sec * (int64_t)1000000000 + ts->tv_nsec;
}

/* nm_shim_wait. timeout in ns, negative: none. As ppoll(2), errno set. */
int nm_shim_poll(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask);
/* The sync pass of poll on one descriptor: revents. */
short nm_shim_poll_pass(struct nm_shim_obj *o, int fd, short events);
/* Waits shortly until ready(arg); false: sleep. */
bool nm_shim_linger(struct nm_shim_obj *o, bool (*ready)(void *), void *arg);
/* A sleep took so long. */
void nm_shim_slept(struct nm_shim_obj *o, uint64_t ns);

/* nm_shim_epset: which epoll descriptors watch the engine's */
void nm_shim_epset_forget(int fd);           /* fd is nobody's any more */
void nm_shim_epset_drop(int fd);             /* the epoll descriptor fd closes */
void nm_shim_epset_fork(void);

#endif
