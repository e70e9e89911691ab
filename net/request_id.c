/* SPDX-License-Identifier: MIT */
#include "net/request_id.h"

#include <stdlib.h>

#include "net/digits.h"

static bool is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool sp_request_id_is_sane(sp_text text)
{
    if (text.size == 0 || text.size > SP_REQUEST_ID_SIZE_MAX)
        return false;
    for (uint32_t i = 0; i < text.size; i++)
        if (!is_id_byte(text.bytes[i]))
            return false;
    return true;
}

static bool is_hex(const char *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (!((bytes[i] >= '0' && bytes[i] <= '9') || (bytes[i] >= 'a' && bytes[i] <= 'f')))
            return false;
    return true;
}

/* An id of zeros means that there is none. */
static bool is_id(const char *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (bytes[i] != '0')
            return is_hex(bytes, size);
    return false;
}

static bool last_bit(char hex)
{
    return ((hex <= '9' ? hex - '0' : hex - 'a' + 10) & 1) != 0;
}

/*  0  3                                36               53  55
 *  00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01[-…]  */
bool sp_traceparent_parse(sp_text text, sp_trace *out)
{
    enum { TRACE_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, SIZE = 55 };
    const char *at = text.bytes;
    if (text.size < SIZE || !is_hex(at, 2) || memcmp(at, "ff", 2) == 0)
        return false;
    bool is_first_version = memcmp(at, "00", 2) == 0;
    if (text.size > SIZE && (is_first_version || at[SIZE] != '-'))
        return false;
    if (at[TRACE_AT - 1] != '-' || at[PARENT_AT - 1] != '-' || at[FLAGS_AT - 1] != '-' ||
        !is_id(at + TRACE_AT, sizeof out->trace_id) ||
        !is_id(at + PARENT_AT, sizeof out->parent_id) || !is_hex(at + FLAGS_AT, 2))
        return false;
    memcpy(out->trace_id, at + TRACE_AT, sizeof out->trace_id);
    memcpy(out->parent_id, at + PARENT_AT, sizeof out->parent_id);
    out->sampled = last_bit(at[FLAGS_AT + 1]);
    return true;
}

sp_request_marks *sp_request_marks_read(const sp_request *request)
{
    sp_text id = sp_request_rare(request, SP_HEADER_X_REQUEST_ID);
    sp_trace trace;
    bool has_id = id.bytes && sp_request_id_is_sane(id);
    bool traced = sp_traceparent_parse(sp_request_rare(request, SP_HEADER_TRACEPARENT), &trace);
    sp_request_marks *marks = has_id || traced ? malloc(sizeof *marks) : NULL;
    if (marks == NULL)
        return NULL;
    marks->id_size = has_id ? id.size : 0;
    if (has_id)
        memcpy(marks->id, id.bytes, id.size);
    marks->traced = traced;
    if (traced)
        marks->trace = trace;
    return marks;
}

sp_text sp_request_id_of(const sp_exchange *ex, char out[SP_REQUEST_ID_SIZE_MAX])
{
    if (ex->marks != NULL && ex->marks->id_size > 0)
        return (sp_text){ex->marks->id, ex->marks->id_size};
    const char *end = sp_digits_put_hex(out, ex->id);
    return (sp_text){out, (uint32_t)(end - out)};
}

const sp_trace *sp_request_trace_of(const sp_exchange *ex)
{
    return ex->marks != NULL && ex->marks->traced ? &ex->marks->trace : NULL;
}
