/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_dev_ctl.h - control requests of a descriptor, and their 32-bit form. */
#ifndef NM_DEV_CTL_H
#define NM_DEV_CTL_H

#include "nm_os_linux.h"

/* NIOCCTRL, NIOCREGIF and NIOCGINFO; `arg` as the client gave it, `compat` if it is of 32 bits. 0 or -errno. */
int nm_dev_ctl(struct nm_file *f, void __user *arg, bool compat);
int nm_dev_ctl_legacy(struct nm_file *f, void __user *arg, bool regif, bool compat);

/* nm_dev_compat.c: bytes of a body in its 32-bit form; to and from the form of `size` bytes that the core knows, in place. */
size_t nm_dev_compat_size(uint32_t reqtype, size_t size);
void nm_dev_compat_in(uint32_t reqtype, char *body, size_t size);
void nm_dev_compat_out(uint32_t reqtype, char *body, size_t size);

#endif
