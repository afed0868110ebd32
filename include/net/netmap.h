/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/netmap.h - the netmap API, version 14.
 *
 * A program opens /dev/netmap, registers one port by NIOCCTRL with a NETMAP_REQ_REGISTER request, maps nr_memsize
 * bytes at offset 0 and finds at nr_offset a struct netmap_if. That lists its rings; a ring lists slots, a
 * slot names a buffer. All buffers of a region lie at a constant distance of each other, so a buffer's
 * address is computed from its index (netmap_user.h).
 *
 * On a ring the program owns the slots [head, tail). On a transmit ring these are free: it fills some and moves
 * head past them. On a receive ring they hold frames: it moves head past those it is done with. cur says where
 * to wake the program: poll(2) returns when tail has moved past cur. NIOCTXSYNC, NIOCRXSYNC and poll(2) exchange
 * head, cur and tail with the engine; nothing else in a ring header may be written. One slot always stays
 * empty, so a ring of n slots holds n - 1 frames.
 *
 * A registration with NR_MONITOR_TX or NR_MONITOR_RX makes a port that shows what passes the rings, selected by mode and nr_ringid, of the
 * port nr_name, which somebody must have open. It is called NAME.monN; its receive ring i shows ring i. Of the frames that come at a time it
 * gets the newest that find room, the others are counted (monitor_full); the port that is watched does not notice. Its one transmit
 * ring has no room: NIOCTXSYNC fails with EIO. Without the port that it watches, syncs fail with EIO and poll(2) says POLLERR. netmap(4)
 * tells more.
 *
 * Control requests (NIOCCTRL) return 0, or -1 with errno:
 *	EINVAL      version, reserved field, name, mode or ring not valid; a body missing, or given where there is none
 *	ENXIO       no such interface, or the descriptor is not registered
 *	EBUSY       the descriptor is registered already, or somebody holds the rings exclusively
 *	EOPNOTSUPP  an option or feature that this port has not; the option's nro_status says which
 *	EIO         frames of the port begin with a virtio-net header, and NR_ACCEPT_VNET_HDR was not given
 *	EMSGSIZE    body and options are more than 4096 bytes, or the list of options has no end
 *	EACCES, EPERM  not for this user       ENOMEM, EDQUOT  no memory, no quota left       ENOENT  end of a list
 * NETMAP_REQ_ERROR_GET gives the reason in words. The header is always written back, with the version wanted where another was
 * refused; the body only on success.
 *
 * Sizes are in bytes, counts in pieces. Integers are in the host's order. A program whose environment has no system
 * headers, as the core of this project, defines NETMAP_NO_SYSTEM_HEADERS and provides nm_os_types.h: the fixed-width
 * types, ssize_t, struct timeval, IFNAMSIZ, and _IO and _IOWR if it wants the NIOC numbers.
 */
#ifndef _NET_NETMAP_H_
#define _NET_NETMAP_H_

#ifndef NETMAP_NO_SYSTEM_HEADERS
#include <stdint.h>
#include <sys/types.h>
#include <sys/time.h>
#include <sys/ioctl.h>
#include <net/if.h>
#else
#include <nm_os_types.h>
#endif

#define NETMAP_API 14     /* what programs put into nr_version */
#define NETMAP_MIN_API 14 /* NIOCCTRL accepts from here */
#define NETMAP_MAX_API 15 /* to here */

#define NM_CACHE_ALIGN 128     /* bytes; alignment of rings */
#define NETMAP_MAX_FRAGS 64    /* slots of one frame at most */
#define NETMAP_REQ_IFNAMSIZ 64 /* bytes of a port name, with the final NUL */
#define NM_BDG_NAME "vale"     /* names of switch ports begin so */

/* One position of a ring. */
struct netmap_slot {
	uint32_t buf_idx; /* buffer; may be exchanged for another of the region, with NS_BUF_CHANGED */
	uint16_t len;     /* bytes of data in the buffer */
	uint16_t flags;   /* NS_* */
	uint64_t ptr;     /* address of the data (NS_INDIRECT), or offset in the buffer (option OFFSETS) */
};

#define NS_BUF_CHANGED 0x0001 /* buf_idx is not what it was at the last sync */
#define NS_REPORT 0x0002      /* transmit: tell of this slot's completion, don't batch it */
#define NS_FORWARD 0x0004     /* receive: pass to the other side, host or NIC, on release (ring flag NR_FORWARD) */
#define NS_NO_LEARN 0x0008    /* transmit on a switch, in a frame's first slot: its source address is not learned */
#define NS_INDIRECT 0x0010    /* transmit on a switch: the data are at ptr */
#define NS_MOREFRAG 0x0020    /* the frame goes on in the next slot */
#define NS_TXMON 0x0040       /* monitor: the frame was seen on a transmit ring */
#define NS_PORT_SHIFT 8       /* the upper byte: on a switch's receive ring NS_RFRAGS; on transmit not looked at */
#define NS_PORT_MASK (0xff << NS_PORT_SHIFT)
#define NS_RFRAGS(slot) (((slot)->flags >> 8) & 0xff) /* receive on a switch: slots of the frame */

