/* SPDX-License-Identifier: MIT
 *
 * A request's command on its way to the sequencer: what its Idempotency-Key says,
 * and as much of the command as there is.
 */
#include <sodium.h>

#include "net/app_loop.h"

/* BLAKE2b-128 of parts with a zero byte between them: none of them holds one
 * but the last, so no two lists of parts look alike. */
static void hash_parts(sp_hash128 *out, const sp_text *parts, uint32_t count)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof out->bytes);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            crypto_generichash_update(&state, (const unsigned char *)"", 1);
        crypto_generichash_update(&state, (const unsigned char *)parts[i].bytes, parts[i].size);
    }
    crypto_generichash_final(&state, out->bytes, sizeof out->bytes);
}

void sp_app_set_idempotency(const sp_exchange *ex, sp_idempotency *idempotency)
{
    const sp_request *request = &ex->request;
    const sp_route *route = sp_route_of(ex);
    sp_text key = request->headers[SP_HEADER_IDEMPOTENCY_KEY];
    idempotency->present = route->keyed && key.bytes;
    if (!idempotency->present)
        return;
    sp_text scope[] = {{route->pattern, (uint32_t)strlen(route->pattern)}, key};
    hash_parts(&idempotency->key, scope, 2);
    sp_text whole[] = {request->path, request->body};
    hash_parts(&idempotency->request, whole, 2);
}

size_t sp_app_command_size(const sp_command *command)
{
    if (command->type == SP_COMMAND_ORDER_CREATE)
        return offsetof(sp_command, order_create.seats) +
               command->order_create.seats_count * sizeof(sp_seat);
    if (command->type == SP_COMMAND_HOLD_TAKE)
        return offsetof(sp_command, hold_take.seats) +
               command->hold_take.seats_count * sizeof(sp_seat);
    return sizeof *command;
}

void sp_app_copy_command(sp_command *to, const sp_command *from)
{
    memcpy(to, from, sp_app_command_size(from));
}

void sp_app_push(sp_exchange *ex)
{
    sp_app_push_as(ex, ex->app.user);
}

void sp_app_push_as(sp_exchange *ex, sp_user_id actor)
{
    sp_slot *slot = sp_exchange_slot(ex);
    if (!slot) {
        sp_app_refuse(ex, SP_QUEUE_FULL);
        return;
    }
    sp_app_copy_command(&slot->command, &sp_app_loop_of(ex)->command);
    slot->command.actor = actor;
    sp_app_set_idempotency(ex, &slot->command.idempotency);
    /* Whatever a command borrows was copied out of the request. */
    sp_exchange_drop_request(ex);
    sp_exchange_push(ex);
}
