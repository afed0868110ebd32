/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sig.h - leaving in good order.
 *
 * SIGINT, SIGTERM and SIGHUP ask the tool to stop; a second one, of whichever kind, ends it at once. A pipe that closed is an error of write, not a signal.
 */
#ifndef TOOLS_SIG_H
#define TOOLS_SIG_H

#include <stdbool.h>

void sig_install(void);

/* A signal came, or sig_stop() was called. Cheap; any thread. */
bool sig_stopped(void);

/* What came, 0 if none did. */
int sig_which(void);

/* Stops as a signal does, and wakes sig_wait(). Any thread. */
void sig_stop(void);

/* Wakes sig_wait() without stopping. Any thread. */
void sig_wake(void);

/* Sleeps for ms, less if woken. One thread, the main one. */
void sig_wait(int ms);

/* In a thread that must not be chosen to run the handlers. */
void sig_block(void);

#endif
