/* SPDX-License-Identifier: MIT
 *
 * Reading answers: whole, cut at every byte, one after the other, and what is
 * not one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load_http.h"

#define SERVER_HEAD "HTTP/1.1 201 Created\r\nDate: Sun, 22 Nov 2026 18:00:00 GMT\r\n"
#define CREATED SERVER_HEAD "Content-Length: 12\r\nLocation: /v1/orders/1\r\n\r\n{\"id\":\"1\"}\r\n"
#define TAKEN                                                                      \
    "HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\n"          \
    "content-length:  97 \r\n\r\n"                                                 \
    "{\"type\":\"urn:stagepick:seat_taken\",\"title\":\"a \\\"code\\\":\\\"x\\\" " \
    "b\",\"status\":409,"                                                          \
    "\"code\":\"seat_taken\"}"
#define MAP "HTTP/1.1 200 OK\r\nETag: \"1-5\"\r\nContent-Length: 5\r\n\r\n{..x}"
#define NOT_MODIFIED "HTTP/1.1 304 Not Modified\r\nETag: \"1-5\"\r\nContent-Length: 5\r\n\r\n"

/* What a connection does: offers what it has, keeps what is not used. Counts
 * the answers; -1 = malformed. `pieces`: how many bytes come at a time. */
static int feed(const sp_bench_load_protocol *protocol, const char *bytes, size_t size,
                size_t first, size_t pieces, sp_bench_load_answer *answers)
{
    static char codes[16][64], tags[16][64];
    sp_bench_load_scan scan = {0};
    int count = 0;
    char *kept = malloc(size + 1);
    size_t kept_size = 0;
    for (size_t at = 0; at < size;) {
        size_t more = at == 0 && first > 0 ? first : pieces;
        more = more < size - at ? more : size - at;
        memcpy(kept + kept_size, bytes + at, more);
        kept_size += more;
        at += more;
        size_t used_all = 0, used;
        sp_bench_load_answer answer = {0};
        sp_bench_load_scan_status status;
        while ((status = protocol->scan(&scan, kept + used_all, kept_size - used_all, &used,
                                        &answer)) == SP_BENCH_LOAD_ANSWER) {
            used_all += used;
            assert_true(used_all <= kept_size);
            answers[count] = answer; /* what it borrows goes away */
            memcpy(codes[count], answer.code.bytes != NULL ? answer.code.bytes : "",
                   answer.code.size);
            answers[count].code.bytes = codes[count];
            memcpy(tags[count], answer.etag.bytes != NULL ? answer.etag.bytes : "",
                   answer.etag.size);
            answers[count].etag.bytes = tags[count];
            count++;
            if (used_all == kept_size)
                break;
        }
        if (status == SP_BENCH_LOAD_MALFORMED) {
            free(kept);
            return -1;
        }
        used_all += status == SP_BENCH_LOAD_MORE ? used : 0;
        memmove(kept, kept + used_all, kept_size - used_all);
        kept_size -= used_all;
    }
    free(kept);
    return count;
}

static void check_answers(const sp_bench_load_answer *a)
{
    assert_int_equal(a[0].status, 201);
    assert_true(a[0].accepted);
    assert_int_equal(a[0].code.size, 0);
    assert_int_equal(a[1].status, 409);
    assert_false(a[1].accepted);
    assert_true(sp_text_equal(a[1].code, SP_TEXT("seat_taken")));
    assert_int_equal(a[2].status, 200);
    assert_true(a[2].accepted);
    assert_true(sp_text_equal(a[2].etag, SP_TEXT("\"1-5\"")));
    assert_int_equal(a[3].status, 304);
    assert_true(a[3].accepted);
    assert_true(sp_text_equal(a[3].etag, SP_TEXT("\"1-5\"")));
    assert_int_equal(a[4].status, 201);
}

static void answers_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    static const char all[] = CREATED TAKEN MAP NOT_MODIFIED CREATED;
    size_t size = sizeof all - 1;
    sp_bench_load_answer answers[16];
    for (size_t cut = 1; cut < size; cut++) {
        assert_int_equal(feed(&sp_bench_load_http, all, size, cut, size, answers), 5);
        check_answers(answers);
    }
    for (size_t pieces = 1; pieces < 40; pieces++) {
        assert_int_equal(feed(&sp_bench_load_http, all, size, 0, pieces, answers), 5);
        check_answers(answers);
    }
}

/* No prefix of an answer is an answer, none is malformed. */
static void a_part_is_no_answer(void **state)
{
    (void)state;
    static const char *const wholes[] = {CREATED, TAKEN, MAP, NOT_MODIFIED};
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
        for (size_t size = 1; size < strlen(wholes[i]); size++) {
            sp_bench_load_answer answers[16];
            assert_int_equal(feed(&sp_bench_load_http, wholes[i], size, 0, size, answers), 0);
        }
}

