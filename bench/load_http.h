/* SPDX-License-Identifier: MIT
 *
 * The reading half of HTTP for the load generator: just enough of RFC 9112 to
 * find where an answer ends and what it says, and nothing lenient: an answer
 * must be HTTP/1.1, its lines end with CRLF, its body have one Content-Length.
 */
#ifndef SP_BENCH_LOAD_HTTP_H
#define SP_BENCH_LOAD_HTTP_H

#include "bench/load_protocol.h"

#define SP_BENCH_LOAD_HEAD_SIZE_MAX (8u << 10)
#define SP_BENCH_LOAD_PROBLEM_SIZE_MAX (64u << 10)

/* sp_bench_load_protocol.scan of HTTP. */
sp_bench_load_scan_status sp_bench_load_http_scan(sp_bench_load_scan *scan, const char *bytes,
                                                  size_t size, size_t *used,
                                                  sp_bench_load_answer *answer);

#endif
