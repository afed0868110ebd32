/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_root.h"
#include "nm_vale_nic.h"

const struct nm_limits nm_root_defaults = {
	.page = 4096,
	.buf_size = 2112,
	.ring_slots = 2048,
	.max_switches = 8,
	.bridge_batch = 1024,
	.fdb_age_s = 300,
	.default_mode = 0600,
	.global = {.size = {1024, 36864, 2048}, .num = {100, 200, 163840}},
};

int
nm_root_init(struct nm_root *root, const struct nm_limits *limits)
{
	memset(root, 0, sizeof(*root));
	root->limits = *limits;
	root->last_mem_id = 1;
	root->vales = nm_os_alloc(limits->max_switches * sizeof(*root->vales));
	if (!root->vales)
		return -ENOMEM;
	nm_os_mutex_init(&root->lock);
	return 0;
}

void
nm_root_unlock(struct nm_root *root)
{
	struct nm_mem *dead = root->dead;

	root->dead = NULL;
	nm_os_mutex_unlock(&root->lock);
	nm_mem_destroy(dead);
}

void
nm_root_fini(struct nm_root *root)
{
	nm_vale_nic_reap(root, true);
	nm_os_free(root->vales);
	nm_os_mutex_destroy(&root->lock);
}
