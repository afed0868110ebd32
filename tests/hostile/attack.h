/* SPDX-License-Identifier: BSD-2-Clause */
/* attack.h - what hostile.c runs. */
#ifndef ATTACK_H
#define ATTACK_H

#include "../fault/bed.h"

extern unsigned attack_seconds; /* of each attack that goes by time */

typedef enum verdict attack(struct bed *b, struct pair *witness);

/* memory.c */
attack slots_change_while_they_are_read, bad_slots_are_dropped_and_counted, bad_heads_change_nothing, everything_is_overwritten,
    nothing_but_the_frame_is_delivered, memory_comes_zeroed, an_index_stays_in_range;
/* message.c */
attack numbers_in_requests_are_bounded, random_messages, truncated_messages, descriptors_in_messages;
/* linger.c */
attack descriptors_that_take_long_to_close;
/* extmem.c */
attack memory_that_is_none, memory_is_changed_under_load, memory_dies_with_its_client;
/* behaviour.c */
attack kicks_block_nobody, a_mute_client_blocks_nobody, a_leaving_client_keeps_nobody;

/* Wakes the worker whatever the sync page says. */
void attack_kick(const struct raw_client *c);
/* A counter of a port; UINT64_MAX when there is none to be had. */
uint64_t attack_stat(struct raw_client *c, const char *port, int stat);
/* Moves head by hand: to a place that may be wrong. */
void attack_head(struct raw_client *c, uint32_t head, uint32_t cur);
/* The witness moves frames until the time is over; 0 or the line that failed. */
int attack_watch(struct pair *witness, uint64_t until_ms);

#endif
