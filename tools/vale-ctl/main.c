/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vale-ctl: looks at VALE switches and ports and changes them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "app.h"
#include "opt.h"
#include "out.h"

static const action_fn actions[] = {
	[ACTION_NONE] = list_show,
	[ACTION_LIST] = list_show,
	[ACTION_STATS] = stats_show,
	[ACTION_FDB] = fdb_show,
	[ACTION_CHMOD] = port_access,
	[ACTION_CHOWN] = port_access,
	[ACTION_ATTACH] = port_attach,
	[ACTION_ATTACH_HOST] = port_attach,
	[ACTION_DETACH] = port_detach,
	[ACTION_NEWIF] = port_newif,
	[ACTION_DELIF] = port_delif,
	[ACTION_INFO] = port_info,
	[ACTION_POLLING_ON] = port_polling,
	[ACTION_POLLING_OFF] = port_polling,
	[ACTION_VLAN] = policy_show,
	[ACTION_STORM] = policy_show,
	[ACTION_LOSSLESS] = policy_show,
	[ACTION_MIRROR] = policy_show,
};

int
main(int argc, char **argv)
{
	static struct app a;
	action_fn action;
	int rc = config_parse(&a.config, argc, argv);

	if (rc)
		return opt_status(rc);
	signal(SIGPIPE, SIG_IGN); /* who reads only the beginning is no failure */
	if (ctl_open(&a.ctl))
		return 1;
	action = actions[a.config.action];
	rc = a.config.watch_ms ? watch_run(&a, action) : action(&a, stdout);
	stats_free(&a);
	ctl_close(&a.ctl);
	if (out_end("vale-ctl", stdout))
		return 1;
	return rc && rc != -EPIPE ? 1 : 0;
}
