/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_pass INTERFACE - gives it an XDP program that lets all frames pass, says "ready", and takes it back at SIGTERM. Exits with 77 where
 * the kernel has no such programs, with 1 where the interface takes none, and says why.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

int
main(int argc, char **argv)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr load = {.prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)insns, .insn_cnt = 2, .license = (uintptr_t)"BSD"};
	union bpf_attr link = {0};
	sigset_t set;
	int prog, sig;

	if (argc != 2)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prog = call(BPF_PROG_LOAD, &load);
	if (prog < 0) {
		fprintf(stderr, "no XDP programs here: %s\n", strerror(errno));
		return 77;
	}
	link.link_create.prog_fd = (uint32_t)prog;
	link.link_create.target_ifindex = if_nametoindex(argv[1]);
	link.link_create.attach_type = BPF_XDP;
	if (call(BPF_LINK_CREATE, &link) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&set, &sig);
	return 0;
}
