/* SPDX-License-Identifier: MIT
 *
 * The benchmarks run small, so that they can't rot; their result hash must be
 * the same each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/commands.h"
#include "tools/options.h"

/* Runs `bench engine --tiny` with stdout in a file; the digest line. */
static void digest_of_run(char *out, size_t size)
{
    char engine[] = "engine", bench[] = "bench", tiny[] = "--tiny";
    char *argv[] = {bench, engine, tiny, NULL};
    char line[256];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    int code = sp_command_bench(3, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_int_equal(code, SP_EXIT_OK);
    rewind(file);
    out[0] = '\0';
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "digest", 6) == 0)
            snprintf(out, size, "%s", line);
    fclose(file);
}

static void the_engine_bench_runs_and_repeats(void **unused)
{
    (void)unused;
    char first[256], second[256];
    digest_of_run(first, sizeof first);
    digest_of_run(second, sizeof second);
    assert_true(strlen(first) > 64);
    assert_string_equal(first, second);
}

static void unknown_benches_are_a_usage_error(void **unused)
{
    (void)unused;
    char bench[] = "bench", what[] = "nothing";
    char *argv[] = {bench, what, NULL};
    assert_int_equal(sp_command_bench(2, argv), SP_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_bench_runs_and_repeats),
        cmocka_unit_test(unknown_benches_are_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
