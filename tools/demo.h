/* SPDX-License-Identifier: MIT
 *
 * The demo: people, concerts and their sales in an empty data directory, so
 * that `make run` shows something at once. The same every time but for the
 * dates. All of it is commands such as anyone's, given as one batch: whenever
 * the program is killed, the directory has the whole demo or nothing of it, and
 * is filled at the next start.
 */
#ifndef SP_TOOLS_DEMO_H
#define SP_TOOLS_DEMO_H

#include "engine/profile.h"
#include "engine/state.h"
#include "tools/local.h"

/* What the demo grants to whoever signs up. */
#define SP_DEMO_SIGNUP_POINTS INT64_C(1000000)

/* Fills an empty state and says so on stderr; leaves another as it is. The queue
 * has room for SP_LOCAL_COMMANDS_MAX. false (after a line on stderr) if it could not:
 * what a full disk let through then stays behind. */
bool sp_demo_fill(sp_local *local, const sp_state *state, sp_time_ms now);

/* Prints the logins and a ready curl line to stderr, if the demo's people are
 * in this data directory. url: as printed by `serve`. */
void sp_demo_print(sp_profile_reader *profiles, const char *url);

#endif
