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
    SP_HTTP_NAME_CONTENT_LENGTH = SP_HEADER_COUNT,
    SP_HTTP_NAME_TRANSFER_ENCODING,
    SP_HTTP_NAME_CONNECTION,
    SP_HTTP_NAME_EXPECT,
    SP_HTTP_NAME_OTHER, /* checked and dropped */
} sp_http_name;

/* Whatever the case. The bytes must be such as may stand in a line: then only
 * a letter can be taken for a letter, and nothing for a hyphen, when the bit
 * that tells the cases apart is lost. */
unsigned sp_http_name_of(const char *bytes, uint32_t size);

#endif
