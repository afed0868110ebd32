/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - attacks by what is sent to the control socket. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

union message {
	struct nm_wire w;
	uint64_t align;
	uint8_t bytes[NM_WIRE_MAX + 4096];
};

static int
connect_bare(const struct bed *b)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval t = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", b->path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	if (fd >= 0 && connect(fd, (void *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Sends, with nfds copies of a descriptor; true when the engine answers or hangs up, false when it does neither. */
static bool
exchange(int fd, const union message *m, size_t len, unsigned nfds)
{
	union { char buf[CMSG_SPACE(253 * sizeof(int))]; struct cmsghdr align; } ctl = {{0}};
	static union message answer;
	struct iovec v = {(void *)(uintptr_t)m->bytes, len};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1};
	int null = -1;
	unsigned i;
	bool ok;

	if (nfds) {
		struct cmsghdr *c = &ctl.align;

		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		h.msg_control = ctl.buf;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(nfds * sizeof(int))};
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &null, sizeof(int));
	}
	ok = sendmsg(fd, &h, MSG_NOSIGNAL) >= 0 || errno == EPIPE || errno == ECONNRESET;
	if (null >= 0)
		close(null);
	return ok && (recv(fd, &answer, sizeof(answer), 0) >= 0 || errno == ECONNRESET);
}

struct body {
	struct nm_wire w;
	struct nmreq_header h;
	uint8_t rest[4096];
};

/* A header that fits, and a body of `size` bytes that is left to the caller. */
static size_t
begin(union message *m, uint16_t type, const char *name, size_t size)
{
	struct body *b = (void *)m->bytes;

	memset(b, 0, sizeof(*b));
	b->w = (struct nm_wire){.magic = NM_WIRE_MAGIC, .op = NM_WIRE_CTRL, .len = (uint32_t)(sizeof(b->w) + sizeof(b->h) + size)};
	b->h = (struct nmreq_header){.nr_version = NETMAP_API, .nr_reqtype = type};
	snprintf(b->h.nr_name, sizeof(b->h.nr_name), "%s", name);
	return b->w.len;
}

static uint32_t
extreme(void)
{
	static const uint32_t values[] = {0, 1, 2, 15, 16, 17, 255, 256, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 0x7fffffff,
	    0x80000000u, 0xfffffffe, 0xffffffff};

	return values[bed_random(sizeof(values) / sizeof(values[0]))];
}

/* REGISTER with extreme values in each field; whatever is granted must fit what may be granted. */
enum verdict
numbers_in_requests_are_bounded(struct bed *b, struct pair *witness)
{
	static const char *const names[] = {"vale0:n", "none", "vale0:n{1", "q{1", "q}1"};
	static union message m;
	uint64_t end = bed_now_ms() + attack_seconds * 1000ull;
	unsigned round;
	int fd, line;

	for (round = 0; round < 200 || bed_now_ms() < end; round++) {
		struct nmreq_register r = {
			.nr_tx_slots = extreme(), .nr_rx_slots = extreme(), .nr_tx_rings = (uint16_t)extreme(), .nr_rx_rings = (uint16_t)extreme(),
			.nr_host_tx_rings = (uint16_t)extreme(), .nr_host_rx_rings = (uint16_t)extreme(), .nr_mem_id = bed_random(2) ? 0 : (uint16_t)extreme(),
			.nr_ringid = bed_random(2) ? 0 : (uint16_t)extreme(), .nr_mode = bed_random(10), .nr_extra_bufs = extreme(),
			.nr_flags = bed_random(4) ? 0 : (uint64_t)extreme() << bed_random(33),
		};
		size_t len = begin(&m, NETMAP_REQ_REGISTER, names[bed_random(5)], sizeof(r));

		memcpy(((struct body *)(void *)m.bytes)->rest, &r, sizeof(r));
		fd = connect_bare(b);
		CHECK(fd >= 0, "round %u: no connection", round);
		CHECK(exchange(fd, &m, len, 0), "round %u: neither an answer nor a hang-up", round);
		/* again on the same descriptor: it is registered, or it is not */
		CHECK(exchange(fd, &m, len, 0), "round %u: neither an answer nor a hang-up at the second time", round);
		close(fd);
		line = pair_move(witness, 20);
		CHECK(!line, "round %u: the witness was hurt (bed.c:%d)", round, line);
	}
	return OK;
}