/* Header of a ring; the slots follow at byte 256. Only head, cur, flags and sem are the program's to write. */
struct netmap_ring {
	const int64_t buf_ofs;      /* from this ring to buffer 0 */
	const uint32_t num_slots;
	const uint32_t nr_buf_size; /* distance of buffers, and the most a slot can hold */
	const uint16_t ringid;      /* among the rings of its direction; host rings come last */
	const uint16_t dir;         /* 1 transmit, 0 receive */
	uint32_t head;              /* first slot the program owns */
	uint32_t cur;               /* wake-up point, from head to tail */
	uint32_t tail;              /* first slot it does not own */
	uint32_t flags;             /* NR_TIMESTAMP, NR_FORWARD */
	struct timeval ts;          /* receive, with NR_TIMESTAMP: time of the last sync */
	uint64_t offset_mask;       /* bits of ptr that hold an offset; 0: none */
	uint64_t buf_align;         /* transmit: data must begin at a multiple of this; 0 or 1: anywhere */
	uint8_t sem[128] __attribute__((aligned(NM_CACHE_ALIGN))); /* room for a lock of the program's */
	__extension__ struct netmap_slot slot[0]; /* num_slots of them */
};

#define NR_TIMESTAMP 0x0002 /* set ts at each receive sync; without, ts is not written (netmap(4), no_timestamp, netmapd --timestamps) */
#define NR_FORWARD 0x0004   /* honour NS_FORWARD in the slots of this receive ring */

/*
 * What a registration gives. ring_ofs has, from this struct on in bytes: ni_tx_rings, ni_host_tx_rings, ni_rx_rings,
 * ni_host_rx_rings entries, 0 for a ring that this descriptor has not bound.
 */
struct netmap_if {
	char ni_name[IFNAMSIZ];
	const uint32_t ni_version;
	const uint32_t ni_flags;         /* NI_PRIV_MEM */
	const uint32_t ni_tx_rings;
	const uint32_t ni_rx_rings;
	uint32_t ni_bufs_head;           /* first of the extra buffers, linked by their first word; 0: none */
	const uint32_t ni_host_tx_rings; /* 1 also where there is none */
	const uint32_t ni_host_rx_rings;
	uint32_t ni_spare1[3];
	__extension__ const ssize_t ring_ofs[0];
};

#define NI_PRIV_MEM 0x1 /* the region is not the global one */

/*
 * Control. NIOCCTRL takes a header that names the port and points at a body, whose type nr_reqtype says, and at a
 * list of options. Bodies are read before and written after; an option's status is 0, or an errno when it was
 * refused, EOPNOTSUPP when nobody knows it.
 */
struct nmreq_header {
	uint16_t nr_version;  /* NETMAP_API; out: the same, if another one was refused */
	uint16_t nr_reqtype;  /* NETMAP_REQ_* */
	uint32_t nr_reserved; /* 0 */
	char nr_name[NETMAP_REQ_IFNAMSIZ];
	uint64_t nr_options;  /* address of the first option, or 0 */
	uint64_t nr_body;     /* address of the body, or 0 where there is none */
};

