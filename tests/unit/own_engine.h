/* SPDX-License-Identifier: BSD-2-Clause */
/* own_engine.h - tests of the library and of programs that use it: an engine of this build, on a socket of their own. */
#ifndef OWN_ENGINE_H
#define OWN_ENGINE_H

/* Group set-up and tear-down of cmocka. The second fails if the engine does not leave with its last client. */
int own_engine_setup(void **state);
int own_engine_teardown(void **state);

#endif
