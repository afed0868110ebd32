/* SPDX-License-Identifier: BSD-2-Clause */
/* seq.c - numbered data with a checksum, and the account of what arrived of it. */
#include "seq.h"

#include <endian.h>
#include <string.h>

#define MARK 0x6e6d5351u
#define AT_NUMBER 4
#define AT_STREAM 12
#define AT_CHECK 14
#define K1 0x9e3779b97f4a7c15ull
#define K2 0xd6e8feb86659fd93ull

static uint64_t
stir(uint64_t h, uint64_t w)
{
	h = (h ^ w) * K2;
	return h ^ (h >> 29);
}

/* A word that arrives in another place, or another frame's, changes the sum: each step depends on all before. */
static uint32_t
checksum(const uint8_t *data, uint32_t len)
{
	uint64_t h = K1 ^ len, w;
	uint32_t i, rest;

	memcpy(&w, data, 8);
	h = stir(h, le64toh(w));
	w = 0;
	memcpy(&w, data + 8, AT_CHECK - 8);
	h = stir(h, le64toh(w));
	for (i = SEQ_HEADER; i + 8 <= len; i += 8) {
		memcpy(&w, data + i, 8);
		h = stir(h, le64toh(w));
	}
	rest = len - i;
	w = 0;
	memcpy(&w, data + i, rest);
	h = stir(h, le64toh(w));
	return (uint32_t)(h ^ (h >> 32));
}

void
seq_fill(uint8_t *data, uint32_t len, uint64_t number, uint16_t stream)
{
	uint32_t mark = htobe32(MARK), check, i, n;
	uint64_t be = htobe64(number), w = number * K1;
	uint16_t id = htobe16(stream);

	memcpy(data, &mark, 4);
	memcpy(data + AT_NUMBER, &be, 8);
	memcpy(data + AT_STREAM, &id, 2);
	for (i = SEQ_HEADER; i < len; i += 8) {
		n = len - i < 8 ? len - i : 8;
		w += K2;
		memcpy(data + i, &w, n);
	}
	check = htobe32(checksum(data, len));
	memcpy(data + AT_CHECK, &check, 4);
}

enum seq_verdict
seq_read(const uint8_t *data, uint32_t len, uint64_t *number, uint16_t *stream)
{
	uint32_t mark, check;
	uint64_t be;
	uint16_t id;

	if (len < SEQ_HEADER)
		return SEQ_FOREIGN;
	memcpy(&mark, data, 4);
	if (mark != htobe32(MARK))
		return SEQ_FOREIGN;
	memcpy(&check, data + AT_CHECK, 4);
	if (be32toh(check) != checksum(data, len))
		return SEQ_CORRUPT;
	memcpy(&be, data + AT_NUMBER, 8);
	memcpy(&id, data + AT_STREAM, 2);
	*number = be64toh(be);
	*stream = be16toh(id);
	return SEQ_GOOD;
}

static struct seq_stream *
find(struct seq_account *a, uint16_t id, uint64_t first)
{
	unsigned i;
	struct seq_stream *s;

	for (i = 0; i < a->streams; i++)
		if (a->stream[i].id == id)
			return &a->stream[i];
	if (a->streams == SEQ_STREAMS)
		return NULL;
	s = &a->stream[a->streams++];
	memset(s, 0, sizeof(*s));
	s->id = id;
	s->next = s->highest = first;
	return s;
}

static bool
test_and_set(struct seq_stream *s, uint64_t number)
{
	uint64_t *word = &s->seen[number % SEQ_WINDOW / 64], bit = 1ull << (number % 64);
	bool was = *word & bit;

	*word |= bit;
	return was;
}

/* Moves the window so that it ends at number; what enters it has not been seen. */
static void
advance(struct seq_stream *s, uint64_t number)
{
	uint64_t n;

	if (number - s->highest >= SEQ_WINDOW) {
		memset(s->seen, 0, sizeof(s->seen));
	} else {
		for (n = s->highest + 1; n <= number; n++)
			s->seen[n % SEQ_WINDOW / 64] &= ~(1ull << (n % 64));
	}
	s->highest = number;
}

void
seq_count(struct seq_account *a, uint64_t number, uint16_t stream)
{
	struct seq_stream *s = find(a, stream, number);

	if (!s) {
		a->overflow++;
		return;
	}
	if (number >= s->next) {
		a->lost += number - s->next;
		advance(s, number);
		test_and_set(s, number);
		s->next = number + 1;
		a->good++;
		return;
	}
	/* older than the window: nobody knows whether it came before; a double hides no loss */
	if (s->highest - number >= SEQ_WINDOW || test_and_set(s, number)) {
		a->duplicated++;
		return;
	}
	a->reordered++;
	a->good++;
	if (a->lost)
		a->lost--;
}

void
seq_account(struct seq_account *a, const uint8_t *data, uint32_t len)
{
	uint64_t number;
	uint16_t stream;

	switch (seq_read(data, len, &number, &stream)) {
	case SEQ_GOOD:
		seq_count(a, number, stream);
		break;
	case SEQ_CORRUPT:
		a->corrupt++;
		break;
	case SEQ_FOREIGN:
		a->foreign++;
		break;
	}
}
