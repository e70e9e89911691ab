/* SPDX-License-Identifier: MIT */
#include "net/seat_watch.h"

#include <stdlib.h>

#include "engine/assert.h"

/* Of concerts by id. A drop has some; 10,000 would make chains of ten, walked by
 * who enters. */
#define BUCKETS_COUNT 1024u

/* A concert. Its watchers are in one of the lists; those of a round move from the
 * due lists to `told`, or to `late` if they were not idle. */
struct sp_watched {
    sp_watched *prev, *next; /* in the ring of all */
    sp_watched *bucket_next;
    sp_seat_watch *watch;
    sp_concert_id concert;
    uint32_t turn; /* in which it was looked at last */
    sp_seq seq;    /* of its last round: those in `told` are there, or farther */
    sp_watcher *told, *late, *due, *due_late;
};

struct sp_seat_watch {
    uv_timer_t timer; /* first: freed by its closing */
    sp_seat_watch **where;
    sp_pulses *pulses;
    sp_seat_texts texts;
    uint32_t watchers_count;
    uint32_t firsts_left; /* of this turn */
    uint32_t turn;
    bool in_turn;
    uint64_t turn_began_ms;
    sp_watched *at; /* whose round it is, in the ring; NULL: nobody watches */
    sp_watched *buckets[BUCKETS_COUNT];
};

/* --- lists --- */

static void list_put(sp_watcher **list, sp_watcher *watcher)
{
    watcher->next = *list;
    watcher->link = list;
    if (*list != NULL)
        (*list)->link = &watcher->next;
    *list = watcher;
}

static void list_drop(sp_watcher *watcher)
{
    *watcher->link = watcher->next;
    if (watcher->next != NULL)
        watcher->next->link = watcher->link;
}

/* `to` is empty. */
static void list_move(sp_watcher **to, sp_watcher **from)
{
    SP_ASSERT(*to == NULL);
    *to = *from;
    *from = NULL;
    if (*to != NULL)
        (*to)->link = to;
}

static bool is_watched(const sp_watched *watched)
{
    return watched->told || watched->late || watched->due || watched->due_late;
}

static sp_watched **bucket_of(sp_seat_watch *watch, sp_concert_id concert)
{
    return &watch->buckets[concert % BUCKETS_COUNT];
}

/* Among those that the turn under way has looked at: the next is soon enough. */
static void ring_enter(sp_seat_watch *watch, sp_watched *watched)
{
    sp_watched *at = watch->at;
    watched->turn = watch->turn;
    watched->prev = at ? at->prev : watched;
    watched->next = at ? at : watched;
    watched->prev->next = watched;
    watched->next->prev = watched;
    if (at == NULL)
        watch->at = watched;
}

/* seq: what the first to watch it was sent. What has happened since he was sent it
 * is due at the next turn. */
static sp_watched *watched_of(sp_seat_watch *watch, sp_concert_id concert, sp_seq seq)
{
    sp_watched **bucket = bucket_of(watch, concert);
    for (sp_watched *watched = *bucket; watched != NULL; watched = watched->bucket_next)
        if (watched->concert == concert)
            return watched;
    sp_watched *watched = calloc(1, sizeof *watched);
    SP_ASSERT(watched != NULL);
    watched->watch = watch;
    watched->concert = concert;
    watched->seq = seq;
    watched->bucket_next = *bucket;
    *bucket = watched;
    ring_enter(watch, watched);
    return watched;
}

static void watched_free(sp_seat_watch *watch, sp_watched *watched)
{
    sp_watched **link = bucket_of(watch, watched->concert);
    while (*link != watched)
        link = &(*link)->bucket_next;
    *link = watched->bucket_next;
    watched->prev->next = watched->next;
    watched->next->prev = watched->prev;
    if (watch->at == watched)
        watch->at = watched->prev == watched ? NULL : watched->prev;
    free(watched);
}

/* --- rounds --- */

/* Begins what is due at it: a round of all, or of those who were late. */
static void look_at(const sp_seat_watch *watch, sp_watched *watched)
{
    sp_seq seq = sp_views_concert_seq(watch->texts.views, watched->concert);
    list_move(&watched->due_late, &watched->late);
    if (seq == watched->seq)
        return;
    watched->seq = seq;
    list_move(&watched->due, &watched->told);
}

static void push(sp_seat_watch *watch, sp_watched *watched, sp_watcher *watcher)
{
    sp_stream *stream = watcher->stream;
    list_drop(watcher);
    bool has_map = watcher->seq != SP_SEAT_NO_MAP;
    if (has_map && watcher->seq >= watched->seq) {
        list_put(&watched->told, watcher);
        return;
    }
    if (!sp_stream_is_idle(stream)) {
        list_put(&watched->late, watcher);
        return;
    }
    sp_text text = has_map ? sp_seat_texts_since(&watch->texts, watched->concert, watcher->seq,
                                                 watched->seq, &watcher->seq)
                           : sp_seat_texts_map(&watch->texts, watched->concert, &watcher->seq);
    if (text.size > 0)
        sp_stream_write(stream, text); /* failed: its closing comes */
    list_put(&watched->told, watcher);
}

