/* SPDX-License-Identifier: MIT
 *
 * Whole runs against a fake server that answers GET /livez: what is counted,
 * that a stall shows in the latencies of an open loop (coordinated omission),
 * and every way in which an answer can fail to come.
 */
#include "bench/load_client.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char ordinary[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
static const char refusal[] =
    "HTTP/1.1 503 No\r\nContent-Length: 21\r\n\r\n{\"code\":\"queue_full\"}";
static const char closing[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/* What the server does with its n-th request (from 1), over all connections. */
typedef struct fake {
    int listen_fd;
    struct sockaddr_in address;
    uint64_t stall_at, stall_ms; /* all wait behind this one */
    uint64_t each_ms;            /* so long for every one, one after the other */
    uint64_t refuse_every;
    uint64_t hang_up_at, garbage_at, mute_at, close_at; /* mute: that one is not answered */
    pthread_mutex_t lock;
    uint64_t requests_count;
    atomic_uint connections_count;
} fake;

static fake server;

/* The answer, or NULL to hang up, or "" for none. */
static const char *next_answer(void)
{
    const char *answer = ordinary;
    pthread_mutex_lock(&server.lock);
    uint64_t n = ++server.requests_count;
    if (n == server.stall_at)
        usleep((useconds_t)server.stall_ms * 1000);
    if (server.each_ms > 0)
        usleep((useconds_t)server.each_ms * 1000);
    if (server.refuse_every > 0 && n % server.refuse_every == 0)
        answer = refusal;
    if (n == server.garbage_at)
        answer = "no HTTP at all\r\n\r\n";
    if (n == server.mute_at)
        answer = "";
    if (n == server.close_at)
        answer = closing;
    if (n == server.hang_up_at)
        answer = NULL;
    pthread_mutex_unlock(&server.lock);
    return answer;
}

static bool answer_all(int fd, const char *bytes, ssize_t size)
{
    static const char end[] = "\r\n\r\n";
    static _Thread_local uint32_t matched;
    for (ssize_t i = 0; i < size; i++) {
        matched = bytes[i] == end[matched] ? matched + 1 : bytes[i] == '\r';
        if (matched < 4)
            continue;
        matched = 0;
        const char *answer = next_answer();
        size_t length = answer != NULL ? strlen(answer) : 0;
        if (answer == NULL || (length > 0 && send(fd, answer, length, MSG_NOSIGNAL) < 0) ||
            answer == closing)
            return false;
    }
    return true;
}

static void *serve_connection(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char bytes[4096];
    ssize_t size;
    while ((size = recv(fd, bytes, sizeof bytes, 0)) > 0 && answer_all(fd, bytes, size)) {
    }
    close(fd);
    atomic_fetch_sub(&server.connections_count, 1);
    return NULL;
}

/* Until the listening socket is shut down. */
static void *accept_all(void *unused)
{
    int fd;
    (void)unused;
    while ((fd = accept(server.listen_fd, NULL, NULL)) >= 0) {
        pthread_t thread;
        atomic_fetch_add(&server.connections_count, 1);
        assert_int_equal(pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd), 0);
        pthread_detach(thread);
    }
    return NULL;
}

static pthread_t acceptor;

static int start_server(void **state)
{
    socklen_t size = sizeof server.address;
    (void)state;
    memset(&server, 0, sizeof server);
    pthread_mutex_init(&server.lock, NULL);
    server.address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server.listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listen_fd, (struct sockaddr *)&server.address, size) != 0 ||
        listen(server.listen_fd, 100) != 0)
        return -1;
    getsockname(server.listen_fd, (struct sockaddr *)&server.address, &size);
    return pthread_create(&acceptor, NULL, accept_all, NULL);
}

/* All clients are gone, so their threads end too. */
static int stop_server(void **state)
{
    (void)state;
    shutdown(server.listen_fd, SHUT_RDWR);
    pthread_join(acceptor, NULL);
    close(server.listen_fd);
    while (atomic_load(&server.connections_count) > 0)
        usleep(1000);
    return 0;
}

static sp_bench_load_outcome outcome;
static char why[200];

