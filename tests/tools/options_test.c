/* SPDX-License-Identifier: MIT
 *
 * Options: command line over environment, repeats, numbers, what is refused.
 */
#include "tools/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct parsed {
    const char *data[1], *listen[3], *demo[1];
    sp_option options[3];
    int first_positional, status;
} parsed;

static void parse(parsed *p, bool positionals, int argc, const char *const *words)
{
    static char storage[16][64]; /* getopt keeps pointers into it */
    char *argv[17];
    for (int i = 0; i < argc; i++) {
        snprintf(storage[i], sizeof storage[i], "%s", words[i]);
        argv[i] = storage[i];
    }
    argv[argc] = NULL;
    memset(p, 0, sizeof *p);
    p->options[0] = (sp_option){"data", "DIR", "where", p->data, 1, 0};
    p->options[1] = (sp_option){"listen", "HOST:PORT", "address", p->listen, 3, 0};
    p->options[2] = (sp_option){"demo", NULL, "fill", p->demo, 1, 0};
    p->status = sp_options_parse("test", p->options, 3, argc, argv,
                                 positionals ? &p->first_positional : NULL);
}
#define PARSE(p, positionals, ...)                                                       \
    parse(p, positionals, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
          (const char *[]){__VA_ARGS__})

static void the_command_line_wins_and_lists_repeat(void **unused)
{
    (void)unused;
    parsed p;
    setenv("STAGEPICK_DATA", "/from/environment", 1);
    setenv("STAGEPICK_LISTEN", "a:1,b:2", 1);
    PARSE(&p, false, "serve");
    assert_int_equal(p.status, SP_EXIT_OK);
    assert_string_equal(p.data[0], "/from/environment");
    assert_int_equal(p.options[1].count, 2);
    assert_string_equal(p.listen[1], "b:2");
    assert_int_equal(p.options[2].count, 0);
    PARSE(&p, false, "serve", "--data=x", "--listen", "c:3", "--demo", "--data", "y");
    assert_int_equal(p.status, SP_EXIT_OK);
    assert_string_equal(p.data[0], "y");
    assert_int_equal(p.options[1].count, 1);
    assert_string_equal(p.listen[0], "c:3");
    assert_int_equal(p.options[2].count, 1);
    setenv("STAGEPICK_LISTEN", " a:1, b:2 ,c:3", 1); /* as people write lists */
    PARSE(&p, false, "serve");
    assert_int_equal(p.options[1].count, 3);
    assert_string_equal(p.listen[1], "b:2");
    unsetenv("STAGEPICK_DATA");
    unsetenv("STAGEPICK_LISTEN");
    setenv("STAGEPICK_DEMO", "off", 1);
    PARSE(&p, false, "serve");
    assert_int_equal(p.options[0].count, 0);
    assert_int_equal(p.options[2].count, 0);
    unsetenv("STAGEPICK_DEMO");
}

static void what_is_wrong_is_a_usage_error(void **unused)
{
    (void)unused;
    parsed p;
    PARSE(&p, false, "serve", "--nonsense");
    assert_int_equal(p.status, SP_EXIT_USAGE);
    PARSE(&p, false, "serve", "--data");
    assert_int_equal(p.status, SP_EXIT_USAGE);
    PARSE(&p, false, "serve", "stray");
    assert_int_equal(p.status, SP_EXIT_USAGE);
    PARSE(&p, false, "serve", "--listen", "a", "--listen", "b", "--listen", "c", "--listen", "d");
    assert_int_equal(p.status, SP_EXIT_USAGE); /* none of a list is lost silently */
    PARSE(&p, true, "log", "verify", "--data", "x");
    assert_int_equal(p.status, SP_EXIT_OK);
    assert_int_equal(p.first_positional, 3);
    PARSE(&p, false, "serve", "--help");
    assert_int_equal(p.status, -1);
}

static void numbers_are_whole_and_in_range(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1.5", "0x10", "101", "99999999999999999999999", "one"};
    const char *value[1];
    sp_option option = {"n", "N", "", value, 1, 1};
    uint64_t out = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value[0] = bad[i];
        assert_false(sp_option_number(&option, 0, 100, &out));
    }
    assert_int_equal(out, 7);
    value[0] = "100";
    assert_true(sp_option_number(&option, 0, 100, &out));
    assert_int_equal(out, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_wins_and_lists_repeat),
        cmocka_unit_test(what_is_wrong_is_a_usage_error),
        cmocka_unit_test(numbers_are_whole_and_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
