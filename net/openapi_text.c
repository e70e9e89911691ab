/* SPDX-License-Identifier: MIT
 *
 * What the document says in words.
 */
#include "net/openapi_private.h"

const char sp_openapi_about[] =
    "Stage Pick sells numbered seats in high-demand drops. Every sale is decided in one order and "
    "is on the disk before anyone is told.\n\n"
    "**Points and prices** are integers, below 2^53 in size. The price of seats is the sum of "
    "their grades' prices; what a buyer pays goes to the concert's host, and comes back when an "
    "order is cancelled.\n\n"
    "**Ids** are decimal strings, in requests integers too; those of jobs are 32 hexadecimal "
    "digits. Seats are indexes from 0 within their concert.\n\n"
    "**Times** are RFC 3339 in UTC with milliseconds; requests may have any offset, or whole "
    "Unix seconds. `now` in a concert is the server's clock.\n\n"
    "**Requests** are JSON in UTF-8, those of orders and holds `application/msgpack` too, with "
    "the same fields. Unknown fields and duplicate keys are refused; null counts as a missing "
    "field where that may be missing, but in an edit, where it takes away what was stated. Lengths "
    "of texts are "
    "bytes of UTF-8 where a field says so: `maxLength` counts characters, which may be more "
    "bytes.\n\n"
    "**Idempotency.** With an `Idempotency-Key` a request that makes a fact can be repeated: "
    "within 24 hours the first success is told again, with `Idempotency-Replayed: true`, for a "
    "user's last 64 keys. Refusals are not remembered. After `outcome_unknown` repeat with the "
    "same key.\n\n"
    "**Rate limits.** Writes count, by user, and by network where no good token was sent; "
    "`RateLimit-*` tells what is left and in how many seconds it is full again. Log-ins and "
    "sign-ups have limits of their own.\n\n"
    "**Problems** are RFC 9457, always JSON; `code` says which, and never changes its meaning. "
    "Those with `Retry-After` may be sent again as they are.\n\n"
    "**Lists** take `limit` and `cursor`, and give `nextCursor` until there is no more.\n\n"
    "HEAD is answered wherever GET is, without a body. OPTIONS is answered for every path, with "
    "`Allow`. What is answered to any other path or method stands under `x-unrouted`.";

void sp_openapi_put_texts(sp_json_writer *json, const char *key, const char *const *texts,
                          uint32_t count)
{
    sp_out whole;
    sp_out_init(&whole);
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i] && whole.size > 0)
            sp_out_string(&whole, " ");
        if (texts[i])
            sp_out_string(&whole, texts[i]);
    }
    if (whole.size > 0)
        sp_json_put_text(json, key, (sp_text){whole.bytes, (uint32_t)whole.size});
    sp_out_close(&whole);
}