enum {
	NETMAP_REQ_REGISTER = 1,          /* bind a port: struct nmreq_register */
	NETMAP_REQ_PORT_INFO_GET,         /* struct nmreq_port_info_get */
	NETMAP_REQ_VALE_ATTACH,           /* put an interface into a switch: struct nmreq_vale_attach */
	NETMAP_REQ_VALE_DETACH,           /* struct nmreq_vale_detach */
	NETMAP_REQ_VALE_LIST,             /* struct nmreq_vale_list */
	NETMAP_REQ_PORT_HDR_SET,          /* length of the virtio-net header: struct nmreq_port_hdr */
	NETMAP_REQ_PORT_HDR_GET,
	NETMAP_REQ_VALE_NEWIF,            /* make a persistent port: struct nmreq_vale_newif */
	NETMAP_REQ_VALE_DELIF,            /* remove it: no body */
	NETMAP_REQ_VALE_POLLING_ENABLE,   /* struct nmreq_vale_polling */
	NETMAP_REQ_VALE_POLLING_DISABLE,
	NETMAP_REQ_POOLS_INFO_GET,        /* layout of the region: struct nmreq_pools_info */
	NETMAP_REQ_SYNC_KLOOP_START,      /* struct nmreq_sync_kloop_start */
	NETMAP_REQ_SYNC_KLOOP_STOP,       /* no body */
	NETMAP_REQ_CSB_ENABLE,            /* no body */
	/* additions of this implementation */
	NETMAP_REQ_STATS_GET = 0x1000,    /* struct nmreq_stats */
	NETMAP_REQ_FDB_GET,               /* struct nmreq_fdb */
	NETMAP_REQ_FDB_FLUSH,             /* struct nmreq_fdb_flush */
	NETMAP_REQ_ERROR_GET,             /* struct nmreq_error */
	NETMAP_REQ_PORT_ACCESS,           /* struct nmreq_access */
	NETMAP_REQ_PORT_LIST,             /* struct nmreq_port_list */
	NETMAP_REQ_FDB_STATIC,            /* struct nmreq_fdb_static */
	NETMAP_REQ_VLAN,                  /* struct nmreq_vlan */
	NETMAP_REQ_STORM,                 /* struct nmreq_storm */
	NETMAP_REQ_LOSSLESS,              /* struct nmreq_lossless */
	NETMAP_REQ_MIRROR,                /* struct nmreq_mirror */
};

struct nmreq_option {
	uint64_t nro_next;    /* address of the next option, or 0 */
	uint32_t nro_reqtype; /* NETMAP_REQ_OPT_* */
	uint32_t nro_status;  /* out: 0 or errno */
	uint64_t nro_size;    /* of the whole option, for those of variable length */
};

enum {
	NETMAP_REQ_OPT_EXTMEM = 1,          /* the program's own memory as region */
	NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
	NETMAP_REQ_OPT_CSB,
	NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
	NETMAP_REQ_OPT_OFFSETS,             /* frames begin at an offset in their buffers */
	NETMAP_REQ_OPT_MAX,
};

struct nmreq_register {
	uint64_t nr_offset;         /* out: of the netmap_if in the region */
	uint64_t nr_memsize;        /* out: bytes to map */
	uint32_t nr_tx_slots;       /* hints for ports made by the request; out: what there is */
	uint32_t nr_rx_slots;
	uint16_t nr_tx_rings;
	uint16_t nr_rx_rings;
	uint16_t nr_host_tx_rings;
	uint16_t nr_host_rx_rings;
	uint16_t nr_mem_id;         /* region wanted, 0 for the default; out: region */
	uint16_t nr_ringid;         /* for NR_REG_ONE_NIC and NR_REG_ONE_SW */
	uint32_t nr_mode;           /* NR_REG_* */
	uint32_t nr_extra_bufs;     /* wanted; out: had */
	uint64_t nr_flags;          /* NR_* */
};

enum {
	NR_REG_DEFAULT = 0,
	NR_REG_ALL_NIC = 1,     /* all rings but those of the host */
	NR_REG_SW = 2,          /* the host rings */
	NR_REG_NIC_SW = 3,      /* both */
	NR_REG_ONE_NIC = 4,     /* ring nr_ringid */
	NR_REG_PIPE_MASTER = 5, /* legacy requests only */
	NR_REG_PIPE_SLAVE = 6,  /* legacy requests only */
	NR_REG_NULL = 7,        /* a port without peer */
	NR_REG_ONE_SW = 8,      /* host ring nr_ringid */
};

#define NR_MONITOR_TX 0x100       /* see what the port transmits, when it is published: slots have NS_TXMON */
#define NR_MONITOR_RX 0x200       /* see what it receives, when it arrives */
#define NR_ZCOPY_MON 0x400        /* both, when the owner is done with it: in the port's region, the buffers themselves */
#define NR_EXCLUSIVE 0x800        /* nobody else may bind these rings */
#define NR_RX_RINGS_ONLY 0x2000   /* bind no transmit ring */
#define NR_TX_RINGS_ONLY 0x4000   /* bind no receive ring */
#define NR_ACCEPT_VNET_HDR 0x8000 /* frames may begin with a virtio-net header; without, such a port is refused (EIO) */
#define NR_DO_RX_POLL 0x10000     /* poll syncs receive rings without POLLIN too */
#define NR_NO_TX_POLL 0x20000     /* poll transmits only with POLLOUT */

struct nmreq_port_info_get {
	uint64_t nr_memsize;
	uint32_t nr_tx_slots, nr_rx_slots;
	uint16_t nr_tx_rings, nr_rx_rings;
	uint16_t nr_host_tx_rings, nr_host_rx_rings;
	uint16_t nr_mem_id;
	uint16_t pad[3];
};

struct nmreq_vale_attach {
	struct nmreq_register reg;
	uint32_t port_index; /* out */
	uint32_t pad1;
};

