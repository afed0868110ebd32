/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on interfaces, in a network namespace of its own:
 *
 *   client - engine - v0 ===== v1 (192.0.2.1) - host's sockets
 *   client - engine - t0 (TAP) - host's sockets
 */
#include "raw_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#define TRIES 500

static char path[64];
static pid_t engine;
static bool allowed;

static void
run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static int
setup(void **state)
{
	(void)state;
	allowed = !unshare(CLONE_NEWNET);
	if (allowed && system("ip link add v0 type veth peer name v1 2>/dev/null"))
		allowed = false; /* a system without such interfaces */
	if (!allowed)
		return 0;
	(void)!system("echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6");
	if (system("ip link set v0 up && ip link set v1 up && ip addr add 192.0.2.1/24 dev v1 && "
	    "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v1"))
		return -1;
	engine = raw_engine_start(path);
	return engine > 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	int status;

	(void)state;
	if (!allowed)
		return 0;
	status = raw_engine_stop(engine, path);
	(void)!system("ip link del v0 2>/dev/null; ip link del t0 2>/dev/null");
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static void
open_port(struct raw_client *c, const char *name)
{
	if (!allowed)
		skip();
	assert_int_equal(raw_connect(c, path), 0);
	assert_int_equal(raw_register(c, name, 0), 0);
}

static int
host_socket(const char *ifname)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&a, sizeof(a)), 0);
	return fd;
}

/* A frame of the local experimental type with a number in it. */
static void
make_frame(uint8_t *f, uint32_t len, uint32_t number)
{
	memset(f, 0, len);
	memset(f, 0xff, 6);
	f[6] = 2;
	f[12] = 0x88;
	f[13] = 0xb5;
	memcpy(f + 14, &number, sizeof(number));
}

/* The next frame at the client of this type, whatever else is on the wire. */
static const uint8_t *
take_type(struct raw_client *c, uint16_t type, uint16_t *len)
{
	const uint8_t *f;
	int i;

	for (i = 0; i < TRIES; i++) {
		while ((f = raw_take(c, len)))
			if (*len >= 14 && (f[12] << 8 | f[13]) == type)
				return f;
		raw_release(c);
		poll(NULL, 0, 2);
	}
	return NULL;
}

static void
host_gets(int fd, uint32_t number, uint32_t want_len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[4096];
	ssize_t n;
	int i;

	for (i = 0; i < TRIES && poll(&p, 1, 2000) == 1; i++) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n >= 18 && buf[12] == 0x88 && buf[13] == 0xb5 && !memcmp(buf + 14, &number, 4)) {
			assert_int_equal(n, want_len);
			return;
		}
	}
	fail_msg("frame %u did not arrive", number);
}

static void
both_ways(const char *port, const char *host)
{
	struct raw_client c;
	uint8_t f[1514];
	const uint8_t *got;
	uint32_t i, number;
	uint16_t len;
	int fd;

	open_port(&c, port);
	fd = host_socket(host);
	for (i = 1; i <= 1000; i++) {
		make_frame(f, i % 2 ? 60 : 1514, i);
		assert_true(raw_put(&c, f, i % 2 ? 60 : 1514));
		assert_int_equal(raw_txsync(&c), 0);
		host_gets(fd, i, i % 2 ? 60 : 1514);
	}
	for (i = 5000; i < 6000; i++) {
		make_frame(f, 100, i);
		assert_int_equal(send(fd, f, 100, 0), 100);
		got = take_type(&c, 0x88b5, &len);
		assert_non_null(got);
		memcpy(&number, got + 14, sizeof(number));
		assert_int_equal(number, i);
		assert_int_equal(len, 100);
		raw_release(&c);
	}
	close(fd);
	raw_close(&c);
}

static void
frames_pass_an_interface(void **state)
{
	(void)state;
	both_ways("v0", "v1");
}

static void
frames_pass_a_tap(void **state)
{
	(void)state;
	if (!allowed)
		skip();
	if (access("/dev/net/tun", R_OK | W_OK))
		skip();
	run("ip tuntap add t0 mode tap && ip link set t0 up");
	both_ways("t0", "t0");
}

