/* SPDX-License-Identifier: BSD-2-Clause */
/* np_errors_test.c - what the system's library refuses is refused alike: the same status, the same words, side by side. */
#include <errno.h>
#include <unistd.h>

#include "np_bed.h"

typedef int (*call_t)(const struct np_sys *a, pcap_t *p);

static u_char frame_of[60];
static struct pcap_stat stat_of;
static int *list_of;
static struct bpf_program prog_of;
static struct pcap_pkthdr *hdr_of;
static const u_char *data_of;

static void
ignore(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)user;
	(void)h;
	(void)data;
}

#define CALL(name, expression) \
	static int \
	name(const struct np_sys *a, pcap_t *p) \
	{ \
		return (int)(expression); \
	}

CALL(set_snaplen, a->pcap_set_snaplen(p, 100))
CALL(set_snaplen_bad, a->pcap_set_snaplen(p, -5))
CALL(set_promisc, a->pcap_set_promisc(p, 1))
CALL(set_timeout, a->pcap_set_timeout(p, -1))
CALL(set_buffer, a->pcap_set_buffer_size(p, -1))
CALL(set_immediate, a->pcap_set_immediate_mode(p, 1))
CALL(set_rfmon, a->pcap_set_rfmon(p, 0))
CALL(can_set_rfmon, a->pcap_can_set_rfmon(p))
CALL(set_protocol, a->pcap_set_protocol_linux(p, 0))
CALL(set_type, a->pcap_set_tstamp_type(p, PCAP_TSTAMP_HOST))
CALL(set_type_bad, a->pcap_set_tstamp_type(p, 77))
CALL(set_precision, a->pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO))
CALL(set_precision_bad, a->pcap_set_tstamp_precision(p, 5))
CALL(get_precision, a->pcap_get_tstamp_precision(p))
CALL(datalink, a->pcap_datalink(p))
CALL(datalink_ext, a->pcap_datalink_ext(p))
CALL(list_datalinks, a->pcap_list_datalinks(p, &list_of))
CALL(set_datalink, a->pcap_set_datalink(p, DLT_EN10MB))
CALL(set_datalink_bad, a->pcap_set_datalink(p, 100))
CALL(set_datalink_known, a->pcap_set_datalink(p, DLT_DOCSIS))
CALL(snapshot, a->pcap_snapshot(p))
CALL(compile, a->pcap_compile(p, &prog_of, "udp", 1, 0))
CALL(setfilter, a->pcap_setfilter(p, &prog_of))
CALL(stats, a->pcap_stats(p, &stat_of))
CALL(dispatch, a->pcap_dispatch(p, 1, ignore, NULL))
CALL(loop, a->pcap_loop(p, 1, ignore, NULL))
CALL(next_ex, a->pcap_next_ex(p, &hdr_of, &data_of))
CALL(inject, a->pcap_inject(p, frame_of, sizeof(frame_of)))
CALL(sendpacket, a->pcap_sendpacket(p, frame_of, sizeof(frame_of)))
CALL(setdirection, a->pcap_setdirection(p, PCAP_D_OUT))
CALL(setdirection_bad, a->pcap_setdirection(p, (pcap_direction_t)9))
CALL(selectable, a->pcap_get_selectable_fd(p))
CALL(fileno_of, a->pcap_fileno(p))
CALL(swapped, a->pcap_is_swapped(p))
CALL(major_of, a->pcap_major_version(p))
CALL(minor_of, a->pcap_minor_version(p))
CALL(file_of, a->pcap_file(p) != NULL)
CALL(bufsize, a->pcap_bufsize(p))
CALL(dump, a->pcap_dump_open(p, "/nonexistent/x") != NULL)
CALL(activate_again, a->pcap_activate(p))

/* The same call of both: status and words agree. */
static void
agree(const char *what, call_t call, pcap_t *ours, pcap_t *theirs)
{
	int a, b;

	bed_ours.pcap_geterr(ours)[0] = bed_system.pcap_geterr(theirs)[0] = '\0';
	a = call(&bed_ours, ours);
	b = call(&bed_system, theirs);
	if (a != b || strcmp(bed_ours.pcap_geterr(ours), bed_system.pcap_geterr(theirs)) != 0)
		fail_msg("%s: %d '%s', the system's: %d '%s'", what, a, bed_ours.pcap_geterr(ours), b, bed_system.pcap_geterr(theirs));
}

