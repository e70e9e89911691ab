/* SPDX-License-Identifier: MIT */
#include "bench/load_events.h"

#include <string.h>

/* The value of a field, or absent if the line is another. */
static sp_text value_of(const sp_bench_load_events *e, const char *field)
{
    size_t size = strlen(field);
    if (e->line_size < size || memcmp(e->line, field, size) != 0)
        return (sp_text){NULL, 0};
    return (sp_text){e->line + size, e->line_size - (uint32_t)size};
}

static uint64_t number_of(sp_text text)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9' || i == 18)
            return 0;
        number = number * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    return number;
}

static void take_line(sp_bench_load_events *e)
{
    sp_text value;
    if ((value = value_of(e, "event: ")).bytes != NULL) {
        uint32_t size =
            value.size < SP_BENCH_LOAD_EVENT_NAME_MAX ? value.size : SP_BENCH_LOAD_EVENT_NAME_MAX;
        memcpy(e->event.name, value.bytes, size);
        e->event.name[size] = '\0';
    } else if ((value = value_of(e, "id: ")).bytes != NULL) {
        e->event.id = number_of(value);
    } else if ((value = value_of(e, "data: ")).bytes != NULL) {
        e->event.data = value; /* stays in the line buffer until the next line */
        e->has_data = true;
    }
}

static void keep(sp_bench_load_events *e, const char *bytes, size_t size)
{
    size_t room = e->line_capacity - e->line_size;
    size_t kept = size < room ? size : room;
    if (kept > 0)
        memcpy(e->line + e->line_size, bytes, kept);
    e->line_size += (uint32_t)kept;
}

void sp_bench_load_events_read(sp_bench_load_events *e, const char *bytes, size_t size,
                               void (*on_event)(void *context, const sp_bench_load_event *event),
                               void *context)
{
    while (size > 0) {
        const char *feed = memchr(bytes, '\n', size);
        size_t used = feed != NULL ? (size_t)(feed - bytes) : size;
        keep(e, bytes, used);
        if (feed == NULL)
            return;
        bytes += used + 1;
        size -= used + 1;
        if (e->line_size > 0) {
            take_line(e);
        } else {
            if (e->has_data)
                on_event(context, &e->event);
            e->event = (sp_bench_load_event){.id = 0};
            e->has_data = false;
        }
        e->line_size = 0;
    }
}