/* Each between two that are right, so that the batch before it ends there and it is looked at twice. */
static void
a_slot_out_of_rule_is_never_sent(void **state)
{
	static const struct { uint32_t idx; uint16_t len, flags; } bad[] = {
		{0, 60, NS_INDIRECT}, {1, 60, 0}, {0x80000000u, 60, 0}, {0, 65535, 0}, {0, 13, 0},
	};
	struct raw_client c;
	uint8_t f[60], got[4096];
	struct pollfd p;
	uint32_t number = 1;
	unsigned i, k;
	ssize_t n;

	(void)state;
	open_port(&c, "v0");
	p = (struct pollfd){.fd = host_socket("v1"), .events = POLLIN};
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct netmap_slot *s = NULL;

		for (k = 0; k < 3; k++) {
			if (k == 1)
				s = &c.tx->slot[c.tx->head];
			make_frame(f, 60, number + k);
			assert_true(raw_put(&c, f, 60));
		}
		if (bad[i].idx)
			s->buf_idx = bad[i].idx;
		s->len = bad[i].len;
		s->flags = bad[i].flags;
		assert_int_equal(raw_txsync(&c), 0);
		for (k = 0; k < 3; k += 2) {
			do {
				assert_int_equal(poll(&p, 1, 5000), 1);
				n = recv(p.fd, got, sizeof(got), 0);
			} while (n < 18 || got[12] != 0x88 || got[13] != 0xb5);
			assert_memory_equal(got + 14, &(uint32_t){number + k}, 4);
		}
		number += 3;
	}
	close(p.fd);
	raw_close(&c);
}

/* Nothing that the client sent comes back to it, nor what the host sends out on the same interface. */
static void
own_frames_do_not_return(void **state)
{
	struct raw_client c;
	uint8_t f[60];
	uint16_t len;
	int fd, fd0;

	(void)state;
	open_port(&c, "v0");
	fd = host_socket("v1");
	fd0 = host_socket("v0");
	make_frame(f, 60, 1);
	assert_true(raw_put(&c, f, 60));
	assert_int_equal(raw_txsync(&c), 0);
	host_gets(fd, 1, 60);
	assert_int_equal(send(fd0, f, 60, 0), 60);
	make_frame(f, 60, 7);
	assert_int_equal(send(fd, f, 60, 0), 60);
	assert_int_equal(take_type(&c, 0x88b5, &len)[14], 7);
	close(fd);
	close(fd0);
	raw_close(&c);
}

static void
vlan_tags_are_kept(void **state)
{
	struct raw_client c;
	uint8_t f[64];
	const uint8_t *got;
	uint16_t len;
	int fd;

	(void)state;
	open_port(&c, "v0");
	fd = host_socket("v1");
	make_frame(f, 64, 3);
	memcpy(f + 12, "\x81\x00\x60\x2a\x88\xb5", 6);
	assert_int_equal(send(fd, f, 64, 0), 64);
	got = take_type(&c, 0x8100, &len);
	assert_non_null(got);
	assert_int_equal(len, 64);
	assert_memory_equal(got, f, 18);
	close(fd);
	raw_close(&c);
}

static uint16_t
fold(const uint8_t *p, uint32_t len, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The host leaves UDP sums to its interface; here they are done when the frame is handed over. */
static void
checksums_are_completed(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0xc0000202)};
	struct raw_client c;
	const uint8_t *got;
	uint32_t udp_len;
	uint16_t len;
	int fd;

	(void)state;
	open_port(&c, "v0");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(sendto(fd, "an odd number of bytes.", 23, 0, (void *)&to, sizeof(to)), 23);
	got = take_type(&c, 0x0800, &len);
	assert_non_null(got);
	assert_int_equal(got[23], IPPROTO_UDP);
	udp_len = (uint32_t)(got[38] << 8 | got[39]);
	assert_int_equal(udp_len, 31);
	assert_int_not_equal(got[40] << 8 | got[41], 0);
	assert_int_equal(fold(got + 34, udp_len, (uint32_t)fold(got + 26, 8, 0) + IPPROTO_UDP + udp_len), 0xffff);
	close(fd);
	raw_close(&c);
}

static void
a_receiver_sleeps_until_frames_come(void **state)
{
	struct raw_client c;
	struct pollfd p;
	uint8_t f[60];
	uint16_t len;
	int fd;

	(void)state;
	open_port(&c, "v0");
	fd = host_socket("v1");
	while (take_type(&c, 0x0806, &len)) /* what the link's coming up made */
		raw_release(&c);
	p = (struct pollfd){.fd = c.ready, .events = POLLIN};
	__atomic_store_n(&c.sync->sleep, NM_SLEEP_RX, __ATOMIC_SEQ_CST);
	assert_int_equal(poll(&p, 1, 50), 0);
	make_frame(f, 60, 1);
	assert_int_equal(send(fd, f, 60, 0), 60);
	assert_int_equal(poll(&p, 1, 5000), 1);
	close(fd);
	raw_close(&c);
}

