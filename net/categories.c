/* SPDX-License-Identifier: MIT
 *
 * Categories: made by the sequencer, listed from the views, oldest first.
 */
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"

bool sp_categories_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_text name;
    sp_command *command = &sp_app_loop_of(ex)->command;
    if (!sp_decode_category(decode, root, &name))
        return false;
    command->type = SP_COMMAND_CATEGORY_CREATE;
    command->category_create.name = sp_app_keep_text(ex, name);
    return true;
}

void sp_categories_answer_create(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    sp_category_id category = ex->slot->result.category;
    sp_answer answer = sp_answer_created(ex, location, SP_TEXT("/v1/categories/"), category);
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    sp_encode_category(json, category, sp_views_category(sp_loop_views(ex->loop), category));
    sp_answer_json_end(ex, out);
}

void sp_categories_answer_list(sp_exchange *ex, sp_out *out)
{
    const sp_views *views = sp_loop_views(ex->loop);
    uint32_t count = sp_views_categories_count(views);
    /* The cursor is the last id that was shown. */
    int64_t next = ex->app.numbers[SP_PARAM_CURSOR] + 1;
    int64_t end = next + ex->app.numbers[SP_PARAM_LIMIT];
    sp_answer answer = {.status = 200, .no_cache = true};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    for (; next < end && next <= count; next++)
        sp_encode_category(json, (sp_category_id)next,
                           sp_views_category(views, (sp_category_id)next));
    sp_json_array_end(json);
    sp_answer_items_end(ex, next <= count ? (uint32_t)(next - 1) : 0, out);
}
