/* SPDX-License-Identifier: MIT */
#include "engine/event.h"

#include <stddef.h>

const char *sp_event_name(unsigned type)
{
    switch (type) {
#define CASE(number, id, name) \
    case number:               \
        return name;
        SP_EVENTS(CASE)
#undef CASE
    default:
        return NULL;
    }
}
