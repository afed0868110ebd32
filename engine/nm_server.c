/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_server.c - one thread, one epoll set: the listening socket, signals, and for each connection its control socket and
 * its ready socket, whose hang-up ends the session as well.
 */
#include "nm_server.h"
#include "nm_closer.h"
#include "nm_conn.h"
#include "nm_os_user.h"
#include "nm_vale_nic.h"
#include "nic.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GRACE_MS 2000
#define LEAVING_NS 5000000000u /* for an engine to give up its path */

struct server {
	struct nm_root *root;
	const struct nm_server_config *config;
	int epoll_fd, listen_fd, signal_fd, spare_fd, lock_fd, poison_fd, gone_fd;
	struct nm_conn *conns;
	bool stop, had_client;
};

/* Tags of the epoll set: a connection's address, its low bit for the ready socket. */
#define READY_TAG 1u

static int
watch(struct server *s, int fd, uint32_t events, void *tag, uintptr_t low)
{
	struct epoll_event e = {.events = events, .data.u64 = (uintptr_t)tag | low};

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

static bool
answers(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd >= 0 && (!connect(fd, (const void *)a, sizeof(*a)) || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

/*
 * PATH.srv is locked as long as an engine lives, so that two never serve one path. One that is on its way out has
 * its socket closed but the lock still: it is waited for.
 */
static int
lock_path(struct server *s, const struct sockaddr_un *a)
{
	char lock[sizeof(a->sun_path) + 8];
	uint64_t end = nm_os_now_exact() + LEAVING_NS;

	snprintf(lock, sizeof(lock), "%s.srv", a->sun_path);
	s->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0) {
		nm_os_log(NM_LOG_ERR, "%s: %s", lock, strerror(errno));
		return -errno;
	}
	while (flock(s->lock_fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || answers(a) || nm_os_now_exact() > end) {
			nm_os_log(NM_LOG_ERR, "%s: %s", lock, errno == EWOULDBLOCK || !errno ? "another engine serves this socket" : strerror(errno));
			return -EBUSY;
		}
		usleep(5000);
	}
	return 0;
}

/* Only a socket is ours to remove: what else lies there may be somebody's work. */
static int
remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		nm_os_log(NM_LOG_ERR, "%s exists and is not a socket; remove it or give another --socket PATH", path);
		return -EEXIST;
	}
	return unlink(path) ? -errno : 0;
}

