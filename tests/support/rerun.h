/* SPDX-License-Identifier: MIT
 *
 * What runs a random test again, told even when an assertion aborts it.
 */
#ifndef SP_TESTS_SUPPORT_RERUN_H
#define SP_TESTS_SUPPORT_RERUN_H

/* The command line (printf) that reruns what runs now; an abort prints it to
 * stderr. Call again whenever it changes. One thread. */
void sp_rerun_set(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *sp_rerun_line(void);

#endif