/* A client that takes nothing: frames wait, then the system drops; the engine serves on afterwards, in order. */
static void
a_full_ring_recovers(void **state)
{
	struct raw_client c;
	uint32_t i, number, last = 0, got_n = 0;
	const uint8_t *got;
	uint8_t f[60];
	uint16_t len;
	int fd;

	(void)state;
	open_port(&c, "v0");
	fd = host_socket("v1");
	for (i = 1; i <= 5000; i++) {
		make_frame(f, 60, i);
		assert_int_equal(send(fd, f, 60, 0), 60);
	}
	for (i = 0; i < TRIES && last != 5000; i++) {
		got = take_type(&c, 0x88b5, &len);
		if (!got)
			break;
		memcpy(&number, got + 14, sizeof(number));
		assert_true(number > last);
		last = number;
		got_n++;
		while ((got = raw_take(&c, &len))) {
			memcpy(&number, got + 14, sizeof(number));
			if (len < 18 || got[12] != 0x88)
				continue;
			assert_true(number > last);
			last = number;
			got_n++;
		}
		raw_release(&c);
	}
	/* a full ring at the least; of the others the system may drop some where the engine is slow */
	assert_in_range(got_n, c.rx->num_slots - 1, 5000);
	close(fd);
	raw_close(&c);
}

static unsigned long
engine_ticks(void)
{
	char stat[64], buf[512];
	unsigned long u, k;
	int fd;

	snprintf(stat, sizeof(stat), "/proc/%d/stat", engine);
	fd = open(stat, O_RDONLY | O_CLOEXEC);
	buf[read(fd, buf, sizeof(buf) - 1)] = 0;
	close(fd);
	assert_int_equal(sscanf(strrchr(buf, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &k), 2);
	return u + k;
}

/* 50 Mbit/s: frames stay in the ring while the socket is full, nobody spins, and all of them leave in the end. */
static void
a_slow_interface_is_waited_for(void **state)
{
	const uint32_t total = 20000;
	struct raw_client c;
	uint8_t f[1514];
	uint32_t sent = 0, rounds;
	bool was_full = false;
	unsigned long ticks;

	(void)state;
	if (!allowed || system("tc qdisc add dev v0 root tbf rate 50mbit burst 64kb limit 200mb 2>/dev/null"))
		skip();
	open_port(&c, "v0");
	ticks = engine_ticks();
	for (rounds = 0; sent < total && rounds < 20 * TRIES; rounds++) {
		for (make_frame(f, 1514, sent); sent < total && raw_put(&c, f, 1514); make_frame(f, 1514, ++sent))
			;
		assert_int_equal(raw_txsync(&c), 0);
		was_full |= __atomic_load_n(&c.txs->ktoa.hwcur, __ATOMIC_ACQUIRE) != c.tx->head;
		poll(NULL, 0, 2);
	}
	assert_int_equal(sent, total);
	for (rounds = 0; rounds < 20 * TRIES && __atomic_load_n(&c.txs->ktoa.hwcur, __ATOMIC_ACQUIRE) != c.tx->head; rounds++)
		poll(NULL, 0, 2);
	assert_int_equal(c.txs->ktoa.hwcur, c.tx->head);
	assert_true(was_full);
	assert_in_range(engine_ticks() - ticks, 0, 150); /* of the 400 and more that the wire takes */
	raw_close(&c);
}

static void
a_removed_interface_is_reported(void **state)
{
	struct raw_client c;
	struct pollfd p;
	int i;

	(void)state;
	open_port(&c, "v0");
	run("ip link del v0");
	for (i = 0; i < TRIES && !__atomic_load_n(&c.sync->dead, __ATOMIC_ACQUIRE); i++)
		poll(NULL, 0, 10);
	assert_int_equal(c.sync->dead, 1);
	p = (struct pollfd){.fd = c.ready, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 10000), 1);
	raw_close(&c);
}

