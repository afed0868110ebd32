/* SPDX-License-Identifier: BSD-2-Clause */
/* fault_test.c - lines about failures: one each, why and what to do, no bare errno. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fault.h"

static void
test_text(void **state)
{
	static const struct {
		const char *said;
		int e;
		const char *line;
	} cases[] = {
		/* the engine's words are enough, and the request is left out */
		{ "'x': register failed: ENXIO (No such device or address): there is no interface x; a pipe is NAME{ID", ENXIO,
		    "there is no interface x; a pipe is NAME{ID" },
		{ "'v': register failed: EINVAL (Invalid argument): v ring 9 does not exist, there are 1", EINVAL,
		    "v ring 9 does not exist, there are 1" },
		/* words without advice get some */
		{ "'v': register failed: EBUSY (Device or resource busy): v is taken", EBUSY,
		    "v is taken; a program or a switch has it, see: vale-ctl list" },
		/* a failure in parentheses with nothing behind it stays whole */
		{ "'v': register failed: EBUSY (Device or resource busy)", EBUSY,
		    "'v': register failed: EBUSY (Device or resource busy); a program or a switch has it, see: vale-ctl list" },
		/* nothing was said: never an errno alone */
		{ "", EINVAL, "Invalid argument; see netmap(4)" },
		{ "", ECONNREFUSED, "Connection refused; no engine answers: start netmapd" },
		{ "", 0, "the library does not say why; see netmap(4)" },
	};
	char to[FAULT_LINE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fault_text(cases[i].said, cases[i].e, to), cases[i].line);
}

static void
test_long(void **state)
{
	char to[FAULT_LINE], said[2 * FAULT_LINE];

	(void)state;
	memset(said, 'a', sizeof(said));
	said[sizeof(said) - 1] = '\0';
	assert_int_equal(strlen(fault_text(said, EBUSY, to)), FAULT_LINE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text), cmocka_unit_test(test_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
