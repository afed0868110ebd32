/* SPDX-License-Identifier: BSD-2-Clause */
/* sig.c - leaving in good order. A handler has no argument, hence the only globals of the tools. */
#include "sig.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static atomic_bool stopped;
static atomic_int which;
static sem_t wake;

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_STOP (sizeof(stop_signals) / sizeof(stop_signals[0]))

static void
handler(int sig)
{
	int saved = errno;

	if (atomic_exchange(&which, sig) != 0) { /* the second: end at once, by that signal */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	atomic_store(&stopped, true);
	sem_post(&wake);
	errno = saved;
}

void
sig_install(void)
{
	struct sigaction sa = { .sa_handler = handler };
	size_t i;

	sem_init(&wake, 0, 0);
	for (i = 0; i < NR_STOP; i++)
		sigaction(stop_signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file above the limit is an error of write, too */
}

bool
sig_stopped(void)
{
	return atomic_load_explicit(&stopped, memory_order_relaxed);
}

int
sig_which(void)
{
	return atomic_load(&which);
}

void
sig_stop(void)
{
	atomic_store(&stopped, true);
	sem_post(&wake);
}

void
sig_wake(void)
{
	sem_post(&wake);
}

void
sig_wait(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	sem_timedwait(&wake, &t);
}

void
sig_block(void)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < NR_STOP; i++)
		sigaddset(&set, stop_signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}
