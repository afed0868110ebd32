/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_real.h - the calls behind the interposed ones: the next library's, else the system call. */
#ifndef NM_SHIM_REAL_H
#define NM_SHIM_REAL_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/types.h>
#include <time.h>

int nm_real_openat(int dir, const char *path, int flags, mode_t mode);
FILE *nm_real_fopen(const char *path, const char *mode);
FILE *nm_real_freopen(const char *path, const char *mode, FILE *f);
int nm_real_ioctl(int fd, unsigned long req, void *arg);
void *nm_real_mmap(void *addr, size_t len, int prot, int flags, int fd, int64_t off);
int nm_real_munmap(void *addr, size_t len);
int nm_real_poll(struct pollfd *fds, nfds_t n, int timeout);
int nm_real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask);
int nm_real_select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv);
int nm_real_pselect(int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts, const sigset_t *mask);
int nm_real_epoll_pwait(int ep, struct epoll_event *ev, int n, int timeout, const sigset_t *mask);
int nm_real_epoll_pwait2(int ep, struct epoll_event *ev, int n, const struct timespec *ts, const sigset_t *mask);
int nm_real_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
int nm_real_close(int fd);
int nm_real_dup(int fd);
int nm_real_dup3(int fd, int to, int flags);
int nm_real_fcntl(int fd, int cmd, void *arg);

#endif