static void
attach(struct raw_client *c, const char *name)
{
	struct nmreq_vale_attach a = {.reg.nr_mode = NR_REG_ALL_NIC};

	if (!allowed)
		skip();
	assert_int_equal(raw_connect(c, path), 0);
	assert_int_equal(raw_request(c, NETMAP_REQ_VALE_ATTACH, name, &a, sizeof(a)), 0);
}

/* Both ways through the switch, more frames than the interface's ring has slots. */
static void
an_interface_joins_a_switch(void **state)
{
	struct nmreq_vale_detach d = {0};
	struct raw_client ctl, c;
	uint32_t i, number;
	const uint8_t *got;
	uint8_t f[1514];
	uint16_t len;
	int fd;

	(void)state;
	attach(&ctl, "vale0:v0");
	open_port(&c, "vale0:c");
	fd = host_socket("v1");
	for (i = 1; i <= 5000; i++) {
		make_frame(f, i % 2 ? 60 : 1514, i);
		assert_true(raw_put(&c, f, i % 2 ? 60 : 1514));
		assert_int_equal(raw_txsync(&c), 0);
		host_gets(fd, i, i % 2 ? 60 : 1514);
	}
	for (i = 10000; i < 15000; i++) {
		make_frame(f, 100, i);
		assert_int_equal(send(fd, f, 100, 0), 100);
		got = take_type(&c, 0x88b5, &len);
		assert_non_null(got);
		memcpy(&number, got + 14, sizeof(number));
		assert_int_equal(number, i);
		raw_release(&c);
	}
	assert_int_equal(raw_request(&ctl, NETMAP_REQ_VALE_DETACH, "vale0:v0", &d, sizeof(d)), 0);
	assert_int_equal(raw_request(&ctl, NETMAP_REQ_VALE_DETACH, "vale0:v0", &d, sizeof(d)), -ENXIO);
	close(fd);
	raw_close(&c);
	raw_close(&ctl);
}

/* Its port goes too, by itself; a new one of the name can be attached. */
static void
an_attached_interface_leaves(void **state)
{
	struct nmreq_vale_detach d = {0};
	struct raw_client ctl;
	int i, error = 0;

	(void)state;
	attach(&ctl, "vale0:v0");
	run("ip link del v0");
	for (i = 0; i < 20 * TRIES && error != -ENOENT; i++) {
		struct nmreq_vale_list l = {0};

		error = raw_request(&ctl, NETMAP_REQ_VALE_LIST, "", &l, sizeof(l));
		poll(NULL, 0, 2);
	}
	assert_int_equal(error, -ENOENT);
	raw_close(&ctl);
	run("ip link add v0 type veth peer name v1 && ip link set v0 up");
	attach(&ctl, "vale0:v0");
	assert_int_equal(raw_request(&ctl, NETMAP_REQ_VALE_DETACH, "vale0:v0", &d, sizeof(d)), 0);
	raw_close(&ctl);
}

/* An interface that is only down comes back, and nobody is told that it is gone. */
static void
an_interface_that_was_down_works_on(void **state)
{
	const uint8_t *got = NULL;
	struct raw_client c;
	uint8_t f[60];
	uint16_t len;
	int fd, i;

	(void)state;
	open_port(&c, "v0");
	run("ip link set v0 down && ip link set v0 up");
	fd = host_socket("v1");
	make_frame(f, 60, 1);
	for (i = 0; i < TRIES && !got; i++) {
		(void)!send(fd, f, 60, 0); /* the carrier may take a while */
		got = take_type(&c, 0x88b5, &len);
	}
	assert_non_null(got);
	assert_int_equal(c.sync->dead, 0);
	close(fd);
	raw_close(&c);
}

static void
absent_interfaces_are_refused(void **state)
{
	struct raw_client c;

	(void)state;
	if (!allowed)
		skip();
	assert_int_equal(raw_connect(&c, path), 0);
	assert_int_equal(raw_register(&c, "nosuchif0", 0), -ENXIO);
	raw_close(&c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_pass_an_interface),
		T(frames_pass_a_tap),
		T(a_slot_out_of_rule_is_never_sent),
		T(own_frames_do_not_return),
		T(vlan_tags_are_kept),
		T(checksums_are_completed),
		T(a_receiver_sleeps_until_frames_come),
		T(a_full_ring_recovers),
		T(a_slow_interface_is_waited_for),
		T(a_removed_interface_is_reported),
		T(an_interface_that_was_down_works_on),
		T(an_interface_joins_a_switch),
		T(an_attached_interface_leaves),
		T(absent_interfaces_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
