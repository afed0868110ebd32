/* SPDX-License-Identifier: BSD-2-Clause */
#include "nic_divert.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDLE 0x6e6d6831u /* by which our filters are known */
#define PRIORITY 1u        /* before all others: these would let frames pass us */
#define MARK_AT ((int16_t)offsetof(struct __sk_buff, mark))

#define LOAD_MARK(reg) {.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = (reg), .src_reg = BPF_REG_6, .off = MARK_AT}
#define STORE_MARK(reg) {.code = BPF_STX | BPF_W | BPF_MEM, .dst_reg = BPF_REG_6, .src_reg = (reg), .off = MARK_AT}
#define SET(reg, value) {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (int32_t)(value)}
#define COPY(reg, from) {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (reg), .src_reg = (from)}
#define UNLESS(reg, value, skip) {.code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = (reg), .off = (skip), .imm = (int32_t)(value)}
#define REDIRECT {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect}
#define EXIT {.code = BPF_JMP | BPF_EXIT}
#define LEAVE(verdict) SET(BPF_REG_0, verdict), EXIT

/* What is ours goes on without its mark. 6 instructions. */
#define PASS_OURS COPY(BPF_REG_6, BPF_REG_1), LOAD_MARK(BPF_REG_2), UNLESS(BPF_REG_2, NIC_DIVERT_MARK, 4), \
	SET(BPF_REG_2, 0), STORE_MARK(BPF_REG_2), LEAVE(TC_ACT_UNSPEC)
#define SEND_MARKED(to, flags) SET(BPF_REG_2, NIC_DIVERT_MARK), STORE_MARK(BPF_REG_2), SET(BPF_REG_1, to), \
	SET(BPF_REG_2, flags), REDIRECT, EXIT

#define LOAD(prog) bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "netmap_divert", "Dual BSD/GPL", prog, sizeof(prog) / sizeof((prog)[0]), NULL)

static int
load_wire_in(void)
{
	const struct bpf_insn prog[] = {PASS_OURS, LEAVE(TC_ACT_SHOT)};

	return LOAD(prog);
}

static int
load_wire_out(unsigned tap)
{
	const struct bpf_insn prog[] = {PASS_OURS, SEND_MARKED(tap, 0)};

	return LOAD(prog);
}

static int
load_tap_in(unsigned ifindex)
{
	const struct bpf_insn prog[] = {COPY(BPF_REG_6, BPF_REG_1), SEND_MARKED(ifindex, BPF_F_INGRESS)};

	return LOAD(prog);
}

static int
load_tap_out(void)
{
	const struct bpf_insn prog[] = {PASS_OURS, LEAVE(TC_ACT_SHOT)};

	return LOAD(prog);
}

void
nic_divert_tap_name(unsigned ifindex, char name[16])
{
	snprintf(name, 16, "nmh%u", ifindex);
}

static struct bpf_tc_hook
hook_of(unsigned ifindex, enum bpf_tc_attach_point where)
{
	return (struct bpf_tc_hook){.sz = sizeof(struct bpf_tc_hook), .ifindex = (int)ifindex, .attach_point = where};
}

/* Attaches the program, or passes its error on; closes it: the filter holds it. */
static int
attach(unsigned ifindex, enum bpf_tc_attach_point where, int prog)
{
	struct bpf_tc_hook hook = hook_of(ifindex, where);
	struct bpf_tc_opts opts = {.sz = sizeof(opts), .prog_fd = prog, .handle = HANDLE, .priority = PRIORITY};
	int error;

	if (prog < 0)
		return prog;
	error = bpf_tc_attach(&hook, &opts);
	close(prog);
	return error;
}

static bool
is_attached(unsigned ifindex, enum bpf_tc_attach_point where)
{
	struct bpf_tc_hook hook = hook_of(ifindex, where);
	struct bpf_tc_opts opts = {.sz = sizeof(opts), .handle = HANDLE, .priority = PRIORITY};

	return !bpf_tc_query(&hook, &opts);
}

