/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile.c - nic-hostile SOCKET SOCKET SECONDS [SEED]: a client of a model that keeps to nothing: what a guest could do to its NIC, and
 * what a client could send that no QEMU does. Whatever it was, a question after it has to be answered, or the connection has to be closed
 * for a message that broke the protocol. It ends with 0 if so; that the model did not die is for who started it to see.
 *
 * Both ends of the cable get rings that are all theirs, whose registers are where a model of that vendor has them, and then anything.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { VERSION = 1, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_REGION_IO_FDS, GET_IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE, RESET = 13 };
#define NO_REPLY 0x10u
#define MEMORY (4u << 20)
#define PATIENCE 20000 /* ms */

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct client {
	int fd, memory_fd;
	uint8_t *memory;
	uint16_t vendor;
	unsigned int bar;
	uint32_t bar_size;
};

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return below ? seed % below : seed;
}

static void die(const char *what)
{
	fprintf(stderr, "nic-hostile: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool post(struct client *c, struct header h, const void *data, size_t length, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec io[2] = {{&h, sizeof h}, {(void *)(uintptr_t)data, length}};
	struct msghdr m = {.msg_iov = io, .msg_iovlen = 2};

	if (fd >= 0) {
		m.msg_control = control.space;
		m.msg_controllen = sizeof control.space;
		control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
	}
	return sendmsg(c->fd, &m, MSG_NOSIGNAL) == (ssize_t)(sizeof h + length);
}

/* hear - a reply; -1 if the connection was closed, else its error. Waiting for ever is what must not happen. */
static int hear(struct client *c, void *data, size_t room)
{
	static uint8_t rest[65536];
	struct pollfd p = {c->fd, POLLIN, 0};
	struct header h;
	size_t n;

	if (poll(&p, 1, PATIENCE) <= 0) {
		fprintf(stderr, "nic-hostile: no answer\n");
		exit(1);
	}
	if (recv(c->fd, &h, sizeof h, MSG_WAITALL) != sizeof h)
		return -1;
	if (h.size < sizeof h || h.size - sizeof h > sizeof rest) {
		fprintf(stderr, "nic-hostile: a reply of %u bytes\n", h.size);
		exit(1);
	}
	n = h.size - sizeof h;
	if (n && recv(c->fd, rest, n, MSG_WAITALL) != (ssize_t)n)
		return -1;
	memcpy(data, rest, n < room ? n : room);
	return h.flags & 0x20 ? (int)h.error : 0;
}

static int ask(struct client *c, uint16_t command, const void *data, size_t length, int fd)
{
	uint8_t reply[64];

	if (!post(c, (struct header){.command = command, .size = (uint32_t)(sizeof(struct header) + length)}, data, length, fd))
		return -1;
	return hear(c, reply, sizeof reply);
}

struct access {
	uint64_t offset;
	uint32_t region, count;
	uint64_t data;
};

static void put(struct client *c, uint32_t region, uint64_t offset, uint32_t count, uint64_t value)
{
	struct access a = {offset, region, count, value};

	if (!post(c, (struct header){.command = REGION_WRITE, .size = (uint32_t)(sizeof(struct header) + 16 + count), .flags = NO_REPLY}, &a,
		  16 + count, -1))
		die("a write");
}

static uint64_t get(struct client *c, uint32_t region, uint64_t offset, uint32_t count)
{
	struct access a = {offset, region, count, 0};

	if (!post(c, (struct header){.command = REGION_READ, .size = sizeof(struct header) + 16}, &a, 16, -1) || hear(c, &a, sizeof a))
		die("a read");
	return a.data;
}

static void map(struct client *c, uint64_t offset, uint64_t address, uint64_t size, int fd)
{
	uint64_t m[4] = {32 | 3ull << 32, offset, address, size};

	ask(c, DMA_MAP, m, sizeof m, fd);
}

static void meet(struct client *c, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	uint16_t version[2] = {0, 1};

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0)
		die(path);
	if (ask(c, VERSION, version, sizeof version, -1))
		die("version");
	c->memory_fd = memfd_create("guest", 0);
	if (c->memory_fd < 0 || ftruncate(c->memory_fd, MEMORY) < 0)
		die("memory");
	c->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, c->memory_fd, 0);
	if (c->memory == MAP_FAILED)
		die("memory");
	map(c, 0, 0, MEMORY, c->memory_fd);
	map(c, 0, 1ull << 32, MEMORY, -1);
	c->vendor = (uint16_t)get(c, VFIO_PCI_CONFIG_REGION_INDEX, PCI_VENDOR_ID, 2);
	c->bar = c->vendor == 0x10ec ? 2 : 0;
	c->bar_size = c->vendor == 0x8086 ? 0x20000 : c->vendor == 0x10ec ? 256 : 0x604;
	put(c, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
}

