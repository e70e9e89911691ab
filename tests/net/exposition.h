/* SPDX-License-Identifier: MIT
 *
 * A strict reader of Prometheus' text format 0.0.4, written from its description
 * and not from the writer: it aborts the test at the first thing that is not as
 * it should be. For one test program: all of it is static.
 *
 * Held: HELP, then TYPE, then the samples, once a metric; names and labels by
 * their grammar; no sample twice; a histogram's bounds rise, its buckets do not
 * fall, the one of +Inf is its _count; counters end with _total, and nothing
 * else does.
 */
#ifndef SP_TESTS_NET_EXPOSITION_H
#define SP_TESTS_NET_EXPOSITION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPOSITION_SAMPLES_MAX 4096

typedef struct exposition_sample {
    char key[400]; /* name and labels as they stand there */
    double value;
} exposition_sample;

typedef struct exposition {
    exposition_sample samples[EXPOSITION_SAMPLES_MAX];
    unsigned samples_count;
    char names[256][96]; /* of the metrics that were begun */
    unsigned names_count;
    char type[16]; /* of the one that is open */
    /* Of the histogram series that is open. */
    char series[400];
    double bound, below;
    bool whole; /* its +Inf was there */
} exposition;

static size_t expo_name(const char *at)
{
    size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789");
    if (size == 0 || (*at >= '0' && *at <= '9'))
        fail_msg("no name: %s", at);
    return size;
}

static void expo_begin(exposition *e, const char *line)
{
    size_t size = expo_name(line);
    assert_true(size < sizeof e->names[0] && line[size] == ' ' && strlen(line + size) > 10);
    assert_true(e->names_count < 256);
    char *name = e->names[e->names_count++];
    memcpy(name, line, size);
    name[size] = '\0';
    for (unsigned i = 0; i + 1 < e->names_count; i++)
        assert_string_not_equal(e->names[i], name);
    for (const char *c = line + size; *c != '\0'; c++)
        if (*c == '\\' && c[1] != 'n' && c[1] != '\\')
            fail_msg("bad escape in HELP: %s", line);
    e->type[0] = '\0';
}

static void expo_type(exposition *e, const char *line)
{
    char name[96];
    assert_int_equal(sscanf(line, "%95s %15s", name, e->type), 2);
    assert_true(e->names_count > 0);
    assert_string_equal(name, e->names[e->names_count - 1]);
    bool counter = strcmp(e->type, "counter") == 0;
    bool total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;
    if (counter != total)
        fail_msg("%s is a %s", name, e->type);
    assert_true(counter || strcmp(e->type, "gauge") == 0 || strcmp(e->type, "histogram") == 0);
    snprintf(e->series, sizeof e->series, "none"); /* no series has that for labels */
    e->whole = true;
}

/* Past the labels; `le` goes to *bound, the others to `series`. */
static const char *expo_labels(const char *at, char *series, double *bound)
{
    size_t used = strlen(series);
    if (*at != '{')
        return at;
    do {
        const char *begin = ++at;
        size_t size = expo_name(at);
        bool is_bound = size == 2 && memcmp(at, "le", 2) == 0;
        at += size;
        assert_memory_equal(at, "=\"", 2);
        const char *value = at += 2;
        for (; *at != '"'; at++) {
            if (*at == '\\' && strchr("n\\\"", at[1]) != NULL && at[1] != '\0')
                at++;
            else if (*at == '\0' || *at == '\\' || *at == '\n')
                fail_msg("bad label: %s", begin);
        }
        if (is_bound)
            *bound = strncmp(value, "+Inf", 4) == 0 ? INFINITY : strtod(value, NULL);
        at++;
        if (is_bound)
            continue;
        memcpy(series + used, begin, (size_t)(at - begin));
        used += (size_t)(at - begin);
        series[used] = '\0';
    } while (*at == ',');
    assert_int_equal(*at, '}');
    return at + 1;
}

static void expo_bucket(exposition *e, const char *series, double bound, double value)
{
    if (strcmp(series, e->series) != 0) {
        assert_true(e->whole);
        snprintf(e->series, sizeof e->series, "%s", series);
        e->bound = -INFINITY;
        e->below = 0;
        e->whole = false;
    }
    if (!(bound > e->bound) || value < e->below)
        fail_msg("buckets of %s: %g after %g", series, bound, e->bound);
    e->bound = bound;
    e->below = value;
    e->whole = isinf(bound);
}

static void expo_histogram(exposition *e, const char *suffix, const char *series, double bound,
                           double value)
{
    if (strcmp(suffix, "_bucket") == 0) {
        assert_false(isnan(bound));
        expo_bucket(e, series, bound, value);
        return;
    }
    assert_true(e->whole && isnan(bound));
    assert_string_equal(series, e->series);
    if (strcmp(suffix, "_count") == 0)
        assert_true(value == e->below);
    else
        assert_string_equal(suffix, "_sum");
}

static void expo_sample(exposition *e, const char *line)
{
    char series[400] = "", suffix[32] = "", *end;
    double bound = NAN;
    const char *name = e->names[e->names_count - 1];
    size_t size = expo_name(line), name_size = strlen(name);
    assert_true(e->type[0] != '\0' && size >= name_size);
    assert_memory_equal(line, name, name_size);
    memcpy(suffix, line + name_size, size - name_size < 31 ? size - name_size : 31);
    const char *at = expo_labels(line + size, series, &bound);
    assert_int_equal(*at, ' ');
    double value = strtod(at + 1, &end);
    if (*end != '\0' || end == at + 1 || strpbrk(at + 1, " xX") != NULL)
        fail_msg("no value: %s", line);
    if (strcmp(e->type, "histogram") == 0)
        expo_histogram(e, suffix, series, bound, value);
    else
        assert_true(suffix[0] == '\0' && isnan(bound));
    assert_true(e->samples_count < EXPOSITION_SAMPLES_MAX);
    exposition_sample *sample = &e->samples[e->samples_count++];
    snprintf(sample->key, sizeof sample->key, "%.*s", (int)(at - line), line);
    sample->value = value;
    for (unsigned i = 0; i + 1 < e->samples_count; i++)
        assert_string_not_equal(e->samples[i].key, sample->key);
}

/* text ends with NUL, and is changed. */
static void exposition_read(exposition *e, char *text)
{
    memset(e, 0, sizeof *e);
    assert_true(strlen(text) > 0 && text[strlen(text) - 1] == '\n');
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (strncmp(line, "# HELP ", 7) == 0)
            expo_begin(e, line + 7);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            expo_type(e, line + 7);
        else
            expo_sample(e, line);
    }
    assert_true(e->whole);
}

static inline bool exposition_has(const exposition *e, const char *key)
{
    for (unsigned i = 0; i < e->samples_count; i++)
        if (strcmp(e->samples[i].key, key) == 0)
            return true;
    return false;
}

/* Fails if it is not there. */
static inline double exposition_value(const exposition *e, const char *key)
{
    for (unsigned i = 0; i < e->samples_count; i++)
        if (strcmp(e->samples[i].key, key) == 0)
            return e->samples[i].value;
    fail_msg("there is no %s", key);
    return 0;
}

#endif
