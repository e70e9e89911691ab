/* SPDX-License-Identifier: MIT
 *
 * Concerts: made by the sequencer, read from the views when their turn comes.
 */
#include "engine/assert.h"
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"
#include "net/problem.h"

/* A page ends early (with a cursor) rather than hold up the loop: after so
 * many cards looked at for a rare category, or so many bytes of answer. */
#define CARDS_LOOKED_AT_MAX 4096u
#define PAGE_SIZE_MAX (256u * 1024u)

bool sp_concerts_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_concert_spec *spec;
    sp_command *command = &sp_app_loop_of(ex)->command;
    if (!sp_decode_concert(decode, root, ex->request.body.size, &spec))
        return false;
    ex->app.memory = spec;
    command->type = SP_COMMAND_CONCERT_CREATE;
    command->concert_create.spec = spec;
    return true;
}

static void put_concert(sp_exchange *ex, sp_json_writer *json, const sp_concert_card *card)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_views *views = sp_loop_views(ex->loop);
    sp_concert_at at = {
        .card = card,
        .category_name = sp_views_category(views, card->spec.category),
        .seq = sp_views_seats(views, card, app_loop->sold, app_loop->held),
        .sold = app_loop->sold,
        .held = app_loop->held,
    };
    /* Read behind the seats, so that it is later than every sale they show. */
    at.now = sp_loop_now(ex->loop);
    sp_encode_concert(json, &at);
}

/* As the event made it, whatever was sold since: so a retry is told what the
 * first answer said. */
static void put_new_concert(sp_exchange *ex, sp_json_writer *json, const sp_concert_card *card)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    size_t words_size = sp_words_of_seats(card->seats_count) * sizeof(uint64_t);
    memset(app_loop->sold, 0, words_size);
    memset(app_loop->held, 0, words_size);
    sp_concert_at at = {
        .card = card,
        .category_name = sp_views_category(sp_loop_views(ex->loop), card->spec.category),
        .seq = ex->slot->result.seq,
        .sold = app_loop->sold,
        .held = app_loop->held,
        .now = card->created_at,
    };
    sp_encode_concert(json, &at);
}

void sp_concerts_answer_create(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    const sp_result *result = &ex->slot->result;
    const sp_concert_card *card = sp_views_card(sp_loop_views(ex->loop), result->concert);
    SP_ASSERT(card); /* published before the answer was released */
    sp_answer answer = sp_answer_created(ex, location, SP_TEXT("/v1/concerts/"), card->id);
    put_new_concert(ex, sp_answer_json(ex, &answer, out), card);
    sp_answer_json_end(ex, out);
}

void sp_concerts_answer(sp_exchange *ex, sp_out *out)
{
    const sp_concert_card *card = sp_views_card(sp_loop_views(ex->loop), ex->app.params[0]);
    if (!card) {
        sp_problem_answer(ex, SP_CONCERT_UNKNOWN, out);
        return;
    }
    sp_answer answer = {.status = 200, .no_cache = true};
    put_concert(ex, sp_answer_json(ex, &answer, out), card);
    sp_answer_json_end(ex, out);
}

void sp_concerts_answer_list(sp_exchange *ex, sp_out *out)
{
    const sp_views *views = sp_loop_views(ex->loop);
    int64_t category = ex->app.numbers[SP_PARAM_CATEGORY];
    int64_t left = ex->app.numbers[SP_PARAM_LIMIT];
    /* The cursor is the lowest id that was looked at: go on below it. */
    int64_t cursor = ex->app.numbers[SP_PARAM_CURSOR];
    int64_t id = sp_views_concerts_count(views);
    uint32_t looked_at = 0;
    if (cursor > 0 && cursor - 1 < id)
        id = cursor - 1;
    sp_answer answer = {.status = 200, .no_cache = true};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    size_t begin = out->size;
    for (;
         id > 0 && left > 0 && looked_at < CARDS_LOOKED_AT_MAX && out->size - begin < PAGE_SIZE_MAX;
         id--, looked_at++) {
        const sp_concert_card *card = sp_views_card(views, (sp_concert_id)id);
        SP_ASSERT(card);
        if (category != 0 && card->spec.category != category)
            continue;
        put_concert(ex, json, card);
        left--;
    }
    sp_json_array_end(json);
    sp_answer_items_end(ex, id > 0 ? (uint32_t)(id + 1) : 0, out);
}
