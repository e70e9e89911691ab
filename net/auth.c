/* SPDX-License-Identifier: MIT
 *
 * Sessions: log-in, refresh, log-out, and a new password.
 *
 * A password is judged on the pool, then the sequencer opens the family (or
 * takes the new hash) if the stored hash is still the one that was judged: of
 * two changes at once the first one wins, and nobody gets in with a password
 * that is none any more. Tokens are made when their family is durable.
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
    work->password_size = sp_password_prepare(given.password, work->password);
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

/* Pool thread. Judges the old password of the profile that was found (1), or
 * takes as long over none (0). */
static void judge(sp_account_work *work, int found)
{
    const char *hash = found == 1 ? work->profile.password_hash : work->app->dummy_hash;
    bool right = sp_password_verify(hash, work->password, work->password_size);
    bool no_memory = !right && errno == ENOMEM;
    if (found < 0)
        work->outcome = SP_INTERNAL;
    else if (no_memory)
        work->outcome = SP_BUSY;
    else
        work->outcome = found == 1 && right ? SP_OK : SP_LOGIN_FAILED;
    work->judged = found >= 0 && !no_memory;
    /* What goes on to the sequencer is told when it is durable. A refusal is told
     * right away, and must not tell of a password that a crash could take back. */
    sp_profile_reader *profiles = work->app->config.profiles;
    if (work->outcome == SP_LOGIN_FAILED && profiles->settled(profiles) < 0) {
        work->outcome = SP_INTERNAL;
        work->judged = false;
    }
}

/* Pool thread. If the memory for a dearer hash can't be had, the next log-in
 * tries again. */
static void renew_hash(sp_account_work *work)
{
    const sp_password_cost *cost = &work->app->config.password_cost;
    if (sp_password_is_cheaper(work->profile.password_hash, cost) &&
        !sp_password_hash(cost, work->password, work->password_size, work->new_hash))
        work->new_hash[0] = '\0';
}

/* Pool thread. */
static void check_password(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    int found = find_profile(work);
    judge(work, found);
    if (work->outcome == SP_OK)
        renew_hash(work);
    else if (work->outcome == SP_LOGIN_FAILED && found == 1) /* as long as over none */
        sp_password_spend_rest(work->profile.password_hash, &work->app->config.password_cost,
                               work->password, work->password_size);
    if (work->outcome != SP_OK) /* else it stays for a second look */
        sodium_memzero(work->password, sizeof work->password);
}

/* Lets a password be judged for which the guard has taken what a wrong one costs. */
static void start_judging(sp_exchange *ex, void (*compute)(sp_password_job *job),
                          void (*done)(sp_password_job *job))
{
    sp_account_work *work = sp_app_work(ex);
    if (!sp_app_compute(ex, compute, done))
        sp_login_guard_withdraw(work->app->guard, &work->attempt);
}

/* The pool is done. true: the password was right, and somebody waits for what
 * follows; else the exchange is taken care of. Who hangs up after a guess has
 * guessed all the same. */
static bool finish_judging(sp_account_work *work)
{
    sp_exchange *ex = work->ex;
    bool goes_on = !ex->gone && work->outcome == SP_OK;
    if (!work->judged)
        sp_login_guard_withdraw(work->app->guard, &work->attempt);
    else if (work->outcome != SP_LOGIN_FAILED)
        sp_login_guard_succeed(work->app->guard, &work->attempt, work->profile.user, &ex->client);
    if (ex->gone)
        sp_exchange_abandon(ex); /* and with it the work */
    else if (!goes_on)
        sp_app_refuse(ex, work->outcome);
    return goes_on;
}

static void push_open(sp_account_work *work)
{
    sp_exchange *ex = work->ex;
    work->has_profile = true;
    ex->app.user = work->profile.user;
    sp_refresh_token_make(&work->fresh, ex->app.user, 0);
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_SESSION_OPEN;
    command->session_open.session = work->fresh.session;
    sp_refresh_token_hash(&work->fresh, &command->session_open.live);
    command->session_open.password_hash = work->profile.password_hash;
    command->session_open.renewed_hash = work->new_hash[0] != '\0' ? work->new_hash : NULL;
    sp_app_push(ex);
}

static void on_checked(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    if (finish_judging(work))
        push_open(work);
}

