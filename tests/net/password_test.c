/* SPDX-License-Identifier: MIT
 *
 * Passwords as they are hashed: prepared (RFC 8265), and what a hash cost.
 */
#include "net/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "net/text_rules.h"

/* As cheap as libsodium makes them: these tests are not about strength. */
static const sp_password_cost cheap = {8, 1};

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static void expect_prepared(const char *typed, const char *wanted)
{
    char out[SP_PASSWORD_SIZE_MAX];
    uint32_t size = sp_password_prepare(text_of(typed), out);
    if (size != strlen(wanted) || memcmp(out, wanted, size) != 0)
        fail_msg("%s became %.*s", typed, (int)size, out);
}

static void one_password_from_every_keyboard(void **state)
{
    (void)state;
    expect_prepared("correct horse", "correct horse");
    /* e with an acute accent: one code point, or two. */
    expect_prepared("caf\xc3\xa9", "caf\xc3\xa9");
    expect_prepared("cafe\xcc\x81", "caf\xc3\xa9");
    /* Two marks in either order. */
    expect_prepared("s\xcc\xa3\xcc\x87", "\xe1\xb9\xa9");
    expect_prepared("s\xcc\x87\xcc\xa3", "\xe1\xb9\xa9");
    /* Hangul: three jamo, one syllable. */
    expect_prepared("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c");
    /* No-break, em and ideographic space. */
    expect_prepared("a\xc2\xa0"
                    "b\xe2\x80\x83"
                    "c\xe3\x80\x80"
                    "d",
                    "a b c d");
    /* NFC, not NFKC: a ligature and full width stay what they are. */
    expect_prepared("\xef\xac\x81", "\xef\xac\x81");
    expect_prepared("\xef\xbc\xa1", "\xef\xbc\xa1");
    /* Case counts; nothing is trimmed; what is no letter stays. */
    expect_prepared(" Pass\tWORD \xf0\x9f\x8e\xab ", " Pass\tWORD \xf0\x9f\x8e\xab ");
    /* A character that NFC takes apart. */
    expect_prepared("\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae");
}

static void what_is_nobodys_is_none(void **state)
{
    static char out[SP_PASSWORD_SIZE_MAX];
    char long_text[SP_PASSWORD_TYPED_SIZE_MAX + 1];
    (void)state;
    assert_int_equal(sp_password_prepare((sp_text){"", 0}, out), 0);
    assert_int_equal(sp_password_prepare((sp_text){"a\0b", 3}, out), 0);
    assert_int_equal(sp_password_prepare(text_of("\xff\xfe"), out), 0);
    assert_int_equal(sp_password_prepare(text_of("\xed\xa0\x80"), out), 0);
    memset(long_text, 'x', sizeof long_text);
    assert_int_equal(sp_password_prepare((sp_text){long_text, sizeof long_text}, out), 0);
    assert_int_equal(sp_password_prepare((sp_text){long_text, SP_PASSWORD_SIZE_MAX + 1}, out), 0);
    assert_int_equal(sp_password_prepare((sp_text){long_text, SP_PASSWORD_SIZE_MAX}, out),
                     SP_PASSWORD_SIZE_MAX);
}

static const char *code_of(const char *part, unsigned count)
{
    static char text[SP_PASSWORD_TYPED_SIZE_MAX * 2];
    const char *code = "fine";
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        strcat(text, part);
    return sp_password_check(text_of(text), &code) ? code : "fine";
}

/* Characters are counted once they are composed. */
static void lengths_are_of_what_is_prepared(void **state)
{
    static const char jamo[] = "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab";
    (void)state;
    assert_string_equal(code_of("x", 7), "too_short");
    assert_string_equal(code_of("x", 8), "fine");
    assert_string_equal(code_of("x", 128), "fine");
    assert_string_equal(code_of("x", 129), "too_long");
    assert_string_equal(code_of("\xf0\x9f\x8e\xab", 128), "fine");
    assert_string_equal(code_of("\xf0\x9f\x8e\xab", 129), "too_long");
    assert_string_equal(code_of("e\xcc\x81", 7), "too_short");
    assert_string_equal(code_of("e\xcc\x81", 8), "fine");
    assert_string_equal(code_of(jamo, 7), "too_short");
    assert_string_equal(code_of(jamo, 128), "fine");
    assert_string_equal(code_of(jamo, 129), "too_long");
    /* What NFC makes longer. */
    assert_string_equal(code_of("\xf0\x9d\x85\xa0", 42), "fine");
    assert_string_equal(code_of("\xf0\x9d\x85\xa0", 43), "too_long");
    assert_string_equal(code_of("\xf0\x9d\x85\xa0", 128), "too_long");
    assert_string_equal(code_of("", 0), "too_short");
}

