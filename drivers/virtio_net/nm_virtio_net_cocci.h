/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_virtio_net_cocci.h - for Coccinelle only: an attribute of newer kernels that it takes for a declaration, of kfree. */
#define __free(x)
