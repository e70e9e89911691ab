/* SPDX-License-Identifier: MIT
 *
 * What storage has to say when something is not as it should be: a status, the
 * event that it is about, and a line for people. Filled by whoever found it,
 * printed by tools. Plain values, no ownership; may be copied through shared
 * memory, so there are no pointers in it.
 */
#ifndef SP_STORAGE_FINDING_H
#define SP_STORAGE_FINDING_H

#include "engine/values.h"

/* Numbered as the program's exit codes. */
typedef enum sp_storage_status {
    SP_STORAGE_OK = 0,
    SP_STORAGE_FAILED = 1,  /* the system said no, or there is nothing there */
    SP_STORAGE_DAMAGED = 3, /* what is there is not what was written */
    SP_STORAGE_IN_USE = 4,  /* another process has the directory */
} sp_storage_status;

typedef struct sp_finding {
    sp_storage_status status;
    sp_seq seq; /* the event that it is about; 0 = none in particular */
    char text[320];
} sp_finding;

/* Fills *finding (text cut to fit) and returns status, so that it can end a
 * function: return sp_finding_set(…). */
sp_storage_status sp_finding_set(sp_finding *finding, sp_storage_status status, sp_seq seq,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* OK and no text. */
void sp_finding_clear(sp_finding *finding);

#endif
