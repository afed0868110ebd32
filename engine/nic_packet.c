/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_packet.c - an interface through packet sockets: one receives, with the header that tells of checksums left
 * to do; the other sends. The host's stack sees received frames too.
 */
#include "nic.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_BYTES (8 << 20)
#define TAG 4u /* kept free before a frame for its VLAN tag */

static int
packet_socket(unsigned ifindex, uint16_t protocol, int *fd)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htobe16(protocol), .sll_ifindex = (int)ifindex};
	int bytes = SOCKET_BYTES;

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return -errno;
	/* without the right to force it, the system's limit holds */
	if (setsockopt(*fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(*fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return bind(*fd, (void *)&a, sizeof(a)) ? -errno : 0;
}

/* The options come before the protocol, which opens the gate: no frame is received without its header. */
static int
packet_open(struct nic *n, const char *ifname)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = (int)n->ifindex};
	int one = 1, error = packet_socket(n->ifindex, 0, &n->rx_fd);

	(void)ifname;
	if (!error)
		error = packet_socket(n->ifindex, 0, &n->tx_fd);
	if (!error && (setsockopt(n->rx_fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(n->rx_fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(n->rx_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(n->rx_fd, (void *)&a, sizeof(a))))
		error = -errno;
	return error;
}

/* The sum that the sender's stack left to its interface. */
static void
complete_checksum(const struct virtio_net_hdr *h, uint8_t *p, uint32_t len)
{
	uint32_t start = h->csum_start, at = start + h->csum_offset, i;
	uint64_t sum = 0;

	if (!(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || at + 2 > len)
		return;
	for (i = start; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (i < len)
		sum += (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (!sum)
		sum = 0xffff;
	p[at] = (uint8_t)(sum >> 8);
	p[at + 1] = (uint8_t)sum;
}

/* Puts the tag back that the system took out; true when there was one. */
static bool
restore_tag(struct msghdr *m, char *frame)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;
	uint16_t tag[2];

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			return false;
		tag[0] = htobe16(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q);
		tag[1] = htobe16(aux.tp_vlan_tci);
		memmove(frame - TAG, frame, 12);
		memcpy(frame - TAG + 12, tag, sizeof(tag));
		return true;
	}
	return false;
}

struct arrival {
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
};

static int
packet_receive(struct nic *n, struct nic_in *in, uint32_t max)
{
	struct mmsghdr m[NIC_BATCH];
	struct arrival a[NIC_BATCH];
	int got, i;

	for (i = 0; i < (int)max; i++) {
		char *frame = n->space + (size_t)i * NIC_IN_MAX + TAG;

		a[i].iov[0] = (struct iovec){&a[i].hdr, sizeof(a[i].hdr)};
		a[i].iov[1] = (struct iovec){frame, NIC_IN_MAX - TAG};
		m[i].msg_hdr = (struct msghdr){.msg_iov = a[i].iov, .msg_iovlen = 2, .msg_control = &a[i].control,
		    .msg_controllen = sizeof(a[i].control)};
	}
	got = recvmmsg(n->rx_fd, m, max, MSG_DONTWAIT, NULL);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (i = 0; i < got; i++) {
		char *frame = a[i].iov[1].iov_base;
		uint32_t len = m[i].msg_len > sizeof(a[i].hdr) ? m[i].msg_len - (uint32_t)sizeof(a[i].hdr) : 0;
		bool tagged;

		complete_checksum(&a[i].hdr, (uint8_t *)frame, len);
		tagged = len >= 14 && restore_tag(&m[i].msg_hdr, frame);
		in[i] = (struct nic_in){tagged ? frame - TAG : frame, tagged ? len + TAG : len};
	}
	return got;
}

static int
packet_transmit(struct nic *n, const struct nic_out *out, uint32_t count)
{
	struct mmsghdr m[NIC_BATCH];
	uint32_t i;
	int sent;

	for (i = 0; i < count; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = out[i].iov, .msg_iovlen = out[i].niov};
	sent = sendmmsg(n->tx_fd, m, count, MSG_DONTWAIT);
	return sent < 0 ? -errno : sent;
}

static uint32_t
packet_lost(struct nic *n)
{
	struct tpacket_stats s = {0};
	socklen_t len = sizeof(s);

	return getsockopt(n->rx_fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) ? 0 : s.tp_drops;
}

const struct nic_kind nic_packet_kind = {
	.open = packet_open,
	.receive = packet_receive,
	.transmit = packet_transmit,
	.lost = packet_lost,
};
