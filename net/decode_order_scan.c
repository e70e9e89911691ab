/* SPDX-License-Identifier: MIT
 *
 * An order's body straight from its text. Orders are nearly all that a drop
 * asks for, and nearly all of them look the same: so this knows the one shape,
 * and whatever it does not know at once goes the long way (json_read.c, then
 * decode_order.c), which alone can tell what is wrong with it. The fuzzer and
 * decode_test.c hold both ways against each other.
 */
#include "net/decode.h"

#define DIGITS_MAX 16u /* no field takes a number with more */

_Static_assert(SP_POINTS_TOTAL_MAX < INT64_C(10000000000000000), "DIGITS_MAX digits suffice");

typedef struct cursor {
    const char *at, *end;
} cursor;

static inline void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

/* The next token, if it is this character. */
static inline bool take(cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* The rest of a literal, with nothing between. */
static bool take_text(cursor *c, sp_text literal)
{
    if ((size_t)(c->end - c->at) < literal.size || memcmp(c->at, literal.bytes, literal.size) != 0)
        return false;
    c->at += literal.size;
    return true;
}

/* Digits without a sign, a leading zero, a fraction or an exponent: what may
 * follow a number is for the caller to take, and no part of one is. */
static bool take_digits(cursor *c, uint64_t max, uint64_t *value)
{
    const char *first = c->at;
    *value = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        if (c->at - first == DIGITS_MAX)
            return false;
        *value = *value * 10 + (uint64_t)(*c->at++ - '0');
    }
    return c->at > first && (*first != '0' || c->at - first == 1) && *value <= max;
}

static bool take_number(cursor *c, uint64_t max, uint64_t *value)
{
    skip_blanks(c);
    return take_digits(c, max, value);
}

/* A decimal string, or a number; from 1. */
static bool take_id(cursor *c, uint32_t *id)
{
    uint64_t value;
    if (take(c, '"') ? !take_digits(c, UINT32_MAX, &value) || !take_text(c, SP_TEXT("\""))
                     : !take_number(c, UINT32_MAX, &value))
        return false;
    *id = (uint32_t)value;
    return value > 0;
}

/* Strictly ascending: those that are not must be sorted, or named. */
static bool take_seats(cursor *c, sp_seat *seats, uint32_t *count)
{
    uint64_t seat;
    if (!take(c, '['))
        return false;
    *count = 0;
    do {
        if (*count == SP_SEATS_PER_ORDER_MAX || !take_number(c, INT32_MAX, &seat) ||
            (*count > 0 && seats[*count - 1] >= seat))
            return false;
        seats[(*count)++] = (sp_seat)seat;
    } while (take(c, ','));
    return take(c, ']');
}

bool sp_decode_order_scan(sp_text body, sp_command *out)
{
    cursor c = {body.bytes, body.bytes + body.size};
    bool has_concert = false, has_seats = false, has_amount = false;
    uint64_t amount;
    if (!take(&c, '{'))
        return false;
    do {
        if (!take(&c, '"'))
            return false;
        if (!has_concert && take_text(&c, SP_TEXT("concertId\""))) {
            has_concert = take(&c, ':') && take_id(&c, &out->order_create.concert);
            if (!has_concert)
                return false;
        } else if (!has_seats && take_text(&c, SP_TEXT("seats\""))) {
            has_seats = take(&c, ':') &&
                        take_seats(&c, out->order_create.seats, &out->order_create.seats_count);
            if (!has_seats)
                return false;
        } else if (!has_amount && take_text(&c, SP_TEXT("amount\""))) {
            has_amount = take(&c, ':') && take_number(&c, SP_POINTS_TOTAL_MAX, &amount);
            if (!has_amount)
                return false;
        } else {
            return false;
        }
    } while (take(&c, ','));
    if (!take(&c, '}'))
        return false;
    skip_blanks(&c);
    out->type = SP_COMMAND_ORDER_CREATE;
    out->order_create.hold = 0;
    out->order_create.job.present = false;
    out->order_create.amount = has_amount ? (sp_points)amount : SP_AMOUNT_UNSTATED;
    return has_concert && has_seats && c.at == c.end;
}
