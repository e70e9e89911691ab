/* SPDX-License-Identifier: MIT
 *
 * Deadlines of a loop's connections, without a timer each. Every kind has one
 * timeout for all, so a list kept in order of insertion is in order of expiry:
 * to set, move and clear is O(1), and the next expiry is the least of a few
 * list heads. (A busy keep-alive connection moves its deadline with every
 * request and almost none ever expires; a heap would pay for the order each
 * time.)
 *
 * Owned by one loop. Allocates nothing.
 */
#ifndef SP_NET_DEADLINE_H
#define SP_NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum sp_deadline_kind {
    SP_DEADLINE_NONE,
    SP_DEADLINE_HEAD,   /* a head must be whole so long after its first byte */
    SP_DEADLINE_BODY,   /* a body so long after its head */
    SP_DEADLINE_IDLE,   /* nothing to do, and the client asks nothing */
    SP_DEADLINE_WRITE,  /* the client takes nothing of what is written */
    SP_DEADLINE_LINGER, /* the answer is sent, the client has not closed */
    SP_DEADLINE_KINDS
} sp_deadline_kind;

typedef struct sp_deadline {
    struct sp_deadline *prev, *next;
    uint64_t at_ms;
    sp_deadline_kind kind; /* SP_DEADLINE_NONE: in no list; all zero at first */
} sp_deadline;

typedef struct sp_deadlines {
    sp_deadline lists[SP_DEADLINE_KINDS]; /* list heads */
    uint32_t timeouts_ms[SP_DEADLINE_KINDS];
} sp_deadlines;

/* timeouts_ms[SP_DEADLINE_NONE] is not used. */
void sp_deadlines_init(sp_deadlines *deadlines, const uint32_t timeouts_ms[SP_DEADLINE_KINDS]);
/* (Re)starts it at now_ms; kind SP_DEADLINE_NONE clears it. now_ms must not go
 * back from call to call. */
void sp_deadline_set(sp_deadlines *deadlines, sp_deadline *deadline, sp_deadline_kind kind,
                     uint64_t now_ms);
/* The earliest at_ms, or UINT64_MAX if none is set. */
uint64_t sp_deadlines_next(const sp_deadlines *deadlines);
/* One deadline with at_ms <= now_ms, cleared, its kind in *kind; NULL if there
 * is none. */
sp_deadline *sp_deadlines_expire(sp_deadlines *deadlines, uint64_t now_ms, sp_deadline_kind *kind);

#endif
