/* SPDX-License-Identifier: MIT
 *
 * Events and states as an operator reads them: JSON of every type, and the
 * points of all users, erased ones included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "tests/support/golden_events.h"
#include "tools/event_json.h"
#include "tools/replay_show.h"

/* Terminated, and the caller's. */
static char *json_of(const sp_event *event)
{
    sp_json_writer *writer = sp_json_writer_create();
    sp_out out;
    assert_non_null(writer);
    sp_out_init(&out);
    assert_true(sp_event_json_write(writer, &out, event));
    char *text = strndup(out.bytes, out.size);
    assert_non_null(text);
    sp_out_close(&out);
    sp_json_writer_destroy(writer);
    return text;
}

static void every_type_says_its_name(void **unused)
{
    (void)unused;
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    for (uint32_t i = 0; i < count; i++) {
        char *text = json_of(&all[i].event), wanted[64];
        snprintf(wanted, sizeof wanted, "\"type\":\"%s\"", sp_event_name(all[i].event.type));
        if (strstr(text, wanted) == NULL)
            fail_msg("%s: no %s in %.200s", all[i].name, wanted, text);
        free(text);
    }
}

static void an_erasure_names_an_id_alone(void **unused)
{
    (void)unused;
    sp_event event = {
        .seq = 7, .time = INT64_C(1767225600123), .type = SP_EVENT_USER_ERASED, .actor = 3};
    event.user_erased.user = 3;
    char *text = json_of(&event);
    assert_string_equal(text,
                        "{\"seq\":7,\"time\":\"2026-01-01T00:00:00.123Z\","
                        "\"type\":\"user_erased\",\"actor\":\"3\",\"data\":{\"user\":\"3\"}}");
    free(text);
}

/* The data of the golden event of this name. */
static void expect_data(const char *name, const char *wanted)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) != 0)
            continue;
        char *text = json_of(&all[i].event);
        assert_string_equal(strstr(text, "\"data\":"), wanted);
        free(text);
        return;
    }
    fail_msg("there is no golden event %s", name);
}

static void holds_are_told_field_by_field(void **unused)
{
    (void)unused;
    expect_data("hold_taken",
                "\"data\":{\"hold\":\"1\",\"concert\":\"1000\",\"user\":\"123456\",\"amount\":0,"
                "\"expiresAt\":\"2026-01-01T00:05:00.123Z\",\"seats\":[0]}}");
    expect_data("hold_extended", "\"data\":{\"hold\":\"1\",\"taken\":1234567,"
                                 "\"expiresAt\":\"2026-01-01T00:10:00.123Z\"}}");
    expect_data("hold_extended_most",
                "\"data\":{\"hold\":\"4294967295\",\"taken\":9223372036854775807,"
                "\"expiresAt\":\"9999-12-31T23:59:59.999Z\"}}");
    expect_data("hold_released", "\"data\":{\"hold\":\"1\"}}");
    expect_data("holds_expired",
                "\"data\":{\"holds\":[\"1\",\"127\",\"128\",\"255\",\"256\",\"65535\",\"65536\","
                "\"4294967295\"]}}");
}

static void an_order_names_its_hold_and_its_job(void **unused)
{
    (void)unused;
    expect_data("order_paid_one",
                "\"data\":{\"order\":\"1234567\",\"concert\":\"1000\",\"buyer\":\"123456\","
                "\"amount\":150000,\"seats\":[0],\"hold\":null,\"job\":null}}");
    expect_data("order_paid_hold",
                "\"data\":{\"order\":\"1234567\",\"concert\":\"1000\",\"buyer\":\"123456\","
                "\"amount\":150000,\"seats\":[0,1],\"hold\":\"5\",\"job\":null}}");
    expect_data("order_paid_job",
                "\"data\":{\"order\":\"1234567\",\"concert\":\"1000\",\"buyer\":\"123456\","
                "\"amount\":150000,\"seats\":[0,1],\"hold\":null,"
                "\"job\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\"}}");
}

static void changes_of_concerts_are_told(void **unused)
{
    (void)unused;
    expect_data(
        "concert_edited",
        "\"data\":{\"concert\":\"1\",\"category\":\"1\",\"name\":\"x\",\"description\":null,"
        "\"imageUrl\":null,\"address\":null,\"runningTime\":0,\"ageLimit\":\"ZERO\","
        "\"startDate\":\"1970-01-01T00:00:00.001Z\",\"endDate\":\"1970-01-01T00:00:00.002Z\","
        "\"concertDate\":\"1970-01-01T00:00:00.002Z\","
        "\"cancelUntil\":\"1970-01-01T00:00:00.001Z\",\"maxSeatsPerUser\":1,"
        "\"holdSeconds\":10,\"noOrphans\":false,\"grades\":null}}");
    expect_data("concert_paused", "\"data\":{\"concert\":\"1\"}}");
    expect_data("concert_resumed_most", "\"data\":{\"concert\":\"4294967295\"}}");
    expect_data("concert_cancelled_some", "\"data\":{\"concert\":\"1000\",\"orders\":50000,"
                                          "\"amount\":7500000000,\"seatsHeld\":300}}");
}

/* New grades are told as those of a new concert are. */
static void an_edit_tells_its_grades(void **unused)
{
    (void)unused;
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    char *made = NULL, *edited = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, "concert_created_least") == 0)
            made = json_of(&all[i].event);
        if (strcmp(all[i].name, "concert_edited_grades") == 0)
            edited = json_of(&all[i].event);
    }
    assert_true(made != NULL && edited != NULL);
    assert_string_equal(strstr(made, "\"category\""), strstr(edited, "\"category\""));
    assert_non_null(strstr(edited, "\"grades\":[{"));
    free(made);
    free(edited);
}

/* Applies what a command makes. */
static void give(sp_state *state, const sp_command *command)
{
    static sp_refusal refusal;
    sp_event event;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_replay replay;
    sp_outcome outcome;
    assert_int_equal(sp_decide(state, command, 1000, &event, seats, &replay, &outcome, &refusal),
                     SP_DECISION_EVENT);
    sp_apply(state, &event);
}

static void points_of_the_erased_still_add_up(void **unused)
{
    (void)unused;
    static const sp_limits limits = {.users_max = 4,
                                     .categories_max = 1,
                                     .concerts_max = 1,
                                     .seats_max = 64,
                                     .grants_max = 4,
                                     .holds_max = 64,
                                     .idempotency_keys_max = 1};
    sp_state *state = sp_state_create(&limits);
    char text[200] = "";
    assert_non_null(state);
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    for (sp_user_id user = 1; user <= 2; user++) {
        command.user_create.role = user == 1 ? SP_ROLE_ADMIN : SP_ROLE_USER;
        command.user_create.points = 10 * user;
        give(state, &command);
    }
    command = (sp_command){.type = SP_COMMAND_USER_ERASE, .actor = 2};
    give(state, &command);

    FILE *to = fmemopen(text, sizeof text, "w");
    assert_non_null(to);
    sp_show_points(state, to);
    fclose(to);
    assert_string_equal(text, "user 1 ADMIN points 10\nuser 2 ERASED points 20\ntotal 30\n");
    sp_state_destroy(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_says_its_name),
        cmocka_unit_test(an_erasure_names_an_id_alone),
        cmocka_unit_test(holds_are_told_field_by_field),
        cmocka_unit_test(an_order_names_its_hold_and_its_job),
        cmocka_unit_test(changes_of_concerts_are_told),
        cmocka_unit_test(an_edit_tells_its_grades),
        cmocka_unit_test(points_of_the_erased_still_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