static void
detach(unsigned ifindex, enum bpf_tc_attach_point where)
{
	struct bpf_tc_hook hook = hook_of(ifindex, where);
	struct bpf_tc_opts opts = {.sz = sizeof(opts), .handle = HANDLE, .priority = PRIORITY};

	bpf_tc_detach(&hook, &opts);
}

/* Whether anybody's filter is there; true when that can't be told. */
static bool
has_filters(unsigned ifindex, uint32_t parent)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg t;
	} q = {{.nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETTFILTER, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    {.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = parent}};
	union {
		struct nlmsghdr h;
		char bytes[16384];
	} r;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool found = true;

	if (fd >= 0 && send(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q))
		found = recv(fd, &r, sizeof(r), 0) < (ssize_t)sizeof(r.h) || r.h.nlmsg_type != NLMSG_DONE;
	if (fd >= 0)
		close(fd);
	return found;
}

/* Takes the hooks away if nobody else uses them. */
static void
remove_hook(unsigned ifindex)
{
	struct bpf_tc_hook hook = hook_of(ifindex, (enum bpf_tc_attach_point)(BPF_TC_INGRESS | BPF_TC_EGRESS));

	if (!has_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) && !has_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)))
		bpf_tc_hook_destroy(&hook);
}

static int
make_hook(unsigned ifindex, bool *made)
{
	struct bpf_tc_hook hook = hook_of(ifindex, (enum bpf_tc_attach_point)(BPF_TC_INGRESS | BPF_TC_EGRESS));
	int error = bpf_tc_hook_create(&hook);

	*made = !error;
	return error == -EEXIST ? 0 : error;
}

static int
quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Of an engine that was killed; true when there was something. A living one has its TAP; that of the other went with it. */
static bool
clean_one(unsigned ifindex, bool ours)
{
	char tap[16];

	nic_divert_tap_name(ifindex, tap);
	if (!ours && if_nametoindex(tap))
		return false;
	if (!is_attached(ifindex, BPF_TC_INGRESS) && !is_attached(ifindex, BPF_TC_EGRESS))
		return false;
	detach(ifindex, BPF_TC_INGRESS);
	detach(ifindex, BPF_TC_EGRESS);
	remove_hook(ifindex);
	return true;
}

int
nic_divert_start(struct nic_divert *d, unsigned ifindex, unsigned tap)
{
	bool ignored;
	int error;

	if (d->on)
		return 0;
	libbpf_set_print(quiet);
	*d = (struct nic_divert){.ifindex = ifindex, .tap = tap, .on = true};
	clean_one(ifindex, true); /* its TAP is ours now, so nobody else can be at this interface */
	error = make_hook(tap, &ignored);
	if (!error)
		error = make_hook(ifindex, &d->made_hook);
	if (!error)
		error = attach(tap, BPF_TC_INGRESS, load_tap_in(ifindex));
	if (!error)
		error = attach(tap, BPF_TC_EGRESS, load_tap_out());
	if (!error)
		error = attach(ifindex, BPF_TC_EGRESS, load_wire_out(tap));
	if (!error)
		error = attach(ifindex, BPF_TC_INGRESS, load_wire_in());
	if (error)
		nic_divert_stop(d);
	return error;
}

void
nic_divert_stop(struct nic_divert *d)
{
	if (!d->on)
		return;
	detach(d->ifindex, BPF_TC_INGRESS);
	detach(d->ifindex, BPF_TC_EGRESS);
	detach(d->tap, BPF_TC_INGRESS);
	detach(d->tap, BPF_TC_EGRESS);
	if (d->made_hook)
		remove_hook(d->ifindex);
	d->on = false;
}

bool
nic_divert_clean(unsigned ifindex)
{
	libbpf_set_print(quiet);
	return clean_one(ifindex, false);
}

int
nic_divert_clean_all(void)
{
	struct if_nameindex *all = if_nameindex(), *i;
	int n = 0;

	for (i = all; i && i->if_index; i++)
		n += nic_divert_clean(i->if_index);
	if (all)
		if_freenameindex(all);
	return n;
}