/* Runs a plan, whose address, protocol and workload are filled in here. */
static bool run(sp_bench_load_plan plan)
{
    sp_bench_load_wire wire = {.host = "fake:1"};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    sp_bench_load_stage stage = {
        .users = {1, 1}, .concerts = {1, 1}, .seats_count = 1, .group_size = 1};
    plan.address = (const struct sockaddr *)&server.address;
    plan.protocol = &sp_bench_load_http;
    plan.wire = http;
    if (plan.workload == NULL)
        plan.workload = &sp_bench_load_livez;
    plan.sequence = plan.workload->open(&stage, why, sizeof why);
    if (plan.timeout_ms == 0)
        plan.timeout_ms = 60000;
    if (plan.drain_ms == 0)
        plan.drain_ms = 10000;
    sp_bench_histogram_destroy(outcome.latency);
    outcome = (sp_bench_load_outcome){.latency = sp_bench_histogram_create()};
    bool good = sp_bench_load_run(&plan, &outcome, why, sizeof why);
    plan.workload->close(plan.sequence);
    sp_bench_load_http.close(http);
    return good;
}

static void a_counted_run_asks_exactly_so_often(void **state)
{
    (void)state;
    for (uint32_t depth = 1; depth <= 64; depth *= 8) {
        server.requests_count = 0;
        assert_true(run((sp_bench_load_plan){
            .connections_count = 7, .depth = depth, .requests_count = 5000, .from = 100}));
        assert_int_equal(server.requests_count, 5000);
        assert_int_equal(outcome.measured.accepted, 5000);
        assert_int_equal(outcome.measured.statuses[200], 5000);
        assert_int_equal(outcome.warmup.accepted + outcome.late.accepted, 0);
        assert_int_equal(outcome.next, 5100);
        assert_int_equal(outcome.unanswered + outcome.unsent, 0);
        assert_int_equal(sp_bench_histogram_count(outcome.latency), 5000);
        assert_true(outcome.seconds > 0);
    }
}

static void a_timed_run_counts_the_warm_up_apart(void **state)
{
    (void)state;
    server.refuse_every = 10;
    assert_true(run(
        (sp_bench_load_plan){.connections_count = 3, .depth = 2, .warmup_ms = 200, .run_ms = 300}));
    uint64_t measured = outcome.measured.accepted + outcome.measured.refused;
    uint64_t warmup = outcome.warmup.accepted + outcome.warmup.refused;
    uint64_t late = outcome.late.accepted + outcome.late.refused;
    assert_true(measured > 0 && warmup > 0);
    assert_true(late <= 6); /* what was in flight at the end */
    assert_int_equal(warmup + measured + late, server.requests_count);
    assert_int_equal(outcome.next, server.requests_count);
    assert_int_equal(sp_bench_load_counts_code(&outcome.measured, "queue_full") +
                         sp_bench_load_counts_code(&outcome.warmup, "queue_full") +
                         sp_bench_load_counts_code(&outcome.late, "queue_full"),
                     server.requests_count / 10);
    assert_true(outcome.seconds == 0.3);
}

/* Requests wait while the server stalls for 400 ms, though most of them were
 * not even sent: 1,000 a second are meant for then, so 200 of the 1,000 have
 * waited 200 ms at least. */
static void an_open_loop_feels_a_stall(void **state)
{
    (void)state;
    server.stall_at = 300;
    server.stall_ms = 400;
    assert_true(run(
        (sp_bench_load_plan){.connections_count = 4, .depth = 1, .rate = 1000, .run_ms = 1000}));
    assert_int_equal(outcome.measured.accepted + outcome.late.accepted, 1000);
    assert_int_equal(server.requests_count, 1000);
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 1000);
    assert_true(sp_bench_histogram_percentile_us(outcome.latency, 82) >= 200000);
    assert_true(sp_bench_histogram_max_us(outcome.latency) >= 400000);
    assert_int_equal(outcome.unsent, 0);
}

/* The same stall in a closed loop is felt by one request alone: what the open
 * loop is there for. */
