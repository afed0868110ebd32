/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_netns.c - a root for each network namespace: its ports, switches and regions.
 *
 * An open descriptor holds the namespace it was opened in, so when that ends there are no sessions; only what is attached or
 * persistent.
 */
#include "nm_os_linux.h"
#include "nm_vale_nic.h"

#include <net/net_namespace.h>
#include <net/netns/generic.h>

static unsigned int net_id;

static void
reap(struct work_struct *w)
{
	struct nm_net *n = container_of(w, struct nm_net, reap);

	nm_vale_nic_reap(&n->root, false);
}

static int
net_begins(struct net *net)
{
	struct nm_net *n = net_generic(net, net_id);
	struct nm_limits limits = nm_root_defaults;
	int error;

	nm_param_limits(&limits);
	error = nm_root_init(&n->root, &limits);
	if (error)
		return error;
	n->net = net;
	n->root.host = n;
	INIT_WORK(&n->reap, reap);
	return 0;
}

static void
net_ends(struct net *net)
{
	struct nm_net *n = net_generic(net, net_id);

	nm_vale_nic_reap(&n->root, true); /* no interface is left after this that could ask for the work below */
	cancel_work_sync(&n->reap);
	nm_root_fini(&n->root);
}

static struct pernet_operations net_ops = {
	.init = net_begins,
	.exit = net_ends,
	.id = &net_id,
	.size = sizeof(struct nm_net),
};

struct nm_net *
nm_netns_of(struct net *net)
{
	return net_generic(net, net_id);
}

int
nm_netns_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void
nm_netns_fini(void)
{
	unregister_pernet_subsys(&net_ops);
}
