/* SPDX-License-Identifier: MIT */
#include "net/logger.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "net/line_output.h"

/* The server's own lines are few: 256 KiB. Those of the access log are to last
 * for SP_LOGGER_GATHER_MS at 400,000 requests a second: 4 MiB. */
#define LOG_LINES_MAX 256u
#define ACCESS_LINES_MAX 8192u
#define ACCESS_LINE_SIZE_MAX 496u /* a cell of 512 */
#define STOP_TIMEOUT_MS 1000u
/* Beyond that a thread that has not ended hangs in a write. */
#define JOIN_SLACK_MS 1000u

struct sp_logger {
    sp_level level;
    sp_line_ring *log, *access; /* access NULL: off */
    sp_line_output outputs[2];  /* the first is the log's */
    uint32_t outputs_count;
    uint32_t stop_timeout_ms;
    int wake_fd;
    pthread_t thread;
    /* 1: the writer sleeps, or is about to. Both sides exchange it (acquire and
     * release), so that their exchanges have one order: a producer whose comes
     * second reads 1 and wakes; if it comes first, the writer's synchronises
     * with it and its look at the rings after that sees the line. */
    _Atomic uint32_t parked;
    /* Release; the writer acquires. */
    _Atomic bool stopping, reopening;
};

/* --- the writer's thread --- */

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void wake(const sp_logger *logger)
{
    /* Fails only when the counter is full: then it is awake. */
    uint64_t one = 1;
    (void)!write(logger->wake_fd, &one, sizeof one);
}

static void reopen(sp_logger *logger)
{
    if (!atomic_exchange_explicit(&logger->reopening, false, memory_order_acquire))
        return;
    for (uint32_t i = 0; i < logger->outputs_count; i++) {
        int error = sp_line_output_reopen(&logger->outputs[i]);
        if (error != 0)
            sp_log_say(logger, SP_LEVEL_ERROR, "access_log_not_reopened", strerror(error));
    }
}

typedef struct round {
    bool more;    /* a full batch went out: go on at once */
    bool moved;   /* something was written */
    bool blocked; /* a reader takes nothing */
    struct pollfd fds[3];
    nfds_t fds_count;
} round;

static round work(sp_logger *logger)
{
    round r = {.fds = {{.fd = logger->wake_fd, .events = POLLIN}}, .fds_count = 1};
    for (uint32_t i = 0; i < logger->outputs_count; i++) {
        sp_line_output *output = &logger->outputs[i];
        int error_before = output->error;
        bool had_any = !sp_line_output_is_empty(output);
        sp_line_output_state state = sp_line_output_work(output);
        r.more |= state == SP_LINE_OUTPUT_MORE;
        r.moved |= had_any && state != SP_LINE_OUTPUT_BLOCKED;
        if (state == SP_LINE_OUTPUT_BLOCKED) {
            r.blocked = true;
            r.fds[r.fds_count++] = (struct pollfd){.fd = output->fd, .events = POLLOUT};
        }
        /* Told once, where that can still be read: not if it is the log itself. */
        if (i > 0 && output->error != 0 && error_before == 0)
            sp_log_say(logger, SP_LEVEL_ERROR, "access_log_failed", strerror(output->error));
    }
    return r;
}

static bool nothing_to_do(const sp_logger *logger)
{
    for (uint32_t i = 0; i < logger->outputs_count; i++)
        if (!sp_line_output_is_empty(&logger->outputs[i]))
            return false;
    return !atomic_load_explicit(&logger->stopping, memory_order_acquire) &&
           !atomic_load_explicit(&logger->reopening, memory_order_acquire);
}

/* Until a line comes, or someone wants something. */
static void park(sp_logger *logger, round *r)
{
    atomic_exchange_explicit(&logger->parked, 1, memory_order_acq_rel);
    if (nothing_to_do(logger))
        (void)poll(r->fds, r->fds_count, -1);
    atomic_exchange_explicit(&logger->parked, 0, memory_order_acq_rel);
}

static void drain_wakes(const sp_logger *logger)
{
    uint64_t count;
    (void)!read(logger->wake_fd, &count, sizeof count);
}

static void *run(void *context)
{
    sp_logger *logger = context;
    uint64_t stop_at_ms = UINT64_MAX;
    for (;;) {
        bool stopping = atomic_load_explicit(&logger->stopping, memory_order_acquire);
        reopen(logger);
        round r = work(logger);
        if (stopping && stop_at_ms == UINT64_MAX)
            stop_at_ms = monotonic_ms() + logger->stop_timeout_ms;
        if (stopping && ((!r.moved && !r.blocked) || monotonic_ms() >= stop_at_ms))
            return NULL;
        if (r.more)
            continue;
        /* Not parked while a reader is slow: else each line that comes meanwhile
         * would be a wake-up in vain. */
        if (r.moved || r.blocked)
            (void)poll(r.fds, r.fds_count, stopping && r.moved ? 0 : SP_LOGGER_GATHER_MS);
        else
            park(logger, &r);
        drain_wakes(logger);
    }
}