static void a_closed_loop_does_not(void **state)
{
    (void)state;
    server.stall_at = 300;
    server.stall_ms = 400;
    assert_true(
        run((sp_bench_load_plan){.connections_count = 1, .depth = 1, .requests_count = 1000}));
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 1000);
    assert_true(sp_bench_histogram_max_us(outcome.latency) >= 400000);
    assert_true(sp_bench_histogram_percentile_us(outcome.latency, 82) < 200000);
}

/* ---- units of two requests ---- */

static uint32_t follows_asked, follows_of_another;

/* Two of three units have a second request. */
static bool follow(void *workload, uint64_t index, uint32_t step,
                   const sp_bench_load_answer *answer, sp_bench_load_request *out)
{
    (void)workload;
    follows_asked++;
    follows_of_another += answer->status != 200 || answer->body.size != 2;
    *out = (sp_bench_load_request){.kind = SP_BENCH_LOAD_LIVEZ, .index = index};
    return step == 0 && index % 3 != 0;
}

static const sp_bench_load_step two_steps[] = {{"first", SP_BENCH_LOAD_LIVEZ},
                                               {"second", SP_BENCH_LOAD_LIVEZ}};

static sp_bench_load_workload units(void)
{
    sp_bench_load_workload w = sp_bench_load_livez;
    w.steps = two_steps;
    w.steps_count = 2;
    w.follow = follow;
    w.reads_bodies = true;
    follows_asked = follows_of_another = 0;
    return w;
}

static void a_unit_ends_with_its_last_answer(void **state)
{
    (void)state;
    sp_bench_load_workload w = units();
    for (uint64_t rate = 0; rate <= 3000; rate += 3000) {
        server.requests_count = 0;
        follows_asked = 0;
        assert_true(run((sp_bench_load_plan){.workload = &w,
                                             .connections_count = 3,
                                             .depth = 5,
                                             .rate = rate,
                                             .requests_count = 900}));
        assert_int_equal(server.requests_count, 1500);
        assert_int_equal(outcome.measured.accepted, 900);
        assert_int_equal(sp_bench_histogram_count(outcome.latency), 900);
        assert_int_equal(outcome.next, 900);
        assert_int_equal(follows_asked, 1500);
        assert_int_equal(follows_of_another, 0);
        assert_int_equal(outcome.unanswered + outcome.unsent, 0);
    }
}

/* A refused unit ends where it was refused, and a lost connection ends those on it:
 * the run is over all the same. */
static void a_unit_may_end_early(void **state)
{
    (void)state;
    sp_bench_load_workload w = units();
    server.refuse_every = 4;
    assert_true(run((sp_bench_load_plan){
        .workload = &w, .connections_count = 2, .depth = 3, .requests_count = 300}));
    assert_int_equal(outcome.measured.accepted + outcome.measured.refused, 300);
    assert_int_equal(outcome.measured.refused, server.requests_count / 4);
    server.refuse_every = 0;
    server.hang_up_at = server.requests_count + 50;
    assert_true(run((sp_bench_load_plan){
        .workload = &w, .connections_count = 2, .depth = 3, .requests_count = 300}));
    assert_true(outcome.unanswered >= 1 && outcome.unanswered <= 3);
    assert_int_equal(outcome.measured.accepted + outcome.unanswered + outcome.unsent, 300);
}

static void arrivals_keep_their_rate(void **state)
{
    (void)state;
    assert_true(run((sp_bench_load_plan){
        .connections_count = 8, .depth = 4, .rate = 3000, .warmup_ms = 100, .run_ms = 500}));
    /* By the moment of the answer, so those of the edges may be elsewhere. */
    assert_true(outcome.warmup.accepted > 0 && outcome.warmup.accepted <= 300);
    assert_int_equal(outcome.warmup.accepted + outcome.measured.accepted + outcome.late.accepted,
                     1800);
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 1500);
    assert_true(run((sp_bench_load_plan){
        .connections_count = 2, .depth = 1, .rate = 777, .warmup_ms = 0, .requests_count = 100}));
    assert_int_equal(outcome.measured.accepted, 100);
    /* The hundredth is meant for 99/777 s after the first. */
    assert_true(outcome.seconds >= 99.0 / 777);
}

