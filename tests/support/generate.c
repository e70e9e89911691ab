/* SPDX-License-Identifier: MIT */
#include "tests/support/generate.h"

#include <stdio.h>

#include "engine/assert.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (INT64_C(3600) * SECOND_MS)
#define DAY_MS (INT64_C(24) * HOUR_MS)

#define ONE_OF(random, array) (array)[sp_random_below((random), sizeof(array) / sizeof *(array))]

void sp_generate_limits(sp_random *random, sp_limits *limits)
{
    /* Few users fill up their 64 keys and their purses; many meet each other. */
    static const uint32_t users[] = {3, 5, 24, 24};
    *limits = (sp_limits){.users_max = ONE_OF(random, users),
                          .categories_max = 24,
                          .concerts_max = 40,
                          .seats_max = 8192,
                          .grades_max = 200,
                          .rows_max = 1000,
                          .orders_max = 4096,
                          .order_seats_max = 20000,
                          .grants_max = 4096,
                          .holds_max = 64,
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

sp_time_ms sp_generate_time(sp_random *random, const sp_reference *r, sp_time_ms now)
{
    sp_time_ms at = now;
    uint64_t die = sp_random_below(random, 1000);
    if (die < 600)
        return now;
    if (die < 980)
        return now + (int64_t)sp_random_below(random, 20);
    if (die < 988 && r->concerts_count > 0) {
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

static sp_user_id any_user(sp_random *random, const sp_reference *r)
{
    if (r->users_count == 0 || sp_random_once_in(random, 50)) {
        const sp_user_id unknown[] = {r->users_count + 1, UINT32_MAX, r->users_count + 1000};
        return ONE_OF(random, unknown);
    }
    return (sp_user_id)(1 + sp_random_below(random, r->users_count));
}

/* Mostly one whose role allows it; the rest is there to be refused. */
static sp_user_id user_of_role(sp_random *random, const sp_reference *r, sp_role least)
{
    sp_user_id user = any_user(random, r);
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
    return sp_random_once_in(random, 3) ? user_of_role(random, r, SP_ROLE_ADMIN)
                                        : any_user(random, r);
}

static sp_role any_role(sp_random *random)
{
    return (sp_role)(SP_ROLE_USER + (int)sp_random_below(random, 3));
}

/* ---- Texts: letters of one to four bytes, never longer than size_max. ---- */

static sp_text any_text(sp_random *random, sp_generated *out, uint32_t size_max)
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
        return any_text(random, out, SP_CATEGORY_NAME_SIZE_MAX);
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

/* ---- Concerts ---- */

static void concert_dates(sp_random *random, sp_time_ms now, sp_concert_spec *spec)
{
    const int64_t lengths[] = {1,           2,      HOUR_MS,    3 * HOUR_MS, 3 * HOUR_MS + 1,
                               4 * HOUR_MS, DAY_MS, 5 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS};
    const int64_t starts[] = {-HOUR_MS, -1, 0, 0, 0, 1, 5, HOUR_MS};
    spec->start_date = now + ONE_OF(random, starts);
    spec->end_date = spec->start_date + ONE_OF(random, lengths);
    spec->concert_date = spec->end_date + (int64_t)sp_random_below(random, 2) * DAY_MS;
    const sp_time_ms until[] = {
        0, 0, 0, 1, spec->start_date, spec->end_date, now, spec->end_date + 1};
    spec->cancel_until = ONE_OF(random, until);
    if (sp_random_once_in(random, 40))
        spec->end_date = spec->start_date;
    if (sp_random_once_in(random, 40))
        spec->concert_date = spec->end_date - 1;
}

/* So many seats, cut into grades and rows at random. */
static void concert_seats(sp_random *random, sp_generated *out)
{
    static const uint32_t sizes[] = {1,   2,   7,   62,  63,  64,  65, 66,
                                     100, 127, 128, 129, 191, 192, 193};
    static const sp_points prices[] = {
        0, 1, 100, 100, 15000, 15000, 99999, SP_PRICE_MAX - 1, SP_PRICE_MAX};
    sp_concert_spec *spec = &out->spec;
    uint32_t left = ONE_OF(random, sizes), rows = 0;
    spec->grades = out->grades;
    spec->grades_count = 0;
    while (left > 0) {
        bool last_grade = spec->grades_count == SP_GENERATED_GRADES_MAX - 1;
        sp_grade_spec *grade = &out->grades[spec->grades_count++];
        *grade = (sp_grade_spec){.name = any_text(random, out, SP_GRADE_NAME_SIZE_MAX),
                                 .price = ONE_OF(random, prices),
                                 .row_sizes = &out->row_sizes[rows]};
        uint32_t rows_wanted = 1 + (uint32_t)sp_random_below(random, 4);
        while (left > 0 && (grade->rows_count < rows_wanted || last_grade)) {
            bool last_row = rows == SP_GENERATED_ROWS_MAX - 1;
            uint32_t seats = last_row ? left : (uint32_t)sp_random_edge(random, 1, left);
            out->row_sizes[rows++] = seats;
            grade->rows_count++;
            left -= seats;
        }
    }
}

static void concert_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                           sp_generated *out)
{
    static const uint32_t seats_per_user[] = {1, 2, 4, 10, 10, 100, 100, SP_MAX_SEATS_PER_USER_MAX};
    sp_concert_spec *spec = &out->spec;
    memset(spec, 0, sizeof *spec);
    spec->category = r->categories_count + 1;
    if (r->categories_count > 0 && !sp_random_once_in(random, 20))
        spec->category = (sp_category_id)(1 + sp_random_below(random, r->categories_count));
    spec->name = any_text(random, out, 60);
    spec->description = any_text(random, out, 200);
    spec->image_url = SP_TEXT("https://pictures.example/1.jpg");
    spec->address = any_text(random, out, 60);
    spec->running_time_min = (uint32_t)sp_random_edge(random, 1, SP_RUNNING_TIME_MIN_MAX);
    spec->age_limit = (sp_age_limit)(SP_AGE_ZERO + (int)sp_random_below(random, 4));
    spec->max_seats_per_user = ONE_OF(random, seats_per_user);
    spec->hold_seconds = (uint32_t)sp_random_edge(random, SP_HOLD_SECONDS_MIN, SP_HOLD_SECONDS_MAX);
    spec->no_orphans = sp_random_once_in(random, 2);
    concert_dates(random, now, spec);
    concert_seats(random, out);
    out->command.concert_create.spec = spec;
}

/* ---- Orders ---- */

static bool wanted(const sp_reference_concert *concert, uint32_t seat, bool free_only)
{
    return !free_only || (seat < concert->seats_count && concert->seats[seat].order == 0);
}

/* Ascending seats from a random place on, in steps; mostly free ones, since
 * a small hall is soon full; at times some that are taken or that are none. */
static void order_seats(sp_random *random, const sp_reference_concert *concert, sp_command *c)
{
    bool free_only = !sp_random_once_in(random, 6);
    uint32_t count = 1 + (uint32_t)sp_random_below(random, sp_random_once_in(random, 8) ? 100 : 4);
    uint32_t step = 1 + (uint32_t)sp_random_below(random, sp_random_once_in(random, 3) ? 40 : 2);
    uint32_t end = concert->seats_count + (sp_random_once_in(random, 20) ? 2 : 0);
    uint32_t seat = (uint32_t)sp_random_edge(random, 0, end - 1);
    c->order_create.seats_count = 0;
    for (; seat < end && c->order_create.seats_count < count; seat += step)
        if (wanted(concert, seat, free_only))
            c->order_create.seats[c->order_create.seats_count++] = seat;
    if (c->order_create.seats_count == 0)
        c->order_create.seats[c->order_create.seats_count++] = (uint32_t)sp_random_edge(
            random, 0, sp_random_once_in(random, 20) ? UINT32_MAX : concert->seats_count - 1);
}

static sp_points order_amount(sp_random *random, const sp_reference_concert *concert,
                              const sp_command *c)
{
    sp_points amount = 0;
    for (uint32_t i = 0; i < c->order_create.seats_count; i++)
        if (c->order_create.seats[i] < concert->seats_count)
            amount += concert->seats[c->order_create.seats[i]].price;
    switch (sp_random_below(random, 24)) {
    case 0:
        return amount + 1;
    case 1:
        return amount > 0 ? amount - 1 : 1;
    case 2:
        return sp_random_edge(random, 0, SP_POINTS_TOTAL_MAX);
    default:
        return sp_random_once_in(random, 2) ? amount : SP_AMOUNT_UNSTATED;
    }
}

static bool on_sale(const sp_reference_concert *concert, sp_time_ms now)
{
    return concert->start_date <= now && now < concert->end_date;
}

static void order_create(sp_random *random, const sp_reference *r, sp_time_ms now, sp_command *c)
{
    c->order_create.concert = r->concerts_count + 1;
    c->order_create.seats_count = 1;
    c->order_create.seats[0] = 0;
    c->order_create.amount = SP_AMOUNT_UNSTATED;
    if (r->concerts_count == 0 || sp_random_once_in(random, 60))
        return;
    /* Mostly one that is on sale. */
    uint32_t index = (uint32_t)sp_random_below(random, r->concerts_count);
    for (uint32_t i = 0; i < r->concerts_count && !sp_random_once_in(random, 40); i++) {
        if (on_sale(&r->concerts[index], now))
            break;
        index = (index + 1) % r->concerts_count;
    }
    c->order_create.concert = index + 1;
    if (sp_random_once_in(random, 6))
        c->actor = r->concerts[index].host; /* buys at his own concert */
    order_seats(random, &r->concerts[index], c);
    c->order_create.amount = order_amount(random, &r->concerts[index], c);
}

static void order_cancel(sp_random *random, const sp_reference *r, sp_generated *out)
{
    sp_command *c = &out->command;
    uint32_t newest = r->orders_count;
    c->order_cancel.order = (sp_order_id)sp_random_edge(random, 0, (int64_t)newest + 1);
    /* Mostly one of the last, which is more likely live. */
    if (newest > 0 && !sp_random_once_in(random, 3))
        c->order_cancel.order =
            newest - (uint32_t)sp_random_below(random, newest < 20 ? newest : 20);
    /* … or the next older one that is live. */
    while (c->order_cancel.order > 1 && c->order_cancel.order <= newest &&
           r->orders[c->order_cancel.order - 1].cancelled_at != 0 && !sp_random_once_in(random, 10))
        c->order_cancel.order--;
    if (c->order_cancel.order >= 1 && c->order_cancel.order <= newest &&
        !sp_random_once_in(random, 4))
        c->actor = r->orders[c->order_cancel.order - 1].user;
    else if (sp_random_once_in(random, 2))
        c->actor = user_of_role(random, r, SP_ROLE_ADMIN);
    c->order_cancel.reason = (sp_text){NULL, 0};
    if (sp_random_once_in(random, 3))
        c->order_cancel.reason = any_text(random, out, SP_REASON_SIZE_MAX);
    else if (sp_random_once_in(random, 8))
        c->order_cancel.reason = (sp_text){out->text, 0};
}

/* ---- Which ---- */

static bool any_on_sale(const sp_reference *r, sp_time_ms now)
{
    for (uint32_t i = 0; i < r->concerts_count; i++)
        if (on_sale(&r->concerts[i], now))
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
    return die < 780 ? SP_COMMAND_ORDER_CREATE : SP_COMMAND_ORDER_CANCEL;
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
    case SP_EVENT_ORDER_PAID:
        return SP_COMMAND_ORDER_CREATE;
    case SP_EVENT_ORDER_CANCELLED:
        return SP_COMMAND_ORDER_CANCEL;
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
        c->actor = sp_random_once_in(random, 4) ? 0 : user_of_role(random, r, SP_ROLE_ADMIN);
        c->role_set.user = any_user(random, r);
        c->role_set.role = any_role(random);
        break;
    case SP_COMMAND_POINTS_GRANT:
        c->actor = sp_random_once_in(random, 4) ? 0 : user_of_role(random, r, SP_ROLE_ADMIN);
        c->points_grant.user = any_user(random, r);
        c->points_grant.amount = sp_random_once_in(random, 2)
                                     ? sp_random_edge(random, 1, SP_GRANT_MAX)
                                     : 1 + (int64_t)sp_random_below(random, 1000000);
        break;
    case SP_COMMAND_USER_ERASE:
        c->actor = one_to_erase(random, r);
        break;
    case SP_COMMAND_CATEGORY_CREATE:
        c->actor = sp_random_once_in(random, 4) ? 0 : user_of_role(random, r, SP_ROLE_ADMIN);
        c->category_create.name = category_name(random, out);
        break;
    case SP_COMMAND_CONCERT_CREATE:
        c->actor = user_of_role(random, r, SP_ROLE_HOST);
        concert_create(random, r, now, out);
        break;
    case SP_COMMAND_ORDER_CREATE:
        c->actor = any_user(random, r);
        order_create(random, r, now, c);
        break;
    default:
        c->actor = sp_random_once_in(random, 20) ? 0 : any_user(random, r);
        order_cancel(random, r, out);
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
    } else if (c->actor != 0 && !sp_random_once_in(random, 4)) {
        c->idempotency.present = true;
        sp_random_fill(random, &c->idempotency.key, sizeof c->idempotency.key);
        sp_random_fill(random, &c->idempotency.request, sizeof c->idempotency.request);
    }
}

/* A page's beginning: none, one of this list (as a client gives it), or any id,
 * made up ones included. */
static sp_order_id any_order(sp_random *random, const sp_reference *r)
{
    return sp_random_once_in(random, 2)
               ? 0
               : (sp_order_id)sp_random_edge(random, 1, (int64_t)r->orders_count + 1);
}

/* A true cursor, or one that is wrong in its seq or its balance. */
static void ledger_cursor(sp_random *random, const sp_reference *r, sp_command *q)
{
    const sp_reference_user *user =
        sp_reference_is_user(r, q->actor) ? &r->users[q->actor - 1] : NULL;
    if (user == NULL || user->moves_count == 0 || sp_random_once_in(random, 3))
        return;
    uint32_t index = (uint32_t)sp_random_below(random, user->moves_count);
    q->query_ledger.before = user->moves[index].seq;
    for (uint32_t i = 0; i < index; i++)
        q->query_ledger.balance += user->moves[i].amount;
    if (sp_random_once_in(random, 4))
        q->query_ledger.before = (sp_seq)sp_random_edge(random, 1, (int64_t)r->seq + 1);
    if (sp_random_once_in(random, 8)) {
        static const sp_points wrong[] = {
            INT64_MIN, -SP_POINTS_TOTAL_MAX - 1, -SP_POINTS_TOTAL_MAX,
            0,         SP_POINTS_TOTAL_MAX,      SP_POINTS_TOTAL_MAX + 1,
            INT64_MAX};
        q->query_ledger.balance = ONE_OF(random, wrong);
    }
}

void sp_generate_query(sp_random *random, const sp_reference *r, sp_command *q)
{
    uint32_t count_max = (uint32_t)sp_random_edge(random, 1, 100);
    memset(q, 0, sizeof *q);
    q->actor = sp_random_once_in(random, 30) ? 0 : any_user(random, r);
    switch (sp_random_below(random, 6)) {
    case 0:
        q->type = SP_QUERY_USER;
        q->query_user.user = sp_random_once_in(random, 2) ? 0 : any_user(random, r);
        break;
    case 1:
        q->type = SP_QUERY_ORDER;
        q->query_order.order = (sp_order_id)sp_random_edge(random, 0, (int64_t)r->orders_count + 1);
        break;
    case 2:
        q->type = SP_QUERY_USERS;
        q->query_users.after =
            sp_random_once_in(random, 2) ? 0 : (sp_user_id)sp_random_below(random, 30);
        q->query_users.count_max = count_max;
        if (sp_random_once_in(random, 2))
            q->actor = user_of_role(random, r, SP_ROLE_ADMIN);
        break;
    case 3:
        q->type = SP_QUERY_LEDGER;
        q->query_ledger.count_max = count_max;
        ledger_cursor(random, r, q);
        break;
    case 4:
        q->type = SP_QUERY_CONCERT_ORDERS;
        q->query_concert_orders.concert =
            (sp_concert_id)sp_random_edge(random, 0, (int64_t)r->concerts_count + 1);
        q->query_concert_orders.before = any_order(random, r);
        q->query_concert_orders.count_max = count_max;
        if (sp_random_once_in(random, 2))
            q->actor = user_of_role(random, r, SP_ROLE_HOST);
        break;
    default:
        q->type = SP_QUERY_ORDERS;
        q->query_orders.user = sp_random_once_in(random, 2) ? 0 : any_user(random, r);
        q->query_orders.before = any_order(random, r);
        q->query_orders.count_max = count_max;
        break;
    }
}
