/* SPDX-License-Identifier: MIT */
#include "storage/finding.h"

#include <stdarg.h>
#include <stdio.h>

sp_storage_status sp_finding_set(sp_finding *finding, sp_storage_status status, sp_seq seq,
                                 const char *format, ...)
{
    finding->status = status;
    finding->seq = seq;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    return status;
}

void sp_finding_clear(sp_finding *finding)
{
    finding->status = SP_STORAGE_OK;
    finding->seq = 0;
    finding->text[0] = '\0';
}
