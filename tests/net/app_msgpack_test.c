/* SPDX-License-Identifier: MIT
 *
 * Orders and seats in msgpack over a fake transport and a real engine: what is
 * asked in either form is answered the same, in the form that was asked for,
 * and refused in the same words.
 */
#include "net/msgpack_read.h"
#include "tests/net/app_stage.h"
#include "tests/support/json_tree.h"

static const char packed[] = "application/msgpack";

#define BODY(literal) .body = literal, .body_size = sizeof(literal) - 1
#define PACKED(literal) BODY(literal), .type = packed
/* {"concertId": "1", "seats": [n]}. Octal where a hexadecimal escape would take
 * in the letter behind it. */
#define ORDER_BYTES(seat) "\202\251concertId\241\061\245seats\221" seat
#define ORDER(seat) PACKED(ORDER_BYTES(seat))

static sp_json_reader *one, *other;

static void stage(void **state)
{
    (void)state;
    stage_people_and_concert();
}

static void expect_head(const fake_answer *answer, const char *line)
{
    if (!strstr(answer->head, line))
        fail_msg("no %s in\n%s", line, answer->head);
}

static void expect_length(const fake_answer *answer, size_t size)
{
    char line[64];
    snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", size);
    expect_head(answer, line);
}

/* Two answers with one meaning; frees both. */
static void expect_same(fake_answer json, fake_answer msgpack)
{
    const char *why;
    assert_int_equal(json.status, msgpack.status);
    expect_head(&json, "\r\nContent-Type: application/json\r\n");
    expect_head(&msgpack, "\r\nContent-Type: application/msgpack\r\n");
    expect_head(&json, "\r\nVary: Accept\r\n");
    expect_head(&msgpack, "\r\nVary: Accept\r\n");
    expect_length(&json, json.body_size);
    expect_length(&msgpack, msgpack.body_size);
    assert_true(msgpack.body_size < json.body_size);
    const sp_json_node *json_root =
        sp_json_read(one, (sp_text){json.body, (uint32_t)json.body_size}, &why);
    const sp_json_node *msgpack_root =
        sp_msgpack_read(other, (sp_text){msgpack.body, (uint32_t)msgpack.body_size}, &why);
    assert_non_null(json_root);
    assert_non_null(msgpack_root);
    assert_int_equal(sp_json_tree_difference(one, json_root, other, msgpack_root), -1);
    free(json.head);
    free(msgpack.head);
}

static void orders(void **state)
{
    (void)state;
    fake_answer made = ASK(SP_METHOD_POST, "/v1/orders", ORDER("\x00"), .token = user_token,
                           .key = "k", .accept = packed);
    assert_int_equal(made.status, 201);
    expect_head(&made, "\r\nLocation: /v1/orders/1\r\n");
    /* The first again, in either form: the key's answer is the order's. */
    fake_answer again =
        ASK(SP_METHOD_POST, "/v1/orders", ORDER("\x00"), .token = user_token, .key = "k");
    expect_head(&again, "\r\nIdempotency-Replayed: true\r\n");
    expect_same(again, made);
    /* In other bytes it is another request. */
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":\"1\",\"seats\":[0]}",
                    .token = user_token, .key = "k", .accept = packed),
                422, "idempotency_mismatch");
    expect_same(ASK(SP_METHOD_GET, "/v1/orders/1", .token = user_token),
                ASK(SP_METHOD_GET, "/v1/orders/1", .token = user_token, .accept = packed));
    expect_same(ASK(SP_METHOD_GET, "/v1/orders", .token = user_token),
                ASK(SP_METHOD_GET, "/v1/orders", .token = user_token,
                    .accept = "application/json;q=0.5, application/vnd.msgpack"));
}

static void cancels(void **state)
{
    (void)state;
    /* {"reason": "späť"} */
    fake_answer cancelled =
        ASK(SP_METHOD_POST, "/v1/orders/1/cancel", PACKED("\x81\246reason\246sp\xc3\xa4\xc5\xa5"),
            .token = user_token, .accept = packed);
    expect_same(ASK(SP_METHOD_GET, "/v1/orders/1", .token = user_token), cancelled);
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", .token = user_token, .accept = packed),
                409, "already_cancelled");
    expect(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", PACKED("\x81\246reason\xc4\x01x"),
               .token = user_token),
           400, "binary and extension values are not taken");
}

