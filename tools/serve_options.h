/* SPDX-License-Identifier: MIT
 *
 * The options of `stagepick serve`, parsed and checked.
 */
#ifndef SP_TOOLS_SERVE_OPTIONS_H
#define SP_TOOLS_SERVE_OPTIONS_H

#include "net/password.h"
#include "net/server.h"

#include "net/cors.h"
#include "net/log_line.h"

#define SP_LISTEN_ADDRESSES_MAX 16u
#define SP_TRUSTED_PROXIES_MAX 16u

typedef struct sp_serve_options {
    const char *dir;
    sp_listen_address addresses[SP_LISTEN_ADDRESSES_MAX];
    uint32_t addresses_count;
    sp_listen_address ops_address;
    bool has_ops_address;
    uint32_t loops_count;
    uint32_t slots_per_loop;
    uint32_t connections_max;
    uint32_t head_timeout_ms, body_timeout_ms, idle_timeout_ms;
    bool signup_open;
    sp_points signup_points;
    uint32_t sign_ups_per_hour; /* of a network; 0: no limit */
    sp_password_cost password_cost;
    uint32_t writes_per_s_max; /* 0: no limit */
    sp_subnet trusted_proxies[SP_TRUSTED_PROXIES_MAX];
    uint32_t trusted_proxies_count;
    sp_cors cors;
    sp_level log_level;
    const char *access_log; /* a file; NULL: off, or stderr */
    bool access_log_to_stderr;
    bool demo;
    bool accept_clock_ahead;
} sp_serve_options;

/* SP_EXIT_OK; SP_EXIT_USAGE after saying what is wrong; -1 after --help. */
int sp_serve_options_parse(int argc, char **argv, sp_serve_options *out);

#endif
