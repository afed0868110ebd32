/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_port.h - a port: name, rings, region and the operations of its kind. */
#ifndef NM_PORT_H
#define NM_PORT_H

#include "nm_kring.h"
#include "nm_mem.h"

#define NM_PORT_MAX_RINGS 1024u /* of one direction, host rings included */

/* Of the host rings: nobody has them; bound, but the frames pass by since no other ring is; all frames come here. */
enum nm_port_host { NM_PORT_HOST_FREE, NM_PORT_HOST_HELD, NM_PORT_HOST_TAKEN };

/*
 * Kinds differ in these. enable is called under control when the first session binds a ring and after the
 * last has gone; syncs run in data context, one at a time per ring.
 */
struct nm_port_ops {
	uint32_t kind;                                  /* NM_PORT_KIND_* */
	bool offsets;                                   /* its syncs know nm_kring.offsets */
	/* Can it serve those of the session, s->offsets, for the rings that this is about to bind? 0, or -errno with a text. Control; may be NULL. */
	int (*admit)(struct nm_port *p, struct nm_session *s);
	int (*enable)(struct nm_port *p, bool on);      /* may be NULL */
	int (*txsync)(struct nm_kring *kr);
	int (*rxsync)(struct nm_kring *kr);
	int (*host_txsync)(struct nm_kring *kr);        /* NULL: the kind has no host rings */
	int (*host_rxsync)(struct nm_kring *kr);
	/* Takes the interface from the host, or gives it back; control. A failure sets a text in s, unless that is NULL. */
	int (*host)(struct nm_port *p, enum nm_port_host h, struct nm_session *s);
	/* Of a receive ring, before its client's release of slots [from, to) counts, so that they can be used once more; may be NULL. */
	void (*release)(struct nm_kring *kr, uint32_t from, uint32_t to);
	/* A ring that nobody has any more; no sync or delivery uses it. Control; may be NULL. */
	void (*unbound)(struct nm_kring *kr);
	void (*unref)(struct nm_port *p);               /* a reference went, others are left; may be NULL */
	void (*destroy)(struct nm_port *p);             /* frees priv; may be NULL */
};

struct nm_port {
	struct nm_port *next;
	struct nm_root *root;
	const struct nm_port_ops *ops;
	char name[NETMAP_REQ_IFNAMSIZ];
	struct nm_access access;
	struct nm_mem *mem;
	uint32_t refs;       /* sessions, switch, pipes */
	uint32_t bound;      /* sessions that hold rings */
	uint16_t nrings[2], nhost[2]; /* by NM_DIR_* */
	uint16_t max_host;   /* host rings of a direction that a client may ask for; 0: there are as many as there are */
	uint32_t nslots[2];
	uint32_t hdr_len;    /* bytes of virtio-net header before a frame: 0, 10, 12; to be read once */
	bool gone;           /* the device left: syncs fail with EIO */
	bool persistent;     /* stays without sessions */
	bool anonymous;      /* not found by its name */
	/* Not 0: a device reads and writes the buffers, which have one of these sizes, a sum of powers of two, so that each is in one piece. */
	uint32_t dma_sizes;
	uint32_t buf_bytes;  /* what buffers of a region made for it have at least; 0: what is usual */
	struct nm_kring *krings[2]; /* nrings + nhost, made with the first ring */
	struct nm_session *sessions;
	struct nm_port *monitors; /* those who watch it: nm_monitor.c */
	uint32_t swapped;    /* its receive rings that somebody swaps buffers with, once for each who does */
	/* the switch it is in */
	struct nm_vale *vale;
	uint32_t vale_idx;
	struct nm_policy *policy; /* RCU; NULL: none */
	struct nm_port *parent; /* pipes */
	struct nm_port *wrap;   /* of an interface: its port in a switch; of that: the interface */
	enum nm_port_host host_state;
	struct nm_os_polling *polling; /* of an interface's port in a switch: the threads that poll it */
	void *priv;          /* of the kind */
	void *host;          /* of the host */
};

/* The entries of ring_ofs: host rings or the one stand-in. */
static inline uint32_t
nm_port_host_entries(const struct nm_port *p, int dir)
{
	return p->nhost[dir] ? p->nhost[dir] : 1;
}

struct nm_port *nm_port_alloc(struct nm_root *root, const char *name, const struct nm_port_ops *ops,
    const struct nm_cred *c);
/* Enters a port that is filled in into the root's list. */
void nm_port_link(struct nm_port *p);
/* By name, which is not anonymous, nor gone; NULL if there is none. Under the root's mutex. */
struct nm_port *nm_port_find(struct nm_root *root, const char *name);
/* The port of an interface of the OS, linked, in region mem_id (0: that of interfaces); referenced once. Control; sets a text. */
int nm_port_nic_create(struct nm_session *s, const char *name, uint16_t mem_id, struct nm_port **out);
struct nm_port *nm_port_get(struct nm_port *p);
void nm_port_put(struct nm_port *p);

/* The sync that the kind has for such a ring. */
int (*nm_port_sync(const struct nm_kring *kr))(struct nm_kring *kr);
/* The private side of all rings; no shared memory yet. */
int nm_port_krings_create(struct nm_port *p);
/* Shared ring, buffers and sync cell of a ring, if it has none; counted by users. 0 or -ENOMEM. */
int nm_port_ring_get(struct nm_port *p, int dir, uint32_t i);
void nm_port_ring_put(struct nm_port *p, int dir, uint32_t i);

/* Gives a port without bound rings another region; the reference of the old one goes to the caller. */
struct nm_mem *nm_port_set_mem(struct nm_port *p, struct nm_mem *m);
/* What a ring keeps beside its slots: the stack of free buffers, or the work arrays of a sender. 0 or -ENOMEM. */
int nm_port_private_create(struct nm_port *p, struct nm_kring *kr);
void nm_port_private_destroy(struct nm_kring *kr);
/* After rings were bound (s: by whom) or unbound (NULL): does what that means for the host. 0 or -errno. Control. */
int nm_port_host_update(struct nm_port *p, struct nm_session *s);

/* The port can't be used any more (device gone, engine leaves): sessions get POLLERR. */
void nm_port_set_gone(struct nm_port *p);

#endif