struct nmreq_vale_detach {
	uint32_t port_index; /* out */
	uint32_t pad1;
};

/* With an empty name: the first port at or after these positions, its name in nr_name; ENOENT at the end. */
struct nmreq_vale_list {
	uint16_t nr_bridge_idx;
	uint16_t pad1;
	uint32_t nr_port_idx;
};

/*
 * Frames of a program's switch port may begin with a virtio-net header, both those that it sends and those that it receives. Between
 * ports of one length they pass as they are. From 10 to 12 bytes, or back, the first 10 are kept; a frame from a port without a header
 * gets one of zeroes; on the way to a port without one, what the header asks for is done: checksums are completed, merged frames
 * cut. Where that is not possible the frame is dropped (drop_vnet_*). Multi-byte fields are in the host's order. A frame may
 * take up to 64 slots with a header as without. In VLANs the tag comes and goes behind the header: what that says of hdr_len and, with
 * NEEDS_CSUM, of csum_start is moved with the frame, and a checksum that is not behind the tag, or not within the frame, drops it
 * (drop_vnet_csum). EINVAL: another length, or no port of a program in a switch, as an interface. ENXIO: no port that is open.
 */
struct nmreq_port_hdr {
	uint32_t nr_hdr_len; /* 0, 10 or 12 */
	uint32_t pad1;
};

struct nmreq_vale_newif {
	uint32_t nr_tx_slots, nr_rx_slots;
	uint16_t nr_tx_rings, nr_rx_rings;
	uint16_t nr_mem_id;
	uint16_t pad1;
};

struct nmreq_vale_polling {
	uint32_t nr_mode; /* NETMAP_POLLING_MODE_* */
	uint32_t nr_first_cpu_id;
	uint32_t nr_num_polling_cpus;
	uint32_t pad1;
};

#define NETMAP_POLLING_MODE_SINGLE_CPU 1 /* all rings on nr_first_cpu_id; nr_num_polling_cpus is 1 */
#define NETMAP_POLLING_MODE_MULTI_CPU 2  /* ring i on CPU i, for nr_num_polling_cpus CPUs from nr_first_cpu_id on */

struct nmreq_pools_info {
	uint64_t nr_memsize;
	uint16_t nr_mem_id;
	uint16_t pad1[3];
	uint64_t nr_if_pool_offset;
	uint32_t nr_if_pool_objtotal, nr_if_pool_objsize;
	uint64_t nr_ring_pool_offset;
	uint32_t nr_ring_pool_objtotal, nr_ring_pool_objsize;
	uint64_t nr_buf_pool_offset;
	uint32_t nr_buf_pool_objtotal, nr_buf_pool_objsize;
};

struct nmreq_sync_kloop_start {
	uint32_t sleep_us; /* up to 1000000 */
	uint32_t pad1;
};

/*
 * Index block (CSB), a pair of entries for each bound ring, transmit rings first: the first is written by the program, the
 * second by the engine. Both arrays are the program's memory, aligned to 64 bytes; the option CSB says where they are, at
 * REGISTER or later with CSB_ENABLE, which may also exchange them while no loop runs (EBUSY). The descriptor has to be
 * registered with NR_EXCLUSIVE (EINVAL), the memory to be mapped and writable (EFAULT). Entries begin with the head, hwcur and
 * hwtail of the rings and with both need_kick set. The rings' own head, cur and tail are not used from then on, NIOC*SYNC fails
 * with EBUSY, poll says POLLERR.
 *
 * Rings are served while a loop runs: SYNC_KLOOP_START, which returns when another thread calls SYNC_KLOOP_STOP (0), a
 * signal's handler has run (EINTR), the descriptor was closed (EBADF) or the port has left (EIO). It fails with EINVAL without
 * CSB and EBUSY if a loop runs. A stop returns when the loop has ended; if none runs, the next start returns at once.
 * The loop sleeps for sleep_us after rounds that find nothing, 0: it does not sleep, and takes a CPU. With an ioeventfd for
 * each ring (option SYNC_KLOOP_EVENTFDS) it sleeps until the program signals, or frames come. Then, or without them, an
 * irqfd is signalled when there is something for a program that set appl_need_kick. Whoever wants to sleep sets its
 * need_kick and, after nm_stld_barrier, looks at the other's indices once more; the other side stores its indices, and after
 * the barrier looks whether to signal. A bad head or cur is not acted upon, and counted (sync_errors).
 *
 * nm_sync_kloop_appl_write and _read keep the order of accesses. Closing, and being killed, sends what was published.
 */
