/* SPDX-License-Identifier: MIT
 *
 * A data directory that an older program made: of the time when concerts could not be
 * changed yet, with every kind of event that there was (1 to 13), an order that strands a
 * seat where noOrphans is wished, orders by the queue and of holds, an erased user. The
 * present program opens it, finds nothing wrong, and comes to the state that the older
 * one listed; and it goes on with events that the older one did not know.
 *
 * tests/storage/golden/older: log.blocks is data.mdb (compacted) without its zeros: its
 * size (u64), then each block of 64 bytes that is not zero behind its number (u32), all
 * little-endian; state.txt what `replay --show` of points, orders and holds printed, and a
 * BLAKE2b-256 of what it printed of seats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sodium.h>

#include "engine/assert.h"
#include "storage/check.h"
#include "storage/log.h"
#include "storage/recover.h"
#include "tests/support/log_file.h"
#include "tools/replay_show.h"

#define BLOCK 64u
#define HEAD_SEQ 248u

static sp_temp_dir dir;

static char *read_golden(const char *name, size_t *size)
{
    const char *source = getenv("SP_SOURCE_DIR");
    char path[300];
    snprintf(path, sizeof path, "%s/tests/storage/golden/older/%s", source != NULL ? source : ".",
             name);
    FILE *from = fopen(path, "rb");
    if (from == NULL)
        fail_msg("there is no %s", path);
    fseek(from, 0, SEEK_END);
    *size = (size_t)ftell(from);
    rewind(from);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, from), *size);
    bytes[*size] = '\0';
    fclose(from);
    return bytes;
}

static int set_up(void **state)
{
    size_t size, at = 8;
    uint64_t file_size;
    uint32_t number;
    (void)state;
    char *blocks = read_golden("log.blocks", &size);
    memcpy(&file_size, blocks, 8);
    char *file = calloc(1, file_size);
    assert_non_null(file);
    for (; at < size; at += 4 + BLOCK) {
        memcpy(&number, blocks + at, 4);
        assert_true(((uint64_t)number + 1) * BLOCK <= file_size);
        memcpy(file + (size_t)number * BLOCK, blocks + at + 4, BLOCK);
    }
    sp_temp_dir_make(&dir);
    sp_temp_dir_write(&dir, "data.mdb", file, file_size);
    char path[300];
    snprintf(path, sizeof path, "%s/data.mdb", dir.path);
    assert_int_equal(chmod(path, 0600), 0);
    free(file);
    free(blocks);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_temp_dir_remove(&dir);
    return 0;
}

static void check_all(sp_log_report *report)
{
    static const sp_log_check_options everything = {
        .limits = &sp_limits_default, .decode = true, .side = true, .lookups = true};
    sp_finding finding;
    if (sp_log_check(dir.path, &everything, report, &finding) != SP_STORAGE_OK)
        fail_msg("%s", finding.text);
}

static void it_is_found_whole(void **unused)
{
    sp_log_report report;
    (void)unused;
    check_all(&report);
    assert_int_equal(report.summary.head.seq, HEAD_SEQ);
    assert_int_equal(report.replayed_seq, HEAD_SEQ);
    for (unsigned type = 1; type <= SP_EVENT_HOLDS_EXPIRED; type++)
        if (report.events_by_type[type] == 0)
            fail_msg("it has no %s", sp_event_name(type));
    for (unsigned type = SP_EVENT_CONCERT_EDITED; type < SP_EVENT_TYPES_MAX; type++)
        assert_int_equal(report.events_by_type[type], 0);
}

/* An environment and the state of its log. */
static sp_env *open_log(sp_state **state)
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_env *env;
    *state = sp_state_create(&sp_limits_default);
    sp_recover_config config = {.state = *state, .lookups = true};
    if (sp_env_open(dir.path, SP_ENV_WRITE, SP_LOG_FILE_MAP_BYTES, &env, &finding) !=
            SP_STORAGE_OK ||
        sp_recover(env, &config, &summary, &finding) != SP_STORAGE_OK)
        fail_msg("%s", finding.text);
    return env;
}

