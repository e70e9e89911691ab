/* SPDX-License-Identifier: MIT */
#include "net/decode.h"

/* Sorts ascending. Insertion: at most a hundred, mostly sorted already. */
static void sort(sp_seat *seats, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        sp_seat seat = seats[i];
        uint32_t at = i;
        for (; at > 0 && seats[at - 1] > seat; at--)
            seats[at] = seats[at - 1];
        seats[at] = seat;
    }
}

/* Notes each seat that stood before already, where the client wrote it. */
static bool check_repeats(sp_decode *decode, const sp_seat *seats, uint32_t count,
                          const sp_field_path *path)
{
    bool ok = true;
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t before = 0; before < i; before++)
            if (seats[before] == seats[i]) {
                ok = sp_decode_fail(decode, &(sp_field_path){path, {NULL, 0}, i}, "duplicate",
                                    "the seat is there twice");
                break;
            }
    return ok;
}

bool sp_decode_seats(sp_decode *decode, const sp_json_node *node, sp_seat *seats, uint32_t *count)
{
    const sp_field_path *path = SP_FIELD("seats");
    bool ok = true;
    *count = 0;
    if (!sp_decode_array(decode, node, path, 1, SP_SEATS_PER_ORDER_MAX, "1 to 100 seats"))
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path item = {path, {NULL, 0}, *count};
        int64_t seat = 0;
        ok = sp_decode_integer(decode, child, &item, 0, INT32_MAX, &seat) && ok;
        seats[(*count)++] = (sp_seat)seat;
    }
    /* The engine takes them strictly ascending; they mostly come so. */
    bool ascending = true;
    for (uint32_t i = 1; i < *count; i++)
        ascending = ascending && seats[i - 1] < seats[i];
    if (!ok || ascending)
        return ok;
    if (!check_repeats(decode, seats, *count, path))
        return false;
    sort(seats, *count);
    return true;
}

/* Is there a hold in it? Then it is of the other form. */
static bool names_hold(const sp_decode *decode, const sp_json_node *root)
{
    if (root->type != SP_JSON_OBJECT)
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, root->first); child;
         child = sp_json_node_at(decode->reader, child->next))
        if (sp_text_equal(child->key, SP_TEXT("holdId")) && child->type != SP_JSON_NULL)
            return true;
    return false;
}

static bool refuse_beside_hold(sp_decode *decode, const sp_json_node *node,
                               const sp_field_path *path)
{
    return !node || sp_decode_fail(decode, path, "conflict", "not beside holdId");
}

bool sp_decode_order(sp_decode *decode, const sp_json_node *root, sp_command *out)
{
    enum { HOLD, CONCERT, SEATS, AMOUNT, COUNT };
    bool of_hold = names_hold(decode, root);
    const sp_decode_member members[COUNT] = {
        [HOLD] = {"holdId", false},
        [CONCERT] = {"concertId", !of_hold},
        [SEATS] = {"seats", !of_hold},
        [AMOUNT] = {"amount", false},
    };
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    out->type = SP_COMMAND_ORDER_CREATE;
    out->order_create.hold = 0;
    out->order_create.concert = 0;
    out->order_create.seats_count = 0;
    out->order_create.amount = SP_AMOUNT_UNSTATED;
    out->order_create.job.present = false;
    if (of_hold) {
        ok = sp_decode_id(decode, found[HOLD], SP_FIELD("holdId"), &out->order_create.hold) && ok;
        ok = refuse_beside_hold(decode, found[CONCERT], SP_FIELD("concertId")) && ok;
        ok = refuse_beside_hold(decode, found[SEATS], SP_FIELD("seats")) && ok;
    } else {
        ok = sp_decode_id(decode, found[CONCERT], SP_FIELD("concertId"),
                          &out->order_create.concert) &&
             ok;
        ok = sp_decode_seats(decode, found[SEATS], out->order_create.seats,
                             &out->order_create.seats_count) &&
             ok;
    }
    if (found[AMOUNT])
        ok = sp_decode_integer(decode, found[AMOUNT], SP_FIELD("amount"), 0, SP_POINTS_TOTAL_MAX,
                               &out->order_create.amount) &&
             ok;
    return ok;
}

bool sp_decode_cancel(sp_decode *decode, const sp_json_node *root, sp_text *reason)
{
    static const sp_decode_member members[] = {{"reason", false}};
    const sp_json_node *found[1];
    *reason = (sp_text){NULL, 0};
    if (!root)
        return true;
    bool ok = sp_decode_object(decode, root, NULL, members, 1, found);
    if (found[0])
        ok = sp_decode_text(decode, found[0], SP_FIELD("reason"),
                            (sp_decode_text_rule){SP_REASON_SIZE_MAX, true, true}, reason) &&
             ok;
    return ok;
}
