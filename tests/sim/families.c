/* SPDX-License-Identifier: MIT */
#include "tests/sim/families.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"
#include "tests/sim/world.h"

/* Far more than a run has; ids beyond were made up by whoever asks. */
#define USERS_MAX 100000u
#define NO_FAMILY UINT32_MAX

void sp_sim_families_close(sp_sim_families *families)
{
    free(families->items);
    free(families->users);
}

/* ---- making up ---- */

static sp_session_hash next_hash(sp_sim_families *f)
{
    sp_session_hash hash = {{0}};
    uint64_t number = ++f->made_count;
    memcpy(hash.bytes, &number, sizeof number);
    return hash;
}

static void next_password(sp_sim_families *f, char out[SP_PASSWORD_HASH_SIZE])
{
    snprintf(out, SP_PASSWORD_HASH_SIZE, "$hash$%llu", (unsigned long long)++f->made_count);
}

/* As a loop reads it, some time before the sequencer does; sometimes wrong. */
static void read_password(sp_sim_world *w, sp_user_id user, char out[SP_PASSWORD_HASH_SIZE])
{
    const sp_profile *profile = sp_fake_log_profile(&w->log, user);
    if (profile == NULL || sp_random_once_in(&w->random, 10))
        next_password(&w->families, out);
    else
        memcpy(out, profile->password_hash, SP_PASSWORD_HASH_SIZE);
}

/* One that nobody is asking about just now, not often one that is over. */
static uint32_t draw_family(sp_sim_world *w)
{
    const sp_sim_families *f = &w->families;
    for (uint32_t tries = 0; tries < 8 && f->count > 0; tries++) {
        /* The youngest are the most likely to be of use. */
        uint32_t recent = f->count < 24 || sp_random_once_in(&w->random, 6) ? f->count : 24;
        uint32_t index = f->count - 1 - (uint32_t)sp_random_below(&w->random, recent);
        const sp_sim_family *family = &f->items[index];
        if (!family->is_taken && (!family->is_ended || sp_random_once_in(&w->random, 4)))
            return index;
    }
    return NO_FAMILY;
}

static void make_open(sp_sim_world *w, sp_sim_client *client)
{
    sp_command *c = &client->generated.command;
    sp_sim_asked *asked = &client->asked;
    c->type = SP_COMMAND_SESSION_OPEN;
    c->session_open.session = ++w->families.made_count;
    c->session_open.live = next_hash(&w->families);
    read_password(w, c->actor, asked->old_hash);
    c->session_open.password_hash = asked->old_hash;
    c->session_open.renewed_hash = NULL;
    if (sp_random_once_in(&w->random, 5)) {
        next_password(&w->families, asked->new_hash);
        c->session_open.renewed_hash = asked->new_hash;
    }
}

static void make_refresh(sp_sim_world *w, sp_sim_client *client, const sp_sim_family *family)
{
    sp_command *c = &client->generated.command;
    c->type = SP_COMMAND_SESSION_REFRESH;
    c->session_refresh.session = family->id;
    c->session_refresh.fresh = next_hash(&w->families);
    c->session_refresh.shown = sp_random_once_in(&w->random, 8)    ? family->before
                               : sp_random_once_in(&w->random, 20) ? next_hash(&w->families)
                                                                   : family->live;
}

static void make_password_change(sp_sim_world *w, sp_sim_client *client,
                                 const sp_sim_family *family)
{
    sp_command *c = &client->generated.command;
    sp_sim_asked *asked = &client->asked;
    c->type = SP_COMMAND_PASSWORD_CHANGE;
    read_password(w, c->actor, asked->old_hash);
    next_password(&w->families, asked->new_hash);
    c->password_change.old_hash = asked->old_hash;
    c->password_change.new_hash = asked->new_hash;
    c->password_change.keep = family != NULL ? sp_session_sid(family->id) : 0;
}

static void make_edit(sp_sim_world *w, sp_sim_client *client)
{
    sp_command *c = &client->generated.command;
    sp_sim_asked *asked = &client->asked;
    c->type = SP_COMMAND_PROFILE_EDIT;
    int size = snprintf(asked->nickname, sizeof asked->nickname, "nick%llu",
                        (unsigned long long)++w->families.made_count);
    asked->edit = (sp_profile_edit){.nickname = {asked->nickname, (uint32_t)size}};
    c->profile_edit.edit = &asked->edit;
}

