/* SPDX-License-Identifier: MIT */
#include "bench/load_client_private.h"

typedef sp_bench_load_client client;

/* The next one of the sequence, if one may be sent now. */
static bool next_in_sequence(client *c, uint64_t now_ns, sp_bench_load_request *request,
                             sp_bench_load_flight *flight)
{
    bool measuring = c->phase == SP_BENCH_LOAD_MEASURING;
    if (sp_bench_load_client_is_open_loop(c)) {
        if (!sp_bench_load_client_has_arrivals(c) ||
            c->arrivals_sent >= sp_bench_load_pace_due(&c->pace, now_ns))
            return false;
        flight->intended_ns = sp_bench_load_pace_intended_ns(&c->pace, c->arrivals_sent);
        flight->in_window = flight->intended_ns >= c->window_start_ns;
    } else {
        if (c->phase != SP_BENCH_LOAD_WARMING && !measuring)
            return false;
        if (measuring && sp_bench_load_client_is_counted(c) &&
            c->window_sent == c->plan->requests_count)
            return false;
        flight->in_window = measuring;
    }
    if (c->out->next == c->capacity) {
        c->out->ran_out = true;
        return false;
    }
    request->index = c->out->next++;
    c->plan->workload->next(c->plan->sequence, request->index, request);
    c->arrivals_sent++;
    c->window_sent += flight->in_window;
    return true;
}

static bool next_request(client *c, uint64_t now_ns, sp_bench_load_request *request,
                         sp_bench_load_flight *flight)
{
    *flight = (sp_bench_load_flight){.intended_ns = now_ns, .sent_ns = now_ns};
    if (c->phase >= SP_BENCH_LOAD_WARMING && c->phase <= SP_BENCH_LOAD_DRAINING) {
        if (!next_in_sequence(c, now_ns, request, flight))
            return false;
    } else if (c->phase == SP_BENCH_LOAD_PRIMING && c->primes_sent < c->primes_count) {
        flight->is_prime = true;
        request->index = 0;
        c->plan->workload->prime(c->plan->sequence, c->primes_sent++, request);
    } else {
        return false;
    }
    flight->mark = request->mark;
    flight->index = request->index;
    flight->unit_ns = flight->intended_ns;
    return true;
}

/* What belongs to a unit that has begun goes first. */
static bool next_follow(client *c, const sp_bench_load_connection *connection, uint64_t now_ns,
                        sp_bench_load_request *request, sp_bench_load_flight *flight)
{
    sp_bench_load_follows *follows = &c->follows[sp_bench_load_client_index_of(c, connection)];
    if (follows->count == 0)
        return false;
    const sp_bench_load_follow *follow = &follows->waiting[--follows->count];
    c->follows_count--;
    *request = follow->request;
    *flight = follow->flight;
    flight->sent_ns = now_ns;
    return true;
}

/* Up to `limit` requests in one write, and all that follow; how many there were. */
static uint32_t fill(client *c, sp_bench_load_connection *connection, uint64_t now_ns,
                     uint32_t limit)
{
    uint32_t room = sp_bench_load_connection_room(connection), count = 0;
    sp_bench_load_request request;
    sp_bench_load_flight flight;
    char *at = c->write_bytes;
    for (; count < room; count++) {
        bool follows = next_follow(c, connection, now_ns, &request, &flight);
        if (!follows && (limit == 0 || !next_request(c, now_ns, &request, &flight)))
            break;
        limit -= !follows;
        at = c->plan->protocol->write(c->plan->wire, &request, at);
        sp_bench_load_connection_add(connection, &flight);
        c->flights_count++;
    }
    if (count > 0)
        sp_bench_load_connection_send(connection, c->write_bytes, (size_t)(at - c->write_bytes));
    return count;
}

static void enqueue(client *c, sp_bench_load_connection *connection)
{
    if (connection->is_queued || sp_bench_load_connection_room(connection) == 0)
        return;
    uint32_t at = (c->queue_first + c->queue_count) % c->plan->connections_count;
    c->queue[at] = connection;
    c->queue_count++;
    connection->is_queued = true;
}

static sp_bench_load_connection *dequeue(client *c)
{
    sp_bench_load_connection *connection = c->queue[c->queue_first];
    c->queue_first = (c->queue_first + 1) % c->plan->connections_count;
    c->queue_count--;
    connection->is_queued = false;
    return connection;
}

/* The open loop: gives what is due to the connections with room, in turn and
 * in equal parts. */
void sp_bench_load_sender_pump(client *c, uint64_t now_ns)
{
    while (c->queue_count > 0 && sp_bench_load_client_has_arrivals(c)) {
        uint64_t due = sp_bench_load_pace_due(&c->pace, now_ns);
        due = due < c->arrivals_end ? due : c->arrivals_end;
        if (c->arrivals_sent >= due)
            break;
        uint64_t share = (due - c->arrivals_sent - 1) / c->queue_count + 1;
        sp_bench_load_connection *connection = dequeue(c);
        fill(c, connection, now_ns, share < UINT32_MAX ? (uint32_t)share : UINT32_MAX);
        enqueue(c, connection);
    }
}

void sp_bench_load_sender_wait(client *c, uint64_t now_ns)
{
    if (c->queue_count > 0 && sp_bench_load_client_has_arrivals(c))
        sp_bench_load_pace_arm(&c->pace, c->arrivals_sent, now_ns);
    else
        sp_bench_load_pace_disarm(&c->pace);
}

void sp_bench_load_sender_give(client *c, sp_bench_load_connection *connection, uint64_t now_ns)
{
    if (sp_bench_load_client_is_open_loop(c)) {
        fill(c, connection, now_ns, 0);
        enqueue(c, connection);
    }
    if (sp_bench_load_client_is_open_loop(c) && c->phase >= SP_BENCH_LOAD_WARMING &&
        c->phase <= SP_BENCH_LOAD_DRAINING)
        sp_bench_load_sender_pump(c, now_ns);
    else
        fill(c, connection, now_ns, c->plan->depth);
}
