/* SPDX-License-Identifier: MIT
 *
 * Sessions in a simulated world: clients that log in, refresh, log out, change
 * passwords, edit and erase themselves, and what each of them may believe of the
 * families that he knows of:
 *
 *   ended  he was told so: it is gone for good, also after a crash
 *   sure   the token that he was told last is the live one: nothing that could
 *          have changed that is under way or came to an unknown end
 *   else   anything may be
 *
 * Both are held against what the fake log has durably, whenever an answer is
 * heard and after every start. So an answer that was given before its side
 * records were durable is caught at once, and one that a crash takes back, too.
 */
#ifndef SP_TESTS_SIM_FAMILIES_H
#define SP_TESTS_SIM_FAMILIES_H

#include "engine/slot.h"
#include "tests/support/random.h"

typedef struct sp_sim_world sp_sim_world;
typedef struct sp_sim_client sp_sim_client;

typedef struct sp_sim_family {
    sp_user_id user;
    sp_session_id id;
    sp_session_hash live, before; /* told last, and the one before it */
    sp_time_ms rotated_at;
    bool is_sure, is_ended;
    bool is_taken; /* a client asks about it: no other does meanwhile */
} sp_sim_family;

/* What moves all of a user's families at once. */
typedef struct sp_sim_user_sessions {
    uint32_t opens_count;     /* log-ins sent */
    uint32_t moves_count;     /* password changes and erasures, sent and over */
    uint32_t moves_in_flight; /* now */
} sp_sim_user_sessions;

typedef struct sp_sim_families {
    sp_sim_family *items; /* those that somebody was told of, oldest first */
    uint32_t count;
    sp_sim_user_sessions *users; /* by id - 1 */
    uint32_t users_count;
    sp_sim_user_sessions nobodys; /* of ids that were made up */
    uint64_t made_count;          /* ids, hashes and passwords handed out */
    sp_time_ms time_max;          /* that the clock has shown */
} sp_sim_families;

/* What a client needs to keep of a side command that is under way. */
typedef struct sp_sim_asked {
    uint32_t family;         /* index of the one it is about, or UINT32_MAX */
    uint32_t families_count; /* known when it was sent */
    uint32_t moves_count;    /* of its user, likewise */
    bool was_sure;
    sp_profile_edit edit;
    char old_hash[SP_PASSWORD_HASH_SIZE], new_hash[SP_PASSWORD_HASH_SIZE];
    char nickname[16];
} sp_sim_asked;

void sp_sim_families_close(sp_sim_families *families);

/* Makes up a side command or an erasure for the client. False: nobody is there
 * to ask for one. */
bool sp_sim_families_make_up(sp_sim_world *world, sp_sim_client *client);
/* The command goes out; its answer is heard, or is never going to be. Any
 * command: those that concern no family are passed over. */
void sp_sim_families_sent(sp_sim_world *world, sp_sim_client *client);
void sp_sim_families_heard(sp_sim_world *world, sp_sim_client *client, const sp_result *result);
void sp_sim_families_lost(sp_sim_world *world, sp_sim_client *client);

/* An answer becomes visible: is what it says of a session durable? */
const char *sp_sim_families_released(const sp_sim_world *world, const sp_slot *slot);
/* The answer by itself: who is shown, and whether the disk had room for it. */
const char *sp_sim_families_audit(sp_sim_world *world, const sp_slot *slot);
/* All that is believed against all that is durable. */
void sp_sim_families_check(sp_sim_world *world);

#endif
