/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_dev.c - /dev/netmap: open, ioctl, mmap, poll, release; and the module's beginning and end. */
#include "nm_dev_ctl.h"
#include "nm_nic.h"
#include "compat.h"
#include "nm_trace.h"

#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <net/net_namespace.h>
#include <net/netmap_legacy.h>

static void
take_cred(struct nm_cred *c, struct net *net)
{
	const struct cred *cred = current_cred();
	const struct group_info *g = cred->group_info;
	int i;

	memset(c, 0, sizeof(*c));
	c->uid = from_kuid(&init_user_ns, cred->fsuid);
	c->gid = from_kgid(&init_user_ns, cred->fsgid);
	for (i = 0; i < g->ngroups && c->ngroups < NM_CRED_GROUPS; i++)
		c->groups[c->ngroups++] = from_kgid(&init_user_ns, g->gid[i]);
	c->admin = ns_capable(net->user_ns, CAP_NET_ADMIN);
	c->net_raw = true; /* that is what the device's file mode says */
}

static int
file_open(struct inode *inode, struct file *file)
{
	struct nm_file *f = kzalloc(sizeof(*f), NM_OS_GFP);
	struct nm_cred cred;
	struct net *net;

	(void)inode;
	if (!f)
		return -ENOMEM;
	net = get_net(current->nsproxy->net_ns);
	take_cred(&cred, net);
	f->net = nm_netns_of(net);
	nm_session_init(&f->s, &f->net->root, &cred);
	mutex_init(&f->ctl);
	init_waitqueue_head(&f->wait[NM_DIR_TX]);
	init_waitqueue_head(&f->wait[NM_DIR_RX]);
	init_waitqueue_head(&f->loop_wait);
	f->file = file;
	file->private_data = f;
	return nonseekable_open(inode, file);
}

static int
file_flush(struct file *file, fl_owner_t owner)
{
	(void)owner;
	nm_dev_kloop_flush(file->private_data);
	return 0;
}

static int
file_release(struct inode *inode, struct file *file)
{
	struct nm_file *f = file->private_data;
	struct net *net = f->net->net;

	(void)inode;
	nm_dev_sync_drain(f);
	if (f->bound)
		trace_netmap_register(&f->s, false);
	nm_session_close(&f->s);
	mutex_destroy(&f->ctl);
	if (f->mm)
		mmdrop(f->mm);
	kfree(f);
	put_net(net);
	return 0;
}

static long
ioctl_of(struct nm_file *f, unsigned int cmd, void __user *user, bool compat)
{
	switch (cmd) {
	case NIOCTXSYNC:
		return nm_dev_sync(f, NM_DIR_TX);
	case NIOCRXSYNC:
		return nm_dev_sync(f, NM_DIR_RX);
	case NIOCCTRL:
		return user ? nm_dev_ctl(f, user, compat) : -EINVAL;
	case NIOCREGIF:
	case NIOCGINFO:
		return user ? nm_dev_ctl_legacy(f, user, cmd == NIOCREGIF, compat) : -EINVAL;
	case NIOCCONFIG: /* is for modules that replace a switch's forwarding; there are none */
		return -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}

static long
file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_of(file->private_data, cmd, (void __user *)arg, false);
}

#ifdef CONFIG_COMPAT
static long
file_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_of(file->private_data, cmd, compat_ptr(arg), true);
}
#else
#define file_compat_ioctl NULL
#endif

static __poll_t
file_poll(struct file *file, poll_table *pt)
{
	return nm_dev_sync_poll(file->private_data, file, pt);
}

static int
file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct nm_file *f = file->private_data;
	size_t pages = vma_pages(vma), memsize;

	if (!smp_load_acquire(&f->bound))
		return -EINVAL;
	memsize = f->s.mem->memsize >> PAGE_SHIFT;
	/* of a descriptor that was opened to read, a shared mapping can't be written to, nor become so */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff > memsize || pages > memsize - vma->vm_pgoff)
		return -EINVAL;
	return nm_os_linux_map(&f->s.mem->region, vma);
}

static const struct file_operations dev_ops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.flush = file_flush,
	.release = file_release,
	.unlocked_ioctl = file_ioctl,
	.compat_ioctl = file_compat_ioctl,
	.poll = file_poll,
	.mmap = file_mmap,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "netmap",
	.fops = &dev_ops,
	.mode = 0600,
};

static int __init
netmap_init(void)
{
	int error = nm_vif_init();

	if (error)
		return error;
	error = nm_netns_init();
	if (error)
		goto err_vif;
	error = nm_nic_notify_init();
	if (error)
		goto err_netns;
	error = misc_register(&dev);
	if (error)
		goto err_notify;
	return 0;

err_notify:
	nm_nic_notify_fini();
err_netns:
	nm_netns_fini();
err_vif:
	nm_vif_fini();
	return error;
}

static void __exit
netmap_exit(void)
{
	misc_deregister(&dev);
	nm_netns_fini();
	nm_nic_notify_fini();
	nm_vif_fini();
	nm_nic_flight_exit();
}

module_init(netmap_init);
module_exit(netmap_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("netmap: packet I/O through shared rings, and the VALE switch");
MODULE_VERSION("0.2");
