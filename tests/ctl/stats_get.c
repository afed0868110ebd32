/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include <libnetmap.h>

#define R NETMAP_REQ_STATS_GET

static uint64_t
get(int fd, const char *name, uint32_t scope, uint32_t index, int counter)
{
	struct nmreq_stats s = {.nr_scope = scope, .nr_index = index};

	ctl_expect(fd, R, name, &s, NULL, 0, NULL);
	ctl_equal(s.nr_count, NM_STAT_COUNT);
	return s.nr_counter[counter];
}

static void
errors(int fd)
{
	struct nmreq_stats s = {.nr_scope = NM_STATS_PORT};

	ctl_expect(fd, R, "vale9:a", &s, NULL, ENXIO, "there is no port vale9:a; see: vale-ctl list");
	s.nr_scope = NM_STATS_SWITCH;
	ctl_expect(fd, R, "vale9", &s, NULL, ENXIO, "there is no switch vale9");
	s.nr_scope = 4;
	ctl_expect(fd, R, "vale0:a", &s, NULL, EINVAL, "statistics of kind 4 are unknown");
	s = (struct nmreq_stats){.nr_scope = NM_STATS_TXRING, .nr_index = 1};
	ctl_expect(fd, R, "vale0:a", &s, NULL, EINVAL, "vale0:a has no tx ring 1, there are 1");
	s = (struct nmreq_stats){.nr_scope = NM_STATS_RXRING, .nr_index = 0xffffffff};
	ctl_expect(fd, R, "vale0:a", &s, NULL, EINVAL, "vale0:a has no rx ring 4294967295, there are 1");
	s = (struct nmreq_stats){.nr_scope = NM_STATS_PORT};
	ctl_expect(fd, R, "", &s, NULL, ENXIO, "this descriptor has no port of its own; name one");
	s = (struct nmreq_stats){.pad = 1};
	ctl_expect(fd, R, "vale0:a", &s, NULL, EINVAL, "the reserved field is 1, not 0");
}

int
main(void)
{
	static const uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 1, 1, 1, 1, 1};
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b");
	int fd = ctl_open(), i;

	if (!a || !b)
		return 1;
	errors(fd);
	for (i = 0; i < 7; i++)
		ctl_equal(nmport_inject(a, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(nmport_inject(a, frame, 13), 13);
	ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(get(fd, "vale0:a", NM_STATS_PORT, 0, NM_STAT_tx_packets), 8);
	ctl_equal(get(fd, "vale0:a", NM_STATS_PORT, 0, NM_STAT_drop_short), 1);
	ctl_equal(get(fd, "vale0:a", NM_STATS_TXRING, 0, NM_STAT_forwarded), 7);
	ctl_equal(get(fd, "vale0:a", NM_STATS_RXRING, 0, NM_STAT_tx_packets), 0);
	ctl_equal(get(fd, "vale0:b", NM_STATS_RXRING, 0, NM_STAT_rx_packets), 7);
	ctl_equal(get(fd, "vale0:b", NM_STATS_RXRING, 0, NM_STAT_rx_bytes), 420);
	ctl_equal(get(fd, "vale0", NM_STATS_SWITCH, 0, NM_STAT_tx_packets), 8);
	ctl_equal(get(fd, "vale0", NM_STATS_SWITCH, 0, NM_STAT_learned), 1);
	/* without a name: the descriptor's own */
	ctl_equal(get(a->fd, "", NM_STATS_PORT, 0, NM_STAT_tx_packets), 8);
	ctl_equal(get(b->fd, "", NM_STATS_PORT, 0, NM_STAT_rx_packets), 7);
	ctl_equal(get(b->fd, "", NM_STATS_RXRING, 0, NM_STAT_rx_bytes), 420);
	nmport_close(a);
	/* what a port counted stays with its switch */
	ctl_equal(get(fd, "vale0", NM_STATS_SWITCH, 0, NM_STAT_tx_packets), 8);
	ctl_equal(get(fd, "vale0", NM_STATS_SWITCH, 0, NM_STAT_rx_packets), 7);
	nmport_close(b);
	return ctl_done();
}
