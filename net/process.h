/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of this process. Reads /proc: may block for it, so on
 * no loop's thread (where directories can not be counted without a walk, that
 * takes milliseconds with tens of thousands of connections). What can not be
 * had is 0.
 */
#ifndef SP_NET_PROCESS_H
#define SP_NET_PROCESS_H

#include <stdint.h>

typedef struct sp_process_figures {
    uint64_t resident_bytes, virtual_bytes;
    uint64_t cpu_ns; /* user and system, all threads */
    uint64_t open_files, open_files_max;
} sp_process_figures;

void sp_process_read(sp_process_figures *out);

#endif
