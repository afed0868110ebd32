/* SPDX-License-Identifier: BSD-2-Clause */
#include "numbered.h"

uint8_t numbered_frame[64];

static void
number(uint8_t n)
{
	host_frame(numbered_frame, "\2bbbbb", "\2aaaaa");
	numbered_frame[20] = n;
}

void
numbered_send(struct nm_session *s, uint8_t n, uint16_t len, uint16_t flags)
{
	number(n);
	host_put(s, numbered_frame, len, flags);
}

void
numbered_expect(struct nm_session *s, uint8_t n, int len, uint16_t flags)
{
	uint8_t got[4096];
	uint16_t f;

	memset(got, 0xee, sizeof(got));
	assert_int_equal(host_take(s, got, &f), len);
	assert_int_equal(f, flags);
	number(n);
	assert_memory_equal(got, numbered_frame, len);
}

void
numbered_expect_none(struct nm_session *s)
{
	uint8_t got[4096];

	assert_int_equal(host_take(s, got, NULL), -1);
}