/* what makes a NIC run: its rings at 64 KiB (what it sends) and 128 KiB (what it receives), of 256 descriptors */
struct setting {
	uint32_t offset, count, value;
};
static const struct setting nvidia[] = {
	{0x144, 4, 0xc02210}, {0x144, 4, 0xc02200}, {0x100, 4, 0x10000}, {0x104, 4, 0x20000}, {0x148, 4, 0}, {0x14c, 4, 0}, {0x108, 4, 0xff00ff},
	{0x090, 4, 0x3fff}, {0x08c, 4, 0x7f00a0}, {0x084, 4, 1}, {0x094, 4, 1}, {0x004, 4, 0xdf}, {0x00c, 4, 13}, {0x008, 4, 3},
	{0x144, 4, 0xc026c1}, {0x030, 4, 1}, {0, 0, 0},
};
static const struct setting realtek[] = {
	{0x37, 1, 0x10}, {0x20, 4, 0x10000}, {0x24, 4, 0}, {0xe4, 4, 0x20000}, {0xe8, 4, 0}, {0xda, 2, 0x4000}, {0xe0, 2, 0x60}, {0x37, 1, 0x0c},
	{0x44, 4, 0x0f}, {0x3c, 2, 0xffff}, {0x38, 1, 0x40}, {0x10, 4, 0x30008}, {0, 0, 0},
};
static const struct setting intel[] = {
	{0x00898, 4, 0x40000030}, {0x01000, 4, 0x20000}, {0x01004, 4, 0}, {0x01008, 4, 0x1000}, {0x01010, 4, 0}, {0x01014, 4, 0x02000002},
	{0x01028, 4, 0x42000000}, {0x01018, 4, 255}, {0x06000, 4, 0x10000}, {0x06004, 4, 0}, {0x06008, 4, 0x1000}, {0x06010, 4, 0},
	{0x06028, 4, 0x02000000}, {0x04a80, 4, 1}, {0x05080, 4, 0x700}, {0x03000, 4, 1}, {0x00900, 4, 0x8180}, {0x00aa0, 4, ~0u},
	{0x05818, 4, 0xff0001}, {0x06018, 4, 255}, {0, 0, 0},
};

static void settle(struct client *c)
{
	for (const struct setting *s = c->vendor == 0x8086 ? intel : c->vendor == 0x10ec ? realtek : nvidia; s->count; s++)
		put(c, c->bar, s->offset, s->count, s->value);
}

/* fill - descriptors and what they point to; mostly such as make sense */
static void fill(struct client *c)
{
	static const uint32_t lengths[] = {0, 1, 13, 14, 59, 60, 1513, 1514, 9000, 16383, 65535};

	for (uint32_t i = 0; i < 512; i++) {
		uint32_t *d = (uint32_t *)(void *)(c->memory + 0x10000 + i * 16 + (i >= 256 ? 0x10000 - 4096 : 0));
		uint32_t at = any(8) ? any(MEMORY - 65536) & ~15u : any(0), length = lengths[any(sizeof lengths / sizeof *lengths)];
		uint32_t bits = any(4) ? 0xf0000000u : any(0);

		if (c->vendor == 0x8086) {
			d[0] = at;
			d[1] = any(50) ? 0 : any(0);
			d[2] = (length & 0xffff) | (any(6) ? 0x2b300000u : any(0));
			d[3] = any(0);
		} else if (c->vendor == 0x10ec) {
			d[0] = bits | (i % 256 == 255 ? 1u << 30 : 0) | (length & 0xffff);
			d[1] = any(3) ? 0 : any(0);
			d[2] = at;
			d[3] = any(50) ? 0 : 1;
		} else {
			d[0] = any(50) ? 0 : any(0);
			d[1] = at;
			d[2] = any(0);
			d[3] = (any(4) ? 0xa0000000u : any(0)) | (length & 0x3fff);
		}
	}
	for (uint32_t i = 0; i < 64; i++)
		c->memory[any(MEMORY)] = (uint8_t)any(0);
	for (uint32_t i = 0; i < 64; i++) { /* headers of what might be segmented */
		static const uint8_t tcp[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
					      0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18};
		uint8_t *at = c->memory + (any(MEMORY - 65536) & ~15u);

		memcpy(at, tcp, sizeof tcp);
		at[16] = (uint8_t)any(256);
		at[any(60)] ^= (uint8_t)any(4);
	}
}

