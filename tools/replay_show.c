/* SPDX-License-Identifier: MIT */
#include "tools/replay_show.h"

#include <inttypes.h>

#include "net/time_text.h"

static bool bit(const uint64_t *words, sp_seat seat)
{
    return (words[seat / 64] >> seat % 64 & 1) != 0;
}

static void show_concert(const sp_state *state, sp_concert_id concert, FILE *to)
{
    const sp_concert_card *card = sp_state_concert(state, concert);
    const uint64_t *sold = sp_state_sold_words(state, concert);
    const uint64_t *held = sp_state_held_words(state, concert);
    fprintf(to, "concert %" PRIu32 " sold %" PRIu32 " of %" PRIu32 "\n", concert,
            sp_state_sold_count(state, concert), card->seats_count);
    for (sp_seat seat = 0; seat < card->seats_count; seat++)
        fputc(bit(sold, seat) ? 'x' : bit(held, seat) ? 'h' : '.', to);
    fputc('\n', to);
}

void sp_show_seats(const sp_state *state, FILE *to)
{
    for (sp_concert_id c = 1; c <= sp_state_concerts_count(state); c++)
        show_concert(state, c, to);
}

static void show_seats_line(const sp_seat *seats, uint32_t count, FILE *to)
{
    fprintf(to, " seats ");
    for (uint32_t i = 0; i < count; i++)
        fprintf(to, "%s%" PRIu32, i > 0 ? "," : "", seats[i]);
    fputc('\n', to);
}

void sp_show_orders(const sp_state *state, FILE *to)
{
    sp_order_view order;
    for (sp_order_id o = 1; o <= sp_state_orders_count(state); o++) {
        if (!sp_state_order(state, o, &order))
            continue;
        fprintf(to, "order %" PRIu32 " concert %" PRIu32 " user %" PRIu32 " %s amount %" PRId64,
                order.id, order.concert, order.user,
                order.status == SP_ORDER_PAYMENT ? "PAYMENT" : "CANCEL", order.amount);
        show_seats_line(order.seats, order.seats_count, to);
    }
}

static void show_hold(const sp_hold_view *hold, FILE *to)
{
    char until[SP_TIME_TEXT_SIZE];
    sp_time_print(hold->expires_at, until);
    fprintf(to,
            "hold %" PRIu32 " concert %" PRIu32 " user %" PRIu32 " amount %" PRId64 " until %.*s",
            hold->id, hold->concert, hold->user, hold->amount, (int)sizeof until, until);
    show_seats_line(hold->seats, hold->seats_count, to);
}

/* By id, of which most were used up long ago: it looks no further than the last
 * that lives. */
void sp_show_holds(const sp_state *state, FILE *to)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold;
    uint32_t left = sp_state_holds_count(state);
    for (sp_hold_id h = 1; left > 0; h++) {
        if (!sp_state_hold(state, h, seats, &hold))
            continue;
        show_hold(&hold, to);
        left--;
    }
}

void sp_show_points(const sp_state *state, FILE *to)
{
    sp_user_view user;
    for (sp_user_id u = 1; u <= sp_state_users_count(state); u++)
        if (sp_state_user_ever(state, u, &user)) /* or they would not add up */
            fprintf(to, "user %" PRIu32 " %s points %" PRId64 "\n", user.id,
                    sp_state_user(state, u, &user) ? sp_role_name(user.role) : "ERASED",
                    user.points);
    fprintf(to, "total %" PRId64 "\n", sp_state_points_total(state));
}