/* --- life --- */

static void destroy(sp_logger *logger)
{
    for (uint32_t i = 0; i < logger->outputs_count; i++)
        sp_line_output_close(&logger->outputs[i]);
    sp_line_ring_destroy(logger->log);
    sp_line_ring_destroy(logger->access);
    if (logger->wake_fd >= 0)
        close(logger->wake_fd);
    free(logger);
}

static int open_outputs(sp_logger *logger, const sp_logger_config *config)
{
    int error = sp_line_output_open_fd(&logger->outputs[0], config->log_fd);
    if (error != 0)
        return error;
    logger->outputs_count = 1;
    sp_line_output_add(&logger->outputs[0], logger->log, "log");
    if (logger->access == NULL)
        return 0;
    sp_line_output *output = &logger->outputs[0];
    if (!config->access_to_log_fd) {
        output = &logger->outputs[1];
        error = sp_line_output_open_path(output, config->access_path);
        if (error != 0)
            return error;
        logger->outputs_count = 2;
    }
    sp_line_output_add(output, logger->access, "access");
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

int sp_logger_start(const sp_logger_config *config, sp_logger **out)
{
    bool has_access = config->access_to_log_fd || config->access_path != NULL;
    int error = ENOMEM;
    sp_logger *logger = calloc(1, sizeof *logger);
    if (logger == NULL)
        return error;
    logger->level = config->level;
    logger->stop_timeout_ms = or_default(config->stop_timeout_ms, STOP_TIMEOUT_MS);
    logger->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (logger->wake_fd < 0) {
        error = errno;
        goto failed;
    }
    logger->log =
        sp_line_ring_create(or_default(config->log_lines_max, LOG_LINES_MAX), SP_LOG_LINE_SIZE_MAX);
    if (has_access)
        logger->access = sp_line_ring_create(or_default(config->access_lines_max, ACCESS_LINES_MAX),
                                             ACCESS_LINE_SIZE_MAX);
    if (logger->log == NULL || (has_access && logger->access == NULL))
        goto failed;
    error = open_outputs(logger, config);
    if (error == 0)
        error = pthread_create(&logger->thread, NULL, run, logger);
    if (error == 0) {
        *out = logger;
        return 0;
    }
failed:
    destroy(logger);
    return error;
}

void sp_logger_stop(sp_logger *logger)
{
    if (logger == NULL)
        return;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (logger->stop_timeout_ms + JOIN_SLACK_MS) / 1000 + 1;
    atomic_store_explicit(&logger->stopping, true, memory_order_release);
    wake(logger);
    if (pthread_timedjoin_np(logger->thread, NULL, &until) == 0)
        destroy(logger);
}

void sp_logger_reopen(sp_logger *logger)
{
    if (logger == NULL)
        return;
    atomic_store_explicit(&logger->reopening, true, memory_order_release);
    wake(logger);
}

/* --- those who log --- */

static void put(sp_logger *logger, sp_line_ring *ring, const char *bytes, size_t size)
{
    sp_line_ring_put(ring, bytes, size);
    if (atomic_exchange_explicit(&logger->parked, 0, memory_order_acq_rel) == 1)
        wake(logger);
}

sp_json_writer *sp_log_begin(const sp_logger *logger, sp_log_line *line, sp_level level,
                             const char *event)
{
    if (logger == NULL || level > logger->level)
        return NULL;
    return sp_log_line_begin(line, level, event);
}

void sp_log_end(sp_logger *logger, sp_log_line *line)
{
    sp_log_line_end(line);
    put(logger, logger->log, line->out.bytes, line->out.size);
    sp_log_line_close(line);
}

void sp_log_say(sp_logger *logger, sp_level level, const char *event, const char *detail)
{
    sp_log_line line = {0};
    if (sp_log_begin(logger, &line, level, event) == NULL)
        return;
    if (detail != NULL)
        sp_log_line_text(&line, "detail", detail);
    sp_log_end(logger, &line);
}

bool sp_logger_has_access(const sp_logger *logger)
{
    return logger != NULL && logger->access != NULL;
}

void sp_logger_put_access(sp_logger *logger, const char *bytes, size_t size)
{
    put(logger, logger->access, bytes, size);
}

void sp_logger_dropped(const sp_logger *logger, uint64_t *log, uint64_t *access)
{
    *log = sp_line_ring_dropped(logger->log);
    *access = logger->access != NULL ? sp_line_ring_dropped(logger->access) : 0;
}
