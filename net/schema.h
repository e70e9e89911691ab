/* SPDX-License-Identifier: MIT
 *
 * The names of all bodies that travel: what a request's is, and what an
 * answer's is. The table of routes says which row has which; the shapes
 * themselves stand in one place each, the decoder or encoder named here, and
 * are documented by these names. A problem (RFC 9457) may answer any route, so
 * no row names it.
 *
 * X(ID, name, meaning, home)
 */
#ifndef SP_NET_SCHEMA_H
#define SP_NET_SCHEMA_H

#define SP_SCHEMAS(X)                                                                              \
    /* answers without a body: the row says so, rather than nothing */                             \
    X(EMPTY, "None", "no body: 204", "sp_answer_write")                                            \
    /* requests */                                                                                 \
    X(SIGN_UP, "SignUp", "a new user, in his own words", "sp_decode_sign_up")                      \
    X(LOGIN, "Login", "an e-mail address and its password", "sp_decode_login")                     \
    X(REFRESH_TOKEN, "RefreshToken", "a refresh token to spend or to end", "sp_decode_refresh")    \
    X(PASSWORD_CHANGE, "PasswordChange", "the old password and the new one",                       \
      "sp_decode_password_change")                                                                 \
    X(PROFILE_EDIT, "ProfileEdit", "what of one's profile is to change", "sp_decode_profile_edit") \
    X(ROLE_CHANGE, "RoleChange", "the role that a user shall have", "sp_decode_role")              \
    X(GRANT, "Grant", "points to give", "sp_decode_grant")                                         \
    X(NEW_CATEGORY, "NewCategory", "a category's name", "sp_decode_category")                      \
    X(NEW_CONCERT, "NewConcert", "a concert with its grades and rows", "sp_decode_concert")        \
    X(NEW_ORDER, "NewOrder", "a concert and seats of it, or a hold to buy", "sp_decode_order")     \
    X(ORDER_CANCEL, "OrderCancel", "why an order is cancelled; may be absent", "sp_decode_cancel") \
    X(NEW_HOLD, "NewHold", "seats to set aside, or how many of the best", "sp_decode_hold")        \
    X(NOTHING, "Nothing", "an empty object; may be absent", "sp_decode_nothing")                   \
    /* answers */                                                                                  \
    X(HEALTH, "Health", "whether the server lives, or is ready", "net/health.c")                   \
    X(METRICS, "Metrics", "figures for Prometheus, as text", "sp_metrics_text_write")              \
    X(STATS, "Stats", "figures for a dashboard", "sp_stats_write")                                 \
    X(SESSION, "Session", "a pair of tokens, and whose it is", "sp_auth_answer_login")             \
    X(TOKENS, "Tokens", "a pair of tokens that takes another's place", "sp_auth_answer_refresh")   \
    X(USER, "User", "a user as he and an ADMIN see him", "sp_encode_user")                         \
    X(USER_LIST, "UserList", "users, by id", "sp_users_answer_list")                               \
    X(LEDGER, "Ledger", "what moved one's points, newest first", "sp_ledger_answer")               \
    X(CATEGORY, "Category", "a category's id and name", "sp_encode_category")                      \
    X(CATEGORY_LIST, "CategoryList", "categories, by id", "sp_categories_answer_list")             \
    X(CONCERT, "Concert", "a concert, and how many seats are free now", "sp_encode_concert")       \
    X(CONCERT_LIST, "ConcertList", "concerts, newest first", "sp_concerts_answer_list")            \
    X(SEAT_MAP, "SeatMap", "a character for each seat of a concert", "sp_encode_seat_map")         \
    X(SEAT_EVENTS, "SeatEvents", "events: a seat map, and what changes in it",                     \
      "net/seat_events.h")                                                                         \
    X(ORDER, "Order", "seats that were sold, and whether they still are", "sp_encode_order")       \
    X(HOLD, "Hold", "seats that are set aside until a deadline", "sp_encode_hold")                 \
    X(JOB_ACCEPTED, "JobAccepted", "a job's id, and the stream that tells its end",                \
      "sp_job_put_accepted")                                                                       \
    X(JOB, "Job", "an order on its way, or what became of it", "net/job_text.h")                   \
    X(JOB_EVENTS, "JobEvents", "`waiting` with a Job, then `orderEnd` with it once",               \
      "net/job_stream.c")                                                                          \
    X(ORDER_LIST, "OrderList", "a user's orders, newest first", "sp_orders_answer_list")           \
    X(CONCERT_ORDERS, "ConcertOrders", "a concert's orders with their buyers, and its sums",       \
      "sp_concert_orders_answer")

typedef enum sp_schema {
    SP_SCHEMA_UNNAMED = 0, /* of a row that has no body to name */
#define SP_SCHEMA_ENUM(id, name, meaning, home) SP_SCHEMA_##id,
    SP_SCHEMAS(SP_SCHEMA_ENUM)
#undef SP_SCHEMA_ENUM
        SP_SCHEMAS_END
} sp_schema;

typedef struct sp_schema_row {
    const char *name, *meaning, *home; /* static */
} sp_schema_row;

/* Of any member of the enum but the first and the last. */
const sp_schema_row *sp_schema_row_of(sp_schema schema);

#endif
