/* SPDX-License-Identifier: MIT */
#include "storage/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/assert.h"

typedef struct outcome {
    int pid, progress;
} outcome;

static void work_well(void *context, void *result, sp_finding *finding)
{
    outcome *out = result;
    (void)finding;
    out->pid = (int)getpid();
    out->progress = *(int *)context;
}

static void runs_in_another_process(void **state)
{
    outcome out = {0, 0};
    sp_finding finding;
    int given = 42;
    (void)state;
    assert_int_equal(sp_guard_run(work_well, &given, &out, sizeof out, &finding), SP_STORAGE_OK);
    assert_int_equal(out.progress, 42);
    assert_true(out.pid != 0 && out.pid != (int)getpid());
    assert_string_equal(finding.text, "");
}

static void work_finding(void *context, void *result, sp_finding *finding)
{
    (void)context, (void)result;
    sp_finding_set(finding, SP_STORAGE_DAMAGED, 7, "seven");
}

static void hands_back_findings(void **state)
{
    sp_finding finding;
    (void)state;
    assert_int_equal(sp_guard_run(work_finding, NULL, NULL, 0, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, 7);
    assert_string_equal(finding.text, "seven");
}

/* An address that nothing is mapped at, out of the compiler's sight. */
static volatile uintptr_t nowhere = 8;

/* How the child is to die. */
static void work_dying(void *context, void *result, sp_finding *finding)
{
    int how = *(int *)context;
    (void)finding;
    ((outcome *)result)->progress = 99;
    if (how == SIGSEGV)
        *(volatile int *)nowhere = 1;
    else if (how == SIGABRT)
        abort();
    else if (how > 0)
        kill(getpid(), how);
    else
        _exit(-how);
    pause();
}

static void dies(int how, sp_storage_status status, const char *text)
{
    outcome out = {0, 0};
    sp_finding finding;
    assert_int_equal(sp_guard_run(work_dying, &how, &out, sizeof out, &finding), status);
    assert_non_null(strstr(finding.text, text));
    assert_int_equal(out.progress, 99); /* what it wrote is still there */
}

static void a_crash_is_a_finding(void **state)
{
    (void)state;
    dies(SIGSEGV, SP_STORAGE_DAMAGED, "crashed");
    dies(SIGBUS, SP_STORAGE_DAMAGED, "crashed");
    dies(SIGABRT, SP_STORAGE_DAMAGED, "crashed");
    dies(-5, SP_STORAGE_DAMAGED, "code 5");
    dies(-0, SP_STORAGE_DAMAGED, "code 0"); /* it left without a word */
}

static void being_killed_is_no_damage(void **state)
{
    (void)state;
    dies(SIGKILL, SP_STORAGE_FAILED, "killed");
    dies(SIGTERM, SP_STORAGE_FAILED, "killed");
}

static void work_asserting(void *context, void *result, sp_finding *finding)
{
    (void)context, (void)result, (void)finding;
    close(STDERR_FILENO); /* its message is not for the test's log */
    SP_ASSERT_CMP(1, ==, 2);
}

static void a_broken_invariant_is_a_finding(void **state)
{
    sp_finding finding;
    (void)state;
    assert_int_equal(sp_guard_run(work_asserting, NULL, NULL, 0, &finding), SP_STORAGE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_in_another_process),
        cmocka_unit_test(hands_back_findings),
        cmocka_unit_test(a_crash_is_a_finding),
        cmocka_unit_test(being_killed_is_no_damage),
        cmocka_unit_test(a_broken_invariant_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
