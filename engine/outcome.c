/* SPDX-License-Identifier: MIT */
#include "engine/outcome.h"

#include "engine/assert.h"

/* Indexed by number: the list has gaps, which stay all zero. */
static const sp_outcome_row rows[] = {
#define ROW(number, id, code, status, retryable, title) [number] = {code, title, status, retryable},
    SP_OUTCOMES(ROW)
#undef ROW
};

const sp_outcome_row *sp_outcome_row_of(sp_outcome outcome)
{
    SP_ASSERT_CMP((unsigned)outcome, <, sizeof(rows) / sizeof(rows[0]));
    SP_ASSERT(rows[outcome].code);
    return &rows[outcome];
}
