/* SPDX-License-Identifier: BSD-2-Clause */
/* bed.h - what the fault tests stand on: an engine of their own, tools as its clients, and what the engine holds. */
#ifndef BED_H
#define BED_H

#include "raw_client.h"

#include <net/netmap.h>
#include <sys/resource.h>
#include <sys/types.h>

enum verdict { OK, FAILED, SKIPPED };

struct options {
	unsigned kills, engine_kills;
	unsigned seed;
	bool verbose;
};

extern struct options options;
extern char why_skipped[160];

/* Ends the test with a message, unless c. */
#define CHECK(c, ...) do { if (!(c)) { failed_at(__FILE__, __LINE__, #c, __VA_ARGS__); return FAILED; } } while (0)
void failed_at(const char *file, int line, const char *text, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A test is named among the arguments that getopt left, or none is. */
bool bed_wanted(int argc, char **argv, const char *name);
enum verdict skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The engine under test, and what is done to it before it starts. */
struct bed {
	char path[96], exe_dir[3072];
	pid_t pid;
	const char *args[16];     /* beside --foreground, --socket and --ready-fd; NULL-terminated */
	rlim_t nofile, as, fsize; /* 0: not limited */
	const char *cgroup;       /* it is put into, or NULL */
	bool hoards;              /* as sanitizers do: what it freed may stay with it */
};

/* 0 or -errno. */
int bed_start(struct bed *b);
/* SIGKILL or SIGTERM, and waits; the status of wait(2). */
int bed_end(struct bed *b, int sig);
void bed_clean(struct bed *b);

/* What the engine has at a moment. */
struct holdings {
	unsigned ports, regions, files, threads, maps;
	unsigned long rss_kib, vm_kib;
};

/* 0 or -errno. Ports as an administrator sees them, the counting client's own things excluded. */
int bed_count(const struct bed *b, struct holdings *h);
/* Waits until the engine holds no more than `before`; false when it never does. `what` gets the last difference. */
bool bed_settled(const struct bed *b, const struct holdings *before, char what[200]);

/* A tool with the engine's socket in its environment, its output to nowhere (or to `out` if >= 0). */
pid_t bed_tool(const struct bed *b, int out, const char *const *argv);
/* Waits; false when it had to be killed after `seconds`. */
bool bed_reap(pid_t pid, int seconds, int *status);

/* Two ports of a switch that exchange numbered frames; each is checked. 0 or the line that failed. */
struct pair {
	struct raw_client a, b;
	uint32_t sent, got;
};

int pair_open(struct pair *p, const struct bed *b, const char *a_name, const char *b_name);
int pair_move(struct pair *p, uint32_t n);
void pair_close(struct pair *p);

/*
 * One test on an engine of its own. first, if not NULL, has what the engine gets once and keeps; then f is called with witnesses that have
 * exchanged frames. After it they must still do, the engine must hold what it held before, and end in order.
 */
enum verdict bed_run(struct bed *b, enum verdict (*first)(struct bed *b), enum verdict (*f)(struct bed *b, struct pair *witness));

/* Clients of some kinds, one at a time: each is killed at a random moment, after which the witnesses must go on. */
struct killed {
	pid_t (*start)(const struct bed *b, unsigned kind, unsigned round);
	const char *const *name; /* of each kind */
	unsigned kinds;
};

enum verdict bed_kill_rounds(const struct bed *b, struct pair *witness, const struct killed *k);

uint64_t bed_now_ms(void);
unsigned bed_random(unsigned below);

/* A memory cgroup below ours with a limit; name for bed.cgroup. 0, or -errno with the reason in why_skipped. */
int cgroup_make(char name[200], size_t limit);
int cgroup_enter(const char *name, pid_t pid);
void cgroup_remove(const char *name);

enum verdict kills_under_load(void);
enum verdict loops_die(void);
enum verdict a_stopped_receiver_stops_nobody(void);
enum verdict holes_are_survived(void);
enum verdict the_engine_dies(void);
enum verdict clients_learn_of_sigterm(void);
enum verdict pkt_gen_reconnects(void);
enum verdict sockets_and_locks(void);
enum verdict descriptors_run_out(void);
enum verdict the_quota_is_reached(void);
enum verdict connections_are_limited(void);
enum verdict address_space_runs_out(void);
enum verdict a_client_reaches_its_memory_limit(void);
enum verdict the_engine_reaches_its_memory_limit(void);
enum verdict huge_pages_run_out(void);

#endif
