/* SPDX-License-Identifier: MIT
 *
 * Every outcome as a problem: form, status, headers; and the members that the
 * design names for some.
 */
#include "net/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/json_read.h"
#include "tests/net/fake_exchange.h"

static sp_loop loop;
static fake_profiles profiles;
static atomic_bool serving = true, failed = false;
static sp_app *app;
static sp_json_reader *reader;

static fake_answer write_problem(const sp_problem *problem, sp_answer_to to)
{
    sp_out out;
    sp_out_init(&out);
    sp_problem_write(loop.app, to, problem, &out);
    fake_answer answer = fake_answer_of(&out);
    sp_out_close(&out);
    return answer;
}

static const sp_json_node *member(const sp_json_node *object, const char *name)
{
    for (const sp_json_node *node = sp_json_node_at(reader, object->first); node;
         node = sp_json_node_at(reader, node->next))
        if (node->key.size == strlen(name) && memcmp(node->key.bytes, name, node->key.size) == 0)
            return node;
    return NULL;
}

static void check_text(const sp_json_node *object, const char *name, const char *wanted)
{
    const sp_json_node *node = member(object, name);
    assert_non_null(node);
    assert_int_equal(node->type, SP_JSON_STRING);
    assert_int_equal(node->text.size, strlen(wanted));
    assert_memory_equal(node->text.bytes, wanted, node->text.size);
}

