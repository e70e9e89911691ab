/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "net/fold.h"

#define TEXT_SIZE_MAX SP_CONCERT_NAME_SIZE_MAX

/* Printable: `U+…` would be no easier to read than the characters themselves. */
static void encode(const uint32_t *folded, uint32_t count, char out[TEXT_SIZE_MAX * 50])
{
    char *at = out;
    for (uint32_t i = 0; i < count; i++)
        if (folded[i] == SP_FOLD_BREAK)
            *at++ = '|';
        else
            at += utf8proc_encode_char((utf8proc_int32_t)folded[i], (utf8proc_uint8_t *)at);
    *at = '\0';
}

static uint32_t fold(sp_text text, uint32_t out[SP_FOLD_MAX(TEXT_SIZE_MAX)])
{
    /* In memory of its size, and with a guard behind the room that is promised. */
    const uint32_t max = SP_FOLD_MAX(text.size), guard = 0xdeadbeef;
    char *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    uint32_t *room = malloc((max + 1) * sizeof *room);
    assert_non_null(room);
    room[max] = guard;
    uint32_t count = sp_fold_text((sp_text){copy, text.size}, room);
    assert_in_range(count, 0, max);
    assert_int_equal(room[max], guard);
    memcpy(out, room, count * sizeof *room);
    free(room);
    free(copy);
    return count;
}

static void expect_fold(const char *text, const char *wanted)
{
    uint32_t folded[SP_FOLD_MAX(TEXT_SIZE_MAX)];
    char got[TEXT_SIZE_MAX * 50];
    encode(folded, fold((sp_text){text, (uint32_t)strlen(text)}, folded), got);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s is folded to %s, not to %s", text, got, wanted);
}

static void texts_fold_as_unicode_says(void **unused)
{
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"", ""},
        {"Hello, World 100%", "hello, world 100%"},
        {"@AZ[`az{", "@az[`az{"},
        {"'\"\\_%;--", "'\"\\_%;--"},
        {"뮤지컬 〈오페라의 유령〉", "뮤지컬 〈오페라의 유령〉"},
        {"東京 カラオケ ひらがな", "東京 カラオケ ひらがな"},
        {"ＨＥＬＬＯ　１２３", "hello 123"},
        {"ﾊﾟﾊﾞ", "パバ"},
        {"Straße STRASSE ẞ", "strasse strasse ss"},
        {"İstanbul I", "i̇stanbul i"},
        {"ΟΔΟΣ οδος", "οδοσ οδοσ"},
        {"Café", "café"},
        {"Cafe\xcc\x81", "café"},
        {"ﬁ ①", "fi 1"},
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한"}, /* conjoining jamo: one way to write it */
        {"ㅋㅋㅋ", "\xe1\x84\x8f\xe1\x84\x8f\xe1\x84\x8f"},
        {"❤️", "❤"},
        {"👨‍👩‍👧", "👨👩👧"},
        {"a\xc2\xad\xe2\x80\x8b"
         "b",
         "ab"},                           /* soft hyphen, zero width space */
        {"\xe2\x80\x8b\xe3\x85\xa4", ""}, /* nothing that could be seen */
        {"a\xff", ""},                    /* not UTF-8 */
        {"\xed\xa0\x80", ""},             /* a surrogate */
        {"\xc0\xaf", ""},                 /* overlong */
        {"한\xea\xb0", ""},               /* cut off */
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fold(cases[i].text, cases[i].folded);
}

/* What letters on a screen say is found by each of them, and by the syllable too. */
static void jamo_have_a_form_apart(void **unused)
{
    (void)unused;
    expect_fold("ㄴㅏ", "나|\xe1\x84\x82\xe1\x85\xa1");
    expect_fold("ㄴㅏ비 A", "나비 a|\xe1\x84\x82\xe1\x85\xa1비 a");
    expect_fold("ﾡㅏ", "가|\xe1\x84\x80\xe1\x85\xa1");
    expect_fold("하ㄴ", "하\xe1\x84\x82"); /* a final would be another letter: one form */
    expect_fold("ㅠㅠ", "\xe1\x85\xb2\xe1\x85\xb2");
}

/* utf8proc alone, without the short ways of sp_fold_text. */
static uint32_t fold_slowly(const char *bytes, uint32_t size, utf8proc_int32_t *out, uint32_t max,
                            uint32_t *decomposed_count)
{
    const utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)bytes, size, out, max, options);
    assert_in_range(count, 0, max);
    *decomposed_count = (uint32_t)count;
    return (uint32_t)utf8proc_normalize_utf32(out, count, options);
}

/* Each with a neighbour of the plain characters on either side: the short way gives
 * what utf8proc gives, and the room that is promised is enough. */
static void every_character_folds_as_utf8proc_folds_it(void **unused)
{
    static const char *const before[] = {"", "A", "가", "か"}, *const behind[] = {"", "z", "각"};
    uint32_t most = 0, folded[SP_FOLD_MAX(TEXT_SIZE_MAX)], decomposed_count;
    utf8proc_int32_t wanted[SP_FOLD_MAX(TEXT_SIZE_MAX)];
    (void)unused;
    for (utf8proc_int32_t c = 0; c <= 0x10FFFF; c++) {
        char text[32];
        if (c >= 0xD800 && c < 0xE000)
            continue;
        for (uint32_t i = 0; i < 12; i++) {
            uint32_t at = (uint32_t)strlen(before[i / 3]);
            memcpy(text, before[i / 3], at);
            uint32_t size = (uint32_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)text + at);
            memcpy(text + at + size, behind[i % 3], strlen(behind[i % 3]));
            uint32_t all = at + size + (uint32_t)strlen(behind[i % 3]);
            uint32_t wanted_count =
                fold_slowly(text, all, wanted, SP_FOLD_MAX(TEXT_SIZE_MAX), &decomposed_count);
            if (i == 0 && decomposed_count > most * size)
                most = (decomposed_count + size - 1) / size;
            uint32_t count = sp_fold_text((sp_text){text, all}, folded);
            if (count > wanted_count && folded[wanted_count] == SP_FOLD_BREAK)
                count = wanted_count; /* the form apart has a test of its own */
            if (count != wanted_count || memcmp(folded, wanted, count * sizeof *folded) != 0)
                fail_msg("U+%04X beside %s and %s", (unsigned)c, before[i / 3], behind[i % 3]);
        }
    }
    assert_int_equal(most, 6); /* U+FDFA has three bytes and eighteen letters */
}

static void the_longest_texts_have_room(void **unused)
{
    static const char *const characters[] = {"\xef\xb7\xba", "ㄴㅏ", "ΐ", "ﾊﾟ", "Ａ"};
    uint32_t folded[SP_FOLD_MAX(TEXT_SIZE_MAX)];
    (void)unused;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        char text[TEXT_SIZE_MAX];
        uint32_t size = 0, each = (uint32_t)strlen(characters[i]);
        for (; size + each <= sizeof text; size += each)
            memcpy(text + size, characters[i], each);
        assert_true(fold((sp_text){text, size}, folded) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_fold_as_unicode_says),
        cmocka_unit_test(jamo_have_a_form_apart),
        cmocka_unit_test(every_character_folds_as_utf8proc_folds_it),
        cmocka_unit_test(the_longest_texts_have_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
