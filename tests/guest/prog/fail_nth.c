/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_nth [INTERFACE] | --load MODULE [STEP] - for each request of the control path: the first allocation fails, then the second,
 * and so on, until the request needs no more of them and succeeds. Whatever fails is refused in words, and nothing stays behind.
 * With --load the same for the module's own beginning, or for each STEP-th of its allocations from a random one on. Needs a kernel
 * with fault injection, whose attributes the caller has set (t/fail_nth.sh).
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <net/netmap_legacy.h>

static const char *interface;
static int nth;          /* /proc/self/fail-nth */
static struct dev d, other;

static void
arm(unsigned n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	CHECK(pwrite(nth, text, (size_t)len, 0) == len, "fail-nth: %s", strerror(errno));
}

/* Disarms; true when the failure has come about. */
static bool
came(void)
{
	char text[16] = "";

	CHECK(pread(nth, text, sizeof(text) - 1, 0) > 0, "fail-nth: %s", strerror(errno));
	arm(0);
	return atoi(text) == 0;
}

static int
bind_as(struct dev *v, const char *name, uint32_t mode, uint16_t rings)
{
	struct nmreq_register reg = {.nr_mode = mode, .nr_tx_slots = 64, .nr_rx_slots = 64, .nr_tx_rings = rings, .nr_rx_rings = rings,
	    .nr_extra_bufs = 4};

	if (interface && !strcmp(name, interface))
		reg.nr_tx_slots = reg.nr_rx_slots = reg.nr_tx_rings = reg.nr_rx_rings = 0;
	return dev_bind(v, name, &reg);
}

static void opened(void) { CHECK(!dev_open(&d), "open"); }
static void closed(void) { dev_close(&d); }
static void both_closed(void) { dev_close(&d); dev_close(&other); }
static void nothing(void) { }

static int open_it(void) { return dev_open(&d); }
static void close_if_open(void) { if (d.fd >= 0) close(d.fd); }

static int vale(void) { return bind_as(&d, "vale0:a", NR_REG_ALL_NIC, 1); }
static int vale_rings(void) { return bind_as(&d, "vale0:a", NR_REG_ALL_NIC, 3); }
static int pipe_end(void) { return bind_as(&d, "p{1", NR_REG_ALL_NIC, 1); }
static int null_port(void) { return bind_as(&d, "null", NR_REG_NULL, 1); }
static int nic(void) { return bind_as(&d, interface, NR_REG_ALL_NIC, 0); }
static int nic_host(void) { return bind_as(&d, interface, NR_REG_NIC_SW, 0); }
static int host_only(void) { return bind_as(&d, interface, NR_REG_ONE_SW, 0); }

static void
with_base(void)
{
	opened();
	CHECK(!dev_open(&other) && !bind_as(&other, "vale0:a", NR_REG_ALL_NIC, 1), "no base: %s", dev_reason(other.fd));
}
static int pipe_of_base(void) { return bind_as(&d, "vale0:a}7", NR_REG_ALL_NIC, 1); }
static int same_port(void) { return bind_as(&d, "vale0:a", NR_REG_ALL_NIC, 1); }
static int same_region(void)
{
	struct nmreq_port_info_get i = {0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64};
	int error = dev_request(d.fd, NETMAP_REQ_PORT_INFO_GET, "vale0:a", &i, NULL);

	reg.nr_mem_id = i.nr_mem_id;
	return error ? error : dev_bind(&d, "vale0:b", &reg);
}

static int
info(void)
{
	struct nmreq_port_info_get i = {0};

	return dev_request(d.fd, NETMAP_REQ_PORT_INFO_GET, interface ? interface : "vale3:i", &i, NULL);
}

static int
legacy(void)
{
	struct nmreq r = {.nr_version = NETMAP_API, .nr_flags = NR_REG_ALL_NIC};

	snprintf(r.nr_name, sizeof(r.nr_name), "vale0:l");
	return ioctl(d.fd, NIOCREGIF, &r) ? -errno : 0;
}

