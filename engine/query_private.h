/* SPDX-License-Identifier: MIT
 *
 * Answering is split by shape: query.c answers with one thing, query_lists.c
 * with pages of orders, users and ledger entries. Private to query*.c.
 */
#ifndef SP_ENGINE_QUERY_PRIVATE_H
#define SP_ENGINE_QUERY_PRIVATE_H

#include "engine/engine.h"
#include "engine/ledger.h"

/* The operator (0) may do what an ADMIN may; else the actor exists. */
static inline bool sp_query_is_admin(const sp_state *state, sp_user_id actor)
{
    return actor == 0 || state->users[actor].role == SP_ROLE_ADMIN;
}

/* Each: SP_OK with the page, which is NULL if there is nothing on it; or why
 * not, then there is no list. */
sp_outcome sp_query_users(const sp_state *state, const sp_command *query, sp_result *result);
sp_outcome sp_query_ledger(const sp_state *state, const sp_command *query, sp_result *result);
sp_outcome sp_query_orders(const sp_state *state, const sp_command *query, sp_result *result);
sp_outcome sp_query_concert_orders(const sp_state *state, const sp_command *query,
                                   sp_result *result);

#endif
