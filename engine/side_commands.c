/* SPDX-License-Identifier: MIT */
#include "engine/side_commands.h"

#include <string.h>

#include "engine/assert.h"

/* One command under way. */
typedef struct judging {
    sp_log *log;
    const sp_command *command;
    sp_log_space space_max;
    sp_time_ms now;
    sp_log_status status; /* FAILED: nothing more is asked of the log */
    bool changed;
} judging;

/* Asked before the first write: a change is made whole or not at all. The
 * levels count down from plenty: a larger number is less space. */
static bool has_space(const judging *j)
{
    return j->log->space(j->log) <= j->space_max;
}

/* Takes in the status of a write; of two, the second is not made if the first
 * has failed. */
static void wrote(judging *j, sp_log_status status)
{
    j->changed = true;
    if (status != SP_LOG_OK)
        j->status = SP_LOG_FAILED;
}

/* False: there is none, or the log is broken. */
static bool is_found(judging *j, sp_log_status status)
{
    if (status != SP_LOG_OK && status != SP_LOG_NONE)
        j->status = SP_LOG_FAILED;
    return status == SP_LOG_OK;
}

static bool find_profile(judging *j, sp_profile *out)
{
    return is_found(j, j->log->profile_get(j->log, j->command->actor, out));
}

static bool find_session(judging *j, sp_session_id id, sp_session *out)
{
    return is_found(j, j->log->session_get(j->log, j->command->actor, id, out));
}

static void put_profile(judging *j, const sp_profile *profile)
{
    wrote(j, j->log->profile_put(j->log, profile));
}

static void end_sessions(judging *j, sp_session_id id, sp_sid keep)
{
    wrote(j, j->log->sessions_end(j->log, j->command->actor, id, keep));
}

static void set_hash(sp_profile *profile, const char *hash)
{
    size_t size = strlen(hash);
    SP_ASSERT_CMP(size, <, sizeof profile->password_hash);
    memset(profile->password_hash, 0, sizeof profile->password_hash);
    memcpy(profile->password_hash, hash, size);
}

/* The password was matched against a hash that a loop has read some time ago.
 * Hashes are no secrets to whoever got so far, so a plain comparison will do. */
static bool is_current(const sp_profile *profile, const char *matched_hash)
{
    return strcmp(profile->password_hash, matched_hash) == 0;
}

static sp_outcome session_open(judging *j)
{
    const sp_command *command = j->command;
    sp_profile profile;
    SP_ASSERT_CMP(command->session_open.session, !=, 0);
    if (!find_profile(j, &profile) || !is_current(&profile, command->session_open.password_hash))
        return SP_LOGIN_FAILED;
    if (!has_space(j))
        return SP_STORAGE_FULL;
    if (command->session_open.renewed_hash != NULL) {
        set_hash(&profile, command->session_open.renewed_hash);
        put_profile(j, &profile);
    }
    sp_session session = {.user = command->actor,
                          .id = command->session_open.session,
                          .created_at = j->now,
                          .rotated_at = j->now,
                          .live = command->session_open.live};
    if (j->status == SP_LOG_OK)
        wrote(j, j->log->session_add(j->log, &session));
    return SP_OK;
}

static sp_outcome session_refresh(judging *j)
{
    const sp_command *command = j->command;
    sp_session session;
    if (!find_session(j, command->session_refresh.session, &session))
        return SP_REFRESH_INVALID;
    sp_session_verdict verdict = sp_session_refresh(&session, &command->session_refresh.shown,
                                                    &command->session_refresh.fresh, j->now);
    if (!has_space(j))
        return SP_STORAGE_FULL;
    if (verdict == SP_SESSION_ROTATED) {
        wrote(j, j->log->session_put(j->log, &session));
        return SP_OK;
    }
    end_sessions(j, session.id, 0);
    return verdict == SP_SESSION_REUSED ? SP_REFRESH_REUSED : SP_REFRESH_INVALID;
}

