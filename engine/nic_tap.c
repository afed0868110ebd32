/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_tap.c - a TAP device that nobody holds (ip tuntap add NAME mode tap): we become its wire, so that the port is a link
 * to the host's stack. One that a program holds already is an interface as others are.
 */
#include "nic.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
is_tap(int fd, const char *ifname)
{
	struct ethtool_drvinfo d = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r = {.ifr_data = (void *)&d};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", ifname);
	return !ioctl(fd, SIOCETHTOOL, &r) && !strcmp(d.driver, "tun") && !strcmp(d.bus_info, "tap");
}

static int
hold(struct nic_link *l, const char *ifname, short flags)
{
	struct ifreq r = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", ifname);
	if (ioctl(fd, TUNSETIFF, &r)) {
		error = -errno;
		close(fd);
		return error;
	}
	l->rx_fd = l->tx_fd = fd;
	return 0;
}

static int
tap_open(struct nic_link *l, const char *ifname)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	bool tap = fd >= 0 && is_tap(fd, ifname);

	if (fd >= 0)
		close(fd);
	if (!tap)
		return -EBUSY;
	error = hold(l, ifname, 0);
	return error == -EINVAL || error == -ENOENT ? -EBUSY : error; /* EINVAL: it has several queues, not ours to join */
}

/* EXCL: never one that came into being meanwhile. */
static int
made_open(struct nic_link *l, const char *ifname)
{
	int error = hold(l, ifname, (short)IFF_TUN_EXCL);

	return error == -EBUSY ? -EEXIST : error;
}

static int
tap_receive(struct nic_link *l, struct nic_in *in, uint32_t max)
{
	ssize_t len = 0;
	uint32_t i;

	for (i = 0; i < max; i++) {
		char *frame = l->space + (size_t)i * NIC_IN_MAX;

		len = read(l->rx_fd, frame, NIC_IN_MAX);
		if (len < 0)
			break;
		in[i] = (struct nic_in){frame, (uint32_t)len};
	}
	if (i || errno == EAGAIN || errno == EINTR)
		return (int)i;
	return -errno;
}

static int
tap_transmit(struct nic_link *l, const struct nic_out *out, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (writev(l->tx_fd, out[i].iov, (int)out[i].niov) < 0)
			break;
	return i ? (int)i : -errno;
}

/* The descriptor outlives its device, wherever that was moved to. */
static bool
tap_gone(const struct nic_link *l)
{
	struct ifreq r;

	return ioctl(l->rx_fd, TUNGETIFF, &r) && errno == EBADFD;
}

const struct nic_kind nic_tap_kind = {
	.open = tap_open,
	.receive = tap_receive,
	.transmit = tap_transmit,
	.gone = tap_gone,
};

const struct nic_kind nic_made_kind = {
	.open = made_open,
	.receive = tap_receive,
	.transmit = tap_transmit,
	.gone = tap_gone,
};