static int
take_path(struct server *s, struct sockaddr_un *a)
{
	int error;

	a->sun_family = AF_UNIX;
	if (strlen(s->config->path) >= sizeof(a->sun_path)) {
		nm_os_log(NM_LOG_ERR, "socket path %s has %zu characters, %zu are possible", s->config->path, strlen(s->config->path),
		    sizeof(a->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(a->sun_path, s->config->path);
	error = lock_path(s, a);
	return error ? error : remove_stale(a->sun_path);
}

/* Made for its owner alone, whatever the umask, and opened to others as asked before anybody can connect. */
static int
bind_path(struct server *s, const struct sockaddr_un *a)
{
	const struct nm_server_config *c = s->config;
	mode_t old = umask(0177);
	int error = bind(s->listen_fd, (const void *)a, sizeof(*a)) ? -errno : 0;

	umask(old);
	if (!error && c->gid != (gid_t)-1 && chown(a->sun_path, (uid_t)-1, c->gid)) {
		error = -errno;
		nm_os_log(NM_LOG_ERR, "%s can't be given to group %u: %s", a->sun_path, (unsigned)c->gid, strerror(-error));
	}
	if (!error && c->mode && chmod(a->sun_path, c->mode))
		error = -errno;
	return error;
}

static int
listen_on(struct server *s)
{
	struct sockaddr_un a = {0};
	int error = take_path(s, &a);

	if (error)
		return error;
	s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	error = s->listen_fd < 0 ? -errno : bind_path(s, &a);
	if (!error && listen(s->listen_fd, 128))
		error = -errno;
	if (error) {
		nm_os_log(NM_LOG_ERR, "can't listen on %s: %s", s->config->path, strerror(-error));
		return error;
	}
	return watch(s, s->listen_fd, EPOLLIN, &s->listen_fd, 0);
}

static void
end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

void
nm_server_block_signals(void)
{
	sigset_t set;

	end_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* who reads the log may leave */
	signal(SIGXFSZ, SIG_IGN); /* a region above the limit of file sizes fails, and that is all */
}

static int
open_signals(struct server *s)
{
	sigset_t set;

	end_signals(&set);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : watch(s, s->signal_fd, EPOLLIN, &s->signal_fd, 0);
}

/* Out of descriptors: give the spare one up to take the connection and end it, so that the client does not wait. */
static void
refuse_one(struct server *s)
{
	int fd;

	close(s->spare_fd);
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		nm_conn_refuse(fd, -ENFILE);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	nm_os_log(NM_LOG_WARN, "a client was refused: no descriptors left; raise the limit of open files");
}

/* Descriptors are the engine's: one user may not take them from the others. */
static bool
over_limit(struct server *s, struct nm_conn *c)
{
	uint32_t uid = c->client.session.cred.uid, n = nm_closer_stuck(uid);
	const struct nm_conn *o;

	if (uid == geteuid())
		return false;
	for (o = s->conns; o; o = o->next)
		n += o->client.session.cred.uid == uid;
	if (n < s->config->max_clients)
		return false;
	nm_os_log(NM_LOG_WARN, "user %u was refused: he has %u connections, the most there can be (--clients)", uid, n);
	nm_conn_tell(c, -EDQUOT);
	return true;
}

static void
accept_one(struct server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct nm_conn *c;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			refuse_one(s);
		return;
	}
	c = nm_conn_new(s->root, fd);
	if (!c) {
		nm_os_log(NM_LOG_WARN, "a client was refused: %s", strerror(errno));
		nm_conn_refuse(fd, errno == EMFILE || errno == ENFILE ? -ENFILE : -ENOMEM);
		return;
	}
	c->stamps = s->config->stamps;
	if (over_limit(s, c)) {
		nm_conn_close(c);
		return;
	}
	if (watch(s, c->ctl_fd, EPOLLIN, c, 0) || watch(s, c->client.ready_fd, 0, c, READY_TAG)) {
		nm_conn_close(c);
		return;
	}
	c->next = s->conns;
	s->conns = c;
	s->had_client = true;
}

static void
end_conn(struct server *s, struct nm_conn *c)
{
	struct nm_conn **q;

	for (q = &s->conns; *q != c; q = &(*q)->next)
		;
	*q = c->next;
	nm_conn_close(c);
}

/* Those whose memory is not what they share with us any more. */
static void
end_poisoned(struct server *s)
{
	struct nm_conn *c, *next;
	uint64_t count;

	(void)!read(s->poison_fd, &count, sizeof(count));
	for (c = s->conns; c; c = next) {
		next = c->next;
		if (!nm_os_user_session_poisoned(&c->client.session))
			continue;
		nm_os_log(NM_LOG_WARN, "%s: a page of its memory could not be had; user %u is disconnected",
		    c->client.session.port ? c->client.session.port->name : "a client",
		    c->client.session.cred.uid);
		nm_conn_abandon(c);
		end_conn(s, c);
	}
}

static void
serve_event(struct server *s, const struct epoll_event *e)
{
	struct nm_conn *c = (void *)(uintptr_t)(e->data.u64 & ~(uint64_t)READY_TAG);
	uint64_t count;
	int error;

	if (c == (void *)&s->listen_fd) {
		accept_one(s);
		return;
	}
	if (c == (void *)&s->signal_fd) {
		s->stop = true;
		return;
	}
	if (c == (void *)&s->poison_fd) {
		end_poisoned(s);
		return;
	}
	if (c == (void *)&s->gone_fd) {
		(void)!read(s->gone_fd, &count, sizeof(count));
		nm_vale_nic_reap(s->root, false);
		return;
	}
	if (e->data.u64 & READY_TAG)
		error = e->events & (EPOLLHUP | EPOLLERR) ? -ECONNRESET : 0;
	else
		error = nm_conn_message(c);
	if (error == -EPROTO)
		nm_os_log(NM_LOG_WARN, "a client of user %u sent a message that makes no sense; disconnected", c->client.session.cred.uid);
	if (error)
		end_conn(s, c);
}

/* An engine started on demand: nobody is here, and nothing would be lost. */
static bool
idle(struct server *s)
{
	return s->config->on_demand && !s->conns && !nm_vale_nic_any(s->root);
}

/* Who closed comes first: what he had must be free for one who asks after that. The others in turn. */
static const struct epoll_event *
pick_event(const struct epoll_event *e, int n, uint32_t turn)
{
	int i;

	for (i = 0; i < n; i++)
		if (e[i].events & EPOLLHUP)
			return &e[i];
	return &e[turn % (uint32_t)n];
}

static void
loop(struct server *s)
{
	struct epoll_event e[64];
	uint32_t turn = 0;
	int n;

	while (!s->stop) {
		n = epoll_wait(s->epoll_fd, e, 64, idle(s) ? GRACE_MS : -1);
		/* one event at a time: serving it may free what the next one points at */
		if (n > 0)
			serve_event(s, pick_event(e, n, turn++));
		else if (n == 0 && idle(s))
			s->stop = true;
	}
}

static void
tell_ready(const struct server *s)
{
	if (s->config->ready_fd < 0)
		return;
	if (write(s->config->ready_fd, "r", 1) != 1)
		nm_os_log(NM_LOG_WARN, "nobody waits for this engine");
	close(s->config->ready_fd);
}

int
nm_server_run(struct nm_root *root, const struct nm_server_config *c)
{
	struct server s = {.root = root, .config = c, .listen_fd = -1, .signal_fd = -1, .lock_fd = -1,
	    .poison_fd = nm_os_user_poison_fd(), .gone_fd = nic_gone_fd()};
	int error;

	nm_csb_limit(c->max_clients);
	s.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	error = s.epoll_fd < 0 ? -errno : open_signals(&s);
	if (!error)
		error = watch(&s, s.poison_fd, EPOLLIN, &s.poison_fd, 0);
	if (!error)
		error = watch(&s, s.gone_fd, EPOLLIN, &s.gone_fd, 0);
	if (!error)
		error = listen_on(&s);
	if (!error && nic_divert_clean_all())
		nm_os_log(NM_LOG_WARN, "interfaces that an engine had taken from the host when it was killed were given back");
	if (!error) {
		tell_ready(&s);
		nm_os_log(NM_LOG_INFO, "serving %s", c->path);
		loop(&s);
		unlink(c->path);
	}
	while (s.conns) {
		nm_conn_abandon(s.conns);
		end_conn(&s, s.conns);
	}
	close(s.listen_fd);
	close(s.lock_fd);
	close(s.signal_fd);
	close(s.epoll_fd);
	close(s.spare_fd);
	return error;
}
