/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vif.c - persistent ports: interfaces that we make. */
#include "nm_os_linux.h"

int
nm_os_vif_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape,
    struct nm_port **out)
{
	(void)root;
	(void)shape;
	(void)out;
	return nm_session_error(s, EOPNOTSUPP, "%s: persistent ports are not supported by this module yet", name);
}