static const char *
in_switch(void)
{
	static char name[80];

	snprintf(name, sizeof(name), "vale2:%s", interface);
	return name;
}

static int
attach_by(uint32_t mode)
{
	struct nmreq_vale_attach a = {.reg = {.nr_mode = mode}};

	return dev_request(d.fd, NETMAP_REQ_VALE_ATTACH, in_switch(), &a, NULL);
}
static int attach(void) { return attach_by(NR_REG_ALL_NIC); }
static int attach_host(void) { return attach_by(NR_REG_NIC_SW); }

static int
detach(void)
{
	struct nmreq_vale_detach a = {0};

	return dev_request(d.fd, NETMAP_REQ_VALE_DETACH, in_switch(), &a, NULL);
}
static void attached(void) { opened(); CHECK(!attach_host(), "attach: %s", dev_reason(d.fd)); }
static void detached(void) { detach(); closed(); }

static int
newif(void)
{
	struct nmreq_vale_newif a = {.nr_tx_slots = 64, .nr_rx_slots = 64};

	return dev_request(d.fd, NETMAP_REQ_VALE_NEWIF, "nmfail0", &a, NULL);
}
static int delif(void) { return dev_request(d.fd, NETMAP_REQ_VALE_DELIF, "nmfail0", NULL, NULL); }
static void made(void) { opened(); CHECK(!newif(), "newif: %s", dev_reason(d.fd)); }
static void unmade(void) { delif(); closed(); }
static int vif(void) { return bind_as(&d, "nmfail0", NR_REG_ALL_NIC, 0); }

static void
vif_made(void)
{
	struct nmreq_vale_newif a = {0};

	CHECK(!dev_open(&other) && !dev_request(other.fd, NETMAP_REQ_VALE_NEWIF, "nmfail0", &a, NULL), "newif: %s", dev_reason(other.fd));
	opened();
}

static void
vif_unmade(void)
{
	closed();
	CHECK(!dev_request(other.fd, NETMAP_REQ_VALE_DELIF, "nmfail0", NULL, NULL), "delif: %s", dev_reason(other.fd));
	dev_close(&other);
}

static void bound(void) { opened(); CHECK(!vale(), "bind: %s", dev_reason(d.fd)); }
static int
map_and_touch(void)
{
	int error = dev_map(&d);

	if (!error)
		memset(d.mem, 0, 1); /* a fault that fails is tried again */
	return error;
}
static int close_bound(void) { close(d.fd); d.fd = -1; return 0; }
static int wait_bound(void) { return poll(&(struct pollfd){d.fd, POLLOUT, 0}, 1, 0) < 0 ? -errno : 0; }

static const struct op {
	const char *name;
	void (*before)(void);
	int (*run)(void);
	void (*after)(void); /* whether it succeeded or not */
	bool needs_interface;
} ops[] = {
	{"open", nothing, open_it, close_if_open, false},
	{"REGISTER of a VALE port", opened, vale, closed, false},
	{"REGISTER of 3 rings", opened, vale_rings, closed, false},
	{"REGISTER of a pipe", opened, pipe_end, closed, false},
	{"REGISTER of a null port", opened, null_port, closed, false},
	{"REGISTER of a port's pipe", with_base, pipe_of_base, both_closed, false},
	{"REGISTER of an open port", with_base, same_port, both_closed, false},
	{"REGISTER in another's region", with_base, same_region, both_closed, false},
	{"NIOCREGIF", opened, legacy, closed, false},
	{"PORT_INFO_GET", opened, info, closed, false},
	{"mmap", bound, map_and_touch, closed, false},
	{"poll", bound, wait_bound, closed, false},
	{"close", bound, close_bound, close_if_open, false},
	{"NEWIF", opened, newif, unmade, false},
	{"DELIF", made, delif, unmade, false},
	{"REGISTER of a persistent port", vif_made, vif, vif_unmade, false},
	{"REGISTER of an interface", opened, nic, closed, true},
	{"REGISTER with host rings", opened, nic_host, closed, true},
	{"REGISTER of a host ring", opened, host_only, closed, true},
	{"ATTACH", opened, attach, detached, true},
	{"ATTACH with the host", opened, attach_host, detached, true},
	{"DETACH", attached, detach, detached, true},
};

