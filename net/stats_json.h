/* SPDX-License-Identifier: MIT
 *
 * Figures as one JSON object, for a dashboard: what the operator of a drop wants
 * on one screen. Numbers alone; the rates are the reader's, from two answers and
 * their uptimeSeconds. What can not be had is null.
 *
 *   {seq, now, startedAt, uptimeSeconds, version, concerts, categories,
 *    users, orders, ordersCancelled, soldSeats, heldSeats, holds, points,
 *    streams, connections: {open, accepted, turnedAway},
 *    queue: {depth, high, capacity},
 *    sequencer: {batches, commands, events, batchHigh, cycleSecondsMax,
 *                commitSeconds: {p50, p99, max}, batchCommands: {p50, p99, max}},
 *    orderSeconds: {p50, p99, max}     of POST /v1/orders, as answered
 *    requests: {total, left, byStatus: {"200": n, …}},
 *    rejections: {code: n, …}, throttled: {limit: n, …},
 *    loops: [{turns, busySeconds, turnSecondsMax}, …], sentBytes,
 *    memoryBytes, cpuSeconds, openFiles, openFilesMax,
 *    logBytes, diskFreeBytes, logLinesDropped}
 *
 * Statuses and codes are there once they were answered; all limits always.
 * Pure; any thread.
 */
#ifndef SP_NET_STATS_JSON_H
#define SP_NET_STATS_JSON_H

#include "net/figures.h"
#include "net/out.h"

/* Appends the text. */
void sp_stats_write(const sp_figures *figures, sp_out *out);

#endif
