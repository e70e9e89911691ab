/* SPDX-License-Identifier: MIT */
#include "tests/net/decode_stage.h"

static void accounts(void **state)
{
    sp_credentials given;
    sp_role role;
    sp_points points;
    (void)state;
    assert_true(sp_decode_sign_up(
        &decode,
        read_text("{\"email\":\"a@b\",\"password\":\"p\\u00e4sswort\",\"nickname\":\"n\"}"),
        &given));
    assert_true(sp_text_equal(given.password, SP_TEXT("p\xc3\xa4sswort")));
    assert_false(sp_decode_sign_up(
        &decode, read_text("{\"email\":\"\",\"password\":\"\",\"nickname\":\"\",\"role\":1}"),
        &given));
    assert_string_equal(noted(), "role:unknown email:format password:too_short nickname:required");
    assert_true(
        sp_decode_login(&decode, read_text("{\"email\":\"x\",\"password\":\"y\"}"), &given));
    assert_false(sp_decode_login(&decode, read_text("{\"email\":\"\",\"password\":1}"), &given));
    assert_string_equal(noted(), "email:required password:type");
    assert_true(sp_decode_role(&decode, read_text("{\"role\":\"HOST\"}"), &role));
    assert_int_equal(role, SP_ROLE_HOST);
    assert_false(sp_decode_role(&decode, read_text("{\"role\":\"host\"}"), &role));
    assert_string_equal(noted(), "role:format");
    assert_true(sp_decode_grant(&decode, read_text("{\"amount\":1000000000000}"), &points));
    assert_int_equal(points, INT64_C(1000000000000));
    assert_false(sp_decode_grant(&decode, read_text("{\"amount\":1000000000001}"), &points));
    assert_false(sp_decode_grant(&decode, read_text("{\"amount\":0}"), &points));
}

/* What stays, what goes, what comes; and null is not the same as absent. */
static void profile_edits(void **state)
{
    static const struct {
        const char *body, *nickname, *image_url, *noted; /* NULL: stays */
    } cases[] = {
        {"{}", NULL, NULL, ""},
        {"{\"nickname\":\"\\u00e9\"}", "\xc3\xa9", NULL, ""},
        {"{\"profileImageUrl\":null}", NULL, "", ""},
        {"{\"profileImageUrl\":\"http://a.b/c?d\",\"nickname\":\"n\"}", "n", "http://a.b/c?d", ""},
        {"{\"nickname\":null}", NULL, NULL, "nickname:type"},
        {"{\"nickname\":\"\",\"profileImageUrl\":\"\"}", NULL, NULL,
         "nickname:required profileImageUrl:format"},
        {"{\"profileImageUrl\":\"javascript:alert(1)\"}", NULL, NULL, "profileImageUrl:format"},
        {"{\"profileImageUrl\":\"https://u:p@a.b/\"}", NULL, NULL, "profileImageUrl:format"},
        {"{\"profileImageUrl\":7}", NULL, NULL, "profileImageUrl:type"},
        {"{\"profileImageUrl\":null,\"profileImageUrl\":null}", NULL, NULL,
         "profileImageUrl:duplicate"},
        {"{\"email\":\"a@b\",\"role\":\"ADMIN\",\"points\":1}", NULL, NULL,
         "email:unknown role:unknown points:unknown"},
        {"[]", NULL, NULL, ":type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_profile_edit edit;
        bool ok = sp_decode_profile_edit(&decode, read_text(cases[i].body), &edit);
        expect_noted(cases[i].body, cases[i].noted);
        assert_int_equal(ok, cases[i].noted[0] == '\0');
        if (!ok)
            continue;
        const char *const wanted[] = {cases[i].nickname, cases[i].image_url};
        const sp_text got[] = {edit.nickname, edit.image_url};
        for (int k = 0; k < 2; k++) {
            assert_int_equal(got[k].bytes != NULL, wanted[k] != NULL);
            if (wanted[k] && (got[k].size != strlen(wanted[k]) ||
                              memcmp(got[k].bytes, wanted[k], got[k].size) != 0))
                fail_msg("%s: not %s", cases[i].body, wanted[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts),
        cmocka_unit_test(profile_edits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
