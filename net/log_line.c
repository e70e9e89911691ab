/* SPDX-License-Identifier: MIT */
#include "net/log_line.h"

#include <time.h>

#include "engine/limits.h"
#include "engine/utf8.h"

static const char *const level_names[] = {
    [SP_LEVEL_ERROR] = "error",
    [SP_LEVEL_WARN] = "warn",
    [SP_LEVEL_INFO] = "info",
    [SP_LEVEL_DEBUG] = "debug",
};

bool sp_level_parse(const char *text, sp_level *out)
{
    for (sp_level level = SP_LEVEL_ERROR; level <= SP_LEVEL_DEBUG; level++) {
        if (strcmp(text, level_names[level]) == 0) {
            *out = level;
            return true;
        }
    }
    return false;
}

/* The wall clock, which sales do not run on (storage/clock.h): a log is laid
 * beside those of other machines. Coarse, a few milliseconds, and cheap. */
static sp_time_ms wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    sp_time_ms time = (sp_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return time < 1 ? 1 : time > SP_TIME_MAX ? SP_TIME_MAX : time;
}

sp_json_writer *sp_log_line_begin(sp_log_line *line, sp_level level, const char *event)
{
    sp_out_clear(&line->out);
    sp_json_begin(&line->json, &line->out);
    sp_json_object(&line->json);
    sp_json_put_time(&line->json, "time", wall_now());
    sp_json_put_string(&line->json, "level", level_names[level]);
    sp_json_put_string(&line->json, "event", event);
    return &line->json;
}

void sp_log_line_end(sp_log_line *line)
{
    sp_json_object_end(&line->json);
    sp_json_end(&line->json);
    sp_out_bytes(&line->out, "\n", 1);
}

void sp_log_line_close(sp_log_line *line)
{
    sp_out_close(&line->out);
}

/* Cut at a whole character: those behind a first byte are 10xxxxxx. */
static uint32_t cut(const char *text, size_t size)
{
    if (size <= SP_LOG_TEXT_SIZE_MAX)
        return (uint32_t)size;
    uint32_t end = SP_LOG_TEXT_SIZE_MAX;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    return end;
}

void sp_log_line_text(sp_log_line *line, const char *key, const char *text)
{
    char plain[SP_LOG_TEXT_SIZE_MAX];
    sp_json_key(&line->json, key);
    if (text == NULL) {
        sp_json_null(&line->json);
        return;
    }
    uint32_t size = cut(text, strlen(text));
    bool is_utf8 = sp_utf8_valid((sp_text){text, size});
    for (uint32_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool shows = byte >= ' ' && byte != 0x7F && (byte < 0x80 || is_utf8);
        plain[i] = shows ? text[i] : '?';
    }
    sp_json_text(&line->json, (sp_text){plain, size});
}