/* 1,000 a second are asked of a server that can do 200 at most: 60 in the
 * window of 300 ms, the other 240 behind it. Those are waited for and felt in
 * the latencies, but are no part of the rate. */
static void a_slow_server_does_not_reach_the_asked_rate(void **state)
{
    (void)state;
    server.each_ms = 5;
    assert_true(run((sp_bench_load_plan){
        .connections_count = 4, .depth = 1, .rate = 1000, .run_ms = 300, .drain_ms = 60000}));
    assert_true(outcome.seconds == 0.3);
    assert_true(outcome.measured.accepted < 100);
    assert_int_equal(outcome.measured.accepted + outcome.late.accepted, 300);
    assert_int_equal(outcome.unanswered + outcome.unsent, 0);
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 300);
    assert_true(sp_bench_histogram_max_us(outcome.latency) >= 1200000);
}

/* By number the run lasts until the last answer, so the rate is right with all
 * of them, and none is late. */
static void a_counted_run_lasts_as_long_as_a_slow_server(void **state)
{
    (void)state;
    server.each_ms = 5;
    assert_true(run((sp_bench_load_plan){
        .connections_count = 4, .depth = 1, .rate = 1000, .requests_count = 100}));
    assert_int_equal(outcome.measured.accepted, 100);
    assert_int_equal(outcome.late.accepted, 0);
    assert_true(outcome.seconds >= 0.495);
}

/* One connection that never answers: what was due for it has waited till the
 * end, and is told. */
static void what_was_never_sent_is_told(void **state)
{
    (void)state;
    server.mute_at = 1;
    assert_true(run((sp_bench_load_plan){
        .connections_count = 1, .depth = 1, .rate = 100, .run_ms = 300, .drain_ms = 200}));
    assert_int_equal(outcome.measured.accepted, 0);
    assert_int_equal(outcome.unanswered, 1);
    assert_int_equal(outcome.unsent, 29);
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 30);
    assert_true(sp_bench_histogram_max_us(outcome.latency) >= 500000);
    assert_true(sp_bench_histogram_percentile_us(outcome.latency, 1) >= 200000);
}

static void a_connection_that_closes_is_an_error_and_made_again(void **state)
{
    (void)state;
    server.hang_up_at = 50;
    assert_true(
        run((sp_bench_load_plan){.connections_count = 2, .depth = 1, .requests_count = 200}));
    assert_int_equal(outcome.errors[SP_BENCH_LOAD_CLOSED], 1);
    assert_int_equal(outcome.unanswered, 1);
    assert_int_equal(outcome.measured.accepted, 199);
    assert_int_equal(outcome.next, 200);
}

/* The server may close when it has answered. */
static void a_server_that_says_close_is_no_error(void **state)
{
    (void)state;
    server.close_at = 50;
    assert_true(
        run((sp_bench_load_plan){.connections_count = 2, .depth = 1, .requests_count = 200}));
    assert_int_equal(outcome.errors[SP_BENCH_LOAD_CLOSED], 0);
    assert_int_equal(outcome.measured.accepted, 200);
}

static void garbage_is_an_error(void **state)
{
    (void)state;
    server.garbage_at = 20;
    assert_true(
        run((sp_bench_load_plan){.connections_count = 1, .depth = 1, .requests_count = 100}));
    assert_int_equal(outcome.errors[SP_BENCH_LOAD_MALFORMED_ANSWER], 1);
    assert_int_equal(outcome.unanswered, 1);
    assert_int_equal(outcome.measured.accepted, 99);
}

static void an_answer_that_does_not_come_times_out(void **state)
{
    (void)state;
    server.mute_at = 20;
    assert_true(run((sp_bench_load_plan){
        .connections_count = 1, .depth = 1, .requests_count = 100, .timeout_ms = 200}));
    assert_int_equal(outcome.errors[SP_BENCH_LOAD_TIMEOUT], 1);
    assert_int_equal(outcome.unanswered, 1);
    assert_int_equal(outcome.measured.accepted, 99);
    assert_true(sp_bench_histogram_max_us(outcome.latency) >= 200000);
    assert_int_equal(sp_bench_histogram_count(outcome.latency), 100);
}

