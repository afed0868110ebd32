/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_packet.c - an interface through packet sockets. One receives, by a ring that the system fills (TPACKET_V2: the
 * blocks of V3 are handed over when full or after a timer of milliseconds, which each round trip would pay); the
 * other sends by sendmmsg, which is faster than a transmit ring. The host's stack sees received frames too.
 *
 * What does not fit a slot of the ring is marked so in its slot and waits whole in the socket's queue. Before each frame
 * is a header that tells of checksums left to do and of merged frames, which are cut here.
 */
#include "nic.h"
#include "nm_gso.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BYTES (8 << 20)
#define QUEUE_BYTES (4 << 20)   /* of frames too long for a slot */
#define RING_BYTES (8u << 20)
#define BLOCK_BYTES (64u << 10)
#define MIN_SLOT 2048u
#define MAX_SLOT 16384u
#define SLOT_EXTRA 192u         /* in a slot before a frame: its headers and alignment */
#define TAG 4u                  /* kept free before a frame for its VLAN tag */

struct packet {
	char *ring;
	uint32_t slot_bytes, nslots;
	uint32_t next, taken;   /* the slot to look at, how many before it are still ours */
	uint32_t refused;       /* frames, until they are counted */
	struct nm_gso cut;      /* a merged frame that is being cut; */
	const char *merged;     /* it lies here, in whole */
	uint32_t ident;         /* of the next one */
	char whole[TAG + NIC_IN_MAX];
};

/* Not bound to any protocol, so that nothing is received before the options are set. */
static int
packet_socket(struct nic_link *l, int *fd)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_ifindex = (int)l->nic->ifindex};

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd < 0 || bind(*fd, (void *)&a, sizeof(a)) ? -errno : 0;
}

/* Without the right to force it, the system's limit holds. */
static void
set_buffer(int fd, int force, int polite, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, polite, &bytes, sizeof(bytes));
}

static uint32_t
slot_bytes(int fd, const char *ifname)
{
	struct ifreq r = {0};
	uint32_t n = MIN_SLOT;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", ifname);
	if (!ioctl(fd, SIOCGIFMTU, &r))
		while (n < MAX_SLOT && n < (uint32_t)r.ifr_mtu + SLOT_EXTRA)
			n *= 2;
	return n;
}

static int
set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) ? -errno : 0;
}

static int
open_ring(struct nic_link *l, struct packet *p, const char *ifname)
{
	struct tpacket_req q = {.tp_block_size = BLOCK_BYTES, .tp_block_nr = RING_BYTES / BLOCK_BYTES};
	int error = set_option(l->rx_fd, PACKET_VERSION, TPACKET_V2);

	if (!error)
		error = set_option(l->rx_fd, PACKET_VNET_HDR, 1);
	if (!error)
		error = set_option(l->rx_fd, PACKET_IGNORE_OUTGOING, 1);
	if (!error)
		error = set_option(l->rx_fd, PACKET_COPY_THRESH, 1);
	if (error)
		return error;
	p->slot_bytes = q.tp_frame_size = slot_bytes(l->rx_fd, ifname);
	p->nslots = q.tp_frame_nr = RING_BYTES / p->slot_bytes;
	if (setsockopt(l->rx_fd, SOL_PACKET, PACKET_RX_RING, &q, sizeof(q)))
		return -errno;
	p->ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->rx_fd, 0);
	if (p->ring == MAP_FAILED) {
		p->ring = NULL;
		return -errno;
	}
	return 0;
}

static int
packet_open(struct nic_link *l, const char *ifname)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = (int)l->nic->ifindex};
	int error;

	l->priv = calloc(1, sizeof(struct packet));
	if (!l->priv)
		return -ENOMEM;
	nic_divert_clean(l->nic->ifindex);
	error = packet_socket(l, &l->rx_fd);
	if (!error)
		error = packet_socket(l, &l->tx_fd);
	if (error)
		return error;
	set_buffer(l->tx_fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BYTES);
	set_buffer(l->rx_fd, SO_RCVBUFFORCE, SO_RCVBUF, QUEUE_BYTES);
	error = open_ring(l, l->priv, ifname);
	if (!error && bind(l->rx_fd, (void *)&a, sizeof(a)))
		error = -errno;
	return error;
}

static void
packet_close(struct nic_link *l)
{
	struct packet *p = l->priv;

	if (p && p->ring)
		munmap(p->ring, RING_BYTES);
	free(p);
}

static struct tpacket2_hdr *
slot_at(const struct packet *p, uint32_t i)
{
	uint32_t per_block = BLOCK_BYTES / p->slot_bytes;

	return (void *)(p->ring + (size_t)(i / per_block) * BLOCK_BYTES + (size_t)(i % per_block) * p->slot_bytes);
}

/* Puts the tag back that the system took out; returns the bytes by which the frame now begins earlier. */
static uint32_t
restore_tag(const struct tpacket2_hdr *h, char *frame)
{
	uint16_t tag[2];

	if (!(h->tp_status & TP_STATUS_VLAN_VALID))
		return 0;
	tag[0] = htobe16(h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->tp_vlan_tpid : ETH_P_8021Q);
	tag[1] = htobe16(h->tp_vlan_tci);
	memmove(frame - TAG, frame, 12);
	memcpy(frame - TAG + 12, tag, sizeof(tag));
	return TAG;
}

