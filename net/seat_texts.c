/* SPDX-License-Identifier: MIT */
#include "net/seat_texts.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/seat_events.h"

static void *memory_of(size_t size)
{
    void *memory = malloc(size); /* untouched it costs nothing */
    SP_ASSERT(memory != NULL);
    return memory;
}

void sp_seat_texts_init(sp_seat_texts *texts, const sp_views *views)
{
    size_t words_size = sp_words_of_seats(SP_SEATS_PER_CONCERT_MAX) * sizeof(uint64_t);
    *texts = (sp_seat_texts){.views = views};
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

static sp_seat_text *find(sp_seat_texts *texts, sp_concert_id concert, sp_seq after,
                          sp_seq at_least)
{
    for (uint32_t i = 0; i < SP_SEAT_TEXTS_COUNT; i++) {
        sp_seat_text *text = &texts->texts[i];
        if (text->concert == concert && text->after == after && text->seq >= at_least)
            return text;
    }
    return NULL;
}

/* An empty one: of the same that has become too old, or the least used. */
static sp_seat_text *take(sp_seat_texts *texts, sp_concert_id concert, sp_seq after)
{
    sp_seat_text *found = find(texts, concert, after, 0);
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
    sp_out_clear(&found->out);
    texts->encoded_count++;
    return found;
}

static void encode_map(sp_seat_texts *texts, const sp_concert_card *card, sp_seat_text *text)
{
    text->seq = sp_views_seats(texts->views, card, texts->sold, texts->held);
    sp_seat_event_map(&text->out, card, text->seq, texts->sold, texts->held);
}

sp_text sp_seat_texts_map(sp_seat_texts *texts, const sp_concert_card *card, sp_seq *seq)
{
    sp_seq now = sp_views_concert_seq(texts->views, card->id);
    sp_seat_text *text = find(texts, card->id, SP_SEAT_TEXT_MAP, now);
    if (text == NULL) {
        text = take(texts, card->id, SP_SEAT_TEXT_MAP);
        encode_map(texts, card, text);
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

sp_text sp_seat_texts_since(sp_seat_texts *texts, const sp_concert_card *card, sp_seq after,
                            sp_seq at_least, sp_seq *seq)
{
    uint32_t count;
    sp_seat_text *text = find(texts, card->id, after, at_least);
    if (text != NULL)
        return use(texts, text, seq);
    text = take(texts, card->id, after);
    text->seq = sp_views_seats_since(texts->views, card, after, texts->seats, &count);
    SP_ASSERT_CMP(text->seq, >=, at_least);
    if (is_better_as_map(texts, card, count))
        encode_map(texts, card, text);
    else if (count > 0)
        sp_seat_event_changes(&text->out, text->seq, texts->seats, count);
    return use(texts, text, seq);
}
