/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.h - a run of pkt-gen from the command line to the exit status. */
#ifndef PKTGEN_GEN_H
#define PKTGEN_GEN_H

#define GEN_FAILED 1 /* exit status: it could not run, was cut short by an error, or received frames whose contents were wrong */

int gen_main(int argc, char **argv);

#endif
