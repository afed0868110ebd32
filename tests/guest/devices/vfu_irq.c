/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_irq.c - interrupts: where the client wants to hear of them, and telling it */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>
#include "loop.h"
#include "vfu_impl.h"

void vfu_irq_init(struct vfu *v)
{
	for (int kind = 0; kind < VFU_IRQS; kind++)
		for (unsigned int i = 0; i < VFU_VECTORS; i++)
			v->event[kind][i] = -1;
}

static void assign(struct vfu *v, unsigned int kind, unsigned int vector, int fd)
{
	if (v->event[kind][vector] >= 0)
		close(v->event[kind][vector]);
	v->event[kind][vector] = fd;
}

void vfu_irq_clear(struct vfu *v)
{
	for (unsigned int kind = 0; kind < VFU_IRQS; kind++) {
		for (unsigned int i = 0; i < VFU_VECTORS; i++)
			assign(v, kind, i, -1);
		v->pending[kind] = 0;
	}
	v->line_masked = false;
}

/* tell - a counter that is full has been told already */
static bool tell(struct vfu *v, unsigned int kind, unsigned int vector)
{
	uint64_t one = 1;
	int fd = v->event[kind][vector];

	if (fd < 0)
		return false;
	if (write(fd, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
		complain("%s: interrupt %u of kind %u: %s", v->path, vector, kind, strerror(errno));
	return true;
}

/* A line that is told masks itself: the client says when the guest is through with it, and if it is still up then, it is told again. */
void vfu_irq_update(struct vfu *v)
{
	bool told = v->line && !vfu_pci_intx_off(v) && vfu_enabled(v, VFU_INTX);

	vfu_pci_intx_status(v, v->line);
	if (told && !v->line_masked && tell(v, VFU_INTX, 0))
		v->line_masked = true;
	for (unsigned int kind = VFU_MSI; kind < VFU_IRQS; kind++) {
		if (!vfu_enabled(v, kind))
			v->pending[kind] = 0;
		for (unsigned int i = 0; i < VFU_VECTORS && v->pending[kind]; i++)
			if (v->pending[kind] >> i & 1 && tell(v, kind, i))
				v->pending[kind] &= ~(1ull << i);
	}
}

void vfu_line(struct vfu *v, bool level)
{
	v->line = level;
	vfu_irq_update(v);
}

void vfu_message(struct vfu *v, unsigned int vector)
{
	for (unsigned int kind = VFU_MSI; kind < VFU_IRQS; kind++)
		if (vfu_enabled(v, kind) && vector < v->n_vectors[kind] && !tell(v, kind, vector))
			v->pending[kind] |= 1ull << vector;
}

/* trigger - events for interrupts of a range, or none any more, or the interrupts themselves */
static int trigger(struct vfu *v, const struct vfio_irq_set *s, const uint8_t *wanted, int *fds, int n_fds)
{
	if (s->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		if (n_fds && (uint32_t)n_fds != s->count)
			return EINVAL;
		for (uint32_t i = 0; i < s->count; i++) {
			assign(v, s->index, s->start + i, n_fds ? fds[i] : -1);
			if (n_fds)
				fds[i] = -1; /* it is kept */
		}
		if (s->index == VFU_INTX)
			v->line_masked = false;
	} else if (!s->count) {
		for (unsigned int i = 0; i < VFU_VECTORS; i++)
			assign(v, s->index, i, -1);
		v->pending[s->index] = 0;
	} else {
		for (uint32_t i = 0; i < s->count; i++)
			if (!wanted || wanted[i])
				tell(v, s->index, s->start + i);
	}
	return 0;
}

int vfu_irq_set(struct vfu *v, const void *request, size_t length, int *fds, int n_fds)
{
	struct vfio_irq_set s;
	uint32_t action, kind;
	const uint8_t *wanted = NULL;
	int error = 0;

	if (length < sizeof s)
		return EINVAL;
	memcpy(&s, request, sizeof s);
	if (s.index >= VFU_IRQS)
		return s.count ? EINVAL : 0; /* errors and requests: there are none of these */
	if (s.start > v->n_vectors[s.index] || s.count > v->n_vectors[s.index] - s.start)
		return EINVAL;
	action = s.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	kind = s.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	if (kind & VFIO_IRQ_SET_DATA_BOOL) {
		if (length - sizeof s < s.count)
			return EINVAL;
		wanted = (const uint8_t *)request + sizeof s;
	}
	if (!kind || kind & (kind - 1))
		return EINVAL;
	if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
		error = trigger(v, &s, wanted, fds, n_fds);
	else if (s.index != VFU_INTX || kind & VFIO_IRQ_SET_DATA_EVENTFD || (action & (action - 1)) || !action)
		error = ENOTSUP;
	else if (s.count && (!wanted || wanted[0]))
		v->line_masked = action == VFIO_IRQ_SET_ACTION_MASK;
	vfu_irq_update(v);
	return error;
}
