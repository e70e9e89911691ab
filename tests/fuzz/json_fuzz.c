/* SPDX-License-Identifier: MIT
 *
 * Bodies and queries into every decoder: the first byte chooses which. What
 * is accepted must hold what the engine asserts of a command, an order that is
 * written out again must decode to the same order, and an order that is taken
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

static void check_order(const sp_command *order)
{
    SP_ASSERT_CMP(order->order_create.concert, >, 0);
    SP_ASSERT_CMP(order->order_create.amount, >=, SP_AMOUNT_UNSTATED);
    SP_ASSERT_CMP(order->order_create.amount, <=, SP_POINTS_TOTAL_MAX);
    SP_ASSERT_CMP(order->order_create.seats_count, >=, 1);
    SP_ASSERT_CMP(order->order_create.seats_count, <=, SP_SEATS_PER_ORDER_MAX);
    for (uint32_t i = 1; i < order->order_create.seats_count; i++)
        SP_ASSERT_CMP(order->order_create.seats[i - 1], <, order->order_create.seats[i]);
}

static void write_order(const sp_command *order)
{
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
    sp_json_object(writer);
    sp_json_put_id(writer, "concertId", order->order_create.concert);
    sp_json_key(writer, "seats");
    sp_json_array(writer);
    for (uint32_t i = 0; i < order->order_create.seats_count; i++)
        sp_json_integer(writer, order->order_create.seats[i]);
    sp_json_array_end(writer);
    if (order->order_create.amount != SP_AMOUNT_UNSTATED)
        sp_json_put_integer(writer, "amount", order->order_create.amount);
    sp_json_object_end(writer);
}

static void check_same(const sp_command *first, const sp_command *second)
{
    SP_ASSERT_CMP(first->type, ==, second->type);
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
    /* This is just what the short way is for. */
    SP_ASSERT(sp_decode_order_scan(written, &second));
    check_same(&first, &second);
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
    SP_ASSERT(!edit.password_hash);
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
    bool ok = sp_decode_query(decode, query, 15, values); /* all but the ledger's */
    check_errors(ok);
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
    if (which == 5) { /* as many bodies are neither as are one of them */
        sp_field_errors_clear(&errors);
        check_errors(try_edit(&decode, root));
    }
    return 0;
}
