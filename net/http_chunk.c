/* SPDX-License-Identifier: MIT */
#include "net/http_chunk.h"

#include "net/http_bytes.h"

enum {
    SIZE, /* digits of a chunk's size, or the CR behind them */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE, /* a trailer line, or the empty one that ends the body */
    LINE_LF,
    ENDED,
};

void sp_http_chunk_init(sp_http_chunk *chunk)
{
    memset(chunk, 0, offsetof(sp_http_chunk, line));
}

bool sp_http_chunk_in_trailers(const sp_http_chunk *chunk)
{
    return chunk->state >= LINE;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static sp_outcome malformed(const char **detail, const char *text)
{
    *detail = text;
    return SP_MALFORMED_REQUEST;
}

static sp_outcome on_size(sp_http_chunk *chunk, char c, const char **detail)
{
    if (c == '\r' && chunk->digits_count > 0) {
        chunk->state = SIZE_LF;
        return SP_OK;
    }
    int value = hex_value(c);
    if (value < 0 || chunk->digits_count == 8)
        return malformed(detail, "A chunk size is not 1 to 8 hex digits and CRLF.");
    chunk->digits_count++;
    chunk->left = chunk->left << 4 | (uint32_t)value;
    return SP_OK;
}

static sp_outcome on_size_end(sp_http_chunk *chunk, const char **detail)
{
    chunk->digits_count = 0;
    if (chunk->left > SP_HTTP_BODY_SIZE_MAX - chunk->body_size) {
        *detail = "A body has at most 65536 bytes.";
        return SP_BODY_TOO_LARGE;
    }
    chunk->body_size += chunk->left;
    chunk->state = chunk->left > 0 ? DATA : LINE;
    return SP_OK;
}

static sp_outcome on_line(sp_http_chunk *chunk, char c, const char **detail)
{
    if (c == '\r') {
        chunk->state = LINE_LF;
        return SP_OK;
    }
    if (!sp_http_is_line_byte((unsigned char)c))
        return malformed(detail, "A trailer line holds a byte that is not allowed.");
    if (chunk->line_size == SP_HTTP_TRAILER_LINE_SIZE_MAX ||
        chunk->trailers_size == SP_HTTP_TRAILERS_SIZE_MAX) {
        *detail = "The trailers are too large.";
        return SP_HEADERS_TOO_LARGE;
    }
    chunk->trailers_size++;
    chunk->line[chunk->line_size++] = c;
    return SP_OK;
}

static sp_outcome on_line_end(sp_http_chunk *chunk, const char **detail)
{
    if (chunk->line_size == 0) {
        chunk->state = ENDED;
        return SP_OK;
    }
    uint32_t size = chunk->line_size;
    chunk->line_size = 0;
    chunk->state = LINE;
    return sp_http_check_trailer(chunk->line, size, detail);
}

static sp_outcome on_byte(sp_http_chunk *chunk, char c, const char **detail)
{
    static const char crlf[] = "A chunk does not end in CRLF.";
    switch (chunk->state) {
    case SIZE:
        return on_size(chunk, c, detail);
    case SIZE_LF:
        return c == '\n' ? on_size_end(chunk, detail) : malformed(detail, crlf);
    case DATA_CR:
        chunk->state = DATA_LF;
        return c == '\r' ? SP_OK : malformed(detail, crlf);
    case DATA_LF:
        chunk->state = SIZE;
        return c == '\n' ? SP_OK : malformed(detail, crlf);
    case LINE:
        return on_line(chunk, c, detail);
    default:
        return c == '\n' ? on_line_end(chunk, detail) : malformed(detail, crlf);
    }
}

sp_outcome sp_http_chunk_check(sp_http_chunk *chunk, const char *bytes, size_t size, size_t *used,
                               bool *ended, const char **detail)
{
    size_t at = 0;
    sp_outcome outcome = SP_OK;
    bool in_trailers = sp_http_chunk_in_trailers(chunk);
    while (at < size && chunk->state != ENDED && outcome == SP_OK &&
           in_trailers == sp_http_chunk_in_trailers(chunk)) {
        if (chunk->state != DATA) {
            outcome = on_byte(chunk, bytes[at++], detail);
            continue;
        }
        size_t data = size - at < chunk->left ? size - at : chunk->left;
        chunk->left -= (uint32_t)data;
        at += data;
        if (chunk->left == 0)
            chunk->state = DATA_CR;
    }
    *used = at;
    *ended = chunk->state == ENDED;
    return outcome;
}