/* One watcher, or one look; false: the turn is over. */
static bool step(sp_seat_watch *watch)
{
    sp_watched *at = watch->at;
    sp_watcher *watcher = at->due_late ? at->due_late : at->due;
    if (watcher != NULL) {
        push(watch, at, watcher);
        return true;
    }
    at = watch->at = at->next;
    if (at->turn == watch->turn)
        return false;
    at->turn = watch->turn;
    look_at(watch, at);
    return true;
}

/* Returns how long it took. */
static uint64_t work_slice(sp_seat_watch *watch)
{
    uint64_t took_ns, began_ns = uv_hrtime();
    do {
        watch->in_turn = step(watch);
        took_ns = uv_hrtime() - began_ns;
    } while (watch->in_turn && took_ns < SP_SEAT_SLICE_US * 1000);
    return took_ns;
}

static void begin_turn(sp_seat_watch *watch, uint64_t now_ms)
{
    watch->turn++;
    watch->in_turn = true;
    watch->turn_began_ms = now_ms;
    watch->firsts_left = SP_SEAT_FIRSTS_PER_TURN;
}

static void on_timer(uv_timer_t *timer)
{
    sp_seat_watch *watch = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    if (!watch->in_turn)
        begin_turn(watch, now_ms);
    uint64_t pause_ns = work_slice(watch) * SP_SEAT_PAUSE_FACTOR;
    uint64_t pause_ms = (pause_ns + 999999) / 1000000;
    uint64_t next_ms = watch->turn_began_ms + SP_SEAT_TURN_MS;
    uv_update_time(timer->loop); /* the pause counts from now, not from before the slice */
    now_ms = uv_now(timer->loop);
    if (!watch->in_turn && next_ms > now_ms + pause_ms)
        pause_ms = next_ms - now_ms;
    uv_timer_start(timer, on_timer, pause_ms, 0);
}

/* --- life --- */

sp_seat_watch *sp_seat_watch_of(sp_seat_watch **where, const sp_views *views, sp_clock *clock,
                                sp_pulses *pulses)
{
    if (*where != NULL)
        return *where;
    sp_seat_watch *watch = calloc(1, sizeof *watch);
    SP_ASSERT(watch != NULL);
    SP_ASSERT_CMP(uv_timer_init(pulses->uv, &watch->timer), ==, 0);
    watch->timer.data = watch;
    watch->where = where;
    watch->pulses = pulses;
    watch->firsts_left = SP_SEAT_FIRSTS_PER_TURN;
    sp_seat_texts_init(&watch->texts, views, clock);
    uv_timer_start(&watch->timer, on_timer, SP_SEAT_TURN_MS, 0);
    return *where = watch;
}

sp_seat_texts *sp_seat_watch_texts(sp_seat_watch *watch)
{
    return &watch->texts;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_end(sp_seat_watch *watch)
{
    SP_ASSERT(watch->at == NULL);
    *watch->where = NULL;
    sp_seat_texts_close(&watch->texts);
    uv_close((uv_handle_t *)&watch->timer, on_closed);
}

bool sp_seat_watch_takes_first(sp_seat_watch *watch)
{
    if (watch->firsts_left == 0)
        return false;
    watch->firsts_left--;
    return true;
}

static sp_watcher *create(sp_seat_watch *watch, sp_watched *watched, sp_seq seq)
{
    sp_watcher *watcher = malloc(sizeof *watcher);
    SP_ASSERT(watcher != NULL);
    watcher->seq = seq;
    watcher->watched = watched;
    watch->watchers_count++;
    return watcher;
}

sp_watcher *sp_watcher_create(sp_seat_watch *watch, sp_concert_id concert, sp_seq seq)
{
    sp_watcher *watcher = create(watch, watched_of(watch, concert, seq), seq);
    list_put(&watcher->watched->told, watcher);
    return watcher;
}

/* Late ones are looked after whatever the concert's seq; each has a seq of his own, or
 * needs all. */
sp_watcher *sp_watcher_create_late(sp_seat_watch *watch, sp_concert_id concert, sp_seq seq)
{
    sp_seq now = sp_views_concert_seq(watch->texts.views, concert);
    sp_watcher *watcher = create(watch, watched_of(watch, concert, now), seq);
    list_put(&watcher->watched->late, watcher);
    return watcher;
}

static void on_beat(sp_pulse *pulse)
{
    sp_pulse_comment(((sp_watcher *)pulse)->stream);
}

void sp_watcher_enter(sp_watcher *watcher, sp_stream *stream)
{
    watcher->stream = stream;
    sp_pulse_add(watcher->watched->watch->pulses, &watcher->pulse, on_beat);
}

void sp_watcher_leave(sp_watcher *watcher)
{
    sp_watched *watched = watcher->watched;
    sp_seat_watch *watch = watched->watch;
    sp_pulse_remove(watch->pulses, &watcher->pulse);
    list_drop(watcher);
    if (!is_watched(watched))
        watched_free(watch, watched);
    free(watcher);
    if (--watch->watchers_count == 0)
        watch_end(watch);
}