struct row {
	const char *what;
	call_t call;
};
#define ROW(name) {#name, name}

static void
rows_agree(const struct row *r, size_t n, pcap_t *ours, pcap_t *theirs)
{
	size_t i;

	for (i = 0; i < n; i++)
		agree(r[i].what, r[i].call, ours, theirs);
}
#define AGREE(rows, ours, theirs) rows_agree(rows, sizeof(rows) / sizeof((rows)[0]), ours, theirs)

static void
before_activation(void **state)
{
	static const struct row rows[] = {ROW(set_snaplen), ROW(set_snaplen_bad), ROW(set_promisc), ROW(set_timeout), ROW(set_buffer),
	    ROW(set_immediate), ROW(set_rfmon), ROW(can_set_rfmon), ROW(set_protocol), ROW(set_type), ROW(set_type_bad), ROW(set_precision),
	    ROW(set_precision_bad), ROW(get_precision), ROW(datalink), ROW(datalink_ext), ROW(list_datalinks), ROW(set_datalink),
	    ROW(set_datalink_bad), ROW(snapshot), ROW(compile), ROW(setfilter), ROW(stats), ROW(dispatch), ROW(loop), ROW(next_ex), ROW(inject),
	    ROW(sendpacket), ROW(setdirection), ROW(setdirection_bad), ROW(selectable), ROW(fileno_of), ROW(swapped), ROW(major_of), ROW(minor_of),
	    ROW(file_of), ROW(bufsize), ROW(dump)};
	char err[2][PCAP_ERRBUF_SIZE] = {"", ""};
	pcap_t *ours = pcap_create("vale0:errors", err[0]), *theirs = bed_system.pcap_create("any", err[1]);

	(void)state;
	assert_non_null(ours);
	assert_non_null(theirs);
	AGREE(rows, ours, theirs);
	assert_int_equal(pcap_getnonblock(ours, err[0]), bed_system.pcap_getnonblock(theirs, err[1]));
	assert_string_equal(err[0], err[1]);
	pcap_close(ours);
	bed_system.pcap_close(theirs);
}

/* Setters in the wrong order, and what a live handle of Ethernet says. */
static void
after_activation(void **state)
{
	static const struct row rows[] = {ROW(activate_again), ROW(set_snaplen), ROW(set_snaplen_bad), ROW(set_promisc), ROW(set_timeout),
	    ROW(set_buffer), ROW(set_immediate), ROW(set_rfmon), ROW(set_protocol), ROW(set_type), ROW(set_type_bad), ROW(set_precision),
	    ROW(set_precision_bad), ROW(get_precision), ROW(datalink), ROW(datalink_ext), ROW(list_datalinks), ROW(set_datalink),
	    ROW(set_datalink_bad), ROW(set_datalink_known), ROW(snapshot), ROW(swapped), ROW(major_of), ROW(minor_of), ROW(file_of), ROW(dump)};
	static const struct row live[] = {ROW(setdirection_bad), ROW(can_set_rfmon)};
	pcap_t *ours = bed_open("vale0:errors", 0, 10, 0), *theirs = bed_system.pcap_open_dead(DLT_EN10MB, 262144), *lo;
	char err[PCAP_ERRBUF_SIZE] = "";

	(void)state;
	AGREE(rows, ours, theirs);
	bed_system.pcap_close(theirs);
	if (geteuid() == 0) {
		lo = bed_system.pcap_open_live("lo", 0, 0, 10, err);
		assert_non_null(lo);
		AGREE(rows, ours, lo);
		AGREE(live, ours, lo);
		assert_int_equal(pcap_inject(ours, "abc", 3), bed_system.pcap_inject(lo, "abc", 3));
		assert_string_equal(pcap_geterr(ours), bed_system.pcap_geterr(lo));
		bed_system.pcap_close(lo);
	}
	pcap_close(ours);
}

static void
a_filter_that_does_not_compile(void **state)
{
	static const char *const text[] = {"udp and frobnicate(", "port 99999999", "ip[1:3] = 5", "ether proto", "vlan and and", "wlan type frobnicate", ")"};
	pcap_t *ours = bed_open("vale0:errors", 0, 10, 0), *theirs = bed_system.pcap_open_dead(DLT_EN10MB, 262144);
	struct bpf_program f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		assert_int_equal(pcap_compile(ours, &f, text[i], 1, 0), PCAP_ERROR);
		assert_int_equal(bed_system.pcap_compile(theirs, &f, text[i], 1, 0), PCAP_ERROR);
		assert_string_equal(pcap_geterr(ours), bed_system.pcap_geterr(theirs));
	}
	bed_system.pcap_close(theirs);
	pcap_close(ours);
}

