/* SPDX-License-Identifier: MIT
 *
 * Who asks behind proxies. Each proxy appends to X-Forwarded-For the address
 * that it was asked from, so only what stands right of the first entry that was
 * not written by a proxy of ours is true; everything left of it may be made up.
 */
#ifndef SP_NET_PROXY_H
#define SP_NET_PROXY_H

#include "engine/values.h"
#include "net/client_address.h"

/* The peer, if it is not trusted; else the rightmost address of the header that
 * is not trusted (or the leftmost, if all are). An entry that is no address ends
 * the walk: the one before it counts. Ports and brackets are taken.
 * forwarded: its lines joined by commas; may be absent. */
sp_client_address sp_proxy_client(const sp_subnet *trusted, uint32_t trusted_count,
                                  const sp_client_address *peer, sp_text forwarded);

#endif
