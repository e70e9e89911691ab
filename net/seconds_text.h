/* SPDX-License-Identifier: MIT
 *
 * Durations as decimal seconds, exact to the nanosecond and no digit longer than
 * it takes: `0`, `1.5`, `0.000016`. A number for JSON and for Prometheus alike.
 * Pure; any thread.
 */
#ifndef SP_NET_SECONDS_TEXT_H
#define SP_NET_SECONDS_TEXT_H

#include <stdint.h>

#include "net/out.h"

void sp_seconds_put(sp_out *out, uint64_t ns);

#endif
