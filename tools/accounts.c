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

int sp_account_add(sp_runtime *runtime, const char *email, const char *nickname,
                   const char *password, sp_role role, sp_user_id *user)
{
    if (sp_account_check(email, nickname, password) != SP_EXIT_OK)
        return SP_EXIT_USAGE;
    sp_profile profile = {.email_size = (uint32_t)strlen(email),
                          .nickname_size = (uint32_t)strlen(nickname)};
    memcpy(profile.email, email, profile.email_size);
    memcpy(profile.nickname, nickname, profile.nickname_size);
    if (!sp_password_hash(password, strlen(password), profile.password_hash)) {
        fprintf(stderr, "stagepick: not enough memory to hash a password\n");
        return SP_EXIT_FAILED;
    }
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = role;
    command.user_create.points = 0;
    command.user_create.profile = &profile;
    const sp_result *result = sp_local_give(&runtime->local, &command);
    sodium_memzero(&profile, sizeof profile);
    if (result->outcome != SP_OK) {
        fprintf(stderr, "stagepick: %s: %s\n", sp_outcome_row_of(result->outcome)->title, email);
        return SP_EXIT_FAILED;
    }
    *user = result->user.id;
    return SP_EXIT_OK;
}

/* The e-mail is there already: is it this ADMIN? */
static int check_admin(sp_runtime *runtime, const sp_profile *profile, const char *password)
{
    sp_user_view user;
    if (!sp_password_verify(profile->password_hash, password, strlen(password))) {
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
        return sp_account_add(runtime, email, SP_ADMIN_NICKNAME, password, SP_ROLE_ADMIN, &user);
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