struct nm_csb_atok {
	uint32_t head;
	uint32_t cur;
	uint32_t appl_need_kick; /* the program sleeps: signal it */
	uint32_t sync_flags;     /* 1 fetch received frames, 2 reclaim transmitted slots: both are always done here */
	uint32_t pad[12];
};

struct nm_csb_ktoa {
	uint32_t hwcur;
	uint32_t hwtail;
	uint32_t kern_need_kick; /* the engine sleeps: signal it */
	uint32_t pad[13];
};

struct nmreq_opt_sync_kloop_eventfds {
	struct nmreq_option nro_opt; /* nro_size is 24 + 8 for each bound ring */
	__extension__ struct {
		int32_t ioeventfd; /* the program signals */
		int32_t irqfd;     /* the engine signals */
	} eventfds[0];
};

struct nmreq_opt_sync_kloop_mode {
	struct nmreq_option nro_opt;
	uint32_t mode; /* NM_OPT_SYNC_KLOOP_DIRECT_*; needs eventfds for all rings (EINVAL) */
};

/*
 * Rings are served at once, where they are signalled, and not by the loop: where the program writes to their ioeventfd, and where others
 * bring frames or make room. In the kernel, kern_need_kick of these stays set, and what can't be done there is left to the loop. Workers
 * of an engine always do so, and are signalled only while they sleep.
 */
#define NM_OPT_SYNC_KLOOP_DIRECT_TX 0x1 /* transmit rings */
#define NM_OPT_SYNC_KLOOP_DIRECT_RX 0x2 /* receive rings */

/*
 * REGISTER: the port's region lies in memory of the program. The port is one that the request makes (of a switch, a pipe, null, or an
 * interface that nobody has open), or one that is in this memory already. What is handed out of it is cleared. Of nro_info the program
 * fills the sizes and numbers it wants, and nr_memsize; a number of buffers is the least there are to be, since all that is left
 * becomes buffers. After success it has the whole layout, with nr_memsize as it was. The program maps nothing: the netmap_if is at
 * nro_usrptr + nr_offset. Who names the same memory again gets the same region; others join it by its id.
 *
 * It is anonymous memory, private or shared, or a shared mapping of a file on tmpfs or hugetlbfs. It stays part of the region until the
 * last port there is closed, whatever the program does to its mapping. The kernel's module counts it for RLIMIT_MEMLOCK, an engine for
 * the user's quota. An engine can only have memory in files: private memory is moved into one by the library, in place. Other threads
 * should leave it alone during the request, and processes forked later share it.
 */
struct nmreq_opt_extmem {
	struct nmreq_option nro_opt;
	uint64_t nro_usrptr;              /* page-aligned */
	struct nmreq_pools_info nro_info; /* sizes and numbers wanted, 0 for what the port and a pipe on it need; nr_memsize bytes are there */
};

struct nmreq_opt_csb {
	struct nmreq_option nro_opt;
	uint64_t csb_atok; /* address of an array of struct nm_csb_atok */
	uint64_t csb_ktoa; /* address of an array of struct nm_csb_ktoa */
};

struct nmreq_opt_offsets {
	struct nmreq_option nro_opt;
	uint64_t nro_max_offset;     /* the most a slot may have; out: what is granted */
	uint64_t nro_initial_offset; /* what slots begin with */
	uint32_t nro_offset_bits;    /* low bits of ptr that hold it; 0: 64 */
	uint32_t nro_tx_align;       /* not looked at; see buf_align of the ring */
	uint64_t nro_min_gap;        /* room needed behind the frame rather than max_offset, 0: none stated */
};

/*
 * Statistics. Counters only grow. NM_STAT_LIST(X) gives X(symbol, "json-name", text) for each, in the order of
 * nr_counter[]; a client older than the engine prints the nr_count that it has names for. For
 * what a port sends: tx_packets + flood_copies - flooded = forwarded + the sum of drop_*.
 */
