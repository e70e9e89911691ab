/* SPDX-License-Identifier: MIT
 *
 * Users: sign-up, oneself, roles, points.
 */
#include <sodium.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"
#include "net/people.h"

bool sp_users_decode_sign_up(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_credentials given;
    if (!sp_decode_sign_up(decode, root, &given))
        return false;
    sp_account_work *work = sp_app_work(ex);
    sp_profile *profile = &work->profile;
    profile->email_size = given.email.size;
    memcpy(profile->email, given.email.bytes, given.email.size);
    profile->nickname_size = given.nickname.size;
    memcpy(profile->nickname, given.nickname.bytes, given.nickname.size);
    work->password_size = sp_password_prepare(given.password, work->password);
    sp_json_reader_wipe(sp_app_loop_of(ex)->reader);
    return true;
}

/* Pool thread. */
static void hash_password(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    bool hashed = sp_password_hash(&work->app->config.password_cost, work->password,
                                   work->password_size, work->profile.password_hash);
    sodium_memzero(work->password, sizeof work->password);
    work->outcome = hashed ? SP_OK : SP_BUSY;
    work->judged = hashed;
}

static void on_hashed(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    sp_exchange *ex = work->ex;
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    /* Left out of the line, or no memory: it has cost nothing. */
    if (!work->judged)
        sp_login_guard_withdraw_sign_up(work->app->guard, work->sign_up);
    if (ex->gone) {
        sp_exchange_abandon(ex);
        return;
    }
    if (work->outcome != SP_OK) {
        sp_app_refuse(ex, work->outcome);
        return;
    }
    work->has_profile = true;
    app_loop->command.type = SP_COMMAND_USER_CREATE;
    app_loop->command.user_create.role = SP_ROLE_USER;
    app_loop->command.user_create.points = app_loop->app->config.signup_points;
    app_loop->command.user_create.profile = &work->profile;
    sp_app_push(ex);
}

void sp_users_start_sign_up(sp_exchange *ex)
{
    uint32_t retry_after_s;
    uint64_t taken;
    sp_login_guard *guard = sp_app_loop_of(ex)->app->guard;
    if (!sp_login_guard_sign_up(guard, &ex->client, sp_app_time_us(ex), &taken, &retry_after_s)) {
        sp_app_refuse_limited(ex, SP_THROTTLE_SIGN_UPS, retry_after_s);
        return;
    }
    sp_app_work(ex)->sign_up = taken;
    if (!sp_app_compute(ex, hash_password, on_hashed))
        sp_login_guard_withdraw_sign_up(guard, taken);
}

static void answer_user(sp_exchange *ex, const sp_answer *answer, sp_out *out)
{
    const sp_account_work *work = ex->app.work;
    sp_encode_user(sp_answer_json(ex, answer, out), &ex->slot->result.user,
                   work && work->has_profile ? &work->profile : NULL);
    sp_answer_json_end(ex, out);
}

void sp_users_answer_sign_up(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    sp_answer answer = {
        .status = 201,
        .location = sp_answer_location(location, SP_TEXT("/v1/users/"), ex->slot->result.user.id),
        .no_store = true};
    answer_user(ex, &answer, out);
}

void sp_users_start_me(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_USER;
    command->query_user.user = 0;
    sp_app_push(ex);
}

bool sp_users_decode_role(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    return sp_decode_role(decode, root, &sp_app_loop_of(ex)->command.role_set.role);
}

void sp_users_start_role(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_ROLE_SET;
    command->role_set.user = ex->app.params[0];
    sp_app_push(ex);
}

bool sp_users_decode_grant(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    return sp_decode_grant(decode, root, &sp_app_loop_of(ex)->command.points_grant.amount);
}

void sp_users_start_grant(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_POINTS_GRANT;
    command->points_grant.user = ex->app.params[0];
    sp_app_push(ex);
}

void sp_users_completed(sp_exchange *ex)
{
    sp_app_read_profile(ex, ex->slot->result.user.id);
}

void sp_users_answer(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .replayed = ex->slot->result.replayed};
    answer_user(ex, &answer, out);
}

/* An edit and the texts that it borrows, in one block: the sequencer reads it
 * when the request is long gone. */
typedef struct edit_block {
    sp_profile_edit edit;
    char texts[];
} edit_block;

static sp_text copy_into(char **at, sp_text text)
{
    if (!text.bytes)
        return text;
    char *begin = *at;
    *at = sp_text_put(begin, text);
    return (sp_text){begin, text.size};
}

bool sp_users_decode_edit(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_profile_edit given;
    if (!sp_decode_profile_edit(decode, root, &given))
        return false;
    SP_ASSERT(!ex->app.memory);
    edit_block *block = malloc(sizeof *block + given.nickname.size + given.image_url.size);
    SP_ASSERT(block);
    char *at = block->texts;
    block->edit = (sp_profile_edit){.nickname = copy_into(&at, given.nickname),
                                    .image_url = copy_into(&at, given.image_url)};
    ex->app.memory = block;
    return true;
}

void sp_users_start_edit(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    const edit_block *block = ex->app.memory;
    command->type = SP_COMMAND_PROFILE_EDIT;
    command->profile_edit.edit = &block->edit;
    sp_app_push(ex);
}

void sp_users_start_erase(sp_exchange *ex)
{
    sp_app_loop_of(ex)->command.type = SP_COMMAND_USER_ERASE;
    sp_app_push(ex);
}

void sp_users_answer_erase(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 204};
    sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
}

void sp_users_start_list(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_USERS;
    command->query_users.after = (sp_user_id)ex->app.numbers[SP_PARAM_CURSOR];
    command->query_users.count_max = (uint32_t)ex->app.numbers[SP_PARAM_LIMIT];
    sp_app_push(ex);
}

void sp_users_completed_list(sp_exchange *ex)
{
    const sp_result *result = &ex->slot->result;
    sp_people *people = sp_people_create(ex, result->users.count);
    for (uint32_t i = 0; i < result->users.count; i++)
        sp_people_set(people, i, result->users.items[i].id);
    sp_people_read(people);
}

void sp_users_answer_list(sp_exchange *ex, sp_out *out)
{
    const sp_result *result = &ex->slot->result;
    sp_answer answer = {.status = 200};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    for (uint32_t i = 0; i < result->users.count; i++)
        sp_encode_user(json, &result->users.items[i], sp_people_profile(ex, i));
    sp_json_array_end(json);
    sp_answer_items_end(ex, result->users.next, out);
}
