/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dev_compat.c - programs of 32 bits on a kernel of 64.
 *
 * Where 64-bit fields align to 4 bytes, two bodies are shorter: nmreq_register, whose nr_flags moves up by 4, and
 * nmreq_vale_attach, which begins with it. All else has the same layout. Their netmap_if has offsets of 4 bytes
 * (nm_session.ofs32). A ring is the same up to its flags and from sem on; its ts, offset_mask and buf_align lie
 * where a 64-bit program has them, so rings are not stamped for a program of 32 bits, nor does it get the option OFFSETS:
 * with a time_t of 4 bytes offset_mask is at byte 44, with one of 8 at byte 52, and both is of ts for a program of 64 bits.
 */
#include "nm_os_linux.h"
#include "nm_dev_ctl.h"

#include <net/netmap.h>

#define FLAGS offsetof(struct nmreq_register, nr_flags)
#define GAP 4u /* before nr_flags */

static bool
has_gap(uint32_t reqtype)
{
	return reqtype == NETMAP_REQ_REGISTER || reqtype == NETMAP_REQ_VALE_ATTACH;
}

size_t
nm_dev_compat_size(uint32_t reqtype, size_t size)
{
	return has_gap(reqtype) ? size - GAP : size;
}

void
nm_dev_compat_in(uint32_t reqtype, char *body, size_t size)
{
	if (!has_gap(reqtype))
		return;
	memmove(body + FLAGS, body + FLAGS - GAP, size - FLAGS);
	memset(body + FLAGS - GAP, 0, GAP);
}

void
nm_dev_compat_out(uint32_t reqtype, char *body, size_t size)
{
	if (has_gap(reqtype))
		memmove(body + FLAGS - GAP, body + FLAGS, size - FLAGS);
}
