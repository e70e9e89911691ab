/* SPDX-License-Identifier: MIT
 *
 * The part of the toy application (transport_toy.h) that has streams. One list
 * of them a loop.
 */
#ifndef SP_TESTS_SUPPORT_TOY_STREAMS_H
#define SP_TESTS_SUPPORT_TOY_STREAMS_H

#include "net/stream.h"
#include "tests/support/transport_toy.h"

typedef struct toy_stream toy_stream;

typedef struct toy_streams {
    toy_counts *counts;
    toy_stream *first;
} toy_streams;

/* The whole answer: a head, a first event of so many bytes, a stream. */
void toy_streams_open(toy_streams *streams, sp_exchange *ex, unsigned size, sp_out *out);
/* A message of so many bytes to all that are idle. */
void toy_streams_tell(toy_streams *streams, unsigned size);
/* The same by a timer, soon. */
void toy_streams_tick(toy_streams *streams, sp_loop *loop, unsigned size);
void toy_streams_end(toy_streams *streams);

#endif
