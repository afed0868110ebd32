/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - pkt-gen. */
#include "gen.h"

int
main(int argc, char **argv)
{
	return gen_main(argc, argv);
}
