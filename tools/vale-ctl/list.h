/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - the ports as text and as JSON. */
#ifndef VALECTL_LIST_H
#define VALECTL_LIST_H

#include <stdio.h>
#include <json-c/json.h>

#include "ports.h"

void list_text(const struct ports *p, FILE *to);
struct json_object *list_json(const struct ports *p);

#endif
