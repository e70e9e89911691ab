/* SPDX-License-Identifier: MIT
 *
 * Bodies and queries into every decoder: the first byte chooses which. What
 * is accepted must be what the engine asserts of a command, an order or a hold
 * that is written out again must decode to the same, and an order that is taken
 * the short way must be the same the long way.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/spec.h"
#include "engine/utf8.h"
#include "net/decode.h"
#include "net/json_write.h"
#include "net/text_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static sp_json_reader *reader;
static sp_json_writer *writer;
static sp_field_errors errors;
static sp_out out;

/* Errors must be fit to be shown: valid UTF-8, and there if and only if the
 * decoder refused. */
static void check_errors(bool accepted)
{
    SP_ASSERT_CMP(accepted, ==, (errors.count == 0));
    for (uint32_t i = 0; i < errors.count; i++) {
        const char *field = errors.items[i].field;
        SP_ASSERT(sp_utf8_valid((sp_text){field, (uint32_t)strlen(field)}));
        SP_ASSERT(errors.items[i].code && errors.items[i].detail);
    }
}

static void check_seats(const sp_seat *seats, uint32_t count)
{
    SP_ASSERT_CMP(count, >=, 1);
    SP_ASSERT_CMP(count, <=, SP_SEATS_PER_ORDER_MAX);
    for (uint32_t i = 1; i < count; i++)
        SP_ASSERT_CMP(seats[i - 1], <, seats[i]);
}

static void write_seats(const sp_seat *seats, uint32_t count)
{
    sp_json_key(writer, "seats");
    sp_json_array(writer);
    for (uint32_t i = 0; i < count; i++)
        sp_json_integer(writer, seats[i]);
    sp_json_array_end(writer);
}

static void check_order(const sp_command *order)
{
    SP_ASSERT_CMP(order->order_create.amount, >=, SP_AMOUNT_UNSTATED);
    SP_ASSERT_CMP(order->order_create.amount, <=, SP_POINTS_TOTAL_MAX);
    SP_ASSERT(!order->order_create.job.present);
    if (order->order_create.hold) {
        SP_ASSERT_CMP(order->order_create.seats_count, ==, 0);
        return;
    }
    SP_ASSERT_CMP(order->order_create.concert, >, 0);
    check_seats(order->order_create.seats, order->order_create.seats_count);
}

static void write_order(const sp_command *order)
{
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
    sp_json_object(writer);
    if (order->order_create.hold) {
        sp_json_put_id(writer, "holdId", order->order_create.hold);
    } else {
        sp_json_put_id(writer, "concertId", order->order_create.concert);
        write_seats(order->order_create.seats, order->order_create.seats_count);
    }
    if (order->order_create.amount != SP_AMOUNT_UNSTATED)
        sp_json_put_integer(writer, "amount", order->order_create.amount);
    sp_json_object_end(writer);
}

static void check_same(const sp_command *first, const sp_command *second)
{
    SP_ASSERT_CMP(first->type, ==, second->type);
    SP_ASSERT_CMP(first->order_create.hold, ==, second->order_create.hold);
    SP_ASSERT_CMP(first->order_create.job.present, ==, second->order_create.job.present);
    SP_ASSERT_CMP(first->order_create.concert, ==, second->order_create.concert);
    SP_ASSERT_CMP(first->order_create.amount, ==, second->order_create.amount);
    SP_ASSERT_CMP(first->order_create.seats_count, ==, second->order_create.seats_count);
    SP_ASSERT(memcmp(first->order_create.seats, second->order_create.seats,
                     first->order_create.seats_count * sizeof(sp_seat)) == 0);
}

static bool try_order(sp_decode *decode, const sp_json_node *root)
{
    sp_command first = {0}, second = {0};
    const char *why;
    if (!sp_decode_order(decode, root, &first))
        return false;
    check_order(&first);
    write_order(&first);
    sp_text written = {out.bytes, (uint32_t)out.size};
    root = sp_json_read(reader, written, &why);
    SP_ASSERT(root);
    SP_ASSERT(sp_decode_order(decode, root, &second));
    check_same(&first, &second);
    /* This is just what the short way is for, unless it buys a hold. */
    bool scanned = sp_decode_order_scan(written, &second);
    SP_ASSERT_CMP(scanned, ==, (first.order_create.hold == 0));
    if (scanned)
        check_same(&first, &second);
    return true;
}

