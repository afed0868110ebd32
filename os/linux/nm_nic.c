/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_nic.c - interfaces as ports. */
#include "nm_os_linux.h"

int
nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_port **out)
{
	(void)root;
	(void)out;
	if (!nm_os_ifname_exists(s, name))
		return nm_session_error(s, ENXIO, "there is no interface %s", name);
	return nm_session_error(s, EOPNOTSUPP, "%s: interfaces are not supported by this module yet", name);
}
