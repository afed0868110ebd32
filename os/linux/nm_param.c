/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_param.c - module parameters: what new roots begin with. A value out of bounds is refused, with the bounds. */
#include "nm_os_linux.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

struct bounded {
	unsigned int value, min, max;
};

static int
set_bounded(const char *text, const struct kernel_param *kp)
{
	struct bounded *b = kp->arg;
	unsigned int v;

	if (kstrtouint(text, 0, &v) || v < b->min || v > b->max) {
		pr_err("netmap: %s=%.*s: a number from %u to %u is expected\n", kp->name, (int)strcspn(text, "\n"), text, b->min, b->max);
		return -EINVAL;
	}
	WRITE_ONCE(b->value, v);
	return 0;
}

static int
get_bounded(char *text, const struct kernel_param *kp)
{
	const struct bounded *b = kp->arg;

	return sysfs_emit(text, "%u\n", READ_ONCE(b->value));
}

static const struct kernel_param_ops bounded_ops = {.set = set_bounded, .get = get_bounded};

#define PARAM(name, initial, least, most, mode, text) \
	static struct bounded name = {initial, least, most}; \
	module_param_cb(name, &bounded_ops, &name, mode); \
	MODULE_PARM_DESC(name, text)

PARAM(bridge_batch, 1024, 1, 1024, 0444, "slots of one ring that VALE forwards before others on this CPU may run");
PARAM(max_bridges, 8, 1, 4096, 0444, "VALE switches of each network namespace");
PARAM(fdb_age, 300, 1, 100000, 0444, "seconds after which VALE forgets an address that it has not heard of");
PARAM(ring_slots, 1024, 16, 4096, 0444, "slots of a VALE port's rings if its program asks for none");
PARAM(mode, 0660, 0, 0777, 0444, "permissions of new ports and switches for owner, group and others");
PARAM(if_size, 1024, 56, 32768, 0444, "bytes of a netmap_if in the region of interfaces");
PARAM(if_num, 100, 1, 10000, 0444, "netmap_ifs in the region of interfaces");
PARAM(ring_size, 36864, 256, 131072, 0444, "bytes of a ring in the region of interfaces");
PARAM(ring_num, 200, 2, 4096, 0444, "rings in the region of interfaces");
PARAM(buf_size, 2048, 64, 65536, 0444, "bytes of a buffer in the region of interfaces");
PARAM(buf_num, 163840, 4, 1000000, 0444, "buffers in the region of interfaces");
PARAM(priv_buf_size, 2112, 64, 65536, 0444, "bytes of a buffer in the region of a VALE port");

PARAM(user_mem, 0, 0, 1u << 24, 0644, "MiB of regions that a user other than root may have; 0: a quarter of the machine's memory");

PARAM(admode, NM_PARAM_ADMODE_BEST, NM_PARAM_ADMODE_BEST, NM_PARAM_ADMODE_GENERIC, 0644,
    "interfaces: 0 by their driver's support if it has any, 1 by that only, 2 as any other");
PARAM(generic_ringsize, 1024, 16, 4096, 0644, "slots of the rings of interfaces without support in their driver");

bool nm_param_generic_hwcsum;
module_param_named(generic_hwcsum, nm_param_generic_hwcsum, bool, 0644);
MODULE_PARM_DESC(generic_hwcsum, "leave checksums open that the host left to its interface");

bool nm_param_generic_txqdisc = true;
module_param_named(generic_txqdisc, nm_param_generic_txqdisc, bool, 0644);
MODULE_PARM_DESC(generic_txqdisc, "take what the host sends for host rings, by a queueing discipline of ours");

bool nm_param_fwd;
module_param_named(fwd, nm_param_fwd, bool, 0644);
MODULE_PARM_DESC(fwd, "what programs release of interfaces' rings is forwarded, as if all had NR_FORWARD and NS_FORWARD set");

uint32_t
nm_param_ringsize(void)
{
	return READ_ONCE(generic_ringsize.value);
}

uint32_t
nm_param_admode(void)
{
	return READ_ONCE(admode.value);
}

size_t
nm_param_user_mem(void)
{
	size_t mib = READ_ONCE(user_mem.value);

	return mib ? mib << 20 : (size_t)totalram_pages() << PAGE_SHIFT >> 2;
}

bool nm_param_no_timestamp = true;
module_param_named(no_timestamp, nm_param_no_timestamp, bool, 0644);
MODULE_PARM_DESC(no_timestamp, "stamp only receive rings that have NR_TIMESTAMP set; off: all that get frames");

void
nm_param_limits(struct nm_limits *l)
{
	l->page = PAGE_SIZE;
	l->buf_size = READ_ONCE(priv_buf_size.value);
	l->ring_slots = READ_ONCE(ring_slots.value);
	l->max_switches = READ_ONCE(max_bridges.value);
	l->bridge_batch = READ_ONCE(bridge_batch.value);
	l->fdb_age_s = READ_ONCE(fdb_age.value);
	l->default_mode = READ_ONCE(mode.value);
	l->global = (struct nm_mem_geometry){
		.size = {READ_ONCE(if_size.value), READ_ONCE(ring_size.value), READ_ONCE(buf_size.value)},
		.num = {READ_ONCE(if_num.value), READ_ONCE(ring_num.value), READ_ONCE(buf_num.value)},
	};
}
