/* SPDX-License-Identifier: MIT
 *
 * What answers have told, held against the events of a log: everything that a
 * client may rely on must be there, with the same values.
 */

/** An index of a dump that told facts can be looked up in. */
export class LogFacts {
  constructor(events) {
    this.events = events;
    this.last = events.length === 0 ? 0 : events[events.length - 1].seq;
    this.paid = new Map();
    this.cancelled = new Map();
    this.users = new Map();
    this.categories = new Map();
    this.concerts = new Map();
    this.balances = new Map(); /* user → set of balances it has had */
    for (const event of events)
      this.take(event);
  }

  take(event) {
    const data = event.data;
    switch (event.type) {
    case 'user_created':
      this.users.set(idOf(data.user), data);
      this.move(data.user, data.points);
      break;
    case 'points_granted':
      this.move(data.user, data.amount);
      break;
    case 'category_created':
      this.categories.set(idOf(data.category), data);
      break;
    case 'concert_created':
      this.concerts.set(idOf(data.concert), data);
      break;
    case 'order_paid':
      this.paid.set(idOf(data.order), { ...data, seq: event.seq });
      this.move(data.buyer, -data.amount);
      this.move(this.concerts.get(idOf(data.concert)).host, data.amount);
      break;
    case 'order_cancelled': {
      const order = this.paid.get(idOf(data.order));
      this.cancelled.set(idOf(data.order), { ...data, seq: event.seq });
      this.move(this.concerts.get(idOf(order.concert)).host, -order.amount);
      this.move(order.buyer, order.amount);
      break;
    }
    default:
      break;
    }
  }

  move(user, amount) {
    const name = idOf(user);
    const had = this.balances.get(name) ?? { now: 0, ever: new Set() };
    this.balances.set(name, had);
    had.now += amount;
    had.ever.add(had.now);
  }

  /** Why this answer is not borne out by the log; null if it is. */
  contradiction(answer) {
    const body = answer.json;
    if (answer.status >= 300 || !body || typeof body !== 'object')
      return null;
    if (Number.isInteger(body.seq) && body.seq > this.last)
      return `seq ${body.seq} was told, the log ends at ${this.last}`;
    if (Array.isArray(body.items))
      return body.items.map((item) => this.contradiction({ status: 200, json: item })).find(Boolean) ?? null;
    if (body.order !== undefined) /* what became of a job */
      return this.contradiction({ status: 200, json: body.order });
    if (body.id === undefined)
      return null;
    if (Array.isArray(body.seats) && body.concertId !== undefined)
      return this.orderContradiction(body);
    if (body.role !== undefined)
      return this.userContradiction(body);
    if (body.grades !== undefined)
      return this.concerts.get(body.id)?.name === body.name ? null : `concert ${body.id} is not in the log`;
    if (body.name !== undefined)
      return this.categories.get(body.id)?.name === body.name ? null : `category ${body.id} is not in the log`;
    return null;
  }

  orderContradiction(order) {
    const paid = this.paid.get(order.id);
    if (!paid)
      return `order ${order.id} is not in the log`;
    const told = [order.concertId, order.amount, order.seats.map((seat) => seat.seat)];
    const kept = [idOf(paid.concert), paid.amount, paid.seats];
    if (JSON.stringify(told) !== JSON.stringify(kept))
      return `order ${order.id} was told as ${JSON.stringify(told)}, the log has ${JSON.stringify(kept)}`;
    if (order.status === 'CANCEL' && !this.cancelled.has(order.id))
      return `the cancel of order ${order.id} is not in the log`;
    return null;
  }

  userContradiction(user) {
    const had = this.balances.get(user.id);
    if (!this.users.has(user.id))
      return `user ${user.id} is not in the log`;
    if (user.points !== undefined && !had.ever.has(user.points))
      return `user ${user.id} was told a balance of ${user.points} that it never had`;
    return null;
  }
}

/** Ids are numbers or decimal strings in a dump; one form for both. */
export function idOf(id) {
  return String(id);
}
