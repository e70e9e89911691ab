/* SPDX-License-Identifier: MIT
 *
 * Field names that mean something here: those that the application reads
 * (sp_header) and those that frame a message. One look-up for both readers of
 * a head.
 */
#ifndef SP_NET_HTTP_NAME_H
#define SP_NET_HTTP_NAME_H

#include "net/request.h"

/* An sp_header, or one of these. */
typedef enum sp_http_name {
    SP_HTTP_NAME_CONTENT_LENGTH = SP_HEADER_END,
    SP_HTTP_NAME_TRANSFER_ENCODING,
    SP_HTTP_NAME_CONNECTION,
    SP_HTTP_NAME_EXPECT,
    SP_HTTP_NAME_OTHER, /* checked and dropped */
} sp_http_name;

/* Whatever the case. The bytes must be such as may stand in a line: then only
 * a letter can be taken for a letter, and nothing for a hyphen, when the bit
 * that tells the cases apart is lost. */
unsigned sp_http_name_of(const char *bytes, uint32_t size);

/* A header that may stand in several lines, which are one list (RFC 9110, 5.3).
 * traceparent is none, but who sends two has sent no valid one (W3C Trace
 * Context, 3.2), which is no reason to refuse him: joined they are not valid. */
static inline bool sp_http_name_is_list(unsigned header)
{
    return header == SP_HEADER_ACCEPT || header == SP_HEADER_IF_NONE_MATCH ||
           header == SP_HEADER_X_FORWARDED_FOR || header == SP_HEADER_CONTENT_ENCODING ||
           header == SP_HEADER_TRACEPARENT;
}

#endif
