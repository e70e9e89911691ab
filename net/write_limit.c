/* SPDX-License-Identifier: MIT */
#include "net/write_limit.h"

#include <stdio.h>

#include "engine/assert.h"

/* Of networks; users have a bucket each. 4 MiB. An entry counts while its bucket is not full: here for a second after
 * a write, so this is enough for a quarter of a million who write at once, each
 * of whom would be limited less, not more, if it were not. */
#define RATE_ENTRIES (1u << 18)

#define WRITES \
    (1u << SP_METHOD_POST | 1u << SP_METHOD_PUT | 1u << SP_METHOD_PATCH | 1u << SP_METHOD_DELETE)

bool sp_write_limit_init(sp_app *app)
{
    uint32_t limit = app->config.writes_per_s_max;
    SP_ASSERT_CMP(limit, <=, SP_WRITES_PER_S_MAX);
    app->rates = sp_rate_table_create(RATE_ENTRIES);
    app->user_rates = sp_rate_row_create(sp_limits_default.users_max + 1);
    if (app->rates == NULL || app->user_rates == NULL)
        return false;
    if (limit == 0)
        return true;
    /* Rounded down: never fewer than promised. */
    app->write_rule = (sp_rate_rule){.burst = limit, .interval_us = 1000000 / limit};
    app->write_limit_field_size =
        (uint32_t)snprintf(app->write_limit_field, sizeof app->write_limit_field,
                           "RateLimit-Limit: %u\r\nRateLimit-Remaining: ", limit);
    return true;
}

/* A user that this installation can't have is judged as nobody. */
static sp_rate_verdict take(const sp_exchange *ex, sp_user_id user)
{
    const sp_app *app = sp_app_loop_of(ex)->app;
    uint64_t now_us = sp_app_time_us(ex);
    if (user != 0 && user < sp_rate_row_count(app->user_rates))
        return sp_rate_row_take(app->user_rates, user, &app->write_rule, now_us);
    sp_client_address network = sp_client_network(&ex->client);
    uint64_t key = sp_rate_key(app->rates, SP_RATE_ADDRESS_WRITES, &network, sizeof network);
    return sp_rate_take(app->rates, key, &app->write_rule, now_us);
}

sp_outcome sp_write_limit_take(sp_exchange *ex, sp_user_id user)
{
    return WRITES & 1u << ex->request.method ? sp_write_limit_charge(ex, user) : SP_OK;
}

sp_outcome sp_write_limit_charge(sp_exchange *ex, sp_user_id user)
{
    const sp_app *app = sp_app_loop_of(ex)->app;
    if (app->config.writes_per_s_max == 0)
        return SP_OK;
    sp_rate_verdict verdict = take(ex, user);
    ex->app.limited = true;
    ex->app.rate_remaining = verdict.remaining;
    ex->app.rate_reset_s = verdict.reset_s;
    ex->app.retry_after_s = verdict.retry_after_s;
    if (verdict.allowed)
        return SP_OK;
    sp_counter_add(&sp_app_loop_of(ex)->metrics->throttled[SP_THROTTLE_WRITES], 1);
    return SP_RATE_LIMITED;
}
