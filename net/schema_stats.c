/* SPDX-License-Identifier: MIT
 *
 * What GET /v1/admin/stats has: net/stats_json.c writes it. What can not be had
 * is null.
 */
#include <stddef.h>

#include "net/metrics.h"
#include "net/schema_fields.h"

#define COUNT(key) SP_KEY_COUNT(key)
#define COUNT_IF(key) SP_KEY_COUNT(key, .nullable = true)
#define SECONDS(key) SP_KEY(key, SECONDS)
#define THROTTLE(id, key) COUNT(key),

static const sp_schema_field stats_keys[] = {
    SP_KEY_SEQ(.nullable = true),
    SP_KEY("now", TIME),
    SP_KEY("startedAt", TIME),
    SECONDS("uptimeSeconds"),
    SP_KEY("version", TEXT, .min = 1, .max = SP_VERSION_SIZE_MAX, .example = "\"1.0.0\""),
    COUNT_IF("concerts"),
    COUNT_IF("categories"),
    COUNT_IF("users"),
    COUNT_IF("orders"),
    COUNT_IF("ordersCancelled"),
    COUNT_IF("soldSeats"),
    COUNT_IF("heldSeats"),
    COUNT_IF("holds"),
    COUNT_IF("points"),
    COUNT_IF("streams"),
    SP_KEY_SHAPE("connections", CONNECTIONS),
    SP_KEY_SHAPE("queue", QUEUE_FIGURES, .nullable = true),
    SP_KEY_SHAPE("sequencer", SEQUENCER_FIGURES, .nullable = true),
    SP_KEY_SHAPE("orderSeconds", TIMES, .about = "Of POST /v1/orders, as answered."),
    SP_KEY_SHAPE("requests", REQUEST_FIGURES),
    SP_KEY("rejections", COUNTS, .pattern = "^[a-z_]+$", .example = "{\"seat_taken\":3}",
           .about = "Problems answered, by code."),
    SP_KEY_SHAPE("throttled", THROTTLED),
    SP_KEY_SHAPE("loops", LOOP_FIGURES, .many = true, .count_min = 1),
    COUNT("sentBytes"),
    COUNT("memoryBytes"),
    SECONDS("cpuSeconds"),
    COUNT("openFiles"),
    COUNT("openFilesMax"),
    COUNT_IF("logBytes"),
    COUNT_IF("diskFreeBytes"),
    COUNT_IF("logLinesDropped"),
    SP_KEYS_END,
};

static const sp_schema_field connections_keys[] = {
    COUNT("open"),
    COUNT("accepted"),
    COUNT("turnedAway"),
    SP_KEYS_END,
};

static const sp_schema_field queue_figures_keys[] = {
    COUNT("depth"),
    COUNT("high"),
    COUNT("capacity"),
    SP_KEYS_END,
};

static const sp_schema_field sequencer_figures_keys[] = {
    COUNT("batches"),
    COUNT("commands"),
    COUNT("events"),
    COUNT("batchHigh"),
    SECONDS("cycleSecondsMax"),
    SP_KEY_SHAPE("commitSeconds", TIMES),
    SP_KEY_SHAPE("batchCommands", SIZES),
    SP_KEYS_END,
};

static const sp_schema_field times_keys[] = {
    SECONDS("p50"),
    SECONDS("p99"),
    SECONDS("max"),
    SP_KEYS_END,
};

static const sp_schema_field sizes_keys[] = {
    COUNT("p50"),
    COUNT("p99"),
    COUNT("max"),
    SP_KEYS_END,
};

static const sp_schema_field request_figures_keys[] = {
    COUNT("total"),
    SP_KEY_COUNT("left", .about = "Whose client had gone."),
    SP_KEY("byStatus", COUNTS, .pattern = "^[1-5][0-9][0-9]$", .example = "{\"200\":17,\"409\":3}"),
    SP_KEYS_END,
};

static const sp_schema_field throttled_keys[] = {
    SP_THROTTLES(THROTTLE) SP_KEYS_END,
};

static const sp_schema_field loop_figures_keys[] = {
    COUNT("turns"),
    SECONDS("busySeconds"),
    SECONDS("turnSecondsMax"),
    SP_KEYS_END,
};

const sp_schema_shape sp_schema_stats[SP_PARTS_END] = {
    [SP_SCHEMA_STATS] = {.fields = stats_keys},
    [SP_SCHEMA_CONNECTIONS] = {.fields = connections_keys},
    [SP_SCHEMA_QUEUE_FIGURES] = {.fields = queue_figures_keys},
    [SP_SCHEMA_SEQUENCER_FIGURES] = {.fields = sequencer_figures_keys},
    [SP_SCHEMA_TIMES] = {.fields = times_keys},
    [SP_SCHEMA_SIZES] = {.fields = sizes_keys},
    [SP_SCHEMA_REQUEST_FIGURES] = {.fields = request_figures_keys},
    [SP_SCHEMA_THROTTLED] = {.fields = throttled_keys},
    [SP_SCHEMA_LOOP_FIGURES] = {.fields = loop_figures_keys},
};
