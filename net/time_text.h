/* SPDX-License-Identifier: MIT
 *
 * Times as text: RFC 3339 in and out, and the HTTP date (RFC 9110, 5.6.7).
 * Pure, no locale, no time zone database, no allocation; any thread. Written
 * by hand because libc's gmtime_r and timegm take a process-wide lock.
 */
#ifndef SP_NET_TIME_TEXT_H
#define SP_NET_TIME_TEXT_H

#include "engine/values.h"

#define SP_TIME_TEXT_SIZE 24u /* 2026-01-02T03:04:05.678Z */
#define SP_HTTP_DATE_SIZE 29u /* Fri, 02 Jan 2026 03:04:05 GMT */

/* Exactly SP_TIME_TEXT_SIZE bytes, no NUL. 0 <= time <= SP_TIME_MAX. */
void sp_time_print(sp_time_ms time, char *out);

/* Exactly SP_HTTP_DATE_SIZE bytes, no NUL. Same range. */
void sp_http_date_print(sp_time_ms time, char *out);

/* An RFC 3339 date-time with any offset; digits of the fraction beyond the
 * milliseconds are cut off; a leap second, taken only at 23:59:60 UTC, is the
 * second after it. false if the text is anything else, or the time is not in
 * 1 … SP_TIME_MAX. */
bool sp_time_parse(sp_text text, sp_time_ms *out);

#endif
