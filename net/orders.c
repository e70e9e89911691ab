/* SPDX-License-Identifier: MIT
 *
 * Orders: bought, cancelled and read through the sequencer.
 */
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"

bool sp_orders_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    return sp_decode_order(decode, root, &sp_app_loop_of(ex)->command);
}

static void put_order(sp_exchange *ex, sp_json_writer *json, const sp_order_view *order)
{
    sp_encode_order(json, order, sp_app_card(ex->loop, order->concert, &ex->slot->result));
}

static void answer_order(sp_exchange *ex, const sp_answer *answer, sp_out *out)
{
    put_order(ex, sp_answer_json(ex, answer, out), &ex->slot->result.order);
    sp_answer_json_end(ex, out);
}

void sp_orders_answer_create(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    sp_answer answer =
        sp_answer_created(ex, location, SP_TEXT("/v1/orders/"), ex->slot->result.order.id);
    answer_order(ex, &answer, out);
}

void sp_orders_start_list(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_ORDERS;
    command->query_orders.user = (sp_user_id)ex->app.numbers[SP_PARAM_USER];
    command->query_orders.before = (sp_order_id)ex->app.numbers[SP_PARAM_CURSOR];
    command->query_orders.count_max = (uint32_t)ex->app.numbers[SP_PARAM_LIMIT];
    sp_app_push(ex);
}

void sp_orders_answer_list(sp_exchange *ex, sp_out *out)
{
    const sp_result *result = &ex->slot->result;
    sp_answer answer = {.status = 200};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    for (uint32_t i = 0; i < result->orders.count; i++)
        put_order(ex, json, &result->orders.items[i]);
    sp_json_array_end(json);
    sp_answer_items_end(ex, result->orders.next, out);
}

void sp_orders_start_get(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_ORDER;
    command->query_order.order = ex->app.params[0];
    sp_app_push(ex);
}

bool sp_orders_decode_cancel(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_text reason;
    if (!sp_decode_cancel(decode, root, &reason))
        return false;
    sp_app_loop_of(ex)->command.order_cancel.reason =
        reason.size ? sp_app_keep_text(ex, reason) : (sp_text){NULL, 0};
    return true;
}

void sp_orders_start_cancel(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_ORDER_CANCEL;
    command->order_cancel.order = ex->app.params[0];
    sp_app_push(ex);
}

void sp_orders_answer(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .replayed = ex->slot->result.replayed};
    answer_order(ex, &answer, out);
}
