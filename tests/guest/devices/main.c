/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic-model KIND[:VARIANT] SOCKET MAC SOCKET MAC - two NICs at the ends of a cable, each a device of vfio-user at a socket.
 *
 * Prints "ready" when both can be connected to, and ends when both clients have come and gone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"

static const struct nic_kind *const kinds[] = {&forcedeth_kind, &r8169_kind, &ixgbe_kind};
#define KINDS (sizeof kinds / sizeof *kinds)

int nic_variant(const struct nic_kind *kind, const char *variant)
{
	const char *at = kind->variants;
	size_t length = variant ? strlen(variant) : 0;

	if (!variant)
		return 0;
	for (int i = 0; *at; i++) {
		size_t n = strcspn(at, " ");

		if (n == length && !memcmp(at, variant, n))
			return i;
		at += n;
		at += strspn(at, " ");
	}
	return -1;
}

enum nic_cast nic_cast(const uint8_t *frame)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!(frame[0] & 1))
		return NIC_UNICAST;
	return memcmp(frame, all, sizeof all) ? NIC_MULTICAST : NIC_BROADCAST;
}

static int usage(FILE *to, int status)
{
	fprintf(to, "nic-model KIND[:VARIANT] SOCKET MAC SOCKET MAC\nkinds and variants:\n");
	for (size_t i = 0; i < KINDS; i++)
		fprintf(to, "  %s: %s\n", kinds[i]->name, kinds[i]->variants);
	return status;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	int end = 0;

	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5, &end) == 6 &&
	       !text[end] && !(mac[0] & 1);
}

static const struct nic_kind *find_kind(char *name, const char **variant)
{
	char *colon = strchr(name, ':');

	if (colon)
		*colon = 0;
	*variant = colon ? colon + 1 : NULL;
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct nic_kind *kind;
	const char *variant;
	struct nic *nics[2] = {NULL, NULL};
	struct vfu *devices[2];
	int status = 1;

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return usage(stdout, 0);
	kind = argc == 6 ? find_kind(argv[1], &variant) : NULL;
	if (!kind || nic_variant(kind, variant) < 0)
		return usage(stderr, 2);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		uint8_t mac[6];

		if (!parse_mac(argv[3 + 2 * i], mac)) {
			fprintf(stderr, "nic-model: %s is no address of a NIC\n", argv[3 + 2 * i]);
			goto out;
		}
		nics[i] = kind->create(argv[2 + 2 * i], mac, variant);
		if (!nics[i]) {
			fprintf(stderr, "nic-model: %s: %s\n", argv[2 + 2 * i], strerror(errno));
			goto out;
		}
		devices[i] = nics[i]->vfu;
	}
	kind->join(nics[0], nics[1]);
	puts("ready");
	fflush(stdout);
	status = loop_run(devices, 2) ? 1 : 0;
	if (status)
		perror("nic-model");
out:
	for (int i = 0; i < 2; i++)
		if (nics[i])
			kind->destroy(nics[i]);
	return status;
}
