/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap_rx.c - receives by libpcap, whichever the loader gives it, with pcap_dispatch(), and reads the first words of each frame, until a
 * signal. Prints Mpps, from 0.3 s after the first frame to the last. With --bind it stays on the second CPU of the measurement.
 */
#include "packet.h"

#include <pcap/pcap.h>
#include <string.h>

#define ROOM (16 << 20) /* bytes of the buffer: more did not help */
#define WAIT_MS 10

static pcap_t *reading;

static void
stop(int sig)
{
	packet_stop = sig;
	pcap_breakloop(reading);
}

static void
frame(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	uint64_t word, *sink = (uint64_t *)(void *)user;

	(void)h;
	memcpy(&word, data, sizeof(word));
	*sink ^= word;
}

static int
open_device(const char *device)
{
	char err[PCAP_ERRBUF_SIZE] = "";

	reading = pcap_create(device, err);
	if (!reading) {
		fprintf(stderr, "pcap_rx: %s\n", err);
		return 1;
	}
	pcap_set_snaplen(reading, 2048);
	pcap_set_promisc(reading, 1);
	pcap_set_timeout(reading, WAIT_MS);
	pcap_set_buffer_size(reading, ROOM);
	if (pcap_activate(reading) < 0) {
		fprintf(stderr, "pcap_rx: %s: %s\n", device, pcap_geterr(reading));
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct packet_count c;
	struct sigaction sa = {.sa_handler = stop};
	bool bind = argc == 3 && strcmp(argv[1], "--bind") == 0;
	uint64_t sink = 0;
	int pair[2], n = 0;

	if (argc != 2 && !bind) {
		fprintf(stderr, "usage: pcap_rx [--bind] DEVICE\n");
		return 2;
	}
	if (bind && (cpus_pair(pair) || cpus_bind(pair[1])))
		return 1;
	if (open_device(argv[argc - 1]))
		return 1;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	fprintf(stderr, "ready\n");
	while (!packet_stop && n >= 0) {
		n = pcap_dispatch(reading, -1, frame, (u_char *)&sink);
		if (n > 0)
			packet_count(&c, (uint64_t)n);
	}
	if (n == PCAP_ERROR) {
		fprintf(stderr, "pcap_rx: %s\n", pcap_geterr(reading));
		return 1;
	}
	__asm__ volatile("" : : "r"(sink));
	pcap_close(reading);
	return packet_rate(&c, "pcap_rx", "came in");
}