static void no_server_is_no_run(void **state)
{
    (void)state;
    struct sockaddr_in there = server.address;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, so that nobody else gets the port */
    socklen_t size = sizeof server.address;
    server.address.sin_port = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)&server.address, size), 0);
    getsockname(fd, (struct sockaddr *)&server.address, &size);
    assert_false(run((sp_bench_load_plan){.connections_count = 3, .depth = 1, .run_ms = 100}));
    assert_string_equal(why, "can't connect: connection refused");
    close(fd);
    server.address = there;
}

/* ---- workloads of the test's own ---- */

static uint32_t primes_told;

static uint64_t ten(const void *workload)
{
    (void)workload;
    return 10;
}

static uint32_t three(const void *workload)
{
    (void)workload;
    return 3;
}

static void prime(void *workload, uint32_t index, sp_bench_load_request *out)
{
    sp_bench_load_livez.next(workload, index, out);
    out->mark = 100 + index;
}

static void answered(void *workload, uint32_t mark, const sp_bench_load_answer *answer)
{
    (void)workload;
    assert_int_equal(answer->status, 200);
    if (mark >= 100)
        primes_told |= 1u << (mark - 100);
    else /* no request before all primes */
        assert_int_equal(primes_told, 7);
}

static void a_sequence_that_ends_ends_the_run(void **state)
{
    (void)state;
    sp_bench_load_workload workload = sp_bench_load_livez;
    workload.capacity = ten;
    for (uint64_t rate = 0; rate <= 1000; rate += 1000) {
        assert_true(run((sp_bench_load_plan){.workload = &workload,
                                             .connections_count = 2,
                                             .depth = 3,
                                             .rate = rate,
                                             .run_ms = 60000,
                                             .from = 4}));
        assert_true(outcome.ran_out);
        assert_int_equal(outcome.next, 10);
        assert_int_equal(
            outcome.warmup.accepted + outcome.measured.accepted + outcome.late.accepted, 6);
        assert_true(outcome.seconds < 60);
    }
}

static void primes_come_first_and_are_not_counted(void **state)
{
    (void)state;
    sp_bench_load_workload workload = sp_bench_load_livez;
    workload.primes_count = three;
    workload.prime = prime;
    workload.answered = answered;
    for (uint64_t rate = 0; rate <= 1000; rate += 1000) {
        primes_told = 0;
        server.requests_count = 0;
        assert_true(run((sp_bench_load_plan){.workload = &workload,
                                             .connections_count = 2,
                                             .depth = 1,
                                             .rate = rate,
                                             .requests_count = 50}));
        assert_int_equal(primes_told, 7);
        assert_int_equal(outcome.measured.accepted, 50);
        assert_int_equal(outcome.warmup.accepted + outcome.late.accepted, 0);
        assert_int_equal(server.requests_count, 53);
        assert_int_equal(outcome.next, 50);
    }
}

static int forget(void **state)
{
    (void)state;
    sp_bench_histogram_destroy(outcome.latency);
    return 0;
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start_server, stop_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_counted_run_asks_exactly_so_often),
        WITH_SERVER(a_timed_run_counts_the_warm_up_apart),
        WITH_SERVER(an_open_loop_feels_a_stall),
        WITH_SERVER(a_closed_loop_does_not),
        WITH_SERVER(a_unit_ends_with_its_last_answer),
        WITH_SERVER(a_unit_may_end_early),
        WITH_SERVER(arrivals_keep_their_rate),
        WITH_SERVER(a_slow_server_does_not_reach_the_asked_rate),
        WITH_SERVER(a_counted_run_lasts_as_long_as_a_slow_server),
        WITH_SERVER(what_was_never_sent_is_told),
        WITH_SERVER(a_connection_that_closes_is_an_error_and_made_again),
        WITH_SERVER(a_server_that_says_close_is_no_error),
        WITH_SERVER(garbage_is_an_error),
        WITH_SERVER(an_answer_that_does_not_come_times_out),
        WITH_SERVER(no_server_is_no_run),
        WITH_SERVER(a_sequence_that_ends_ends_the_run),
        WITH_SERVER(primes_come_first_and_are_not_counted),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, forget);
}
