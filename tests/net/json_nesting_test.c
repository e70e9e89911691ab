/* SPDX-License-Identifier: MIT
 *
 * Bad nesting is a bug of ours: each way to do it must abort.
 */
#include "net/json_write.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static sp_json_writer *writer;
static sp_out out;

static void begin_object(void)
{
    sp_json_begin(writer, &out);
    sp_json_object(writer);
}
static void begin_array(void)
{
    sp_json_begin(writer, &out);
    sp_json_array(writer);
}

static void value_without_key(void)
{
    begin_object();
    sp_json_null(writer);
}
static void text_without_key(void)
{
    begin_object();
    sp_json_text(writer, SP_TEXT("x"));
}
static void two_keys(void)
{
    begin_object();
    sp_json_key(writer, "a");
    sp_json_key(writer, "b");
}
static void key_without_value(void)
{
    begin_object();
    sp_json_key(writer, "a");
    sp_json_object_end(writer);
}
static void key_in_array(void)
{
    begin_array();
    sp_json_key(writer, "a");
}
static void members_in_array(void)
{
    begin_array();
    sp_json_members(writer, SP_TEXT(",\"a\":1"));
}
static void array_closes_object(void)
{
    begin_object();
    sp_json_array_end(writer);
}
static void object_closes_array(void)
{
    begin_array();
    sp_json_object_end(writer);
}
static void array_closes_member(void)
{
    begin_object();
    sp_json_key(writer, "a");
    sp_json_array_end(writer);
}
static void close_without_open(void)
{
    sp_json_begin(writer, &out);
    sp_json_array_end(writer);
}
static void two_texts(void)
{
    begin_array();
    sp_json_array_end(writer);
    sp_json_integer(writer, 1);
}
static void end_in_the_middle(void)
{
    begin_array();
    sp_json_end(writer);
}
static void end_of_nothing(void)
{
    sp_json_begin(writer, &out);
    sp_json_end(writer);
}
static void too_deep(void)
{
    sp_json_begin(writer, &out);
    for (unsigned i = 0; i <= SP_JSON_LEVELS_MAX; i++)
        sp_json_array(writer);
}

/* In a child of its own, silent and without a core file. */
static int signal_of(void (*act)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void nests_to_the_limit(void)
{
    sp_json_begin(writer, &out);
    for (unsigned i = 0; i < SP_JSON_LEVELS_MAX; i++)
        sp_json_array(writer);
    for (unsigned i = 0; i < SP_JSON_LEVELS_MAX; i++)
        sp_json_array_end(writer);
    sp_json_end(writer);
}

static void bad_nesting_aborts(void **state)
{
    static void (*const acts[])(void) = {
        value_without_key,
        text_without_key,
        two_keys,
        key_without_value,
        key_in_array,
        members_in_array,
        array_closes_object,
        object_closes_array,
        array_closes_member,
        close_without_open,
        two_texts,
        end_in_the_middle,
        end_of_nothing,
        too_deep,
    };
    (void)state;
    assert_int_equal(signal_of(nests_to_the_limit), 0);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (signal_of(acts[i]) != SIGABRT)
            fail_msg("act %zu did not abort", i);
}

static int set_up(void **state)
{
    (void)state;
    sp_out_init(&out);
    writer = sp_json_writer_create();
    return writer ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_writer_destroy(writer);
    sp_out_close(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bad_nesting_aborts)};
    return cmocka_run_group_tests_name("json_nesting", tests, set_up, tear_down);
}
