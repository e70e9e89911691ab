/* SPDX-License-Identifier: MIT */
#include "engine/limits.h"
#include "net/decode.h"
#include "net/text_rules.h"

typedef const char *(*check_fn)(sp_text text, const char **code);

static bool decode_checked(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                           check_fn check, sp_text *out)
{
    const char *code;
    if (!sp_decode_string(decode, node, path, out))
        return false;
    const char *bad = check(*out, &code);
    return bad ? sp_decode_fail(decode, path, code, bad) : true;
}

bool sp_decode_sign_up(sp_decode *decode, const sp_json_node *root, sp_credentials *out)
{
    enum { EMAIL, PASSWORD, NICKNAME, COUNT };
    static const sp_decode_member members[COUNT] = {
        [EMAIL] = {"email", true},
        [PASSWORD] = {"password", true},
        [NICKNAME] = {"nickname", true},
    };
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    ok = decode_checked(decode, found[EMAIL], SP_FIELD("email"), sp_email_check, &out->email) && ok;
    ok = decode_checked(decode, found[PASSWORD], SP_FIELD("password"), sp_password_check,
                        &out->password) &&
         ok;
    ok = decode_checked(decode, found[NICKNAME], SP_FIELD("nickname"), sp_nickname_check,
                        &out->nickname) &&
         ok;
    return ok;
}

static bool decode_sized(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                         uint32_t size_max, sp_text *out)
{
    if (!sp_decode_string(decode, node, path, out))
        return false;
    if (out->size == 0)
        return sp_decode_fail(decode, path, "required", "must not be empty");
    if (out->size > size_max)
        return sp_decode_fail(decode, path, "too_long", "the text is too long");
    return true;
}

bool sp_decode_login(sp_decode *decode, const sp_json_node *root, sp_credentials *out)
{
    enum { EMAIL, PASSWORD, COUNT };
    static const sp_decode_member members[COUNT] = {
        [EMAIL] = {"email", true},
        [PASSWORD] = {"password", true},
    };
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    ok =
        decode_sized(decode, found[EMAIL], SP_FIELD("email"), SP_EMAIL_SIZE_MAX, &out->email) && ok;
    ok = decode_sized(decode, found[PASSWORD], SP_FIELD("password"), SP_PASSWORD_TYPED_SIZE_MAX,
                      &out->password) &&
         ok;
    out->nickname = (sp_text){NULL, 0};
    return ok;
}

/* null takes the picture away; a nickname can be changed, but not taken away. */
bool sp_decode_profile_edit(sp_decode *decode, const sp_json_node *root, sp_profile_edit *out)
{
    enum { NICKNAME, IMAGE_URL, COUNT };
    static const sp_decode_member members[COUNT] = {
        [NICKNAME] = {"nickname", false},
        [IMAGE_URL] = {"profileImageUrl", false},
    };
    const sp_json_node *found[COUNT];
    *out = (sp_profile_edit){0};
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    if (found[NICKNAME])
        ok = decode_checked(decode, found[NICKNAME], SP_FIELD("nickname"), sp_nickname_check,
                            &out->nickname) &&
             ok;
    else if (sp_decode_has_null(decode, root, SP_TEXT("nickname")))
        ok = sp_decode_fail(decode, SP_FIELD("nickname"), "type", "must be a string");
    if (sp_decode_has_null(decode, root, SP_TEXT("profileImageUrl")))
        out->image_url = SP_TEXT("");
    else if (found[IMAGE_URL])
        ok = decode_checked(decode, found[IMAGE_URL], SP_FIELD("profileImageUrl"), sp_url_check,
                            &out->image_url) &&
             ok;
    return ok;
}
_Static_assert(SP_URL_SIZE_MAX <= SP_PROFILE_IMAGE_URL_SIZE_MAX, "a link fits the profile");

bool sp_decode_refresh(sp_decode *decode, const sp_json_node *root, sp_text *out)
{
    static const sp_decode_member members[] = {{"refreshToken", true}};
    const sp_json_node *found[1];
    bool ok = sp_decode_object(decode, root, NULL, members, 1, found);
    return sp_decode_string(decode, found[0], SP_FIELD("refreshToken"), out) && ok;
}

bool sp_decode_password_change(sp_decode *decode, const sp_json_node *root, sp_password_pair *out)
{
    enum { OLD, NEW, COUNT };
    static const sp_decode_member members[COUNT] = {
        [OLD] = {"oldPassword", true},
        [NEW] = {"newPassword", true},
    };
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    ok = decode_sized(decode, found[OLD], SP_FIELD("oldPassword"), SP_PASSWORD_TYPED_SIZE_MAX,
                      &out->old_password) &&
         ok;
    ok = decode_checked(decode, found[NEW], SP_FIELD("newPassword"), sp_password_check,
                        &out->new_password) &&
         ok;
    return ok;
}

bool sp_decode_role(sp_decode *decode, const sp_json_node *root, sp_role *out)
{
    static const sp_decode_member members[] = {{"role", true}};
    static const char *const names[] = {"USER", "HOST", "ADMIN"};
    const sp_json_node *found[1];
    uint32_t choice = 0;
    bool ok = sp_decode_object(decode, root, NULL, members, 1, found);
    ok = sp_decode_choice(decode, found[0], SP_FIELD("role"), names, 3, &choice) && ok;
    *out = (sp_role)(SP_ROLE_USER + choice);
    return ok;
}

bool sp_decode_grant(sp_decode *decode, const sp_json_node *root, sp_points *out)
{
    static const sp_decode_member members[] = {{"amount", true}};
    const sp_json_node *found[1];
    bool ok = sp_decode_object(decode, root, NULL, members, 1, found);
    return sp_decode_integer(decode, found[0], SP_FIELD("amount"), 1, SP_GRANT_MAX, out) && ok;
}
