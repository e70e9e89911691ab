/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "tests/engine/concerts_stage.h"
#include "tests/engine/digest.h"

/* A history with a bit of everything; the event it is cut before can be
 * changed. */
static void play(struct stage *stage)
{
    sp_command keyed = stage_order_command(BUYER, SEATS(1, 2, 3));
    keyed.idempotency.present = true;

    *stage = stage_make();
    assert_int_equal(stage_give(stage, &keyed), SP_OK);
    assert_int_equal(stage_order(stage, OTHER, SEATS(128)), SP_OK);
    stage->now += 5;
    assert_int_equal(stage_cancel(stage, BUYER, 1, NULL), SP_OK);
}

static void one_history_has_one_digest(void **unused)
{
    (void)unused;
    struct stage one, two;
    uint8_t a[SP_DIGEST_SIZE], b[SP_DIGEST_SIZE];

    play(&one);
    play(&two);
    digest(&one, a);
    digest(&two, b);
    assert_memory_equal(a, b, SP_DIGEST_SIZE);
    stage_close(&one);
    stage_close(&two);
}

/* Larger tables are no part of the facts. */
static void limits_do_not_show(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    uint8_t a[SP_DIGEST_SIZE], b[SP_DIGEST_SIZE];
    limits.seats_max *= 3;
    limits.concerts_max *= 5;
    limits.categories_max = 1000;
    limits.idempotency_keys_max = 4096;
    struct stage one = stage_empty();
    struct stage two = stage_empty_with(&limits);
    struct stage *both[] = {&one, &two};

    for (int i = 0; i < 2; i++) {
        sp_concert_spec spec = stage_spec();
        assert_int_equal(stage_user(both[i], SP_ROLE_ADMIN, 5000), SP_OK);
        assert_int_equal(stage_category(both[i], ADMIN, "Classic"), SP_OK);
        assert_int_equal(stage_concert(both[i], ADMIN, &spec), SP_OK);
        sp_command keyed = stage_order_command(ADMIN, SEATS(1, 2, 3));
        keyed.idempotency.present = true;
        assert_int_equal(stage_give(both[i], &keyed), SP_OK);
    }
    digest(&one, a);
    digest(&two, b);
    assert_memory_equal(a, b, SP_DIGEST_SIZE);
    stage_close(&one);
    stage_close(&two);
}

static void every_event_changes_it(void **unused)
{
    (void)unused;
    struct stage stage;
    uint8_t last[SP_DIGEST_SIZE], next[SP_DIGEST_SIZE];
    sp_command start = stage_command(SP_COMMAND_SERVER_START, 0);
    sp_command role = stage_command(SP_COMMAND_ROLE_SET, ADMIN);
    start.server_start.version = SP_TEXT("1");
    role.role_set.user = BUYER;
    role.role_set.role = SP_ROLE_USER; /* as it is: but seq and time move */

    play(&stage);
    digest(&stage, last);
    const sp_command *commands[] = {&start, &role};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stage_give(&stage, commands[i]), SP_OK);
        digest(&stage, next);
        assert_memory_not_equal(last, next, SP_DIGEST_SIZE);
        memcpy(last, next, SP_DIGEST_SIZE);
    }
    stage_close(&stage);
}

/* Two histories of as many events at the same times that differ in one thing
 * each, which only the digest's own field for it can tell. */
static void what_differs_shows(void **unused)
{
    (void)unused;
    uint8_t seen[8][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 8; variant++) {
        struct stage stage = stage_make();
        sp_concert_spec spec = stage_spec();
        sp_command order = stage_order_command(BUYER, SEATS(1));
        spec.address = variant == 1 ? (sp_text){NULL, 0} : SP_TEXT("");
        spec.no_orphans = variant == 2;
        spec.hold_seconds = variant == 3 ? 301 : 300;
        assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
        order.idempotency.present = variant >= 4;
        order.idempotency.request.bytes[15] = variant == 5;
        order.order_create.seats[0] = variant == 6 ? 2 : 1;
        order.order_create.concert = variant == 7 ? 2 : 1;
        assert_int_equal(stage_give(&stage, &order), SP_OK);
        digest(&stage, seen[variant]);
        differs_from_all(seen, variant);
        stage_close(&stage);
    }
}

