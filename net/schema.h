/* SPDX-License-Identifier: MIT
 *
 * The names of all bodies that travel: what a request's is, and what an
 * answer's is. The table of routes says which row has which; the shapes
 * themselves stand in one place each, the decoder or encoder named here, and
 * are documented by these names. A problem (RFC 9457) may answer any route, so
 * no row names it.
 *
 * SP_PARTS are what those are made of, as far as it has a name in the document
 * of the interface; no row names them. What fields each has stands in
 * net/schema_fields.h.
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
    X(CONCERT_EDIT, "ConcertEdit", "what of a concert is to change", "sp_decode_concert_edit")     \
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
      "sp_concert_orders_answer")                                                                  \
    X(OPENAPI, "OpenApi", "this document", "net/openapi.h")

#define SP_PARTS(X)                                                                           \
    /* of requests */                                                                         \
    X(NEW_GRADE, "NewGrade", "a grade, by its rows or as one row", "sp_decode_concert")       \
    X(GRADE_OF_ROWS, "GradeOfRows", "a grade with the size of each row", "sp_decode_concert") \
    X(GRADE_OF_SEATS, "GradeOfSeats", "a grade of one row", "sp_decode_concert")              \
    X(ORDER_OF_SEATS, "OrderOfSeats", "seats of a concert, to buy", "sp_decode_order")        \
    X(ORDER_OF_HOLD, "OrderOfHold", "a hold, to buy its seats", "sp_decode_order")            \
    X(HOLD_OF_SEATS, "HoldOfSeats", "these seats", "sp_decode_hold")                          \
    X(HOLD_OF_BEST, "HoldOfBest", "the best that are left", "sp_decode_hold")                 \
    X(BEST_AVAILABLE, "BestAvailable", "how many, and of which grade", "sp_decode_hold")      \
    /* of answers */                                                                          \
    X(SEAT, "Seat", "a seat of an order or a hold, and what it cost", "sp_encode_seats")      \
    X(GRADE, "Grade", "a grade and the sizes of its rows", "sp_encode_grade")                 \
    X(GRADE_NOW, "GradeNow", "a grade, and its seats by state", "sp_encode_concert")          \
    X(CONCERT_ORDER, "ConcertOrder", "an order, and who bought", "sp_encode_order_of")        \
    X(BUYER, "Buyer", "who bought; nobody's e-mail address", "sp_encode_order_of")            \
    X(CONCERT_TOTALS, "ConcertTotals", "sums over all orders of a concert",                   \
      "sp_concert_orders_answer")                                                             \
    X(LEDGER_ITEM, "LedgerItem", "one movement of points", "sp_encode_ledger_item")           \
    X(JOB_WAITING, "JobWaiting", "it has not been decided yet", "sp_job_put_waiting")         \
    X(JOB_SUCCEEDED, "JobSucceeded", "it became an order", "sp_job_put_success")              \
    X(JOB_FAILED, "JobFailed", "it was refused", "sp_job_put_failure")                        \
    X(CONNECTIONS, "Connections", "connections of all loops", "sp_stats_write")               \
    X(QUEUE_FIGURES, "QueueFigures", "the queue of commands", "sp_stats_write")               \
    X(SEQUENCER_FIGURES, "SequencerFigures", "what the sequencer has done", "sp_stats_write") \
    X(TIMES, "Times", "seconds: median, 99th percentile, longest", "sp_stats_write")          \
    X(SIZES, "Sizes", "numbers: median, 99th percentile, largest", "sp_stats_write")          \
    X(REQUEST_FIGURES, "RequestFigures", "requests answered, and left", "sp_stats_write")     \
    X(THROTTLED, "Throttled", "requests turned away, by limit", "sp_stats_write")             \
    X(LOOP_FIGURES, "LoopFigures", "one I/O loop", "sp_stats_write")                          \
    /* of streams: an event, and its data */                                                  \
    X(SEAT_EVENT_MAP, "SeatEventMap", "all seats: first, and where changes would be longer",  \
      "sp_seat_event_map")                                                                    \
    X(SEAT_EVENT_SEATS, "SeatEventSeats", "what has changed since the event before",          \
      "sp_seat_event_changes")                                                                \
    X(SEAT_EVENT_RESET, "SeatEventReset", "the last id is not known: a map follows",          \
      "SP_SEAT_EVENT_RESET")                                                                  \
    X(SEAT_EVENT_CONCERT, "SeatEventConcert", "the concert itself has changed",               \
      "sp_seat_event_concert")                                                                \
    X(CONCERT_NOW, "ConcertNow", "what a concert is now", "sp_seat_event_concert")            \
    X(SEATS_NOW, "SeatsNow", "a character for each seat", "sp_seat_event_map")                \
    X(SEAT_CHANGES, "SeatChanges", "seats by the state that they have now",                   \
      "sp_seat_event_changes")                                                                \
    X(JOB_EVENT_WAITING, "JobEventWaiting", "first, if it has not been decided",              \
      "net/job_stream.c")                                                                     \
    X(JOB_EVENT_END, "JobEventEnd", "its outcome, once; the stream ends", "net/job_stream.c") \
    /* of problems */                                                                         \
    X(FIELD_ERROR, "FieldError", "what is wrong with one field", "net/field_errors.h")        \
    X(SEAT_CONFLICT, "SeatConflict", "a seat that can not be had", "sp_encode_conflict")      \
    X(LONELY_SEAT, "LonelySeat", "a seat that would be left alone", "sp_encode_orphan")

typedef enum sp_schema {
    SP_SCHEMA_UNNAMED = 0, /* of a row that has no body to name */
#define SP_SCHEMA_ENUM(id, name, meaning, home) SP_SCHEMA_##id,
    SP_SCHEMAS(SP_SCHEMA_ENUM) SP_SCHEMAS_END, /* of those that rows name; parts are behind it */
    SP_PARTS(SP_SCHEMA_ENUM)
#undef SP_SCHEMA_ENUM
        SP_PARTS_END
} sp_schema;

typedef struct sp_schema_row {
    const char *name, *meaning, *home; /* static */
} sp_schema_row;

/* Of any member of the enum but UNNAMED and the two ends. */
const sp_schema_row *sp_schema_row_of(sp_schema schema);

#endif
