/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench floor plain | durable`: the least server there can be, on
 * the same libraries, to compare ours with in the same run.
 *
 *   plain     parses requests, answers constant bytes
 *   durable   the same, and each request goes through the queue to a thread
 *             that puts a record into LMDB and commits a batch, and is
 *             answered when that is durable
 *
 * The answer is by default one that the server's own code writes to an order of
 * a seat (--status 201), or to an unchanged seat map (--status 304), with the
 * names and numbers of bench/sample.h. Those of another stage make a longer or
 * shorter one: to compare with a server, give --answer-bytes what it answers.
 */
#include "bench/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/floor_log.h"
#include "bench/floor_loop.h"
#include "bench/sample.h"
#include "net/listen.h"
#include "storage/wait.h"
#include "tools/options.h"

#define ANSWER_BYTES_MAX (1u << 20)
#define LISTEN_DEFAULT "127.0.0.1:8080"

/* As the server writes it, of the sample. */
static bool copy_answer(uint32_t status, sp_out *out)
{
    sp_bench_sample *sample = sp_bench_sample_create();
    if (sample == NULL)
        return false;
    sp_bench_sample_answer(sample, status == 304 ? SP_BENCH_ANSWER_UNCHANGED : SP_BENCH_ANSWER_PAID,
                           out);
    sp_bench_sample_destroy(sample);
    return true;
}

#define HEAD_SIZE_MAX 160u

/* The head of a 201 that has so many bytes with its body. The length's own
 * digits count: for most sizes that settles within a few rounds; between 9 and
 * 10, 99 and 100, … none fits, and one blank more in the field makes it fit.
 * Returns the head's size. */
static uint32_t created_head(uint32_t bytes, char head[HEAD_SIZE_MAX])
{
    uint32_t size = 0;
    for (int blanks = 1; blanks <= 2; blanks++) {
        uint32_t body = 0;
        for (int round = 0; round < 4; round++) {
            size = (uint32_t)snprintf(head, HEAD_SIZE_MAX,
                                      "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                                      "Content-Length:%*s%u\r\n\r\n",
                                      blanks, "", body);
            if (size + body == bytes)
                return size;
            body = bytes > size ? bytes - size : 0;
        }
    }
    return size;
}

/* An answer of exactly so many bytes: a 201 is filled up in its body, a 304,
 * which has none, in a field. */
static bool make_answer(uint32_t status, uint32_t bytes, sp_out *out)
{
    char head[HEAD_SIZE_MAX] = "HTTP/1.1 304 Not Modified\r\nETag: \"1-1\"\r\nX: ";
    const char *tail = status == 304 ? "\r\n\r\n" : "";
    size_t size = status == 304 ? strlen(head) : created_head(bytes, head);
    size_t least = size + strlen(tail);
    if (bytes < least) {
        fprintf(stderr, "stagepick bench floor: a %u has at least %zu bytes\n", status, least);
        return false;
    }
    sp_out_bytes(out, head, size);
    memset(sp_out_reserve(out, bytes - least), ' ', bytes - least);
    out->size += bytes - least;
    sp_out_string(out, tail);
    return true;
}

typedef struct floor_run {
    bool durable;
    sp_bench_floor_commit commit;
    const char *listen, *dir;
    uint32_t status, answer_bytes; /* 0 = the sample's */
} floor_run;

static void on_stop(void *context)
{
    sp_bench_floor_log_stop(context);
}

/* Opens the socket, says where, and serves. */
static int serve(const floor_run *f, const sp_out *answer, sp_queue *queue, sp_bench_floor_log *log)
{
    sp_listen_address address;
    char name[320];
    int fd = -1;
    if (!sp_listen_address_parse(f->listen, &address)) {
        fprintf(stderr, "stagepick: --listen takes HOST:PORT, not: %s\n", f->listen);
        return SP_EXIT_USAGE;
    }
    int error = sp_listen_open(&address, &fd, 1);
    if (error != 0) {
        fprintf(stderr, "stagepick: can not listen on %s: %s\n", f->listen, uv_strerror(error));
        return SP_EXIT_FAILED;
    }
    if (log != NULL && !sp_bench_floor_log_start(log)) {
        close(fd);
        return SP_EXIT_FAILED;
    }
    sp_bench_floor_config config = {.fd = fd,
                                    .answer = answer->bytes,
                                    .answer_size = (uint32_t)answer->size,
                                    .queue = queue,
                                    .stop = log != NULL ? on_stop : NULL,
                                    .context = log};
    sp_listen_name(fd, name, sizeof name);
    sp_bench_floor_loop *loop = NULL;
    error = sp_bench_floor_loop_create(&config, &loop);
    if (error != 0) {
        fprintf(stderr, "stagepick bench floor: %s\n", uv_strerror(error));
        return SP_EXIT_FAILED;
    }
    const char *how = f->commit == SP_BENCH_FLOOR_GROUPED ? "durable, grouped" : "durable, lmdb";
    fprintf(stderr, "floor %s: a %u of %zu bytes to every request\n", f->durable ? how : "plain",
            f->status, answer->size);
    printf("listening on http://%s\n", name);
    fflush(stdout);
    sp_bench_floor_loop_run(loop);
    return SP_EXIT_OK;
}

static int serve_durable(const floor_run *f, const sp_out *answer)
{
    sp_futex_wait wait;
    sp_futex_wait_init(&wait);
    int code = SP_EXIT_FAILED;
    sp_queue *queue = sp_queue_create(SP_BENCH_FLOOR_SLOTS, &wait.wait);
    if (queue == NULL) {
        fputs("stagepick bench: out of memory\n", stderr);
        return code;
    }
    sp_bench_floor_log *log = sp_bench_floor_log_open(f->dir, f->commit, queue);
    if (log != NULL) {
        code = serve(f, answer, queue, log);
        sp_bench_floor_log_stop(log);
    }
    sp_bench_floor_log_close(log);
    sp_queue_destroy(queue);
    return code;
}

static int run(const floor_run *f)
{
    sp_out answer;
    sp_out_init(&answer);
    bool made = f->answer_bytes > 0 ? make_answer(f->status, f->answer_bytes, &answer)
                                    : copy_answer(f->status, &answer);
    /* A client that has gone is an error of its write, not the end of us. */
    signal(SIGPIPE, SIG_IGN);
    int code = SP_EXIT_FAILED;
    if (made)
        code = f->durable ? serve_durable(f, &answer) : serve(f, &answer, NULL, NULL);
    sp_out_close(&answer);
    return code;
}

enum { LISTEN, DATA, ANSWER_BYTES, STATUS, COMMIT, OPTIONS_COUNT };

static const char usage[] =
    "stagepick bench floor plain | durable [OPTION]...\n"
    "Serves constant answers: the least work that a server on these libraries can do.";

/* What the options say; false after a line on stderr. */
static bool read_options(const sp_option *options, floor_run *f)
{
    uint64_t number;
    if (options[ANSWER_BYTES].count > 0) {
        if (!sp_option_number(&options[ANSWER_BYTES], 1, ANSWER_BYTES_MAX, &number))
            return false;
        f->answer_bytes = (uint32_t)number;
    }
    if (options[STATUS].count > 0) {
        if (!sp_option_number(&options[STATUS], 201, 304, &number))
            return false;
        if (number != 201 && number != 304) {
            fputs("stagepick: --status takes 201 or 304\n", stderr);
            return false;
        }
        f->status = (uint32_t)number;
    }
    const char *commit = options[COMMIT].values[0];
    f->commit = strcmp(commit, "grouped") == 0 ? SP_BENCH_FLOOR_GROUPED : SP_BENCH_FLOOR_LMDB;
    if (f->commit == SP_BENCH_FLOOR_LMDB && strcmp(commit, "lmdb") != 0) {
        fputs("stagepick: --commit takes lmdb or grouped\n", stderr);
        return false;
    }
    if (f->durable == (options[DATA].count > 0) && (f->durable || options[COMMIT].count == 0))
        return true;
    fputs(f->durable ? "stagepick: --data DIR is needed\n"
                     : "stagepick: --data and --commit go with the durable floor\n",
          stderr);
    return false;
}

int sp_bench_floor(int argc, char **argv)
{
    const char *texts[OPTIONS_COUNT] = {[LISTEN] = LISTEN_DEFAULT, [COMMIT] = "lmdb"};
    sp_option options[OPTIONS_COUNT] = {
        [LISTEN] = {"listen", "HOST:PORT", "where to listen (" LISTEN_DEFAULT ")", &texts[LISTEN],
                    1, 0},
        [DATA] = {"data", "DIR", "durable: the directory of its file", &texts[DATA], 1, 0},
        [ANSWER_BYTES] = {"answer-bytes", "N", "size of an answer (the sample's)",
                          &texts[ANSWER_BYTES], 1, 0},
        [STATUS] = {"status", "201|304", "which answer (201)", &texts[STATUS], 1, 0},
        [COMMIT] = {"commit", "lmdb|grouped", "durable: how it commits (lmdb)", &texts[COMMIT], 1,
                    0},
    };
    int first = 0;
    int parsed = sp_options_parse(usage, options, OPTIONS_COUNT, argc, argv, &first);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;
    const char *kind = argc == first + 1 ? argv[first] : "";
    floor_run f = {.durable = strcmp(kind, "durable") == 0, .status = 201};
    if (!f.durable && strcmp(kind, "plain") != 0) {
        fprintf(stderr, "usage: %s\n", usage);
        return SP_EXIT_USAGE;
    }
    if (!read_options(options, &f))
        return SP_EXIT_USAGE;
    f.listen = texts[LISTEN];
    f.dir = texts[DATA];
    return run(&f);
}
