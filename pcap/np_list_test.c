/* SPDX-License-Identifier: BSD-2-Clause */
/* np_list_test.c - devices: the system's first, then the engine's ports; and what a program asks the system of a name of ours. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "np_bed.h"

static int
position(const pcap_if_t *list, const char *name)
{
	int i;

	for (i = 0; list; list = list->next, i++)
		if (strcmp(list->name, name) == 0)
			return i;
	return -1;
}

static int
length(const pcap_if_t *list)
{
	int n;

	for (n = 0; list; list = list->next)
		n++;
	return n;
}

static void
no_engine_is_started_to_be_asked(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_if_t *list;

	(void)state;
	assert_int_equal(pcap_findalldevs(&list, err), 0);
	assert_int_equal(access(getenv("NETMAP_SOCKET"), F_OK), -1);
	assert_true(position(list, "lo") >= 0);
	pcap_freealldevs(list);
}

static void
ports_come_after_the_systems(void **state)
{
	pcap_t *p = bed_open("vale3:a", 100, 10, 0), *q = bed_open("netmap:two{1", 100, 10, 0);
	pcap_if_t *list, *theirs, *d;
	char err[PCAP_ERRBUF_SIZE];
	int n;

	(void)state;
	assert_int_equal(bed_system.pcap_findalldevs(&theirs, err), 0);
	assert_int_equal(pcap_findalldevs(&list, err), 0);
	n = length(theirs);
	assert_true(position(list, "vale3:a") >= n);
	assert_true(position(list, "netmap:two{1") >= n);
	assert_true(position(theirs, "vale3:a") < 0);
	for (d = list; d; d = d->next)
		if (strcmp(d->name, "vale3:a") == 0) {
			assert_non_null(d->description);
			assert_true(d->flags & PCAP_IF_UP && d->flags & PCAP_IF_RUNNING);
		}
	pcap_freealldevs(list);
	bed_system.pcap_freealldevs(theirs);
	pcap_freealldevs(NULL);
	pcap_close(p);
	pcap_close(q);
}

static void
a_port_has_no_network(void **state)
{
	bpf_u_int32 net = 1, mask = 1, theirs[2];
	char err[2][PCAP_ERRBUF_SIZE] = {"", ""};

	(void)state;
	assert_int_equal(pcap_lookupnet("vale0:x", &net, &mask, err[0]), 0);
	assert_int_equal(net, 0);
	assert_int_equal(mask, 0);
	assert_int_equal(pcap_lookupnet("lo", &net, &mask, err[0]), bed_system.pcap_lookupnet("lo", &theirs[0], &theirs[1], err[1]));
	assert_int_equal(net, theirs[0]);
	assert_int_equal(pcap_lookupnet("nosuch0", &net, &mask, err[0]), bed_system.pcap_lookupnet("nosuch0", &net, &mask, err[1]));
	assert_string_equal(err[0], err[1]);
}

static void
an_interface_that_the_system_does_not_know(void **state)
{
	struct ifreq a = {.ifr_name = "vale0:x"}, b = {.ifr_name = "vale0:y"}, lo = {.ifr_name = "lo"}, no = {.ifr_name = "nosuch0"};
	int s = socket(AF_INET, SOCK_DGRAM, 0), index;

	(void)state;
	assert_true(s >= 0);
	assert_int_equal(ioctl(s, SIOCGIFHWADDR, &a), 0);
	assert_int_equal(ioctl(s, SIOCGIFHWADDR, &b), 0);
	assert_int_equal(a.ifr_hwaddr.sa_family, ARPHRD_ETHER);
	assert_int_equal(a.ifr_hwaddr.sa_data[0] & 3, 2); /* locally administered, of one station */
	assert_memory_not_equal(a.ifr_hwaddr.sa_data, b.ifr_hwaddr.sa_data, 6);
	assert_int_equal(ioctl(s, SIOCGIFINDEX, &a), 0);
	assert_true(a.ifr_ifindex > 1 << 20);
	assert_int_equal(ioctl(s, SIOCGIFFLAGS, &a), 0);
	assert_true(a.ifr_flags & IFF_UP);
	assert_int_equal(ioctl(s, SIOCGIFMTU, &a), 0);
	assert_int_equal(a.ifr_mtu, 1500);
	assert_int_equal(ioctl(s, SIOCGIFADDR, &a), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_string_equal(a.ifr_name, "vale0:x");
	/* others are asked of the system */
	index = (int)if_nametoindex("lo");
	assert_int_equal(ioctl(s, SIOCGIFINDEX, &lo), 0);
	assert_int_equal(lo.ifr_ifindex, index);
	assert_int_equal(ioctl(s, SIOCGIFINDEX, &no), -1);
	assert_int_equal(errno, ENODEV);
	close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(no_engine_is_started_to_be_asked), T(ports_come_after_the_systems), T(a_port_has_no_network),
	    T(an_interface_that_the_system_does_not_know)};

	return cmocka_run_group_tests(tests, bed_setup, own_engine_teardown);
}