static void make_of_family(sp_sim_world *w, sp_sim_client *client, uint32_t index)
{
    sp_sim_family *family = &w->families.items[index];
    sp_command *c = &client->generated.command;
    client->asked.family = index;
    family->is_taken = true;
    c->actor = family->user;
    uint64_t draw = sp_random_below(&w->random, 16);
    if (draw < 12) {
        make_refresh(w, client, family);
    } else if (draw < 15) {
        c->type = SP_COMMAND_SESSION_CLOSE;
        c->session_close.session = family->id;
        c->session_close.shown = family->live;
    } else {
        make_password_change(w, client, family);
        family->is_taken = false; /* it is about all of the user's */
    }
}

bool sp_sim_families_make_up(sp_sim_world *w, sp_sim_client *client)
{
    sp_command *c = &client->generated.command;
    if (w->reference.users_count == 0)
        return false;
    memset(c, 0, sizeof *c);
    client->asked.family = NO_FAMILY;
    /* Also of those who are erased: they may well try. */
    c->actor = 1 + (sp_user_id)sp_random_below(&w->random, w->reference.users_count);
    uint32_t index = sp_random_once_in(&w->random, 4) ? NO_FAMILY : draw_family(w);
    uint64_t draw = sp_random_below(&w->random, 40);
    if (index != NO_FAMILY)
        make_of_family(w, client, index);
    else if (draw < 30)
        make_open(w, client);
    else if (draw < 36)
        make_edit(w, client);
    else if (draw < 39)
        make_password_change(w, client, NULL);
    else
        c->type = SP_COMMAND_USER_ERASE;
    return true;
}

/* ---- believing ---- */

static sp_sim_user_sessions *user_of(sp_sim_families *f, sp_user_id user)
{
    SP_ASSERT_CMP(user, !=, 0);
    if (user > USERS_MAX)
        return &f->nobodys;
    if (user > f->users_count) {
        f->users = realloc(f->users, user * sizeof *f->users);
        SP_ASSERT(f->users != NULL);
        memset(f->users + f->users_count, 0, (user - f->users_count) * sizeof *f->users);
        f->users_count = user;
    }
    return &f->users[user - 1];
}

static bool is_side(sp_command_type type)
{
    return !sp_command_makes_event(type) && !sp_command_is_query(type);
}

static bool moves_all(const sp_command *command)
{
    return command->type == SP_COMMAND_PASSWORD_CHANGE ||
           (command->type == SP_COMMAND_USER_ERASE && command->actor != 0);
}

/* Log-ins that may have made a family that may still be there. */
static bool is_crowded(sp_sim_families *f, sp_user_id user)
{
    uint32_t opens_count = user_of(f, user)->opens_count;
    if (opens_count < SP_SESSIONS_PER_USER_MAX)
        return false;
    for (uint32_t i = 0; i < f->count; i++)
        opens_count -= f->items[i].user == user && f->items[i].is_ended;
    return opens_count >= SP_SESSIONS_PER_USER_MAX;
}

void sp_sim_families_sent(sp_sim_world *w, sp_sim_client *client)
{
    sp_sim_families *f = &w->families;
    const sp_command *command = &client->generated.command;
    if (!moves_all(command) && !is_side(command->type))
        return;
    sp_sim_user_sessions *user = user_of(f, command->actor);
    client->asked.families_count = f->count;
    client->asked.was_sure = false;
    if (command->type == SP_COMMAND_SESSION_OPEN)
        user->opens_count++;
    if (moves_all(command)) {
        user->moves_count++;
        user->moves_in_flight++;
        for (uint32_t i = 0; i < f->count; i++)
            if (f->items[i].user == command->actor)
                f->items[i].is_sure = false;
        return; /* and is over when it is heard, or lost */
    }
    client->asked.moves_count = user->moves_count;
    if (client->asked.family == NO_FAMILY)
        return;
    sp_sim_family *family = &f->items[client->asked.family];
    client->asked.was_sure = family->is_sure;
    family->is_sure = false;
}

/* Has nothing that concerns all of his families come between? */
static bool is_undisturbed(sp_sim_families *f, const sp_sim_client *client)
{
    const sp_sim_user_sessions *user = user_of(f, client->generated.command.actor);
    return user->moves_in_flight == 0 && user->moves_count == client->asked.moves_count;
}

