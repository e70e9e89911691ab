/* SPDX-License-Identifier: MIT
 *
 * Sorts of bytes and field names, against their definitions written plainly.
 */
#include "net/http_bytes.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

#include "net/http_name.h"

static bool is_one_of(int c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_alnum_ascii(int c)
{
    return c < 0x80 && isalnum(c) != 0;
}

static void sorts_are_as_defined(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)(unsigned char)c;
        assert_int_equal(sp_http_is(byte, SP_HTTP_TCHAR),
                         is_alnum_ascii(c) || is_one_of(c, "!#$%&'*+-.^_`|~"));
        assert_int_equal(sp_http_is(byte, SP_HTTP_TARGET_BYTE), c > ' ' && c < 0x7f && c != '#');
        assert_int_equal(sp_http_is(byte, SP_HTTP_HOST_BYTE),
                         is_alnum_ascii(c) || is_one_of(c, "-._~!$&'()*+,;="));
        assert_int_equal(sp_http_is(byte, SP_HTTP_DIGIT), c >= '0' && c <= '9');
        assert_int_equal(sp_http_is(byte, SP_HTTP_HEX), c < 0x80 && isxdigit(c) != 0);
        assert_int_equal(sp_http_is_line_byte((unsigned char)c),
                         c == '\t' || (c >= 0x20 && c != 0x7f));
    }
}

/* Each byte at each place of lines short and long, in memory of their size. */
static void line_bytes_are_counted(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 50; size++) {
        char *bytes = malloc(size + !size);
        assert_non_null(bytes);
        memset(bytes, 'a', size);
        assert_int_equal(sp_http_count_line_bytes(bytes, size), size);
        for (size_t at = 0; at < size; at++) {
            for (int c = 0; c < 256; c++) {
                bytes[at] = (char)(unsigned char)c;
                if (at + 3 < size)
                    bytes[at + 3] = '\n'; /* the first one counts */
                size_t end = at + 3 < size ? at + 3 : size;
                size_t wanted = sp_http_is_line_byte((unsigned char)c) ? end : at;
                if (sp_http_count_line_bytes(bytes, size) != wanted)
                    fail_msg("byte %d at %zu of %zu", c, at, size);
                if (at + 3 < size)
                    bytes[at + 3] = 'a';
            }
            bytes[at] = 'a';
        }
        free(bytes);
    }
}

static const struct {
    const char *name;
    unsigned is;
} names[] = {
    {"Host", SP_HEADER_HOST},
    {"Authorization", SP_HEADER_AUTHORIZATION},
    {"Content-Type", SP_HEADER_CONTENT_TYPE},
    {"Accept", SP_HEADER_ACCEPT},
    {"Idempotency-Key", SP_HEADER_IDEMPOTENCY_KEY},
    {"If-None-Match", SP_HEADER_IF_NONE_MATCH},
    {"X-Request-Id", SP_HEADER_X_REQUEST_ID},
    {"Traceparent", SP_HEADER_TRACEPARENT},
    {"X-Forwarded-For", SP_HEADER_X_FORWARDED_FOR},
    {"Origin", SP_HEADER_ORIGIN},
    {"Access-Control-Request-Method", SP_HEADER_ACCESS_CONTROL_REQUEST_METHOD},
    {"Content-Encoding", SP_HEADER_CONTENT_ENCODING},
    {"Last-Event-ID", SP_HEADER_LAST_EVENT_ID},
    {"Content-Length", SP_HTTP_NAME_CONTENT_LENGTH},
    {"Transfer-Encoding", SP_HTTP_NAME_TRANSFER_ENCODING},
    {"Connection", SP_HTTP_NAME_CONNECTION},
    {"Expect", SP_HTTP_NAME_EXPECT},
};

/* Every byte of every name replaced by every byte that a line may hold. */
static void names_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint32_t size = (uint32_t)strlen(names[i].name);
        char *bytes = malloc(size);
        assert_non_null(bytes);
        for (uint32_t at = 0; at < size; at++) {
            memcpy(bytes, names[i].name, size);
            for (int c = 0; c < 256; c++) {
                if (!sp_http_is_line_byte((unsigned char)c))
                    continue;
                bytes[at] = (char)(unsigned char)c;
                bool same = strncasecmp(bytes, names[i].name, size) == 0;
                unsigned wanted = same ? names[i].is : SP_HTTP_NAME_OTHER;
                if (sp_http_name_of(bytes, size) != wanted)
                    fail_msg("%.*s", (int)size, bytes);
            }
        }
        free(bytes);
    }
    for (uint32_t size = 0; size < 40; size++) {
        char *bytes = malloc(size + !size);
        assert_non_null(bytes);
        memset(bytes, 'e', size);
        assert_int_equal(sp_http_name_of(bytes, size), SP_HTTP_NAME_OTHER);
        free(bytes);
    }
}

static sp_text last_event_id_of(sp_text value)
{
    sp_text rare[SP_HEADER_RARE_COUNT] = {[SP_HEADER_LAST_EVENT_ID - SP_HEADER_COUNT] = value};
    return sp_request_last_event_id(&(sp_request){.rare = rare});
}

/* What can't be an id of ours is none. */
static void an_event_id_is_short(void **state)
{
    char bytes[SP_LAST_EVENT_ID_SIZE_MAX + 1];
    (void)state;
    memset(bytes, '7', sizeof bytes);
    assert_null(sp_request_last_event_id(&(sp_request){0}).bytes);
    assert_null(last_event_id_of((sp_text){0}).bytes);
    assert_null(last_event_id_of((sp_text){bytes, 0}).bytes);
    assert_null(last_event_id_of((sp_text){bytes, sizeof bytes}).bytes);
    for (uint32_t size = 1; size < sizeof bytes; size++) {
        sp_text id = last_event_id_of((sp_text){bytes, size});
        assert_ptr_equal(id.bytes, bytes);
        assert_int_equal(id.size, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_are_as_defined),
        cmocka_unit_test(line_bytes_are_counted),
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(an_event_id_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
