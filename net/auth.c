/* SPDX-License-Identifier: MIT
 *
 * Log-in: the password is checked on the pool, then role and points are asked
 * of the sequencer, then the token is made.
 */
#include <errno.h>
#include <sodium.h>

#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"

bool sp_auth_decode_login(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_credentials given;
    if (!sp_decode_login(decode, root, &given))
        return false;
    sp_account_work *work = sp_app_work(ex);
    work->profile.email_size = given.email.size;
    memcpy(work->profile.email, given.email.bytes, given.email.size);
    work->password_size = given.password.size;
    memcpy(work->password, given.password.bytes, given.password.size);
    sp_json_reader_wipe(sp_app_loop_of(ex)->reader);
    return true;
}

/* Reads the profile by its e-mail; none is not an error yet. */
static int find_profile(sp_account_work *work)
{
    char email[SP_EMAIL_SIZE_MAX];
    uint32_t size = work->profile.email_size;
    memcpy(email, work->profile.email, size);
    sp_profile_reader *profiles = work->app->config.profiles;
    return profiles->by_email(profiles, (sp_text){email, size}, &work->profile);
}

/* Pool thread. Takes as long for an unknown e-mail as for a wrong password. */
static void check_password(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    int found = find_profile(work);
    const char *hash = found == 1 ? work->profile.password_hash : work->app->dummy_hash;
    bool right = sp_password_verify(hash, work->password, work->password_size);
    bool no_memory = !right && errno == ENOMEM;
    sodium_memzero(work->password, sizeof work->password);
    if (found < 0)
        work->outcome = SP_INTERNAL;
    else if (no_memory)
        work->outcome = SP_BUSY;
    else
        work->outcome = found == 1 && right ? SP_OK : SP_LOGIN_FAILED;
}

static void on_checked(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    sp_exchange *ex = work->ex;
    if (ex->gone) {
        sp_exchange_abandon(ex);
        return;
    }
    if (work->outcome != SP_OK) {
        sp_app_refuse(ex, work->outcome);
        return;
    }
    work->has_profile = true;
    ex->app.user = work->profile.user;
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_USER;
    command->query_user.user = 0;
    sp_app_push(ex);
}

void sp_auth_start_login(sp_exchange *ex)
{
    sp_app_compute(ex, check_password, on_checked);
}

void sp_auth_answer_login(sp_exchange *ex, sp_out *out)
{
    char token[SP_TOKEN_SIZE_MAX];
    const sp_account_work *work = ex->app.work;
    const sp_user_view *user = &ex->slot->result.user;
    uint32_t size =
        sp_token_sign(&sp_app_loop_of(ex)->app->signer, user->id, sp_loop_now(ex->loop), token);
    sp_answer answer = {.status = 200, .no_store = true};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    sp_json_object(json);
    sp_json_put_text(json, "accessToken", (sp_text){token, size});
    sp_json_put_integer(json, "expiresIn", SP_TOKEN_TTL_S);
    sp_json_key(json, "user");
    sp_encode_user(json, user, &work->profile);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}
