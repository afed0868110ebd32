/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar of port names as a table: what is accepted, and what a refusal says. */
#include <libnetmap.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL_FLAGS (NR_EXCLUSIVE | NR_ZCOPY_MON | NR_MONITOR_TX | NR_MONITOR_RX | NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY)

static const struct {
	const char *spec, *name;
	uint32_t mode;
	uint16_t ring, mem_id;
	uint64_t flags;
} accepted[] = {
	{ "netmap:eth0", "eth0", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:a", "a", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:_", "_", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:9", "9", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0.100", "eth0.100", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:vale0", "vale0", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale:a", "vale:a", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale0:1", "vale0:1", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale0:eth0", "vale0:eth0", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "valeabc_9:x", "valeabc_9:x", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale0123456789ab:p", "vale0123456789ab:p", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "valet0:x", "valet0:x", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0{1", "eth0{1", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0}1", "eth0}1", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0{abc_d", "eth0{abc_d", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale0:a{b", "vale0:a{b", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "vale0:a}b", "vale0:a}b", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0^", "eth0", NR_REG_SW, 0, 0, 0 },
	{ "netmap:eth0^0", "eth0", NR_REG_ONE_SW, 0, 0, 0 },
	{ "netmap:eth0^4094", "eth0", NR_REG_ONE_SW, 4094, 0, 0 },
	{ "netmap:eth0*", "eth0", NR_REG_NIC_SW, 0, 0, 0 },
	{ "netmap:eth0-0", "eth0", NR_REG_ONE_NIC, 0, 0, 0 },
	{ "netmap:eth0-7", "eth0", NR_REG_ONE_NIC, 7, 0, 0 },
	{ "netmap:eth0-4094", "eth0", NR_REG_ONE_NIC, 4094, 0, 0 },
	{ "netmap:eth0-007", "eth0", NR_REG_ONE_NIC, 7, 0, 0 },
	{ "netmap:eth0{1-2", "eth0{1", NR_REG_ONE_NIC, 2, 0, 0 },
	{ "netmap:eth0/x", "eth0", NR_REG_ALL_NIC, 0, 0, NR_EXCLUSIVE },
	{ "netmap:eth0/z", "eth0", NR_REG_ALL_NIC, 0, 0, NR_ZCOPY_MON },
	{ "netmap:eth0/t", "eth0", NR_REG_ALL_NIC, 0, 0, NR_MONITOR_TX },
	{ "netmap:eth0/r", "eth0", NR_REG_ALL_NIC, 0, 0, NR_MONITOR_RX },
	{ "netmap:eth0/R", "eth0", NR_REG_ALL_NIC, 0, 0, NR_RX_RINGS_ONLY },
	{ "netmap:eth0/T", "eth0", NR_REG_ALL_NIC, 0, 0, NR_TX_RINGS_ONLY },
	{ "netmap:eth0/xx", "eth0", NR_REG_ALL_NIC, 0, 0, NR_EXCLUSIVE },
	{ "netmap:eth0/xztrRT", "eth0", NR_REG_ALL_NIC, 0, 0, ALL_FLAGS },
	{ "netmap:eth0-3/x", "eth0", NR_REG_ONE_NIC, 3, 0, NR_EXCLUSIVE },
	{ "netmap:eth0^/R", "eth0", NR_REG_SW, 0, 0, NR_RX_RINGS_ONLY },
	{ "netmap:eth0^2/T", "eth0", NR_REG_ONE_SW, 2, 0, NR_TX_RINGS_ONLY },
	{ "netmap:eth0*/x", "eth0", NR_REG_NIC_SW, 0, 0, NR_EXCLUSIVE },
	{ "netmap:eth0@1", "eth0", NR_REG_ALL_NIC, 0, 1, 0 },
	{ "netmap:eth0@65535", "eth0", NR_REG_ALL_NIC, 0, 65535, 0 },
	{ "netmap:eth0-1@2", "eth0", NR_REG_ONE_NIC, 1, 2, 0 },
	{ "netmap:eth0/x@2", "eth0", NR_REG_ALL_NIC, 0, 2, NR_EXCLUSIVE },
	{ "netmap:eth0@2/x", "eth0", NR_REG_ALL_NIC, 0, 2, NR_EXCLUSIVE },
	{ "netmap:eth0@2@2", "eth0", NR_REG_ALL_NIC, 0, 2, 0 },
	{ "netmap:eth0/x/t", "eth0", NR_REG_ALL_NIC, 0, 0, NR_MONITOR_TX | NR_EXCLUSIVE },
	{ "netmap:eth0-1/x@3", "eth0", NR_REG_ONE_NIC, 1, 3, NR_EXCLUSIVE },
	{ "vale0:a{b-1/x@3", "vale0:a{b", NR_REG_ONE_NIC, 1, 3, NR_EXCLUSIVE },
	{ "netmap:eth0@conf:rings=4", "eth0", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:eth0@1@conf:rings=4", "eth0", NR_REG_ALL_NIC, 0, 1, 0 },
	{ "netmap:eth0-2/x@3@conf:rings=4,slots=512", "eth0", NR_REG_ONE_NIC, 2, 3, NR_EXCLUSIVE },
	{ "netmap:eth0@conf:tx-rings=1,rx_rings=2", "eth0", NR_REG_ALL_NIC, 0, 0, 0 },
	{ "netmap:a12345678901234567890123456789012345678901234567890123456789012", "a12345678901234567890123456789012345678901234567890123456789012", NR_REG_ALL_NIC, 0, 0, 0 },
};