/* Something that looks like a message the more the higher `likeness` is. */
static size_t
invent(union message *m, unsigned likeness)
{
	size_t len = bed_random(bed_random(8) ? 600 : NM_WIRE_MAX + 4096), i;
	struct body *b = (void *)m->bytes;

	for (i = 0; i < len; i++)
		m->bytes[i] = (uint8_t)random();
	if (likeness > 0 && len >= sizeof(b->w)) {
		b->w.magic = NM_WIRE_MAGIC;
		b->w.op = bed_random(6);
		b->w.arg = bed_random(3);
		b->w.nopts = bed_random(4) ? bed_random(4) : extreme();
	}
	if (likeness > 1 && len >= sizeof(b->w))
		b->w.len = (uint32_t)len;
	if (likeness > 2 && len >= sizeof(b->w) + sizeof(b->h)) {
		b->h.nr_version = bed_random(8) ? NETMAP_API : (uint16_t)extreme();
		b->h.nr_reserved = 0;
		b->h.nr_reqtype = bed_random(4) ? (uint16_t)bed_random(24) : (uint16_t)(0x1000 + bed_random(12));
		if (bed_random(4))
			snprintf(b->h.nr_name, sizeof(b->h.nr_name), "vale%u:%u", bed_random(20), bed_random(4));
	}
	return len;
}

enum verdict
random_messages(struct bed *b, struct pair *witness)
{
	static union message m;
	uint64_t end = bed_now_ms() + attack_seconds * 1000ull;
	unsigned round, k;
	int fd, line;

	for (round = 0; round < 200 || bed_now_ms() < end; round++) {
		fd = connect_bare(b);
		CHECK(fd >= 0, "round %u: no connection", round);
		for (k = 0; k < 8; k++) {
			size_t len = invent(&m, bed_random(4));

			CHECK(exchange(fd, &m, len ? len : 1, 0), "round %u: neither an answer nor a hang-up", round);
		}
		close(fd);
		line = pair_move(witness, 20);
		CHECK(!line, "round %u: the witness was hurt (bed.c:%d)", round, line);
	}
	return OK;
}

/* Each request of the table at each length up to its own, with the length said as it is and as it should be. */
enum verdict
truncated_messages(struct bed *b, struct pair *witness)
{
	static const struct { uint16_t type; size_t size; } requests[] = {
		{NETMAP_REQ_REGISTER, sizeof(struct nmreq_register)}, {NETMAP_REQ_PORT_INFO_GET, sizeof(struct nmreq_port_info_get)},
		{NETMAP_REQ_VALE_LIST, sizeof(struct nmreq_vale_list)}, {NETMAP_REQ_STATS_GET, sizeof(struct nmreq_stats)},
		{NETMAP_REQ_PORT_ACCESS, sizeof(struct nmreq_access)}, {NETMAP_REQ_ERROR_GET, sizeof(struct nmreq_error)},
	};
	static union message m;
	unsigned i, claim;
	size_t full, len;
	int fd, line;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (claim = 0; claim < 2; claim++)
			for (len = 1, full = begin(&m, requests[i].type, "vale0:t", requests[i].size); len < full; len += len < 150 ? 1 : 13) {
				m.w.len = (uint32_t)(claim ? full : len);
				fd = connect_bare(b);
				CHECK(fd >= 0, "no connection");
				CHECK(exchange(fd, &m, len, 0), "request %u, %zu of %zu bytes: neither an answer nor a hang-up", requests[i].type, len, full);
				close(fd);
			}
	line = pair_move(witness, 1000);
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	return OK;
}

/* Descriptors that come along are not kept, with good messages and with bad ones. */
enum verdict
descriptors_in_messages(struct bed *b, struct pair *witness)
{
	static union message m;
	struct holdings before;
	char what[200];
	unsigned round;
	size_t len;
	int fd, line;

	fd = connect_bare(b);
	CHECK(fd >= 0, "no connection");
	CHECK(!bed_count(b, &before), "nothing to count");
	before.vm_kib = before.rss_kib = 1ul << 40;
	before.maps = 1u << 30;
	for (round = 0; round < 200; round++) {
		len = begin(&m, NETMAP_REQ_PORT_LIST, "", sizeof(struct nmreq_port_list));
		CHECK(exchange(fd, &m, len, 1 + bed_random(250)), "round %u: neither an answer nor a hang-up", round);
	}
	CHECK(bed_settled(b, &before, what), "descriptors were kept: %s", what);
	close(fd);
	for (round = 0; round < 200; round++) {
		fd = connect_bare(b);
		CHECK(fd >= 0, "no connection");
		len = invent(&m, bed_random(3));
		CHECK(exchange(fd, &m, len ? len : 1, 1 + bed_random(250)), "round %u: neither an answer nor a hang-up", round);
		close(fd);
	}
	line = pair_move(witness, 1000);
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	return OK;
}