static void
a_program_that_is_none(void **state)
{
	struct bpf_insn jump_out = {0x05, 0, 0, 1000}, none = {0, 0, 0, 0};
	struct bpf_program bad[] = {{0, NULL}, {1, &jump_out}, {1, &none}, {0, &none}};
	pcap_t *ours = bed_open("vale0:errors", 0, 10, 0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pcap_setfilter(ours, &bad[i]), PCAP_ERROR);
		assert_string_equal(pcap_geterr(ours), "BPF program is not valid");
	}
	pcap_close(ours);
}

static void
a_device_that_does_not_exist(void **state)
{
	static const char *const name[] = {"netmap:nosuch0", "netmap:nosuch0-1", "netmap:nosuch0^"};
	char err[PCAP_ERRBUF_SIZE], want[64];
	size_t i;
	pcap_t *p;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		p = pcap_create(name[i], err);
		assert_non_null(p);
		assert_int_equal(pcap_activate(p), PCAP_ERROR_NO_SUCH_DEVICE);
		assert_true(strlen(pcap_geterr(p)) > 10);
		assert_int_equal(pcap_datalink(p), PCAP_ERROR_NOT_ACTIVATED); /* still to be activated, or closed */
		pcap_close(p);
		assert_null(pcap_open_live(name[i], 100, 1, 10, err));
		snprintf(want, sizeof(want), "%s: %s (", name[i], pcap_statustostr(PCAP_ERROR_NO_SUCH_DEVICE));
		assert_memory_equal(err, want, strlen(want));
	}
	if (geteuid() != 0)
		return;
	assert_null(bed_system.pcap_open_live("nosuch0", 100, 1, 10, err));
	assert_memory_equal(err, "nosuch0: No such device exists", 30);
}

static void
a_name_that_is_none(void **state)
{
	static const char *const name[] = {"vale0:", "netmap:", "vale0:x/y", "netmap:x{", "vale0:x@nosuch=1"};
	char err[PCAP_ERRBUF_SIZE];
	size_t i;
	pcap_t *p;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		p = pcap_create(name[i], err);
		assert_non_null(p);
		assert_int_equal(pcap_activate(p), PCAP_ERROR);
		assert_non_null(strstr(pcap_geterr(p), name[i]));
		pcap_close(p);
		assert_null(pcap_open_live(name[i], 100, 1, 10, err));
		assert_memory_equal(err, name[i], strlen(name[i]));
	}
}

static void
monitor_mode_is_not_for_ethernet(void **state)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("vale0:errors", err);

	(void)state;
	assert_int_equal(pcap_set_rfmon(p, 1), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
	assert_string_equal(pcap_geterr(p), pcap_statustostr(PCAP_ERROR_RFMON_NOTSUP));
	assert_int_equal(pcap_set_rfmon(p, 0), 0);
	assert_int_equal(pcap_activate(p), 0); /* a handle that was refused may be activated later */
	pcap_close(p);
}

/* The words are those of the call that failed last, whichever library they come from, and errno is one for both. */
static void
words_of_the_last_error(void **state)
{
	pcap_t *p = bed_open("vale0:errors", 0, 10, 0);
	char err[PCAP_ERRBUF_SIZE];
	struct bpf_program f;

	(void)state;
	assert_int_equal(pcap_compile(p, &f, "(", 1, 0), PCAP_ERROR);
	assert_int_equal(pcap_sendpacket(p, frame_of, 3), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "send: Invalid argument");
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_string_equal(pcap_geterr(p), "send: Invalid argument"); /* a call that succeeds has no words */
	assert_null(pcap_open_offline("/nonexistent/x", err));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pcap_compile(p, &f, "(", 1, 0), PCAP_ERROR);
	assert_string_not_equal(pcap_geterr(p), "send: Invalid argument");
	pcap_close(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(before_activation), T(after_activation), T(a_filter_that_does_not_compile), T(a_program_that_is_none),
	    T(a_device_that_does_not_exist), T(a_name_that_is_none), T(monitor_mode_is_not_for_ethernet), T(words_of_the_last_error)};

	return cmocka_run_group_tests(tests, bed_setup, own_engine_teardown);
}