#define SUBSYSTEM "expected 'netmap:' or 'vale<name>:'"
#define AFTER_VALE "expected a letter, a digit, '_' or ':'"
#define AFTER_NAME "expected a letter, a digit, '_', '.', '{', '}', '^', '*', '-', '/', '@' or the end"
#define AFTER_PIPE "expected a letter, a digit, '_', '.', '^', '*', '-', '/', '@' or the end"
#define RING "expected the number of a ring, 0 to 4094"
#define AFTER_RING "expected '/', '@' or the end"
#define FLAG "expected a flag: x z t r R or T"
#define AFTER_FLAG "expected a flag (x z t r R or T), '/', '@' or the end"
#define MEM_ID "expected a memory id, 1 to 65535"
#define OPTION "expected the name of an option"

static const struct {
	const char *spec;
	int err;
	bool quoted; /* the message begins with the name */
	const char *message;
} rejected[] = {
	{ "netmap:eth0@conf:rings=4@offset:initial=64", EOPNOTSUPP, true, "character 26 ('o'): option 'offset' is not enabled" },
	{ "", EINVAL, true, "at the end: " SUBSYSTEM },
	{ "n", EINVAL, true, "character 1 ('n'): " SUBSYSTEM },
	{ "eth0", EINVAL, true, "character 1 ('e'): " SUBSYSTEM },
	{ "netmap", EINVAL, true, "at the end: expected ':'" },
	{ "netmap:", EINVAL, true, "at the end: expected the name of an interface" },
	{ "netmapx:eth0", EINVAL, true, "character 7 ('x'): expected ':'" },
	{ "Netmap:eth0", EINVAL, true, "character 1 ('N'): " SUBSYSTEM },
	{ " netmap:eth0", EINVAL, true, "character 1 (' '): " SUBSYSTEM },
	{ "vale", EINVAL, true, "at the end: " AFTER_VALE },
	{ "vale:", EINVAL, true, "at the end: expected the name of a port" },
	{ "vale0", EINVAL, true, "at the end: " AFTER_VALE },
	{ "vale0:", EINVAL, true, "at the end: expected the name of a port" },
	{ "vale-0:a", EINVAL, true, "character 5 ('-'): " AFTER_VALE },
	{ "vale0.1:a", EINVAL, true, "character 6 ('.'): " AFTER_VALE },
	{ "vale0123456789abc:p", EINVAL, true, "character 17 ('c'): the name of a switch has 16 characters at most" },
	{ "val0:a", EINVAL, true, "character 1 ('v'): " SUBSYSTEM },
	{ "netmap:-1", EINVAL, true, "character 8 ('-'): expected the name of an interface" },
	{ "netmap:{1", EINVAL, true, "character 8 ('{'): expected the name of an interface" },
	{ "netmap:@1", EINVAL, true, "character 8 ('@'): expected the name of an interface" },
	{ "netmap:eth 0", EINVAL, true, "character 11 (' '): " AFTER_NAME },
	{ "netmap:eth0:1", EINVAL, true, "character 12 (':'): " AFTER_NAME },
	{ "netmap:vale0:1", EINVAL, true, "character 13 (':'): " AFTER_NAME },
	{ "netmap:eth0+", EINVAL, true, "character 12 ('+'): " AFTER_NAME },
	{ "netmap:eth0{", EINVAL, true, "at the end: expected the name of a pipe" },
	{ "netmap:eth0}", EINVAL, true, "at the end: expected the name of a pipe" },
	{ "netmap:eth0{-1", EINVAL, true, "character 13 ('-'): expected the name of a pipe" },
	{ "netmap:eth0{a{b", EINVAL, true, "character 14 ('{'): " AFTER_PIPE },
	{ "netmap:eth0}a}b", EINVAL, true, "character 14 ('}'): " AFTER_PIPE },
	{ "netmap:eth0{a}b", EINVAL, true, "character 14 ('}'): " AFTER_PIPE },
	{ "netmap:eth0-", EINVAL, true, "at the end: " RING },
	{ "netmap:eth0-x", EINVAL, true, "character 13 ('x'): " RING },
	{ "netmap:eth0--1", EINVAL, true, "character 13 ('-'): " RING },
	{ "netmap:eth0-4095", EINVAL, true, "character 13 ('4'): " RING },
	{ "netmap:eth0-99999999999999999999", EINVAL, true, "character 13 ('9'): " RING },
	{ "netmap:eth0-1-2", EINVAL, true, "character 14 ('-'): " AFTER_RING },
	{ "netmap:eth0-1x", EINVAL, true, "character 14 ('x'): " AFTER_RING },
	{ "netmap:eth0-1^", EINVAL, true, "character 14 ('^'): " AFTER_RING },
	{ "netmap:eth0^4095", EINVAL, true, "character 13 ('4'): expected the number of a host ring, 0 to 4094" },
	{ "netmap:eth0^x", EINVAL, true, "character 13 ('x'): " AFTER_RING },
	{ "netmap:eth0^*", EINVAL, true, "character 13 ('*'): " AFTER_RING },
	{ "netmap:eth0*1", EINVAL, true, "character 13 ('1'): " AFTER_RING },
	{ "netmap:eth0**", EINVAL, true, "character 13 ('*'): " AFTER_RING },
	{ "netmap:eth0/", EINVAL, true, "at the end: " FLAG },
	{ "netmap:eth0/q", EINVAL, true, "character 13 ('q'): " FLAG },
	{ "netmap:eth0/xq", EINVAL, true, "character 14 ('q'): " AFTER_FLAG },
	{ "netmap:eth0/X", EINVAL, true, "character 13 ('X'): " FLAG },
	{ "netmap:eth0//x", EINVAL, true, "character 13 ('/'): " FLAG },
	{ "netmap:eth0/@1", EINVAL, true, "character 13 ('@'): " FLAG },
	{ "netmap:eth0/x-1", EINVAL, true, "character 14 ('-'): " AFTER_FLAG },
	{ "netmap:eth0/x^", EINVAL, true, "character 14 ('^'): " AFTER_FLAG },
	{ "netmap:eth0@", EINVAL, true, "at the end: expected a memory id or an option" },
	{ "netmap:eth0@0", EINVAL, true, "character 13 ('0'): " MEM_ID },
	{ "netmap:eth0@65536", EINVAL, true, "character 13 ('6'): " MEM_ID },
	{ "netmap:eth0@99999999999999999999", EINVAL, true, "character 13 ('9'): " MEM_ID },
	{ "netmap:eth0@1@2", EINVAL, true, "character 15 ('2'): the memory id is 1 already" },
	{ "netmap:eth0@1x", EINVAL, true, "character 14 ('x'): " AFTER_RING },
	{ "netmap:eth0@1-2", EINVAL, true, "character 14 ('-'): " AFTER_RING },
	{ "netmap:eth0@1@", EINVAL, true, "at the end: expected a memory id or an option" },
	{ "netmap:eth0@-1", EOPNOTSUPP, true, "character 13 ('-'): no option is called '-1'" },
	{ "netmap:eth0@foo", EOPNOTSUPP, true, "character 13 ('f'): no option is called 'foo'" },
	{ "netmap:eth0@foo=1", EOPNOTSUPP, true, "character 13 ('f'): no option is called 'foo'" },
	{ "netmap:eth0@foo:a=1", EOPNOTSUPP, true, "character 13 ('f'): no option is called 'foo'" },
	{ "netmap:eth0@conf", EINVAL, true, "at the end: expected ':' and keys for option 'conf'" },
	{ "netmap:eth0@conf=4", EINVAL, true, "character 17 ('='): expected ':' and keys for option 'conf'" },
	{ "netmap:eth0@conf:", EINVAL, true, "at the end: expected a key of option 'conf'" },
	{ "netmap:eth0@conf:rings", EINVAL, true, "at the end: expected a value for 'rings'" },
	{ "netmap:eth0@conf:rings=", EINVAL, true, "at the end: expected a value for 'rings'" },
	{ "netmap:eth0@conf:rings=x", EINVAL, false, "'rings=x': expected a number, 0 to 65535" },
	{ "netmap:eth0@conf:rings=-1", EINVAL, false, "'rings=-1': expected a number, 0 to 65535" },
	{ "netmap:eth0@conf:rings=65536", EINVAL, false, "'rings=65536': expected a number, 0 to 65535" },
	{ "netmap:eth0@conf:slots=4294967296", EINVAL, false, "'slots=4294967296': expected a number, 0 to 4294967295" },
	{ "netmap:eth0@conf:rings=1,", EINVAL, true, "at the end: expected a key of option 'conf'" },
	{ "netmap:eth0@conf:,rings=1", EINVAL, true, "character 18 (','): expected a key of option 'conf'" },
	{ "netmap:eth0@conf:rings=1,rings=2", EINVAL, true, "character 32 ('2'): 'rings' is set already" },
	{ "netmap:eth0@conf:rings=1,tx-ring=2", EINVAL, true, "character 26 ('t'): option 'conf' has no key 'tx-ring'" },
	{ "netmap:eth0@conf:=1", EINVAL, true, "character 18 ('='): expected a key of option 'conf'" },
	{ "netmap:eth0@conf:rings=1@", EINVAL, true, "at the end: " OPTION },
	{ "netmap:eth0@conf:rings=1@@conf:rings=1", EINVAL, true, "character 26 ('@'): " OPTION },
	{ "netmap:eth0@=1", EINVAL, true, "character 13 ('='): " OPTION },
	{ "netmap:eth0@:rings=1", EINVAL, true, "character 13 (':'): " OPTION },
	{ "netmap:eth0@con:rings=1", EOPNOTSUPP, true, "character 13 ('c'): no option is called 'con'" },
	{ "netmap:eth0@confx:rings=1", EOPNOTSUPP, true, "character 13 ('c'): no option is called 'confx'" },
	{ "netmap:eth0@offset:initial=64", EOPNOTSUPP, true, "character 13 ('o'): option 'offset' is not enabled" },
	{ "netmap:eth0@offset", EOPNOTSUPP, true, "character 13 ('o'): option 'offset' is not enabled" },
	{ "netmap:eth0@share", EINVAL, true, "at the end: expected '=' and a value, or ':' and keys, for option 'share'" },
	{ "netmap:eth0@share=", EINVAL, true, "at the end: expected a value for 'port'" },
	{ "netmap:eth0@share=eth0", EINVAL, false, "'eth0', character 1 ('e'): " SUBSYSTEM },
	{ "netmap:eth0@share:port=eth0", EINVAL, false, "'eth0', character 1 ('e'): " SUBSYSTEM },
	{ "netmap:eth0@share:port=eth0,port=eth1", EINVAL, true, "character 34 ('e'): 'port' is set already" },
	{ "netmap:eth0@extmem", EINVAL, true, "at the end: expected '=' and a value, or ':' and keys, for option 'extmem'" },
	{ "netmap:eth0@extmem:if-num=1", EINVAL, true, "at the end: option 'extmem' needs the key 'file'" },
	{ "netmap:eth0@extmem:file=/nonexistent", ENOENT, false, "'eth0': file '/nonexistent' can't be mapped: ENOENT (No such file or directory)" },
	{ "netmap:eth0@extmem=/nonexistent", ENOENT, false, "'eth0': file '/nonexistent' can't be mapped: ENOENT (No such file or directory)" },
	{ "netmap:a123456789012345678901234567890123456789012345678901234567890123", EINVAL, true, "character 71 ('3'): the name has 64 characters, 63 are the limit" },
	{ "vale0:a12345678901234567890123456789012345678901234567890123456789012", EINVAL, true, "character 64 ('7'): the name has 69 characters, 63 are the limit" },
	{ "netmap:eth\303\251", EINVAL, true, "character 11 (\\xc3): " AFTER_NAME },
	{ "netmap:eth0\011", EINVAL, true, "character 12 (\\x09): " AFTER_NAME },
};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static char said[2048];

