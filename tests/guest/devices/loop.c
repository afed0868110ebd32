/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - see loop.h */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "loop.h"

#define SECOND 1000000000ull
#define COMPLAINTS 100

static struct timer *timers; /* the next one first */
static uint64_t rounds;

uint64_t loop_round(void) { return rounds; }

void complain(const char *format, ...)
{
	static int times;
	va_list list;

	if (times > COMPLAINTS)
		return;
	if (times++ == COMPLAINTS) {
		fputs("and so on\n", stderr);
		return;
	}
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

uint64_t loop_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

void timer_clear(struct timer *t)
{
	struct timer **at = &timers;

	if (!t->set)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->set = false;
}

void timer_set(struct timer *t, uint64_t when)
{
	struct timer **at = &timers;

	timer_clear(t);
	while (*at && (*at)->at <= when)
		at = &(*at)->next;
	t->at = when;
	t->set = true;
	t->next = *at;
	*at = t;
}

/* run_timers - those whose time has come; one that sets itself again waits for the next round, since its time is later */
static void run_timers(void)
{
	uint64_t now = loop_now();
	struct timer *t;

	while ((t = timers) && t->at <= now) {
		timer_clear(t);
		t->fire(t->arg);
	}
}

static int wait_for(struct pollfd *fds, size_t n)
{
	struct timespec pause, *limit = NULL;

	if (timers) {
		uint64_t now = loop_now(), left = timers->at > now ? timers->at - now : 0;

		pause.tv_sec = (time_t)(left / SECOND);
		pause.tv_nsec = (long)(left % SECOND);
		limit = &pause;
	}
	return ppoll(fds, n, limit, NULL) < 0 && errno != EINTR ? -1 : 0;
}

int loop_run(struct vfu **devices, size_t n)
{
	struct pollfd *fds = calloc(n, sizeof *fds);
	size_t gone = 0;
	bool *over = calloc(n, sizeof *over);
	int error = fds && over ? 0 : -1;

	while (!error && gone < n) {
		for (size_t i = 0; i < n; i++)
			fds[i] = (struct pollfd){.fd = over[i] ? -1 : vfu_fd(devices[i]), .events = POLLIN};
		error = wait_for(fds, n);
		rounds++;
		for (size_t i = 0; !error && i < n; i++) {
			if (!fds[i].revents || vfu_serve(devices[i]))
				continue;
			over[i] = true;
			gone++;
		}
		run_timers();
	}
	free(fds);
	free(over);
	return error;
}
