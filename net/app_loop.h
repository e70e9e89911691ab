/* SPDX-License-Identifier: MIT
 *
 * What the application's own files share: the app, the context of a loop, and
 * the steps that every handler is made of. Private to the application (app.c
 * and the handlers); loop thread only.
 */
#ifndef SP_NET_APP_LOOP_H
#define SP_NET_APP_LOOP_H

#include "net/app.h"
#include "net/decode.h"
#include "net/json_write.h"
#include "net/router.h"
#include "net/time_text.h"

struct sp_app {
    sp_app_config config;
    sp_token_signer signer;
    /* An unknown e-mail is verified against this, so that it takes as long
     * as a known one. */
    char dummy_hash[SP_PASSWORD_HASH_SIZE];
};

/* Where the answer that is being written lies in its buffer (net/answer.c). */
typedef struct sp_answer_span {
    size_t length_at, length_size; /* the digits of Content-Length */
    size_t body_at;
    bool head; /* the body goes again when its size is known */
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
} sp_app_loop;

/* ex->app.work: an account's data on its way through the pool. Freed (and
 * wiped) at the exchange's end. */
typedef struct sp_account_work {
    sp_password_job job;
    sp_exchange *ex;
    const sp_app *app;
    sp_profile profile;
    bool has_profile;
    sp_outcome outcome; /* what the pool found */
    uint32_t password_size;
    char password[SP_PASSWORD_SIZE_MAX];
} sp_account_work;

static inline sp_app_loop *sp_app_loop_of(const sp_exchange *ex)
{
    return sp_loop_app(ex->loop);
}

static inline const sp_route *sp_route_of(const sp_exchange *ex)
{
    return ex->app.route;
}

/* Refuses ex: a problem when its turn comes. */
void sp_app_refuse(sp_exchange *ex, sp_outcome outcome);

/* Takes a slot, fills it with the loop's decoded command (or query), its
 * actor and idempotency, and pushes it; refuses queue_full without a slot. */
void sp_app_push(sp_exchange *ex);

/* Copies a text into ex->app.memory, where it lives until the end. */
sp_text sp_app_keep_text(sp_exchange *ex, sp_text text);

/* ex->app.work, made at the first call. */
sp_account_work *sp_app_work(sp_exchange *ex);

/* Queues a computation with sp_app_work(ex) behind the gate, then `done` (which
 * abandons if ex->gone; then compute may have been left out); refuses `busy`. */
void sp_app_compute(sp_exchange *ex, void (*compute)(sp_password_job *job),
                    void (*done)(sp_password_job *job));

/* Reads the profile of a user on the pool into sp_app_work(ex), then ready
 * (or abandon). No profile is fine; a failed read refuses `internal`. */
void sp_app_read_profile(sp_exchange *ex, sp_user_id user);

#endif