static void hashes_and_verifies(void **state)
{
    char hash[SP_PASSWORD_HASH_SIZE];
    (void)state;
    assert_true(sp_password_hash(&cheap, "password", 8, hash));
    assert_true(sp_password_verify(hash, "password", 8));
    assert_false(sp_password_verify(hash, "Password", 8));
    assert_false(sp_password_verify(hash, "password", 7));
    assert_false(sp_password_verify(hash, "", 0));
    assert_non_null(strstr(hash, "m=8,t=1,p=1"));
}

/* Renewed when what is configured is dearer in either; never to spend less. */
static void a_cheaper_hash_is_told(void **state)
{
    char hash[SP_PASSWORD_HASH_SIZE];
    const sp_password_cost cost = {64, 3};
    (void)state;
    assert_true(sp_password_hash(&cost, "password", 8, hash));
    assert_false(sp_password_is_cheaper(hash, &cost));
    assert_true(sp_password_is_cheaper(hash, &(sp_password_cost){65, 3}));
    assert_true(sp_password_is_cheaper(hash, &(sp_password_cost){64, 4}));
    assert_true(sp_password_is_cheaper(hash, &(sp_password_cost){8, 4}));
    assert_false(sp_password_is_cheaper(hash, &(sp_password_cost){63, 3}));
    assert_false(sp_password_is_cheaper(hash, &(sp_password_cost){64, 2}));
    assert_true(sp_password_is_cheaper("", &cost));
    assert_true(sp_password_is_cheaper("$argon2i$v=19$m=64,t=3,p=1$c2FsdA$aGFzaA", &cost));
    assert_false(sp_password_is_cheaper("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaA",
                                        &sp_password_cost_default));
}

/* ---- The gate ---- */

enum { JOBS_MAX = 200 };

typedef struct counted {
    sp_password_job job;
    bool done;
} counted;

static counted jobs[JOBS_MAX];
static uint32_t done_count;
static uv_barrier_t hold; /* the first computation waits for the test */

static bool is_wanted(const sp_password_job *job)
{
    (void)job;
    return true;
}

static void wait_for_test(sp_password_job *job)
{
    (void)job;
    uv_barrier_wait(&hold);
}

static void compute_nothing(sp_password_job *job)
{
    (void)job;
}

static void on_done(sp_password_job *job)
{
    ((counted *)job)->done = true;
    done_count++;
}

static bool enter(sp_password_gate *gate, uint32_t index, uint8_t network)
{
    sp_password_job *job = &jobs[index].job;
    job->is_wanted = is_wanted;
    job->compute = index == 0 ? wait_for_test : compute_nothing;
    job->done = on_done;
    /* Eight networks to a wide one. */
    job->network = (sp_client_address){{network}};
    job->wide_network = (sp_client_address){{network / 8}};
    return sp_password_gate_enter(gate, job);
}

/* One network has a share of the line, not all of it; the line has an end. */
static void no_network_fills_the_line(void **state)
{
    uv_loop_t loop;
    sp_password_gate gate;
    uint32_t index = 0, entered = 0;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_barrier_init(&hold, 2), 0);
    sp_password_gate_init(&gate, &loop, 1000); /* one at a time */
    assert_true(enter(&gate, index++, 1));
    for (uint32_t i = 0; i < 30; i++)
        entered += enter(&gate, index++, 1);
    assert_int_equal(entered, SP_PASSWORD_LINE_PER_NETWORK_MAX);
    for (uint8_t network = 2; network < 4; network++)
        for (uint32_t i = 0; i < 30; i++)
            entered += enter(&gate, index++, network);
    assert_int_equal(entered, SP_PASSWORD_LINE_PER_WIDE_NETWORK_MAX);
    for (uint8_t network = 8; network < 11; network++)
        for (uint32_t i = 0; i < 30; i++)
            entered += enter(&gate, index++, (uint8_t)(network * 8));
    assert_int_equal(entered, SP_PASSWORD_LINE_MAX);
    uv_barrier_wait(&hold);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(done_count, 1 + SP_PASSWORD_LINE_MAX);
    uv_barrier_destroy(&hold);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static int set_up(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_password_from_every_keyboard),
        cmocka_unit_test(what_is_nobodys_is_none),
        cmocka_unit_test(lengths_are_of_what_is_prepared),
        cmocka_unit_test(hashes_and_verifies),
        cmocka_unit_test(a_cheaper_hash_is_told),
        cmocka_unit_test(no_network_fills_the_line),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
