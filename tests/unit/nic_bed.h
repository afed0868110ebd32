/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_bed.h - unit tests of a NIC driver's rings, which are the same for all: a client, the driver's own functions, and a NIC that reads
 * and writes descriptors. What the NIC is comes from a model, by the driver's test.
 */
#ifndef NIC_BED_H
#define NIC_BED_H

#include "nic_kernel.h"

/* A descriptor as the NIC reads it. */
struct nic_part {
	uint64_t addr;
	uint32_t len;
	bool first, last;  /* of a frame; `first` is compared only if the model says so */
	bool report;       /* the NIC is to write back when it is done */
	uint32_t whole;    /* bytes of the frame, in its first; 0: the NIC is not told */
};

struct nic_model {
	bool (*txsync)(struct nm_hw_ring *r);
	uint32_t (*rxsync)(struct nm_hw_ring *r, uint32_t budget);
	bool (*txdone)(struct nm_hw_ring *r);
	bool (*txforeign)(struct nm_hw_ring *r, const struct nm_hw_foreign *f);
	uint32_t ndesc;             /* of each ring */
	uint32_t min_bytes;         /* shorter frames are to be filled up */
	uint32_t max_parts;
	bool tells_first;           /* a descriptor says that it begins a frame */
	bool joins;                 /* a frame may come in several descriptors */
	const struct nm_hw_bufs *bufs;
	/* The NIC has nothing; r->nic is set. */
	void (*reset)(struct nm_hw_ring *r, int dir);
	/* The NIC's next, after `desc` of them: does it have it? Then what it is; and it writes back that it is done. */
	bool (*sends)(uint32_t desc, struct nic_part *p);
	void (*sent)(uint32_t desc);
	/* The same for receive: where it may write, and what it says of it. flags: NM_HW_LAST, NM_HW_BAD. */
	bool (*posted)(uint32_t desc, uint64_t *addr, uint32_t *size);
	void (*fill)(uint32_t desc, uint32_t len, unsigned flags);
	const char *name;           /* of the kind of descriptors, where the driver has several */
};

#define NIC_FRAME_MAX 9018u

extern struct nm_hw_ring nic_tx, nic_rx;
extern struct nm_hw_map nic_map;
/* What a device that sees other memory (nic_map.copies) was told of last: it may read, has written, may write. */
extern struct nic_told { uint64_t addr; uint32_t len; } nic_to, nic_from, nic_for;
extern uint8_t nic_foreign[NIC_FRAME_MAX]; /* a frame of the host's, and its owner */

/* For tests of a driver's own: rings of so many slots, the NIC's by the model. */
int nic_setup(void **state);
int nic_teardown(void **state);
void nic_open(const struct nic_model *m, uint32_t slots);
/* The same with offsets of up to max, in the lowest 16 bits of a slot's ptr; `first` to begin with, and a gap if that is not 0. */
void nic_open_at(const struct nic_model *m, uint32_t slots, uint32_t max, uint32_t first, uint32_t gap);
void nic_start(struct nm_hw_ring *r, int dir);              /* the NIC was reset */
struct netmap_slot *nic_slot_of(struct nm_hw_ring *r, uint32_t i);
void nic_slot(uint32_t i, uint32_t bytes, uint16_t flags);  /* slot i of the transmit ring, which keeps its buffer */
char *nic_buf(struct nm_hw_ring *r, uint32_t i);            /* of slot i, where its frame begins */
bool nic_transmit(uint32_t n);                              /* the client publishes n slots more; what txsync says */
uint32_t nic_sends(uint32_t n, struct nic_part *p);         /* up to n descriptors, stored if p is not NULL; how many there were */
uint32_t nic_room(void);
uint64_t nic_below_4g(uint32_t low);                        /* an address of which a NIC knows 32 bits, its memory being there */
bool nic_gets(uint32_t len, unsigned flags, uint8_t first); /* false: it has no buffer */
uint32_t nic_got(void);                                     /* slots that the client has */
void nic_give_back(void);
uint32_t nic_random(void);
int nic_offsets_main(const struct nic_model *m);            /* nic_offsets.c, called by nic_main */
/* Runs the common tests for each of the n models, then those of the driver. */
int nic_main(int argc, char **argv, const struct nic_model *const *models, size_t n, const struct CMUnitTest *tests, size_t ntests);

#endif
