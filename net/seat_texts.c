/* SPDX-License-Identifier: MIT */
#include "net/seat_texts.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/encode.h"
#include "net/seat_events.h"

/* Of a text without a status. */
#define FOREVER INT64_MAX

static void *memory_of(size_t size)
{
    void *memory = malloc(size); /* untouched it costs nothing */
    SP_ASSERT(memory != NULL);
    return memory;
}

void sp_seat_texts_init(sp_seat_texts *texts, const sp_views *views, sp_clock *clock)
{
    size_t words_size = sp_words_of_seats(SP_SEATS_PER_CONCERT_MAX) * sizeof(uint64_t);
    *texts = (sp_seat_texts){.views = views, .clock = clock};
    texts->sold = memory_of(words_size);
    texts->held = memory_of(words_size);
    texts->seats = memory_of(SP_SEATS_PER_CONCERT_MAX * sizeof *texts->seats);
}

void sp_seat_texts_close(sp_seat_texts *texts)
{
    for (uint32_t i = 0; i < SP_SEAT_TEXTS_COUNT; i++)
        sp_out_close(&texts->texts[i].out);
    free(texts->sold);
    free(texts->held);
    free(texts->seats);
}

static sp_text use(sp_seat_texts *texts, sp_seat_text *text, sp_seq *seq)
{
    text->used = ++texts->calls_count;
    *seq = text->seq;
    return (sp_text){text->out.size > 0 ? text->out.bytes : NULL, (uint32_t)text->out.size};
}

static sp_seat_text *find(sp_seat_texts *texts, sp_concert_id concert, sp_seq after)
{
    for (uint32_t i = 0; i < SP_SEAT_TEXTS_COUNT; i++) {
        sp_seat_text *text = &texts->texts[i];
        if (text->concert == concert && text->after == after)
            return text;
    }
    return NULL;
}

/* One that is still good. */
static sp_seat_text *find_good(sp_seat_texts *texts, sp_concert_id concert, sp_seq after,
                               sp_seq at_least)
{
    sp_seat_text *text = find(texts, concert, after);
    bool is_good = text != NULL && text->seq >= at_least &&
                   (text->until == FOREVER || sp_clock_now(texts->clock) < text->until);
    return is_good ? text : NULL;
}

/* An empty one: of the same that has become too old, or the least used. */
static sp_seat_text *take(sp_seat_texts *texts, sp_concert_id concert, sp_seq after)
{
    sp_seat_text *found = find(texts, concert, after);
    for (uint32_t i = 0; found == NULL && i < SP_SEAT_TEXTS_COUNT; i++)
        if (texts->texts[i].concert == 0)
            found = &texts->texts[i];
    if (found == NULL) {
        found = texts->texts;
        for (uint32_t i = 1; i < SP_SEAT_TEXTS_COUNT; i++)
            if (texts->texts[i].used < found->used)
                found = &texts->texts[i];
    }
    found->concert = concert;
    found->after = after;
    found->until = FOREVER;
    sp_out_clear(&found->out);
    texts->encoded_count++;
    return found;
}

/* The views as of one moment; not older than any seq that was read before. */
static sp_concert_now look(sp_seat_texts *texts, sp_concert_id concert)
{
    sp_concert_now now;
    bool found = sp_views_concert(texts->views, concert, &now, texts->sold, texts->held);
    SP_ASSERT(found);
    return now;
}

sp_text sp_seat_texts_map(sp_seat_texts *texts, sp_concert_id concert, sp_seq *seq)
{
    sp_seq at_least = sp_views_concert_seq(texts->views, concert);
    sp_seat_text *text = find_good(texts, concert, SP_SEAT_TEXT_MAP, at_least);
    if (text == NULL) {
        text = take(texts, concert, SP_SEAT_TEXT_MAP);
        sp_concert_now now = look(texts, concert);
        text->seq = now.seq;
        sp_seat_event_map(&text->out, now.card, now.seq, texts->sold, texts->held);
    }
    return use(texts, text, seq);
}

/* What goes in one packet anyway is not worth a map. */
static bool is_better_as_map(const sp_seat_texts *texts, const sp_concert_card *card,
                             uint32_t count)
{
    size_t size = sp_seat_event_changes_size(texts->seats, count);
    return size > SP_SEAT_TEXT_SMALL && size > sp_seat_event_map_size(card);
}

/* What became of the concert itself, and until when its status is that. */
static void put_concert(const sp_seat_texts *texts, sp_seat_text *text, const sp_concert_now *now)
{
    const sp_concert_spec *spec = &now->card->spec;
    sp_time_ms time = sp_clock_now(texts->clock);
    sp_seat_event_concert(&text->out, now->seq, sp_concert_status(spec, now->sale, time));
    text->until = time < spec->start_date ? spec->start_date
                  : time < spec->end_date ? spec->end_date
                                          : FOREVER;
}

/* Many changes go as the map, as of a second look. The seats are the same in both, since
 * they are fixed once any of them was taken; or they were others at `after` in both. */
static void encode_since(sp_seat_texts *texts, sp_seat_text *text, sp_seq at_least)
{
    sp_concert_now now;
    uint32_t count;
    bool found = sp_views_concert_since(texts->views, text->concert, text->after, &now,
                                        texts->seats, &count);
    SP_ASSERT(found);
    SP_ASSERT_CMP(now.seq, >=, at_least);
    bool is_lost = text->after < now.card->layout_seq;
    bool is_map = is_lost || is_better_as_map(texts, now.card, count);
    if (is_map)
        now = look(texts, text->concert);
    text->seq = now.seq;
    bool has_changed = now.own_seq > text->after;
    if (has_changed)
        put_concert(texts, text, &now);
    if (is_lost)
        sp_out_string(&text->out, SP_SEAT_EVENT_RESET);
    if (is_map)
        sp_seat_event_map(&text->out, now.card, now.seq, texts->sold, texts->held);
    else if (count > 0 || has_changed)
        sp_seat_event_changes(&text->out, now.seq, texts->seats, count);
}

sp_text sp_seat_texts_since(sp_seat_texts *texts, sp_concert_id concert, sp_seq after,
                            sp_seq at_least, sp_seq *seq)
{
    sp_seat_text *text = find_good(texts, concert, after, at_least);
    if (text == NULL) {
        text = take(texts, concert, after);
        encode_since(texts, text, at_least);
    }
    return use(texts, text, seq);
}
