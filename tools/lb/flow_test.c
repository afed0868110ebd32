/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_test.c - which frames are of one conversation, as a table; and that conversations spread evenly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "flow.h"

/* A frame as hex digits; blanks are for the reader. Nothing can be read behind its end. */
static uint32_t
hash_of(const char *hex, uint32_t cut)
{
	static uint8_t *end; /* of a page, behind which there is none */
	long page = sysconf(_SC_PAGESIZE);
	uint8_t bytes[256];
	uint32_t n = 0;
	unsigned b;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &b), 1);
		bytes[n++] = (uint8_t)b;
		hex++;
	}
	if (cut < n)
		n = cut;
	if (!end) {
		end = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(end, MAP_FAILED);
		end += page;
		assert_int_equal(mprotect(end, (size_t)page, PROT_NONE), 0);
	}
	memcpy(end - n, bytes, n);
	return flow_hash(end - n, n);
}

#define MAC_AB "020000000001 020000000002 "
#define MAC_BA "020000000002 020000000001 "
#define V4(proto, frag) "4500 0030 0000 " frag " 40 " proto " 0000 "
#define A4 "0a000001 "
#define B4 "0a000002 "
#define C4 "0a000003 "
#define V6(next) "60000000 0020 " next " 40 "
#define A6 "20010db8000000000000000000000001 "
#define B6 "20010db8000000000000000000000002 "
#define P1 "04d2 "
#define P2 "0050 "
#define REST "00000000 00000000 00000000"

/* The first of each entry is what the second is compared to. */
static const struct {
	const char *what, *a, *b;
	int same;
} t[] = {
	{"TCP, both directions", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST, MAC_BA "0800" V4("06", "0000") B4 A4 P2 P1 REST, 1},
	{"UDP, both directions", MAC_AB "0800" V4("11", "4000") A4 B4 P1 P2 REST, MAC_BA "0800" V4("11", "0000") B4 A4 P2 P1 REST, 1},
	{"SCTP, both directions", MAC_AB "0800" V4("84", "0000") A4 B4 P1 P2 REST, MAC_BA "0800" V4("84", "0000") B4 A4 P2 P1 REST, 1},
	{"other MAC addresses (a router in between)", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST,
	    "0a0000000001 0a0000000009 0800" V4("06", "0000") A4 B4 P1 P2 REST, 1},
	{"another address", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST, MAC_AB "0800" V4("06", "0000") A4 C4 P1 P2 REST, 0},
	{"another port", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST, MAC_AB "0800" V4("06", "0000") A4 B4 P1 "0051" REST, 0},
	{"the ports exchanged, not the addresses", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST,
	    MAC_AB "0800" V4("06", "0000") A4 B4 P2 P1 REST, 0},
	{"another protocol", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST, MAC_AB "0800" V4("11", "0000") A4 B4 P1 P2 REST, 0},
	{"one host talks to itself", MAC_AB "0800" V4("06", "0000") A4 A4 P1 P2 REST, MAC_AB "0800" V4("06", "0000") A4 A4 P2 P1 REST, 1},
	{"ICMP, both directions", MAC_AB "0800" V4("01", "0000") A4 B4 "0800 1234" REST, MAC_BA "0800" V4("01", "0000") B4 A4 "0000 4321" REST, 1},
	{"a VLAN tag", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST, MAC_AB "8100 0005 0800" V4("06", "0000") A4 B4 P1 P2 REST, 1},
	{"two tags", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST,
	    MAC_BA "88a8 0007 8100 2005 0800" V4("06", "0000") B4 A4 P2 P1 REST, 1},
	{"IPv4 options", MAC_AB "0800" V4("06", "0000") A4 B4 P1 P2 REST,
	    MAC_AB "0800 4600 0030 0000 0000 40 06 0000" A4 B4 "01010101" P1 P2 REST, 1},
	{"first fragment and next, whose data are no ports", MAC_AB "0800" V4("11", "2000") A4 B4 P1 P2 REST,
	    MAC_AB "0800" V4("11", "0010") A4 B4 "dead beef" REST, 1},
	{"fragments, both directions", MAC_AB "0800" V4("11", "2000") A4 B4 P1 P2 REST, MAC_BA "0800" V4("11", "2010") B4 A4 P2 P1 REST, 1},
	{"a fragment and a whole packet", MAC_AB "0800" V4("11", "2000") A4 B4 P1 P2 REST, MAC_AB "0800" V4("11", "0000") A4 B4 P1 P2 REST, 0},
	{"tunnels by their outside: GRE", MAC_AB "0800" V4("2f", "0000") A4 B4 "0000 0800" V4("06", "0000") A4 C4 P1 P2 REST,
	    MAC_BA "0800" V4("2f", "0000") B4 A4 "0000 0800" V4("06", "0000") C4 B4 P1 P1 REST, 1},
	{"tunnels by their outside: IPv4 in IPv4", MAC_AB "0800" V4("04", "0000") A4 B4 V4("06", "0000") A4 C4 P1 P2 REST,
	    MAC_AB "0800" V4("04", "0000") A4 B4 V4("11", "0000") C4 C4 P2 P2 REST, 1},
	{"IPv6 TCP, both directions", MAC_AB "86dd" V6("06") A6 B6 P1 P2 REST, MAC_BA "86dd" V6("06") B6 A6 P2 P1 REST, 1},
	{"IPv6, another port", MAC_AB "86dd" V6("06") A6 B6 P1 P2 REST, MAC_AB "86dd" V6("06") A6 B6 P1 "0051" REST, 0},
	{"IPv6, another flow label and hop limit", MAC_AB "86dd" V6("11") A6 B6 P1 P2 REST, MAC_AB "86dd 600abcde 0020 11 01" A6 B6 P1 P2 REST, 1},
	{"IPv6 with hop-by-hop and destination options", MAC_AB "86dd" V6("06") A6 B6 P1 P2 REST,
	    MAC_AB "86dd" V6("00") A6 B6 "3c00 0000 0000 0000 0601 0000 0000 0000 0000 0000 0000 0000" P1 P2 REST, 1},
	{"IPv6 with an authentication header", MAC_AB "86dd" V6("06") A6 B6 P1 P2 REST,
	    MAC_AB "86dd" V6("33") A6 B6 "0604 0000 00000001 00000001 00000000 00000000 00000000" P1 P2 REST, 1},
	{"IPv6 fragments", MAC_AB "86dd" V6("2c") A6 B6 "1100 0001 00000007" P1 P2 REST,
	    MAC_AB "86dd" V6("2c") A6 B6 "1100 0510 00000007" "dead beef" REST, 1},
	{"an IPv6 fragment header of a whole packet", MAC_AB "86dd" V6("11") A6 B6 P1 P2 REST,
	    MAC_AB "86dd" V6("2c") A6 B6 "1100 0000 00000007" P1 P2 REST, 1},
	{"ARP, question and answer", "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001" A4 "000000000000" B4,
	    MAC_AB "0806 0001 0800 0604 0002 020000000002" B4 "020000000001" A4, 1},
	{"ARP for another host", "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001" A4 "000000000000" B4,
	    "ffffffffffff 020000000001 0806 0001 0800 0604 0001 020000000001" A4 "000000000000" C4, 0},
	{"neither IP nor ARP, both directions", MAC_AB "88cc 0102", MAC_BA "88cc 0909", 1},
	{"another type", MAC_AB "88cc 0102", MAC_AB "88b5 0102", 0},
	{"IPv4 that is none", MAC_AB "0800" "5500 0030 0000 0000 4006 0000" A4 B4, MAC_BA "0800" "5500 0030 0000 0000 4006 0000" A4 C4, 1},
};

