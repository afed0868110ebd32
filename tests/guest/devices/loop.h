/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - the clock, timers, and waiting for clients; all in one thread */
#ifndef LOOP_H
#define LOOP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vfu.h"

struct timer {
	void (*fire)(void *arg);
	void *arg;
	uint64_t at; /* nanoseconds */
	bool set;
	struct timer *next;
};

uint64_t loop_now(void); /* nanoseconds, never back */
/* loop_round - another one each time that clients have been looked at */
uint64_t loop_round(void);
/* timer_set - fires once at that time; one that is set already is moved */
void timer_set(struct timer *t, uint64_t at);
void timer_clear(struct timer *t);
/* complain - says what a driver or a client did that it should not; a hundred times, since it may do so for ever */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* loop_run - serves the devices until each of them had a client that has gone again; 0 or -1 and errno */
int loop_run(struct vfu **devices, size_t n);

#endif
