/* SPDX-License-Identifier: BSD-2-Clause */
/* np_pass.c - the calls that are the system's library's business. */
#include "np_handle.h"
#include "np_sys.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define DEFINE_PASS(ret, name, params, args) \
	ret name params \
	{ \
		return np_sys.name args; \
	}

#define DEFINE_PASSV(name, params, args) \
	void name params \
	{ \
		np_sys.name args; \
	}

#define DEFINE_SHADOW(ret, name, params, args) \
	ret name params \
	{ \
		struct np_handle *h = np_handle_of(p); \
		ret r; \
\
		if (!h) \
			return np_sys.name args; \
		p = np_handle_ask(h); \
		r = np_sys.name args; \
		np_handle_hear(h); \
		return r; \
	}

#define DEFINE_OWN(name)

NP_CALLS(DEFINE_PASS, DEFINE_PASSV, DEFINE_SHADOW, DEFINE_OWN)