/* As state.txt has it: malloc'ed. */
static char *list_state(const sp_state *state)
{
    unsigned char hash[crypto_generichash_BYTES];
    char *text = NULL, *seats = NULL;
    size_t size, seats_size;
    FILE *to = open_memstream(&text, &size), *seats_to = open_memstream(&seats, &seats_size);
    assert_true(to != NULL && seats_to != NULL);
    sp_show_points(state, to);
    sp_show_orders(state, to);
    sp_show_holds(state, to);
    sp_show_seats(state, seats_to);
    fclose(seats_to);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)seats, seats_size, NULL, 0);
    fputs("seats ", to);
    for (size_t i = 0; i < sizeof hash; i++)
        fprintf(to, "%02x", hash[i]);
    fputs("\n", to);
    fclose(to);
    free(seats);
    return text;
}

static void it_replays_to_what_was_listed(void **unused)
{
    size_t size;
    sp_state *state;
    sp_env *env = open_log(&state);
    char *want = read_golden("state.txt", &size), *got = list_state(state);
    (void)unused;
    assert_string_equal(got, want);
    for (sp_concert_id id = 1; id <= sp_state_concerts_count(state); id++) {
        const sp_concert_card *card = sp_state_concert(state, id);
        assert_int_equal(sp_state_sale(state, id), SP_SALE_OPEN);
        assert_int_equal(card->layout_seq, card->created_seq);
        assert_ptr_equal(card->created, card);
    }
    assert_true(sp_state_concert(state, 2)->spec.no_orphans);
    free(want);
    free(got);
    sp_state_destroy(state);
    sp_env_close(env);
}

static void give(sp_state *state, sp_log *to, const sp_command *command)
{
    static sp_refusal refusal;
    static sp_hold_id expired[SP_HOLDS_PER_EXPIRY_MAX];
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    sp_time_ms now = sp_state_time(state) + 1;
    while (sp_decide_expiry(state, now, expired, &event)) {
        assert_int_equal(to->append(to, &event), SP_LOG_OK);
        sp_apply(state, &event);
    }
    assert_int_equal(sp_decide(state, command, now, &event, seats, &replay, &outcome, &refusal),
                     SP_DECISION_EVENT);
    assert_null(sp_admit(state, &event));
    assert_int_equal(to->append(to, &event), SP_LOG_OK);
    sp_apply(state, &event);
    assert_int_equal(to->commit(to, now), SP_LOG_OK);
}

static void it_goes_on_with_events_of_today(void **unused)
{
    sp_state *state;
    sp_env *env = open_log(&state);
    sp_event_log *log;
    sp_finding finding;
    sp_log_report report;
    uint8_t digest[SP_DIGEST_SIZE];
    sp_concert_patch patch = {.fields = 1u << SP_PATCH_NAME, .spec = {.name = SP_TEXT("anew")}};
    (void)unused;
    assert_int_equal(sp_event_log_create(env, &log, &finding), SP_STORAGE_OK);
    sp_log *to = sp_event_log_interface(log);
    for (sp_concert_id id = 1; id <= 2; id++) {
        sp_command command = {.type = SP_COMMAND_CONCERT_EDIT};
        command.concert_edit.concert = id;
        command.concert_edit.patch = &patch;
        give(state, to, &command);
        command = (sp_command){.type = SP_COMMAND_CONCERT_PAUSE, .concert_pause = {id}};
        give(state, to, &command);
        command = (sp_command){.type = SP_COMMAND_CONCERT_RESUME, .concert_resume = {id}};
        give(state, to, &command);
        command = (sp_command){.type = SP_COMMAND_CONCERT_CANCEL, .concert_cancel = {id}};
        give(state, to, &command);
        assert_int_equal(sp_state_sold_count(state, id), 0);
        assert_int_equal(sp_state_held_count(state, id), 0);
    }
    sp_digest(state, digest);
    sp_event_log_destroy(log);
    sp_env_close(env);
    sp_state_destroy(state);
    check_all(&report);
    assert_memory_equal(report.digest, digest, sizeof digest);
    for (unsigned type = SP_EVENT_CONCERT_EDITED; type <= SP_EVENT_CONCERT_CANCELLED; type++)
        assert_int_equal(report.events_by_type[type], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_found_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_replays_to_what_was_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_goes_on_with_events_of_today, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
