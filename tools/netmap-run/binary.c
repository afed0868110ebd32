/* SPDX-License-Identifier: BSD-2-Clause */
/* binary.c - reads the head of an ELF file or of a script; nothing in it is believed beyond the file's end. */
#include "binary.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

typedef ElfW(Ehdr) ehdr;
typedef ElfW(Phdr) phdr;

#define HEADERS_MAX 512 /* program headers; usual are a dozen */

static const unsigned char own_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
static const unsigned char own_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

/* 0, or -errno; -ENOEXEC at the end of the file. */
static int
read_at(int fd, void *to, size_t n, uint64_t at)
{
	ssize_t got;

	if (at > INT64_MAX)
		return -ENOEXEC;
	do
		got = pread(fd, to, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : (size_t)got < n ? -ENOEXEC : 0;
}

static int
read_loader(int fd, const phdr *p, struct binary *b)
{
	size_t n = p->p_filesz;
	int err;

	if (n < 2 || n > sizeof(b->by))
		return -ENOEXEC;
	err = read_at(fd, b->by, n, p->p_offset);
	b->by[n - 1] = '\0';
	return err;
}

static int
read_headers(int fd, const ehdr *e, struct binary *b)
{
	int err, i;
	phdr p;

	b->kind = BINARY_STATIC;
	if (e->e_phnum > HEADERS_MAX || (e->e_phnum > 0 && e->e_phentsize != sizeof(p)))
		return -ENOEXEC;
	for (i = 0; i < e->e_phnum; i++) {
		err = read_at(fd, &p, sizeof(p), e->e_phoff + (uint64_t)i * sizeof(p));
		if (err)
			return err;
		if (p.p_type == PT_INTERP) {
			b->kind = BINARY_DYNAMIC;
			return read_loader(fd, &p, b);
		}
	}
	return 0;
}

/* The machine this program was built for, from its own file. */
static int
own_machine(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;
	ehdr e;

	if (fd < 0)
		return -errno;
	err = read_at(fd, &e, sizeof(e), 0);
	close(fd);
	return err ? err : e.e_machine;
}

static int
read_elf(int fd, struct binary *b)
{
	bool own;
	ehdr e;
	int err, machine;

	err = read_at(fd, &e, sizeof(e), 0);
	if (err)
		return err;
	own = e.e_ident[EI_CLASS] == own_class && e.e_ident[EI_DATA] == own_order;
	b->bits = e.e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64;
	b->machine = e.e_machine; /* at the same place in both classes */
	if (e.e_ident[EI_DATA] != own_order)
		b->machine = __builtin_bswap16(b->machine);
	machine = own_machine();
	if (machine < 0)
		return machine;
	if (own && b->machine == machine)
		return read_headers(fd, &e, b);
	b->kind = BINARY_FOREIGN;
	return 0;
}

/* "#! INTERPRETER ARGUMENT" */
static int
read_script(const char *line, struct binary *b)
{
	const char *p = line + 2 + strspn(line + 2, " \t");
	size_t n = strcspn(p, " \t\n");

	b->kind = BINARY_SCRIPT;
	if (n == 0 || n >= sizeof(b->by))
		return -ENOEXEC;
	memcpy(b->by, p, n);
	b->by[n] = '\0';
	return 0;
}

int
binary_read(const char *path, struct binary *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	char head[256] = "";

	memset(b, 0, sizeof(*b));
	b->kind = BINARY_OTHER;
	if (fd < 0)
		return -errno;
	if (pread(fd, head, sizeof(head) - 1, 0) < 0)
		err = -errno;
	else if (memcmp(head, ELFMAG, SELFMAG) == 0)
		err = read_elf(fd, b);
	else if (memcmp(head, "#!", 2) == 0)
		err = read_script(head, b);
	close(fd);
	return err;
}
