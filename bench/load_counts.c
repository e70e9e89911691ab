/* SPDX-License-Identifier: MIT */
#include "bench/load_counts.h"

#include "engine/assert.h"

const char *sp_bench_load_error_name(sp_bench_load_error error)
{
    static const char *const names[] = {"connect", "closed", "timeout", "malformed"};
    SP_ASSERT_CMP(error, <, SP_BENCH_LOAD_ERRORS_COUNT);
    return names[error];
}

/* A run has one or two codes: the first look finds it nearly always. */
static sp_bench_load_code *find(sp_bench_load_counts *counts, sp_text name)
{
    if (name.size >= sizeof counts->codes[0].name)
        name.size = sizeof counts->codes[0].name - 1;
    for (uint32_t i = 0; i < counts->codes_count; i++) {
        sp_bench_load_code *code = &counts->codes[i];
        if (code->size == name.size && memcmp(code->name, name.bytes, name.size) == 0)
            return code;
    }
    if (counts->codes_count == SP_BENCH_LOAD_CODES_MAX)
        return &counts->codes[SP_BENCH_LOAD_CODES_MAX - 1];
    sp_bench_load_code *code = &counts->codes[counts->codes_count++];
    if (counts->codes_count == SP_BENCH_LOAD_CODES_MAX)
        name = SP_TEXT("other");
    code->size = name.size;
    memcpy(code->name, name.bytes, name.size);
    return code;
}

void sp_bench_load_counts_add(sp_bench_load_counts *counts, const sp_bench_load_answer *answer)
{
    SP_ASSERT_CMP(answer->status, <=, SP_BENCH_LOAD_STATUS_MAX);
    counts->statuses[answer->status]++;
    if (answer->accepted) {
        counts->accepted++;
        return;
    }
    counts->refused++;
    find(counts, answer->code)->count++;
}

uint64_t sp_bench_load_counts_code(const sp_bench_load_counts *counts, const char *code)
{
    for (uint32_t i = 0; i < counts->codes_count; i++)
        if (counts->codes[i].size == strlen(code) &&
            memcmp(counts->codes[i].name, code, counts->codes[i].size) == 0)
            return counts->codes[i].count;
    return 0;
}