#define NM_STAT_LIST(X) \
	X(rx_packets, "rx_packets", "frames delivered to the client") \
	X(rx_bytes, "rx_bytes", "bytes delivered to the client") \
	X(tx_packets, "tx_packets", "frames the client sent") \
	X(tx_bytes, "tx_bytes", "bytes the client sent, of frames that were in order") \
	X(forwarded, "forwarded", "copies delivered to other ports") \
	X(drop_no_space, "drop_no_space", "copies lost because the destination was full") \
	X(drop_no_dest, "drop_no_dest", "no other port, or the destination has no receive ring") \
	X(drop_short, "drop_short", "shorter than 14 bytes") \
	X(drop_bad_len, "drop_bad_len", "a slot longer than a buffer of the sender or of the destination") \
	X(drop_bad_buf, "drop_bad_buf", "buffer index out of range") \
	X(drop_bad_frags, "drop_bad_frags", "more than 64 slots, or the last slot is missing") \
	X(drop_self, "drop_self", "the destination is the sender") \
	X(drop_indirect, "drop_indirect", "indirect data could not be read") \
	X(drop_no_backend, "drop_no_backend", "refused by the interface behind the port") \
	X(drop_no_peer, "drop_no_peer", "the other end is gone") \
	X(sync_errors, "sync_errors", "syncs refused because of bad head or cur") \
	X(buf_errors, "buf_errors", "bad buffer indices given back") \
	X(kicks_in, "kicks_in", "wake-ups by the client") \
	X(kicks_out, "kicks_out", "wake-ups of the client") \
	X(syncs_tx, "syncs_tx", "transmit syncs") \
	X(syncs_rx, "syncs_rx", "receive syncs") \
	X(flooded, "flooded", "frames sent to all other ports") \
	X(flood_copies, "flood_copies", "copies made of these") \
	X(learned, "learned", "addresses learned") \
	X(fdb_full, "fdb_full", "addresses not learned, bucket full") \
	X(fdb_moved, "fdb_moved", "addresses that changed their port") \
	X(fdb_aged, "fdb_aged", "addresses forgotten by age") \
	X(missed, "missed", "frames that an interface received and nobody took in time") \
	X(refused, "refused", "frames that an interface received but can't be passed on: cut, or merged and not to be split") \
	X(drop_vlan, "drop_vlan", "of no VLAN that the port has, or with a second tag where a trunk has no first") \
	X(drop_static, "drop_static", "the source address was given to another port") \
	X(drop_storm_broadcast, "drop_storm_broadcast", "broadcasts beyond the port's limit") \
	X(drop_storm_multicast, "drop_storm_multicast", "multicasts beyond the port's limit") \
	X(drop_storm_unknown, "drop_storm_unknown", "frames to unknown addresses beyond the port's limit") \
	X(mirrored, "mirrored", "copies delivered to a mirror port") \
	X(mirror_lost, "mirror_lost", "copies that a mirror port had no room for") \
	X(overrun, "overrun", "frames for this port that it had no room for; their senders count them as drop_no_space or mirror_lost") \
	X(monitor_full, "monitor_full", "frames that a monitor was not shown because its ring was full") \
	X(monitor_bad, "monitor_bad", "frames that a monitor was not shown because their slots were not in order") \
	X(drop_vnet_csum, "drop_vnet_csum", "the virtio-net header asks for a checksum that is not in the frame's first 256 bytes, or not behind a VLAN's tag") \
	X(drop_vnet_gso, "drop_vnet_gso", "the virtio-net header tells of a merged frame that can't be cut")

enum {
#define NM_STAT_ENUM(symbol, json, text) NM_STAT_##symbol,
	NM_STAT_LIST(NM_STAT_ENUM)
#undef NM_STAT_ENUM
	NM_STAT_COUNT
};

#define NM_STAT_MAX 48 /* places of nr_counter[], so that counters can be added */

enum {
	NM_STATS_PORT = 0,   /* sum over the rings of the port nr_name; an empty name is the descriptor's own port, also below */
	NM_STATS_SWITCH = 1, /* sum over the ports of the switch nr_name */
	NM_STATS_TXRING = 2, /* transmit ring nr_index of the port */
	NM_STATS_RXRING = 3, /* receive ring nr_index of the port */
};

struct nmreq_stats {
	uint32_t nr_scope; /* NM_STATS_* of the port, or switch, nr_name */
	uint32_t nr_index; /* ring */
	uint32_t nr_count; /* out: counters that follow */
	uint32_t pad;
	uint64_t nr_counter[NM_STAT_MAX];
};

struct nm_fdb_entry {
	uint8_t mac[6];
	uint16_t vlan;     /* 0: untagged */
	uint32_t port_idx; /* as of NETMAP_REQ_VALE_LIST */
	uint32_t age_ms;   /* since the last frame from this address; NM_FDB_STATIC */
};

#define NM_FDB_STATIC 0xffffffffu /* the address was given to the port by NETMAP_REQ_FDB_STATIC */

#define NM_CURSOR_END 0xffffffffu /* a cursor behind the last entry; as port of nmreq_fdb_flush: all */

/* The MAC table of a switch, in pieces: nr_cursor 0 at first, NM_CURSOR_END after the last. */
struct nmreq_fdb {
	uint32_t nr_cursor;                /* in and out */
	uint32_t nr_count;                 /* out: entries that follow */
	struct nm_fdb_entry nr_entry[128];
};

/* Forgets what was learned; static addresses stay. */
struct nmreq_fdb_flush {
	uint32_t nr_port_idx; /* NM_CURSOR_END: of all ports */
	uint32_t nr_removed;  /* out */
};

