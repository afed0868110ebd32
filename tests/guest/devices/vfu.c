/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu.c - the messages of vfio-user, see vfu.h */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "loop.h"
#include "vfu_impl.h"

enum {
	VERSION = 1, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_REGION_IO_FDS, GET_IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE,
	DMA_READ, DMA_WRITE, RESET
};
struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};
#define FLAG_REPLY 1u
#define FLAG_TYPE 0xfu
#define FLAG_NO_REPLY 0x10u
#define FLAG_ERROR 0x20u

struct region_access {
	uint64_t offset;
	uint32_t region, count;
};

#define MOST_DATA 4096u
#define MOST_PAYLOAD 16384u /* the version's text is the longest */
#define PATIENCE 5          /* seconds for the rest of a message that has begun */
#define AT_ONCE 64          /* messages between two looks at the other end and at the clock */

struct message {
	struct header head;
	uint8_t data[MOST_PAYLOAD];
	size_t length;
	int fds[VFU_FDS], n_fds;
};

struct vfu *vfu_new(const char *path, const struct vfu_id *id, const struct vfu_ops *ops, void *nic)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct vfu *v;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(address.sun_path, path);
	v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->ops = ops;
	v->nic = nic;
	v->client = v->listener = -1;
	vfu_irq_init(v);
	vfu_pci_init(v, id);
	v->path = strdup(path);
	if (!v->path)
		goto err_free;
	v->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (v->listener < 0)
		goto err_free;
	unlink(path);
	if (bind(v->listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(v->listener, 1) < 0)
		goto err_free;
	return v;

err_free:
	vfu_free(v);
	return NULL;
}

static void hang_up(struct vfu *v)
{
	if (v->client >= 0)
		close(v->client);
	v->client = -1;
	v->greeted = false;
	vfu_mem_clear(v);
	vfu_irq_clear(v);
}

void vfu_free(struct vfu *v)
{
	int saved = errno;

	hang_up(v);
	if (v->listener >= 0) {
		close(v->listener);
		unlink(v->path);
	}
	free(v->path);
	free(v);
	errno = saved;
}

int vfu_fd(const struct vfu *v) { return v->client >= 0 ? v->client : v->listener; }
bool vfu_connected(const struct vfu *v) { return v->client >= 0; }

static void close_fds(struct message *m)
{
	for (int i = 0; i < m->n_fds; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	m->n_fds = 0;
}

/* take_fds - false if some did not fit */
static bool take_fds(struct message *m, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n > VFU_FDS - m->n_fds)
			continue;
		memcpy(m->fds + m->n_fds, CMSG_DATA(c), (size_t)n * sizeof(int));
		m->n_fds += n;
	}
	return !(h->msg_flags & MSG_CTRUNC);
}

/* take - 1 for a message, 0 if there is none now, -1 if the connection is of no use any more. Descriptors come with its first byte. */
static int take(struct vfu *v, struct message *m)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(VFU_FDS * sizeof(int))];
	} control;
	struct iovec io = {&m->head, sizeof m->head};
	struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	ssize_t got = recvmsg(v->client, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	size_t rest;

	m->n_fds = 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (!got || !take_fds(m, &h))
		goto err_close;
	rest = sizeof m->head - (size_t)got;
	if (rest && recv(v->client, (char *)&m->head + got, rest, MSG_WAITALL) != (ssize_t)rest)
		goto err_close;
	if (m->head.size < sizeof m->head || m->head.size - sizeof m->head > sizeof m->data || (m->head.flags & FLAG_TYPE) != 0)
		goto err_close;
	m->length = m->head.size - sizeof m->head;
	if (m->length && recv(v->client, m->data, m->length, MSG_WAITALL) != (ssize_t)m->length)
		goto err_close;
	return 1;

err_close:
	close_fds(m);
	return -1;
}

static int version(struct vfu *v, struct message *m)
{
	static const char ours[] = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096}}";
	uint16_t wanted[2]; /* major, minor */

	_Static_assert(VFU_FDS == 8 && MOST_DATA == 4096, "as said there");
	if (m->length < sizeof wanted)
		return EINVAL;
	memcpy(wanted, m->data, sizeof wanted);
	if (wanted[0] != 0 || (m->length > sizeof wanted && m->data[m->length - 1]))
		return EINVAL;
	wanted[1] = 0; /* the least of what there is */
	memcpy(m->data, wanted, sizeof wanted);
	memcpy(m->data + sizeof wanted, ours, sizeof ours);
	m->length = sizeof wanted + sizeof ours;
	v->greeted = true;
	return 0;
}

static int get_info(struct message *m)
{
	struct {
		uint32_t argsz, flags, num_regions, num_irqs;
	} i = {sizeof i, VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI, VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_IRQS};

	memcpy(m->data, &i, sizeof i);
	m->length = sizeof i;
	return 0;
}

static uint32_t region_size(const struct vfu *v, uint32_t region)
{
	if (region < VFU_BARS)
		return v->bar_size[region];
	return region == VFIO_PCI_CONFIG_REGION_INDEX ? v->config_size : 0;
}

