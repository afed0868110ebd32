/* SPDX-License-Identifier: BSD-2-Clause */
/* port.c - requests that change a port or tell of one. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app.h"
#include "jout.h"

/* Runs the request on the name that was given. */
static int
try_request(struct app *a, uint16_t type, void *body)
{
	char name[NETMAP_REQ_IFNAMSIZ];
	int rc = ctl_name(&a->ctl, type, name, a->config.name);

	return rc ? rc : ctl_request(&a->ctl, type, name, body);
}

/* The same; complains as "can't WHAT NAME". */
static int
request(struct app *a, uint16_t type, const char *what, void *body)
{
	int rc = try_request(a, type, body);

	return rc ? ctl_complain(&a->ctl, what, a->config.name) : 0;
}

static struct json_object *
result(const struct app *a, const char *done)
{
	struct json_object *o = json_object_new_object();

	jout_text(o, "name", a->config.name);
	jout_text(o, "done", done);
	return o;
}

/* After a success: a line if verbose, or JSON. index: of the port, -1 if it has none. */
static int
tell(const struct app *a, FILE *to, const char *done, int64_t index)
{
	struct json_object *o;

	if (a->config.json) {
		o = result(a, done);
		if (index >= 0)
			jout_count(o, "port_index", (uint64_t)index);
		return jout_print(o, to, 1);
	}
	if (!a->config.verbose)
		return 0;
	fprintf(to, "%s: %s", a->config.name, done);
	if (index >= 0)
		fprintf(to, ", port %" PRId64, index);
	fprintf(to, "\n");
	return 0;
}

int
port_attach(struct app *a, FILE *to)
{
	bool host = a->config.action == ACTION_ATTACH_HOST;
	struct nmreq_vale_attach req = {
		.reg = { .nr_mode = host ? NR_REG_NIC_SW : NR_REG_ALL_NIC, .nr_mem_id = (uint16_t)a->config.mem_id },
	};
	int rc = request(a, NETMAP_REQ_VALE_ATTACH, "attach", &req);

	return rc ? rc : tell(a, to, host ? "attached with its host stack" : "attached", req.port_index);
}

int
port_detach(struct app *a, FILE *to)
{
	struct nmreq_vale_detach req = { 0 };
	int rc = request(a, NETMAP_REQ_VALE_DETACH, "detach", &req);

	return rc ? rc : tell(a, to, "detached", req.port_index);
}

int
port_newif(struct app *a, FILE *to)
{
	const struct names_shape *s = &a->config.ring;
	struct nmreq_vale_newif req = {
		.nr_tx_slots = s->slots[0], .nr_rx_slots = s->slots[1], .nr_tx_rings = s->rings[0], .nr_rx_rings = s->rings[1],
		.nr_mem_id = (uint16_t)a->config.mem_id,
	};
	int rc = request(a, NETMAP_REQ_VALE_NEWIF, "make", &req);

	return rc ? rc : tell(a, to, "made", -1);
}

int
port_delif(struct app *a, FILE *to)
{
	int rc = request(a, NETMAP_REQ_VALE_DELIF, "remove", NULL);

	return rc ? rc : tell(a, to, "removed", -1);
}

int
port_polling(struct app *a, FILE *to)
{
	bool on = a->config.action == ACTION_POLLING_ON;
	const struct names_polling *p = &a->config.polling;
	struct nmreq_vale_polling req = {
		.nr_mode = p->mode, .nr_first_cpu_id = p->first, .nr_num_polling_cpus = p->count,
	};
	int rc = request(a, on ? NETMAP_REQ_VALE_POLLING_ENABLE : NETMAP_REQ_VALE_POLLING_DISABLE,
	    on ? "turn polling on for" : "turn polling off for", &req);

	return rc ? rc : tell(a, to, on ? "polling is on" : "polling is off", -1);
}

int
port_info(struct app *a, FILE *to)
{
	struct nmreq_port_info_get i = { 0 };
	struct nmreq_port_hdr h = { 0 };
	struct json_object *o;
	int rc = request(a, NETMAP_REQ_PORT_INFO_GET, "look at", &i);

	if (rc)
		return rc;
	if (try_request(a, NETMAP_REQ_PORT_HDR_GET, &h))
		h.nr_hdr_len = 0; /* of a port that was made for this look and is gone again */
	if (!a->config.json) {
		fprintf(to, "%s: %u tx rings of %u slots, %u rx rings of %u slots, host rings %u tx %u rx, region %u of %" PRIu64 " bytes",
		    a->config.name, i.nr_tx_rings, i.nr_tx_slots, i.nr_rx_rings, i.nr_rx_slots, i.nr_host_tx_rings, i.nr_host_rx_rings,
		    i.nr_mem_id, i.nr_memsize);
		if (h.nr_hdr_len)
			fprintf(to, ", virtio-net headers of %u bytes", h.nr_hdr_len);
		fprintf(to, "\n");
		return 0;
	}
	o = json_object_new_object();
	jout_text(o, "name", a->config.name);
	jout_count(o, "tx_rings", i.nr_tx_rings);
	jout_count(o, "tx_slots", i.nr_tx_slots);
	jout_count(o, "rx_rings", i.nr_rx_rings);
	jout_count(o, "rx_slots", i.nr_rx_slots);
	jout_count(o, "host_tx_rings", i.nr_host_tx_rings);
	jout_count(o, "host_rx_rings", i.nr_host_rx_rings);
	jout_count(o, "region", i.nr_mem_id);
	jout_count(o, "region_bytes", i.nr_memsize);
	jout_count(o, "header_bytes", h.nr_hdr_len);
	return jout_print(o, to, 1);
}

int
port_access(struct app *a, FILE *to)
{
	const struct config *c = &a->config;
	struct nmreq_access req = { .nr_valid = c->valid, .nr_mode = c->mode, .nr_uid = c->uid, .nr_gid = c->gid };
	bool mode = c->action == ACTION_CHMOD;
	char owner[NAMES_OWNER], text[16];
	struct json_object *o;
	int rc = request(a, NETMAP_REQ_PORT_ACCESS, mode ? "change the mode of" : "change the owner of", &req);

	if (rc)
		return rc;
	snprintf(text, sizeof(text), "%04o", req.nr_mode);
	names_of_owner(req.nr_uid, req.nr_gid, owner);
	if (c->json) {
		o = result(a, mode ? "mode changed" : "owner changed");
		jout_text(o, "mode", text);
		jout_text(o, "owner", owner);
		return jout_print(o, to, 1);
	}
	if (c->verbose)
		fprintf(to, "%s: mode %s, owner %s\n", c->name, text, owner);
	return 0;
}
