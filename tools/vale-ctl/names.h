/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - names of switches and ports, and the other words of the command line. */
#ifndef VALECTL_NAMES_H
#define VALECTL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define NAMES_SWITCH 17 /* bytes of a switch's name, with the final NUL */
#define NAMES_ERRLEN 256

/* "vale0:a" into "vale0" and "a", which points into name. 0 or -EINVAL. */
int names_split(const char *name, char sw[NAMES_SWITCH], const char **port);

/* "vale0", without a port. */
bool names_is_switch(const char *name);

/* Port is on the switch sw, or is the port that want names, or want is NULL. */
bool names_match(const char *port, const char *want);

/* "SLOTS[,SLOTS[,RINGS[,RINGS]]]": transmit and receive; what is not given is as the other direction, or 0. */
struct names_shape {
	uint32_t slots[2];
	uint16_t rings[2];
};
int names_shape(const char *text, struct names_shape *s, char err[NAMES_ERRLEN]);

/* "MODE[,FIRST[,COUNT]]": 1 or single, 2 or multi; first CPU, 0 by default; CPUs, 1 by default. */
struct names_polling {
	uint32_t mode, first, count;
};
int names_polling(const char *text, struct names_polling *p, char err[NAMES_ERRLEN]);

/* An octal mode up to 0777. */
int names_mode(const char *text, uint32_t *mode, char err[NAMES_ERRLEN]);

/* "USER", "USER:GROUP", ":GROUP", names or numbers; valid gets NM_ACCESS_SET_UID, NM_ACCESS_SET_GID. */
int names_owner(const char *text, uint32_t *uid, uint32_t *gid, uint32_t *valid, char err[NAMES_ERRLEN]);

/* "root:netmap"; numbers where there is no name. Returns to. */
#define NAMES_OWNER 80
const char *names_of_owner(uint32_t uid, uint32_t gid, char to[NAMES_OWNER]);

#endif
