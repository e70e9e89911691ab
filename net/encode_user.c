/* SPDX-License-Identifier: MIT */
#include "net/encode.h"

void sp_encode_user(sp_json_writer *json, const sp_user_view *user, const sp_profile *profile)
{
    sp_text email = {NULL, 0}, nickname = {NULL, 0}, image_url = {NULL, 0};
    if (profile) {
        email = (sp_text){profile->email, profile->email_size};
        nickname = (sp_text){profile->nickname, profile->nickname_size};
        if (profile->image_url_size > 0)
            image_url = (sp_text){profile->image_url, profile->image_url_size};
    }
    sp_json_object(json);
    sp_json_put_id(json, "id", user->id);
    sp_json_put_text(json, "email", email);
    sp_json_put_text(json, "nickname", nickname);
    sp_json_put_text(json, "profileImageUrl", image_url);
    sp_json_put_string(json, "role", sp_role_name(user->role));
    sp_json_put_integer(json, "points", user->points);
    sp_json_put_time(json, "createdAt", user->created_at);
    sp_json_object_end(json);
}

void sp_encode_ledger_item(sp_json_writer *json, const sp_ledger_item *item)
{
    sp_json_object(json);
    sp_json_put_integer(json, "seq", (int64_t)item->seq);
    sp_json_put_time(json, "time", item->time);
    sp_json_put_string(json, "type", sp_event_name(item->type));
    sp_json_put_integer(json, "amount", item->amount);
    sp_json_put_integer(json, "balance", item->balance);
    sp_json_key(json, "orderId");
    if (item->order)
        sp_json_id(json, item->order);
    else
        sp_json_null(json);
    sp_json_object_end(json);
}
