/* SPDX-License-Identifier: MIT */
#include "tests/support/generate_private.h"

#include <stdio.h>

#include "engine/assert.h"

void sp_generate_limits(sp_random *random, sp_limits *limits)
{
    /* Few users fill up their 64 keys and their purses; many meet each other. */
    static const uint32_t users[] = {3, 5, 24, 24};
    /* Few places for holds are used again and again; a power of two and its
     * neighbours, for there are twice as many places, rounded up to one. */
    static const uint32_t holds[] = {1, 2, 3, 4, 5, 9, 64, 64, 64, 200};
    *limits = (sp_limits){.users_max = ONE_OF(random, users),
                          .categories_max = 24,
                          .concerts_max = 40,
                          .seats_max = 8192,
                          .grades_max = 200,
                          .rows_max = 1000,
                          .orders_max = 4096,
                          .order_seats_max = 20000,
                          .grants_max = 4096,
                          .holds_max = ONE_OF(random, holds),
                          .idempotency_keys_max = 4096,
                          .text_bytes_max = UINT64_C(4) << 20};
    switch (sp_random_below(random, 24)) {
    case 0:
        limits->users_max = 2;
        break;
    case 1:
        limits->categories_max = 2;
        break;
    case 2:
        limits->concerts_max = 3;
        break;
    case 3:
        limits->seats_max = 64 * (uint32_t)(1 + sp_random_below(random, 8));
        break;
    case 4:
        limits->grades_max = 5;
        break;
    case 5:
        limits->rows_max = 9;
        break;
    case 6:
        limits->orders_max = 7;
        break;
    case 7:
        limits->order_seats_max = 19;
        break;
    case 9:
        limits->grants_max = 2 + (uint32_t)sp_random_below(random, 8);
        break;
    case 8:
        limits->idempotency_keys_max = 2 + (uint32_t)sp_random_below(random, 30);
        break;
    default:
        break;
    }
}

/* The deadline of a living hold: mostly the first to come; 0 = none lives. */
static sp_time_ms any_deadline(sp_random *random, const sp_reference *r)
{
    sp_time_ms first = 0;
    for (uint32_t i = 0; i < r->holds_count; i++) {
        const sp_reference_hold *hold = &r->holds[i];
        if (hold->status != SP_REFERENCE_LIVES)
            continue;
        if (sp_random_once_in(random, 40))
            return hold->deadline;
        if (first == 0 || hold->deadline < first)
            first = hold->deadline;
    }
    return first;
}

sp_time_ms sp_generate_time(sp_random *random, const sp_reference *r, sp_time_ms now)
{
    sp_time_ms at = now;
    uint64_t die = sp_random_below(random, 1000);
    if (die < 600)
        return now;
    if (die < 960)
        return now + (int64_t)sp_random_below(random, 20);
    if (die < 980) {
        at = any_deadline(random, r) + (int64_t)sp_random_below(random, 3) - 1;
    } else if (die < 988 && r->concerts_count > 0) {
        const sp_reference_concert *c = &r->concerts[sp_random_below(random, r->concerts_count)];
        const sp_time_ms edges[] = {c->start_date, c->start_date, c->end_date, c->cancel_until,
                                    c->concert_date};
        at = ONE_OF(random, edges) + (int64_t)sp_random_below(random, 3) - 1;
    } else if (die < 992 && r->keys_count > 0) {
        at = r->keys[sp_random_below(random, r->keys_count)].replay.time + SP_IDEMPOTENCY_TTL_MS +
             (int64_t)sp_random_below(random, 3) - 1;
    } else if (die < 997) {
        at = now + (int64_t)sp_random_below(random, HOUR_MS);
    } else if (die < 998) {
        at = now + DAY_MS;
    }
    return at < now ? now : at;
}

/* ---- Who ---- */

sp_user_id sp_generate_user(sp_random *random, const sp_reference *r)
{
    if (r->users_count == 0 || sp_random_once_in(random, 50)) {
        const sp_user_id unknown[] = {r->users_count + 1, UINT32_MAX, r->users_count + 1000};
        return ONE_OF(random, unknown);
    }
    return (sp_user_id)(1 + sp_random_below(random, r->users_count));
}

