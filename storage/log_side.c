/* SPDX-License-Identifier: MIT
 *
 * The event log's side records: profiles and sessions, read and written in the
 * batch's own transaction, so that they are there with its events or not at all.
 */
#include "storage/log_private.h"
#include "storage/profiles.h"

/* A read that found nothing is an answer; all else that is no success breaks the
 * log: what a transaction could not read it must not build on. */
static sp_log_status read_status(sp_event_log *log, const char *what, int error)
{
    if (error == MDB_NOTFOUND)
        return SP_LOG_NONE;
    return error == 0 ? SP_LOG_OK : sp_event_log_fail(log, what, error);
}

static sp_log_status write_status(sp_event_log *log, const char *what, int error)
{
    if (error != 0)
        return sp_event_log_fail(log, what, error);
    log->has_sides = true;
    return SP_LOG_OK;
}

/* ---- profiles ---- */

static sp_log_status on_profile_add(sp_log *self, const sp_profile *profile)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_profile_add(log->env, log->txn, profile);
    if (error == MDB_KEYEXIST)
        return SP_LOG_TAKEN;
    return write_status(log, "can't add a profile", error);
}

static sp_log_status on_profile_get(sp_log *self, sp_user_id user, sp_profile *out)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_profile_get(log->env, log->txn, user, out);
    return read_status(log, "can't read a profile", error);
}

static sp_log_status on_profile_put(sp_log *self, const sp_profile *profile)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_profile_put(log->env, log->txn, profile);
    return write_status(log, "can't change a profile", error);
}

static sp_log_status on_profile_erase(sp_log *self, sp_user_id user)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_profile_erase(log->env, log->txn, user);
    return write_status(log, "can't erase a profile", error);
}

/* ---- sessions ---- */

static sp_log_status on_session_get(sp_log *self, sp_user_id user, sp_session_id id,
                                    sp_session *out)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_session_get(log->env, log->txn, user, id, out);
    return read_status(log, "can't read a session", error);
}

static sp_log_status on_session_add(sp_log *self, const sp_session *session)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_session_add(log->env, log->txn, &log->rover, session);
    return write_status(log, "can't add a session", error);
}

static sp_log_status on_session_put(sp_log *self, const sp_session *session)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_session_put(log->env, log->txn, session);
    return write_status(log, "can't change a session", error);
}

static sp_log_status on_sessions_end(sp_log *self, sp_user_id user, sp_session_id id, sp_sid keep)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    int error = sp_event_log_begin(log);
    if (error == 0)
        error = sp_sessions_end(log->env, log->txn, user, id, keep);
    return write_status(log, "can't end sessions", error);
}

void sp_event_log_side_init(sp_event_log *log)
{
    log->log.profile_add = on_profile_add;
    log->log.profile_get = on_profile_get;
    log->log.profile_put = on_profile_put;
    log->log.profile_erase = on_profile_erase;
    log->log.session_get = on_session_get;
    log->log.session_add = on_session_add;
    log->log.session_put = on_session_put;
    log->log.sessions_end = on_sessions_end;
}