/* The frame of a slot, or the whole of it from the queue: its length, 0 if it is not to be had. */
static uint32_t
find_frame(struct nic_link *l, const struct tpacket2_hdr *h, struct nm_vnet_hdr *v, char **frame)
{
	struct packet *p = l->priv;
	struct iovec iov[2] = {{v, NM_VNET_COMMON}, {p->whole + TAG, NIC_IN_MAX}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n;

	if (h->tp_status & TP_STATUS_COPY) {
		n = recvmsg(l->rx_fd, &m, MSG_DONTWAIT);
		*frame = p->whole + TAG;
		return n > (ssize_t)NM_VNET_COMMON && !(m.msg_flags & MSG_TRUNC) ? (uint32_t)n - NM_VNET_COMMON : 0;
	}
	*frame = (char *)(uintptr_t)h + h->tp_mac;
	memcpy(v, *frame - NM_VNET_COMMON, NM_VNET_COMMON);
	return h->tp_snaplen == h->tp_len ? h->tp_snaplen : 0;
}

/* One slot: a frame for *in, or one to be cut, or nothing; true for a frame. */
static bool
take_slot(struct nic_link *l, const struct tpacket2_hdr *h, struct nic_in *in)
{
	struct packet *p = l->priv;
	struct nm_vnet_hdr v = {0};
	char *frame;
	uint32_t len = find_frame(l, h, &v, &frame), tag;

	if (len < 14) {
		p->refused++;
		return false;
	}
	if (v.gso_type != NM_GSO_TYPE_NONE && !(h->tp_status & TP_STATUS_COPY)) {
		memcpy(p->whole + TAG, frame, len);
		frame = p->whole + TAG;
	} else if (v.gso_type == NM_GSO_TYPE_NONE && (v.flags & NM_VNET_NEEDS_CSUM)) {
		nm_gso_checksum_flat(frame, len, v.csum_start, v.csum_offset);
	}
	tag = restore_tag(h, frame);
	if (v.gso_type == NM_GSO_TYPE_NONE) {
		if (h->tp_status & TP_STATUS_COPY) { /* the next one would overwrite it */
			memcpy(in->data, frame - tag, len + tag);
			*in = (struct nic_in){in->data, len + tag};
		} else {
			*in = (struct nic_in){frame - tag, len + tag};
		}
		return true;
	}
	p->merged = frame - tag;
	if (nm_gso_begin_flat(&p->cut, p->merged, len + tag, &v, p->ident++))
		p->refused++;
	return false;
}

/* Slots whose frames the caller has done with. */
static void
give_back(struct packet *p)
{
	uint32_t i = p->next >= p->taken ? p->next - p->taken : p->next + p->nslots - p->taken;

	for (; p->taken; p->taken--, i = i + 1 == p->nslots ? 0 : i + 1)
		NM_STORE_RELEASE(&slot_at(p, i)->tp_status, TP_STATUS_KERNEL);
}

static int
packet_receive(struct nic_link *l, struct nic_in *in, uint32_t max)
{
	struct packet *p = l->priv;
	uint32_t n = 0;

	give_back(p);
	while (n < max) {
		struct tpacket2_hdr *h = slot_at(p, p->next);

		in[n].data = l->space + (size_t)n * NIC_IN_MAX;
		if (nm_gso_more(&p->cut)) {
			in[n].len = nm_gso_next_flat(&p->cut, p->merged, (uint8_t *)in[n].data);
			n++;
			continue;
		}
		if (!(NM_LOAD_ACQUIRE(&h->tp_status) & TP_STATUS_USER) || p->taken == p->nslots)
			break;
		p->next = p->next + 1 == p->nslots ? 0 : p->next + 1;
		p->taken++;
		n += take_slot(l, h, &in[n]);
	}
	return (int)n;
}

static int
packet_transmit(struct nic_link *l, const struct nic_out *out, uint32_t count)
{
	struct mmsghdr m[NIC_BATCH];
	uint32_t i;
	int sent;

	for (i = 0; i < count; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = out[i].iov, .msg_iovlen = out[i].niov};
	sent = sendmmsg(l->tx_fd, m, count, MSG_DONTWAIT);
	return sent < 0 ? -errno : sent;
}

static void
packet_lost(struct nic_link *l, struct nm_kring *kr)
{
	struct packet *p = l->priv;
	struct tpacket_stats s = {0};
	socklen_t len = sizeof(s);

	kr->stat[NM_STAT_refused] += p->refused;
	p->refused = 0;
	if (!getsockopt(l->rx_fd, SOL_PACKET, PACKET_STATISTICS, &s, &len))
		kr->stat[NM_STAT_missed] += s.tp_drops;
}

/* The system forgets it with the socket. */
static void
packet_promiscuous(struct nic_link *l, bool on)
{
	struct packet_mreq m = {.mr_ifindex = (int)l->nic->ifindex, .mr_type = PACKET_MR_PROMISC};

	if (setsockopt(l->rx_fd, SOL_PACKET, on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, &m, sizeof(m)) && on)
		nm_os_log(NM_LOG_WARN, "%s: can't be made promiscuous: %s", l->nic->port->name, strerror(errno));
}

/* The system unties the socket from an interface that leaves. */
static bool
packet_gone(const struct nic_link *l)
{
	struct sockaddr_ll a;
	socklen_t len = sizeof(a);

	return !getsockname(l->rx_fd, (void *)&a, &len) && a.sll_ifindex <= 0;
}

const struct nic_kind nic_packet_kind = {
	.open = packet_open,
	.close = packet_close,
	.receive = packet_receive,
	.transmit = packet_transmit,
	.lost = packet_lost,
	.promiscuous = packet_promiscuous,
	.gone = packet_gone,
};
