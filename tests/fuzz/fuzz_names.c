/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_names.c - port names: the library's grammar with its options, and what the core makes of a name that it is given. */
#include "host.h"

#include <libnetmap.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char said[2048];

static void
listen_to(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", text);
}

static int
take_option(struct nmreq_parse_ctx *p)
{
	(void)p;
	return 0;
}

static struct nmreq_opt_parser parsers[] = {
	{.prefix = "conf", .parse = take_option, .default_key = -1, .nr_keys = 3, .next = &parsers[1],
	    .keys = {{"rings", 0, 0}, {"slots", 1, 0}, {"host-rings", 2, 0}}},
	{.prefix = "share", .parse = take_option, .default_key = 0, .nr_keys = 1, .flags = NMREQ_OPTF_ALLOWEMPTY, .keys = {{"port", 0, 0}}},
};

/* What was accepted is in range, what was refused is explained. */
static void
decode(const char *text)
{
	struct nmreq_header h;
	struct nmreq_register reg = {0};
	struct nmctx ctx = *nmctx_get();
	const char *at = text;
	size_t i;

	ctx.error = listen_to;
	said[0] = 0;
	nmreq_header_init(&h, NETMAP_REQ_REGISTER, &reg);
	if (nmreq_header_decode(&at, &h, &ctx)) {
		if (!said[0] || errno == 0)
			abort();
		return;
	}
	if (at < text || at > text + strlen(text) || !memchr(h.nr_name, 0, sizeof(h.nr_name)))
		abort();
	for (i = 0; h.nr_name[i]; i++)
		if (h.nr_name[i] <= ' ' || h.nr_name[i] > '~')
			abort();
	if (nmreq_register_decode(&at, &reg, &ctx))
		return;
	if (reg.nr_mode > NR_REG_ONE_SW || at > text + strlen(text))
		abort();
	(void)nmreq_options_decode(at, parsers, NULL, &ctx);
}

/* Any bytes as the name of a request: a port or a text, and nothing is left behind. */
static void
ask_core(const char *text)
{
	static const uint16_t types[] = {NETMAP_REQ_REGISTER, NETMAP_REQ_PORT_INFO_GET, NETMAP_REQ_VALE_LIST, NETMAP_REQ_VALE_DETACH,
	    NETMAP_REQ_VALE_NEWIF, NETMAP_REQ_FDB_GET, NETMAP_REQ_STATS_GET, NETMAP_REQ_PORT_ACCESS, NETMAP_REQ_VALE_DELIF};
	static union { struct nmreq_register reg; struct nmreq_fdb fdb; struct nmreq_stats stats; } body;
	struct nm_root root;
	struct nm_session s;
	size_t i;

	if (nm_root_init(&root, &nm_root_defaults))
		abort();
	host_open(&s, &root, 1);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = types[i]};
		struct nm_ctl_msg m = {.hdr = &h, .body = nm_ctl_body_size(types[i]) > 0 ? &body : NULL};

		memset(&body, 0, sizeof(body));
		if (types[i] == NETMAP_REQ_REGISTER)
			body.reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4, .nr_rx_slots = 4};
		snprintf(h.nr_name, sizeof(h.nr_name), "%s", text);
		if (nm_ctl_request(&s, &m) && !s.errtext[0])
			abort();
	}
	nm_session_close(&s);
	if (root.ports || root.mems) {
		fprintf(stderr, "left: port %s, region %u\n", root.ports ? root.ports->name : "none", root.mems ? root.mems->id : 0);
		abort();
	}
	nm_root_fini(&root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];

	if (size >= sizeof(text))
		return -1;
	memcpy(text, data, size);
	text[size] = 0;
	decode(text);
	ask_core(text);
	return 0;
}
