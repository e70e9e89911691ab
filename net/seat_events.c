/* SPDX-License-Identifier: MIT */
#include "net/seat_events.h"

#include <sodium.h>

#include "net/digits.h"
#include "net/encode.h"

/* What stands around the seats of either event, with two seqs of usual length. */
#define FRAME_SIZE_GUESS 90u

static void begin(sp_out *out, const char *name, sp_seq seq)
{
    sp_out_string(out, "event: ");
    sp_out_string(out, name);
    sp_out_string(out, "\nid: ");
    sp_out_decimal(out, (int64_t)seq);
    sp_out_string(out, "\ndata: {\"seq\":");
    sp_out_decimal(out, (int64_t)seq);
}

size_t sp_seat_event_map_size(const sp_concert_card *card)
{
    return card->seats_count + FRAME_SIZE_GUESS;
}

void sp_seat_event_map(sp_out *out, const sp_concert_card *card, sp_seq seq, const uint64_t *sold,
                       const uint64_t *held)
{
    begin(out, "map", seq);
    sp_out_string(out, ",\"status\":\"");
    /* They are expanded in place, and up to 7 beyond the last. */
    char *at = sp_out_reserve(out, card->seats_count + 7);
    sp_expand_seats(sold, held, card->seats_count, at);
    sp_out_end(out, at + card->seats_count);
    sp_out_string(out, "\"}\n\n");
}

size_t sp_seat_event_changes_size(const sp_seat_now *seats, uint32_t count)
{
    size_t size = FRAME_SIZE_GUESS + 2 * (size_t)count; /* a digit and a comma */
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t rest = seats[i].seat; rest >= 10; rest /= 10)
            size++;
    return size;
}

static void put_seats(sp_out *out, const char *key, sp_seat_state state, const sp_seat_now *seats,
                      uint32_t count)
{
    sp_out_string(out, key);
    size_t begin_size = out->size;
    for (uint32_t i = 0; i < count; i++) {
        if (seats[i].state != state)
            continue;
        char *at = sp_out_reserve(out, SP_DIGITS_SIZE_MAX + 1);
        if (out->size > begin_size)
            *at++ = ',';
        sp_out_end(out, sp_digits_put(at, seats[i].seat));
    }
    sp_out_string(out, "]");
}

void sp_seat_event_changes(sp_out *out, sp_seq seq, const sp_seat_now *seats, uint32_t count)
{
    begin(out, "seats", seq);
    put_seats(out, ",\"taken\":[", SP_SEAT_SOLD, seats, count);
    put_seats(out, ",\"held\":[", SP_SEAT_HELD, seats, count);
    put_seats(out, ",\"freed\":[", SP_SEAT_FREE, seats, count);
    sp_out_string(out, "}\n\n");
}

void sp_seat_event_concert(sp_out *out, sp_seq seq, const char *status)
{
    sp_out_string(out, "event: concert\ndata: {\"seq\":");
    sp_out_decimal(out, (int64_t)seq);
    sp_out_string(out, ",\"status\":\"");
    sp_out_string(out, status);
    sp_out_string(out, "\"}\n\n");
}

void sp_seat_event_retry(sp_out *out, uint32_t min_ms, uint32_t max_ms)
{
    sp_out_string(out, "retry: ");
    sp_out_decimal(out, min_ms + randombytes_uniform(max_ms - min_ms + 1));
    sp_out_string(out, "\n\n");
}