static void registers(struct client *c)
{
	const struct setting *s = c->vendor == 0x8086 ? intel : c->vendor == 0x10ec ? realtek : nvidia;
	uint32_t n = 0, size = 1u << any(3), offset;

	while (s[n].count)
		n++;
	if (any(3)) {
		s += any(n);
		put(c, c->bar, s->offset, s->count, any(3) ? s->value : any(0));
		return;
	}
	offset = any(c->bar_size) & ~(size - 1);
	if (any(2))
		put(c, c->bar, offset, size, any(0));
	else
		get(c, c->bar, offset, size);
}

/* odd - whole messages that mean nothing good; each has to be answered */
static void odd(struct client *c)
{
	uint64_t junk[8];
	struct vfio_irq_set irq = {.argsz = sizeof irq, .flags = any(64), .index = any(8), .start = any(3) ? any(70) : any(0), .count = any(3) ? any(70) : any(0)};
	uint32_t length = any(sizeof junk + 1);
	uint16_t command = (uint16_t)any(20);
	int event;

	for (unsigned int i = 0; i < 8; i++)
		junk[i] = any(2) ? any(0) | (uint64_t)any(0) << 32 : any(9000);
	switch (any(6)) {
	case 0: ask(c, SET_IRQS, &irq, sizeof irq, -1); break;
	case 1:
		event = eventfd(0, 0);
		ask(c, SET_IRQS, &irq, sizeof irq, event);
		close(event);
		break;
	case 2: ask(c, DMA_MAP, junk, 32, any(2) ? c->memory_fd : -1); break;
	case 3: map(c, any(8) * 4096, (uint64_t)any(0) << any(33), any(3) ? 4096 : any(0), c->memory_fd); break;
	case 4:
		if (command != VERSION)
			ask(c, command, junk, length, -1);
		break;
	default: put(c, VFIO_PCI_CONFIG_REGION_INDEX, any(256), 1, any(256)); break;
	}
	put(c, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
}

static bool alive(struct client *c)
{
	uint32_t info[4] = {sizeof info};

	return ask(c, GET_INFO, info, sizeof info, -1) == 0;
}

int main(int argc, char **argv)
{
	struct client c[2] = {{.fd = -1}, {.fd = -1}};
	struct header bad = {.command = GET_INFO, .size = 3};
	time_t end;
	uint64_t rounds = 0;

	if (argc < 4)
		return 2;
	seed = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) | 1 : 1;
	end = time(NULL) + atoi(argv[3]);
	for (int i = 0; i < 2; i++)
		meet(&c[i], argv[1 + i]);
	for (; time(NULL) < end; rounds++) {
		struct client *one = &c[any(2)];

		if (!any(20))
			ask(one, RESET, NULL, 0, -1);
		if (!any(4))
			settle(one);
		if (!any(3))
			fill(one);
		for (uint32_t i = any(30); i; i--)
			registers(one);
		if (!any(3))
			odd(one);
		if (!alive(&c[0]) || !alive(&c[1])) {
			fprintf(stderr, "nic-hostile: no answer after round %llu\n", (unsigned long long)rounds);
			return 1;
		}
	}
	/* what breaks the protocol ends the connection, and both of them the model */
	post(&c[0], bad, NULL, 0, -1);
	bad = (struct header){.command = REGION_WRITE, .size = 0xffffffff};
	post(&c[1], bad, NULL, 0, -1);
	for (int i = 0; i < 2; i++)
		if (hear(&c[i], &bad, sizeof bad) != -1) {
			fprintf(stderr, "nic-hostile: a message of a wrong length was answered\n");
			return 1;
		}
	printf("%llu rounds\n", (unsigned long long)rounds);
	return 0;
}
