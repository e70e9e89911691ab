/* SPDX-License-Identifier: MIT
 *
 * Figures of the state, for /metrics and the dashboard: what the durable events
 * add up to. Loops may not read the state, so whoever owns it (the sequencer)
 * publishes them, after the commit like everything that is told.
 */
#ifndef SP_ENGINE_FIGURES_H
#define SP_ENGINE_FIGURES_H

#include "engine/values.h"

typedef struct sp_engine_figures {
    sp_seq seq;                /* of the last event that is in them */
    uint64_t users;            /* who are there now, erased ones not */
    uint64_t orders;           /* ever paid */
    uint64_t orders_cancelled; /* of these */
    uint64_t sold_seats;       /* at this moment, over all concerts */
    uint64_t held_seats;
    uint64_t holds_live;
    sp_points points_total; /* of all users; may be below 0 */
} sp_engine_figures;

#endif
