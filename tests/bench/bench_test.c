/* SPDX-License-Identifier: MIT
 *
 * The micro-benchmarks run small, so that they can't rot: each twice, and its
 * result hash must be the same each time, for people and as JSON. What they
 * measure is not judged here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/stopwatch.h"
#include "net/json_read.h"
#include "tests/support/temp_dir.h"
#include "tools/commands.h"
#include "tools/options.h"

#define ARGUMENTS_MAX 12

/* Runs `bench …` with stdout in a buffer, which the caller frees. */
static int run_bench(const char *const *arguments, char **out)
{
    char copies[ARGUMENTS_MAX][256];
    char *argv[ARGUMENTS_MAX + 2] = {(char[]){"bench"}};
    int argc = 1;
    for (; arguments[argc - 1] != NULL; argc++) {
        assert_true(argc <= ARGUMENTS_MAX);
        snprintf(copies[argc - 1], sizeof copies[0], "%s", arguments[argc - 1]);
        argv[argc] = copies[argc - 1];
    }
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    int code = sp_command_bench(argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    *out = calloc(1, (size_t)size + 1);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return code;
}

#define RUN(out, ...) run_bench((const char *const[]){__VA_ARGS__, NULL}, out)

/* The hex digits behind a mark; "" if it is not there. */
static void hash_behind(const char *text, const char *mark, char hash[33])
{
    const char *at = strstr(text, mark);
    hash[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(mark);
    at += strspn(at, " ");
    snprintf(hash, 33, "%.*s", (int)strspn(at, "0123456789abcdef"), at);
}

static const sp_json_node *member(const sp_json_reader *reader, const sp_json_node *object,
                                  const char *name)
{
    const sp_json_node *child = sp_json_node_at(reader, object->first);
    while (child != NULL && !(child->key.size == strlen(name) &&
                              memcmp(child->key.bytes, name, child->key.size) == 0))
        child = sp_json_node_at(reader, child->next);
    return child;
}

/* Every line is an object that names the benchmark; there are rows, and of
 * hash and conditions one each, if a hash is wanted. */
static void check_json(const char *text, const char *bench, int hashes_wanted)
{
    int rows = 0, hashes = 0, conditions = 0;
    sp_json_reader *reader = sp_json_reader_create();
    assert_non_null(reader);
    for (const char *line = text; *line != '\0';) {
        const char *why = NULL, *end = strchr(line, '\n');
        assert_non_null(end);
        const sp_json_node *root =
            sp_json_read(reader, (sp_text){line, (uint32_t)(end - line)}, &why);
        if (root == NULL || root->type != SP_JSON_OBJECT)
            fail_msg("no JSON object (%s): %s", why != NULL ? why : "another value", line);
        const sp_json_node *name = member(reader, root, "bench");
        assert_non_null(name);
        assert_int_equal(name->text.size, strlen(bench));
        assert_memory_equal(name->text.bytes, bench, name->text.size);
        rows += member(reader, root, "row") != NULL;
        hashes += member(reader, root, "hash") != NULL;
        conditions += member(reader, root, "conditions") != NULL;
        line = end + 1;
    }
    sp_json_reader_destroy(reader);
    assert_true(rows > 0);
    assert_int_equal(hashes, hashes_wanted);
    assert_int_equal(conditions, 1);
}

/* Twice for people, once for programs: one result. */
static void check_bench(const char *name, const char *option, const char *value)
{
    char *first, *second, *json, hashes[3][33];
    assert_int_equal(RUN(&first, name, "--tiny", option, value), SP_EXIT_OK);
    assert_int_equal(RUN(&second, name, "--tiny", option, value), SP_EXIT_OK);
    assert_int_equal(RUN(&json, name, "--tiny", "--json", option, value), SP_EXIT_OK);
    hash_behind(first, "\nresult hash", hashes[0]);
    hash_behind(second, "\nresult hash", hashes[1]);
    hash_behind(json, "\"hash\":\"", hashes[2]);
    assert_int_equal(strlen(hashes[0]), 32);
    assert_string_equal(hashes[0], hashes[1]);
    assert_string_equal(hashes[0], hashes[2]);
    check_json(json, name, 1);
    free(first);
    free(second);
    free(json);
}

static void the_engine_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("engine", NULL, NULL);
    check_bench("engine", "--seats-per-order", "3");
}

static void the_queue_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("queue", NULL, NULL);
}

static void the_codec_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("codec", NULL, NULL);
}

static void the_http_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("http", NULL, NULL);
}

static void the_json_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("json", NULL, NULL);
}

static void the_finder_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("finder", NULL, NULL);
}

