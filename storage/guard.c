/* SPDX-License-Identifier: MIT */
#include "storage/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Shared with the child. The parent reads it after waitpid, which orders it
 * behind everything that the child did. */
typedef struct report {
    bool done;
    sp_finding finding;
    _Alignas(16) unsigned char result[];
} report;

static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static bool is_deadly(int signal_number)
{
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        if (deadly[i] == signal_number)
            return true;
    return false;
}

static _Noreturn void run_child(sp_guard_work work, void *context, report *shared, pid_t parent)
{
    /* No core files, and no handlers of the parent's (or of a sanitizer's):
     * the death itself is the message. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the parent died before prctl */
    work(context, shared->result, &shared->finding);
    fflush(NULL);
    shared->done = true;
    _exit(0);
}

/* What the child had written down before it died. */
static const char *last_words(const report *shared, const char **before)
{
    *before = shared->finding.text[0] != '\0' ? "; " : "";
    return shared->finding.text;
}

static sp_storage_status judge(report *shared, int how, sp_finding *finding)
{
    const char *before, *words;
    shared->finding.text[sizeof shared->finding.text - 1] = '\0';
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0 && shared->done) {
        *finding = shared->finding;
        return finding->status;
    }
    words = last_words(shared, &before);
    if (WIFSIGNALED(how) && is_deadly(WTERMSIG(how)))
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "reading it crashed the reader (%s): the file is damaged%s%s",
                              strsignal(WTERMSIG(how)), before, words);
    if (WIFSIGNALED(how))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the reader was killed (%s)",
                              strsignal(WTERMSIG(how)));
    return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                          "reading it ended the reader with code %d: the file is damaged%s%s",
                          WIFEXITED(how) ? WEXITSTATUS(how) : -1, before, words);
}

struct sp_guard {
    report *shared;
    size_t size, result_size;
    pid_t child;
};

sp_guard *sp_guard_start(sp_guard_work work, void *context, size_t result_size, sp_finding *finding)
{
    sp_finding_clear(finding);
    sp_guard *guard = malloc(sizeof *guard);
    if (guard == NULL) {
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
        return NULL;
    }
    guard->result_size = result_size;
    guard->size = sizeof(report) + result_size;
    guard->shared =
        mmap(NULL, guard->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (guard->shared == MAP_FAILED) {
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no shared memory: %s", strerror(errno));
        goto free_guard;
    }
    fflush(NULL); /* or the child would print it a second time */
    pid_t parent = getpid();
    guard->child = fork();
    if (guard->child == 0)
        run_child(work, context, guard->shared, parent);
    if (guard->child > 0)
        return guard;
    sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't start a reader: %s", strerror(errno));
    munmap(guard->shared, guard->size);
free_guard:
    free(guard);
    return NULL;
}

/* Waits for the child; how it ended, or -1 with errno. */
static int wait_for(pid_t child, void (*on_wait)(void))
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int how;
    for (;;) {
        pid_t ended = waitpid(child, &how, on_wait != NULL ? WNOHANG : 0);
        if (ended == child)
            return how;
        if (ended < 0 && errno != EINTR)
            return -1;
        if (on_wait != NULL && ended == 0) {
            on_wait();
            nanosleep(&pause, NULL);
        }
    }
}

sp_storage_status sp_guard_finish(sp_guard *guard, void (*on_wait)(void), void *result,
                                  sp_finding *finding)
{
    sp_storage_status status;
    int how = wait_for(guard->child, on_wait);
    if (how < 0)
        status = sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't wait for the reader: %s",
                                strerror(errno));
    else
        status = judge(guard->shared, how, finding);
    if (guard->result_size > 0)
        memcpy(result, guard->shared->result, guard->result_size);
    munmap(guard->shared, guard->size);
    free(guard);
    return status;
}

sp_storage_status sp_guard_run(sp_guard_work work, void *context, void *result, size_t result_size,
                               sp_finding *finding)
{
    sp_guard *guard = sp_guard_start(work, context, result_size, finding);
    return guard != NULL ? sp_guard_finish(guard, NULL, result, finding) : finding->status;
}
