/* SPDX-License-Identifier: MIT
 *
 * Deciding, the naive way: a function a command. Each returns SP_OK with the
 * event's fields filled, or what it is refused with.
 */
#include "tests/support/reference_private.h"

typedef sp_reference_answer answer;

sp_outcome sp_reference_limit(answer *a, const char *name)
{
    a->refusal.limit = name;
    return SP_LIMIT_REACHED;
}

bool sp_reference_balance_fits(sp_points balance)
{
    return balance >= -SP_POINTS_TOTAL_MAX && balance <= SP_POINTS_TOTAL_MAX;
}

bool sp_reference_can_move(const sp_reference *r, sp_user_id from, sp_user_id to, sp_points amount)
{
    return from == to || (sp_reference_balance_fits(r->users[from - 1].points - amount) &&
                          sp_reference_balance_fits(r->users[to - 1].points + amount));
}

static sp_outcome user_create(const sp_reference *r, const sp_command *c, answer *a)
{
    if (r->users_count == r->limits.users_max)
        return sp_reference_limit(a, "users");
    if (r->granted + c->user_create.points > SP_POINTS_TOTAL_MAX)
        return sp_reference_limit(a, "points");
    if (c->user_create.points > 0 && sp_reference_grants_count(r) == r->limits.grants_max)
        return sp_reference_limit(a, "grants");
    a->event.type = SP_EVENT_USER_CREATED;
    a->event.user_created.user = r->users_count + 1;
    a->event.user_created.role = c->user_create.role;
    a->event.user_created.points = c->user_create.points;
    return SP_OK;
}

static sp_outcome role_set(const sp_reference *r, const sp_command *c, answer *a)
{
    sp_user_id user = c->role_set.user;
    if (!sp_reference_is_user(r, user))
        return SP_USER_UNKNOWN;
    if (r->users[user - 1].role == SP_ROLE_ADMIN && c->role_set.role != SP_ROLE_ADMIN &&
        sp_reference_admins_count(r) == 1)
        return SP_LAST_ADMIN;
    a->event.type = SP_EVENT_ROLE_SET;
    a->event.role_set.user = user;
    a->event.role_set.role = c->role_set.role;
    return SP_OK;
}

static sp_outcome points_grant(const sp_reference *r, const sp_command *c, answer *a)
{
    if (!sp_reference_is_user(r, c->points_grant.user))
        return SP_USER_UNKNOWN;
    if (r->granted + c->points_grant.amount > SP_POINTS_TOTAL_MAX ||
        !sp_reference_balance_fits(r->users[c->points_grant.user - 1].points +
                                   c->points_grant.amount))
        return sp_reference_limit(a, "points");
    if (sp_reference_grants_count(r) == r->limits.grants_max)
        return sp_reference_limit(a, "grants");
    a->event.type = SP_EVENT_POINTS_GRANTED;
    a->event.points_granted.user = c->points_grant.user;
    a->event.points_granted.amount = c->points_grant.amount;
    return SP_OK;
}

static sp_outcome user_erase(const sp_reference *r, const sp_command *c, sp_time_ms now, answer *a)
{
    if (r->users[c->actor - 1].role == SP_ROLE_ADMIN && sp_reference_admins_count(r) == 1)
        return SP_LAST_ADMIN;
    for (uint32_t i = 0; i < r->concerts_count; i++)
        if (r->concerts[i].host == c->actor && now < r->concerts[i].concert_date &&
            r->concerts[i].sale != SP_SALE_CANCELLED)
            return SP_HAS_LIVE_CONCERTS;
    a->event.type = SP_EVENT_USER_ERASED;
    a->event.user_erased.user = c->actor;
    return SP_OK;
}

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static bool category_named(const sp_reference_category *category, sp_text name)
{
    if (category->size != name.size)
        return false;
    for (uint32_t i = 0; i < name.size; i++)
        if (fold(category->name[i]) != fold(name.bytes[i]))
            return false;
    return true;
}

static sp_outcome category_create(const sp_reference *r, const sp_command *c, answer *a)
{
    for (uint32_t i = 0; i < r->categories_count; i++)
        if (category_named(&r->categories[i], c->category_create.name))
            return SP_CATEGORY_EXISTS;
    if (r->categories_count == r->limits.categories_max)
        return sp_reference_limit(a, "categories");
    a->event.type = SP_EVENT_CATEGORY_CREATED;
    a->event.category_created.category = r->categories_count + 1;
    a->event.category_created.name = c->category_create.name;
    return SP_OK;
}

static sp_outcome who(const sp_reference *r, const sp_command *c)
{
    if (c->actor == 0)
        return SP_OK; /* the operator, or a sign-up */
    if (!sp_reference_is_user(r, c->actor))
        return SP_TOKEN_INVALID;
    sp_role role = r->users[c->actor - 1].role;
    switch (c->type) {
    case SP_COMMAND_ROLE_SET:
    case SP_COMMAND_POINTS_GRANT:
    case SP_COMMAND_CATEGORY_CREATE:
        return role == SP_ROLE_ADMIN ? SP_OK : SP_ROLE_REQUIRED;
    case SP_COMMAND_CONCERT_CREATE:
    case SP_COMMAND_CONCERT_EDIT:
    case SP_COMMAND_CONCERT_PAUSE:
    case SP_COMMAND_CONCERT_RESUME:
    case SP_COMMAND_CONCERT_CANCEL:
        return role == SP_ROLE_ADMIN || role == SP_ROLE_HOST ? SP_OK : SP_ROLE_REQUIRED;
    default:
        return SP_OK;
    }
}

