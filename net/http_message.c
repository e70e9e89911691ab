/* SPDX-License-Identifier: MIT */
#include "net/http_message.h"

#include <stddef.h>
#include <stdlib.h>

#include <sodium.h>

void sp_http_message_init(sp_http_message *message)
{
    /* Not the rest: clearing that for each request would be waste. */
    memset(message, 0, offsetof(sp_http_message, bytes));
    message->bytes = message->inline_bytes;
    message->size = 0;
    message->capacity = SP_HTTP_INLINE_SIZE;
}

void sp_http_message_close(sp_http_message *message)
{
    /* Tokens and passwords pass through here. */
    sodium_memzero(message->bytes, message->size);
    if (message->bytes != message->inline_bytes)
        free(message->bytes);
    message->bytes = message->inline_bytes;
    message->size = 0;
    message->capacity = SP_HTTP_INLINE_SIZE;
}

static bool grow(sp_http_message *message, size_t size)
{
    size_t capacity = message->capacity;
    while (capacity - message->size < size)
        capacity *= 2;
    bool is_inline = message->bytes == message->inline_bytes;
    char *bytes = realloc(is_inline ? NULL : message->bytes, capacity);
    if (bytes == NULL)
        return false;
    if (is_inline)
        memcpy(bytes, message->inline_bytes, message->size);
    message->bytes = bytes;
    message->capacity = (uint32_t)capacity;
    return true;
}

bool sp_http_message_reserve(sp_http_message *message, size_t size)
{
    return message->capacity - message->size >= size || grow(message, size);
}

bool sp_http_message_append(sp_http_message *message, const char *bytes, size_t size)
{
    if (!sp_http_message_reserve(message, size))
        return false;
    memcpy(message->bytes + message->size, bytes, size);
    message->size += (uint32_t)size;
    return true;
}

static sp_text text_of(const sp_http_message *message, sp_http_span span)
{
    if (!span.present)
        return (sp_text){0};
    return (sp_text){message->bytes + span.offset, span.size};
}

void sp_http_message_request(sp_http_message *message, sp_request *out)
{
    out->method = message->method;
    out->version_minor = message->version_minor;
    out->path = text_of(message, message->path);
    if (out->path.size == 0)
        out->path = SP_TEXT("/"); /* absolute form without a path */
    out->query = text_of(message, message->query);
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++)
        out->headers[i] = text_of(message, message->headers[i]);
    for (unsigned i = SP_HEADER_COUNT; message->has_rare && i < SP_HEADER_END; i++)
        message->rare[i - SP_HEADER_COUNT] = text_of(message, message->headers[i]);
    out->rare = message->has_rare ? message->rare : NULL;
    out->body = text_of(message, message->body);
}
