/* SPDX-License-Identifier: MIT */
#include "engine/fault.h"

#ifdef SP_FAULTS
#include <stddef.h>
#include <string.h>

sp_fault sp_fault_planted = SP_FAULT_NONE;

_Bool sp_fault_plant(const char *name)
{
    static const char *const names[] = {
        [SP_FAULT_NONE] = "none",
        [SP_FAULT_SKIPPED_BIT] = "skipped_bit",
        [SP_FAULT_ANSWER_BEFORE_COMMIT] = "answer_before_commit",
        [SP_FAULT_LOST_REFUND] = "lost_refund",
        [SP_FAULT_NOSYNC] = "nosync",
        [SP_FAULT_ANSWER_BEFORE_FLUSH] = "answer_before_flush",
        [SP_FAULT_SIDES_UNFLUSHED] = "sides_unflushed",
        [SP_FAULT_HOLD_OUTLIVES] = "hold_outlives",
        [SP_FAULT_CAPS_KEEP_EXPIRED] = "caps_keep_expired",
        [SP_FAULT_HELD_PUBLISHED_EARLY] = "held_published_early",
        [SP_FAULT_FREED_SEATS_UNTOLD] = "freed_seats_untold",
        [SP_FAULT_CANCEL_SKIPS_ORDER] = "cancel_skips_order",
        [SP_FAULT_PAUSE_LATE] = "pause_late",
        [SP_FAULT_EDIT_SHOWN_EARLY] = "edit_shown_early",
        [SP_FAULT_STALE_LAYOUT] = "stale_layout",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            sp_fault_planted = (sp_fault)i;
            return 1;
        }
    }
    return 0;
}
#endif