static sp_outcome session_close(judging *j)
{
    sp_session session;
    if (!find_session(j, j->command->session_close.session, &session) ||
        !sp_session_is_of(&session, &j->command->session_close.shown))
        return SP_OK;
    if (!has_space(j))
        return SP_STORAGE_FULL;
    end_sessions(j, session.id, 0);
    return SP_OK;
}

static sp_outcome profile_edit(judging *j)
{
    const sp_profile_edit *edit = j->command->profile_edit.edit;
    sp_profile profile;
    if (!find_profile(j, &profile))
        return SP_TOKEN_INVALID;
    if (!has_space(j))
        return SP_STORAGE_FULL;
    if (edit->nickname.bytes != NULL) {
        SP_ASSERT_CMP(edit->nickname.size, <=, SP_NICKNAME_SIZE_MAX);
        profile.nickname_size = edit->nickname.size;
        memcpy(profile.nickname, edit->nickname.bytes, edit->nickname.size);
    }
    if (edit->image_url.bytes != NULL) {
        SP_ASSERT_CMP(edit->image_url.size, <=, SP_PROFILE_IMAGE_URL_SIZE_MAX);
        profile.image_url_size = edit->image_url.size;
        memcpy(profile.image_url, edit->image_url.bytes, edit->image_url.size);
    }
    put_profile(j, &profile);
    return SP_OK;
}

static sp_outcome password_change(judging *j)
{
    const sp_command *command = j->command;
    sp_profile profile;
    if (!find_profile(j, &profile) || !is_current(&profile, command->password_change.old_hash))
        return SP_LOGIN_FAILED;
    if (!has_space(j))
        return SP_STORAGE_FULL;
    set_hash(&profile, command->password_change.new_hash);
    put_profile(j, &profile);
    if (j->status == SP_LOG_OK)
        end_sessions(j, 0, command->password_change.keep);
    return SP_OK;
}

/* Whoever was erased has no families any more: to a refresh and a log-out that
 * is all there is to say of him. */
static sp_outcome of_nobody(sp_command_type type)
{
    switch (type) {
    case SP_COMMAND_SESSION_REFRESH:
        return SP_REFRESH_INVALID;
    case SP_COMMAND_SESSION_CLOSE:
        return SP_OK;
    default:
        return SP_TOKEN_INVALID;
    }
}

static sp_outcome judge(judging *j)
{
    switch (j->command->type) {
    case SP_COMMAND_SESSION_OPEN:
        return session_open(j);
    case SP_COMMAND_SESSION_REFRESH:
        return session_refresh(j);
    case SP_COMMAND_SESSION_CLOSE:
        return session_close(j);
    case SP_COMMAND_PROFILE_EDIT:
        return profile_edit(j);
    case SP_COMMAND_PASSWORD_CHANGE:
        return password_change(j);
    default:
        SP_ASSERT(!"no side command");
        return SP_INTERNAL;
    }
}

sp_log_status sp_side_command(const sp_state *state, sp_log *log, const sp_command *command,
                              sp_log_space space_max, sp_time_ms now, sp_side_change *out)
{
    judging j = {.log = log, .command = command, .space_max = space_max, .now = now};
    sp_user_view user;
    if (sp_state_user(state, command->actor, &user))
        out->outcome = judge(&j);
    else
        out->outcome = of_nobody(command->type);
    out->changed = j.changed;
    out->is_known = j.changed || command->type != SP_COMMAND_SESSION_CLOSE;
    return j.status;
}

sp_log_status sp_side_erase(sp_log *log, sp_user_id user)
{
    sp_profile profile;
    /* An auditor's copy of a log has no profiles: nothing is to be erased. */
    sp_log_status status = log->profile_get(log, user, &profile);
    if (status == SP_LOG_OK)
        status = log->profile_erase(log, user);
    if (status == SP_LOG_OK || status == SP_LOG_NONE)
        status = log->sessions_end(log, user, 0, 0);
    return status;
}
