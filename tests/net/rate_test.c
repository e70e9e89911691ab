/* SPDX-License-Identifier: MIT
 *
 * The table of limits against a naive bucket that holds tokens as a fraction,
 * its edges, its bounded memory, and threads that take from one bucket.
 */
#include "net/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "tests/support/random.h"

#define SECOND UINT64_C(1000000)
#define START (UINT64_C(3) * 3600 * SECOND)

static const sp_rate_rule ten = {10, 100000}; /* 10 at once, 10 a second */

static uint64_t key_of(const sp_rate_table *table, uint32_t number)
{
    return sp_rate_key(table, SP_RATE_ADDRESS_WRITES, &number, sizeof number);
}

static sp_rate_table *make(uint32_t entries)
{
    sp_rate_table *table = sp_rate_table_create(entries);
    assert_non_null(table);
    return table;
}

static void expect(sp_rate_verdict verdict, bool allowed, uint32_t remaining, uint32_t reset_s,
                   uint32_t retry_after_s)
{
    assert_int_equal(verdict.allowed, allowed);
    assert_int_equal(verdict.limit, 10);
    assert_int_equal(verdict.remaining, remaining);
    assert_int_equal(verdict.reset_s, reset_s);
    assert_int_equal(verdict.retry_after_s, retry_after_s);
}

static void a_burst_and_then_the_rate(void **state)
{
    (void)state;
    sp_rate_table *table = make(64);
    uint64_t key = key_of(table, 1);
    for (uint32_t i = 0; i < 10; i++) {
        expect(sp_rate_look(table, key, &ten, START), true, 9 - i, 1, 0);
        expect(sp_rate_take(table, key, &ten, START), true, 9 - i, 1, 0);
    }
    expect(sp_rate_take(table, key, &ten, START), false, 0, 1, 1);
    /* The next token is there after 100 ms, not a microsecond before. */
    expect(sp_rate_take(table, key, &ten, START + 99999), false, 0, 1, 1);
    expect(sp_rate_look(table, key, &ten, START + 100000), true, 0, 1, 0);
    expect(sp_rate_take(table, key, &ten, START + 100000), true, 0, 1, 0);
    expect(sp_rate_take(table, key, &ten, START + 100000), false, 0, 1, 1);
    /* However long the pause, no more than a full bucket. */
    expect(sp_rate_take(table, key, &ten, START + 3600 * SECOND), true, 9, 1, 0);
    /* Someone else has his own. */
    expect(sp_rate_take(table, key_of(table, 2), &ten, START), true, 9, 1, 0);
    sp_rate_table_destroy(table);
}

/* A row's buckets are a table's that has room for all of them. */
static void a_row_is_as_a_table(void **state)
{
    (void)state;
    enum { NUMBERS = 50 };
    sp_rate_table *table = make(1024);
    sp_rate_row *row = sp_rate_row_create(NUMBERS);
    assert_non_null(row);
    assert_int_equal(sp_rate_row_count(row), NUMBERS);
    sp_random random;
    sp_random_seed(&random, 7);
    uint64_t now_us = START;
    uint32_t refused_count = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t number = (uint32_t)sp_random_below(&random, NUMBERS);
        sp_rate_verdict a = sp_rate_take(table, key_of(table, number), &ten, now_us);
        sp_rate_verdict b = sp_rate_row_take(row, number, &ten, now_us);
        assert_int_equal(a.allowed, b.allowed);
        assert_int_equal(a.remaining, b.remaining);
        assert_int_equal(a.reset_s, b.reset_s);
        assert_int_equal(a.retry_after_s, b.retry_after_s);
        refused_count += !b.allowed;
        now_us += sp_random_below(&random, 4000);
    }
    assert_true(refused_count > 100);
    sp_rate_row_destroy(row);
    sp_rate_table_destroy(table);
}

static void a_slow_bucket(void **state)
{
    static const sp_rate_rule slow = {3, 60000000}; /* one a minute, three at once */
    (void)state;
    sp_rate_table *table = make(64);
    uint64_t key = key_of(table, 1);
    for (int i = 0; i < 3; i++)
        assert_true(sp_rate_take(table, key, &slow, START).allowed);
    sp_rate_verdict verdict = sp_rate_take(table, key, &slow, START + 1);
    assert_false(verdict.allowed);
    assert_int_equal(verdict.retry_after_s, 60); /* 59.999999 s, rounded up */
    assert_int_equal(verdict.reset_s, 180);
    sp_rate_give_back(table, key, &slow);
    assert_true(sp_rate_take(table, key, &slow, START + 1).allowed);
    assert_false(sp_rate_take(table, key, &slow, START + 1).allowed);
    sp_rate_table_destroy(table);
}

