/* SPDX-License-Identifier: BSD-2-Clause */
/* dev.h - /dev/netmap by bare system calls, so that a test can also say what the library never would. */
#ifndef DEV_H
#define DEV_H

#include <net/netmap.h>
#include <net/netmap_user.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One open descriptor. */
struct dev {
	int fd;
	char *mem;                    /* NULL: not mapped */
	size_t size, ofs;             /* of the region; of the netmap_if in it */
	struct netmap_ring *tx, *rx;  /* first rings, NULL when not bound */
};

/* All of these: 0 or -errno. */
int dev_open(struct dev *d);
int dev_request(int fd, uint16_t type, const char *name, void *body, void *opts);
/* NETMAP_REQ_REGISTER without mmap; *reg is what is asked for, and then what came. */
int dev_bind(struct dev *d, const char *name, struct nmreq_register *reg);
int dev_map(struct dev *d);
/* All three of them. On failure nothing is left open. */
int dev_register(struct dev *d, const char *name);
void dev_close(struct dev *d);

/* Puts a frame into the transmit ring, or takes one from the receive ring into buf; false when there is no room, or none. No sync. */
bool dev_put(struct dev *d, const void *frame, uint16_t len);
bool dev_take(struct dev *d, void *buf, uint16_t *len);
int dev_sync(struct dev *d, bool tx);

/* Counter of a port; UINT64_MAX when there is none to be had. */
uint64_t dev_stat(const char *port, int stat);
/* The reason of the last refusal, in a static buffer. */
const char *dev_reason(int fd);

/* Two ports that exchange numbered frames; each byte is looked at. 0 or the line that failed. */
struct dev_pair {
	struct dev a, b;
	uint32_t sent, got;
};
int dev_pair_open(struct dev_pair *p, const char *a, const char *b);
int dev_pair_move(struct dev_pair *p, uint32_t n);
void dev_pair_close(struct dev_pair *p);

uint64_t dev_now_ms(void);
/* Waits for a child; its status as of wait(2), or -1 when it did not end within `seconds`; then it is killed. */
int dev_reap(pid_t pid, unsigned seconds);

/* Ends the program with a message unless c. */
#define CHECK(c, ...) do { if (!(c)) dev_fail(__FILE__, __LINE__, #c, __VA_ARGS__); } while (0)
void dev_fail(const char *file, int line, const char *what, const char *fmt, ...) __attribute__((format(printf, 4, 5), noreturn));

#endif
