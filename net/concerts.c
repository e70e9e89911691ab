/* SPDX-License-Identifier: MIT
 *
 * Concerts: made and changed by the sequencer, read from the views when their turn
 * comes.
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

bool sp_concerts_decode_edit(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_concert_patch *patch;
    sp_command *command = &sp_app_loop_of(ex)->command;
    if (!sp_decode_concert_edit(decode, root, ex->request.body.size, &patch))
        return false;
    ex->app.memory = patch;
    command->type = SP_COMMAND_CONCERT_EDIT;
    command->concert_edit.concert = ex->app.params[0];
    command->concert_edit.patch = patch;
    return true;
}

bool sp_concerts_decode_nothing(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    (void)ex;
    return sp_decode_nothing(decode, root);
}

void sp_concerts_start_pause(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_CONCERT_PAUSE;
    command->concert_pause.concert = ex->app.params[0];
    sp_app_push(ex);
}

void sp_concerts_start_resume(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_CONCERT_RESUME;
    command->concert_resume.concert = ex->app.params[0];
    sp_app_push(ex);
}

void sp_concerts_start_cancel(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_CONCERT_CANCEL;
    command->concert_cancel.concert = ex->app.params[0];
    sp_app_push(ex);
}

/* Its words are the loop's copies. */
static void put_at(sp_exchange *ex, sp_json_writer *json, sp_concert_at at)
{
    const sp_app_loop *app_loop = sp_app_loop_of(ex);
    at.category_name = sp_views_category(sp_loop_views(ex->loop), at.card->spec.category);
    at.sold = app_loop->sold;
    at.held = app_loop->held;
    sp_encode_concert(json, &at);
}

/* As it is now, whatever card it was found by. */
static void put_concert(sp_exchange *ex, sp_json_writer *json, const sp_concert_card *card)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    sp_concert_now now;
    bool found =
        sp_views_concert(sp_loop_views(ex->loop), card->id, &now, app_loop->sold, app_loop->held);
    SP_ASSERT(found);
    /* The time is read behind the seats, so that it is later than every sale they show. */
    put_at(ex, json,
           (sp_concert_at){
               .card = now.card, .seq = now.seq, .sale = now.sale, .now = sp_loop_now(ex->loop)});
}

/* As the event made it, whatever was sold or changed since: so a retry is told what the
 * first answer said. */
static void put_new_concert(sp_exchange *ex, sp_json_writer *json, const sp_concert_card *card)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    size_t words_size = sp_words_of_seats(card->seats_count) * sizeof(uint64_t);
    memset(app_loop->sold, 0, words_size);
    memset(app_loop->held, 0, words_size);
    put_at(ex, json,
           (sp_concert_at){.card = card, .seq = card->created_seq, .now = card->created_at});
}

/* Of one that a command has made or changed: published before its answer was released. */
static const sp_concert_card *card_of_result(const sp_exchange *ex)
{
    const sp_concert_card *card = sp_views_card(sp_loop_views(ex->loop), ex->slot->result.concert);
    SP_ASSERT(card);
    return card;
}

void sp_concerts_answer_create(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    const sp_concert_card *card = card_of_result(ex)->created;
    sp_answer answer = sp_answer_created(ex, location, SP_TEXT("/v1/concerts/"), card->id);
    put_new_concert(ex, sp_answer_json(ex, &answer, out), card);
    sp_answer_json_end(ex, out);
}

/* A pause or resumption that was asked for before: as that left the concert, but for
 * the counts, which nobody remembers. */
static void put_replayed(sp_exchange *ex, sp_json_writer *json)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_result *result = &ex->slot->result;
    const sp_concert_card *card = sp_card_at(card_of_result(ex), result->seq);
    SP_ASSERT(card);
    sp_views_seats(sp_loop_views(ex->loop), card, app_loop->sold, app_loop->held);
    bool paused = ex->slot->command.type == SP_COMMAND_CONCERT_PAUSE;
    put_at(ex, json,
           (sp_concert_at){.card = card,
                           .seq = result->seq,
                           .sale = paused ? SP_SALE_PAUSED : SP_SALE_OPEN,
                           .now = sp_loop_now(ex->loop)});
}

/* Edited, paused, resumed or cancelled. */
void sp_concerts_answer_changed(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .replayed = ex->slot->result.replayed};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    if (answer.replayed)
        put_replayed(ex, json);
    else
        put_concert(ex, json, card_of_result(ex));
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
