/* SPDX-License-Identifier: MIT
 *
 * What moved one's points. The cursor of a page is where it ended: a seq, and
 * the balance right behind the entries below it, so that the next page goes on
 * without a sum over all that came before.
 */
#include "net/answer.h"
#include "net/digits.h"
#include "net/encode.h"
#include "net/handlers.h"

void sp_ledger_start(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_LEDGER;
    command->query_ledger.before = (sp_seq)ex->app.numbers[SP_PARAM_CURSOR];
    command->query_ledger.balance = ex->app.numbers[SP_PARAM_BALANCE];
    command->query_ledger.count_max = (uint32_t)ex->app.numbers[SP_PARAM_LIMIT];
    sp_app_push(ex);
}

/* `SEQ.BALANCE`: what sp_decode_query takes apart. */
static void put_cursor(sp_json_writer *json, sp_seq before, sp_points balance)
{
    char text[2 * SP_DIGITS_SIZE_MAX + 1];
    char *at = sp_digits_put(text, before);
    *at++ = '.';
    at = sp_digits_put_signed(at, balance);
    sp_json_text(json, (sp_text){text, (uint32_t)(at - text)});
}

void sp_ledger_answer(sp_exchange *ex, sp_out *out)
{
    const sp_result *result = &ex->slot->result;
    sp_answer answer = {.status = 200};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    for (uint32_t i = 0; i < result->ledger.count; i++)
        sp_encode_ledger_item(json, &result->ledger.items[i]);
    sp_json_array_end(json);
    sp_json_key(json, "nextCursor");
    if (result->ledger.next)
        put_cursor(json, result->ledger.next, result->ledger.next_balance);
    else
        sp_json_null(json);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}