static void is_told(sp_sim_world *w, sp_sim_client *client, sp_sim_family *family,
                    const sp_session_hash *live, sp_time_ms now)
{
    family->before = family->live;
    family->live = *live;
    family->rotated_at = now;
    family->is_sure = is_undisturbed(&w->families, client);
}

static void heard_open(sp_sim_world *w, sp_sim_client *client, const sp_result *result)
{
    sp_sim_families *f = &w->families;
    const sp_command *command = &client->generated.command;
    if (result->outcome != SP_OK)
        return;
    f->items = realloc(f->items, (f->count + 1u) * sizeof *f->items);
    SP_ASSERT(f->items != NULL);
    sp_sim_family *family = &f->items[f->count++];
    *family = (sp_sim_family){.user = command->actor, .id = command->session_open.session};
    is_told(w, client, family, &command->session_open.live, result->now);
    w->counts.sessions_opened++;
}

/* May the family be gone without anyone's having been told? */
static bool may_be_gone(sp_sim_world *w, const sp_sim_family *family)
{
    return family->rotated_at + SP_SESSION_TTL_MS <= w->families.time_max ||
           is_crowded(&w->families, family->user);
}

static void heard_refresh(sp_sim_world *w, sp_sim_client *client, sp_sim_family *family,
                          const sp_result *result)
{
    const sp_command *command = &client->generated.command;
    bool was_live =
        memcmp(&command->session_refresh.shown, &family->live, sizeof family->live) == 0;
    bool was_good = client->asked.was_sure && was_live && !may_be_gone(w, family) &&
                    is_undisturbed(&w->families, client);
    switch (result->outcome) {
    case SP_OK:
        /* Two loops may hear in another order than it was done in. */
        if (family->is_ended && is_undisturbed(&w->families, client))
            sp_sim_world_check(w, "a family that was told as ended was refreshed");
        is_told(w, client, family, &command->session_refresh.fresh, result->now);
        w->counts.sessions_refreshed++;
        w->counts.sessions_in_grace += !was_live;
        return;
    case SP_REFRESH_REUSED:
        w->counts.sessions_reused++;
        break;
    case SP_REFRESH_INVALID:
        break;
    default:
        family->is_sure = client->asked.was_sure && result->outcome == SP_STORAGE_FULL &&
                          is_undisturbed(&w->families, client);
        return;
    }
    if (was_good)
        sp_sim_world_check(w, "a refresh token that was told and not used was refused");
    family->is_ended = true;
}

static void heard_move(sp_sim_world *w, sp_sim_client *client, const sp_result *result)
{
    sp_sim_families *f = &w->families;
    const sp_command *command = &client->generated.command;
    bool is_change = command->type == SP_COMMAND_PASSWORD_CHANGE;
    /* A replayed erasure was told as of its first time; what came since it
     * can't have been of his. */
    if (result->outcome != SP_OK)
        return;
    for (uint32_t i = 0; i < client->asked.families_count; i++)
        if (f->items[i].user == command->actor &&
            (!is_change || sp_session_sid(f->items[i].id) != command->password_change.keep))
            f->items[i].is_ended = true;
    w->counts.passwords_changed += is_change;
    w->counts.users_erased += !is_change;
}

/* Nothing is under way any more. */
static void land(sp_sim_world *w, sp_sim_client *client)
{
    sp_sim_families *f = &w->families;
    const sp_command *command = &client->generated.command;
    if (moves_all(command)) {
        sp_sim_user_sessions *user = user_of(f, command->actor);
        user->moves_count++;
        user->moves_in_flight--;
    } else if (client->asked.family != NO_FAMILY) {
        f->items[client->asked.family].is_taken = false;
    }
}

void sp_sim_families_heard(sp_sim_world *w, sp_sim_client *client, const sp_result *result)
{
    sp_sim_families *f = &w->families;
    const sp_command *command = &client->generated.command;
    bool is_family = client->asked.family != NO_FAMILY;
    if (!moves_all(command) && !is_side(command->type))
        return;
    land(w, client);
    if (moves_all(command))
        heard_move(w, client, result);
    else if (command->type == SP_COMMAND_SESSION_OPEN)
        heard_open(w, client, result);
    else if (command->type == SP_COMMAND_SESSION_REFRESH && is_family)
        heard_refresh(w, client, &f->items[client->asked.family], result);
    else if (command->type == SP_COMMAND_SESSION_CLOSE && is_family && result->outcome == SP_OK &&
             result->user.id != 0)
        f->items[client->asked.family].is_ended = true;
    sp_sim_families_check(w);
}