static void a_closing_answer_says_so(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: Close\r\n"
                               "Content-Length: 19\r\n\r\n{\"code\":\"stopping\"}";
    sp_bench_load_answer answers[16];
    assert_int_equal(feed(&sp_bench_load_http, text, sizeof text - 1, 0, 7, answers), 1);
    assert_true(answers[0].closes);
    assert_true(sp_text_equal(answers[0].code, SP_TEXT("stopping")));
}

static void refusals_without_a_code_have_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {"<p>no</p>",          "{\"code\":\"\"}",
                                         "{\"code\":\"a b\"}", "{\"code\":\"a\\\"\"}",
                                         "{\"code\":\"abc",    "{\"code\":1}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char text[200];
        sp_bench_load_answer answers[16];
        int size =
            snprintf(text, sizeof text, "HTTP/1.1 404 Not Found\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(bodies[i]), bodies[i]);
        assert_int_equal(feed(&sp_bench_load_http, text, (size_t)size, 0, 1, answers), 1);
        if (!sp_text_equal(answers[0].code, SP_TEXT("no_code")))
            fail_msg("%s has the code %.*s", bodies[i], (int)answers[0].code.size,
                     answers[0].code.bytes);
    }
}

static void what_is_no_answer_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0",
        "HTTP/1.1 409 Conflict\r\nContent-Length: 70000\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx",
        "GET / HTTP/1.1\r\n\r\n",
        "x",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t pieces = 1; pieces <= strlen(texts[i]); pieces++) {
            sp_bench_load_answer answers[16];
            if (feed(&sp_bench_load_http, texts[i], strlen(texts[i]), 0, pieces, answers) != -1)
                fail_msg("taken, %zu bytes at a time: %s", pieces, texts[i]);
        }
}

static void a_head_without_an_end_is_malformed(void **state)
{
    (void)state;
    size_t size = SP_BENCH_LOAD_HEAD_SIZE_MAX + 100;
    char *text = malloc(size);
    sp_bench_load_answer answers[16];
    memset(text, 'a', size);
    memcpy(text, "HTTP/1.1 200 OK\r\nX: ", 20);
    assert_int_equal(feed(&sp_bench_load_http, text, size, 0, 4000, answers), -1);
    free(text);
}

/* A long accepted body needs no memory: it is passed over as it comes. */
static void long_bodies_are_passed_over(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nETag: \"9-9\"\r\nContent-Length: 200000\r\n\r\n";
    sp_bench_load_scan scan = {0};
    sp_bench_load_answer answer;
    char part[1000];
    size_t used;
    memset(part, '\n', sizeof part);
    assert_int_equal(sp_bench_load_http.scan(&scan, head, sizeof head - 1, &used, &answer),
                     SP_BENCH_LOAD_MORE);
    assert_int_equal(used, sizeof head - 1);
    for (uint32_t i = 1; i <= 200; i++) {
        assert_int_equal(sp_bench_load_http.scan(&scan, part, sizeof part, &used, &answer),
                         i < 200 ? SP_BENCH_LOAD_MORE : SP_BENCH_LOAD_ANSWER);
        assert_int_equal(used, sizeof part);
    }
    assert_int_equal(answer.status, 200);
    assert_true(sp_text_equal(answer.etag, SP_TEXT("\"9-9\"")));
}

static void redis_replies_are_read(void **state)
{
    (void)state;
    static const char all[] = ":1\r\n+OK\r\n-SEAT_TAKEN by another\r\n-seat_limit\r\n:-12\r\n";
    for (size_t pieces = 1; pieces < sizeof all; pieces++) {
        sp_bench_load_answer a[16];
        assert_int_equal(feed(&sp_bench_load_redis, all, sizeof all - 1, 0, pieces, a), 5);
        assert_true(a[0].accepted && a[1].accepted && a[4].accepted);
        assert_false(a[2].accepted || a[3].accepted);
        assert_true(sp_text_equal(a[2].code, SP_TEXT("SEAT_TAKEN")));
        assert_true(sp_text_equal(a[3].code, SP_TEXT("seat_limit")));
    }
    static const char *const wrong[] = {"$2\r\nOK\r\n", "*0\r\n",     ":\r\n", ":1x\r\n",
                                        "+QUEUED\r\n",  "\r\n",       "-\r\n", "- x\r\n",
                                        ":1\n",         "-A\"B x\r\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sp_bench_load_answer a[16];
        if (feed(&sp_bench_load_redis, wrong[i], strlen(wrong[i]), 0, 1, a) != -1)
            fail_msg("taken: %s", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same_however_they_are_cut),
        cmocka_unit_test(a_part_is_no_answer),
        cmocka_unit_test(a_closing_answer_says_so),
        cmocka_unit_test(refusals_without_a_code_have_none),
        cmocka_unit_test(what_is_no_answer_is_malformed),
        cmocka_unit_test(a_head_without_an_end_is_malformed),
        cmocka_unit_test(long_bodies_are_passed_over),
        cmocka_unit_test(redis_replies_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
