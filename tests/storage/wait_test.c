/* SPDX-License-Identifier: MIT
 *
 * The futex waiter: no wake-up is lost, and it orders memory (run under
 * SAN=thread for that).
 */
#include "storage/wait.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ROUNDS 20000

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void a_wake_before_the_sleep_is_kept(void **state)
{
    sp_futex_wait wait;
    (void)state;
    sp_futex_wait_init(&wait);
    wait.wait.wake(&wait.wait);
    wait.wait.wake(&wait.wait); /* two are one: it is binary */
    wait.wait.sleep(&wait.wait, -1);
    int64_t began = now_ms();
    wait.wait.sleep(&wait.wait, 30);
    assert_true(now_ms() - began >= 29);
}

static void a_timeout_ends_the_sleep(void **state)
{
    sp_futex_wait wait;
    (void)state;
    sp_futex_wait_init(&wait);
    int64_t began = now_ms();
    wait.wait.sleep(&wait.wait, 0);
    wait.wait.sleep(&wait.wait, 20);
    assert_true(now_ms() - began >= 19);
    /* And leaves it as new: the next wake still counts. */
    wait.wait.wake(&wait.wait);
    wait.wait.sleep(&wait.wait, -1);
}

typedef struct pair {
    sp_futex_wait ping, pong;
    uint64_t ball; /* plain: handed over by the waiters alone */
} pair;

/* No signal comes here, so no sleep returns for no reason: each is ended by
 * the other side's wake, which hands the ball over. Returns NULL if the ball
 * was always the one expected. */
static void *answer(void *context)
{
    pair *p = context;
    void *wrong = NULL;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        p->ping.wait.sleep(&p->ping.wait, -1);
        if (p->ball != 2 * round + 1)
            wrong = context;
        p->ball++;
        p->pong.wait.wake(&p->pong.wait);
    }
    return wrong;
}

static void ping_pong_loses_nothing(void **state)
{
    pair p = {.ball = 0};
    pthread_t thread;
    (void)state;
    sp_futex_wait_init(&p.ping);
    sp_futex_wait_init(&p.pong);
    assert_int_equal(pthread_create(&thread, NULL, answer, &p), 0);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        p.ball++;
        p.ping.wait.wake(&p.ping.wait);
        p.pong.wait.sleep(&p.pong.wait, -1);
        assert_int_equal(p.ball, 2 * round + 2);
    }
    void *wrong;
    pthread_join(thread, &wrong);
    assert_null(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_before_the_sleep_is_kept),
        cmocka_unit_test(a_timeout_ends_the_sleep),
        cmocka_unit_test(ping_pong_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