/* The same words for a mistake in either form. */
static void mistakes(void **state)
{
    static const struct {
        given packed, json;
    } cases[] = {
        {{PACKED("\x80")}, {.body = "{}"}},
        {{PACKED("\xc0")}, {.body = "null"}},
        {{PACKED("\x82\251concertId\xcb\x3f\xf0\0\0\0\0\0\0\245seats\x90")},
         {.body = "{\"concertId\":1.0,\"seats\":[]}"}},
        {{PACKED("\x82\251concertId\001\251concertId\x01")},
         {.body = "{\"concertId\":1,\"concertId\":1}"}},
        {{PACKED("\x83\251concertId\xcf\xff\xff\xff\xff\xff\xff\xff\377\245seats\x93\x01\xff\300"
                 "\243who\xc3")},
         {.body = "{\"concertId\":18446744073709551615,\"seats\":[1,-1,null],\"who\":true}"}},
        {{PACKED("\x82\251concertId\001\245seats\x92\x05\x05")},
         {.body = "{\"concertId\":1,\"seats\":[5,5]}"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        given asked[] = {cases[i].packed, cases[i].json};
        fake_answer answers[2];
        for (int k = 0; k < 2; k++) {
            asked[k].method = SP_METHOD_POST;
            asked[k].target = "/v1/orders";
            asked[k].token = user_token;
            asked[k].accept = k ? NULL : packed;
            answers[k] = ask(asked[k]);
            assert_int_equal(answers[k].status, 422);
            expect_head(&answers[k], "\r\nContent-Type: application/problem+json\r\n");
        }
        assert_string_equal(strstr(answers[0].body, "\"errors\""),
                            strstr(answers[1].body, "\"errors\""));
        free(answers[0].head);
        free(answers[1].head);
    }
}

/* What a body says that it is counts, not what it looks like. */
static void forms_are_not_guessed(void **state)
{
    static const char json[] = "{\"concertId\":\"1\",\"seats\":[9]}";
    (void)state;
    expect_code(
        ASK(SP_METHOD_POST, "/v1/orders", .body = json, .type = packed, .token = user_token), 400,
        "malformed_body");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", BODY(ORDER_BYTES("\x09")), .token = user_token),
                400, "malformed_body");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .type = packed, .token = user_token), 400,
                "malformed_body");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/seats"), 200, "\"status\":\"..........");
}

static void other_routes_take_none(void **state)
{
    (void)state;
    expect_code(
        ASK(SP_METHOD_POST, "/v1/categories", PACKED("\x81\244name\241x"), .token = admin_token),
        415, "unsupported_media_type");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts", .accept = packed), 406, "not_acceptable");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/1/seats", .accept = "application/x-msgpack"), 406,
                "not_acceptable");
    fake_answer list = ASK(SP_METHOD_GET, "/v1/concerts", .accept = "application/msgpack, */*");
    assert_null(strstr(list.head, "Vary"));
    expect(list, 200, "\"items\"");
}

static void take_tag(const fake_answer *answer, char tag[64])
{
    const char *at = strstr(answer->head, "\r\nETag: ");
    assert_non_null(at);
    at += strlen("\r\nETag: ");
    snprintf(tag, 64, "%.*s", (int)strcspn(at, "\r"), at);
}

static void expect_map(const char *accept, const char *tag, int status)
{
    fake_answer answer =
        ASK(SP_METHOD_GET, "/v1/concerts/1/seats", .accept = accept, .if_none_match = tag);
    expect_head(&answer, "\r\nVary: Accept\r\n");
    expect(answer, status, NULL);
}

static void maps_have_a_tag_a_form(void **state)
{
    static const char target[] = "/v1/concerts/1/seats";
    char json_tag[64], packed_tag[64];
    (void)state;
    fake_answer json = ASK(SP_METHOD_GET, target);
    fake_answer map = ASK(SP_METHOD_GET, target, .accept = packed);
    fake_answer head = ASK(SP_METHOD_HEAD, target, .accept = packed);
    expect_length(&head, map.body_size);
    assert_int_equal(head.body_size, 0);
    take_tag(&json, json_tag);
    take_tag(&map, packed_tag);
    assert_string_not_equal(json_tag, packed_tag);
    expect_head(&head, packed_tag);
    free(head.head);
    expect_same(json, map);
    expect_map(packed, packed_tag, 304);
    expect_map(NULL, json_tag, 304);
    expect_map(packed, json_tag, 200);
    expect_map(NULL, packed_tag, 200);
    expect_map(packed, "*", 304);
    expect(ASK(SP_METHOD_POST, "/v1/orders", ORDER("\x14"), .token = user_token), 201, NULL);
    expect_map(packed, packed_tag, 200);
}

/* The largest hall: its map is one string of 200,000 bytes. */
static void a_large_hall_passes(void **state)
{
    static const char body[] =
        "{\"categoryId\":\"1\",\"name\":\"Stadium\",\"address\":\"Field\",\"runningTime\":90,"
        "\"ageLimit\":\"ZERO\",\"startDate\":\"2025-12-31T00:00:00Z\","
        "\"endDate\":\"2026-01-02T00:00:00Z\",\"concertDate\":\"2026-01-03T00:00:00Z\","
        "\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":200000}]}";
    (void)state;
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = body, .token = admin_token), 201, NULL);
    expect_same(ASK(SP_METHOD_GET, "/v1/concerts/2/seats"),
                ASK(SP_METHOD_GET, "/v1/concerts/2/seats", .accept = packed));
}

static int set_up_readers(void **state)
{
    one = sp_json_reader_create();
    other = sp_json_reader_create();
    return one && other ? set_up(state) : -1;
}

static int tear_down_readers(void **state)
{
    sp_json_reader_destroy(one);
    sp_json_reader_destroy(other);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(orders),
        cmocka_unit_test(cancels),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(forms_are_not_guessed),
        cmocka_unit_test(other_routes_take_none),
        cmocka_unit_test(maps_have_a_tag_a_form),
        cmocka_unit_test(a_large_hall_passes),
    };
    return cmocka_run_group_tests_name("app_msgpack", tests, set_up_readers, tear_down_readers);
}