static sp_outcome edit_field(struct stage *stage, uint32_t fields)
{
    sp_concert_patch patch = patch_of(fields);
    patch.spec.cancel_until = STAGE_ENDS - 1;
    patch.spec.image_url = SP_TEXT("");
    return concert_edit(stage, HOST, 1, &patch);
}

/* Two changes of a concert. */
static void change_concert(struct stage *stage, int variant)
{
    const uint32_t rows[] = {60, 10, 60}, others[] = {60, 10, 59};
    bool is_last = variant == 4;

    if (variant == 3 || variant == 4) { /* one layout, given by the one or the other */
        if (is_last)
            assert_int_equal(edit_field(stage, 0), SP_OK);
        assert_int_equal(concert_relay(stage, HOST, rows, 3), SP_OK);
        if (!is_last)
            assert_int_equal(edit_field(stage, 0), SP_OK);
        return;
    }
    assert_int_equal(edit_field(stage, 0), SP_OK);
    if (variant <= 2)
        assert_int_equal(edit_field(stage, variant == 1   ? FIELD(CANCEL_UNTIL)
                                           : variant == 2 ? FIELD(IMAGE_URL)
                                                          : 0),
                         SP_OK);
    else if (variant == 5)
        assert_int_equal(concert_pause(stage, HOST, 1), SP_OK);
    else if (variant == 6)
        assert_int_equal(concert_cancel(stage, HOST, 1), SP_OK);
    else
        assert_int_equal(concert_relay(stage, HOST, others, 3), SP_OK);
}

/* As many events, at the same times, that change the concert otherwise. */
static void what_became_of_a_concert_shows(void **unused)
{
    (void)unused;
    uint8_t seen[8][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 8; variant++) {
        struct stage stage = stage_make();
        change_concert(&stage, variant);
        digest(&stage, seen[variant]);
        differs_from_all(seen, variant);
        stage_close(&stage);
    }
}

/* Grants that add up to the same balance at the same time: the ledger differs. */
static void how_points_were_granted_shows(void **unused)
{
    (void)unused;
    uint8_t seen[2][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 2; variant++) {
        struct stage stage = stage_make();
        sp_command grant = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
        grant.points_grant.user = BUYER;
        grant.points_grant.amount = variant ? 3 : 5;
        assert_int_equal(stage_give(&stage, &grant), SP_OK);
        grant.points_grant.amount = variant ? 5 : 3;
        assert_int_equal(stage_give(&stage, &grant), SP_OK);
        digest(&stage, seen[variant]);
        stage_close(&stage);
    }
    assert_memory_not_equal(seen[0], seen[1], SP_DIGEST_SIZE);
}

/* A change of the canonical order is a change of what logs are checked by:
 * made on purpose only, and then here. */
static void the_empty_state_has_a_known_digest(void **unused)
{
    (void)unused;
    struct stage stage = stage_empty();
    uint8_t out[SP_DIGEST_SIZE];
    char hex[2 * SP_DIGEST_SIZE + 1];

    digest(&stage, out);
    for (uint32_t i = 0; i < SP_DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(hex, "629bc9e0b77d28d3ad4771ae1f8398503e0359d1435eca925f5227573d6fd6e7");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_history_has_one_digest),
        cmocka_unit_test(limits_do_not_show),
        cmocka_unit_test(every_event_changes_it),
        cmocka_unit_test(what_differs_shows),
        cmocka_unit_test(what_became_of_a_concert_shows),
        cmocka_unit_test(how_points_were_granted_shows),
        cmocka_unit_test(the_empty_state_has_a_known_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
