/* SPDX-License-Identifier: MIT
 *
 * Jobs and their streams over a fake transport and a real engine: what can not be
 * waited for, or not be seen, from outside.
 */
#include "net/jobs.h"

#include "tests/net/app_stage.h"

#define MINUTE_MS 60000

static char job_path[64], stream_url[160];

static int stage(void **state)
{
    (void)state;
    stage_people_and_concert();
    return 0;
}

static int set_up_all(void **state)
{
    return set_up(state) || stage(state);
}

/* No stream, no slot and no row's watch may be left; the timer closes. */
static int tear_down_all(void **state)
{
    fake_pump(&loop);
    SP_ASSERT(!loop.stream);
    uv_run(&loop.uv, UV_RUN_NOWAIT);
    return tear_down(state);
}

static sp_job_table *table(void)
{
    return sp_jobs_of(&loop)->table;
}

/* Accepted, with its path and stream; not decided yet. */
static void enqueue_keyed(const char *body, const char *key)
{
    fake_answer answer =
        ASK(SP_METHOD_POST, "/v1/orders/queue", .body = body, .token = user_token, .key = key);
    const char *location = strstr(answer.head, "\r\nLocation: ");
    const char *url = strstr(answer.body, "\"streamUrl\":\"");
    assert_int_equal(answer.status, 202);
    assert_true(location && url);
    sscanf(location, "\r\nLocation: %63[^\r]", job_path);
    sscanf(url, "\"streamUrl\":\"%159[^\"]", stream_url);
    free(answer.head);
}

static void enqueue(const char *body)
{
    enqueue_keyed(body, NULL);
}

static fake_answer get(void)
{
    return ASK(SP_METHOD_GET, job_path, .token = user_token);
}

static const char good[] = "{\"concertId\":\"1\",\"seats\":[0]}";
static const char bad[] = "{\"concertId\":\"1\",\"seats\":[500]}";

/* The stream of the job that was accepted last; it waits. */
static fake_stream *open_stream(void)
{
    expect(ASK(SP_METHOD_GET, stream_url, .accept = "text/event-stream"), 200, "event: waiting\n");
    fake_stream *stream = loop.stream;
    assert_non_null(stream);
    loop.stream = NULL; /* the test's now */
    return stream;
}

static const char *told(fake_stream *stream)
{
    *sp_out_reserve(&stream->told, 1) = '\0';
    return stream->told.bytes;
}

static uint32_t ends_in(const char *text)
{
    uint32_t count = 0;
    for (; (text = strstr(text, "event: orderEnd\n")) != NULL; text++)
        count++;
    return count;
}

static void beat(fake_stream *stream)
{
    sp_job_watch *watch = stream->stream.context;
    watch->pulse.beat(&watch->pulse);
}

static void every_watcher_is_told_once(void **state)
{
    fake_stream *streams[3];
    (void)state;
    enqueue(good);
    for (int i = 0; i < 3; i++)
        streams[i] = open_stream();
    expect(get(), 200, "\"status\":\"waiting\",\"position\":1}");
    fake_pump(&loop);
    expect(get(), 200, "\"status\":\"done\",\"success\":true");
    for (int i = 0; i < 3; i++) {
        assert_true(streams[i]->ended);
        assert_int_equal(ends_in(told(streams[i])), 1);
        assert_non_null(strstr(told(streams[i]), "\"success\":true,\"order\":{\"id\":\"1\""));
        fake_stream_close(streams[i]);
    }
    expect(ASK(SP_METHOD_GET, stream_url), 200, "event: orderEnd\nid: end\ndata: {");
    assert_null(loop.stream);
}

static void a_slow_reader_is_told_when_he_has_read(void **state)
{
    (void)state;
    enqueue(good);
    fake_stream *stream = open_stream();
    stream->slow = true;
    fake_pump(&loop);
    assert_false(stream->ended);
    beat(stream);
    assert_false(stream->ended);
    stream->slow = false;
    beat(stream);
    assert_true(stream->ended);
    assert_int_equal(ends_in(told(stream)), 1);
    fake_stream_close(stream);
}

static void a_server_that_stops_waits_for_the_outcome(void **state)
{
    (void)state;
    enqueue(bad);
    fake_stream *quick = open_stream(), *slow = open_stream();
    fake_stream_drain(quick);
    assert_false(quick->ended); /* not yet */
    slow->slow = true;
    fake_pump(&loop);
    assert_true(quick->ended);
    assert_int_equal(ends_in(told(quick)), 1);
    fake_stream_drain(slow); /* behind what is unsent */
    assert_true(slow->ended);
    assert_int_equal(ends_in(told(slow)), 1);
    fake_stream_close(quick);
    fake_stream_close(slow);
}

static void who_leaves_is_forgotten_at_once(void **state)
{
    (void)state;
    enqueue(good);
    sp_job_row *row = sp_job_table_at(table(), 1);
    fake_stream *first = open_stream(), *second = open_stream(), *third = open_stream();
    fake_stream_close(second);
    fake_stream_close(third);
    assert_ptr_equal(row->watches, first->stream.context);
    fake_stream_close(first);
    assert_null(row->watches);
    assert_int_equal(((sp_app_loop *)sp_loop_app(&loop))->pulses.count, 0);
    fake_pump(&loop);
    expect(get(), 200, "\"success\":true");
}

