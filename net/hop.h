/* SPDX-License-Identifier: MIT
 *
 * Messages between loops. Loops share nothing and take no lock: what one wants
 * from another it sends there as a hop, a node that the sender has embedded in
 * something of its own, and the other's thread runs it. An answer is the same hop
 * (or another) sent back.
 *
 *   sp_hop_send     the hop is the target's now, with all that hangs on it
 *   hop->run(hop)   on the target's thread, in one of its later iterations (also
 *                   when a loop sends to itself); the hop is the callee's to
 *                   keep, free or send on
 *
 * Hops that one loop sends to another run in their order. Allocates nothing,
 * never blocks, never fails; how many are under way is for the app to bound.
 *
 * The inbox is a Treiber stack: any loop pushes by compare-and-swap (lock-free),
 * the owner takes all by one exchange, so there is no ABA. The push releases what
 * the sender has written, the exchange acquires it. The target is woken when its
 * inbox was found empty; whoever has been woken takes all.
 *
 * The end of a server that drains: a loop may only end when nobody can send to
 * it any more, so they end together. One counter of them all (sp_loop_shared,
 * `alive`) counts the hops under way and the loops that are busy: those that do
 * not drain yet, or have a connection, an exchange or a slot out. A loop counts
 * itself out when it is settled and nothing of that is left; a hop is counted
 * when it is sent, and counted out when it has run and what it began is counted
 * itself. So only who is counted can add to it, and once it is 0 it stays 0: then
 * nothing is under way anywhere, whoever has found it so wakes the others, and
 * all end. Threads are joined before any loop is freed (server.c), so a sender's
 * late wake-up meets a loop that is still there.
 *
 * On x86 alone, as the rest of the program's wake-ups: uv_async_send looks at a flag
 * by a plain read, which a weaker processor could do before the push is seen.
 *
 * Hence: once its loop drains the app sends from inside a hop's run, or while
 * something of its own keeps the loop (an open connection, stream or exchange, a
 * slot that is out), but not from a timer of its own. That is asserted.
 */
#ifndef SP_NET_HOP_H
#define SP_NET_HOP_H

#include "net/exchange.h"

typedef struct sp_hop sp_hop;

struct sp_hop {
    sp_hop *next;  /* the transport's while it is under way */
    sp_loop *from; /* the sender's to set and to read: where an answer goes */
    sp_loop *at;   /* set by send: the loop whose thread runs it */
    void (*run)(sp_hop *hop);
};

/* From the thread of any loop of the same server. hop->run is set. */
void sp_hop_send(sp_hop *hop, sp_loop *to);

/* The loop's own (loop.c). Runs what has come. */
void sp_hops_run(sp_loop *loop);
/* Asked by a draining loop when it is settled: may it end? */
bool sp_hops_over(sp_loop *loop);

#endif