/* Mostly one whose role allows it; the rest is there to be refused. */
sp_user_id sp_generate_user_of_role(sp_random *random, const sp_reference *r, sp_role least)
{
    sp_user_id user = sp_generate_user(random, r);
    if (sp_random_once_in(random, 8))
        return user;
    for (uint32_t i = 0; i < r->users_count; i++) {
        user = (sp_user_id)(1 + (user + i) % r->users_count);
        if (r->users[user - 1].role >= least && !r->users[user - 1].erased)
            return user;
    }
    return user;
}

/* Who hosts a concert, or anybody: an erased one can only be asked for. */
static sp_user_id one_to_erase(sp_random *random, const sp_reference *r)
{
    if (r->concerts_count > 0 && sp_random_once_in(random, 3))
        return r->concerts[sp_random_below(random, r->concerts_count)].host;
    return sp_random_once_in(random, 3) ? sp_generate_user_of_role(random, r, SP_ROLE_ADMIN)
                                        : sp_generate_user(random, r);
}

static sp_role any_role(sp_random *random)
{
    return (sp_role)(SP_ROLE_USER + (int)sp_random_below(random, 3));
}

/* ---- Texts: letters of one to four bytes, never longer than size_max. ---- */

sp_text sp_generate_text(sp_random *random, sp_generated *out, uint32_t size_max)
{
    static const char *const letters[] = {"a", "Z", " ", "é", "歌", "🎫", "7", "\""};
    char *begin = out->text + out->text_size;
    uint32_t size = 0, wanted = (uint32_t)sp_random_edge(random, 1, size_max);
    SP_ASSERT_CMP(out->text_size + size_max, <=, sizeof out->text);
    while (size < wanted) {
        const char *letter = ONE_OF(random, letters);
        uint32_t letter_size = (uint32_t)strlen(letter);
        if (size + letter_size > size_max)
            letter = "x", letter_size = 1;
        memcpy(begin + size, letter, letter_size);
        size += letter_size;
    }
    out->text_size += size;
    return (sp_text){begin, size};
}

/* Few names in many spellings, so that equal ones meet. */
static sp_text category_name(sp_random *random, sp_generated *out)
{
    if (sp_random_once_in(random, 8))
        return sp_generate_text(random, out, SP_CATEGORY_NAME_SIZE_MAX);
    /* The last letter of the alphabet and its neighbours fold or do not. */
    static const char *const ends[] = {"z", "Z", "[", "{", "@", "`", "a", "A"};
    int size =
        snprintf(out->text, sizeof out->text, "%s%s%s", sp_random_once_in(random, 2) ? "k" : "K",
                 sp_random_once_in(random, 2) ? "-pop" : "-POP", ONE_OF(random, ends));
    if (sp_random_once_in(random, 2))
        out->text[size++] = (char)('0' + sp_random_below(random, 10));
    out->text_size = (uint32_t)size;
    return (sp_text){out->text, out->text_size};
}

/* ---- Which ---- */

static bool any_on_sale(const sp_reference *r, sp_time_ms now)
{
    for (uint32_t i = 0; i < r->concerts_count; i++)
        if (sp_generate_on_sale(&r->concerts[i], now))
            return true;
    return false;
}

static uint32_t living_count(const sp_reference *r)
{
    uint32_t count = 0;
    for (sp_user_id user = 1; user <= r->users_count; user++)
        count += sp_reference_is_user(r, user);
    return count;
}

static sp_command_type any_type(sp_random *random, const sp_reference *r, sp_time_ms now)
{
    if (r->users_count < 2)
        return SP_COMMAND_USER_CREATE;
    if (r->categories_count == 0 && !sp_random_once_in(random, 4))
        return SP_COMMAND_CATEGORY_CREATE;
    if (!any_on_sale(r, now) && sp_random_once_in(random, 4))
        return SP_COMMAND_CONCERT_CREATE;
    uint64_t die = sp_random_below(random, 1000);
    if (die < 5)
        return SP_COMMAND_SERVER_START;
    if (die < 30)
        return SP_COMMAND_USER_CREATE;
    if (die < 60)
        return SP_COMMAND_ROLE_SET;
    if (die < 120)
        return SP_COMMAND_POINTS_GRANT;
    if (die < 145)
        return SP_COMMAND_CATEGORY_CREATE;
    if (die < 170)
        return SP_COMMAND_CONCERT_CREATE;
    /* A world without people is a dull one: the last few mostly stay. */
    if (die < 173 && (living_count(r) > 3 || sp_random_once_in(random, 10)))
        return SP_COMMAND_USER_ERASE;
    if (die < 195)
        return SP_COMMAND_CONCERT_EDIT;
    if (die < 202)
        return SP_COMMAND_CONCERT_PAUSE;
    if (die < 214)
        return SP_COMMAND_CONCERT_RESUME;
    if (die < 218)
        return SP_COMMAND_CONCERT_CANCEL;
    if (die < 500)
        return SP_COMMAND_ORDER_CREATE;
    if (die < 720)
        return SP_COMMAND_HOLD_TAKE;
    if (die < 780)
        return SP_COMMAND_HOLD_EXTEND;
    return die < 830 ? SP_COMMAND_HOLD_RELEASE : SP_COMMAND_ORDER_CANCEL;
}

