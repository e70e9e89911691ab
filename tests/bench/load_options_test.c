/* SPDX-License-Identifier: MIT
 *
 * Options of `bench load`: defaults, and what does not go together.
 */
#include "bench/load_options.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/options.h"

#define SHA "0123456789abcdef0123456789abcdef01234567"

static char said[4096]; /* on stderr, by the last parse */

/* Words apart by spaces, behind `load`. */
static int parse(const char *line, sp_bench_load_options *out)
{
    static char words[1024];
    char *argv[40] = {(char[]){"load"}}, *rest = NULL;
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    FILE *file = tmpfile();
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int code = sp_bench_load_options_parse(argc, argv, out);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return code;
}

static void refused(const char *line, const char *words)
{
    sp_bench_load_options options;
    int code = parse(line, &options);
    if (code != SP_EXIT_USAGE || strstr(said, words) == NULL)
        fail_msg("`%s` gives %d and says: %s", line, code, said);
}

static void defaults_are_those_of_a_filled_directory(void **state)
{
    sp_bench_load_options o;
    (void)state;
    assert_int_equal(parse("--to 127.0.0.1:8080 --data d", &o), SP_EXIT_OK);
    assert_string_equal(o.to, "127.0.0.1:8080");
    assert_ptr_equal(o.workload, &sp_bench_load_spread);
    assert_ptr_equal(o.protocol, &sp_bench_load_http);
    assert_int_equal(o.connections_count, 64);
    assert_int_equal(o.depth, 1);
    assert_int_equal(o.rate, 0);
    assert_int_equal(o.run_s, 5);
    assert_int_equal(o.warmup_s, 1);
    assert_int_equal(o.requests_count, 0);
    assert_int_equal(o.stage.users.first, 2);
    assert_int_equal(o.stage.users.count, 1000);
    assert_int_equal(o.stage.concerts.first, 1);
    assert_int_equal(o.stage.concerts.count, 10);
    assert_int_equal(o.stage.seats_count, 100000);
    assert_int_equal(o.from, 0);
    assert_false(o.keyed || o.check || o.json);
    const struct sockaddr_in *address = (const struct sockaddr_in *)&o.address;
    assert_int_equal(address->sin_family, AF_INET);
    assert_int_equal(ntohs(address->sin_port), 8080);
}

static void all_can_be_said(void **state)
{
    sp_bench_load_options o;
    (void)state;
    assert_int_equal(parse("--to [::1]:99 --workload hot --connections 1024 --depth 32 "
                           "--rate 20000 --requests 10 --warmup 0 --data d --users 5:6 "
                           "--concerts 7:8 --seats 50000 --from 12 --keyed --check --json "
                           "--histogram h --timeout 3",
                           &o),
                     SP_EXIT_OK);
    assert_ptr_equal(o.workload, &sp_bench_load_hot);
    assert_int_equal(o.connections_count, 1024);
    assert_int_equal(o.depth, 32);
    assert_int_equal(o.rate, 20000);
    assert_int_equal(o.requests_count, 10);
    assert_int_equal(o.warmup_s, 0);
    assert_int_equal(o.stage.users.first, 5);
    assert_int_equal(o.stage.users.count, 6);
    assert_int_equal(o.stage.concerts.first, 7);
    assert_int_equal(o.stage.concerts.count, 8);
    assert_int_equal(o.stage.seats_count, 50000);
    assert_int_equal(o.from, 12);
    assert_int_equal(o.timeout_s, 3);
    assert_true(o.keyed && o.check && o.json);
    assert_string_equal(o.histogram_path, "h");
    assert_int_equal(((const struct sockaddr *)&o.address)->sa_family, AF_INET6);
    assert_int_equal(parse("--to h:1 --to 127.0.0.1:1 --protocol redis --script " SHA, &o),
                     SP_EXIT_OK);
    assert_ptr_equal(o.protocol, &sp_bench_load_redis);
    assert_string_equal(o.script, SHA);
    assert_int_equal(parse("--to 127.0.0.1:1 --data d --workload best-available --count 4 "
                           "--abandon 25",
                           &o),
                     SP_EXIT_OK);
    assert_int_equal(o.stage.group_size, 4);
    assert_int_equal(o.stage.abandon_percent, 25);
    assert_int_equal(parse("--to 127.0.0.1:1 --data d --workload drop --watchers 7 "
                           "--server-pid 12",
                           &o),
                     SP_EXIT_OK);
    assert_int_equal(o.watchers_count, 7);
    assert_int_equal(o.server_pid, 12);
    assert_int_equal(o.stage.concerts.count, 1);
}

static void bad_values_are_named(void **state)
{
    (void)state;
    refused("", "--to HOST:PORT is needed");
    refused("--to 127.0.0.1", "--to takes HOST:PORT");
    refused("--to 127.0.0.1:0", "--to takes HOST:PORT");
    refused("--to 127.0.0.1:1 --workload sprea", "--workload takes one of these, not: sprea");
    refused("--to 127.0.0.1:1 --protocol smtp", "--protocol takes http or redis, not: smtp");
    refused("--to 127.0.0.1:1 --connections 0", "--connections takes a whole number");
    refused("--to 127.0.0.1:1 --depth x", "--depth takes a whole number");
    refused("--to 127.0.0.1:1 --rate 99999999", "--rate takes a whole number");
    refused("--to 127.0.0.1:1 --seconds 0", "--seconds takes a whole number");
    refused("--to 127.0.0.1:1 --users 5", "--users takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --users 0:5", "--users takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --users 5:0", "--users takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --users -5:6", "--users takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --users 5:6:7", "--users takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --concerts 2147483647:2", "--concerts takes FIRST:COUNT");
    refused("--to 127.0.0.1:1 --seats 200001", "--seats takes a whole number");
    refused("--to 127.0.0.1:1 --data d more", "unexpected argument: more");
}

static void what_does_not_go_together_is_named(void **state)
{
    (void)state;
    refused("--to 127.0.0.1:1", "--data DIR is needed");
    refused("--to 127.0.0.1:1 --workload livez --check", "--check needs --data");
    refused("--to 127.0.0.1:1 --data d --seconds 1 --requests 1", "exclude each other");
    refused("--to 127.0.0.1:1 --protocol redis", "--script SHA is needed");
    refused("--to 127.0.0.1:1 --protocol redis --script " SHA " --data d --check",
            "--check needs --data DIR and --protocol http");
    refused("--to 127.0.0.1:1 --protocol redis --script " SHA " --workload map",
            "--workload map can't go over --protocol redis");
    refused("--to 127.0.0.1:1 --data d --script " SHA, "--script goes with --protocol redis");
    refused("--to 127.0.0.1:1 --workload livez --keyed", "--keyed goes with orders");
    refused("--to 127.0.0.1:1 --data d --count 3", "--count goes with --workload best-available");
    refused("--to 127.0.0.1:1 --data d --abandon 3", "--abandon goes with");
    refused("--to 127.0.0.1:1 --data d --watchers 3", "--watchers and --server-pid go with");
    refused("--to 127.0.0.1:1 --workload queue", "--data DIR is needed");
    refused("--to 127.0.0.1:1 --data d --workload drop --rate 3",
            "--workload drop takes no --rate");
    refused("--to 127.0.0.1:1 --data d --workload drop --users 2:3", "a user a connection");
    refused("--to 127.0.0.1:1 --protocol redis --script " SHA " --workload queue",
            "--workload queue can't go over --protocol redis");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_a_filled_directory),
        cmocka_unit_test(all_can_be_said),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(what_does_not_go_together_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