enum {
	NM_FDB_ADD = 1,    /* nr_name is a port */
	NM_FDB_DELETE = 2, /* nr_name is the switch, or a port of it */
};

/*
 * A static address: it does not age or move, and goes with its port. Frames from it that come from another port are dropped and
 * counted as drop_static. To add one to a port that has it already changes nothing, to another port gives it to that.
 */
struct nmreq_fdb_static {
	uint32_t nr_op;  /* NM_FDB_* */
	uint16_t nr_vid; /* VLAN, 0: none */
	uint8_t nr_mac[6];
	uint32_t nr_reserved[2]; /* 0 */
};

/* Of requests that look at a policy of a switch or its ports, and change it. */
enum {
	NM_POLICY_GET = 0, /* the body is filled in */
	NM_POLICY_SET = 1, /* needs leave to open the port and the switch */
};

enum {
	NM_VLAN_NONE = 0,   /* tags are data like others */
	NM_VLAN_ACCESS = 1, /* in VLAN nr_vid, without tags */
	NM_VLAN_TRUNK = 2,  /* in several, with tags; those of VLAN nr_vid without, if that is not 0 */
};

/*
 * VLANs of the port nr_name. A frame never leaves the VLAN in which it came; ports of mode NM_VLAN_NONE are among themselves.
 *
 * What comes from an access port is in its VLAN: untagged, with a tag of VLAN 0 (a priority alone), or with one of this VLAN. From a
 * trunk come frames of the VLANs in nr_allowed with their tag, and untagged ones, or such of VLAN 0, in VLAN nr_vid. Others are
 * dropped and counted as drop_vlan. Addresses are learned in each VLAN by itself, unknown ones and groups go to all ports of
 * the VLAN. Frames get a tag, or lose it, as the receiving port is: priority and DEI of a tag are kept where there is a tag after.
 * A tag makes a frame 4 bytes longer, which may take one slot more; without it, it is 4 bytes shorter and may be less than Ethernet's
 * minimum, which is not padded. A frame that begins with a second tag is not sent untagged to a trunk, where that would be its first.
 * A tag is one of type 0x8100; others, as 0x88a8, are data.
 */
struct nmreq_vlan {
	uint32_t nr_op;   /* NM_POLICY_* */
	uint16_t nr_mode; /* NM_VLAN_* */
	uint16_t nr_vid;  /* 1 to 4094; of a trunk also 0: what comes untagged is dropped */
	uint32_t nr_reserved[2]; /* 0 */
	uint8_t nr_allowed[512]; /* of a trunk: bit vid % 8 of byte vid / 8 */
};

enum {
	NM_STORM_BROADCAST = 0,
	NM_STORM_MULTICAST = 1, /* groups other than that of all */
	NM_STORM_UNKNOWN = 2,   /* one station, whose port is not known */
	NM_STORM_COUNT = 3,
};

#define NM_STORM_MAX_PPS 1000000000u
#define NM_STORM_MAX_BURST 1048576u

/* How many frames of a second may go from the port nr_name to all others; what is beyond is dropped and counted as drop_storm_*. */
struct nmreq_storm {
	uint32_t nr_op; /* NM_POLICY_* */
	uint32_t nr_reserved[2]; /* 0 */
	struct {
		uint32_t pps;   /* frames a second; 0: no limit */
		uint32_t burst; /* that may come at once after a pause; 0: a tenth of pps, 32 at least. out: what is valid */
	} nr_limit[NM_STORM_COUNT];
};

/*
 * A lossless port is waited for: frames for it that find no room stay in their sender's transmit ring, and so does what is behind
 * them there, until it takes some of its own, is closed, or the mode is turned off; there is no other limit. Nobody else waits. This
 * is for frames that go to one port: to an address that is known, or to all others where that is one. What is flooded to several
 * waits for none, so that one who does not receive can't silence a switch. Interfaces are not waited for and do not wait, and what a
 * program published before it leaves is delivered or dropped. nr_name is a port, or a switch: then for all its ports.
 */
struct nmreq_lossless {
	uint32_t nr_op; /* NM_POLICY_* */
	uint32_t nr_on; /* 0 or 1: of nr_name itself */
	uint32_t nr_reserved[2]; /* 0 */
};

#define NM_MIRROR_TX 1u /* what the port's program or interface sends into the switch, in order or not for its VLAN, storm limit, ... */
#define NM_MIRROR_RX 2u /* what is delivered to it */

/*
 * Copies of frames of the port nr_name go to port nr_to of the same switch, ring 0, as they are on that port, tags included; they
 * count as mirrored, or as mirror_lost where nr_to is full, and are not mirrored again. nr_to shows all VLANs, and so is in none.
 */
