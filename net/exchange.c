/* SPDX-License-Identifier: MIT */
#include "net/exchange_node.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/conn.h"
#include "net/loop.h"
#include "net/proxy.h"
#include "net/request_id.h"

/* Kept for reuse, a loop; what a burst took beyond is freed. As many nodes as
 * 128 clients have under way who pipeline 32 deep: 1.3 MiB, once they were. */
#define SPARE_NODES_MAX 4096u
#define SPARE_HTTPS_MAX 256u

static sp_exchange_node *node_of(sp_exchange *ex)
{
    return (sp_exchange_node *)ex;
}

_Static_assert(offsetof(sp_exchange_node, ex) == 0, "node_of casts");

/* What will be written soon: the node lay idle while thousands of others were
 * at work, and each line of it would be waited for. */
static void prefetch(const sp_exchange_node *node)
{
    if (node == NULL)
        return;
    for (size_t at = 0; at < sizeof *node; at += 64)
        __builtin_prefetch((const char *)node + at, 1);
}

static sp_http *take_http(sp_loop *loop)
{
    sp_http *http = loop->https_spare;
    if (http != NULL) {
        loop->https_spare = http->next;
        loop->https_spare_count--;
    } else if ((http = malloc(sizeof *http)) == NULL) {
        return NULL;
    }
    sp_http_init(http, &loop->heads);
    return http;
}

static void give_http(sp_loop *loop, sp_http *http)
{
    sp_http_close(http);
    if (loop->https_spare_count == SPARE_HTTPS_MAX) {
        free(http);
        return;
    }
    http->next = loop->https_spare;
    loop->https_spare = http;
    loop->https_spare_count++;
}

static sp_exchange_node *take_node(sp_loop *loop)
{
    sp_exchange_node *node = loop->exchanges_spare;
    if (node == NULL)
        return malloc(sizeof *node);
    loop->exchanges_spare = node->next;
    loop->exchanges_spare_count--;
    prefetch(node->next);
    return node;
}

static void give_node(sp_loop *loop, sp_exchange_node *node)
{
    if (loop->exchanges_spare_count == SPARE_NODES_MAX) {
        free(node);
        return;
    }
    node->next = loop->exchanges_spare;
    loop->exchanges_spare = node;
    loop->exchanges_spare_count++;
}

sp_exchange_node *sp_exchange_take(sp_loop *loop, sp_conn *conn)
{
    sp_exchange_node *node = take_node(loop);
    if (node == NULL)
        return NULL;
    sp_http *http = take_http(loop);
    if (http == NULL) {
        give_node(loop, node);
        return NULL;
    }
    *node = (sp_exchange_node){
        .ex = {.loop = loop, .conn = conn, .id = sp_loop_id_next(loop)},
        .state = SP_EXCHANGE_READING,
        .http = http,
    };
    return node;
}

void sp_exchange_give(sp_exchange_node *node)
{
    sp_loop *loop = node->ex.loop;
    if (node->http != NULL)
        give_http(loop, node->http);
    give_node(loop, node);
}

void sp_exchange_drop_request(sp_exchange *ex)
{
    sp_exchange_node *node = node_of(ex);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_WORKING);
    SP_ASSERT(!ex->gone);
    if (node->http == NULL)
        return;
    ex->request.path = ex->request.query = ex->request.body = (sp_text){"", 0};
    ex->request.rare = NULL;
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++)
        if (ex->request.headers[i].bytes != NULL)
            ex->request.headers[i] = (sp_text){"", 0};
    sp_conn_unhold(ex->conn, node);
    give_http(ex->loop, node->http);
    node->http = NULL;
}

static const sp_app_ops *app_of(const sp_exchange_node *node)
{
    return node->ex.loop->shared->config.app;
}

static sp_client_address client_of(const sp_exchange_node *node, sp_text forwarded)
{
    const sp_server_config *config = &node->ex.loop->shared->config;
    return sp_proxy_client(config->trusted_proxies, config->trusted_proxies_count,
                           &node->ex.conn->peer, forwarded);
}

/* What few requests have. */
static void read_rare(sp_exchange_node *node)
{
    sp_exchange *ex = &node->ex;
    ex->client = client_of(node, sp_request_rare(&ex->request, SP_HEADER_X_FORWARDED_FOR));
    ex->marks = sp_request_marks_read(&ex->request);
}

void sp_exchange_foresee(const sp_exchange_node *node, sp_text token)
{
    const sp_app_ops *app = app_of(node);
    if (app->foresee != NULL && token.size >= SP_FORESEEN_SIZE_MIN)
        app->foresee(node->ex.loop, token);
}

void sp_exchange_begin(sp_exchange_node *node)
{
    sp_http_message_request(&node->http->message, &node->ex.request);
    node->ex.client = node->ex.conn->peer;
    node->ex.ops = node->ex.conn->ops;
    node->ex.began_ns = sp_loop_turn_ns(node->ex.loop);
    if (node->ex.request.rare != NULL)
        read_rare(node);
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
    if (node->ex.marks != NULL)
        free(node->ex.marks);
    loop->exchanges_live--;
    sp_exchange_give(node);
}

static bool answer_refused(sp_exchange_node *node, sp_out *out)
{
    const sp_http *http = node->http;
    sp_text request_id = sp_http_refused_header(http, SP_HEADER_X_REQUEST_ID);
    sp_refused refused = {
        .outcome = http->outcome,
        .detail = http->detail,
        .id = node->ex.id,
        .head = sp_http_is_head(http),
        .client = node->ex.conn->peer,
        .request_id = sp_request_id_is_sane(request_id) ? request_id : (sp_text){0},
        .origin = sp_http_refused_header(http, SP_HEADER_ORIGIN),
    };
    app_of(node)->refuse(node->ex.loop, &refused, out);
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
    if (!sp_queue_push(loop->shared->config.queue, ex->slot)) {
        bounce(loop, ex->slot);
        return;
    }
    sp_loop_count_push(loop);
}

uint64_t sp_exchange_age_ns(const sp_exchange *ex)
{
    const sp_loop *loop = ex->loop;
    bool same_turn = ex->began_ns == loop->turn_ns;
    return (same_turn ? uv_hrtime() : loop->settled_ns) - ex->began_ns;
}

void sp_exchange_abandon(sp_exchange *ex)
{
    sp_exchange_node *node = node_of(ex);
    SP_ASSERT(ex->gone);
    SP_ASSERT_CMP(node->state, ==, SP_EXCHANGE_WORKING);
    finish(node);
}