static void
hear(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s", text);
}

static struct nmctx ctx;

static int
setup(void **state)
{
	(void)state;
	ctx = *nmctx_get();
	ctx.error = hear;
	nmctx_set_default(&ctx);
	return 0;
}

static void
names_are_accepted(void **state)
{
	struct nmport_d *d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(accepted); i++) {
		said[0] = '\0';
		d = nmport_prepare(accepted[i].spec);
		if (!d || strcmp(d->hdr.nr_name, accepted[i].name) || d->reg.nr_mode != accepted[i].mode ||
		    d->reg.nr_ringid != accepted[i].ring || d->reg.nr_mem_id != accepted[i].mem_id ||
		    d->reg.nr_flags != accepted[i].flags || said[0])
			fail_msg("%s: not as in the table: %s", accepted[i].spec, d ? d->hdr.nr_name : said);
		nmport_undo_prepare(d);
	}
}

static void
names_are_rejected(void **state)
{
	char want[2048];
	struct nmport_d *d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rejected); i++) {
		said[0] = '\0';
		errno = 0;
		d = nmport_prepare(rejected[i].spec);
		if (rejected[i].quoted)
			snprintf(want, sizeof(want), "'%s', %s", rejected[i].spec, rejected[i].message);
		else
			snprintf(want, sizeof(want), "%s", rejected[i].message);
		if (d || errno != rejected[i].err)
			fail_msg("%s: errno %d", rejected[i].spec, errno);
		assert_string_equal(said, want);
	}
}

