/* SPDX-License-Identifier: MIT
 *
 * Every named outcome of a request, numbered for good, in one list: the code
 * that clients read, its HTTP status, whether a retry of the same request may
 * succeed (then the answer carries Retry-After), and its title (RFC 9457).
 * Engine, net, docs and tests read this list; nothing else names a code.
 *
 * X(number, ID, code, http_status, retryable, title)
 */
#ifndef SP_ENGINE_OUTCOME_H
#define SP_ENGINE_OUTCOME_H

#include <stdbool.h>

#define SP_OUTCOMES(X)                                                                            \
    X(0, OK, "ok", 200, 0, "OK")                                                                  \
    /* HTTP and body */                                                                           \
    X(1, MALFORMED_REQUEST, "malformed_request", 400, 0, "The request is not valid HTTP")         \
    X(2, MALFORMED_BODY, "malformed_body", 400, 0, "The body can not be parsed")                  \
    X(3, ROUTE_UNKNOWN, "route_unknown", 404, 0, "There is nothing at this path")                 \
    X(4, METHOD_NOT_ALLOWED, "method_not_allowed", 405, 0, "This path does not take this method") \
    X(5, NOT_ACCEPTABLE, "not_acceptable", 406, 0,                                                \
      "None of the accepted media types can be answered")                                         \
    X(6, REQUEST_TIMEOUT, "request_timeout", 408, 1, "The request did not arrive in time")        \
    X(7, BODY_TOO_LARGE, "body_too_large", 413, 0, "The body is too large")                       \
    X(8, URI_TOO_LONG, "uri_too_long", 414, 0, "The request target is too long")                  \
    X(9, UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", 415, 0,                                \
      "The body's media type is not known")                                                       \
    X(10, VALIDATION_FAILED, "validation_failed", 422, 0, "Some fields are not valid")            \
    X(11, HEADERS_TOO_LARGE, "headers_too_large", 431, 0, "The request head is too large")        \
    X(12, TRANSFER_CODING_UNKNOWN, "transfer_coding_unknown", 501, 0,                             \
      "The transfer coding is not known")                                                         \
    X(13, HTTP_VERSION, "http_version", 505, 0, "The HTTP version is not supported")              \
    X(14, INTERNAL, "internal", 500, 0, "The server failed")                                      \
    /* Who */                                                                                     \
    X(20, TOKEN_MISSING, "token_missing", 401, 0, "An access token is needed")                    \
    X(21, TOKEN_INVALID, "token_invalid", 401, 0, "The access token is not valid")                \
    X(22, TOKEN_EXPIRED, "token_expired", 401, 0, "The access token has expired")                 \
    X(23, LOGIN_FAILED, "login_failed", 401, 0, "E-mail or password is wrong")                    \
    X(24, REFRESH_INVALID, "refresh_invalid", 401, 0, "The refresh token is not valid")           \
    X(25, REFRESH_REUSED, "refresh_reused", 401, 0, "The refresh token was used before")          \
    X(26, ROLE_REQUIRED, "role_required", 403, 0, "Your role does not allow this")                \
    X(27, NOT_OWNER, "not_owner", 403, 0, "This belongs to somebody else")                        \
    X(28, SIGNUP_CLOSED, "signup_closed", 403, 0, "Sign-up is closed")                            \
    /* What */                                                                                    \
    X(30, USER_UNKNOWN, "user_unknown", 404, 0, "There is no such user")                          \
    X(31, CATEGORY_UNKNOWN, "category_unknown", 404, 0, "There is no such category")              \
    X(32, CONCERT_UNKNOWN, "concert_unknown", 404, 0, "There is no such concert")                 \
    X(33, ORDER_UNKNOWN, "order_unknown", 404, 0, "There is no such order")                       \
    X(34, HOLD_UNKNOWN, "hold_unknown", 404, 0, "There is no such hold")                          \
    X(35, JOB_UNKNOWN, "job_unknown", 404, 0, "There is no such job")                             \
    X(36, SEAT_UNKNOWN, "seat_unknown", 422, 0, "The concert has no such seat")                   \
    X(37, IDEMPOTENCY_MISMATCH, "idempotency_mismatch", 422, 0,                                   \
      "This Idempotency-Key was used for another request")                                        \
    /* State */                                                                                   \
    X(40, SEAT_TAKEN, "seat_taken", 409, 0, "A seat is taken")                                    \
    X(41, SALES_NOT_OPEN, "sales_not_open", 409, 0, "Sales have not opened")                      \
    X(42, SALES_CLOSED, "sales_closed", 409, 0, "Sales are closed")                               \
    X(43, SALES_PAUSED, "sales_paused", 409, 0, "Sales are paused")                               \
    X(44, CONCERT_CANCELLED, "concert_cancelled", 409, 0, "The concert is cancelled")             \
    X(45, AMOUNT_MISMATCH, "amount_mismatch", 409, 0, "The amount is not the price of the seats") \
    X(46, INSUFFICIENT_POINTS, "insufficient_points", 409, 0, "Not enough points")                \
    X(47, SEAT_LIMIT, "seat_limit", 409, 0, "Too many seats for one person")                      \
    X(48, NO_ADJACENT_SEATS, "no_adjacent_seats", 409, 0, "Not enough neighbouring seats")        \
    X(49, ORPHAN_SEAT, "orphan_seat", 409, 0, "A single seat would be left over")                 \
    X(50, HOLD_EXPIRED, "hold_expired", 409, 0, "The hold has expired")                           \
    X(51, HOLD_EXTEND_LIMIT, "hold_extend_limit", 409, 0, "The hold can not be extended further") \
    X(52, ALREADY_CANCELLED, "already_cancelled", 409, 0, "The order is cancelled already")       \
    X(53, CANCEL_CLOSED, "cancel_closed", 409, 0, "It is too late to cancel")                     \
    X(54, EMAIL_TAKEN, "email_taken", 409, 0, "The e-mail address is in use")                     \
    X(55, CATEGORY_EXISTS, "category_exists", 409, 0, "The category exists already")              \
    X(56, SEATS_FIXED, "seats_fixed", 409, 0, "Grades and prices can not change any more")        \
    X(57, LAST_ADMIN, "last_admin", 409, 0, "There must be an ADMIN left")                        \
    X(58, HAS_LIVE_CONCERTS, "has_live_concerts", 409, 0, "The host has live concerts")           \
    /* Limits and trouble */                                                                      \
    X(60, RATE_LIMITED, "rate_limited", 429, 1, "Too many requests")                              \
    X(61, QUEUE_FULL, "queue_full", 503, 1, "The queue is full")                                  \
    X(62, BUSY, "busy", 503, 1, "The server is busy")                                             \
    X(63, STARTING, "starting", 503, 1, "The server is starting")                                 \
    X(64, STOPPING, "stopping", 503, 1, "The server is stopping")                                 \
    X(65, OUTCOME_UNKNOWN, "outcome_unknown", 503, 1, "It is not known whether this was done")    \
    X(66, STORAGE_FULL, "storage_full", 507, 0, "The disk is nearly full")                        \
    X(67, LIMIT_REACHED, "limit_reached", 507, 0, "A limit of this installation is reached")

typedef enum sp_outcome {
#define SP_OUTCOME_ENUM(number, id, code, status, retryable, title) SP_##id = number,
    SP_OUTCOMES(SP_OUTCOME_ENUM)
#undef SP_OUTCOME_ENUM
} sp_outcome;

typedef struct sp_outcome_row {
    const char *code;  /* what clients read; static */
    const char *title; /* static */
    int http_status;
    bool retryable;
} sp_outcome_row;

/* The row of an outcome; never NULL for a member of the enum. */
const sp_outcome_row *sp_outcome_row_of(sp_outcome outcome);

#endif
