/* SPDX-License-Identifier: MIT
 *
 * The application above the seam of net/exchange.h: routes, tokens, decoding,
 * answers. Made once, shared by all loops, immutable after creation; each loop
 * has a context of its own (parser, generator, token cache, password gate).
 *
 * Wiring: sp_server_config.app = &sp_app_ops_http, .app_context = the sp_app,
 * .app_loop_create = sp_app_loop_create, .app_loop_destroy =
 * sp_app_loop_destroy.
 *
 * Passwords and profiles are read on libuv's thread pool: at most
 * max(loops, processors / 2) of its threads compute passwords, so it should
 * have more than that (UV_THREADPOOL_SIZE, default 4).
 *
 * The same rules for e-mail, nickname and password serve the tools: see
 * net/text_rules.h and net/password.h, included here.
 */
#ifndef SP_NET_APP_H
#define SP_NET_APP_H

#include <stdatomic.h>

#include "engine/event_reader.h"
#include "engine/profile.h"
#include "net/cors.h"
#include "net/exchange.h"
#include "net/figures.h"
#include "net/logger.h"
#include "net/password.h"
#include "net/text_rules.h"
#include "net/token.h"

typedef struct sp_app sp_app;

#define SP_WRITES_PER_S_MAX 1000000u

typedef struct sp_app_config {
    sp_profile_reader *profiles; /* borrowed; called on pool threads */
    sp_event_reader *events;     /* likewise; NULL (in tests): none can be read */
    sp_signing_key signing_key;  /* copied; sp_app_set_keys adds others */
    bool signup_open;
    sp_points signup_points; /* 0 … SP_GRANT_MAX */
    /* Borrowed; written by the program (release), read by loops (acquire).
     * While *serving is false, and for good once *failed is true, every route
     * but /livez answers 503: starting, or stopping. */
    const atomic_bool *serving;
    const atomic_bool *failed;
    uint32_t loops_count;           /* who share the password computations */
    sp_password_cost password_cost; /* all 0: sp_password_cost_default */
    uint32_t sign_ups_per_hour;     /* of a network; 0: no limit, … SP_SIGN_UPS_PER_HOUR_MAX */
    sp_logger *logger;              /* borrowed; NULL: nothing is logged */
    uint32_t writes_per_s_max;      /* of a user or an unknown network; 0: no limit, …
                                * SP_WRITES_PER_S_MAX */
    const sp_cors *cors;            /* borrowed; NULL: CORS is off */
    const char *version; /* the program's, for /openapi.json; static; NULL: none is said */
    /* Borrowed; for /metrics and /v1/admin/stats. Its metrics are the server's.
     * NULL: there are no such routes. */
    const sp_figures_sources *figures;
} sp_app_config;

/* Blocks for one password computation (the dummy that an unknown e-mail is
 * checked against). NULL if out of memory or the key's id is not one. */
sp_app *sp_app_create(const sp_app_config *config);
/* After all loops have ended. Wipes the keys. */
void sp_app_destroy(sp_app *app);

/* Other keys from now on, in all loops and without a pause: the first signs,
 * the others verify until their end. Tokens of a key that is not among them are
 * good no more. One thread calls this at a time. false if out of memory, or
 * they are no keys (net/token_ring.h): then nothing has changed. */
bool sp_app_set_keys(sp_app *app, const sp_signing_key *keys, uint32_t count, sp_time_ms now);

extern const sp_app_ops sp_app_ops_http;

/* The context of one loop; any thread while the loop does not run. NULL if
 * out of memory. */
void *sp_app_loop_create(void *app, sp_loop *loop);
void sp_app_loop_destroy(void *app_loop);

#endif
