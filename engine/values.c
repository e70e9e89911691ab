/* SPDX-License-Identifier: MIT */
#include "engine/values.h"

#include "engine/assert.h"

static const char *const role_names[] = {
    [SP_ROLE_USER] = "USER", [SP_ROLE_HOST] = "HOST", [SP_ROLE_ADMIN] = "ADMIN"};

const char *sp_role_name(sp_role role)
{
    SP_ASSERT_CMP(role, >=, SP_ROLE_USER);
    SP_ASSERT_CMP(role, <=, SP_ROLE_ADMIN);
    return role_names[role];
}

bool sp_role_of_name(sp_text name, sp_role *out)
{
    for (int role = SP_ROLE_USER; role <= SP_ROLE_ADMIN; role++) {
        sp_text known = {role_names[role], (uint32_t)strlen(role_names[role])};
        if (sp_text_equal(name, known)) {
            *out = (sp_role)role;
            return true;
        }
    }
    return false;
}

const char *sp_age_limit_name(sp_age_limit age_limit)
{
    static const char *const names[] = {[SP_AGE_ZERO] = "ZERO",
                                        [SP_AGE_SEVEN] = "SEVEN",
                                        [SP_AGE_FIFTEEN] = "FIFTEEN",
                                        [SP_AGE_NINETEEN] = "NINETEEN"};
    SP_ASSERT_CMP(age_limit, >=, SP_AGE_ZERO);
    SP_ASSERT_CMP(age_limit, <=, SP_AGE_NINETEEN);
    return names[age_limit];
}
