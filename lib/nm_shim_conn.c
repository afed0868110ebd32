/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_conn.c - finds the engine: $NETMAP_SOCKET, the system's, the user's in $XDG_RUNTIME_DIR or in a folder of
 * his under /tmp; the last three are started when nobody listens.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define SYSTEM_SOCKET "/run/netmap/netmapd.sock"

static int
try_connect(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s, err;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	s = nm_shim_hide(s);
	while (connect(s, (struct sockaddr *)&a, sizeof(a)) < 0) {
		if (errno == EINTR)
			continue;
		err = -errno;
		nm_real_close(s);
		return err;
	}
	return s;
}

/* Our folder under /tmp: made, or found to be ours and closed to others. */
static int
private_dir(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(dir, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		fprintf(stderr, "netmap: %s is not a private folder of uid %u, no engine is used from it\n", dir,
		    (unsigned)geteuid());
		return -EACCES;
	}
	return 0;
}

static bool
absent(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED;
}

/* Once: who lost his engine tries again and again. */
static void
say_no_lock(const char *path, const char *file, int err)
{
	static int said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		fprintf(stderr, "netmap: no engine listens on %s, and none can be started: %s: %s; have that folder made and writable, or name "
		    "another socket by NETMAP_SOCKET\n", path, file, strerror(-err));
}

/* Connects; with nobody there starts an engine, one of all callers at a time. */
static int
connect_or_start(const char *path)
{
	char file[128];
	int lock, err, s = try_connect(path);

	if (s >= 0 || !absent(s))
		return s;
	if (snprintf(file, sizeof(file), "%s.lock", path) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	lock = nm_real_openat(AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		err = -errno;
		say_no_lock(path, file, err);
		return err;
	}
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR) {
			err = -errno;
			goto err_close;
		}
	s = try_connect(path);
	if (absent(s)) {
		err = nm_shim_start(path);
		s = err < 0 ? err : try_connect(path);
	}
	err = s;
err_close:
	nm_real_close(lock);
	return err;
}

static void
say_denied(void)
{
	static int said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		fprintf(stderr, "netmap: no permission for " SYSTEM_SOCKET ", using a private engine\n");
}

static void
say_refused(int err)
{
	static int said;

	if (__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		return;
	if (err == -EDQUOT)
		fprintf(stderr, "netmap: the engine refused: this user has as many connections as it allows (netmapd --clients)\n");
	else if (err == -ENFILE)
		fprintf(stderr, "netmap: the engine refused: it has no descriptors left; raise its limit of open files (ulimit -n)\n");
	else
		fprintf(stderr, "netmap: the engine refused: %s\n", strerror(-err));
}

/* reach: try_connect, or what also starts one. */
static int
find_engine(int (*reach)(const char *path))
{
	const char *env = secure_getenv("NETMAP_SOCKET"), *xdg = secure_getenv("XDG_RUNTIME_DIR");
	char path[104];
	struct stat st;
	int s, n;

	if (env != NULL && env[0] != '\0')
		return reach(env);
	s = try_connect(SYSTEM_SOCKET);
	if (s >= 0)
		return s;
	if (s == -EACCES || s == -EPERM)
		say_denied();
	if (xdg != NULL && xdg[0] == '/' && stat(xdg, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) {
		n = snprintf(path, sizeof(path), "%s/netmapd.sock", xdg);
		if (n < (int)sizeof(path))
			return reach(path);
	}
	snprintf(path, sizeof(path), "/tmp/netmapd-%u", (unsigned)geteuid());
	s = private_dir(path);
	if (s < 0)
		return s;
	strcat(path, "/netmapd.sock");
	return reach(path);
}

/* The ready socket becomes the application's descriptor: close-on-exec and non-blocking as it asked. */
static int
adopt(int sock, const int fds[2], int flags, uint32_t engine)
{
	struct nm_shim_obj *o = nm_shim_obj_new();
	struct stat st;
	int err = -ENOMEM;

	if (o == NULL)
		goto err_fds;
	o->sock = sock;
	o->stamps = engine & NM_WIRE_STAMPS;
	o->kick = nm_shim_hide(fds[1]);
	if (!(flags & O_CLOEXEC))
		nm_real_fcntl(fds[0], F_SETFD, NULL);
	nm_real_fcntl(fds[0], F_SETFL, (void *)(uintptr_t)(flags & O_NONBLOCK));
	err = fstat(fds[0], &st) < 0 ? -errno : 0;
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	if (err == 0)
		err = nm_shim_fd_set(fds[0], o);
	nm_shim_obj_put(o);
	if (err < 0) {
		nm_real_close(fds[0]);
		return err;
	}
	return fds[0];
err_fds:
	nm_real_close(fds[0]);
	nm_real_close(fds[1]);
	nm_real_close(sock);
	return err;
}

int
nm_shim_hello(int sock, int flags)
{
	union { struct nm_wire w; char bytes[256]; } m = {.w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_HELLO}};
	int fds[2] = {-1, -1}, n;

	n = nm_shim_call(sock, m.bytes, sizeof(m.w), sizeof(m), fds);
	if (n >= 0 && m.w.error < 0) {
		n = m.w.error;
		say_refused(n);
	} else if (n >= 0 && (fds[0] < 0 || fds[1] < 0))
		n = -EPROTO;
	if (n >= 0)
		return adopt(sock, fds, flags, m.w.arg);
	if (fds[0] >= 0)
		nm_real_close(fds[0]);
	if (fds[1] >= 0)
		nm_real_close(fds[1]);
	nm_real_close(sock);
	return n;
}

int
nm_shim_connect(int flags)
{
	int tries, s = -ENOENT;

	/* an engine that leaves as we come closes on us: once more, then */
	for (tries = 0; tries < 3; tries++) {
		s = find_engine(connect_or_start);
		if (s < 0)
			return s;
		s = nm_shim_hello(s, flags);
		if (s >= 0 || (s != -EIO && s != -ECONNRESET && s != -EPIPE))
			break;
	}
	return s;
}

bool
nm_shim_listens(void)
{
	int s = find_engine(try_connect);

	if (s >= 0)
		nm_real_close(s);
	return s >= 0;
}
