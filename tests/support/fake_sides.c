/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_sides.h"

#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"

void sp_fake_sides_close(sp_fake_sides *sides)
{
    for (uint32_t i = 0; i < sides->changes_count; i++)
        free(sides->changes[i].old_profile);
    free(sides->changes);
    free(sides->people);
    free(sides->sessions);
}

/* ---- finding ---- */

static sp_fake_person *person_of(const sp_fake_sides *sides, sp_user_id user)
{
    for (uint32_t i = 0; i < sides->people_count; i++)
        if (sides->people[i].profile.user == user)
            return &sides->people[i];
    return NULL;
}

const sp_fake_person *sp_fake_sides_person(const sp_fake_sides *sides, sp_user_id user)
{
    return person_of(sides, user);
}

static sp_fake_person *living_person_of(const sp_fake_sides *sides, sp_user_id user)
{
    sp_fake_person *person = person_of(sides, user);
    return person != NULL && !person->is_erased ? person : NULL;
}

static sp_session *session_of(const sp_fake_sides *sides, sp_user_id user, sp_session_id id)
{
    for (uint32_t i = 0; i < sides->sessions_count; i++)
        if (sides->sessions[i].user == user && sides->sessions[i].id == id)
            return &sides->sessions[i];
    return NULL;
}

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool sp_fake_sides_is_same_email(const sp_profile *a, const sp_profile *b)
{
    if (a->email_size != b->email_size)
        return false;
    for (uint32_t i = 0; i < a->email_size; i++)
        if (fold(a->email[i]) != fold(b->email[i]))
            return false;
    return true;
}

/* ---- the journal ---- */

static sp_fake_change *add_change(sp_fake_sides *sides, sp_fake_change_type type, sp_user_id user)
{
    sides->changes = realloc(sides->changes, (sides->changes_count + 1u) * sizeof *sides->changes);
    SP_ASSERT(sides->changes != NULL);
    sp_fake_change *change = &sides->changes[sides->changes_count++];
    *change = (sp_fake_change){.type = type, .user = user};
    return change;
}

static void set_session(sp_fake_sides *sides, const sp_session *session)
{
    sp_session *at = session_of(sides, session->user, session->id);
    if (at == NULL) {
        sides->sessions =
            realloc(sides->sessions, (sides->sessions_count + 1u) * sizeof *sides->sessions);
        SP_ASSERT(sides->sessions != NULL);
        at = &sides->sessions[sides->sessions_count++];
    }
    *at = *session;
}

static void remove_session(sp_fake_sides *sides, sp_user_id user, sp_session_id id)
{
    sp_session *at = session_of(sides, user, id);
    SP_ASSERT(at != NULL);
    *at = sides->sessions[--sides->sessions_count];
}

static void undo_one(sp_fake_sides *sides, sp_fake_change *change)
{
    switch (change->type) {
    case SP_FAKE_PROFILE_ADDED:
        sides->people_count--; /* the last that came */
        break;
    case SP_FAKE_PROFILE_PUT:
        person_of(sides, change->user)->profile = *change->old_profile;
        free(change->old_profile);
        break;
    case SP_FAKE_PROFILE_ERASED:
        person_of(sides, change->user)->is_erased = false;
        break;
    case SP_FAKE_SESSION_SET:
        if (change->had_session)
            set_session(sides, &change->old_session);
        else
            remove_session(sides, change->user, change->session.id);
        break;
    case SP_FAKE_SESSION_ENDED:
        set_session(sides, &change->old_session);
        break;
    }
}

void sp_fake_sides_undo(sp_fake_sides *sides, uint32_t changes_count)
{
    SP_ASSERT_CMP(changes_count, <=, sides->changes_count);
    while (sides->changes_count > changes_count)
        undo_one(sides, &sides->changes[--sides->changes_count]);
}

/* ---- profiles ---- */

sp_log_status sp_fake_sides_profile_add(sp_fake_sides *sides, const sp_profile *profile)
{
    for (uint32_t i = 0; i < sides->people_count; i++)
        if (!sides->people[i].is_erased &&
            sp_fake_sides_is_same_email(&sides->people[i].profile, profile))
            return SP_LOG_TAKEN;
    SP_ASSERT(person_of(sides, profile->user) == NULL);
    sides->people = realloc(sides->people, (sides->people_count + 1u) * sizeof *sides->people);
    SP_ASSERT(sides->people != NULL);
    sides->people[sides->people_count++] = (sp_fake_person){.profile = *profile};
    add_change(sides, SP_FAKE_PROFILE_ADDED, profile->user);
    return SP_LOG_OK;
}

sp_log_status sp_fake_sides_profile_get(const sp_fake_sides *sides, sp_user_id user,
                                        sp_profile *out)
{
    const sp_fake_person *person = living_person_of(sides, user);
    if (person == NULL)
        return SP_LOG_NONE;
    *out = person->profile;
    return SP_LOG_OK;
}

