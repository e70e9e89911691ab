/* SPDX-License-Identifier: MIT
 *
 * Users made by the operator: `user add`, and the first ADMIN of `serve`.
 */
#ifndef SP_TOOLS_ACCOUNTS_H
#define SP_TOOLS_ACCOUNTS_H

#include "tools/runtime.h"

/* What the first ADMIN is called. */
#define SP_ADMIN_NICKNAME "admin"

/* Are these values such as sign-up takes? Prints what is wrong with them;
 * returns an exit code. Before a directory is touched. */
int sp_account_check(const char *email, const char *nickname, const char *password);

/* Adds a user by the same rules as sign-up; prints what is wrong with the
 * values. Returns an exit code; *user = the new id. The sequencer must have no
 * thread yet. */
int sp_account_add(sp_runtime *runtime, const char *email, const char *nickname,
                   const char *password, sp_role role, sp_user_id *user);

/* Makes the first ADMIN unless the e-mail exists. If it exists with another
 * password, or is no ADMIN, that is refused: nobody is promoted silently. */
int sp_account_ensure_admin(sp_runtime *runtime, const char *email, const char *password);

#endif
