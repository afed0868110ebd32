/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.h - a run of pkt-gen from the command line to the exit status. */
#ifndef PKTGEN_GEN_H
#define PKTGEN_GEN_H

#define GEN_FAILED 1  /* exit status: it could not run, or was cut short by an error */
#define GEN_CORRUPT 2 /* rxseq found frames whose contents were wrong */

int gen_main(int argc, char **argv);

#endif
