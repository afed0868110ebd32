/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoders move their pointer and leave things alone on failure; lists of options; options of the program's own. */
#include <libnetmap.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char said[1024];

static void
hear(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", text);
}

static struct nmctx ctx;

static int
setup(void **state)
{
	(void)state;
	ctx = *nmctx_get();
	ctx.error = hear;
	return 0;
}

static void
header_init_clears_all(void **state)
{
	struct nmreq_header h;
	int body;

	(void)state;
	memset(&h, 0xff, sizeof(h));
	nmreq_header_init(&h, NETMAP_REQ_VALE_LIST, &body);
	assert_int_equal(h.nr_version, NETMAP_API);
	assert_int_equal(h.nr_reqtype, NETMAP_REQ_VALE_LIST);
	assert_int_equal(h.nr_reserved, 0);
	assert_int_equal(h.nr_name[0], 0);
	assert_int_equal(h.nr_name[NETMAP_REQ_IFNAMSIZ - 1], 0);
	assert_true(h.nr_options == 0);
	assert_true(h.nr_body == (uintptr_t)&body);
}

static void
decoders_stop_where_the_next_begins(void **state)
{
	const char *spec = "netmap:eth0{7-3/x@2@conf:rings=1", *p = spec;
	struct nmreq_register reg = { .nr_flags = NR_NO_TX_POLL };
	struct nmreq_header h;

	(void)state;
	nmreq_header_init(&h, NETMAP_REQ_REGISTER, &reg);
	assert_int_equal(nmreq_header_decode(&p, &h, &ctx), 0);
	assert_string_equal(h.nr_name, "eth0{7");
	assert_string_equal(p, "-3/x@2@conf:rings=1");
	assert_int_equal(nmreq_register_decode(&p, &reg, &ctx), 0);
	assert_string_equal(p, "@conf:rings=1");
	assert_int_equal(reg.nr_mode, NR_REG_ONE_NIC);
	assert_int_equal(reg.nr_ringid, 3);
	assert_int_equal(reg.nr_mem_id, 2);
	assert_true(reg.nr_flags == (NR_NO_TX_POLL | NR_EXCLUSIVE));
}

static void
failures_change_nothing(void **state)
{
	const char *spec = "netmap:eth0:1", *mode = "-3/x@2@3", *p = spec, *m = mode;
	struct nmreq_register reg, reg_before;
	struct nmreq_header h, h_before;

	(void)state;
	memset(&h, 0x55, sizeof(h));
	memset(&reg, 0, sizeof(reg));
	h_before = h;
	reg_before = reg;
	assert_int_equal(nmreq_header_decode(&p, &h, &ctx), -1);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(p, spec);
	assert_memory_equal(&h, &h_before, sizeof(h));
	assert_int_equal(nmreq_register_decode(&m, &reg, &ctx), -1);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(m, mode);
	assert_memory_equal(&reg, &reg_before, sizeof(reg));
	assert_string_equal(said, "'-3/x@2@3', character 8 ('3'): the memory id is 2 already");
	p = "eth0";
	assert_int_equal(nmreq_get_mem_id(&p, &ctx), -1);
	assert_string_equal(p, "eth0");
}

static void
a_memory_id_set_before_stays(void **state)
{
	struct nmreq_register reg = { .nr_mem_id = 5 };
	const char *other = "@6", *same = "@5";

	(void)state;
	assert_int_equal(nmreq_register_decode(&other, &reg, &ctx), -1);
	assert_int_equal(nmreq_register_decode(&same, &reg, &ctx), 0);
	assert_int_equal(reg.nr_mem_id, 5);
}