static void
options_set_the_request(void **state)
{
	struct nmport_d *d = nmport_prepare("vale0:a@conf:rings=4,slots=512,rx-rings=2,tx_slots=64,host-rings=3,host-rx-rings=1");

	(void)state;
	assert_non_null(d);
	assert_int_equal(d->reg.nr_tx_rings, 4);
	assert_int_equal(d->reg.nr_rx_rings, 2);
	assert_int_equal(d->reg.nr_tx_slots, 64);
	assert_int_equal(d->reg.nr_rx_slots, 512);
	assert_int_equal(d->reg.nr_host_tx_rings, 3);
	assert_int_equal(d->reg.nr_host_rx_rings, 1);
	nmport_undo_prepare(d);
}

static void
an_enabled_offset_becomes_an_option(void **state)
{
	struct nmreq_opt_offsets *o;
	struct nmport_d *d;

	(void)state;
	assert_int_equal(nmport_enable_option("offset"), 0);
	d = nmport_prepare("vale0:a@offset:initial=64,bits=16");
	assert_non_null(d);
	o = (struct nmreq_opt_offsets *)(void *)nmreq_find_option(&d->hdr, NETMAP_REQ_OPT_OFFSETS);
	assert_non_null(o);
	assert_int_equal(o->nro_initial_offset, 64);
	assert_int_equal(o->nro_max_offset, 64);
	assert_int_equal(o->nro_offset_bits, 16);
	nmport_undo_parse(d);
	assert_true(d->hdr.nr_options == 0);
	nmport_undo_prepare(d);
	assert_int_equal(nmport_disable_option("offset"), 0);
	assert_null(nmport_prepare("vale0:a@offset=64"));
	assert_int_equal(nmport_enable_option("nonsense"), -1);
	assert_int_equal(errno, EOPNOTSUPP);
}

