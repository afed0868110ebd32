/* SPDX-License-Identifier: BSD-2-Clause */
/* numbered.h - frames that are told apart by a number, from \2aaaaa to \2bbbbb. */
#ifndef NUMBERED_H
#define NUMBERED_H

#include "host.h"

/* The frame, with the number that was sent or expected last. Its first len bytes are what is sent. */
extern uint8_t numbered_frame[64];

void numbered_send(struct nm_session *s, uint8_t number, uint16_t len, uint16_t flags);
/* The next received slot has this frame of len bytes and these flags. */
void numbered_expect(struct nm_session *s, uint8_t number, int len, uint16_t flags);
void numbered_expect_none(struct nm_session *s);

#endif
