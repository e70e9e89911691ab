/* SPDX-License-Identifier: MIT
 *
 * Faults planted on purpose, to prove that the checks can fail. They exist
 * only in the variant `make SAN=faults` (-DSP_FAULTS); in every other build
 * SP_FAULT(…) is the constant 0 and the code behind it is not there.
 */
#ifndef SP_ENGINE_FAULT_H
#define SP_ENGINE_FAULT_H

typedef enum sp_fault {
    SP_FAULT_NONE = 0,
    SP_FAULT_SKIPPED_BIT = 1,          /* apply: an order's last seat stays free */
    SP_FAULT_ANSWER_BEFORE_COMMIT = 2, /* sequencer: releases, then commits */
    SP_FAULT_LOST_REFUND = 3,          /* apply: a cancel moves no points back */
    SP_FAULT_NOSYNC = 4,               /* log: opened with MDB_NOSYNC */
    SP_FAULT_ANSWER_BEFORE_FLUSH = 5,  /* sequencer: commits, releases, then flushes */
    SP_FAULT_SIDES_UNFLUSHED = 6,      /* … but only where no event was made */
    SP_FAULT_HOLD_OUTLIVES = 7,        /* sequencer: a hold due this very millisecond is left */
    SP_FAULT_CAPS_KEEP_EXPIRED = 8,    /* apply: seats of a hold that ended still count */
    SP_FAULT_HELD_PUBLISHED_EARLY = 9, /* sequencer: seats are shown as they are decided */
    SP_FAULT_FREED_SEATS_UNTOLD = 10,  /* views: a hold's end moves no word's seq */
    SP_FAULT_CANCEL_SKIPS_ORDER = 11,  /* apply: a concert's oldest order stays paid */
    SP_FAULT_PAUSE_LATE = 12,          /* decide: right behind a pause one more is let in */
    SP_FAULT_EDIT_SHOWN_EARLY = 13,    /* views: a new concert is shown as it is by now */
    SP_FAULT_STALE_LAYOUT = 14,        /* views: other seats are shown on the older card */
} sp_fault;

#ifdef SP_FAULTS
extern sp_fault sp_fault_planted; /* set before anything starts */
/* Plants the fault of this name (`lost_refund`, …, `none`); false = no such. */
_Bool sp_fault_plant(const char *name);
#define SP_FAULT(name) (sp_fault_planted == SP_FAULT_##name)
#else
#define SP_FAULT(name) 0
#endif

#endif