static void
a_failed_parse_leaves_zeroes_and_can_be_repeated(void **state)
{
	struct nmreq_header zero = { 0 };
	struct nmport_d *d = nmport_new();

	(void)state;
	assert_int_equal(nmport_parse(d, "netmap:eth0-x"), -1);
	assert_memory_equal(&d->hdr, &zero, sizeof(zero));
	assert_int_equal(nmport_parse(d, "netmap:eth0-1"), 0);
	assert_int_equal(d->hdr.nr_version, NETMAP_API);
	assert_int_equal(d->hdr.nr_reqtype, NETMAP_REQ_REGISTER);
	assert_true(d->hdr.nr_body == (uintptr_t)&d->reg);
	nmport_undo_prepare(d);
}

static void
long_names_are_cut_in_messages(void **state)
{
	char spec[4096];

	(void)state;
	memset(spec, 'a', sizeof(spec));
	memcpy(spec, "netmap:", 7);
	spec[sizeof(spec) - 1] = '\0';
	said[0] = '\0';
	assert_null(nmport_prepare(spec));
	assert_non_null(strstr(said, "aaa...', character 71 ('a'): the name has 4088 characters, 63 are the limit"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_accepted),
		cmocka_unit_test(names_are_rejected),
		cmocka_unit_test(options_set_the_request),
		cmocka_unit_test(an_enabled_offset_becomes_an_option),
		cmocka_unit_test(a_failed_parse_leaves_zeroes_and_can_be_repeated),
		cmocka_unit_test(long_names_are_cut_in_messages),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
