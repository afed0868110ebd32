/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_mem.c - the guest's memory: mappings that the client announces, and accesses to them */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vfu_impl.h"

struct dma_map { /* payload of VFIO_USER_DMA_MAP */
	uint32_t argsz, flags;
	uint64_t offset, address, size;
};
struct dma_unmap {
	uint32_t argsz, flags;
	uint64_t address, size;
};
#define DMA_READABLE 1u
#define DMA_WRITEABLE 2u

/* first_behind - index of the first mapping that ends behind an address */
static size_t first_behind(const struct vfu *v, uint64_t address)
{
	size_t low = 0, high = v->n_mappings;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->mappings[middle].address + v->mappings[middle].size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* attach - a descriptor's part of the memory; the file has to be as long as it is said to be, or an access would be a signal */
static int attach(struct vfu_mapping *m, const struct dma_map *r, int fd)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = r->offset & (page - 1);
	int protection = (m->readable ? PROT_READ : 0) | (m->writable ? PROT_READ | PROT_WRITE : 0);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if (st.st_size < 0 || r->offset + r->size > (uint64_t)st.st_size || r->size + skip > SIZE_MAX)
		return EINVAL;
	m->map_size = (size_t)(r->size + skip);
	m->map = mmap(NULL, m->map_size, protection, MAP_SHARED, fd, (off_t)(r->offset - skip));
	if (m->map == MAP_FAILED)
		return errno;
	m->at = (uint8_t *)m->map + skip;
	return 0;
}

int vfu_mem_map(struct vfu *v, const void *request, size_t length, int *fds, int n_fds)
{
	struct dma_map r;
	struct vfu_mapping m = {0}, *grown;
	size_t i;

	if (length != sizeof r || n_fds > 1)
		return EINVAL;
	memcpy(&r, request, sizeof r);
	if (!r.size || r.address + r.size < r.address || r.offset + r.size < r.offset)
		return EINVAL;
	i = first_behind(v, r.address);
	if (i < v->n_mappings && v->mappings[i].address < r.address + r.size)
		return EEXIST;
	if (v->n_mappings == VFU_MAPPINGS)
		return ENOSPC;
	m.address = r.address;
	m.size = r.size;
	m.readable = r.flags & DMA_READABLE;
	m.writable = r.flags & DMA_WRITEABLE;
	grown = reallocarray(v->mappings, v->n_mappings + 1, sizeof m);
	if (!grown)
		return ENOMEM;
	v->mappings = grown;
	if (n_fds && (m.readable || m.writable)) {
		int error = attach(&m, &r, fds[0]);

		if (error)
			return error;
	}
	memmove(grown + i + 1, grown + i, (v->n_mappings - i) * sizeof m);
	grown[i] = m;
	v->n_mappings++;
	return 0;
}

static void detach(struct vfu_mapping *m)
{
	if (m->map)
		munmap(m->map, m->map_size);
}

int vfu_mem_unmap(struct vfu *v, const void *request, size_t length)
{
	struct dma_unmap r;
	size_t i;

	if (length < sizeof r)
		return EINVAL;
	memcpy(&r, request, sizeof r);
	i = first_behind(v, r.address);
	if (i == v->n_mappings || v->mappings[i].address != r.address || v->mappings[i].size != r.size)
		return ENOENT;
	detach(&v->mappings[i]);
	v->n_mappings--;
	memmove(v->mappings + i, v->mappings + i + 1, (v->n_mappings - i) * sizeof *v->mappings);
	return 0;
}

void vfu_mem_clear(struct vfu *v)
{
	for (size_t i = 0; i < v->n_mappings; i++)
		detach(&v->mappings[i]);
	free(v->mappings);
	v->mappings = NULL;
	v->n_mappings = 0;
}

/* part - what of a range is in the mapping where it begins: a pointer and how much, or NULL */
static uint8_t *part(struct vfu *v, uint64_t address, size_t *length, bool write)
{
	size_t i = first_behind(v, address);
	struct vfu_mapping *m = &v->mappings[i];
	uint64_t left;

	if (i == v->n_mappings || m->address > address || !m->at || !(write ? m->writable : m->readable))
		return NULL;
	left = m->size - (address - m->address);
	if (*length > left)
		*length = (size_t)left;
	return m->at + (address - m->address);
}

void *vfu_memory(struct vfu *v, uint64_t address, size_t length, bool write)
{
	size_t had = length;
	uint8_t *at = vfu_pci_master(v) ? part(v, address, &had, write) : NULL;

	return had == length ? at : NULL;
}

/* transfer - all or, from the first byte that is not there, nothing more */
static bool transfer(struct vfu *v, uint64_t address, uint8_t *buffer, size_t length, bool write)
{
	if (!vfu_pci_master(v) || address + length < address)
		return false;
	while (length) {
		size_t n = length;
		uint8_t *at = part(v, address, &n, write);

		if (!at)
			return false;
		if (write)
			memcpy(at, buffer, n);
		else
			memcpy(buffer, at, n);
		address += n;
		buffer += n;
		length -= n;
	}
	return true;
}

bool vfu_fetch(struct vfu *v, uint64_t address, void *to, size_t length) { return transfer(v, address, to, length, false); }

bool vfu_store(struct vfu *v, uint64_t address, const void *from, size_t length)
{
	return transfer(v, address, (uint8_t *)(uintptr_t)from, length, true);
}
