/* SPDX-License-Identifier: MIT
 *
 * Names of concerts as a ticket office has them, Korean and English mixed: by index,
 * the same on every machine. Two of three are Korean; 10 to 60 characters, most of
 * them 15 to 30, with a year, a place or a part number as names have them.
 */
#ifndef SP_BENCH_NAMES_H
#define SP_BENCH_NAMES_H

#include <stdint.h>

#define SP_BENCH_NAME_SIZE_MAX 200u

/* Writes the name of concert `index` and a NUL; returns its size in bytes. */
uint32_t sp_bench_name(uint32_t index, char out[SP_BENCH_NAME_SIZE_MAX]);

#define SP_BENCH_CATEGORIES 10u
/* Static; index < SP_BENCH_CATEGORIES. */
const char *sp_bench_category(uint32_t index);

#endif