static void
option_lists(void **state)
{
	struct nmreq_option o[3] = { { .nro_reqtype = 1 }, { .nro_reqtype = 3 }, { .nro_reqtype = 5 } }, *p;
	struct nmreq_header h;
	uint32_t seen = 0;

	(void)state;
	nmreq_header_init(&h, NETMAP_REQ_REGISTER, NULL);
	nmreq_push_option(&h, &o[0]);
	nmreq_push_option(&h, &o[1]);
	nmreq_push_option(&h, &o[2]);
	nmreq_foreach_option(&h, p)
		seen = seen * 10 + p->nro_reqtype;
	assert_int_equal(seen, 531); /* the last one pushed comes first */
	assert_ptr_equal(nmreq_find_option(&h, 3), &o[1]);
	assert_null(nmreq_find_option(&h, 2));
	nmreq_remove_option(&h, &o[1]);
	assert_null(nmreq_find_option(&h, 3));
	nmreq_remove_option(&h, &o[1]); /* not there: nothing happens */
	nmreq_remove_option(&h, &o[2]);
	assert_ptr_equal(nmreq_find_option(&h, 1), &o[0]);
	nmreq_remove_option(&h, &o[0]);
	assert_true(h.nr_options == 0);
	nmreq_push_option(&h, calloc(1, sizeof(*p)));
	nmreq_push_option(&h, calloc(1, sizeof(*p)));
	nmreq_free_options(&h);
	assert_true(h.nr_options == 0);
}

static void
option_names(void **state)
{
	(void)state;
	assert_string_equal(nmreq_option_name(NETMAP_REQ_OPT_EXTMEM), "extmem");
	assert_string_equal(nmreq_option_name(NETMAP_REQ_OPT_OFFSETS), "offsets");
	assert_string_equal(nmreq_option_name(0), "unknown");
	assert_string_equal(nmreq_option_name(0xffffffff), "unknown");
}

static char heard[256];

/* Writes all values into heard; the value "bad" is refused. */
static int
own_parser(struct nmreq_parse_ctx *p)
{
	int i;

	assert_ptr_equal(p->token, heard);
	for (i = 0; i < 3; i++) {
		if (p->keys[i] && strcmp(p->keys[i], "bad") == 0) {
			errno = ERANGE;
			return -1;
		}
		snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%s;", p->keys[i] ? p->keys[i] : "-");
	}
	return 0;
}

static struct nmreq_opt_parser second = {
	.prefix = "second",
	.parse = own_parser,
	.default_key = -1,
	.flags = NMREQ_OPTF_ALLOWEMPTY | NMREQ_OPTF_DEFAULT,
};

static struct nmreq_opt_parser first = {
	.prefix = "my-opt",
	.parse = own_parser,
	.default_key = 1,
	.nr_keys = 3,
	.next = &second,
	.keys = { { "may-be-empty", 0, NMREQ_OPTK_ALLOWEMPTY }, { "main", 1, NMREQ_OPTK_MUSTSET }, { "other", 2, 0 } },
};

static void
options_of_the_programs_own(void **state)
{
	static const struct {
		const char *text, *heard;
		int err;
	} rows[] = {
		{ "", "-;-;-;", 0 }, /* called in any case */
		{ "@second", "-;-;-;", 0 },
		{ "@my-opt=a@second", "-;a;-;-;-;-;", 0 },
		{ "@my_opt:main=a,may_be-empty", ";a;-;-;-;-;", 0 },
		{ "@my-opt:main=a=b,other=c:d,may-be-empty=", ";a=b;c:d;-;-;-;", 0 },
		{ "@my-opt=a@my-opt=b", "-;a;-;-;b;-;-;-;-;", 0 },
		{ "@my-opt", "", EINVAL },
		{ "@my-opt:other=c", "", EINVAL },
		{ "@my-opt:main", "", EINVAL },
		{ "@my-opt=bad", "-;", ERANGE },
		{ "@second:x=1", "", EINVAL },
		{ "@third", "", EOPNOTSUPP },
		{ "my-opt=a", "", EINVAL },
	};
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		heard[0] = '\0';
		errno = 0;
		ret = nmreq_options_decode(rows[i].text, &first, heard, &ctx);
		if (ret != (rows[i].err ? -1 : 0) || (rows[i].err && errno != rows[i].err))
			fail_msg("%s: %d, errno %d", rows[i].text, ret, errno);
		assert_string_equal(heard, rows[i].heard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_init_clears_all),
		cmocka_unit_test(decoders_stop_where_the_next_begins),
		cmocka_unit_test(failures_change_nothing),
		cmocka_unit_test(a_memory_id_set_before_stays),
		cmocka_unit_test(option_lists),
		cmocka_unit_test(option_names),
		cmocka_unit_test(options_of_the_programs_own),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
