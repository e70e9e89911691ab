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

/* profile NULL: the person was erased; e-mail and nickname are null. */
void sp_encode_user(sp_json_writer *json, const sp_user_view *user, const sp_profile *profile);

/* The label `VIP 3-12` of a seat of the card. */
void sp_encode_label(sp_json_writer *json, const sp_concert_card *card, sp_seat seat);

/* card: of the order's concert. */
void sp_encode_order(sp_json_writer *json, const sp_order_view *order, const sp_concert_card *card);

/* A concert at a moment; sold and held as copied at seq. */
typedef struct sp_concert_at {
    const sp_concert_card *card;
    sp_text category_name;
    sp_seq seq;
    const uint64_t *sold, *held;
    sp_time_ms now;
} sp_concert_at;
void sp_encode_concert(sp_json_writer *json, const sp_concert_at *at);

void sp_encode_category(sp_json_writer *json, sp_category_id category, sp_text name);

/* The whole seat map: `{concertId,seq,grades,status}`. */
void sp_encode_seat_map(sp_json_writer *json, const sp_concert_card *card, sp_seq seq,
                        const uint64_t *sold, const uint64_t *held);

/* One character a seat, `.` free, `h` held, `x` sold, eight at a time. out
 * has room for seats_count rounded up to a multiple of 8. */
void sp_expand_seats(const uint64_t *sold, const uint64_t *held, uint32_t seats_count, char *out);

#endif