static void the_holds_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("holds", NULL, NULL);
}

static void the_search_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("search", NULL, NULL);
}

static void the_cancel_bench_repeats(void **unused)
{
    (void)unused;
    check_bench("cancel", NULL, NULL);
}

static void the_log_bench_repeats_and_leaves_nothing(void **unused)
{
    (void)unused;
    sp_temp_dir dir;
    sp_temp_dir_make(&dir);
    check_bench("log", "--dir", dir.path);
    /* Only an empty directory can be removed so. */
    assert_int_equal(rmdir(dir.path), 0);
}

static void one_batch_size_is_measured_alone(void **unused)
{
    (void)unused;
    char *json;
    sp_temp_dir dir;
    sp_temp_dir_make(&dir);
    /* As many events as there is time for: nothing to hash. */
    assert_int_equal(RUN(&json, "log", "--dir", dir.path, "--batch", "8", "--seconds", "1",
                         "--rate", "800", "--json"),
                     SP_EXIT_OK);
    check_json(json, "log", 0);
    assert_non_null(strstr(json, "\"row\":\"batches of 8\""));
    assert_null(strstr(json, "replay"));
    free(json);
    assert_int_equal(rmdir(dir.path), 0);
}

static void bad_options_are_usage_errors(void **unused)
{
    (void)unused;
    char *out;
    const char *const wrong[][5] = {
        {"nothing"},
        {"engine", "--orders", "20000000"}, /* more than seats */
        {"engine", "--seats", "1", "--seats-per-order", "2"},
        {"engine", "--users", "0"},
        {"queue", "--depth"},
        {"log", "--rate", "5"},
        {"log", "--batch", "0"},
        {"floor"},
        {"floor", "durable"},
        {"floor", "plain", "--data", "x"},
        {"floor", "plain", "--commit", "lmdb"},
        {"floor", "plain", "--status", "200"},
        {"floor", "plain", "--listen", "nowhere"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *arguments[6] = {NULL};
        memcpy(arguments, wrong[i], sizeof wrong[i]);
        int code = run_bench(arguments, &out);
        if (code != SP_EXIT_USAGE)
            fail_msg("case %zu (%s): exit code %d", i, wrong[i][0], code);
        free(out);
    }
}

static void a_log_that_can_not_be_made_fails(void **unused)
{
    (void)unused;
    char *out;
    assert_int_equal(RUN(&out, "log", "--tiny", "--dir", "/proc/self/nowhere"), SP_EXIT_FAILED);
    free(out);
}

static void percentiles_are_by_nearest_rank(void **unused)
{
    (void)unused;
    uint64_t values[] = {5, 1, 4, 2, 3};
    sp_bench_sort(values, 5);
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(values[i], i + 1);
    assert_int_equal(sp_bench_per_mille(values, 5, 0), 1);
    assert_int_equal(sp_bench_per_mille(values, 5, 200), 1);
    assert_int_equal(sp_bench_per_mille(values, 5, 201), 2);
    assert_int_equal(sp_bench_per_mille(values, 5, 500), 3);
    assert_int_equal(sp_bench_per_mille(values, 5, 999), 5);
    assert_int_equal(sp_bench_per_mille(values, 5, 1000), 5);
    assert_int_equal(sp_bench_per_mille(values, 1, 500), 1);
}

static void count_up(void *context)
{
    ++*(int *)context;
}

static void a_pace_is_of_all_its_runs(void **unused)
{
    (void)unused;
    int runs = 0;
    sp_bench_pace pace = sp_bench_pace_of(count_up, &runs, 10, 5);
    assert_int_equal(runs, 6); /* one to warm up */
    assert_true(pace.least_ns <= pace.median_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_bench_repeats),
        cmocka_unit_test(the_queue_bench_repeats),
        cmocka_unit_test(the_codec_bench_repeats),
        cmocka_unit_test(the_http_bench_repeats),
        cmocka_unit_test(the_json_bench_repeats),
        cmocka_unit_test(the_finder_bench_repeats),
        cmocka_unit_test(the_holds_bench_repeats),
        cmocka_unit_test(the_search_bench_repeats),
        cmocka_unit_test(the_cancel_bench_repeats),
        cmocka_unit_test(the_log_bench_repeats_and_leaves_nothing),
        cmocka_unit_test(one_batch_size_is_measured_alone),
        cmocka_unit_test(bad_options_are_usage_errors),
        cmocka_unit_test(a_log_that_can_not_be_made_fails),
        cmocka_unit_test(percentiles_are_by_nearest_rank),
        cmocka_unit_test(a_pace_is_of_all_its_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
