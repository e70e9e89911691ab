/* SPDX-License-Identifier: MIT
 *
 * A field out of a JSON body of our own server, found by its name without parsing
 * the rest: a quote inside a string is escaped, so `"name":` can't be found in
 * one. The first field of the name counts, nested or not. Pure.
 */
#ifndef SP_BENCH_LOAD_BODY_H
#define SP_BENCH_LOAD_BODY_H

#include "engine/values.h"

/* The bytes between the quotes, as they stand there; absent if there is none. */
sp_text sp_bench_load_body_text(sp_text body, const char *name);
/* A whole number, in quotes (as ids are) or not; 0 if there is none. */
uint64_t sp_bench_load_body_number(sp_text body, const char *name);
/* Is it there, and true? */
bool sp_bench_load_body_is_true(sp_text body, const char *name);

#endif