static void write_hold(const sp_command *hold)
{
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
    sp_json_object(writer);
    if (hold->hold_take.best_count) {
        sp_json_key(writer, "bestAvailable");
        sp_json_object(writer);
        sp_json_put_integer(writer, "count", hold->hold_take.best_count);
        sp_json_put_text(writer, "grade", hold->hold_take.grade);
        sp_json_key(writer, "allowSplit");
        sp_json_boolean(writer, hold->hold_take.allow_split);
        sp_json_object_end(writer);
    } else {
        write_seats(hold->hold_take.seats, hold->hold_take.seats_count);
    }
    sp_json_object_end(writer);
}

static void check_same_hold(const sp_command *first, const sp_command *second)
{
    SP_ASSERT_CMP(first->type, ==, second->type);
    SP_ASSERT_CMP(first->hold_take.best_count, ==, second->hold_take.best_count);
    SP_ASSERT_CMP(first->hold_take.allow_split, ==, second->hold_take.allow_split);
    SP_ASSERT(sp_text_equal(first->hold_take.grade, second->hold_take.grade));
    SP_ASSERT_CMP(first->hold_take.seats_count, ==, second->hold_take.seats_count);
    SP_ASSERT(memcmp(first->hold_take.seats, second->hold_take.seats,
                     first->hold_take.seats_count * sizeof(sp_seat)) == 0);
}

static bool try_hold(sp_decode *decode, const sp_json_node *root)
{
    sp_command first = {0}, second = {0};
    char grade[SP_GRADE_NAME_SIZE_MAX];
    const char *why;
    if (!sp_decode_hold(decode, root, &first))
        return false;
    SP_ASSERT_CMP(first.hold_take.best_count, <=, SP_SEATS_PER_ORDER_MAX);
    if (first.hold_take.best_count == 0)
        check_seats(first.hold_take.seats, first.hold_take.seats_count);
    else
        SP_ASSERT_CMP(first.hold_take.seats_count, ==, 0);
    SP_ASSERT(sp_utf8_valid(first.hold_take.grade));
    write_hold(&first);
    /* The next text ends the tree that the grade may lie in. */
    if (first.hold_take.grade.bytes) {
        SP_ASSERT_CMP(first.hold_take.grade.size, <=, sizeof grade);
        memcpy(grade, first.hold_take.grade.bytes, first.hold_take.grade.size);
        first.hold_take.grade.bytes = grade;
    }
    root = sp_json_read(reader, (sp_text){out.bytes, (uint32_t)out.size}, &why);
    SP_ASSERT(root && sp_decode_hold(decode, root, &second));
    check_same_hold(&first, &second);
    return true;
}

/* In memory of its size, so that a look behind its end is found. */
static void try_scan(sp_decode *decode, sp_text body)
{
    sp_command scanned = {0}, decoded = {0};
    const char *why;
    char *copy = malloc(body.size ? body.size : 1);
    SP_ASSERT(copy);
    memcpy(copy, body.bytes, body.size);
    body.bytes = copy;
    if (sp_decode_order_scan(body, &scanned)) {
        const sp_json_node *root = sp_json_read(reader, body, &why);
        SP_ASSERT(root);
        SP_ASSERT(sp_decode_order(decode, root, &decoded));
        check_same(&scanned, &decoded);
    }
    free(copy);
}

static bool try_concert(sp_decode *decode, const sp_json_node *root, uint32_t size)
{
    sp_concert_spec *spec;
    sp_spec_size taken;
    sp_spec_fault fault;
    if (!sp_decode_concert(decode, root, size, &spec))
        return false;
    /* All that the decoder lets through the engine takes, but for a deadline
     * that only it can judge. */
    spec->cancel_until = spec->end_date;
    SP_ASSERT(sp_spec_check(spec, &taken, &fault));
    free(spec);
    return true;
}

static bool try_account(sp_decode *decode, const sp_json_node *root)
{
    sp_credentials given;
    if (!sp_decode_sign_up(decode, root, &given))
        return false;
    SP_ASSERT_CMP(given.email.size, <=, SP_EMAIL_SIZE_MAX);
    SP_ASSERT_CMP(given.nickname.size, <=, SP_NICKNAME_SIZE_MAX);
    SP_ASSERT(sp_utf8_valid(given.email) && sp_utf8_valid(given.nickname));
    return true;
}

static bool try_edit(sp_decode *decode, const sp_json_node *root)
{
    sp_profile_edit edit;
    const char *code;
    if (!sp_decode_profile_edit(decode, root, &edit))
        return false;
    SP_ASSERT(!edit.nickname.bytes || !sp_nickname_check(edit.nickname, &code));
    SP_ASSERT(!edit.image_url.bytes || edit.image_url.size == 0 ||
              !sp_url_check(edit.image_url, &code));
    return true;
}

