/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale_poll.c - polling of interfaces in a switch: what is asked for is checked here, the threads are the host's. */
#include "nm_ctl.h"
#include "nm_root.h"
#include "nm_vale.h"
#include "nm_vale_nic.h"

/* The attached interface of that name, which the client may change: how many CPUs the host has to poll it, or an error. */
static int
find(struct nm_session *s, const char *name, struct nm_port **out)
{
	struct nm_port *p = nm_port_find(s->root, name);
	const char *port;
	char sw[17];

	if (nm_vale_split(name, sw, &port) || !*port)
		return nm_session_error(s, EINVAL, "%s is not of the form valeX:INTERFACE", name);
	if (!p)
		return nm_session_error(s, ENXIO, "%s is not attached; see: vale-ctl list", name);
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
	*out = nm_vale_nic_find(s->root, name);
	if (!*out)
		return nm_session_error(s, EOPNOTSUPP, "%s: only interfaces are polled, this is %s", name,
		    p->wrap ? "the host's side of one" : "the port of a program");
	return nm_os_polling_cpus(s, (*out)->wrap);
}

/* Rings and CPUs of the request into *plan. */
static int
plan_rings(struct nm_session *s, const struct nm_port *nic, const struct nmreq_vale_polling *r, struct nm_os_polling_plan *plan)
{
	uint32_t rings = nic->nrings[NM_DIR_RX];

	if (r->nr_mode == NETMAP_POLLING_MODE_SINGLE_CPU) {
		if (r->nr_num_polling_cpus != 1)
			return nm_session_error(s, EINVAL, "%s: one CPU polls all rings in mode %u, %u are asked for", nic->name, r->nr_mode,
			    r->nr_num_polling_cpus);
		*plan = (struct nm_os_polling_plan){.first_ring = 0, .nrings = rings, .first_cpu = r->nr_first_cpu_id, .ncpus = 1};
		return 0;
	}
	if (r->nr_mode != NETMAP_POLLING_MODE_MULTI_CPU)
		return nm_session_error(s, EINVAL, "%s: polling mode %u is unknown; %u is one CPU, %u several", nic->name, r->nr_mode,
		    NETMAP_POLLING_MODE_SINGLE_CPU, NETMAP_POLLING_MODE_MULTI_CPU);
	if (!r->nr_num_polling_cpus || r->nr_first_cpu_id >= rings || r->nr_num_polling_cpus > rings - r->nr_first_cpu_id)
		return nm_session_error(s, EINVAL, "%s: CPU i polls ring i, there are rings 0 to %u; %u CPUs from %u on are asked for", nic->name,
		    rings - 1, r->nr_num_polling_cpus, r->nr_first_cpu_id);
	*plan = (struct nm_os_polling_plan){r->nr_first_cpu_id, r->nr_num_polling_cpus, r->nr_first_cpu_id, r->nr_num_polling_cpus};
	return 0;
}

int
nm_vale_poll_on(struct nm_session *s, struct nm_ctl_msg *m)
{
	const struct nmreq_vale_polling *r = m->body;
	struct nm_os_polling_plan plan;
	struct nm_port *p;
	int cpus = find(s, m->hdr->nr_name, &p), error;

	if (cpus < 0)
		return cpus;
	if (p->polling)
		return nm_session_error(s, EFAULT, "%s is polled already; end that first: vale-ctl -P %s", p->name, p->name);
	error = plan_rings(s, p->wrap, r, &plan);
	if (error)
		return error;
	if (plan.ncpus >= (uint32_t)cpus)
		return nm_session_error(s, EINVAL, "%s: %u of %d CPUs can't all poll; one at least is for the rest of the system", p->name,
		    plan.ncpus, cpus);
	return nm_os_polling_start(s, p->wrap, &plan, &p->polling);
}

int
nm_vale_poll_off(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nm_port *p;
	int cpus = find(s, m->hdr->nr_name, &p);

	if (cpus < 0)
		return cpus;
	if (!p->polling)
		return nm_session_error(s, EFAULT, "%s is not polled; begin that by: vale-ctl -p %s", p->name, p->name);
	nm_vale_poll_stop(p);
	return 0;
}

void
nm_vale_poll_stop(struct nm_port *p)
{
	if (p->polling)
		nm_os_polling_stop(p->polling);
	p->polling = NULL;
}
