/* SPDX-License-Identifier: MIT
 *
 * The transport's half of net/exchange.h, faked: one loop without sockets,
 * one exchange at a time, and behind it a real engine: state, views and
 * sequencer over the in-memory log, on the test's own thread.
 *
 * It defines the transport's own functions, so it is included by exactly one
 * file of a program and never archived: the linker then takes these instead
 * of net/exchange.c and net/loop.c.
 */
#ifndef SP_TESTS_NET_FAKE_EXCHANGE_H
#define SP_TESTS_NET_FAKE_EXCHANGE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/assert.h"
#include "engine/sequencer.h"
#include "net/app.h"
#include "net/fold.h"
#include "net/router.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_log.h"

#define FAKE_NOW INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

struct sp_loop {
    uv_loop_t uv;
    void *app;
    sp_metrics *metrics;
    bool stopping;
    bool queue_full; /* the next push bounces; the next slot is refused */
    sp_fake_clock clock;
    sp_fake_log log;
    sp_state *state;
    sp_views *views;
    sp_queue *queue;
    sp_sequencer *sequencer;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_wait wait;
    struct sp_hop *hops;
    struct fake_stream *stream; /* opened last, and not closed */
};

#include "tests/net/fake_stream.h"

typedef struct fake_profiles {
    sp_profile_reader reader;
    const sp_fake_log *log;
    pthread_t loop_thread;
    bool fails;
    bool is_empty; /* finds nobody */
    uint32_t reads_on_loop; /* must stay 0 */
} fake_profiles;

typedef struct fake_exchange {
    sp_exchange ex; /* first */
    bool ready, pushed, abandoned;
} fake_exchange;

/* What a client sees, cut at the blank line. */
typedef struct fake_answer {
    int status;
    char *head, *body; /* NUL-terminated copies */
    size_t body_size;
} fake_answer;

void sp_exchange_ready(sp_exchange *ex)
{
    ((fake_exchange *)ex)->ready = true;
}
void sp_exchange_abandon(sp_exchange *ex)
{
    ((fake_exchange *)ex)->abandoned = true;
}

sp_slot *sp_exchange_slot(sp_exchange *ex)
{
    if (!ex->slot && !ex->loop->queue_full)
        ex->slot = sp_slots_take(&ex->loop->slots);
    return ex->slot;
}

/* As the real one leaves them: whoever reads on reads nothing. */
void sp_exchange_drop_request(sp_exchange *ex)
{
    ex->request.path = ex->request.query = ex->request.body = (sp_text){"", 0};
    ex->request.rare = NULL;
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++)
        if (ex->request.headers[i].bytes != NULL)
            ex->request.headers[i] = (sp_text){"", 0};
}

void sp_exchange_push(sp_exchange *ex)
{
    ex->slot->owner = ex;
    ((fake_exchange *)ex)->pushed = true;
    SP_ASSERT(sp_queue_push(ex->loop->queue, ex->slot));
}

uv_loop_t *sp_loop_uv(sp_loop *loop)
{
    return &loop->uv;
}
void *sp_loop_app(sp_loop *loop)
{
    return loop->app;
}
const sp_views *sp_loop_views(sp_loop *loop)
{
    return loop->views;
}
sp_metrics_loop *sp_loop_metrics(sp_loop *loop)
{
    return sp_metrics_of_loop(loop->metrics, 0);
}
uint64_t sp_exchange_age_ns(const sp_exchange *ex)
{
    return ex->began_ns; /* as old as the test says */
}
sp_time_ms sp_loop_now_coarse(sp_loop *loop)
{
    return sp_loop_now(loop);
}

sp_clock *sp_loop_clock(sp_loop *loop)
{
    return &loop->clock.clock;
}

sp_time_ms sp_loop_now(sp_loop *loop)
{
    return loop->clock.now_ms;
}
bool sp_loop_stopping(sp_loop *loop)
{
    return loop->stopping;
}

static void fake_wake(sp_mailbox *mailbox)
{
    (void)mailbox;
}
static void fake_wait_wake(sp_wait *wait)
{
    (void)wait;
}
static void fake_wait_sleep(sp_wait *wait, int64_t timeout_ms)
{
    (void)wait;
    (void)timeout_ms;
}

static const sp_limits fake_limits = {.users_max = 1000,
                                      .categories_max = 3,
                                      .concerts_max = 6000,
                                      .seats_max = 1000000,
                                      .grades_max = 20000,
                                      .rows_max = 100000,
                                      .orders_max = 10000,
                                      .order_seats_max = 10000,
                                      .grants_max = 10000,
                                      .holds_max = 64,
                                      .idempotency_keys_max = 1024,
                                      .text_bytes_max = 16 << 20};