void sp_auth_start_login(sp_exchange *ex)
{
    /* Named by what was given: an unknown account is not told from one that there is. */
    sp_account_work *work = sp_app_work(ex);
    sp_text email = {work->profile.email, work->profile.email_size};
    uint32_t retry_after_s;
    if (sp_login_guard_enter(work->app->guard, email, &ex->client, sp_app_time_us(ex),
                             &work->attempt, &retry_after_s))
        start_judging(ex, check_password, on_checked);
    else
        sp_app_refuse_limited(ex, SP_THROTTLE_LOG_INS, retry_after_s);
}

/* Both tokens and how long the first one lives, into an open object. */
static void put_tokens(sp_exchange *ex, sp_json_writer *json)
{
    char access[SP_TOKEN_SIZE_MAX], refresh[SP_REFRESH_TOKEN_TEXT_SIZE];
    const sp_account_work *work = ex->app.work;
    const sp_token_signer *signer = sp_token_ring_signer(sp_app_ring(work->app));
    uint32_t size = sp_token_sign(signer, work->fresh.user, sp_session_sid(work->fresh.session),
                                  sp_loop_now(ex->loop), access);
    sp_refresh_token_print(&work->fresh, refresh);
    sp_json_put_text(json, "accessToken", (sp_text){access, size});
    sp_json_put_text(json, "refreshToken", (sp_text){refresh, sizeof refresh});
    sp_json_put_integer(json, "expiresIn", SP_TOKEN_TTL_S);
    sodium_memzero(refresh, sizeof refresh);
}

void sp_auth_answer_login(sp_exchange *ex, sp_out *out)
{
    const sp_account_work *work = ex->app.work;
    sp_answer answer = {.status = 200, .no_store = true};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    sp_json_object(json);
    put_tokens(ex, json);
    sp_json_key(json, "user");
    sp_encode_user(json, &ex->slot->result.user, &work->profile);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}

/* What is no token of ours has no user: to be told at the start, not here,
 * where all that is wrong is the form of a body. */
bool sp_auth_decode_refresh(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_text text;
    if (!sp_decode_refresh(decode, root, &text))
        return false;
    sp_account_work *work = sp_app_work(ex);
    if (!sp_refresh_token_parse(text, &work->shown))
        work->shown.user = 0;
    return true;
}

void sp_auth_start_refresh(sp_exchange *ex)
{
    sp_account_work *work = sp_app_work(ex);
    if (work->shown.user == 0) {
        sp_app_refuse(ex, SP_REFRESH_INVALID);
        return;
    }
    sp_refresh_token_make(&work->fresh, work->shown.user, work->shown.session);
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_SESSION_REFRESH;
    command->session_refresh.session = work->shown.session;
    sp_refresh_token_hash(&work->shown, &command->session_refresh.shown);
    sp_refresh_token_hash(&work->fresh, &command->session_refresh.fresh);
    sp_app_push_as(ex, work->shown.user);
}

/* Whom a token names is told to nobody, nor to the access log, before the family
 * was found: anyone can write a name. */
bool sp_auth_refused_refresh(sp_exchange *ex)
{
    if (ex->slot->result.outcome == SP_REFRESH_REUSED)
        ex->app.user = sp_app_work(ex)->shown.user;
    return false;
}

void sp_auth_answer_refresh(sp_exchange *ex, sp_out *out)
{
    ex->app.user = ex->slot->result.user.id;
    sp_answer answer = {.status = 200, .no_store = true};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    sp_json_object(json);
    put_tokens(ex, json);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}

void sp_auth_start_logout(sp_exchange *ex)
{
    const sp_account_work *work = sp_app_work(ex);
    if (work->shown.user == 0) {
        sp_exchange_ready(ex);
        return;
    }
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_SESSION_CLOSE;
    command->session_close.session = work->shown.session;
    sp_refresh_token_hash(&work->shown, &command->session_close.shown);
    sp_app_push_as(ex, work->shown.user);
}

/* RFC 7009, 2.2: a token that is not good is as gone as the client wants it. */
void sp_auth_answer_logout(sp_exchange *ex, sp_out *out)
{
    if (ex->slot)
        ex->app.user = ex->slot->result.user.id; /* 0 = nothing was ended */
    sp_auth_answer_done(ex, out);
}

