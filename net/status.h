/* SPDX-License-Identifier: MIT
 *
 * Every HTTP status that the server answers, in one list: the status line is
 * made from it (net/answer.c), and requests are counted by it (net/metrics.h).
 *
 * X(number, reason)
 */
#ifndef SP_NET_STATUS_H
#define SP_NET_STATUS_H

#include <stdint.h>

#define SP_STATUSES(X)                        \
    X(200, "OK")                              \
    X(201, "Created")                         \
    X(202, "Accepted")                        \
    X(204, "No Content")                      \
    X(304, "Not Modified")                    \
    X(308, "Permanent Redirect")              \
    X(400, "Bad Request")                     \
    X(401, "Unauthorized")                    \
    X(403, "Forbidden")                       \
    X(404, "Not Found")                       \
    X(405, "Method Not Allowed")              \
    X(406, "Not Acceptable")                  \
    X(408, "Request Timeout")                 \
    X(409, "Conflict")                        \
    X(413, "Content Too Large")               \
    X(414, "URI Too Long")                    \
    X(415, "Unsupported Media Type")          \
    X(422, "Unprocessable Content")           \
    X(429, "Too Many Requests")               \
    X(431, "Request Header Fields Too Large") \
    X(500, "Internal Server Error")           \
    X(501, "Not Implemented")                 \
    X(503, "Service Unavailable")             \
    X(505, "HTTP Version Not Supported")      \
    X(507, "Insufficient Storage")

/* Their places in the list. */
typedef enum sp_status {
#define SP_STATUS_ENUM(number, reason) SP_STATUS_##number,
    SP_STATUSES(SP_STATUS_ENUM)
#undef SP_STATUS_ENUM
        SP_STATUSES_COUNT
} sp_status;

/* The place of a number that is in the list. */
static inline sp_status sp_status_of(int number)
{
    static const uint8_t places[512] = {
#define SP_STATUS_PLACE(number, reason) [number] = SP_STATUS_##number,
        SP_STATUSES(SP_STATUS_PLACE)
#undef SP_STATUS_PLACE
    };
    return (sp_status)places[number & 511];
}

/* The number at a place. */
static inline int sp_status_number(sp_status status)
{
    static const int numbers[SP_STATUSES_COUNT] = {
#define SP_STATUS_NUMBER(number, reason) number,
        SP_STATUSES(SP_STATUS_NUMBER)
#undef SP_STATUS_NUMBER
    };
    return numbers[status];
}

#endif
