/* SPDX-License-Identifier: MIT
 *
 * What the files of the generator (generate*.c) share, and nobody else.
 */
#ifndef SP_TESTS_SUPPORT_GENERATE_PRIVATE_H
#define SP_TESTS_SUPPORT_GENERATE_PRIVATE_H

#include "tests/support/generate.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (INT64_C(3600) * SECOND_MS)
#define DAY_MS (INT64_C(24) * HOUR_MS)

#define ONE_OF(random, array) (array)[sp_random_below((random), sizeof(array) / sizeof *(array))]

/* Who: anyone, now and then nobody; mostly one whose role allows it. */
sp_user_id sp_generate_user(sp_random *random, const sp_reference *r);
sp_user_id sp_generate_user_of_role(sp_random *random, const sp_reference *r, sp_role least);
/* Letters of one to four bytes, 1 … size_max bytes of them, kept in `out`. */
sp_text sp_generate_text(sp_random *random, sp_generated *out, uint32_t size_max);
bool sp_generate_on_sale(const sp_reference_concert *concert, sp_time_ms now);
/* A hold to ask about; sets the actor. */
sp_hold_id sp_generate_hold(sp_random *random, const sp_reference *r, sp_command *c);

/* Fill a command whose type, and where it is not said otherwise whose actor, is set. */
void sp_generate_concert_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                                sp_generated *out);
/* These two also set the actor. */
void sp_generate_concert_edit(sp_random *random, const sp_reference *r, sp_time_ms now,
                              sp_generated *out);
sp_concert_id sp_generate_concert_to_change(sp_random *random, const sp_reference *r,
                                            sp_command *c);
void sp_generate_order_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                              sp_command *c);
void sp_generate_order_cancel(sp_random *random, const sp_reference *r, sp_generated *out);
void sp_generate_hold_take(sp_random *random, const sp_reference *r, sp_time_ms now,
                           sp_generated *out);

#endif
