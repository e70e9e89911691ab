/* SPDX-License-Identifier: MIT
 *
 * Users made by the operator: `user add`, `user passwd`, and the first ADMIN of
 * `serve`. Passwords are hashed at the default cost; a server that is told to
 * spend more does so at the first log-in.
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

/* Gives whoever has this e-mail another password and ends all his sessions; the
 * same terms. */
int sp_account_set_password(sp_runtime *runtime, const char *email, const char *password);
/* Is this a password? Prints what is wrong with it; returns an exit code. */
int sp_account_check_password(const char *password);

/* Makes the first ADMIN unless the e-mail exists. If it exists with another
 * password, or is no ADMIN, that is refused: nobody is promoted silently. */
int sp_account_ensure_admin(sp_runtime *runtime, const char *email, const char *password);

#endif
