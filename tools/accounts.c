/* SPDX-License-Identifier: MIT */
#include "tools/accounts.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "net/password.h"
#include "net/text_rules.h"
#include "tools/options.h"

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static bool is_good(const char *what, const char *wrong)
{
    if (wrong != NULL)
        fprintf(stderr, "stagepick: the %s %s\n", what, wrong);
    return wrong == NULL;
}

int sp_account_check(const char *email, const char *nickname, const char *password)
{
    const char *code;
    bool good = is_good("e-mail address:", sp_email_check(text_of(email), &code)) &&
                is_good("nickname:", sp_nickname_check(text_of(nickname), &code)) &&
                is_good("password:", sp_password_check(text_of(password), &code));
    return good ? SP_EXIT_OK : SP_EXIT_USAGE;
}

int sp_account_check_password(const char *password)
{
    const char *code;
    return is_good("password:", sp_password_check(text_of(password), &code)) ? SP_EXIT_OK
                                                                             : SP_EXIT_USAGE;
}

/* false, after saying so, if the memory can't be had. */
static bool hash_password(const char *password, char out[SP_PASSWORD_HASH_SIZE])
{
    char prepared[SP_PASSWORD_SIZE_MAX];
    uint32_t size = sp_password_prepare(text_of(password), prepared);
    bool hashed = sp_password_hash(&sp_password_cost_default, prepared, size, out);
    sodium_memzero(prepared, sizeof prepared);
    if (!hashed)
        fprintf(stderr, "stagepick: not enough memory to hash a password\n");
    return hashed;
}

static bool is_password(const char *hash, const char *password)
{
    char prepared[SP_PASSWORD_SIZE_MAX];
    uint32_t size = sp_password_prepare(text_of(password), prepared);
    bool right = sp_password_verify(hash, prepared, size);
    sodium_memzero(prepared, sizeof prepared);
    return right;
}

/* who: what he is called if it fails. */
static int add(sp_runtime *runtime, const char *email, const char *nickname, const char *password,
               sp_role role, const char *who, sp_user_id *user)
{
    if (sp_account_check(email, nickname, password) != SP_EXIT_OK)
        return SP_EXIT_USAGE;
    sp_profile profile = {.email_size = (uint32_t)strlen(email),
                          .nickname_size = (uint32_t)strlen(nickname)};
    memcpy(profile.email, email, profile.email_size);
    memcpy(profile.nickname, nickname, profile.nickname_size);
    if (!hash_password(password, profile.password_hash))
        return SP_EXIT_FAILED;
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = role;
    command.user_create.points = 0;
    command.user_create.profile = &profile;
    const sp_result *result = sp_local_give(&runtime->local, &command);
    sodium_memzero(&profile, sizeof profile);
    if (result->outcome != SP_OK) {
        fprintf(stderr, "stagepick: %s: %s\n", sp_outcome_row_of(result->outcome)->title, who);
        return SP_EXIT_FAILED;
    }
    *user = result->user.id;
    return SP_EXIT_OK;
}

int sp_account_add(sp_runtime *runtime, const char *email, const char *nickname,
                   const char *password, sp_role role, sp_user_id *user)
{
    return add(runtime, email, nickname, password, role, email, user);
}

/* The profile with this e-mail; returns an exit code, after saying why. */
static int find(sp_runtime *runtime, const char *email, sp_profile *out)
{
    sp_profile_reader *reader = &runtime->profiles.reader;
    int found =
        strlen(email) <= SP_EMAIL_SIZE_MAX ? reader->by_email(reader, text_of(email), out) : 0;
    if (found == 1)
        return SP_EXIT_OK;
    fprintf(stderr, "stagepick: %s%s\n",
            found == 0 ? "no user has the e-mail address " : "the profiles can not be read",
            found == 0 ? email : "");
    return SP_EXIT_FAILED;
}

int sp_account_set_password(sp_runtime *runtime, const char *email, const char *password)
{
    sp_profile profile;
    char hash[SP_PASSWORD_HASH_SIZE];
    int code = sp_account_check_password(password);
    if (code == SP_EXIT_OK)
        code = find(runtime, email, &profile);
    if (code != SP_EXIT_OK)
        return code;
    if (!hash_password(password, hash))
        return SP_EXIT_FAILED;
    sp_command command = {.type = SP_COMMAND_PASSWORD_CHANGE, .actor = profile.user};
    command.password_change.old_hash = profile.password_hash;
    command.password_change.new_hash = hash;
    command.password_change.keep = 0;
    sp_outcome outcome = sp_local_give(&runtime->local, &command)->outcome;
    sodium_memzero(&profile, sizeof profile);
    sodium_memzero(hash, sizeof hash);
    if (outcome == SP_OK)
        return SP_EXIT_OK;
    fprintf(stderr, "stagepick: %s\n", sp_outcome_row_of(outcome)->title);
    return SP_EXIT_FAILED;
}

/* The e-mail is there already: is it this ADMIN? */
static int check_admin(sp_runtime *runtime, const sp_profile *profile, const char *password)
{
    sp_user_view user;
    if (!is_password(profile->password_hash, password)) {
        fprintf(stderr, "stagepick: STAGEPICK_ADMIN_EMAIL exists with another password\n");
        return SP_EXIT_FAILED;
    }
    if (!sp_state_user(runtime->state, profile->user, &user) || user.role != SP_ROLE_ADMIN) {
        fprintf(stderr, "stagepick: STAGEPICK_ADMIN_EMAIL exists and is not an ADMIN; "
                        "nobody is promoted by a start\n");
        return SP_EXIT_FAILED;
    }
    return SP_EXIT_OK;
}

int sp_account_ensure_admin(sp_runtime *runtime, const char *email, const char *password)
{
    sp_profile_reader *reader = &runtime->profiles.reader;
    sp_profile profile;
    sp_user_id user;
    switch (reader->by_email(reader, text_of(email), &profile)) {
    case 0:
        /* A server's log is no place for a person's address. */
        return add(runtime, email, SP_ADMIN_NICKNAME, password, SP_ROLE_ADMIN, "the first ADMIN",
                   &user);
    case 1: {
        int code = check_admin(runtime, &profile, password);
        sodium_memzero(&profile, sizeof profile);
        return code;
    }
    default:
        fprintf(stderr, "stagepick: the profiles can not be read\n");
        return SP_EXIT_FAILED;
    }
}