static void given_back_is_no_more_than_full(void **state)
{
    (void)state;
    sp_rate_table *table = make(64);
    uint64_t key = key_of(table, 1);
    sp_rate_give_back(table, key, &ten); /* nothing was taken */
    expect(sp_rate_take(table, key, &ten, START), true, 9, 1, 0);
    for (int i = 0; i < 5; i++)
        sp_rate_give_back(table, key, &ten);
    expect(sp_rate_take(table, key, &ten, START + 1), true, 9, 1, 0);
    sp_rate_table_destroy(table);
}

/* The 48 bits of the clock go round, once in 8.9 years. */
static void across_the_wrap(void **state)
{
    const uint64_t wrap = UINT64_C(1) << 48;
    (void)state;
    sp_rate_table *table = make(64);
    uint64_t key = key_of(table, 1);
    for (int i = 0; i < 10; i++)
        assert_true(sp_rate_take(table, key, &ten, wrap - 1).allowed);
    assert_false(sp_rate_take(table, key, &ten, wrap - 1).allowed);
    assert_false(sp_rate_take(table, key, &ten, wrap + 99998).allowed);
    assert_true(sp_rate_take(table, key, &ten, wrap + 99999).allowed);
    /* What was written before half a turn is over, and not far ahead. */
    assert_int_equal(sp_rate_take(table, key, &ten, wrap + wrap / 2 + wrap / 4).remaining, 9);
    sp_rate_table_destroy(table);
}

/* ---- The naive reference: tokens in thousandths of a microsecond's worth. ---- */

#define KEYS 7

typedef struct naive {
    uint64_t level_us[KEYS]; /* how much of the bucket is filled, as time */
    uint64_t at_us[KEYS];
} naive;

static bool naive_take(naive *n, uint32_t key, const sp_rate_rule *rule, uint64_t now_us,
                       uint32_t *remaining)
{
    uint64_t capacity = (uint64_t)rule->burst * rule->interval_us;
    uint64_t level = n->at_us[key] == 0 ? capacity : n->level_us[key] + (now_us - n->at_us[key]);
    level = level > capacity ? capacity : level;
    bool allowed = level >= rule->interval_us;
    n->level_us[key] = allowed ? level - rule->interval_us : level;
    n->at_us[key] = now_us;
    *remaining = (uint32_t)(n->level_us[key] / rule->interval_us);
    return allowed;
}

static void as_a_naive_bucket(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sp_random random;
        sp_random_seed(&random, seed);
        sp_rate_rule rule = {1 + (uint32_t)sp_random_below(&random, 60),
                             1 + (uint32_t)sp_random_below(&random, 2000000)};
        sp_rate_table *table = make(1024);
        naive n = {0};
        uint64_t now_us = START;
        uint32_t refused_count = 0;
        for (int step = 0; step < 20000; step++) {
            uint32_t key = (uint32_t)sp_random_below(&random, KEYS), remaining;
            if (sp_random_below(&random, 20) == 0)
                now_us += sp_random_below(&random, 2 * (uint64_t)rule.interval_us);
            bool wanted = naive_take(&n, key, &rule, now_us, &remaining);
            sp_rate_verdict verdict = sp_rate_take(table, key_of(table, key), &rule, now_us);
            refused_count += !wanted;
            if (verdict.allowed != wanted || verdict.remaining != remaining)
                fail_msg("seed %llu, step %d: %d with %u left, wanted %d with %u",
                         (unsigned long long)seed, step, verdict.allowed, verdict.remaining, wanted,
                         remaining);
        }
        assert_true(refused_count > 100 && refused_count < 19900);
        sp_rate_table_destroy(table);
    }
}

/* ---- Bounded memory. ---- */