static bool try_small(sp_decode *decode, const sp_json_node *root, uint8_t which)
{
    sp_text text = {NULL, 0};
    sp_credentials given;
    sp_role role = 0;
    sp_points points = 0;
    bool ok;
    switch (which) {
    case 3:
        ok = sp_decode_category(decode, root, &text);
        SP_ASSERT(!ok || (text.size > 0 && text.size <= SP_CATEGORY_NAME_SIZE_MAX));
        return ok;
    case 4:
        ok = sp_decode_cancel(decode, root, &text);
        SP_ASSERT(!ok || (text.size <= SP_REASON_SIZE_MAX && sp_utf8_valid(text)));
        return ok;
    case 5:
        return sp_decode_login(decode, root, &given);
    case 6:
        ok = sp_decode_role(decode, root, &role);
        SP_ASSERT(!ok || (role >= SP_ROLE_USER && role <= SP_ROLE_ADMIN));
        return ok;
    default:
        ok = sp_decode_grant(decode, root, &points);
        SP_ASSERT(!ok || (points >= 1 && points <= SP_GRANT_MAX));
        return ok;
    }
}

/* What is taken for a ledger's cursor is what a ledger hands out, to the byte. */
static void try_ledger_query(sp_decode *decode, sp_text query)
{
    int64_t values[SP_PARAMS];
    char text[64];
    sp_field_errors_clear(&errors);
    bool ok =
        sp_decode_query(decode, query, 1u << SP_PARAM_CURSOR | 1u << SP_PARAM_BALANCE, values);
    check_errors(ok);
    if (!ok || values[SP_PARAM_CURSOR] == 0)
        return;
    int size = snprintf(text, sizeof text, "cursor=%lld.%lld", (long long)values[SP_PARAM_CURSOR],
                        (long long)values[SP_PARAM_BALANCE]);
    if (memchr(query.bytes, '%', query.size) || memchr(query.bytes, '&', query.size))
        return;
    SP_ASSERT_CMP(query.size, ==, (uint32_t)size);
    SP_ASSERT(memcmp(query.bytes, text, query.size) == 0);
}

static void try_query(sp_decode *decode, sp_text query)
{
    int64_t values[SP_PARAMS];
    sp_field_errors_clear(&errors);
    char text[SP_SEARCH_TEXT_SIZE_MAX];
    unsigned allowed = 15 | 1u << SP_PARAM_Q; /* all but the ledger's */
    bool ok = sp_decode_query(decode, query, allowed, values);
    check_errors(ok);
    sp_text searched = ok ? sp_query_search_text(query, text) : (sp_text){0};
    SP_ASSERT(!searched.bytes || (searched.size >= 1 && sp_utf8_valid(searched)));
    SP_ASSERT(!ok || (values[SP_PARAM_LIMIT] >= 1 && values[SP_PARAM_LIMIT] <= SP_LIST_LIMIT_MAX));
    SP_ASSERT(!ok || (values[SP_PARAM_CURSOR] >= 0 && values[SP_PARAM_CURSOR] <= UINT32_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *why = NULL;
    sp_decode decode = {NULL, &errors};
    if (!reader) {
        reader = sp_json_reader_create();
        writer = sp_json_writer_create();
        sp_out_init(&out);
    }
    decode.reader = reader;
    if (size == 0 || size > 64 * 1024)
        return 0;
    uint8_t which = bytes[0] % 9;
    sp_text body = {(const char *)bytes + 1, (uint32_t)size - 1};
    if (which == 8) {
        try_query(&decode, body);
        try_ledger_query(&decode, body);
        return 0;
    }
    if (which == 0)
        try_scan(&decode, body);
    const sp_json_node *root = sp_json_read(reader, body, &why);
    SP_ASSERT((root == NULL) == (why != NULL));
    if (!root)
        return 0;
    sp_field_errors_clear(&errors);
    bool accepted = which == 0   ? try_order(&decode, root)
                    : which == 1 ? try_concert(&decode, root, body.size)
                    : which == 2 ? try_account(&decode, root)
                                 : try_small(&decode, root, which);
    check_errors(accepted);
    /* As many bodies are neither as are one of them. */
    if (which == 5) {
        sp_field_errors_clear(&errors);
        check_errors(try_edit(&decode, root));
    }
    if (which == 0) {
        root = sp_json_read(reader, body, &why); /* an order has ended its tree */
        SP_ASSERT(root);
        sp_field_errors_clear(&errors);
        check_errors(try_hold(&decode, root));
    }
    return 0;
}