sp_log_status sp_fake_sides_profile_put(sp_fake_sides *sides, const sp_profile *profile)
{
    sp_fake_person *person = living_person_of(sides, profile->user);
    if (person == NULL)
        return SP_LOG_FAILED;
    SP_ASSERT(sp_fake_sides_is_same_email(&person->profile, profile));
    sp_fake_change *change = add_change(sides, SP_FAKE_PROFILE_PUT, profile->user);
    change->old_profile = malloc(sizeof *change->old_profile);
    SP_ASSERT(change->old_profile != NULL);
    *change->old_profile = person->profile;
    person->profile = *profile;
    return SP_LOG_OK;
}

sp_log_status sp_fake_sides_profile_erase(sp_fake_sides *sides, sp_user_id user)
{
    sp_fake_person *person = living_person_of(sides, user);
    if (person == NULL)
        return SP_LOG_FAILED;
    person->is_erased = true;
    add_change(sides, SP_FAKE_PROFILE_ERASED, user);
    return SP_LOG_OK;
}

/* ---- sessions ---- */

sp_log_status sp_fake_sides_session_get(const sp_fake_sides *sides, sp_user_id user,
                                        sp_session_id id, sp_session *out)
{
    const sp_session *session = session_of(sides, user, id);
    if (session == NULL)
        return SP_LOG_NONE;
    *out = *session;
    return SP_LOG_OK;
}

static void set(sp_fake_sides *sides, const sp_session *session)
{
    const sp_session *old = session_of(sides, session->user, session->id);
    sp_fake_change *change = add_change(sides, SP_FAKE_SESSION_SET, session->user);
    change->session = *session;
    change->had_session = old != NULL;
    if (old != NULL)
        change->old_session = *old;
    set_session(sides, session);
}

static void end(sp_fake_sides *sides, sp_session session)
{
    sp_fake_change *change = add_change(sides, SP_FAKE_SESSION_ENDED, session.user);
    change->session = change->old_session = session;
    remove_session(sides, session.user, session.id);
}

/* The real log ends some expired ones of others, this one all. */
static void end_expired(sp_fake_sides *sides, sp_time_ms now)
{
    for (uint32_t i = sides->sessions_count; i-- > 0;)
        if (sides->sessions[i].rotated_at + SP_SESSION_TTL_MS <= now)
            end(sides, sides->sessions[i]);
}

static uint32_t count_of(const sp_fake_sides *sides, sp_user_id user, const sp_session **oldest)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sides->sessions_count; i++) {
        const sp_session *session = &sides->sessions[i];
        if (session->user != user)
            continue;
        if (count++ == 0 || session->rotated_at < (*oldest)->rotated_at)
            *oldest = session;
    }
    return count;
}

void sp_fake_sides_session_add(sp_fake_sides *sides, const sp_session *session)
{
    const sp_session *oldest = NULL;
    end_expired(sides, session->rotated_at);
    while (count_of(sides, session->user, &oldest) >= SP_SESSIONS_PER_USER_MAX)
        end(sides, *oldest);
    set(sides, session);
}

sp_log_status sp_fake_sides_session_put(sp_fake_sides *sides, const sp_session *session)
{
    if (session_of(sides, session->user, session->id) == NULL)
        return SP_LOG_FAILED;
    set(sides, session);
    return SP_LOG_OK;
}

void sp_fake_sides_end(sp_fake_sides *sides, sp_user_id user, sp_session_id id, sp_sid keep)
{
    for (uint32_t i = sides->sessions_count; i-- > 0;) {
        const sp_session *session = &sides->sessions[i];
        if (session->user == user &&
            (id != 0 ? session->id == id : sp_session_sid(session->id) != keep))
            end(sides, *session);
    }
}

/* ---- older moments: what the first change since then has replaced ---- */

const sp_profile *sp_fake_sides_profile_at(const sp_fake_sides *sides, uint32_t changes_count,
                                           sp_user_id user)
{
    const sp_fake_person *person = person_of(sides, user);
    for (uint32_t i = changes_count; i < sides->changes_count; i++) {
        const sp_fake_change *change = &sides->changes[i];
        if (change->user != user)
            continue;
        if (change->type == SP_FAKE_PROFILE_ADDED)
            return NULL;
        if (change->type == SP_FAKE_PROFILE_PUT)
            return change->old_profile;
        if (change->type == SP_FAKE_PROFILE_ERASED)
            return &person->profile;
    }
    return person != NULL && !person->is_erased ? &person->profile : NULL;
}

const sp_session *sp_fake_sides_session_at(const sp_fake_sides *sides, uint32_t changes_count,
                                           sp_user_id user, sp_session_id id)
{
    for (uint32_t i = changes_count; i < sides->changes_count; i++) {
        const sp_fake_change *change = &sides->changes[i];
        bool is_session =
            change->type == SP_FAKE_SESSION_SET || change->type == SP_FAKE_SESSION_ENDED;
        if (!is_session || change->user != user || change->session.id != id)
            continue;
        return change->type == SP_FAKE_SESSION_ENDED || change->had_session ? &change->old_session
                                                                            : NULL;
    }
    return session_of(sides, user, id);
}