static void
both_directions_are_one_flow(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if ((hash_of(t[i].a, 256) == hash_of(t[i].b, 256)) != t[i].same)
			fail_msg("%s: taken for %s", t[i].what, t[i].same ? "two flows" : "one flow");
}

/* Whatever is cut off, nothing beyond is read, and both directions still agree. */
static void
cut_frames_are_read_as_far_as_they_go(void **state)
{
	uint32_t cut;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (cut = 0; cut < 100; cut++) {
			hash_of(t[i].a, cut);
			hash_of(t[i].b, cut);
		}
	for (cut = 0; cut < 60; cut++)
		assert_int_equal(hash_of(t[0].a, cut), hash_of(t[0].b, cut));
	for (cut = 0; cut < 80; cut++)
		assert_int_equal(hash_of(t[18].a, cut), hash_of(t[18].b, cut));
}

static void
flows_spread_evenly(void **state)
{
	static const uint32_t numbers[] = {2, 3, 5, 16, 64};
	uint8_t f[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 1};
	uint32_t got[64], i, k, flows = 64000;

	(void)state;
	for (k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		memset(got, 0, sizeof(got));
		for (i = 0; i < flows; i++) {
			f[29] = (uint8_t)i; /* neighbours: one bit apart, as real addresses and ports are */
			f[34] = (uint8_t)(i >> 8);
			f[35] = (uint8_t)(i >> 3);
			got[flow_choose(flow_hash(f, sizeof(f)), numbers[k])]++;
		}
		for (i = 0; i < numbers[k]; i++)
			assert_in_range(got[i], flows / numbers[k] * 8 / 10, flows / numbers[k] * 12 / 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(cut_frames_are_read_as_far_as_they_go),
		cmocka_unit_test(flows_spread_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
