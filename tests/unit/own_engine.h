/* SPDX-License-Identifier: BSD-2-Clause */
/* own_engine.h - tests of the library and of programs that use it: an engine of this build, on a socket of their own. */
#ifndef OWN_ENGINE_H
#define OWN_ENGINE_H

#include <stddef.h>

/* Group set-up and tear-down of cmocka. The second fails if the engine does not leave with its last client. */
int own_engine_setup(void **state);
int own_engine_teardown(void **state);

/* From here on what stderr gets is kept; heard() gives it, at most size - 1 bytes, and puts stderr back. */
void own_engine_listen(void);
void own_engine_heard(char *text, size_t size);

#endif
