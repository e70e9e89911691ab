/* SPDX-License-Identifier: MIT
 *
 * The transport's side of an exchange: what the application sees (exchange.h)
 * with the request's bytes and its place in the connection's line. Taken from
 * the loop's pool with the first byte of a request, given back after its
 * answer; or, when the client has left, after whatever is out for it (slot or
 * pool work) has come back.
 *
 * The request's bytes and the state of its parser are apart (http): most
 * exchanges need them no more once their command is pushed
 * (sp_exchange_drop_request). Then the next request is read into the same
 * memory, which is still in the cache, and what waits for the sequencer is a
 * few lines and not a few dozen; with thousands under way that decides.
 *
 *   READING → WORKING ⇄ PUSHED,  WORKING → READY → (answered, given back)
 *   READING → REFUSED → (answered, given back)
 *
 * The loop's thread only.
 */
#ifndef SP_NET_EXCHANGE_NODE_H
#define SP_NET_EXCHANGE_NODE_H

#include "net/exchange.h"
#include "net/http.h"

typedef enum sp_exchange_state {
    SP_EXCHANGE_READING, /* the request is not whole: the app knows nothing */
    SP_EXCHANGE_WORKING, /* the app has it, or work of its own on the pool */
    SP_EXCHANGE_PUSHED,  /* the slot is with the sequencer */
    SP_EXCHANGE_READY,   /* waits for its turn */
    SP_EXCHANGE_REFUSED, /* by the transport (http.outcome); waits likewise */
} sp_exchange_state;

typedef struct sp_exchange_node {
    sp_exchange ex; /* first: the app's pointer is the node's */
    struct sp_exchange_node *next;
    sp_exchange_state state;
    uint32_t held_size; /* counted in the connection's held_size */
    sp_http *http;      /* NULL: dropped */
} sp_exchange_node;

/* A fresh one for this connection, READING; NULL if out of memory. */
sp_exchange_node *sp_exchange_take(sp_loop *loop, sp_conn *conn);
/* Back to the pool: one that the app has never seen, or is done with. */
void sp_exchange_give(sp_exchange_node *node);
/* The request is whole: hands it to the app. */
void sp_exchange_begin(sp_exchange_node *node);
/* The next request's token seems to be this. */
void sp_exchange_foresee(const sp_exchange_node *node, sp_text token);
/* Its turn: appends the answer, ends the exchange, gives the node back.
 * Returns whether the connection must close after this answer. */
bool sp_exchange_answer(sp_exchange_node *node, sp_out *out);
/* The client has left. The node is the app's until that is done with it. */
void sp_exchange_leave(sp_exchange_node *node);
/* A slot has come back from the sequencer. */
void sp_exchange_complete(sp_slot *slot);

#endif
