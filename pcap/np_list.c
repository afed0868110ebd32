/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_list.c - devices and their networks: the system's first, then what the engine has open. No engine is started to be asked.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "nm_shim.h"
#include "np_handle.h"
#include "np_sys.h"

/* One of ours, in a list of the system's: known by a name that lies in it, which another program's can't. */
struct device {
	pcap_if_t dev;
	char name[NETMAP_REQ_IFNAMSIZ + 8];
	char text[64];
};

static struct device *
ours(pcap_if_t *dev)
{
	struct device *d = (struct device *)(void *)dev;

	return dev->name == d->name ? d : NULL;
}

static const char *
kind_text(uint32_t kind)
{
	switch (kind) {
	case NM_PORT_KIND_VALE:
		return "Port of a VALE switch";
	case NM_PORT_KIND_VALE_PERSISTENT:
		return "Persistent port of netmap";
	case NM_PORT_KIND_PIPE:
		return "End of a netmap pipe";
	case NM_PORT_KIND_NIC:
		return "Interface that netmap has open";
	}
	return NULL;
}

static struct device *
device_of(const struct nmreq_port_list *l)
{
	const char *text = kind_text(l->nr_kind);
	struct device *d;

	if (!text)
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	snprintf(d->name, sizeof(d->name), "%s%.63s", np_open_is_ours(l->nr_port_name) ? "" : "netmap:", l->nr_port_name);
	snprintf(d->text, sizeof(d->text), "%s", text);
	d->dev.name = d->name;
	d->dev.description = d->text;
	d->dev.flags = PCAP_IF_UP | PCAP_IF_RUNNING | PCAP_IF_CONNECTION_STATUS_CONNECTED;
	return d;
}

static bool
engine_there(void)
{
	enum nm_shim_home home = nm_shim_home(getenv("NETMAP_ENGINE"));

	if (home != NM_SHIM_HOME_USER && access("/dev/netmap", R_OK | W_OK) == 0)
		return true;
	return home != NM_SHIM_HOME_KERNEL && nm_shim_listens();
}

/* The engine's ports behind the last of the list. What can't be asked for is left out: the system's devices are there. */
static void
append_ports(pcap_if_t **end)
{
	struct nmreq_port_list l = {0};
	struct nmreq_header h;
	struct device *d;
	int fd;

	if (!engine_there())
		return;
	fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	nmreq_header_init(&h, NETMAP_REQ_PORT_LIST, &l);
	while (ioctl(fd, NIOCCTRL, &h) == 0) {
		l.nr_port_name[sizeof(l.nr_port_name) - 1] = '\0';
		d = device_of(&l);
		if (!d)
			continue;
		*end = &d->dev;
		end = &d->dev.next;
	}
	close(fd);
}

int
pcap_findalldevs(pcap_if_t **list, char *err)
{
	pcap_if_t **end = list;
	int r = np_sys.pcap_findalldevs(list, err);

	if (r < 0)
		return r;
	while (*end)
		end = &(*end)->next;
	append_ports(end);
	return r;
}

void
pcap_freealldevs(pcap_if_t *list)
{
	pcap_if_t **at = &list, *next;

	while (*at) {
		if (!ours(*at)) {
			at = &(*at)->next;
			continue;
		}
		next = (*at)->next;
		free(ours(*at));
		*at = next;
	}
	np_sys.pcap_freealldevs(list);
}

int
pcap_lookupnet(const char *device, bpf_u_int32 *net, bpf_u_int32 *mask, char *err)
{
	if (!np_open_is_ours(device))
		return np_sys.pcap_lookupnet(device, net, mask, err);
	*net = *mask = 0; /* as of "any": there is none that could be named */
	return 0;
}
