/* SPDX-License-Identifier: MIT
 *
 * The seats of an order or a hold, for the encoders that write by the stretch.
 * Any thread; touches nothing but its arguments.
 */
#ifndef SP_NET_ENCODE_SEATS_H
#define SP_NET_ENCODE_SEATS_H

#include "engine/views.h"
#include "net/out.h"

/* `[{seat,label,grade,price},…]`, a value that is written raw (sp_json_raw): at
 * least one seat, each of this concert. */
void sp_encode_seats(sp_out *out, const sp_concert_card *card, const sp_seat *seats,
                     uint32_t count);

#endif
