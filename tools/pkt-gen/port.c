/* SPDX-License-Identifier: BSD-2-Clause */
/* port.c - names of ports, and what is behind them. */
#include "port.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *prefix;
	const struct port_ops *ops;
} kinds[] = {
	{ "netmap:", &port_netmap_ops },
	{ "vale", &port_netmap_ops },
	{ "tap:", &port_tap_ops },
	{ "pcap:", &port_pcap_ops },
};

static int
resolve(struct port *p, const char *name, char *err)
{
	bool bare = false;
	size_t i;

	if (strcmp(name, "null") == 0)
		p->ops = &port_null_ops;
	for (i = 0; !p->ops && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		/* valet0 is an interface, vale0:1 a port of a switch */
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0 && strchr(name, ':'))
			p->ops = kinds[i].ops;
	if (!p->ops) {
		p->ops = &port_netmap_ops;
		bare = true;
	}
	if (name[0] == '\0' || strlen(name) + 8 > sizeof(p->name)) {
		snprintf(err, PORT_ERRLEN, "'%.64s%s' is no name of a port: it has %zu characters, give 1 to %zu, as in vale0:1", name,
		    strlen(name) > 64 ? "..." : "", strlen(name), sizeof(p->name) - 8);
		return -EINVAL;
	}
	if (!bare)
		strcpy(p->name, name);
	else
		snprintf(p->name, sizeof(p->name), "netmap:%s", name);
	return 0;
}

int
port_open(struct port *p, const struct options *o, unsigned thread, char *err)
{
	int rc;

	memset(p, 0, sizeof(*p));
	rc = resolve(p, o->name, err);
	if (!rc)
		rc = p->ops->open(p, o, thread, err);
	if (rc)
		p->ops = NULL;
	return rc;
}

int
port_close(struct port *p)
{
	int rc = p->ops ? p->ops->close(p) : 0;

	p->ops = NULL;
	p->ntx = p->nrx = 0;
	return rc;
}

uint32_t
port_buf_size(struct netmap_ring *const *rings, unsigned n)
{
	uint32_t size = UINT32_MAX;
	unsigned i;

	for (i = 0; i < n; i++)
		if (rings[i]->nr_buf_size < size)
			size = rings[i]->nr_buf_size;
	return size < 65535 ? size : 65535; /* a slot's len has 16 bits */
}

void
port_look_up(struct port *p, const char *ifname)
{
	struct ifreq ifr = { 0 };
	int fd, i;

	if (strlen(ifname) >= sizeof(ifr.ifr_name) || !if_nametoindex(ifname))
		return;
	p->interface = true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	strcpy(ifr.ifr_name, ifname);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == 0)
		for (i = 0; i < 6; i++)
			p->mac = p->mac << 8 | (uint8_t)ifr.ifr_hwaddr.sa_data[i];
	close(fd);
}
