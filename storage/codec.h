/* SPDX-License-Identifier: MIT
 *
 * An event as bytes: one msgpack array, the value in `events`. Its seq is the
 * key and is not repeated inside. This is the layout's only home; golden bytes
 * of it are kept in tests/storage/golden.
 *
 *   [ version = 1, type, time, actor, idempotency, … the type's fields ]
 *
 *   idempotency    nil, or bin of 32: key hash (16) ‖ request hash (16)
 *
 *   1 server_started     version str, epoch bin 16
 *   2 user_created       user, role, points
 *   3 role_set           user, role
 *   4 points_granted     user, amount
 *   5 category_created   category, name str
 *   6 concert_created    concert, host, category, name str, description text,
 *                        image URL text, address text, running time (min),
 *                        age limit, start, end, concert date, cancel until,
 *                        max seats a user, hold seconds, no orphans bool,
 *                        [ grade … ],  grade = [ name str, price, [ row size … ] ]
 *   7 order_paid         order, concert, buyer, amount, [ seat … ]
 *                        and of a hold or by a job: hold, job bin 16
 *   8 order_cancelled    order, amount, reason text
 *   9 user_erased        user
 *  10 hold_taken         hold, concert, user, amount, expires at, [ seat … ]
 *  11 hold_extended      hold, seq of its hold_taken, expires at
 *  12 hold_released      hold
 *  13 holds_expired      [ hold … ]
 *  14 concert_edited     concert, then as in concert_created from category on, all of
 *                        it; grades [] = they stay
 *  15 concert_paused     concert
 *  16 concert_resumed    concert
 *  17 concert_cancelled  concert, orders refunded, their amount, seats held till then
 *
 *   time and dates are ms since 1970; numbers are never negative;
 *   text = str, or nil if absent; of an order's last two one may be absent,
 *   hold as 0 and job as nil, but not both.
 *
 * Frequencies that chose it: nearly every event is an order of one to four
 * seats, so that has nothing optional but the idempotency: 40 to 45 bytes for
 * one seat, 34 more with a key; its hold and its job cost nothing while it has
 * neither, and its bytes are those of the time before there were any. Holds that
 * expire together share an event: 1 to 5 bytes each, where taking one was 40 or
 * more, so they are not worth being kept as differences.
 *
 * Canonical: every value has one encoding, the shortest, and decode takes no
 * other, so decode followed by encode gives the same bytes.
 *
 * Written by msgpack-c (packing.h), read by reader.h. No function blocks; only
 * create allocates.
 */
#ifndef SP_STORAGE_CODEC_H
#define SP_STORAGE_CODEC_H

#include <stddef.h>

#include "engine/event.h"

/* No event is larger: the largest is a concert of SP_ROWS_PER_CONCERT_MAX rows
 * and texts of their greatest sizes (asserted in codec.c). */
#define SP_EVENT_SIZE_MAX 131072u

/* Encodes into bytes[SP_EVENT_SIZE_MAX]; returns the size. The event must be
 * of admissible shape (limits of engine/limits.h); else aborts. */
size_t sp_codec_encode(const sp_event *event, void *bytes);

/* A decoder's memory, some 90 KiB; used by one thread at a time. */
typedef struct sp_decoder sp_decoder;
sp_decoder *sp_decoder_create(void); /* NULL if out of memory */
void sp_decoder_destroy(sp_decoder *decoder);

/* Decodes hostile bytes: NULL and *out filled, or a static string saying what
 * is wrong. Checks types, canonical form, sizes and shape limits; whether the
 * event fits the state, and UTF-8, is sp_admit's. *out borrows from `bytes`
 * and from the decoder, until its next sp_codec_decode. */
const char *sp_codec_decode(sp_decoder *decoder, sp_seq seq, const void *bytes, size_t size,
                            sp_event *out);

/* The same, while there is room for one more event beside those decoded since
 * the last sp_codec_decode, and those stay good. */
const char *sp_codec_decode_more(sp_decoder *decoder, sp_seq seq, const void *bytes, size_t size,
                                 sp_event *out);
bool sp_decoder_has_room(const sp_decoder *decoder);

#endif
