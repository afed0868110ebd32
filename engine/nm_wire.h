/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_wire.h - what client library and engine say to each other on the control socket.
 *
 * AF_UNIX SOCK_SEQPACKET, one connection per netmap descriptor, one message a request, one a reply, both begin
 * with struct nm_wire. Requests of a connection are answered in order. Integers are in host order: both ends
 * are on one machine.
 *
 *   HELLO     -> HELLO, with two descriptors: the client's end of the ready socket (what the application
 *                holds) and the kick eventfd; arg: NM_WIRE_STAMPS or 0.
 *   CTRL      struct nmreq_header (pointers zero), body, options (each as in ABI, in order; nro_next zero)
 *             -> the same with the results; after a REGISTER that succeeded followed by struct nm_wire_bind.
 *             Or -> UMEM: the request refers to the client's own memory, struct nm_wire_umem says which. Nothing was done; the
 *             request comes again, with that in a file, or piece by piece in several: `numem` entries of struct nm_wire_umem behind the
 *             options, and up to NM_WIRE_MAX_UMEM descriptors. Addresses only say what is meant; the engine uses files and offsets.
 *             Of a SYNC_KLOOP_START, descriptors of its eventfds may come along; the option SYNC_KLOOP_EVENTFDS has their indices,
 *             -1 for none. With the answer comes one: a pipe to read, which has a byte when the loop was stopped, and its end
 *             without one when it broke off.
 *   LEGACY    struct nmreq; arg = 1 NIOCREGIF, 0 NIOCGINFO -> the same; then nm_wire_bind after a REGIF.
 *   MAP       -> one descriptor: the memory of the session's region (sealed). Or two, if the region lies in memory of a client: its
 *             file, with the region at mem_off, and the sync area's.
 *
 * Ready socket (SOCK_STREAM): the engine writes a byte when what the client sleeps on came true. The client
 * may fill its own direction to make the descriptor unwritable; the engine drains it when there is room to
 * transmit. Its hang-up ends the session, as does the control socket's.
 */
#ifndef NM_WIRE_H
#define NM_WIRE_H

#include <stdint.h>

#define NM_WIRE_MAGIC 0x6e6d3031u /* nm01 */
#define NM_WIRE_MAX 16384u

enum { NM_WIRE_HELLO = 1, NM_WIRE_CTRL, NM_WIRE_LEGACY, NM_WIRE_MAP, NM_WIRE_UMEM };

#define NM_WIRE_STAMPS 1u /* clients stamp their receive rings whether asked to or not */

struct nm_wire {
	uint32_t magic, op;
	uint32_t len;    /* bytes of the whole message */
	uint32_t arg;
	int32_t error;   /* reply: 0 or -errno */
	uint32_t pid;    /* HELLO reply: the engine's process id */
	uint32_t nopts;  /* CTRL: options that follow the body */
	uint32_t numem;  /* CTRL: entries of memory behind them */
};

#define NM_WIRE_MAX_FDS 128u /* descriptors that come with a message */
#define NM_WIRE_MAX_UMEM 8u

struct nm_wire_umem {
	uint64_t addr, size; /* as the client knows it */
	uint64_t offset;     /* of addr in the file */
	uint32_t fd;         /* which of the descriptors that came along */
	uint32_t pad;
};

#define NM_WIRE_MAX_RINGS 2048u

struct nm_wire_ring {
	uint16_t index;  /* of the ring among its direction, host rings after the others */
	uint16_t pad;
	uint32_t cell;   /* in the sync area */
};

struct nm_wire_bind {
	uint64_t memsize;   /* what the application may map */
	uint64_t mem_off;   /* of the region in its file; page-aligned, as the next */
	uint64_t sync_off;  /* of the sync area, in the same file or its own */
	uint64_t sync_len;
	uint32_t cell;      /* of the session */
	uint32_t mem_id;
	uint64_t flags;     /* NR_* in force: NR_NO_TX_POLL, NR_DO_RX_POLL */
	uint64_t nifp_off;
	uint16_t ntx, nrx;  /* entries of ring[], transmit first */
	uint32_t nr_tx_total; /* ni_tx_rings + ni_host_tx_rings: where receive offsets begin in ring_ofs */
	struct nm_wire_ring ring[];
};

#endif
