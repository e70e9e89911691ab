/* SPDX-License-Identifier: MIT
 *
 * Figures in Prometheus' text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/): HELP and TYPE
 * once a metric, samples behind them, base units (seconds, bytes).
 *
 * Names begin with stagepick_, but for those of the process, which have the
 * names that every exporter gives them. Labels have values from the program's
 * own tables alone: routes, statuses, codes, limits, loops. So their number is
 * bounded by the program, whatever clients ask. A route's rows are there once
 * it has been asked; what can not be had (yet) is left out, never 0.
 *
 * Pure; any thread.
 */
#ifndef SP_NET_METRICS_TEXT_H
#define SP_NET_METRICS_TEXT_H

#include "net/figures.h"
#include "net/out.h"

#define SP_METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends the whole page. figures->http has a row for each of sp_routes, and
 * the one for the unknown. */
void sp_metrics_text_write(const sp_figures *figures, sp_out *out);

/* A value as a label has it: backslash, quote and line feed escaped. */
void sp_metrics_text_label(sp_out *out, const char *value);

#endif