static void check_outcome(sp_outcome outcome)
{
    const sp_outcome_row *row = sp_outcome_row_of(outcome);
    const char *why;
    char text[128];
    sp_refusal refusal = {.limit = "seats"};
    sp_problem problem = {.outcome = outcome, .refusal = &refusal};
    fake_answer answer =
        write_problem(&problem, (sp_answer_to){.request_id = 0xabcdef, .version_minor = 1});
    assert_int_equal(answer.status, row->http_status);
    const sp_json_node *root =
        sp_json_read(reader, (sp_text){answer.body, (uint32_t)answer.body_size}, &why);
    assert_non_null(root);
    snprintf(text, sizeof text, "urn:stagepick:%s", row->code);
    check_text(root, "type", text);
    check_text(root, "code", row->code);
    check_text(root, "title", row->title);
    check_text(root, "requestId", "0000000000abcdef");
    assert_int_equal(member(root, "status")->integer, row->http_status);
    assert_true(member(root, "detail")->text.size > 0);
    assert_non_null(strstr(answer.head, "\r\nContent-Type: application/problem+json\r\n"));
    assert_non_null(strstr(answer.head, "\r\nX-Request-Id: 0000000000abcdef\r\n"));
    assert_non_null(strstr(answer.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    snprintf(text, sizeof text, "\r\nContent-Length: %zu\r\n", answer.body_size);
    assert_non_null(strstr(answer.head, text));
    assert_int_equal(strstr(answer.head, "Retry-After: 1\r\n") != NULL, row->retryable);
    assert_int_equal(strstr(answer.head, "WWW-Authenticate: Bearer") != NULL,
                     row->http_status == 401);
    assert_null(strstr(answer.head, "Connection:"));
    assert_non_null(strstr(answer.head, "\r\nCache-Control: no-store\r\n"));
    /* A reason phrase for every status. */
    assert_true(answer.head[13] > ' ');
    free(answer.head);
}

static void every_outcome_is_a_problem(void **state)
{
    (void)state;
#define CHECK(number, id, code, status, retryable, title) \
    if (SP_##id != SP_OK && SP_##id != SP_SEAT_TAKEN)     \
        check_outcome(SP_##id);
    SP_OUTCOMES(CHECK)
#undef CHECK
}

static void check_body(const sp_problem *problem, const char *wanted)
{
    fake_answer answer = write_problem(problem, (sp_answer_to){.request_id = 1});
    const char *end = strstr(answer.body, "\"requestId\":\"0000000000000001\"");
    assert_non_null(end);
    assert_string_equal(end + strlen("\"requestId\":\"0000000000000001\""), wanted);
    free(answer.head);
}

static void details_of_refusals(void **state)
{
    static const sp_card_grade grades[] = {{{"VIP", 3}, 100, 0, 5, 0, 2}};
    static const sp_seat rows[] = {0, 3, 5};
    static const sp_concert_card card = {.id = 7,
                                         .spec = {.grades_count = 1},
                                         .grades = grades,
                                         .row_first_seat = rows,
                                         .rows_count = 2,
                                         .seats_count = 5};
    static sp_refusal refusal = {.opens_at = INT64_C(1767225600000),
                                 .cancel_until = INT64_C(1767225600001),
                                 .amount = 300,
                                 .points = -7,
                                 .max = 4,
                                 .have = 3,
                                 .largest_run = 2,
                                 .limit = "orders",
                                 .field = "reason",
                                 .detail = "must say why",
                                 .conflicts_count = 2,
                                 .conflicts = {{1, SP_SEAT_SOLD, 55}, {4, SP_SEAT_HELD, 56}}};
    (void)state;
    static const struct {
        sp_outcome outcome;
        const char *wanted;
    } cases[] = {
        {SP_SEAT_TAKEN,
         ",\"seats\":[{\"seat\":1,\"label\":\"VIP 1-2\",\"state\":\"sold\",\"seq\":55},"
         "{\"seat\":4,\"label\":\"VIP 2-2\",\"state\":\"held\",\"seq\":56}]}"},
        {SP_SEAT_UNKNOWN, ",\"seats\":[1,4]}"},
        {SP_ORPHAN_SEAT, ",\"seats\":[{\"seat\":1,\"label\":\"VIP 1-2\"},"
                         "{\"seat\":4,\"label\":\"VIP 2-2\"}]}"},
        {SP_NO_ADJACENT_SEATS, ",\"largestRun\":2}"},
        {SP_HOLD_EXPIRED, "}"},
        {SP_SALES_NOT_OPEN, ",\"opensAt\":\"2026-01-01T00:00:00.000Z\"}"},
        {SP_CANCEL_CLOSED, ",\"cancelUntil\":\"2026-01-01T00:00:00.001Z\"}"},
        {SP_AMOUNT_MISMATCH, ",\"amount\":300}"},
        {SP_INSUFFICIENT_POINTS, ",\"points\":-7}"},
        {SP_SEAT_LIMIT, ",\"max\":4,\"have\":3}"},
        {SP_LIMIT_REACHED, ",\"limit\":\"orders\"}"},
        {SP_VALIDATION_FAILED,
         ",\"errors\":[{\"field\":\"reason\",\"code\":\"invalid\",\"detail\":\"must say why\"}]}"},
        {SP_ALREADY_CANCELLED, "}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_body(&(sp_problem){.outcome = cases[i].outcome, .refusal = &refusal, .card = &card},
                   cases[i].wanted);
}

static sp_answer_to to_him(bool head, bool close, uint8_t version_minor)
{
    return (sp_answer_to){.request_id = 1,
                          .head = head,
                          .close = close,
                          .had_token = true,
                          .version_minor = version_minor};
}

static void to_whom(void **state)
{
    sp_problem problem = {
        .outcome = SP_METHOD_NOT_ALLOWED, .detail = "no \"such\" thing", .allow = {"GET, HEAD", 9}};
    (void)state;
    fake_answer head = write_problem(&problem, to_him(true, true, 1));
    fake_answer whole = write_problem(&problem, to_him(false, true, 1));
    assert_int_equal(head.body_size, 0);
    assert_string_equal(head.head, whole.head);
    assert_non_null(strstr(whole.head, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(whole.head, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(whole.head, "\r\nAllow: GET, HEAD\r\n"));
    assert_non_null(strstr(whole.head, "\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"));
    assert_non_null(strstr(whole.body, "\"detail\":\"no \\\"such\\\" thing\""));
    free(head.head);
    free(whole.head);

    /* HTTP/1.0 closes unless it is told otherwise. */
    fake_answer old = write_problem(&problem, to_him(false, false, 0));
    assert_non_null(strstr(old.head, "\r\nConnection: keep-alive\r\n"));
    free(old.head);
}

/* What the transport refuses itself. */
static void refused_by_the_transport(void **state)
{
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_app_ops_http.refuse(&loop, &(sp_refused){.outcome = SP_URI_TOO_LONG, .id = 5}, &out);
    fake_answer answer = fake_answer_of(&out);
    assert_int_equal(answer.status, 414);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(answer.body, "\"code\":\"uri_too_long\""));
    free(answer.head);
    sp_out_close(&out);
}

/* The client's own name of a request stands in head and body alike. */
static void the_request_has_one_name(void **state)
{
    sp_problem problem = {.outcome = SP_RATE_LIMITED, .retry_after_s = 7};
    sp_answer_to to = {.request_id = 1, .request_name = SP_TEXT("a-1"), .version_minor = 1};
    (void)state;
    fake_answer answer = write_problem(&problem, to);
    assert_non_null(strstr(answer.head, "\r\nX-Request-Id: a-1\r\n"));
    assert_non_null(strstr(answer.body, "\"requestId\":\"a-1\""));
    assert_non_null(strstr(answer.head, "\r\nRetry-After: 7\r\n"));
    assert_null(strstr(answer.head, "RateLimit"));
    free(answer.head);
}

static int set_up(void **state)
{
    (void)state;
    fake_loop_init(&loop);
    fake_profiles_init(&profiles, &loop.log);
    reader = sp_json_reader_create();
    app = sp_app_create(&(sp_app_config){.profiles = &profiles.reader,
                                         .signing_key = {.kid = "k1", .bytes = {1}},
                                         .serving = &serving,
                                         .failed = &failed});
    if (!app || !reader)
        return -1;
    loop.app = sp_app_loop_create(app, &loop);
    return loop.app ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_app_loop_destroy(loop.app);
    sp_app_destroy(app);
    sp_json_reader_destroy(reader);
    fake_loop_close(&loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_is_a_problem),
        cmocka_unit_test(details_of_refusals),
        cmocka_unit_test(to_whom),
        cmocka_unit_test(the_request_has_one_name),
        cmocka_unit_test(refused_by_the_transport),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
