/* SPDX-License-Identifier: MIT
 *
 * Concerts: made by the sequencer, read from the views when their turn comes.
 */
#include "engine/assert.h"
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"
#include "net/problem.h"

/* A page ends early (with a cursor) rather than hold up the loop: after so many
 * cards that the search proposed, or so many bytes of answer. A card whose names must
 * be folded takes 0.1 to 0.4 us, with the longest names of the rarest letters 20; but
 * of those that are not shown in the end there is one in thousands. */
#define CARDS_LOOKED_AT_MAX 4096u
#define CARDS_FOLDED_MAX 256u
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

/* What the request asks for, as it stands in its query. */
static void ask_search(const sp_exchange *ex, sp_search_query *query)
{
    char buffer[SP_SEARCH_TEXT_SIZE_MAX];
    const sp_search *search = sp_views_search(sp_loop_views(ex->loop));
    sp_text text = sp_query_search_text(ex->request.query, buffer);
    sp_search_ask(search, text, (sp_category_id)ex->app.numbers[SP_PARAM_CATEGORY], query);
}

/* Below which id this page begins: the cursor, which the page before looked down to,
 * so that concerts made meanwhile move nothing. */
static sp_concert_id page_below(const sp_exchange *ex)
{
    sp_concert_id below = sp_views_concerts_count(sp_loop_views(ex->loop)) + 1;
    int64_t cursor = ex->app.numbers[SP_PARAM_CURSOR];
    return cursor > 0 && cursor < below ? (sp_concert_id)cursor : below;
}

void sp_concerts_answer_list(sp_exchange *ex, sp_out *out)
{
    const sp_views *views = sp_loop_views(ex->loop);
    const sp_search *search = sp_views_search(views);
    sp_search_query query;
    ask_search(ex, &query);
    int64_t left = ex->app.numbers[SP_PARAM_LIMIT];
    uint32_t looks_left = sp_search_asks_text(&query) ? CARDS_FOLDED_MAX : CARDS_LOOKED_AT_MAX;
    sp_concert_id id = sp_search_next(search, &query, page_below(ex));
    sp_answer answer = {.status = 200, .no_cache = true};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    size_t begin = out->size;
    for (; id > 0 && left > 0 && looks_left > 0 && out->size - begin < PAGE_SIZE_MAX;
         id = sp_search_next(search, &query, id), looks_left--) {
        const sp_concert_card *card = sp_views_card(views, id);
        SP_ASSERT(card);
        sp_search_entry entry = sp_views_search_entry(views, card);
        if (!sp_search_finds(search, &query, &entry))
            continue;
        put_concert(ex, json, card);
        left--;
    }
    sp_json_array_end(json);
    sp_answer_items_end(ex, id > 0 ? id + 1 : 0, out);
}
