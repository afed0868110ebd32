/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossing A B FRAMES - sends so many frames from A to B, which face each other, and says how many came in the sender's own buffer, how
 * many in another, and what the interface gave the sender for them: "same N, other N, returned N". Content is looked at.
 */
#include "dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN 200u

int
main(int argc, char **argv)
{
	uint32_t n, i, k, same = 0, other = 0, returned = 0, sent_in[64];
	unsigned char frame[LEN];
	struct dev a, b;
	int error;

	if (argc != 4)
		return 2;
	n = (uint32_t)atoi(argv[3]);
	error = dev_register(&a, argv[1]);
	CHECK(!error, "%s: %s", argv[1], strerror(-error));
	error = dev_register(&b, argv[2]);
	CHECK(!error, "%s: %s", argv[2], strerror(-error));
	for (i = 0; i < n; i += 64) {
		uint32_t head = a.tx->head;

		for (k = 0; k < 64; k++) {
			sent_in[k] = a.tx->slot[a.tx->head].buf_idx;
			memset(frame, (int)(i + k), sizeof(frame));
			CHECK(dev_put(&a, frame, LEN), "no room for frame %u", i + k);
		}
		error = dev_sync(&a, true);
		CHECK(!error, "NIOCTXSYNC: %s", strerror(-error));
		error = dev_sync(&b, false);
		CHECK(!error, "NIOCRXSYNC: %s", strerror(-error));
		for (k = 0; k < 64; k++) {
			uint32_t in = b.rx->slot[b.rx->head].buf_idx, now = a.tx->slot[(head + k) % a.tx->num_slots].buf_idx;
			unsigned char got[4096];
			uint16_t len;

			CHECK(dev_take(&b, got, &len), "frame %u is not there", i + k);
			memset(frame, (int)(i + k), sizeof(frame));
			CHECK(len == LEN && !memcmp(got, frame, LEN), "frame %u is altered, %u bytes", i + k, len);
			same += a.mem && in == sent_in[k];
			other += in != sent_in[k];
			returned += now != sent_in[k];
		}
		dev_sync(&b, false);
	}
	printf("same %u, other %u, returned %u\n", same, other, returned);
	dev_close(&a);
	dev_close(&b);
	return 0;
}
