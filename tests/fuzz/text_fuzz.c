/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the small texts that strangers send outside of bodies, and the session
 * record that a damaged file holds. The first byte chooses the reader.
 *
 * Oracles: what is folded once stays as it is; what is taken has one text and is printed as that text again; an
 * address behind proxies is one of those that were offered; whatever may be
 * echoed or logged is of the harmless alphabet.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"
#include "net/cors.h"
#include "net/fold.h"
#include "net/proxy.h"
#include "net/refresh_token.h"
#include "net/request_id.h"
#include "storage/sessions.h"

#include <utf8proc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr("0123456789abcdef", text[i]) == NULL || text[i] == '\0')
            return false;
    return true;
}

static void check_refresh_token(sp_text text)
{
    sp_refresh_token token;
    char again[SP_REFRESH_TOKEN_TEXT_SIZE];
    if (!sp_refresh_token_parse(text, &token))
        return;
    SP_ASSERT(token.user != 0 && token.session != 0);
    SP_ASSERT_CMP(text.size, ==, sizeof again);
    sp_refresh_token_print(&token, again);
    SP_ASSERT(memcmp(again, text.bytes, sizeof again) == 0);
}

static void check_marks(sp_text text)
{
    sp_trace trace;
    if (sp_traceparent_parse(text, &trace)) {
        SP_ASSERT(is_hex(trace.trace_id, sizeof trace.trace_id));
        SP_ASSERT(is_hex(trace.parent_id, sizeof trace.parent_id));
        SP_ASSERT(memcmp(trace.trace_id, text.bytes + 3, sizeof trace.trace_id) == 0);
    }
    if (!sp_request_id_is_sane(text))
        return;
    SP_ASSERT(text.size >= 1 && text.size <= SP_REQUEST_ID_SIZE_MAX);
    for (uint32_t i = 0; i < text.size; i++)
        SP_ASSERT(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
                         text.bytes[i]) != NULL &&
                  text.bytes[i] != '\0');
}

static void check_address(sp_text text)
{
    sp_client_address address, again;
    char printed[SP_CLIENT_ADDRESS_TEXT_SIZE_MAX];
    if (!sp_client_address_parse(text.bytes, text.size, &address))
        return;
    size_t size = sp_client_address_print(&address, printed);
    SP_ASSERT(size < sizeof printed);
    static const sp_client_address unknown;
    if (memcmp(&address, &unknown, sizeof address) == 0)
        return; /* `::` is printed as what it stands for */
    SP_ASSERT(sp_client_address_parse(printed, size, &again));
    SP_ASSERT(memcmp(&again, &address, sizeof again) == 0);
}

/* Trusted: 10.0.0.0/8 and the peer. Whoever is told is the peer or of the list. */
static void check_forwarded(sp_text text)
{
    sp_subnet trusted[2];
    SP_ASSERT(sp_subnet_parse("10.0.0.0/8", &trusted[0]));
    SP_ASSERT(sp_subnet_parse("192.0.2.1", &trusted[1]));
    const sp_client_address peer = trusted[1].address;
    sp_client_address client = sp_proxy_client(trusted, 2, &peer, text);
    if (memcmp(&client, &peer, sizeof peer) == 0)
        return;
    sp_client_address stranger = sp_proxy_client(trusted, 1, &peer, text);
    SP_ASSERT(memcmp(&stranger, &peer, sizeof peer) == 0); /* an untrusted peer is himself */
}

static void check_strings(sp_text text)
{
    sp_subnet subnet;
    char *string = malloc((size_t)text.size + 1);
    SP_ASSERT(string != NULL);
    memcpy(string, text.bytes, text.size);
    string[text.size] = '\0';
    if (sp_subnet_parse(string, &subnet)) {
        SP_ASSERT_CMP(subnet.bits, <=, 128);
        SP_ASSERT(sp_subnet_has(&subnet, &subnet.address));
    }
    sp_cors cors;
    memset(&cors, 0, sizeof cors);
    (void)sp_cors_add(&cors, string);
    free(string);
}

static void check_session(sp_text text)
{
    sp_session session;
    if (!sp_session_decode(text.bytes, text.size, &session))
        return;
    SP_ASSERT(session.rotated_at >= 0 && session.created_at >= 0);
}

static uint32_t encode(const uint32_t *characters, uint32_t count, char *out)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += (uint32_t)utf8proc_encode_char((utf8proc_int32_t)characters[i],
                                               (utf8proc_uint8_t *)out + size);
    return size;
}

/* The first form, that is: jamo that it has made of others are apart in no other. */
static uint32_t first_form(const uint32_t *characters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (characters[i] == SP_FOLD_BREAK)
            return i;
    return count;
}

static void check_fold(sp_text text)
{
    if (text.size > 200)
        return;
    uint32_t *once = malloc(SP_FOLD_MAX(text.size) * sizeof *once);
    SP_ASSERT(once != NULL);
    uint32_t count = sp_fold_text(text, once);
    SP_ASSERT_CMP(count, <=, SP_FOLD_MAX(text.size));
    uint32_t first = first_form(once, count);
    char *encoded = malloc(first * 4 + 1);
    SP_ASSERT(encoded != NULL);
    uint32_t size = encode(once, first, encoded);
    uint32_t *twice = malloc(SP_FOLD_MAX(size) * sizeof *twice);
    SP_ASSERT(twice != NULL);
    uint32_t again = sp_fold_text((sp_text){encoded, size}, twice);
    SP_ASSERT_CMP(first_form(twice, again), ==, first);
    SP_ASSERT(memcmp(once, twice, first * sizeof *once) == 0);
    free(twice);
    free(encoded);
    free(once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    sp_text text = {(const char *)data + 1, (uint32_t)(size - 1)};
    if (data[0] == 0xFF) { /* beside the six that the kept corpus is made for */
        check_fold(text);
        return 0;
    }
    switch (data[0] % 6) {
    case 0:
        check_refresh_token(text);
        break;
    case 1:
        check_marks(text);
        break;
    case 2:
        check_address(text);
        break;
    case 3:
        check_forwarded(text);
        break;
    case 4:
        check_strings(text);
        break;
    default:
        check_session(text);
        break;
    }
    return 0;
}
