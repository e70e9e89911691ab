/* SPDX-License-Identifier: MIT */
#include "net/job_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>

/* Every loop is reached, by every value of the byte that may lead there. */
static void random_ones_are_at_home(void **state)
{
    (void)state;
    for (uint32_t loops = 1; loops <= 16; loops++)
        for (uint32_t loop = 0; loop < loops; loop++) {
            sp_hash128 id, other;
            for (int i = 0; i < 600; i++) {
                sp_job_id_random(loop, loops, &id);
                assert_int_equal(sp_job_id_home(&id, loops), loop);
            }
            sp_job_id_random(loop, loops, &other);
            assert_false(sp_job_id_equal(&id, &other));
        }
}

static void one_request_with_one_key_is_one_job(void **state)
{
    sp_idempotency first = {true, {{1}}, {{2}}}, changed;
    sp_hash128 id, again, other;
    (void)state;
    sp_job_id_of_key(7, &first, &id);
    sp_job_id_of_key(7, &first, &again);
    assert_true(sp_job_id_equal(&id, &again));
    sp_job_id_of_key(8, &first, &other);
    assert_false(sp_job_id_equal(&id, &other));
    changed = first;
    changed.key.bytes[15] = 1;
    sp_job_id_of_key(7, &changed, &other);
    assert_false(sp_job_id_equal(&id, &other));
    changed = first;
    changed.request.bytes[15] = 1;
    sp_job_id_of_key(7, &changed, &other);
    assert_false(sp_job_id_equal(&id, &other));
    /* What stands in the log of those who have used it. */
    char text[SP_JOB_ID_TEXT_SIZE + 1] = {0};
    sp_job_id_print(&id, text);
    assert_string_equal(text, "9be958eb3e71e29aa46dd604491755a8");
}

static void as_text(void **state)
{
    sp_hash128 id, read;
    char text[SP_JOB_ID_TEXT_SIZE + 1] = {0};
    (void)state;
    for (unsigned i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)(i * 17 + 9);
    sp_job_id_print(&id, text);
    assert_string_equal(text, "091a2b3c4d5e6f8091a2b3c4d5e6f708");
    assert_true(sp_job_id_parse((sp_text){text, SP_JOB_ID_TEXT_SIZE}, &read));
    assert_true(sp_job_id_equal(&id, &read));
    assert_false(sp_job_id_parse((sp_text){text, SP_JOB_ID_TEXT_SIZE - 1}, &read));
    assert_false(sp_job_id_parse((sp_text){text, SP_JOB_ID_TEXT_SIZE + 1}, &read));
    for (unsigned at = 0; at < SP_JOB_ID_TEXT_SIZE; at++)
        for (int c = 0; c < 256; c++) {
            bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            char kept = text[at];
            text[at] = (char)c;
            assert_int_equal(sp_job_id_parse((sp_text){text, SP_JOB_ID_TEXT_SIZE}, &read), good);
            text[at] = kept;
        }
}

static bool has_id(const char *path)
{
    sp_hash128 id;
    return sp_job_id_of_path((sp_text){path, (uint32_t)strlen(path)}, &id);
}

static void in_a_path(void **state)
{
    (void)state;
    assert_true(has_id("/v1/jobs/00112233445566778899aabbccddeeff"));
    assert_true(has_id("/v1/jobs/00112233445566778899aabbccddeeff/stream"));
    assert_false(has_id("/v1/jobs/00112233445566778899AABBCCDDEEFF"));
    assert_false(has_id("/v1/jobs/00112233445566778899aabbccddeef"));
    assert_false(has_id("/v1/jobs/00112233445566778899aabbccddeeff0"));
    assert_false(has_id("/v1/jobs/"));
    assert_false(has_id("/v1/job"));
    assert_false(has_id("/v1/jobs/7/stream"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ones_are_at_home),
        cmocka_unit_test(one_request_with_one_key_is_one_job),
        cmocka_unit_test(as_text),
        cmocka_unit_test(in_a_path),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("job id", tests, NULL, NULL);
}
