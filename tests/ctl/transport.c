/* SPDX-License-Identifier: BSD-2-Clause */
/* The header and the list of options, before any request is looked at. */
#include "ctl.h"

#include <net/if.h>

static int
ctrl(int fd, struct nmreq_header *h)
{
	return ioctl(fd, NIOCCTRL, h) ? errno : 0;
}

static void
header(int fd)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, before = reg;
	struct nmreq_header h = {.nr_version = 13, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_name = "vale0:a", .nr_body = (uintptr_t)&reg};
	static const uint16_t old[] = {0, 3, 11, 12, 13, 16, 65535};
	char text[80];
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		h.nr_version = old[i];
		ctl_equal(ctrl(fd, &h), EINVAL);
		ctl_equal(h.nr_version, NETMAP_API); /* what is wanted */
		snprintf(text, sizeof(text), "API version %u is not supported, 14 to 15 are", old[i]);
		ctl_reason(fd, EINVAL, text);
	}
	h.nr_version = NETMAP_API;
	h.nr_reserved = 7;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_reason(fd, EINVAL, "the header's reserved field is 7, not 0");
	h.nr_reserved = 0;
	h.nr_reqtype = 0;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_reason(fd, EINVAL, "request 0 is unknown");
	h.nr_reqtype = 0x1fff;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_reason(fd, EINVAL, "request 8191 is unknown");
	h.nr_reqtype = NETMAP_REQ_REGISTER;
	h.nr_body = 0;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_reason(fd, EINVAL, "request 1 (REGISTER) has a body of 56 bytes, none is given");
	h.nr_reqtype = NETMAP_REQ_VALE_DELIF;
	h.nr_body = (uintptr_t)&reg;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_reason(fd, EINVAL, "request 9 (VALE_DELIF) has no body, one is given");
	h.nr_reqtype = NETMAP_REQ_REGISTER;
	h.nr_body = 8;
	ctl_equal(ctrl(fd, &h), EFAULT);
	ctl_reason(fd, EFAULT, "the body of 56 bytes can't be read");
	ctl_check(!memcmp(&reg, &before, sizeof(reg)));
	/* no final NUL: cut at 63 characters, not read on */
	memset(h.nr_name, 'a', sizeof(h.nr_name));
	h.nr_body = (uintptr_t)&reg;
	ctl_equal(ctrl(fd, &h), ENXIO);
	ctl_equal(h.nr_name[63], 0);
	ctl_equal(h.nr_name[62], 'a');
	/* the body is written on success only */
	reg = before;
	h = (struct nmreq_header){.nr_version = 15, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_name = "vale0:a", .nr_body = (uintptr_t)&reg};
	reg.nr_tx_rings = 99;
	before = reg;
	ctl_equal(ctrl(fd, &h), EINVAL);
	ctl_check(!memcmp(&reg, &before, sizeof(reg)));
	reg.nr_tx_rings = 0;
	ctl_equal(ctrl(fd, &h), 0);
	ctl_equal(reg.nr_tx_rings, 1);
	ctl_reason(fd, 0, "");
}

static void
options(int fd)
{
	struct nmreq_vale_list l = {0};
	struct nmreq_option a = {.nro_reqtype = 1234, .nro_status = 99}, b = {.nro_reqtype = 1234, .nro_status = 99};
	struct { struct nmreq_option o; char body[4096]; } big = {.o = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = 4089}};
	struct nmreq_opt_csb c[2] = {{.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB}}, {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB}}};
	struct nmreq_option many[129];
	int i;

	/* unknown ones get their status, the request goes on; two of them are no duplicates */
	a.nro_next = (uintptr_t)&b;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &a, ENOENT, "no more ports");
	ctl_equal(a.nro_status, EOPNOTSUPP);
	ctl_equal(b.nro_status, EOPNOTSUPP);
	ctl_equal(a.nro_next, (uintptr_t)&b);
	ctl_equal(a.nro_reqtype, 1234);
	a.nro_next = 0;
	a.nro_reqtype = 0;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &a, EINVAL, "option 0 has type 0");
	ctl_equal(a.nro_status, EINVAL);
	c[0].nro_opt.nro_next = (uintptr_t)&b;
	b.nro_next = (uintptr_t)&c[1];
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, c, EINVAL, "option 3 (CSB) is given twice");
	ctl_equal(c[0].nro_opt.nro_status, EINVAL);
	ctl_equal(c[1].nro_opt.nro_status, EINVAL);
	ctl_equal(b.nro_status, EOPNOTSUPP);
	/* 8 bytes of body and 4088 of options fit, one more does not */
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &big, EMSGSIZE, "body and options have more than 4096 bytes");
	big.o.nro_size = 4088;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &big, ENOENT, NULL);
	big.o.nro_size = ~0ull;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &big, EMSGSIZE, NULL);
	a = (struct nmreq_option){.nro_reqtype = 1234, .nro_next = (uintptr_t)&a};
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &a, EMSGSIZE, "the list of options has no end, or more than 128 entries");
	memset(many, 0, sizeof(many));
	for (i = 0; i < 128; i++)
		many[i] = (struct nmreq_option){.nro_reqtype = 2000, .nro_next = i < 127 ? (uintptr_t)&many[i + 1] : 0};
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, many, ENOENT, NULL);
	ctl_equal(many[127].nro_status, EOPNOTSUPP);
	a.nro_next = 16;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &a, EFAULT, "option 1 can't be read, its address is 0x10");
}

/* Many options of odd lengths are no reason for the engine to hang up. */
static void
odd_options(int fd)
{
	struct nmreq_vale_list l = {0};
	struct { struct nmreq_option o; char pad[16]; } o[120];
	int i;

	memset(o, 0, sizeof(o));
	for (i = 0; i < 120; i++)
		o[i].o = (struct nmreq_option){.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = 33,
		    .nro_next = i < 119 ? (uintptr_t)&o[i + 1] : 0};
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, o, EINVAL, "option 2 (SYNC_KLOOP_EVENTFDS) is given twice");
	ctl_equal(o[119].o.nro_status, EINVAL);
}

static void
calls(int fd)
{
	struct nm_ifreq r = {.nifr_name = "vale0"};

	ctl_equal(ioctl(fd, NIOCTXSYNC, NULL) ? errno : 0, ENXIO);
	ctl_equal(ioctl(fd, NIOCRXSYNC, NULL) ? errno : 0, ENXIO);
	ctl_equal(ioctl(fd, NIOCCTRL, NULL) ? errno : 0, EINVAL);
	ctl_equal(ioctl(fd, NIOCREGIF, NULL) ? errno : 0, EINVAL);
	ctl_equal(ioctl(fd, NIOCCONFIG, &r) ? errno : 0, EINVAL);
	ctl_equal(ioctl(fd, _IO('i', 147), NULL) ? errno : 0, EOPNOTSUPP);
}

int
main(void)
{
	int fd = ctl_open();

	calls(fd);
	options(fd);
	odd_options(fd);
	header(fd);
	return ctl_done();
}