static int get_region_info(struct vfu *v, struct message *m)
{
	struct vfio_region_info i;

	if (m->length < sizeof i)
		return EINVAL;
	memcpy(&i, m->data, sizeof i);
	if (i.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	i.argsz = sizeof i;
	i.size = region_size(v, i.index);
	i.flags = i.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	i.cap_offset = 0;
	i.offset = 0;
	memcpy(m->data, &i, sizeof i);
	m->length = sizeof i;
	return 0;
}

static int get_irq_info(struct vfu *v, struct message *m)
{
	struct {
		uint32_t argsz, flags, index, count;
	} i;

	if (m->length < sizeof i)
		return EINVAL;
	memcpy(&i, m->data, sizeof i);
	if (i.index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	i.argsz = sizeof i;
	i.count = i.index < VFU_IRQS ? v->n_vectors[i.index] : 0;
	i.flags = i.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	if (i.index == VFIO_PCI_INTX_IRQ_INDEX)
		i.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	else
		i.flags |= VFIO_IRQ_INFO_NORESIZE;
	memcpy(m->data, &i, sizeof i);
	m->length = sizeof i;
	return 0;
}

/* chunk - how much of an access is one of the device: as much as its alignment allows, four bytes at most */
static uint32_t chunk(uint64_t offset, uint32_t left)
{
	if (left >= 4 && !(offset & 3))
		return 4;
	return left >= 2 && !(offset & 1) ? 2 : 1;
}

static int region_access(struct vfu *v, struct message *m, bool write)
{
	struct region_access a;
	uint8_t *data = m->data + sizeof a;
	uint32_t size;

	if (m->length < sizeof a)
		return EINVAL;
	memcpy(&a, m->data, sizeof a);
	size = region_size(v, a.region);
	if (a.count > MOST_DATA || a.offset > size || a.count > size - a.offset || (write && m->length - sizeof a != a.count))
		return EINVAL;
	if (a.region == VFIO_PCI_CONFIG_REGION_INDEX) {
		if (write)
			vfu_pci_write(v, (uint32_t)a.offset, data, a.count);
		else
			memcpy(data, v->config + a.offset, a.count);
	} else {
		for (uint32_t done = 0, n; done < a.count; done += n) {
			uint32_t offset = (uint32_t)a.offset + done, value = 0;

			n = chunk(offset, a.count - done);
			if (write) {
				memcpy(&value, data + done, n);
				v->ops->write(v->nic, a.region, offset, n, value);
			} else {
				value = v->ops->read(v->nic, a.region, offset, n);
				memcpy(data + done, &value, n);
			}
		}
	}
	m->length = sizeof a + (write ? 0 : a.count);
	return 0;
}

static int reset(struct vfu *v, struct message *m)
{
	vfu_pci_reset(v);
	v->pending[VFU_MSI] = v->pending[VFU_MSIX] = 0;
	v->ops->reset(v->nic);
	m->length = 0;
	return 0;
}

/* obey - does what a message says and leaves the reply's payload in it; 0 or an error */
static int obey(struct vfu *v, struct message *m)
{
	int error;

	if (!v->greeted && m->head.command != VERSION)
		return EPROTO;
	switch (m->head.command) {
	case VERSION: return version(v, m);
	case DMA_MAP:
		error = vfu_mem_map(v, m->data, m->length, m->fds, m->n_fds);
		m->length = 0;
		return error;
	case DMA_UNMAP:
		error = vfu_mem_unmap(v, m->data, m->length);
		m->length = 24; /* the request without what may follow it */
		return error;
	case GET_INFO: return get_info(m);
	case GET_REGION_INFO: return get_region_info(v, m);
	case GET_IRQ_INFO: return get_irq_info(v, m);
	case SET_IRQS:
		error = vfu_irq_set(v, m->data, m->length, m->fds, m->n_fds);
		m->length = 0;
		return error;
	case REGION_READ: return region_access(v, m, false);
	case REGION_WRITE: return region_access(v, m, true);
	case RESET: return reset(v, m);
	default: return ENOTSUP;
	}
}

static bool answer(struct vfu *v, struct message *m, int error)
{
	struct iovec io[2] = {{&m->head, sizeof m->head}, {m->data, error ? 0 : m->length}};
	struct msghdr h = {.msg_iov = io, .msg_iovlen = 2};

	if (m->head.flags & FLAG_NO_REPLY)
		return true;
	m->head.flags = FLAG_REPLY | (error ? FLAG_ERROR : 0);
	m->head.error = (uint32_t)error;
	m->head.size = (uint32_t)(sizeof m->head + io[1].iov_len);
	return sendmsg(v->client, &h, MSG_NOSIGNAL) == (ssize_t)m->head.size;
}

static void greet(struct vfu *v)
{
	struct timeval patience = {PATIENCE, 0};

	v->client = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC);
	if (v->client < 0)
		return;
	if (setsockopt(v->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
	    setsockopt(v->client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
		hang_up(v);
}

bool vfu_serve(struct vfu *v)
{
	static struct message m; /* a device belongs to one thread, and so do all */

	if (v->client < 0) {
		greet(v);
		return true;
	}
	for (int i = 0; i < AT_ONCE; i++) {
		int taken = take(v, &m), error;
		bool well;

		if (!taken)
			return true;
		if (taken < 0)
			break;
		error = obey(v, &m);
		if (error)
			complain("%s: command %u: %s", v->path, m.head.command, strerror(error));
		well = answer(v, &m, error) && v->greeted;
		close_fds(&m);
		if (!well)
			break;
		if (i == AT_ONCE - 1)
			return true;
	}
	hang_up(v);
	return false;
}