struct nmreq_mirror {
	uint32_t nr_op;   /* NM_POLICY_* */
	uint32_t nr_dirs; /* NM_MIRROR_*; 0: no copies */
	uint32_t nr_reserved[2]; /* 0 */
	char nr_to[NETMAP_REQ_IFNAMSIZ]; /* empty without nr_dirs */
};

/* Why the last request on this descriptor failed, in words. */
struct nmreq_error {
	int32_t nr_errno;  /* positive; 0: no request has failed */
	uint32_t nr_len;   /* bytes of text, without the final NUL */
	char nr_text[504];
};

#define NM_ACCESS_SET_MODE 1 /* nr_mode is to be set */
#define NM_ACCESS_SET_UID 2  /* nr_uid is to be set */
#define NM_ACCESS_SET_GID 4  /* nr_gid is to be set */

/* Who may use a port or switch: as of a file, r to look, w to open. */
struct nmreq_access {
	uint32_t nr_valid; /* NM_ACCESS_SET_*; 0 only reads */
	uint32_t nr_mode, nr_uid, nr_gid; /* out: what is valid after the request */
};

enum {
	NM_PORT_KIND_NIC = 1,             /* an interface of the OS */
	NM_PORT_KIND_HOST = 2,            /* the host side of one, attached to a switch */
	NM_PORT_KIND_VALE = 3,            /* goes with its last descriptor */
	NM_PORT_KIND_VALE_PERSISTENT = 4, /* made by NETMAP_REQ_VALE_NEWIF */
	NM_PORT_KIND_PIPE = 5,            /* one end */
	NM_PORT_KIND_MONITOR = 6,         /* of the port that its name begins with */
	NM_PORT_KIND_NULL = 7,
};

/* The first port at or after nr_cursor that the caller may see; ENOENT at the end. */
struct nmreq_port_list {
	uint32_t nr_cursor;   /* 0 to begin; out: for the next call */
	uint32_t nr_kind;     /* NM_PORT_KIND_* */
	char nr_port_name[NETMAP_REQ_IFNAMSIZ];
	uint16_t nr_tx_rings, nr_rx_rings;
	uint16_t nr_mem_id;
	uint16_t nr_sessions; /* descriptors that bind it */
	uint32_t nr_tx_slots, nr_rx_slots;
	uint32_t nr_mode, nr_uid, nr_gid;
	uint32_t pad;
};

#define NM_IFRDATA_LEN 256

struct nm_ifreq {
	char nifr_name[IFNAMSIZ];
	char data[NM_IFRDATA_LEN];
};

#ifdef _IOWR
#define NIOCTXSYNC _IO('i', 148)                       /* transmit up to head */
#define NIOCRXSYNC _IO('i', 149)                       /* fetch what arrived */
#define NIOCCONFIG _IOWR('i', 150, struct nm_ifreq)
#define NIOCCTRL _IOWR('i', 151, struct nmreq_header)
#endif

#ifndef NETMAP_NO_SYSTEM_HEADERS
/* Order of a program's accesses to memory that it shares: stores, loads, a store before a load. */
#define nm_stst_barrier() __atomic_thread_fence(__ATOMIC_RELEASE)
#define nm_ldld_barrier() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define nm_stld_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/*
 * Publishes a ring's cur and head in its index block. cur goes first: the engine reads head, then cur, and so never sees
 * a cur older than head. The barrier before also orders what the program wrote to slots and buffers.
 */
static inline void
nm_sync_kloop_appl_write(struct nm_csb_atok *atok, uint32_t cur, uint32_t head)
{
	nm_stst_barrier();
	__atomic_store_n(&atok->cur, cur, __ATOMIC_RELAXED);
	nm_stst_barrier();
	__atomic_store_n(&atok->head, head, __ATOMIC_RELAXED);
}

/*
 * Reads the engine's indices, hwtail first: the engine writes hwcur, then hwtail. The barrier after orders what the
 * program then reads of slots and buffers.
 */
static inline void
nm_sync_kloop_appl_read(struct nm_csb_ktoa *ktoa, uint32_t *hwtail, uint32_t *hwcur)
{
	*hwtail = __atomic_load_n(&ktoa->hwtail, __ATOMIC_RELAXED);
	nm_ldld_barrier();
	*hwcur = __atomic_load_n(&ktoa->hwcur, __ATOMIC_RELAXED);
	nm_ldld_barrier();
}
#endif

/* Slots the program owns. */
static inline uint32_t
nm_ring_space(const struct netmap_ring *ring)
{
	int n = (int)(ring->tail - ring->head);

	return (uint32_t)(n < 0 ? n + (int)ring->num_slots : n);
}

#include <net/netmap_legacy.h>

#endif
