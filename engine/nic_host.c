/* SPDX-License-Identifier: BSD-2-Clause */
/* nic_host.c - host rings: a second link, to a TAP that the host does not know as an interface of its own. */
#include "nic.h"
#include "nm_session.h"

#include <linux/filter.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Frames from the TAP pass the interface once more on their way to the host; these are not the wire's. */
static int
set_marks(const struct nic_link *wire, bool on)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NIC_DIVERT_MARK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	uint32_t mark = on ? NIC_DIVERT_MARK : 0;

	if (setsockopt(wire->tx_fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		return -errno;
	if (on && setsockopt(wire->rx_fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return -errno;
	if (!on)
		setsockopt(wire->rx_fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0);
	return 0;
}

static int
bring_up(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
	struct ifreq r = {.ifr_flags = IFF_UP | IFF_NOARP};

	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCSIFFLAGS, &r))
		error = -errno;
	close(fd);
	return error;
}

static int
open_host(struct nic *n, struct nm_session *s, const char *tap)
{
	int error;

	if (n->link[NIC_HOST].kind)
		return 0;
	error = nic_link_open(&n->link[NIC_HOST], &nic_made_kind, tap);
	if (!error && (error = bring_up(tap)))
		nic_link_close(&n->link[NIC_HOST]);
	if (!error || !s)
		return error;
	if (error == -EPERM || error == -EACCES)
		return nm_session_error(s, EPERM, "%s: host rings need a TAP device, which the engine may not make; it needs CAP_NET_ADMIN and "
		    "access to /dev/net/tun", n->port->name);
	if (error == -ENOENT || error == -ENODEV)
		return nm_session_error(s, EOPNOTSUPP, "%s: host rings need a TAP device, and this system has none (/dev/net/tun): %s",
		    n->port->name, strerror(-error));
	if (error == -EEXIST)
		return nm_session_error(s, EBUSY, "%s: its host rings are with another engine, or an interface has the name %s", n->port->name,
		    tap);
	return nm_session_error(s, -error, "%s: the TAP device %s for its host rings can't be had: %s", n->port->name, tap, strerror(-error));
}

static int
take(struct nic *n, struct nm_session *s, const char *tap)
{
	int error = set_marks(&n->link[NIC_WIRE], true);

	if (!error)
		error = nic_divert_start(&n->divert, n->ifindex, if_nametoindex(tap));
	if (!error)
		return 0;
	set_marks(&n->link[NIC_WIRE], false);
	if (!s)
		return error;
	if (error == -EPERM || error == -EACCES)
		return nm_session_error(s, EPERM, "%s: for its host rings the interface must be taken from the host, which the engine may not do; it "
		    "needs CAP_NET_ADMIN and CAP_BPF", n->port->name);
	return nm_session_error(s, -error, "%s: for its host rings the interface must be taken from the host by programs at its clsact hooks, "
	    "and this system refused them (are NET_SCH_INGRESS, NET_CLS_BPF and BPF_SYSCALL there?): %s", n->port->name, strerror(-error));
}

int
nic_host_set(struct nm_port *p, enum nm_port_host h, struct nm_session *s)
{
	struct nic *n = p->priv;
	bool was_running = n->running;
	char tap[16];
	int error = 0, again = 0;

	nic_divert_tap_name(n->ifindex, tap);
	nic_stop(n);
	if (h != NM_PORT_HOST_FREE)
		error = open_host(n, s, tap);
	if (!error && h == NM_PORT_HOST_TAKEN)
		error = take(n, s, tap);
	if (error || h != NM_PORT_HOST_TAKEN) {
		nic_divert_stop(&n->divert);
		set_marks(&n->link[NIC_WIRE], false);
	}
	if (error || h == NM_PORT_HOST_FREE)
		nic_link_close(&n->link[NIC_HOST]);
	if (was_running)
		again = nic_start(n);
	return error ? error : again;
}
