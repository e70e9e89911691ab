/* SPDX-License-Identifier: MIT
 *
 * Side records in memory, profiles and sessions, for the fake log: the tables as
 * the open batch has them, and a journal of every change, so that a batch can be
 * taken back and that an older moment (a count of changes) can be looked at.
 * Naive on purpose: everything is found by walking.
 */
#ifndef SP_TESTS_SUPPORT_FAKE_SIDES_H
#define SP_TESTS_SUPPORT_FAKE_SIDES_H

#include "engine/log.h"

typedef enum sp_fake_change_type {
    SP_FAKE_PROFILE_ADDED,
    SP_FAKE_PROFILE_PUT,
    SP_FAKE_PROFILE_ERASED,
    SP_FAKE_SESSION_SET, /* added or replaced */
    SP_FAKE_SESSION_ENDED,
} sp_fake_change_type;

typedef struct sp_fake_change {
    sp_fake_change_type type;
    bool had_session; /* SESSION_SET: there was one */
    sp_user_id user;
    sp_session session, old_session;
    sp_profile *old_profile; /* PROFILE_PUT */
} sp_fake_change;

/* Whoever signed up, in that order; the erased ones too. */
typedef struct sp_fake_person {
    sp_profile profile;
    bool is_erased;
} sp_fake_person;

typedef struct sp_fake_sides {
    sp_fake_person *people;
    sp_session *sessions;
    sp_fake_change *changes;
    uint32_t people_count, sessions_count, changes_count;
} sp_fake_sides;

void sp_fake_sides_close(sp_fake_sides *sides);
/* Takes back all changes from this one on. */
void sp_fake_sides_undo(sp_fake_sides *sides, uint32_t changes_count);

/* As engine/log.h has them. */
sp_log_status sp_fake_sides_profile_add(sp_fake_sides *sides, const sp_profile *profile);
sp_log_status sp_fake_sides_profile_get(const sp_fake_sides *sides, sp_user_id user,
                                        sp_profile *out);
sp_log_status sp_fake_sides_profile_put(sp_fake_sides *sides, const sp_profile *profile);
sp_log_status sp_fake_sides_profile_erase(sp_fake_sides *sides, sp_user_id user);
sp_log_status sp_fake_sides_session_get(const sp_fake_sides *sides, sp_user_id user,
                                        sp_session_id id, sp_session *out);
void sp_fake_sides_session_add(sp_fake_sides *sides, const sp_session *session);
sp_log_status sp_fake_sides_session_put(sp_fake_sides *sides, const sp_session *session);
void sp_fake_sides_end(sp_fake_sides *sides, sp_user_id user, sp_session_id id, sp_sid keep);

/* As of the first changes_count changes; NULL = none. */
const sp_profile *sp_fake_sides_profile_at(const sp_fake_sides *sides, uint32_t changes_count,
                                           sp_user_id user);
const sp_session *sp_fake_sides_session_at(const sp_fake_sides *sides, uint32_t changes_count,
                                           sp_user_id user, sp_session_id id);
/* Whoever has signed up under this id, erased or not; NULL = nobody. */
const sp_fake_person *sp_fake_sides_person(const sp_fake_sides *sides, sp_user_id user);
/* ASCII case does not count. */
bool sp_fake_sides_is_same_email(const sp_profile *a, const sp_profile *b);

#endif
