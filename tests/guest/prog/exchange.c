/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange - two ports of a switch, and two ends of a pipe, that exchange frames, by this program's own layout of the requests
 * and of the netmap_if. As exchange32 it is a program of 32 bits on a kernel of 64: what can't be had there is refused in words.
 */
#include "dev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The flags lie elsewhere in a request of 32 bits: they have their meaning, and come back. */
static void
flags_are_understood(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_extra_bufs = 3, .nr_flags = NR_EXCLUSIVE | NR_NO_TX_POLL}, other = reg;
	struct dev d, e;
	int error;

	CHECK(!dev_open(&d) && !dev_open(&e), "open");
	error = dev_bind(&d, "vale0:x", &reg);
	CHECK(!error, "REGISTER: %s", dev_reason(d.fd));
	CHECK(reg.nr_flags == (NR_EXCLUSIVE | NR_NO_TX_POLL), "the flags come back as 0x%llx", (unsigned long long)reg.nr_flags);
	CHECK(reg.nr_extra_bufs == 3 && reg.nr_tx_rings == 1 && reg.nr_mode == NR_REG_ALL_NIC, "the rest of it");
	error = dev_bind(&e, "vale0:x", &other);
	CHECK(error == -EBUSY, "what is held exclusively can be had: %d", error);
	other.nr_flags = 1ull << 40;
	error = dev_bind(&e, "vale0:y", &other);
	CHECK(error == -EINVAL && strstr(dev_reason(e.fd), "0x10000000000"), "a flag of bit 40: %s", dev_reason(e.fd));
	dev_close(&d);
	dev_close(&e);
}

/* Where frames begin in their buffers stands in the ring, behind a timestamp whose size the kernel can't know of 32 bits. */
static void
offsets_are_for_64_bits(void)
{
	struct nmreq_opt_offsets o = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_OFFSETS}, .nro_max_offset = 128};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct dev d;
	int error;

	CHECK(!dev_open(&d), "open");
	error = dev_request(d.fd, NETMAP_REQ_REGISTER, "vale0:o", &reg, &o);
	if (sizeof(void *) == 4) {
		CHECK(error == -EOPNOTSUPP && strstr(dev_reason(d.fd), "32 bits"), "OFFSETS: %s, %s", strerror(-error), dev_reason(d.fd));
		CHECK(o.nro_opt.nro_status == EOPNOTSUPP, "the option's status is %u", o.nro_opt.nro_status);
	} else {
		CHECK(!error && !o.nro_opt.nro_status, "OFFSETS: %s, status %u", dev_reason(d.fd), o.nro_opt.nro_status);
	}
	dev_close(&d);
}

int
main(void)
{
	struct dev_pair p;
	struct dev d;
	int error = dev_open(&d);

	if (error == -ENOENT || error == -ENXIO) {
		printf("no /dev/netmap\n");
		return 1;
	}
	CHECK(!error, "open: %s", strerror(-error));
	dev_close(&d);

	offsets_are_for_64_bits();
	flags_are_understood();
	CHECK(!dev_pair_open(&p, "vale0:a", "vale0:b"), "no ports");
	memset(&p.b.rx->ts, 0x5a, sizeof(p.b.rx->ts));
	error = dev_pair_move(&p, 20000);
	CHECK(!error, "the switch's frames (dev.c:%d)", error);
	if (sizeof(void *) == 4) {
		char untouched[sizeof(p.b.rx->ts)];

		memset(untouched, 0x5a, sizeof(untouched));
		CHECK(!memcmp(&p.b.rx->ts, untouched, sizeof(untouched)), "the ring was stamped where this program has no stamp");
	}
	dev_pair_close(&p);

	CHECK(!dev_pair_open(&p, "p{1", "p}1"), "no pipe");
	error = dev_pair_move(&p, 20000);
	CHECK(!error, "the pipe's frames (dev.c:%d)", error);
	dev_pair_close(&p);
	printf("ok\n");
	return 0;
}