/* The event that a command with a key makes. */
static sp_event_type made_by(sp_command_type type)
{
    switch (type) {
    case SP_COMMAND_ROLE_SET:
        return SP_EVENT_ROLE_SET;
    case SP_COMMAND_POINTS_GRANT:
        return SP_EVENT_POINTS_GRANTED;
    case SP_COMMAND_CATEGORY_CREATE:
        return SP_EVENT_CATEGORY_CREATED;
    case SP_COMMAND_CONCERT_CREATE:
        return SP_EVENT_CONCERT_CREATED;
    case SP_COMMAND_CONCERT_EDIT:
        return SP_EVENT_CONCERT_EDITED;
    case SP_COMMAND_CONCERT_PAUSE:
        return SP_EVENT_CONCERT_PAUSED;
    case SP_COMMAND_CONCERT_RESUME:
        return SP_EVENT_CONCERT_RESUMED;
    case SP_COMMAND_CONCERT_CANCEL:
        return SP_EVENT_CONCERT_CANCELLED;
    case SP_COMMAND_ORDER_CREATE:
        return SP_EVENT_ORDER_PAID;
    case SP_COMMAND_ORDER_CANCEL:
        return SP_EVENT_ORDER_CANCELLED;
    case SP_COMMAND_HOLD_TAKE:
        return SP_EVENT_HOLD_TAKEN;
    case SP_COMMAND_HOLD_EXTEND:
        return SP_EVENT_HOLD_EXTENDED;
    case SP_COMMAND_HOLD_RELEASE:
        return SP_EVENT_HOLD_RELEASED;
    default:
        return SP_EVENT_USER_ERASED;
    }
}

static sp_outcome decide(const sp_reference *r, const sp_command *c, sp_time_ms now, answer *a)
{
    sp_outcome outcome = who(r, c);
    if (outcome != SP_OK)
        return outcome;
    if (c->idempotency.present) {
        const sp_reference_key *key = sp_reference_key_find(r, c->actor, &c->idempotency.key, now);
        if (key != NULL) {
            a->decision = SP_DECISION_REPLAY;
            a->replay = key->replay;
            bool same = memcmp(&key->request, &c->idempotency.request, sizeof key->request) == 0 &&
                        key->replay.type == made_by(c->type);
            return same ? SP_OK : SP_IDEMPOTENCY_MISMATCH;
        }
        if (sp_reference_keys_full(r, now))
            return sp_reference_limit(a, "idempotency_keys");
    }
    switch (c->type) {
    case SP_COMMAND_SERVER_START:
        a->event.type = SP_EVENT_SERVER_STARTED;
        a->event.server_started.version = c->server_start.version;
        a->event.server_started.epoch = c->server_start.epoch;
        return SP_OK;
    case SP_COMMAND_USER_CREATE:
        return user_create(r, c, a);
    case SP_COMMAND_ROLE_SET:
        return role_set(r, c, a);
    case SP_COMMAND_USER_ERASE:
        return user_erase(r, c, now, a);
    case SP_COMMAND_POINTS_GRANT:
        return points_grant(r, c, a);
    case SP_COMMAND_CATEGORY_CREATE:
        return category_create(r, c, a);
    case SP_COMMAND_CONCERT_CREATE:
        return sp_reference_decide_create(r, c, a);
    case SP_COMMAND_CONCERT_EDIT:
        return sp_reference_decide_edit(r, c, now, a);
    case SP_COMMAND_CONCERT_PAUSE:
    case SP_COMMAND_CONCERT_RESUME:
    case SP_COMMAND_CONCERT_CANCEL:
        return sp_reference_decide_sale(r, c, a);
    case SP_COMMAND_ORDER_CREATE:
        return c->order_create.hold != 0 ? sp_reference_decide_bought(r, c, now, a)
                                         : sp_reference_decide_order(r, c, now, a);
    case SP_COMMAND_ORDER_CANCEL:
        return sp_reference_decide_cancel(r, c, now, a);
    case SP_COMMAND_HOLD_TAKE:
        return sp_reference_decide_take(r, c, now, a);
    case SP_COMMAND_HOLD_EXTEND:
        return sp_reference_decide_extend(r, c, now, a);
    case SP_COMMAND_HOLD_RELEASE:
        return sp_reference_decide_release(r, c, now, a);
    default:
        return SP_INTERNAL;
    }
}

void sp_reference_decide(const sp_reference *r, const sp_command *c, sp_time_ms now, answer *a)
{
    a->decision = SP_DECISION_EVENT;
    a->refusal.conflicts_count = 0;
    a->event = (sp_event){
        .seq = r->seq + 1, .time = now, .actor = c->actor, .idempotency = c->idempotency};
    a->outcome = decide(r, c, now, a);
    if (a->outcome != SP_OK)
        a->decision = SP_DECISION_REFUSED;
}
