/* SPDX-License-Identifier: MIT
 *
 * Makes a new log: an empty data.mdb with its databases and its identity (a
 * random id, the format, the time). For storage/env.c alone.
 */
#ifndef SP_STORAGE_ENV_CREATE_H
#define SP_STORAGE_ENV_CREATE_H

#include "storage/env.h"

/* sodium_init must have been called. The new log appears at DIR/data.mdb whole
 * and durable or not at all; what a creation that was cut short left behind is
 * removed. An existing data.mdb would be replaced: the caller has looked. */
sp_storage_status sp_env_create(const char *dir, sp_finding *finding);

#endif
