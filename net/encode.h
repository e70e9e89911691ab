/* SPDX-License-Identifier: MIT
 *
 * Values as JSON, the same wherever they appear. Loop thread (or any: they
 * touch nothing but their arguments). What is borrowed must be published
 * (views) or completed (results).
 */
#ifndef SP_NET_ENCODE_H
#define SP_NET_ENCODE_H

#include "engine/profile.h"
#include "engine/result.h"
#include "engine/views.h"
#include "net/json_write.h"

/* As the user himself and an ADMIN see him: nobody else is shown an e-mail
 * address. profile NULL: the person was erased, and what was his is null. */
void sp_encode_user(sp_json_writer *json, const sp_user_view *user, const sp_profile *profile);

/* A seat that can't be had, for seat_taken: `{seat,label,state,seq}`. */
void sp_encode_conflict(sp_json_writer *json, const sp_seat_conflict *conflict,
                        const sp_concert_card *card);

/* One that would be left alone, for orphan_seat: `{seat,label}`. */
void sp_encode_orphan(sp_json_writer *json, sp_seat seat, const sp_concert_card *card);

/* `{holdId,concertId,seats,amount,expiresAt,seq}`. card: of the hold's concert. */
void sp_encode_hold(sp_json_writer *json, const sp_hold_view *hold, const sp_concert_card *card);

/* card: of the order's concert. */
void sp_encode_order(sp_json_writer *json, const sp_order_view *order, const sp_concert_card *card);
/* The same with its buyer, as his host sees it: `user:{id,nickname}`. profile
 * NULL: the person was erased, and the nickname is null. */
void sp_encode_order_of(sp_json_writer *json, const sp_order_view *order,
                        const sp_concert_card *card, const sp_profile *profile);

/* One movement of points: `{seq,time,type,amount,balance,orderId}`. */
void sp_encode_ledger_item(sp_json_writer *json, const sp_ledger_item *item);

/* A concert at a moment; sold and held as copied at seq. */
typedef struct sp_concert_at {
    const sp_concert_card *card;
    sp_text category_name;
    sp_seq seq;
    sp_sale sale;
    const uint64_t *sold, *held;
    sp_time_ms now;
} sp_concert_at;
/* `status`: CANCELLED, else CLOSED, else PAUSED, else UPCOMING or ON_SALE. Static. */
const char *sp_concert_status(const sp_concert_spec *spec, sp_sale sale, sp_time_ms now);
void sp_encode_concert(sp_json_writer *json, const sp_concert_at *at);

/* The fields of a grade that do not change, into an open object. */
void sp_encode_grade(sp_json_writer *json, const sp_concert_card *card, const sp_card_grade *grade);

void sp_encode_category(sp_json_writer *json, sp_category_id category, sp_text name);

/* The whole seat map: `{concertId,seq,grades,status}`. */
void sp_encode_seat_map(sp_json_writer *json, const sp_concert_card *card, sp_seq seq,
                        const uint64_t *sold, const uint64_t *held);

/* One character a seat, `.` free, `h` held, `x` sold, eight at a time. out
 * has room for seats_count rounded up to a multiple of 8. */
void sp_expand_seats(const uint64_t *sold, const uint64_t *held, uint32_t seats_count, char *out);

#endif
