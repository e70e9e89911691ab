/* SPDX-License-Identifier: MIT
 *
 * Checks of what stands beside the events in a log's file: profiles with their
 * e-mail index, sessions, and LMDB's list of free pages (a wrong entry there would have
 * the next write overwrite a page in use). In slices as recover.h has them.
 * Can crash on a damaged file: call it in a child (storage/guard.h).
 */
#ifndef SP_STORAGE_SIDE_H
#define SP_STORAGE_SIDE_H

#include "storage/env.h"

typedef struct sp_side_report {
    uint64_t profiles_count, sessions_count;
    uint64_t pages_count, free_pages_count;
    uint32_t page_bytes;
} sp_side_report;

/* Every profile decodes, stands under its own id and is found by its e-mail. */
sp_storage_status sp_side_check_profiles(sp_env *env, sp_side_report *report, sp_finding *finding);

/* Every session decodes and stands under its own key. A log that is too old to
 * have any is well. */
sp_storage_status sp_side_check_sessions(sp_env *env, sp_side_report *report, sp_finding *finding);

/* Every free page exists and is listed once. */
sp_storage_status sp_side_check_pages(sp_env *env, sp_side_report *report, sp_finding *finding);

#endif
