/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_fd.c - which descriptors are the engine's: the table, its objects, fork. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

struct nm_shim_obj *nm_shim_tab[NM_SHIM_FDS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct nm_shim_obj *free_objs;
static pid_t owner;

static void
fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void
fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* Threads that held an object's locks did not come along. */
static void
fork_child(void)
{
	int fd;

	for (fd = 0; fd < NM_SHIM_FDS; fd++) {
		struct nm_shim_obj *o = nm_shim_tab[fd];

		if (o == NULL)
			continue;
		o->busy[0] = o->busy[1] = o->waiter = o->users = 0;
		pthread_mutex_init(&o->ctl, NULL);
	}
	pthread_mutex_init(&lock, NULL);
	nm_shim_epset_fork();
	nm_shim_umem_fork();
	owner = getpid();
}

bool
nm_shim_owner(void)
{
	return getpid() == owner;
}

static void
init(void)
{
	owner = getpid();
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

bool
nm_shim_busy_try(struct nm_shim_obj *o, int dir)
{
	return __atomic_exchange_n(&o->busy[dir], 1, __ATOMIC_ACQUIRE) == 0;
}

void
nm_shim_busy_put(struct nm_shim_obj *o, int dir)
{
	__atomic_store_n(&o->busy[dir], 0, __ATOMIC_RELEASE);
}

struct nm_shim_obj *
nm_shim_obj_new(void)
{
	struct nm_shim_obj *o;

	pthread_once(&once, init);
	pthread_mutex_lock(&lock);
	o = free_objs;
	if (o != NULL)
		free_objs = o->next;
	pthread_mutex_unlock(&lock);
	if (o == NULL) {
		o = calloc(1, sizeof(*o));
		if (o == NULL)
			return NULL;
		pthread_mutex_init(&o->ctl, NULL);
	}
	o->next = NULL;
	o->refs = 1;
	o->closing = o->bad = o->idle = o->linger_ns = 0;
	o->refused = o->waiter = o->csb = 0;
	o->sock = o->kick = -1;
	return o;
}

/* Nobody is at work on it, and nobody can find it any more. */
static void
let_go(struct nm_shim_obj *o)
{
	nm_shim_unbind(o);
	if (o->sock >= 0)
		nm_real_close(o->sock);
	if (o->kick >= 0)
		nm_real_close(o->kick);
	o->sock = o->kick = -1;
	pthread_mutex_lock(&lock);
	o->next = free_objs;
	free_objs = o;
	pthread_mutex_unlock(&lock);
}

/* True for one of those who ask, once nobody is at work. */
static bool
last_out(struct nm_shim_obj *o)
{
	uint32_t left = NM_SHIM_LEFT;

	return __atomic_compare_exchange_n(&o->users, &left, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

struct nm_shim_obj *
nm_shim_use_obj(struct nm_shim_obj *o, int fd)
{
	__atomic_add_fetch(&o->users, 1, __ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&nm_shim_tab[fd], __ATOMIC_SEQ_CST) == o, 1))
		return o;
	nm_shim_unuse(o);
	return NULL;
}

void
nm_shim_unuse(struct nm_shim_obj *o)
{
	if (__builtin_expect(__atomic_sub_fetch(&o->users, 1, __ATOMIC_SEQ_CST) == NM_SHIM_LEFT, 0) && last_out(o))
		let_go(o);
}

/*
 * `closing` cuts a wait for the engine short. Our end of the session is closed at once, its number kept for those at work: who
 * sleeps in poll is woken by the end of the session, unless that is another process's too, and he sleeps on, as on a file of the
 * kernel's.
 */
static void
obj_close(struct nm_shim_obj *o)
{
	__atomic_store_n(&o->closing, 1, __ATOMIC_RELEASE);
	if (__atomic_load_n(&o->users, __ATOMIC_SEQ_CST) != 0 && o->sock >= 0 && o->kick >= 0)
		nm_real_dup3(o->kick, o->sock, O_CLOEXEC);
	__atomic_or_fetch(&o->users, NM_SHIM_LEFT, __ATOMIC_SEQ_CST);
	if (last_out(o))
		let_go(o);
}

void
nm_shim_obj_put(struct nm_shim_obj *o)
{
	if (__atomic_sub_fetch(&o->refs, 1, __ATOMIC_ACQ_REL) == 0)
		obj_close(o);
}

int
nm_shim_fd_set(int fd, struct nm_shim_obj *o)
{
	struct nm_shim_obj *old;

	if ((unsigned)fd >= NM_SHIM_FDS)
		return -EMFILE;
	if (!nm_shim_owner())
		return 0;
	__atomic_add_fetch(&o->refs, 1, __ATOMIC_RELAXED);
	old = __atomic_exchange_n(&nm_shim_tab[fd], o, __ATOMIC_SEQ_CST);
	if (old != NULL)
		nm_shim_obj_put(old);
	return 0;
}

void
nm_shim_fd_drop(int fd)
{
	struct nm_shim_obj *old;

	if (nm_shim_find(fd) == NULL || !nm_shim_owner())
		return;
	old = __atomic_exchange_n(&nm_shim_tab[fd], NULL, __ATOMIC_SEQ_CST);
	if (old == NULL)
		return;
	nm_shim_epset_forget(fd);
	nm_shim_obj_put(old);
}

struct nm_shim_obj *
nm_shim_find_checked(int fd)
{
	struct nm_shim_obj *o = nm_shim_find(fd);
	int keep = errno;
	struct stat st;

	if (o == NULL)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_dev == o->dev && st.st_ino == o->ino)
		return o;
	errno = keep;
	nm_shim_fd_drop(fd);
	return NULL;
}