/* Its answer was never written: the watch goes with the exchange. */
static void who_leaves_before_his_answer(void **state)
{
    fake_exchange fake;
    (void)state;
    enqueue(good);
    begin(&fake, (given){.method = SP_METHOD_GET, .target = stream_url});
    assert_true(fake.ready);
    assert_non_null(sp_job_table_at(table(), 1)->watches);
    fake.ex.gone = true;
    fake_end(&fake);
    assert_null(sp_job_table_at(table(), 1)->watches);
    /* Told between the look and the answer: that has the outcome then. */
    begin(&fake, (given){.method = SP_METHOD_GET, .target = stream_url});
    fake_pump(&loop);
    expect(fake_take_answer(&fake), 200, "event: orderEnd\n");
    assert_null(loop.stream);
}

static void head_leaves_nothing_behind(void **state)
{
    (void)state;
    enqueue(good);
    fake_answer answer = ASK(SP_METHOD_HEAD, stream_url);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_size, 0);
    free(answer.head);
    assert_null(loop.stream);
    assert_null(sp_job_table_at(table(), 1)->watches);
    fake_pump(&loop);
}

static void a_right_that_ends_ends_the_stream(void **state)
{
    (void)state;
    enqueue(good);
    fake_stream *stream = open_stream();
    loop.clock.now_ms += 15 * MINUTE_MS - 1;
    beat(stream);
    assert_false(stream->ended);
    assert_string_equal(told(stream), ":\n\n");
    loop.clock.now_ms += 1;
    beat(stream);
    assert_true(stream->ended);
    assert_string_equal(told(stream), ":\n\n");
    expect_code(ASK(SP_METHOD_GET, stream_url), 401, "token_expired");
    fake_stream_close(stream);
    loop.clock.now_ms -= 15 * MINUTE_MS;
    fake_pump(&loop);
}

/* Nothing but why it was refused is forgotten. */
static void after_ten_minutes(void **state)
{
    (void)state;
    char refused_path[sizeof job_path];
    enqueue(bad);
    snprintf(refused_path, sizeof refused_path, "%s", job_path);
    enqueue(good);
    fake_pump(&loop);
    expect(get(), 200, "\"success\":true");
    expect(ASK(SP_METHOD_GET, refused_path, .token = user_token), 200, "seat_unknown");
    loop.clock.now_ms += 10 * MINUTE_MS + 1;
    expect(get(), 200, "\"status\":\"done\",\"success\":true,\"order\":{\"id\":\"1\"");
    assert_int_equal(sp_job_table_count(table()), 1); /* it was looked for and dropped */
    expect(ASK(SP_METHOD_GET, stream_url), 200, "event: orderEnd\n");
    expect_code(ASK(SP_METHOD_GET, refused_path, .token = user_token), 404, "job_unknown");
    expect_code(ASK(SP_METHOD_GET, job_path, .token = admin_token), 404, "job_unknown");
}

/* In a process that knows nothing of it, or ten minutes later: a key finds its
 * order, by its job, and makes no second one. */
static void a_key_finds_its_order_again(void **state)
{
    char first_path[sizeof job_path];
    (void)state;
    enqueue_keyed(good, "k");
    snprintf(first_path, sizeof first_path, "%s", job_path);
    fake_pump(&loop);
    sp_jobs *jobs = sp_jobs_of(&loop);
    sp_job_table_destroy(jobs->table);
    jobs->table = sp_job_table_create(4, 1000);
    enqueue_keyed(good, "k");
    assert_string_equal(job_path, first_path);
    fake_pump(&loop);
    expect(get(), 200, "\"success\":true,\"order\":{\"id\":\"1\"");
    expect(ASK(SP_METHOD_GET, "/v1/orders", .token = user_token), 200, "\"nextCursor\":null");
    expect_code(ASK(SP_METHOD_GET, "/v1/orders/2", .token = user_token), 404, "order_unknown");
}

static void full_leaves_no_row(void **state)
{
    (void)state;
    loop.queue_full = true;
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/queue", .body = good, .token = user_token), 503,
                "queue_full");
    loop.queue_full = false;
    assert_int_equal(sp_job_table_count(table()), 0);
    /* One that was refused stays as it is. */
    enqueue_keyed(bad, "k");
    fake_pump(&loop);
    loop.queue_full = true;
    expect_code(
        ASK(SP_METHOD_POST, "/v1/orders/queue", .body = bad, .token = user_token, .key = "k"), 503,
        "queue_full");
    loop.queue_full = false;
    expect(get(), 200, "seat_unknown");
}

static void both_forms_say_the_same(void **state)
{
    (void)state;
    enqueue(good);
    fake_pump(&loop);
    fake_answer packed =
        ASK(SP_METHOD_GET, job_path, .token = user_token, .accept = "application/msgpack");
    assert_int_equal(packed.status, 200);
    assert_non_null(strstr(packed.head, "\r\nContent-Type: application/msgpack\r\n"));
    assert_int_equal((unsigned char)packed.body[0], 0x84); /* four members */
    free(packed.head);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_all, tear_down_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_watcher_is_told_once),
        TEST(a_slow_reader_is_told_when_he_has_read),
        TEST(a_server_that_stops_waits_for_the_outcome),
        TEST(who_leaves_is_forgotten_at_once),
        TEST(who_leaves_before_his_answer),
        TEST(head_leaves_nothing_behind),
        TEST(a_right_that_ends_ends_the_stream),
        TEST(after_ten_minutes),
        TEST(a_key_finds_its_order_again),
        TEST(full_leaves_no_row),
        TEST(both_forms_say_the_same),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
