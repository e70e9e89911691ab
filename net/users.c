/* SPDX-License-Identifier: MIT
 *
 * Users: sign-up, oneself, roles, points.
 */
#include <sodium.h>

#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"

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
    work->password_size = given.password.size;
    memcpy(work->password, given.password.bytes, given.password.size);
    sp_json_reader_wipe(sp_app_loop_of(ex)->reader);
    return true;
}

/* Pool thread. */
static void hash_password(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    bool hashed =
        sp_password_hash(work->password, work->password_size, work->profile.password_hash);
    sodium_memzero(work->password, sizeof work->password);
    work->outcome = hashed ? SP_OK : SP_BUSY;
}

static void on_hashed(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    sp_exchange *ex = work->ex;
    sp_app_loop *app_loop = sp_app_loop_of(ex);
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
    sp_app_compute(ex, hash_password, on_hashed);
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