/* The command type that makes an event of this type and can carry a key;
 * 0 = none. */
static sp_command_type type_of_event(sp_event_type type)
{
    switch (type) {
    case SP_EVENT_ROLE_SET:
        return SP_COMMAND_ROLE_SET;
    case SP_EVENT_POINTS_GRANTED:
        return SP_COMMAND_POINTS_GRANT;
    case SP_EVENT_CATEGORY_CREATED:
        return SP_COMMAND_CATEGORY_CREATE;
    case SP_EVENT_CONCERT_CREATED:
        return SP_COMMAND_CONCERT_CREATE;
    case SP_EVENT_CONCERT_EDITED:
        return SP_COMMAND_CONCERT_EDIT;
    case SP_EVENT_CONCERT_PAUSED:
        return SP_COMMAND_CONCERT_PAUSE;
    case SP_EVENT_CONCERT_RESUMED:
        return SP_COMMAND_CONCERT_RESUME;
    case SP_EVENT_CONCERT_CANCELLED:
        return SP_COMMAND_CONCERT_CANCEL;
    case SP_EVENT_ORDER_PAID:
        return SP_COMMAND_ORDER_CREATE;
    case SP_EVENT_ORDER_CANCELLED:
        return SP_COMMAND_ORDER_CANCEL;
    case SP_EVENT_HOLD_TAKEN:
        return SP_COMMAND_HOLD_TAKE;
    case SP_EVENT_HOLD_EXTENDED:
        return SP_COMMAND_HOLD_EXTEND;
    case SP_EVENT_USER_ERASED: /* asks again, and is nobody */
        return SP_COMMAND_USER_ERASE;
    default:
        return (sp_command_type)0;
    }
}

static void user_create(sp_random *random, const sp_reference *r, sp_generated *out)
{
    sp_command *c = &out->command;
    sp_profile *profile = &out->profile;
    memset(profile, 0, sizeof *profile);
    unsigned number = (unsigned)sp_random_below(random, 40); /* few: some meet */
    profile->email_size =
        (uint32_t)snprintf(profile->email, sizeof profile->email, "u%u@example.org", number);
    profile->nickname_size =
        (uint32_t)snprintf(profile->nickname, sizeof profile->nickname, "nick");
    c->actor = 0;
    c->user_create.profile = profile;
    c->user_create.role = r->users_count == 0 ? SP_ROLE_ADMIN : any_role(random);
    /* Once in a while nearly all the points that there may be. */
    c->user_create.points = (int64_t)sp_random_below(random, 1000000);
    if (sp_random_once_in(random, 4))
        c->user_create.points = sp_random_edge(random, 0, SP_GRANT_MAX);
    else if (sp_random_once_in(random, 30))
        c->user_create.points =
            sp_random_edge(random, SP_POINTS_TOTAL_MAX - SP_GRANT_MAX, SP_POINTS_TOTAL_MAX);
    if (r->users_count == 0 && sp_random_once_in(random, 6))
        c->user_create.points = SP_POINTS_TOTAL_MAX - (int64_t)sp_random_below(random, 1000);
}

