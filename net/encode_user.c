/* SPDX-License-Identifier: MIT */
#include "net/encode.h"

#include "engine/assert.h"

void sp_encode_user(sp_json_writer *json, const sp_user_view *user, const sp_profile *profile)
{
    sp_text email = {NULL, 0}, nickname = {NULL, 0};
    if (profile) {
        email = (sp_text){profile->email, profile->email_size};
        nickname = (sp_text){profile->nickname, profile->nickname_size};
    }
    sp_json_object(json);
    sp_json_put_id(json, "id", user->id);
    sp_json_put_text(json, "email", email);
    sp_json_put_text(json, "nickname", nickname);
    sp_json_put_string(json, "role", sp_role_name(user->role));
    sp_json_put_integer(json, "points", user->points);
    sp_json_put_time(json, "createdAt", user->created_at);
    sp_json_object_end(json);
}
