/* SPDX-License-Identifier: MIT */
#include "storage/events.h"

#include "engine/limits.h"
#include "storage/codec.h"

/* Reading, inside a transaction: what it finds borrows from both. */
typedef struct reading {
    const sp_env *env;
    MDB_txn *txn;
    sp_decoder *decoder;
} reading;

/* Any event; 1, 0, -1 as sp_event_reader has them. */
static int read_event(const reading *in, sp_seq seq, sp_event *out)
{
    MDB_val key = sp_env_key(&seq), value;
    int error = mdb_get(in->txn, in->env->events, &key, &value);
    if (error == MDB_NOTFOUND)
        return 0;
    if (error != 0)
        return -1;
    return sp_codec_decode(in->decoder, seq, value.mv_data, value.mv_size, out) == NULL ? 1 : -1;
}

/* What an extension says of its hold was checked when it was admitted: where the
 * log has it otherwise now, it is damaged. */
static int read_extended(const reading *in, sp_event *out)
{
    sp_hold_id hold = out->hold_extended.hold;
    bool is_there = read_event(in, out->hold_extended.taken, out) == 1 &&
                    out->type == SP_EVENT_HOLD_TAKEN && out->hold_taken.hold == hold;
    return is_there ? 1 : -1;
}

static int read_taken(const reading *in, sp_seq seq, sp_event *out, sp_seat *seats)
{
    int found = read_event(in, seq, out);
    if (found == 1 && out->type == SP_EVENT_HOLD_EXTENDED)
        found = read_extended(in, out);
    if (found != 1)
        return found;
    if (out->type != SP_EVENT_HOLD_TAKEN)
        return 0;
    memcpy(seats, out->hold_taken.seats, out->hold_taken.seats_count * sizeof *seats);
    out->hold_taken.seats = seats;
    return 1;
}

static int on_hold_taken(sp_event_reader *self, sp_seq seq, sp_event *out, sp_seat *seats)
{
    reading in = {.env = ((sp_events *)self)->env, .decoder = sp_decoder_create()};
    int found = -1;
    if (in.decoder != NULL && mdb_txn_begin(in.env->mdb, NULL, MDB_RDONLY, &in.txn) == 0) {
        found = read_taken(&in, seq, out, seats);
        mdb_txn_abort(in.txn);
    }
    sp_decoder_destroy(in.decoder);
    return found;
}

void sp_events_init(sp_events *events, sp_env *env)
{
    events->reader.hold_taken = on_hold_taken;
    events->env = env;
}