void sp_auth_answer_done(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 204, .no_store = true};
    sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
}

bool sp_auth_decode_password(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_password_pair given;
    if (!sp_decode_password_change(decode, root, &given))
        return false;
    sp_account_work *work = sp_app_work(ex);
    work->password_size = sp_password_prepare(given.old_password, work->password);
    work->new_password_size = sp_password_prepare(given.new_password, work->new_password);
    sp_json_reader_wipe(sp_app_loop_of(ex)->reader);
    return true;
}

/* Pool thread. The profile is there unless its owner was erased meanwhile. */
static void judge_owner(sp_account_work *work)
{
    sp_profile_reader *profiles = work->app->config.profiles;
    int found = profiles->by_id(profiles, work->profile.user, &work->profile);
    judge(work, found);
    if (found == 0) {
        work->outcome = SP_TOKEN_INVALID;
        work->judged = false;
    }
}

/* Pool thread. The old password stays, for a second look; both are wiped with
 * the work at the end. */
static void change_password(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    judge_owner(work);
    if (work->outcome == SP_OK &&
        !sp_password_hash(&work->app->config.password_cost, work->new_password,
                          work->new_password_size, work->new_hash))
        work->outcome = SP_BUSY;
    sodium_memzero(work->new_password, sizeof work->new_password);
}

static void push_change(sp_account_work *work)
{
    sp_command *command = &sp_app_loop_of(work->ex)->command;
    command->type = SP_COMMAND_PASSWORD_CHANGE;
    command->password_change.old_hash = work->profile.password_hash;
    command->password_change.new_hash = work->new_hash;
    command->password_change.keep = work->ex->app.session;
    sp_app_push(work->ex);
}

static void on_changed(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    if (finish_judging(work))
        push_change(work);
}

/* Pool thread. */
static void judge_again(sp_password_job *job)
{
    judge_owner((sp_account_work *)job);
}

static void finish_again(sp_password_job *job, void (*push)(sp_account_work *work))
{
    sp_account_work *work = (sp_account_work *)job;
    if (work->ex->gone)
        sp_exchange_abandon(work->ex);
    else if (work->outcome != SP_OK)
        sp_app_refuse(work->ex, work->outcome);
    else
        push(work);
}

/* The stored hash is another than the one that was judged. If a log-in has only
 * made a dearer one of the same password, this goes on with that; one that a
 * change of the password has put there is not of this password. Looked at once
 * more: a renewal happens once. */
static bool look_again(sp_exchange *ex, void (*done)(sp_password_job *job))
{
    sp_account_work *work = sp_app_work(ex);
    if (ex->slot->result.outcome != SP_LOGIN_FAILED || work->retried)
        return false;
    work->retried = true;
    (void)sp_app_compute(ex, judge_again, done);
    return true;
}

static void on_change_judged_again(sp_password_job *job)
{
    finish_again(job, push_change);
}

bool sp_auth_refused_password(sp_exchange *ex)
{
    return look_again(ex, on_change_judged_again);
}

static void on_login_judged_again(sp_password_job *job)
{
    sp_account_work *work = (sp_account_work *)job;
    work->new_hash[0] = '\0'; /* another log-in has renewed it */
    if (work->outcome == SP_TOKEN_INVALID)
        work->outcome = SP_LOGIN_FAILED; /* erased meanwhile */
    finish_again(job, push_open);
}

bool sp_auth_refused_login(sp_exchange *ex)
{
    if (ex->slot->result.outcome == SP_TOKEN_INVALID) /* likewise */
        ex->slot->result.outcome = SP_LOGIN_FAILED;
    return look_again(ex, on_login_judged_again);
}

/* Guesses are counted under the user's id: who holds his access token has no
 * part in the failures of his e-mail address, nor the reverse. */
void sp_auth_start_password(sp_exchange *ex)
{
    sp_account_work *work = sp_app_work(ex);
    uint32_t retry_after_s;
    work->profile.user = ex->app.user;
    if (sp_login_guard_enter_user(work->app->guard, ex->app.user, &ex->client, sp_app_time_us(ex),
                                  &work->attempt, &retry_after_s))
        start_judging(ex, change_password, on_changed);
    else
        sp_app_refuse_limited(ex, SP_THROTTLE_PASSWORDS, retry_after_s);
}