static void fill(sp_random *random, const sp_reference *r, sp_time_ms now, sp_generated *out)
{
    sp_command *c = &out->command;
    switch (c->type) {
    case SP_COMMAND_SERVER_START:
        c->actor = 0;
        c->server_start.version = SP_TEXT("0.0.0-test");
        sp_random_fill(random, &c->server_start.epoch, sizeof c->server_start.epoch);
        break;
    case SP_COMMAND_USER_CREATE:
        user_create(random, r, out);
        break;
    case SP_COMMAND_ROLE_SET:
        c->actor =
            sp_random_once_in(random, 4) ? 0 : sp_generate_user_of_role(random, r, SP_ROLE_ADMIN);
        c->role_set.user = sp_generate_user(random, r);
        c->role_set.role = any_role(random);
        break;
    case SP_COMMAND_POINTS_GRANT:
        c->actor =
            sp_random_once_in(random, 4) ? 0 : sp_generate_user_of_role(random, r, SP_ROLE_ADMIN);
        c->points_grant.user = sp_generate_user(random, r);
        c->points_grant.amount = sp_random_once_in(random, 2)
                                     ? sp_random_edge(random, 1, SP_GRANT_MAX)
                                     : 1 + (int64_t)sp_random_below(random, 1000000);
        break;
    case SP_COMMAND_USER_ERASE:
        c->actor = one_to_erase(random, r);
        break;
    case SP_COMMAND_CATEGORY_CREATE:
        c->actor =
            sp_random_once_in(random, 4) ? 0 : sp_generate_user_of_role(random, r, SP_ROLE_ADMIN);
        c->category_create.name = category_name(random, out);
        break;
    case SP_COMMAND_CONCERT_CREATE:
        c->actor = sp_generate_user_of_role(random, r, SP_ROLE_HOST);
        sp_generate_concert_create(random, r, now, out);
        break;
    case SP_COMMAND_CONCERT_EDIT:
        sp_generate_concert_edit(random, r, now, out);
        break;
    case SP_COMMAND_CONCERT_PAUSE:
        c->concert_pause.concert = sp_generate_concert_to_change(random, r, c);
        break;
    case SP_COMMAND_CONCERT_RESUME:
        c->concert_resume.concert = sp_generate_concert_to_change(random, r, c);
        break;
    case SP_COMMAND_CONCERT_CANCEL:
        c->concert_cancel.concert = sp_generate_concert_to_change(random, r, c);
        break;
    case SP_COMMAND_ORDER_CREATE:
        c->actor = sp_generate_user(random, r);
        sp_generate_order_create(random, r, now, c);
        break;
    case SP_COMMAND_HOLD_TAKE:
        c->actor = sp_generate_user(random, r);
        sp_generate_hold_take(random, r, now, out);
        break;
    case SP_COMMAND_HOLD_EXTEND:
        c->hold_extend.hold = sp_generate_hold(random, r, c);
        break;
    case SP_COMMAND_HOLD_RELEASE: /* takes no key */
        c->hold_release.hold = sp_generate_hold(random, r, c);
        break;
    default:
        c->actor = sp_random_once_in(random, 20) ? 0 : sp_generate_user(random, r);
        sp_generate_order_cancel(random, r, out);
        break;
    }
}

/* A record to use again: one of the newest, or the user's 1st, 63rd, 64th, 65th
 * newest, where he begins to be forgotten. */
static const sp_reference_key *key_again(sp_random *random, const sp_reference *r)
{
    static const uint32_t nths[] = {1, 63, 64, 64, 65, 66};
    uint32_t index =
        r->keys_count - 1 - (uint32_t)sp_random_edge(random, 0, (int64_t)r->keys_count - 1);
    if (sp_random_once_in(random, 2))
        return &r->keys[index];
    uint32_t nth = ONE_OF(random, nths), found = 0;
    for (uint32_t i = r->keys_count; i-- > 0 && found < nth;)
        if (r->keys[i].user == r->keys[index].user && ++found == nth)
            return &r->keys[i];
    return &r->keys[index];
}

void sp_generate_command(sp_random *random, const sp_reference *r, sp_time_ms now,
                         sp_generated *out)
{
    sp_command *c = &out->command;
    const sp_reference_key *again = NULL;
    memset(c, 0, sizeof *c);
    out->text_size = 0;
    c->type = any_type(random, r, now);
    if (r->keys_count > 0 && sp_random_once_in(random, 12)) {
        again = key_again(random, r);
        c->type = type_of_event(again->replay.type);
    }
    fill(random, r, now, out);
    if (again != NULL) {
        c->actor = again->user;
        c->idempotency = (sp_idempotency){true, again->key, again->request};
        if (sp_random_once_in(random, 4))
            c->idempotency.request.bytes[15] ^= 1;
    } else if (c->actor != 0 && c->type != SP_COMMAND_HOLD_RELEASE &&
               !sp_random_once_in(random, 4)) {
        c->idempotency.present = true;
        sp_random_fill(random, &c->idempotency.key, sizeof c->idempotency.key);
        sp_random_fill(random, &c->idempotency.request, sizeof c->idempotency.request);
    }
}
