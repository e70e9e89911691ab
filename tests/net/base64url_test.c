/* SPDX-License-Identifier: MIT
 *
 * libsodium's reader, which is strict too, is the oracle; but for bytes beyond
 * ASCII, some of which it takes for characters where char is signed.
 */
#include "net/base64url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/support/random.h"

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* In memory of their exact sizes, for the sanitizer. */
static void compare(const char *text, size_t size)
{
    size_t bytes_size = SP_BASE64URL_SIZE(size), wanted_size;
    unsigned char wanted[256];
    char *copy = malloc(size + !size);
    uint8_t *out = malloc(bytes_size + !bytes_size);
    assert_true(copy && out);
    memcpy(copy, text, size);
    const char *end;
    bool taken = sodium_base642bin(wanted, sizeof wanted, copy, size, NULL, &wanted_size, &end,
                                   VARIANT) == 0 &&
                 end == copy + size;
    for (size_t i = 0; i < size; i++)
        taken = taken && (unsigned char)copy[i] < 0x80;
    if (sp_base64url_decode(copy, size, out) != taken)
        fail_msg("%s by libsodium: %.*s", taken ? "taken" : "refused", (int)size, copy);
    if (taken) {
        assert_int_equal(bytes_size, wanted_size);
        assert_memory_equal(out, wanted, bytes_size);
    }
    free(copy);
    free(out);
}

static void reads_what_libsodium_reads(void **state)
{
    sp_random random;
    unsigned char bytes[120];
    char text[sodium_base64_ENCODED_LEN(sizeof bytes, VARIANT)];
    (void)state;
    sp_random_seed(&random, 1);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        sp_random_fill(&random, bytes, (uint32_t)size);
        sodium_bin2base64(text, sizeof text, bytes, size, VARIANT);
        compare(text, strlen(text));
    }
}

/* Each byte at each place: foreign ones, padding, bits behind the end. */
static void refuses_what_libsodium_refuses(void **state)
{
    static const char good[] = "QUJDREVGR0g";
    char text[sizeof good];
    (void)state;
    for (size_t size = 0; size < sizeof good; size++)
        for (size_t at = 0; at < size; at++)
            for (int c = 0; c < 256; c++) {
                memcpy(text, good, size);
                text[at] = (char)(unsigned char)c;
                compare(text, size);
            }
}

static int set_up(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_libsodium_reads),
        cmocka_unit_test(refuses_what_libsodium_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
