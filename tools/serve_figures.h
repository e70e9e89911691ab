/* SPDX-License-Identifier: MIT
 *
 * Where the figures of a serving program come from that net can not ask for
 * itself: the runtime's parts, wired into net/figures.h.
 *
 * The sequencer and the log are made while loops run already and answer
 * /metrics: they are looked at only once *serving is true (acquire, paired with
 * serve_command.c's release), and they outlive the loops.
 */
#ifndef SP_TOOLS_SERVE_FIGURES_H
#define SP_TOOLS_SERVE_FIGURES_H

#include <stdatomic.h>

#include "net/figures.h"
#include "net/server.h"
#include "tools/runtime.h"

typedef struct sp_serve_figures {
    sp_figures_sources sources; /* the caller adds metrics, logger, queue_capacity */
    const sp_runtime *runtime;
    sp_server *const *server;
    const atomic_bool *serving;
} sp_serve_figures;

/* All are borrowed; the runtime was opened, *server is set by the time that
 * *serving is. Stays where it is: the sources point back to it. */
void sp_serve_figures_init(sp_serve_figures *figures, const sp_runtime *runtime,
                           sp_server *const *server, const atomic_bool *serving);

#endif
