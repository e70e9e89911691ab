/* SPDX-License-Identifier: MIT
 *
 * The profiles that the users of a list have, for an answer that shows them.
 * Read on the pool, each in a short read transaction of its own: a list shows
 * people as they are now, and one who is erased meanwhile is simply gone. The
 * password hashes do not leave the pool.
 */
#ifndef SP_NET_PEOPLE_H
#define SP_NET_PEOPLE_H

#include "net/app_loop.h"

typedef struct sp_people sp_people;

/* In ex->app.memory, where it lives until the end. Loop thread. */
sp_people *sp_people_create(sp_exchange *ex, uint32_t count);
/* Whose profile the item at this index shows. */
void sp_people_set(sp_people *people, uint32_t index, sp_user_id user);
/* Reads them all, then ready (or abandon); a failed read refuses `internal`.
 * None at all: ready at once. */
void sp_people_read(sp_people *people);

/* When they have been read: NULL if this one was erased. */
const sp_profile *sp_people_profile(const sp_exchange *ex, uint32_t index);

#endif
