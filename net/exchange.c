/* SPDX-License-Identifier: MIT */
#include "net/exchange_node.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/conn.h"
#include "net/loop.h"

/* Nodes kept for reuse, a loop; what a burst took beyond is freed. */
#define SPARE_MAX 256u

static sp_exchange_node *node_of(sp_exchange *ex)
{
    return (sp_exchange_node *)ex;
}

_Static_assert(offsetof(sp_exchange_node, ex) == 0, "node_of casts");

sp_exchange_node *sp_exchange_take(sp_loop *loop, sp_conn *conn)
{
    sp_exchange_node *node = loop->exchanges_spare;
    if (node != NULL) {
        loop->exchanges_spare = node->next;
        loop->exchanges_spare_count--;
    } else if ((node = malloc(sizeof *node)) == NULL) {
        return NULL;
    }
    node->ex = (sp_exchange){.loop = loop, .conn = conn, .id = sp_loop_id_next(loop)};
    node->next = NULL;
    node->state = SP_EXCHANGE_READING;
    sp_http_init(&node->http);
    return node;
}

void sp_exchange_give(sp_exchange_node *node)
{
    sp_loop *loop = node->ex.loop;
    sp_http_close(&node->http);
    if (loop->exchanges_spare_count == SPARE_MAX) {
        free(node);
        return;
    }
    node->next = loop->exchanges_spare;
    loop->exchanges_spare = node;
    loop->exchanges_spare_count++;
}

static const sp_app_ops *app_of(const sp_exchange_node *node)
{
    return node->ex.loop->shared->config.app;
}

void sp_exchange_begin(sp_exchange_node *node)
{
    sp_http_message_request(&node->http.message, &node->ex.request);
    node->state = SP_EXCHANGE_WORKING;
    node->ex.loop->exchanges_live++;
    app_of(node)->begin(&node->ex);
}

/* Last things, in this order: the app may still read the slot in end. */
static void finish(sp_exchange_node *node)
{
    sp_loop *loop = node->ex.loop;
    app_of(node)->end(&node->ex);
    if (node->ex.slot != NULL)
        sp_slots_give(&loop->slots, node->ex.slot);
    node->ex.slot = NULL;
    free(node->ex.app.memory);
    loop->exchanges_live--;
    sp_exchange_give(node);
}

static bool answer_refused(sp_exchange_node *node, sp_out *out)
{
    const sp_http *http = &node->http;
    app_of(node)->refuse(node->ex.loop, http->outcome, http->detail, node->ex.id, http->head, out);
    sp_exchange_give(node);
    return true;
}

bool sp_exchange_answer(sp_exchange_node *node, sp_out *out)
{
    if (node->state == SP_EXCHANGE_REFUSED)
        return answer_refused(node, out);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_READY);
    app_of(node)->answer(&node->ex, out);
    bool close_after = node->ex.close_after;
    finish(node);
    return close_after;
}

void sp_exchange_leave(sp_exchange_node *node)
{
    node->ex.gone = true;
    node->ex.conn = NULL;
    if (node->state == SP_EXCHANGE_REFUSED)
        sp_exchange_give(node);
    else if (node->state == SP_EXCHANGE_READY)
        finish(node);
    /* else something is out for it: it lives on until that is back. */
}

void sp_exchange_complete(sp_slot *slot)
{
    sp_exchange_node *node = slot->owner;
    SP_ASSERT_CMP(slot->owner_generation, ==, node->ex.id);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_PUSHED);
    node->state = SP_EXCHANGE_WORKING;
    if (node->ex.gone)
        finish(node);
    else
        app_of(node)->completed(&node->ex);
}

void sp_exchange_ready(sp_exchange *ex)
{
    sp_exchange_node *node = node_of(ex);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_WORKING);
    SP_ASSERT(!ex->gone);
    node->state = SP_EXCHANGE_READY;
    /* Not answered right here: the app may go on using ex before it returns. */
    sp_conn_touch(ex->conn);
}

sp_slot *sp_exchange_slot(sp_exchange *ex)
{
    SP_ASSERT_CMP(node_of(ex)->state, ==, SP_EXCHANGE_WORKING);
    SP_ASSERT(!ex->gone);
    if (ex->slot == NULL) /* a second command of one request reuses the first's */
        ex->slot = sp_slots_take(&ex->loop->slots);
    /* Whoever looks before the sequencer has answered must not find the result
     * of the slot's last user, and what that had allocated. */
    if (ex->slot != NULL)
        ex->slot->result.outcome = SP_INTERNAL;
    return ex->slot;
}

/* The queue had no room: the slot comes back as if the sequencer had said so,
 * but not from inside the app's call. */
static void bounce(sp_loop *loop, sp_slot *slot)
{
    slot->result.outcome = SP_QUEUE_FULL;
    slot->result.replayed = false;
    slot->result.seq = 0;
    slot->result.now = sp_loop_now(loop);
    slot->result.refusal.conflicts_count = 0;
    slot->next = loop->bounced;
    loop->bounced = slot;
}

void sp_exchange_push(sp_exchange *ex)
{
    sp_exchange_node *node = node_of(ex);
    sp_loop *loop = ex->loop;
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_WORKING);
    SP_ASSERT(!ex->gone);
    SP_ASSERT(ex->slot != NULL);
    node->state = SP_EXCHANGE_PUSHED;
    ex->slot->owner = node;
    ex->slot->owner_generation = ex->id;
    if (sp_queue_push(loop->shared->config.queue, ex->slot))
        loop->pushed = true; /* one wake-up for all pushes of this iteration */
    else
        bounce(loop, ex->slot);
}

void sp_exchange_abandon(sp_exchange *ex)
{
    sp_exchange_node *node = node_of(ex);
    SP_ASSERT(ex->gone);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_WORKING);
    sp_loop *loop = ex->loop;
    finish(node);
    sp_loop_end_if_drained(loop);
}
