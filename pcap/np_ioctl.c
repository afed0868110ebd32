/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_ioctl.c - what programs ask the system of an interface before they open it by libpcap, answered for names of ours, which it would not
 * know. All else goes on to the library's ioctl, and from there to the C library's.
 */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "np_handle.h"

#define MTU 1500

/* lib/nm_shim_ioctl.c, by the name that the build gives it here. */
int nm_shim_ioctl_call(int fd, unsigned long req, ...);
int ioctl(int fd, unsigned long req, ...);

/* Of a name: what is the same whenever the name is. */
static uint64_t
hash(const char *name)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (; *name; name++)
		sum = (sum ^ (unsigned char)*name) * 0x100000001b3u;
	return sum ^ sum >> 32;
}

/* The address of a station, locally administered. */
static void
put_address(struct sockaddr *to, const char *name)
{
	uint64_t h = hash(name);
	int i;

	memset(to, 0, sizeof(*to));
	to->sa_family = ARPHRD_ETHER;
	to->sa_data[0] = 0x02;
	for (i = 1; i < 6; i++, h >>= 8)
		to->sa_data[i] = (char)h;
}

/* True if it was for us to answer; *r then is what ioctl returns. */
static bool
answer(unsigned long req, struct ifreq *ifr, int *r)
{
	char name[IFNAMSIZ + 1] = "";

	if (req != SIOCGIFHWADDR && req != SIOCGIFINDEX && req != SIOCGIFFLAGS && req != SIOCGIFMTU && req != SIOCGIFADDR)
		return false;
	if (!ifr)
		return false;
	memcpy(name, ifr->ifr_name, IFNAMSIZ);
	if (!np_open_is_ours(name))
		return false;
	*r = 0;
	switch (req) {
	case SIOCGIFHWADDR:
		put_address(&ifr->ifr_hwaddr, name);
		break;
	case SIOCGIFINDEX: /* of no interface that there is: these are counted from 1 */
		ifr->ifr_ifindex = (int)(hash(name) & 0x3fffffff) | 0x40000000;
		break;
	case SIOCGIFFLAGS:
		ifr->ifr_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST;
		break;
	case SIOCGIFMTU:
		ifr->ifr_mtu = MTU;
		break;
	default:
		errno = EADDRNOTAVAIL;
		*r = -1;
	}
	return true;
}

__attribute__((visibility("default"))) int
ioctl(int fd, unsigned long req, ...)
{
	va_list ap;
	void *arg;
	int r;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	return answer(req, arg, &r) ? r : nm_shim_ioctl_call(fd, req, arg);
}
