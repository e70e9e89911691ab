/* SPDX-License-Identifier: MIT */
#include "bench/figures.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/version.h"

#define LABEL_WIDTH 38
#define HASH_SIZE 16u

/* What the build was: a figure from a checked build is no figure. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILD "sanitized"
#elif defined(__OPTIMIZE__)
#define BUILD "optimized"
#else
#define BUILD "not optimized"
#endif

void sp_bench_hex(const void *bytes, size_t size, char *out)
{
    sodium_bin2hex(out, 2 * size + 1, bytes, size);
}

bool sp_bench_figures_begin(sp_bench_figures *figures, const char *bench, const char *title,
                            bool json, bool tiny)
{
    *figures = (sp_bench_figures){.bench = bench, .json = json, .tiny = tiny};
    if (sodium_init() >= 0)
        figures->writer = sp_json_writer_create();
    if (figures->writer == NULL) {
        fputs("stagepick bench: out of memory\n", stderr);
        return false;
    }
    sp_out_init(&figures->out);
    crypto_generichash_init(&figures->hash, NULL, 0, HASH_SIZE);
    if (!json)
        printf("stagepick %s bench %s: %s\n", SP_VERSION, bench, title);
    return true;
}

static sp_json_writer *json_begin(sp_bench_figures *figures)
{
    sp_out_clear(&figures->out);
    sp_json_begin(figures->writer, &figures->out);
    sp_json_object(figures->writer);
    sp_json_put_string(figures->writer, "bench", figures->bench);
    return figures->writer;
}

static void json_end(sp_bench_figures *figures)
{
    sp_json_object_end(figures->writer);
    fwrite(figures->out.bytes, 1, figures->out.size, stdout);
    putchar('\n');
}

void sp_bench_figures_row(sp_bench_figures *figures, const char *format, ...)
{
    char label[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(label, sizeof label, format, arguments);
    va_end(arguments);
    figures->has_values = false;
    if (figures->json)
        sp_json_put_string(json_begin(figures), "row", label);
    else
        printf("%-*s", LABEL_WIDTH, label);
}

/* Whole numbers are mostly the large ones. */
static int width_of(int decimals)
{
    return decimals == 0 ? 10 : 8;
}

void sp_bench_figures_number(sp_bench_figures *figures, const char *name, const char *unit,
                             double value, int decimals)
{
    char text[64];
    if (figures->json) {
        snprintf(text, sizeof text, "%.*f", decimals, value);
        sp_json_key(figures->writer, name);
        sp_out_string(sp_json_raw(figures->writer), text);
    } else {
        printf("%s%*.*f %s", figures->has_values ? "," : "", width_of(decimals), decimals, value,
               unit);
    }
    figures->has_values = true;
}

void sp_bench_figures_text(sp_bench_figures *figures, const char *name, const char *value)
{
    if (figures->json)
        sp_json_put_string(figures->writer, name, value);
    else
        printf("%s %s", figures->has_values ? "," : "", value);
    figures->has_values = true;
}

void sp_bench_figures_row_end(sp_bench_figures *figures)
{
    if (figures->json)
        json_end(figures);
    else
        putchar('\n');
    /* A row is seen when it is known: some benchmarks take minutes. */
    fflush(stdout);
}

void sp_bench_figures_pace(sp_bench_figures *figures, const char *label, sp_bench_pace pace,
                           uint32_t bytes)
{
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "operations_per_s", "/s", 1e9 / pace.median_ns, 0);
    sp_bench_figures_number(figures, "ns", "ns", pace.median_ns, 1);
    sp_bench_figures_number(figures, "least_ns", "ns at best", pace.least_ns, 1);
    if (bytes > 0)
        sp_bench_figures_number(figures, "bytes", "bytes", bytes, 0);
    sp_bench_figures_row_end(figures);
}

void sp_bench_figures_hash(sp_bench_figures *figures, const void *bytes, size_t size)
{
    crypto_generichash_update(&figures->hash, bytes, size);
}

/* The processor's name, from the one place that has it on Linux. */
static void read_processor(char *out, size_t size)
{
    char line[256];
    snprintf(out, size, "unknown processor");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    fclose(file);
}

static void print_conditions(sp_bench_figures *figures)
{
    char processor[256];
    struct utsname system = {0};
    long processors_count = sysconf(_SC_NPROCESSORS_ONLN);
    read_processor(processor, sizeof processor);
    uname(&system);
    if (!figures->json) {
        printf("%-*s %s, %ld processors, %s %s, compiler %s, %s, assertions on%s\n", LABEL_WIDTH,
               "conditions", processor, processors_count, system.sysname, system.release,
               __VERSION__, BUILD, figures->tiny ? ", a tiny run: no figures to quote" : "");
        return;
    }
    sp_json_writer *json = json_begin(figures);
    sp_json_key(json, "conditions");
    sp_json_object(json);
    sp_json_put_string(json, "version", SP_VERSION);
    sp_json_put_string(json, "processor", processor);
    sp_json_put_integer(json, "processors", processors_count);
    sp_json_put_string(json, "kernel", system.release);
    sp_json_put_string(json, "compiler", __VERSION__);
    sp_json_put_string(json, "build", BUILD);
    sp_json_key(json, "tiny");
    sp_json_boolean(json, figures->tiny);
    sp_json_object_end(json);
    json_end(figures);
}

static void print_hash(sp_bench_figures *figures)
{
    uint8_t hash[HASH_SIZE];
    char text[2 * HASH_SIZE + 1];
    crypto_generichash_final(&figures->hash, hash, sizeof hash);
    sp_bench_hex(hash, sizeof hash, text);
    if (figures->json) {
        sp_json_put_string(json_begin(figures), "hash", text);
        json_end(figures);
    } else {
        printf("%-*s %s\n", LABEL_WIDTH, "result hash", text);
    }
}

void sp_bench_figures_end(sp_bench_figures *figures, bool with_hash)
{
    if (with_hash)
        print_hash(figures);
    print_conditions(figures);
    fflush(stdout);
    sp_out_close(&figures->out);
    sp_json_writer_destroy(figures->writer);
}
