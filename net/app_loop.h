/* SPDX-License-Identifier: MIT
 *
 * What the application's own files share: the app, the context of a loop, and
 * the steps that every handler is made of. Private to the application (app.c
 * and the handlers); loop thread only.
 */
#ifndef SP_NET_APP_LOOP_H
#define SP_NET_APP_LOOP_H

#include "net/access_log.h"
#include "net/app.h"
#include "net/decode.h"
#include "net/json_write.h"
#include "net/login_guard.h"
#include "net/openapi.h"
#include "net/pulse.h"
#include "net/rate.h"
#include "net/refresh_token.h"
#include "net/router.h"
#include "net/time_text.h"
#include "net/token_ring.h"

struct sp_app {
    sp_app_config config;
    /* Replaced by sp_app_set_keys (release), read by loops for each request
     * (acquire): they see the whole ring that they find. */
    _Atomic(sp_token_ring *) ring;
    sp_login_guard *guard;
    /* An unknown e-mail is verified against this, so that it takes as long
     * as a known one. */
    char dummy_hash[SP_PASSWORD_HASH_SIZE];
    sp_openapi openapi;      /* the document; constant */
    sp_rate_table *rates;    /* of writes, by network */
    sp_rate_row *user_rates; /* of writes, by user */
    sp_rate_rule write_rule;
    char write_limit_field[64]; /* `RateLimit-Limit: N`, and the name behind it */
    uint32_t write_limit_field_size;
};

/* Where the answer that is being written lies in its buffer (net/answer.c). */
typedef struct sp_answer_span {
    size_t length_at, length_size; /* the digits of Content-Length */
    size_t body_at;
    int status;   /* of the answer that was begun last */
    bool head;    /* the body goes again when its size is known */
    bool msgpack; /* it becomes that when it is whole */
} sp_answer_span;

typedef struct sp_app_loop {
    sp_app *app;
    sp_loop *loop;
    sp_json_reader *reader;
    sp_json_writer *json;
    sp_token_verifier *verifier;
    sp_password_gate gate;
    sp_field_errors errors; /* of the request that is being decoded */
    sp_command command;     /* decoded into, then copied into a slot */
    uint64_t *sold, *held;  /* copies of a concert's words */
    int64_t date_s;         /* the second that `date` shows */
    char date[SP_HTTP_DATE_SIZE];
    sp_answer_span answer;
    sp_out packed;                    /* a body on its way from JSON to msgpack */
    sp_metrics_loop *metrics;         /* the loop's: never NULL */
    sp_access_log *access;            /* NULL: it is off */
    sp_pulses pulses;                 /* of the loop's streams */
    struct sp_seat_watch *seat_watch; /* NULL: nobody watches */
    struct sp_jobs *jobs;             /* net/jobs.h */
} sp_app_loop;

/* ex->app.work: an account's data on its way through the pool. Freed (and
 * wiped) at the exchange's end. */
typedef struct sp_account_work {
    sp_password_job job;
    sp_exchange *ex;
    const sp_app *app;
    sp_profile profile;
    bool has_profile;
    sp_outcome outcome;     /* what the pool found */
    uint32_t password_size; /* prepared: net/text_rules.h */
    char password[SP_PASSWORD_SIZE_MAX];
    /* Of log-ins and new passwords (net/auth.c). */
    uint32_t new_password_size;
    char new_password[SP_PASSWORD_SIZE_MAX];
    char new_hash[SP_PASSWORD_HASH_SIZE]; /* empty: the old one stays */
    sp_login_try attempt;
    uint64_t sign_up; /* what the guard took for one */
    bool judged;      /* the password was found right or wrong; of a sign-up: hashed */
    bool retried;     /* judged once more: the stored hash had changed */
    sp_refresh_token shown, fresh;
} sp_account_work;

static inline sp_app_loop *sp_app_loop_of(const sp_exchange *ex)
{
    return sp_loop_app(ex->loop);
}

/* What tokens are made and checked with, as of now. */
static inline const sp_token_ring *sp_app_ring(const sp_app *app)
{
    return atomic_load_explicit(&app->ring, memory_order_acquire);
}

static inline const sp_route *sp_route_of(const sp_exchange *ex)
{
    return ex->app.route;
}

/* Refuses ex: a problem when its turn comes. */
void sp_app_refuse(sp_exchange *ex, sp_outcome outcome);
/* rate_limited, with this Retry-After, by this limit. */
void sp_app_refuse_limited(sp_exchange *ex, sp_throttle throttle, uint32_t retry_after_s);
/* For sp_rate_*: microseconds, read once an iteration of the loop. */
static inline uint64_t sp_app_time_us(const sp_exchange *ex)
{
    return uv_now(sp_loop_uv(ex->loop)) * 1000;
}

/* Takes a slot, fills it with the loop's decoded command (or query), its
 * actor and idempotency, and pushes it; refuses queue_full without a slot. */
void sp_app_push(sp_exchange *ex);
/* Likewise for an actor who has shown no access token. */
void sp_app_push_as(sp_exchange *ex, sp_user_id actor);

/* What the request's Idempotency-Key says, where its route takes one. */
void sp_app_set_idempotency(const sp_exchange *ex, sp_idempotency *idempotency);
/* As much as there is of a command: an order of one seat does not carry the room
 * for a hundred into the sequencer's cache. */
size_t sp_app_command_size(const sp_command *command);
void sp_app_copy_command(sp_command *to, const sp_command *from);

/* Copies a text into ex->app.memory, where it lives until the end. */
sp_text sp_app_keep_text(sp_exchange *ex, sp_text text);

/* The concert as it was when the result of a slot came about: it may have been edited
 * since, and a retry is told what the first answer said. NULL if there was none. */
static inline const sp_concert_card *sp_app_card(sp_loop *loop, sp_concert_id concert,
                                                 const sp_result *result)
{
    return sp_card_at(sp_views_card(sp_loop_views(loop), concert), result->seq);
}

/* ex->app.work, made at the first call. */
sp_account_work *sp_app_work(sp_exchange *ex);

/* Queues a computation with sp_app_work(ex) behind the gate, then `done` (which
 * abandons if ex->gone; then compute may have been left out). false: there was no
 * room in the line, and ex is refused `busy`. */
bool sp_app_compute(sp_exchange *ex, void (*compute)(sp_password_job *job),
                    void (*done)(sp_password_job *job));

/* Reads the profile of a user on the pool into sp_app_work(ex), then ready
 * (or abandon). No profile is fine; a failed read refuses `internal`. */
void sp_app_read_profile(sp_exchange *ex, sp_user_id user);

#endif
