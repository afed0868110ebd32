/* SPDX-License-Identifier: BSD-2-Clause */
#include "app_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int
app_port_register(struct app_port *p, const char *name)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&p->reg};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return ioctl(p->fd, NIOCCTRL, &h);
}

int
app_port_map(struct app_port *p)
{
	p->size = p->reg.nr_memsize;
	p->mem = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->mem == MAP_FAILED)
		return -1;
	p->nifp = NETMAP_IF(p->mem, p->reg.nr_offset);
	p->tx = NETMAP_TXRING(p->nifp, 0);
	p->rx = NETMAP_RXRING(p->nifp, 0);
	return 0;
}

void
app_port_open(struct app_port *p, const char *name, uint64_t flags)
{
	memset(p, 0, sizeof(*p));
	p->reg.nr_mode = NR_REG_ALL_NIC;
	p->reg.nr_flags = flags;
	p->fd = open("/dev/netmap", O_RDWR);
	if (p->fd >= 0 && app_port_register(p, name) == 0 && app_port_map(p) == 0)
		return;
	fprintf(stderr, "%s: %s (%s)\n", name, strerror(errno), p->fd >= 0 ? app_port_error(p->fd) : "");
	abort();
}

void
app_port_close(struct app_port *p)
{
	if (munmap(p->mem, p->size) < 0 || close(p->fd) < 0)
		abort();
}

bool
app_port_put(struct netmap_ring *r, uint32_t n)
{
	char *b = NETMAP_BUF(r, r->slot[r->head].buf_idx);

	if (nm_ring_empty(r))
		return false;
	memset(b, 0xff, 6);
	memset(b + 6, 2, 54);
	memcpy(b + 20, &n, sizeof(n));
	r->slot[r->head].len = 60;
	r->slot[r->head].flags = 0;
	r->head = r->cur = nm_ring_next(r, r->head);
	return true;
}

bool
app_port_take(struct netmap_ring *r, uint32_t *n)
{
	if (nm_ring_empty(r))
		return false;
	if (r->slot[r->head].len != 60)
		abort();
	memcpy(n, NETMAP_BUF(r, r->slot[r->head].buf_idx) + 20, sizeof(*n));
	r->head = r->cur = nm_ring_next(r, r->head);
	return true;
}

const char *
app_port_error(int fd)
{
	static struct nmreq_error e;
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_ERROR_GET, .nr_body = (uintptr_t)&e};

	if (ioctl(fd, NIOCCTRL, &h) < 0)
		return "";
	return e.nr_text;
}