static unsigned
ports(void)
{
	struct nmreq_port_list l = {0};
	struct dev v;
	unsigned n = 0;

	CHECK(!dev_open(&v), "open");
	while (!dev_request(v.fd, NETMAP_REQ_PORT_LIST, "", &l, NULL))
		n++;
	dev_close(&v);
	return n;
}

#define MOST 5000u

static void
each(const struct op *o)
{
	unsigned n, refused = 0;

	for (n = 1; n < MOST; n++) {
		char reason[600];
		bool injected;
		int error;

		o->before();
		arm(n);
		error = o->run();
		injected = came();
		snprintf(reason, sizeof(reason), "%s", error && d.fd >= 0 ? dev_reason(d.fd) : "");
		o->after();
		CHECK(ports() == 0, "%s, failure %u: a port is left", o->name, n);
		refused += error != 0;
		if (injected) {
			CHECK(!error || error == -ENOMEM || error == -ENOBUFS || error == -EAGAIN || error == -EINTR || *reason,
			    "%s, failure %u: %s without a reason", o->name, n, strerror(-error));
			continue;
		}
		CHECK(!error, "%s without a failure: %s (%s)", o->name, strerror(-error), reason);
		printf("%s: %u failures, %u refused\n", o->name, n - 1, refused);
		return;
	}
	CHECK(n < MOST, "%s: %u allocations and no end", o->name, n);
}

#define OWN 400u /* allocations from the beginning of the module's own to the end of loading, at least */

static void
unload(unsigned n)
{
	CHECK(!syscall(SYS_delete_module, "netmap", O_NONBLOCK), "failure %u: it can't be unloaded: %s", n, strerror(errno));
}

/* With the n-th allocation failing; 0 or -errno, and whether that came about. */
static int
load(const char *path, unsigned n, bool *injected)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	arm(n);
	error = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	*injected = came();
	close(fd);
	return error;
}

/* The first number that no allocation of loading has, by halving. */
static unsigned
allocations_of(const char *path)
{
	unsigned low = 1, high = MOST, n;
	bool injected;

	while (low < high) {
		n = (low + high) / 2;
		if (!load(path, n, &injected))
			unload(n);
		if (injected)
			low = n + 1;
		else
			high = n;
	}
	CHECK(low < MOST, "loading has no end");
	return low;
}

/* What comes first is the kernel's, which reads and links the module; our part are the last ones. */
static void
loading(const char *path, unsigned step)
{
	unsigned end, n, tried = 0, refused = 0;
	bool injected;
	int error;

	unload(0);
	end = allocations_of(path) + 10; /* their number is not always the same */
	for (n = (end > OWN ? end - OWN : 1) + (unsigned)getpid() % step; n < end; n += step, tried++) {
		error = load(path, n, &injected);
		if (!error) {
			unload(n);
			continue;
		}
		refused++;
		CHECK(injected && error == -ENOMEM, "failure %u: %s", n, strerror(-error));
		CHECK(access("/dev/netmap", F_OK) && access("/sys/module/netmap", F_OK), "failure %u: something of it is there", n);
	}
	CHECK(refused > 0 || step > 1, "none of %u failures was refused", tried);
	error = load(path, 0, &injected);
	CHECK(!error && !access("/dev/netmap", F_OK), "loading without a failure: %s", strerror(-error));
	printf("loading: %u of the last %u failures of %u, %u refused\n", tried, OWN, end, refused);
}

int
main(int argc, char **argv)
{
	size_t i;

	interface = argc > 1 ? argv[1] : NULL;
	nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0) {
		printf("no fail-nth: %s\n", strerror(errno));
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2) {
		loading(argv[2], argc > 3 ? (unsigned)atoi(argv[3]) : 1);
		return 0;
	}
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (interface || !ops[i].needs_interface)
			each(&ops[i]);
	return 0;
}