void sp_sim_families_lost(sp_sim_world *w, sp_sim_client *client)
{
    const sp_command *command = &client->generated.command;
    if (moves_all(command) || is_side(command->type))
        land(w, client);
}

/* ---- checking ---- */

/* A durable change that leaves the session with this live token, or ends it. */
static bool has_change(const sp_sim_world *w, sp_fake_change_type type, sp_user_id user,
                       sp_session_id id, const sp_session_hash *live)
{
    for (uint32_t i = w->log.durable.changes_count; i-- > 0;) {
        const sp_fake_change *change = &w->log.sides.changes[i];
        if (change->type == type && change->user == user && change->session.id == id &&
            (live == NULL || memcmp(&change->session.live, live, sizeof *live) == 0))
            return true;
    }
    return false;
}

const char *sp_sim_families_released(const sp_sim_world *w, const sp_slot *slot)
{
    const sp_command *c = &slot->command;
    bool is_durable = true;
    if (c->type == SP_COMMAND_SESSION_OPEN && slot->result.outcome == SP_OK)
        is_durable = has_change(w, SP_FAKE_SESSION_SET, c->actor, c->session_open.session,
                                &c->session_open.live);
    else if (c->type == SP_COMMAND_SESSION_REFRESH && slot->result.outcome == SP_OK)
        is_durable = has_change(w, SP_FAKE_SESSION_SET, c->actor, c->session_refresh.session,
                                &c->session_refresh.fresh);
    else if (slot->result.outcome == SP_REFRESH_REUSED)
        is_durable =
            has_change(w, SP_FAKE_SESSION_ENDED, c->actor, c->session_refresh.session, NULL);
    return is_durable ? NULL : "an answer on a session was visible before that was durable";
}

static bool has_space(const sp_sim_world *w, sp_command_type type)
{
    return w->log.space == SP_SPACE_PLENTY ||
           (w->log.space == SP_SPACE_LOW && type != SP_COMMAND_PROFILE_EDIT);
}

const char *sp_sim_families_audit(sp_sim_world *w, const sp_slot *slot)
{
    const sp_command *command = &slot->command;
    const sp_result *result = &slot->result;
    bool is_there = sp_reference_is_user(&w->reference, command->actor);
    if (result->outcome == SP_STORAGE_FULL)
        return has_space(w, command->type) ? "a side command was refused for want of space" : NULL;
    if (result->outcome == SP_TOKEN_INVALID)
        return is_there ? "a user who is there was taken for nobody" : NULL;
    if (result->outcome != SP_OK)
        return NULL; /* which refusal it is: heard_refresh, and the unit tests */
    if (command->type == SP_COMMAND_SESSION_CLOSE)
        return NULL; /* may have found nothing to do */
    if (!has_space(w, command->type))
        return "a full disk took a side command";
    if (!is_there)
        return "a side command of nobody was done";
    const sp_command query = {.type = SP_QUERY_USER, .actor = command->actor};
    return sp_compare_query(&w->reference, &query, result);
}

static const char *check_family(sp_sim_world *w, const sp_sim_family *family)
{
    const sp_session *session = sp_fake_log_session(&w->log, family->user, family->id);
    if (family->is_ended && session != NULL)
        return sp_compare_failed("family %llu of user %u was told as ended, and is there",
                                 (unsigned long long)family->id, family->user);
    if (family->is_ended || !family->is_sure || may_be_gone(w, family))
        return NULL;
    if (session == NULL)
        return sp_compare_failed("family %llu of user %u was told of, and is not there",
                                 (unsigned long long)family->id, family->user);
    if (memcmp(&session->live, &family->live, sizeof family->live) != 0)
        return sp_compare_failed("family %llu of user %u has another token than was told",
                                 (unsigned long long)family->id, family->user);
    w->counts.families_checked++;
    return NULL;
}

void sp_sim_families_check(sp_sim_world *w)
{
    for (uint32_t i = 0; i < w->families.count && w->wrong[0] == '\0'; i++)
        sp_sim_world_check(w, check_family(w, &w->families.items[i]));
}