static inline void fake_loop_init(sp_loop *loop)
{
    memset(loop, 0, sizeof *loop);
    SP_ASSERT(uv_loop_init(&loop->uv) == 0);
    sp_fake_clock_init(&loop->clock, FAKE_NOW);
    sp_fake_log_init(&loop->log);
    loop->wait = (sp_wait){fake_wait_sleep, fake_wait_wake};
    sp_mailbox_init(&loop->mailbox, fake_wake);
    SP_ASSERT(sp_slots_init(&loop->slots, 16, &loop->mailbox));
    loop->state = sp_state_create(&fake_limits);
    loop->views = sp_views_create(&fake_limits, sp_fold_text);
    loop->queue = sp_queue_create(16, &loop->wait);
    SP_ASSERT(loop->state && loop->views && loop->queue);
    sp_views_publish_all(loop->views, loop->state);
    sp_sequencer_config config = {.state = loop->state,
                                  .views = loop->views,
                                  .log = &loop->log.log,
                                  .clock = &loop->clock.clock,
                                  .queue = loop->queue,
                                  .batch_commands_max = 16,
                                  .batch_bytes_max = 1 << 20};
    loop->sequencer = sp_sequencer_create(&config);
    loop->metrics = sp_metrics_create(1, sp_routes_count + 1);
    SP_ASSERT(loop->sequencer && loop->metrics);
}

static inline void fake_loop_close(sp_loop *loop)
{
    sp_metrics_destroy(loop->metrics);
    sp_sequencer_destroy(loop->sequencer);
    sp_queue_destroy(loop->queue);
    sp_views_destroy(loop->views);
    sp_state_destroy(loop->state);
    sp_slots_close(&loop->slots);
    sp_fake_log_close(&loop->log);
    SP_ASSERT(uv_loop_close(&loop->uv) == 0);
}

static int fake_profile_found(fake_profiles *self, const sp_profile *found, sp_profile *out)
{
    self->reads_on_loop += pthread_equal(pthread_self(), self->loop_thread) != 0;
    if (self->fails)
        return -1;
    if (!found)
        return 0;
    *out = *found;
    return 1;
}

static int fake_profile_by_id(sp_profile_reader *reader, sp_user_id user, sp_profile *out)
{
    fake_profiles *self = (fake_profiles *)reader;
    const sp_profile *found = NULL;
    if (!self->is_empty)
        found = sp_fake_log_profile(self->log, user);
    return fake_profile_found(self, found, out);
}

static int fake_profile_by_email(sp_profile_reader *reader, sp_text email, sp_profile *out)
{
    fake_profiles *self = (fake_profiles *)reader;
    const sp_profile *found = NULL;
    for (uint32_t i = 0; !self->is_empty && i < self->log->sides.people_count; i++) {
        sp_user_id user = self->log->sides.people[i].profile.user;
        const sp_profile *profile = sp_fake_log_profile(self->log, user);
        if (profile && sp_text_equal((sp_text){profile->email, profile->email_size}, email))
            found = profile;
    }
    return fake_profile_found(self, found, out);
}

/* What it finds is durable. */
static int fake_profiles_settled(sp_profile_reader *reader)
{
    (void)reader;
    return 0;
}

static inline void fake_profiles_init(fake_profiles *profiles, const sp_fake_log *log)
{
    *profiles = (fake_profiles){.reader = {fake_profile_by_id, fake_profile_by_email,
                                           fake_profiles_settled},
                                .log = log,
                                .loop_thread = pthread_self()};
}

static inline void fake_complete(sp_loop *loop, sp_slot *slot)
{
    fake_exchange *fake = slot->owner;
    if (!fake) {
        sp_app_ops_http.slot_completed(loop, slot);
        return;
    }
    fake->pushed = false;
    if (fake->ex.gone)
        fake->abandoned = true;
    else
        sp_app_ops_http.completed(&fake->ex);
}

/* Lets the sequencer do one batch and hands the completions to the app. */
static inline void fake_pump(sp_loop *loop)
{
    while (sp_sequencer_do_work(loop->sequencer) > 0) { /* the batch, then its flush */
    }
    for (sp_slot *slot = sp_mailbox_take_all(&loop->mailbox); slot;) {
        sp_slot *next = slot->next;
        fake_complete(loop, slot);
        slot = next;
    }
    fake_run_hops(loop);
}

/* Until it can be answered (or was abandoned): commands and pool work. */
static inline void fake_finish_work(fake_exchange *fake)
{
    while (!fake->ready && !fake->abandoned) {
        if (fake->pushed)
            fake_pump(fake->ex.loop);
        else
            uv_run(&fake->ex.loop->uv, UV_RUN_ONCE);
    }
}

static inline void fake_end(fake_exchange *fake)
{
    sp_app_ops_http.end(&fake->ex);
    if (fake->ex.slot)
        sp_slots_give(&fake->ex.loop->slots, fake->ex.slot);
    free(fake->ex.app.memory);
}

static inline fake_answer fake_answer_of(const sp_out *out)
{
    fake_answer answer = {0};
    char *text = malloc(out->size + 1);
    SP_ASSERT(text);
    memcpy(text, out->bytes, out->size);
    text[out->size] = '\0';
    SP_ASSERT(sscanf(text, "HTTP/1.1 %d ", &answer.status) == 1);
    char *blank = strstr(text, "\r\n\r\n");
    SP_ASSERT(blank);
    answer.head = text;
    answer.body = blank + 4;
    answer.body_size = out->size - (size_t)(answer.body - text);
    blank[2] = '\0';
    return answer;
}

/* Answers and ends it. */
static inline fake_answer fake_take_answer(fake_exchange *fake)
{
    sp_out out;
    sp_out_init(&out);
    fake_finish_work(fake);
    sp_app_ops_http.answer(&fake->ex, &out);
    sp_out_absorb(&out);
    fake_end(fake);
    fake_answer answer = fake_answer_of(&out);
    sp_out_close(&out);
    return answer;
}

#endif
