/* SPDX-License-Identifier: MIT */
#include "net/http_heads.h"

#include <sodium.h>

#include "net/http_bytes.h"

/* When all places are taken, so many heads that were not there go by for one
 * that takes a place: a crowd of heads that are all different should not cost
 * a copy each. */
#define UNKNOWN_PER_PLACE 16u

void sp_http_heads_init(sp_http_heads *heads)
{
    heads->count = heads->last = heads->unknown = 0;
}

void sp_http_heads_close(sp_http_heads *heads)
{
    sodium_memzero(heads, sizeof *heads);
}

/* Digits alone, so many as there were: a number like the one before. */
static bool read_length(const char *digits, uint32_t size, uint64_t *out)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < size; i++) {
        if (!sp_http_is(digits[i], SP_HTTP_DIGIT))
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *out = value;
    return value > 0 && value <= SP_HTTP_BODY_SIZE_MAX;
}

static bool is_equal(const sp_http_known *known, const char *bytes, uint32_t from, uint32_t to)
{
    return memcmp(known->bytes + from, bytes + from, to - from) == 0;
}

/* A trimmed value of this size may stand here. */
static bool may_vary(const char *bytes, uint32_t size)
{
    char last = bytes[size - 1];
    return last != ' ' && last != '\t' && sp_http_count_line_bytes(bytes, size) == size;
}

static bool is_like(const sp_http_known *known, const char *bytes, size_t size,
                    uint64_t *content_length)
{
    sp_http_span first = known->varies, second = known->length;
    if (size < known->size)
        return false;
    if (first.present && second.present && second.offset < first.offset) {
        first = known->length;
        second = known->varies;
    }
    /* Spans that are not there are empty, at the start. */
    uint32_t first_end = first.offset + first.size;
    uint32_t second_end = second.present ? second.offset + second.size : first_end;
    if (!is_equal(known, bytes, 0, first.offset) ||
        (second.present && !is_equal(known, bytes, first_end, second.offset)) ||
        !is_equal(known, bytes, second_end, known->size))
        return false;
    *content_length = 0;
    return (!known->length.present ||
            read_length(bytes + known->length.offset, known->length.size, content_length)) &&
           (!known->varies.present || may_vary(bytes + known->varies.offset, known->varies.size));
}

const sp_http_known *sp_http_heads_find(sp_http_heads *heads, const char *bytes, size_t size,
                                        uint64_t *content_length)
{
    for (uint32_t i = 0; i < heads->count; i++) {
        uint32_t at = (heads->last + i) % heads->count;
        if (is_like(&heads->known[at], bytes, size, content_length)) {
            heads->last = at;
            return &heads->known[at];
        }
    }
    return NULL;
}

/* What may differ in a head that was read: Authorization behind its first bytes,
 * which the strict reading has told apart as the value that is not looked into.
 * false: it has a token elsewhere. */
static bool find_varying(const sp_http_facts *facts, const sp_http_message *message,
                         sp_http_span *out)
{
    sp_http_span token = message->headers[SP_HEADER_AUTHORIZATION];
    *out = (sp_http_span){0};
    if (!token.present)
        return true;
    if (!facts->inside.present || facts->inside.offset != token.offset + SP_HTTP_EDGE_SIZE)
        return false;
    *out = (sp_http_span){facts->inside.offset, token.size - SP_HTTP_EDGE_SIZE, true};
    return true;
}

static sp_http_known *place_for_one(sp_http_heads *heads)
{
    if (heads->count < SP_HTTP_HEADS_MAX)
        return &heads->known[heads->count++];
    uint32_t turn = heads->unknown++;
    if (turn % UNKNOWN_PER_PLACE != 0)
        return NULL;
    return &heads->known[turn / UNKNOWN_PER_PLACE % SP_HTTP_HEADS_MAX];
}

void sp_http_heads_note(sp_http_heads *heads, uint32_t size, const sp_http_facts *facts,
                        const sp_http_message *message)
{
    sp_http_span varies, length = {0};
    /* Values that were joined would lie behind the head. */
    bool is_plain = message->size == size && !facts->chunked;
    if (!is_plain || size > SP_HTTP_HEADS_SIZE_MAX || !find_varying(facts, message, &varies))
        return;
    if (facts->content_length > 0)
        length = facts->length;
    sp_http_known *known = place_for_one(heads);
    if (known == NULL)
        return;
    known->size = size;
    known->varies = varies;
    known->length = length;
    known->facts = *facts;
    sp_http_message_parts_save(message, &known->parts);
    memcpy(known->bytes, message->bytes, size);
    if (varies.present) /* never compared, so not kept */
        memset(known->bytes + varies.offset, 0, varies.size);
}
