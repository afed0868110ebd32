/* SPDX-License-Identifier: BSD-2-Clause */
/* port_soft.c - the ports that are no netmap: null, and TAP devices. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soft.h"

static int
null_open(struct port *p, const struct options *o, unsigned thread, char *err)
{
	(void)thread;
	return soft_open(p, o, err);
}

static int
null_txsync(struct port *p)
{
	return soft_txsync(p, NULL, NULL);
}

static int
null_rxsync(struct port *p)
{
	(void)p;
	return 0;
}

static int
null_wait(struct port *p, short events, int timeout_ms)
{
	int ready;

	soft_txsync(p, NULL, NULL);
	ready = soft_ready(p, events);
	if (!ready)
		poll(NULL, 0, timeout_ms);
	return ready;
}

const struct port_ops port_null_ops = { null_open, soft_close, null_txsync, null_rxsync, null_wait };

struct tap {
	int fd;
};

static int
tap_fail(struct port *p, const char *what, char *err)
{
	int e = errno;

	snprintf(err, PORT_ERRLEN, "%s: cannot %s: %s%s", p->name, what, strerror(e),
	    e == EPERM || e == EACCES ? "; run as root, or make it by ip tuntap add mode tap user YOU" :
	    e == ENOENT || e == ENODEV ? "; the module tun is missing" :
	    e == EBUSY ? "; somebody has it open" : "");
	return -e;
}

/* A device that is down takes no frames. */
static int
tap_up(struct port *p, const struct ifreq *made, char *err)
{
	struct ifreq ifr = *made;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) != 0) {
		rc = tap_fail(p, "read its state", err);
	} else if (!(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
			rc = tap_fail(p, "bring it up", err);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
tap_attach(struct port *p, int fd, char *err)
{
	const char *name = p->name + strlen("tap:");
	struct ifreq ifr = { 0 };

	if (strlen(name) >= sizeof(ifr.ifr_name)) {
		snprintf(err, PORT_ERRLEN, "%s: names of devices have at most %zu letters", p->name, sizeof(ifr.ifr_name) - 1);
		return -EINVAL;
	}
	strcpy(ifr.ifr_name, name);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr) != 0)
		return tap_fail(p, "open the device", err);
	return tap_up(p, &ifr, err);
}

static int
tap_open(struct port *p, const struct options *o, unsigned thread, char *err)
{
	struct tap *t;
	int rc;

	(void)thread;
	rc = soft_open(p, o, err);
	if (rc)
		return rc;
	t = malloc(sizeof(*t));
	if (!t) {
		snprintf(err, PORT_ERRLEN, "%s: no memory", p->name);
		rc = -ENOMEM;
		goto err_soft;
	}
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0) {
		rc = tap_fail(p, "open /dev/net/tun", err);
		goto err_tap;
	}
	rc = tap_attach(p, t->fd, err);
	if (rc)
		goto err_fd;
	p->home = t;
	return 0;

err_fd:
	close(t->fd);
err_tap:
	free(t);
err_soft:
	soft_close(p);
	return rc;
}

static int
tap_close(struct port *p)
{
	struct tap *t = p->home;

	close(t->fd);
	free(t);
	return soft_close(p);
}

static int
tap_sink(void *arg, const uint8_t *data, uint32_t len)
{
	return write(((struct tap *)arg)->fd, data, len) >= 0 ? 0 : -errno;
}

static int
tap_source(void *arg, uint8_t *data, uint32_t room)
{
	ssize_t n = read(((struct tap *)arg)->fd, data, room);

	return n >= 0 ? (int)n : -errno;
}

static int
tap_txsync(struct port *p)
{
	return soft_txsync(p, tap_sink, p->home);
}

static int
tap_rxsync(struct port *p)
{
	return soft_rxsync(p, tap_source, p->home);
}

static int
tap_wait(struct port *p, short events, int timeout_ms)
{
	struct tap *t = p->home;
	struct pollfd pfd = { .fd = t->fd, .events = events };
	int rc, round, ready;

	for (round = 0;; round++) {
		rc = tap_txsync(p);
		if (!rc && (events & POLLIN))
			rc = tap_rxsync(p);
		if (rc)
			return rc;
		ready = soft_ready(p, events);
		if (ready || round)
			return ready;
		if (poll(&pfd, 1, timeout_ms) < 0 && errno != EINTR)
			return -errno;
		if (pfd.revents & (POLLERR | POLLHUP))
			return -EIO;
	}
}

const struct port_ops port_tap_ops = { tap_open, tap_close, tap_txsync, tap_rxsync, tap_wait };