/* One set of four: whoever has taken most is remembered, whoever comes. */
static void the_fullest_bucket_is_forgotten(void **state)
{
    (void)state;
    sp_rate_table *table = make(4);
    uint64_t heavy = key_of(table, 1);
    for (int i = 0; i < 10; i++)
        assert_true(sp_rate_take(table, heavy, &ten, START).allowed);
    for (uint32_t i = 2; i < 1000; i++)
        assert_int_equal(sp_rate_take(table, key_of(table, i), &ten, START).remaining, 9);
    assert_false(sp_rate_take(table, heavy, &ten, START).allowed);
    sp_rate_table_destroy(table);
}

/* A flood of keys: nobody is ever limited more than he should be. */
static void a_flood_limits_nobody_more(void **state)
{
    (void)state;
    sp_rate_table *table = make(64);
    for (uint32_t i = 0; i < 100000; i++)
        assert_int_equal(sp_rate_take(table, key_of(table, i), &ten, START + i).remaining, 9);
    sp_rate_table_destroy(table);
}

static void keys_differ(void **state)
{
    static const char text[] = "a@example.org";
    (void)state;
    sp_rate_table *table = make(64), *other = make(64);
    uint64_t key = sp_rate_key(table, SP_RATE_LOGIN_ACCOUNT, text, sizeof text - 1);
    assert_true(key == sp_rate_key(table, SP_RATE_LOGIN_ACCOUNT, text, sizeof text - 1));
    assert_true(key != sp_rate_key(table, SP_RATE_LOGIN_PAIR, text, sizeof text - 1));
    assert_true(key != sp_rate_key(table, SP_RATE_LOGIN_ACCOUNT, text, sizeof text - 2));
    assert_true(key != sp_rate_key(other, SP_RATE_LOGIN_ACCOUNT, text, sizeof text - 1));
    sp_rate_table_destroy(table);
    sp_rate_table_destroy(other);
}

/* ---- Threads. ---- */

#define THREADS 4
#define KEYS_MAX 50
#define TRIES 200000

typedef struct taker {
    sp_rate_table *table;
    const sp_rate_rule *rule;
    const uint64_t *keys;
    uint32_t keys_count;
    pthread_barrier_t *start; /* a thread alone could be done before the next begins */
    uint64_t allowed_count;
} taker;

static void *take_many(void *argument)
{
    taker *t = argument;
    pthread_barrier_wait(t->start);
    for (uint32_t i = 0; i < TRIES; i++)
        t->allowed_count +=
            sp_rate_take(t->table, t->keys[i % t->keys_count], t->rule, START).allowed;
    return NULL;
}

static uint64_t take_at_once(sp_rate_table *table, const sp_rate_rule *rule, uint32_t keys_count)
{
    pthread_t threads[THREADS];
    taker takers[THREADS];
    uint64_t keys[KEYS_MAX], allowed_count = 0;
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (uint32_t i = 0; i < keys_count; i++)
        keys[i] = key_of(table, i);
    for (uint32_t i = 0; i < THREADS; i++) {
        takers[i] = (taker){table, rule, keys, keys_count, &start, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        allowed_count += takers[i].allowed_count;
    }
    pthread_barrier_destroy(&start);
    return allowed_count;
}

/* Time stands still: exactly as many tokens as there are, whoever takes them. */
static void no_token_is_taken_twice(void **state)
{
    static const sp_rate_rule rule = {600000, 10};
    (void)state;
    sp_rate_table *table = make(64);
    uint64_t key = key_of(table, 0);
    assert_true(sp_rate_take(table, key, &rule, START).allowed); /* it is in the table */
    assert_int_equal(take_at_once(table, &rule, 1), 599999);
    assert_false(sp_rate_take(table, key, &rule, START).allowed);
    sp_rate_table_destroy(table);
}

/* Entries change hands all the time: some are limited less, nobody more. */
static void threads_that_evict(void **state)
{
    static const sp_rate_rule rule = {1000000, 1};
    (void)state;
    sp_rate_table *table = make(8);
    assert_int_equal(take_at_once(table, &rule, KEYS_MAX), THREADS * TRIES);
    sp_rate_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_the_rate),
        cmocka_unit_test(a_row_is_as_a_table),
        cmocka_unit_test(a_slow_bucket),
        cmocka_unit_test(given_back_is_no_more_than_full),
        cmocka_unit_test(across_the_wrap),
        cmocka_unit_test(as_a_naive_bucket),
        cmocka_unit_test(the_fullest_bucket_is_forgotten),
        cmocka_unit_test(a_flood_limits_nobody_more),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(no_token_is_taken_twice),
        cmocka_unit_test(threads_that_evict),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
