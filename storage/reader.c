/* SPDX-License-Identifier: MIT */
#include "storage/reader.h"

#include <endian.h>

#define CUT_SHORT "it is cut short"
#define WRONG_KIND "a value is of the wrong kind"
#define NOT_SHORTEST "a value is not in its shortest form"

/* First bytes of msgpack values (the specification's table of formats). */
enum {
    NIL = 0xc0,
    FALSE_ = 0xc2,
    TRUE_ = 0xc3,
    BIN_8 = 0xc4,
    UINT_8 = 0xcc,
    UINT_16 = 0xcd,
    UINT_32 = 0xce,
    UINT_64 = 0xcf,
    STR_8 = 0xd9,
    STR_16 = 0xda,
    STR_32 = 0xdb,
    ARRAY_16 = 0xdc,
    ARRAY_32 = 0xdd,
    FIX_ARRAY = 0x90, /* to 0x9f */
    FIX_STR = 0xa0,   /* to 0xbf */
};

void sp_reader_fail(sp_reader *in, const char *what)
{
    if (in->wrong == NULL)
        in->wrong = what;
    in->at = in->end; /* so that every later read fails too */
}

static size_t left(const sp_reader *in)
{
    return (size_t)(in->end - in->at);
}

/* The first byte of the next value; 0xc1, which none begins with, at the end. */
static uint8_t first_byte(sp_reader *in)
{
    if (in->at == in->end) {
        sp_reader_fail(in, CUT_SHORT);
        return 0xc1;
    }
    return *in->at++;
}

/* A big-endian number of 1, 2, 4 or 8 bytes that would not have fitted a
 * shorter form: it is at least `least`. Inlined, so that the copy is of a
 * constant size: one load. */
static inline __attribute__((always_inline)) uint64_t number_of(sp_reader *in, size_t size,
                                                                uint64_t least)
{
    uint64_t number = 0;
    if (left(in) < size) {
        sp_reader_fail(in, CUT_SHORT);
        return 0;
    }
    memcpy((uint8_t *)&number + (8 - size), in->at, size);
    number = be64toh(number);
    in->at += size;
    if (number < least) {
        sp_reader_fail(in, NOT_SHORTEST);
        return 0;
    }
    return number;
}

uint64_t sp_reader_long_uint(sp_reader *in)
{
    uint8_t first = first_byte(in);
    switch (first) {
    case UINT_8:
        return number_of(in, 1, 0x80);
    case UINT_16:
        return number_of(in, 2, 0x100);
    case UINT_32:
        return number_of(in, 4, 0x10000);
    case UINT_64:
        return number_of(in, 8, UINT64_C(0x100000000));
    default:
        sp_reader_fail(in, WRONG_KIND);
        return 0;
    }
}

bool sp_reader_bool(sp_reader *in)
{
    uint8_t first = first_byte(in);
    if (first != TRUE_ && first != FALSE_)
        sp_reader_fail(in, WRONG_KIND);
    return first == TRUE_;
}

bool sp_reader_nil(sp_reader *in)
{
    if (in->at == in->end || *in->at != NIL)
        return false;
    in->at++;
    return true;
}

uint32_t sp_reader_array(sp_reader *in, uint32_t count_min, uint32_t count_max)
{
    uint8_t first = first_byte(in);
    uint64_t count;
    if ((first & 0xf0) == FIX_ARRAY)
        count = first & 0x0f;
    else if (first == ARRAY_16)
        count = number_of(in, 2, 16);
    else if (first == ARRAY_32)
        count = number_of(in, 4, 0x10000);
    else {
        sp_reader_fail(in, WRONG_KIND);
        return 0;
    }
    if (count < count_min || count > count_max) {
        sp_reader_fail(in, "a list is too long or too short");
        return 0;
    }
    return (uint32_t)count;
}

/* size bytes where the reader stands. */
static const uint8_t *take(sp_reader *in, uint64_t size)
{
    if (left(in) < size) {
        sp_reader_fail(in, CUT_SHORT);
        return NULL;
    }
    const uint8_t *bytes = in->at;
    in->at += size;
    return bytes;
}

sp_text sp_reader_text(sp_reader *in, uint32_t size_max)
{
    uint8_t first = first_byte(in);
    uint64_t size = 0;
    if ((first & 0xe0) == FIX_STR)
        size = first & 0x1f;
    else if (first == STR_8)
        size = number_of(in, 1, 32);
    else if (first == STR_16)
        size = number_of(in, 2, 0x100);
    else if (first == STR_32)
        size = number_of(in, 4, 0x10000);
    else
        sp_reader_fail(in, WRONG_KIND);
    if (size > size_max)
        sp_reader_fail(in, "a text is too long");
    if (in->wrong != NULL)
        return (sp_text){NULL, 0};
    const uint8_t *bytes = take(in, size);
    return (sp_text){(const char *)bytes, bytes != NULL ? (uint32_t)size : 0};
}

sp_text sp_reader_text_or_nil(sp_reader *in, uint32_t size_max)
{
    if (sp_reader_nil(in))
        return (sp_text){NULL, 0};
    return sp_reader_text(in, size_max);
}

void sp_reader_bin(sp_reader *in, void *out, uint32_t size)
{
    const uint8_t *bytes = NULL;
    if (first_byte(in) != BIN_8)
        sp_reader_fail(in, WRONG_KIND);
    else if (number_of(in, 1, 0) != size)
        sp_reader_fail(in, "a bin is too long or too short");
    else
        bytes = take(in, size);
    if (bytes != NULL)
        memcpy(out, bytes, size);
    else
        memset(out, 0, size);
}

const char *sp_reader_end(sp_reader *in)
{
    if (in->wrong == NULL && in->at != in->end)
        sp_reader_fail(in, "there are bytes behind it");
    return in->wrong;
}
