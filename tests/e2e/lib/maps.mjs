/* SPDX-License-Identifier: MIT
 *
 * The true seat map of a concert at every seq, from a log's events alone.
 */
import { idOf } from './facts.mjs';

export class TrueMaps {
  constructor(events, concertId, seatsCount) {
    this.concertId = concertId;
    this.seats = Array(seatsCount).fill('.');
    this.orders = new Map();
    this.holds = new Map();
    this.changes = []; /* {seq, status}, ascending */
    for (const event of events)
      this.take(event);
  }

  take({ seq, type, data }) {
    switch (type) {
    case 'concert_created':
      if (idOf(data.concert) === this.concertId)
        this.changed(seq);
      break;
    case 'concert_edited':
      if (idOf(data.concert) === this.concertId)
        this.edited(seq, data);
      break;
    case 'concert_paused':
    case 'concert_resumed':
      if (idOf(data.concert) === this.concertId)
        this.changed(seq);
      break;
    case 'concert_cancelled':
      if (idOf(data.concert) === this.concertId)
        this.put(seq, this.seats.keys(), '.');
      break;
    case 'order_paid':
      if (idOf(data.concert) === this.concertId)
        this.put(seq, this.keep(this.orders, data.order, data.seats), 'x');
      break;
    case 'order_cancelled':
      this.free(seq, this.orders.get(idOf(data.order)));
      break;
    case 'hold_taken':
      if (idOf(data.concert) === this.concertId)
        this.put(seq, this.keep(this.holds, data.hold, data.seats), 'h');
      break;
    case 'hold_released':
      this.free(seq, this.holds.get(idOf(data.hold)));
      break;
    case 'holds_expired':
      this.free(seq, data.holds.flatMap((hold) => this.holds.get(idOf(hold)) ?? []));
      break;
    default:
      break;
    }
  }

  /** Other grades are other seats; without any they stay. */
  edited(seq, { grades }) {
    if (grades?.length > 0)
      this.seats = Array(grades.flatMap(({ rows }) => rows).reduce((sum, size) => sum + size, 0)).fill('.');
    this.changed(seq);
  }

  keep(map, id, seats) {
    map.set(idOf(id), seats);
    return seats;
  }

  free(seq, seats) {
    if (seats?.length > 0)
      this.put(seq, seats, '.');
  }

  put(seq, seats, character) {
    for (const seat of seats)
      this.seats[seat] = character;
    this.changed(seq);
  }

  changed(seq) {
    this.changes.push({ seq, status: this.seats.join('') });
  }

  /** As it was behind the event `seq`; undefined before there was one. */
  at(seq) {
    return this.changes.findLast((change) => change.seq <= seq)?.status;
  }
}
