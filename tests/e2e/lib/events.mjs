/* SPDX-License-Identifier: MIT
 *
 * A client of server-sent events over a bare socket, by the standard's own rules of
 * reading (HTML Living Standard, 9.2.6), and what a seat map's client makes of them.
 */
import assert from 'node:assert/strict';

import { Raw } from './raw.mjs';

/** Splits a stream's text into what stands in it; a rest that is not whole stays. */
export class EventReader {
  constructor() {
    this.rest = '';
    this.lastId = null;
    this.retries = [];
    this.comments = 0;
    this.fresh();
  }

  fresh() {
    this.name = '';
    this.data = [];
  }

  /** The events that have become whole: {event, data, id}. */
  take(text) {
    const events = [];
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop();
    for (const line of lines)
      this.line(line, events);
    return events;
  }

  line(line, events) {
    if (line === '') {
      if (this.data.length > 0)
        events.push({ event: this.name, data: JSON.parse(this.data.join('\n')), id: this.lastId });
      this.fresh();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      this.comments++;
      return;
    }
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id') this.lastId = value;
    else if (field === 'retry') this.retries.push(Number(value));
    else assert.fail(`not a field of an event: ${line}`);
  }
}

/** One stream: `events` grows as they come. */
export class EventStream {
  static async open(server, path, { lastId = null, headers = {}, method = 'GET' } = {}) {
    const raw = await Raw.connect(server);
    const stream = new EventStream(raw);
    const lines = [`${method} ${path} HTTP/1.1`, 'Host: x', 'Accept: text/event-stream'];
    if (lastId !== null)
      lines.push(`Last-Event-ID: ${lastId}`);
    for (const [name, value] of Object.entries(headers))
      lines.push(`${name}: ${value}`);
    raw.send(`${lines.join('\r\n')}\r\n\r\n`);
    await stream.readHead();
    return stream;
  }

  constructor(raw) {
    this.raw = raw;
    this.reader = new EventReader();
    this.events = [];
    this.head = null;
    this.used = 0; /* events that next() has given */
  }

  get closed() { return this.raw.closed; }
  get retries() { return this.reader.retries; }

  async readHead() {
    const until = Date.now() + 20000;
    while (this.raw.buffer.indexOf('\r\n\r\n') < 0)
      assert.ok(!this.raw.closed && await this.raw.changed(until), 'no head came');
    const end = this.raw.buffer.indexOf('\r\n\r\n');
    this.head = this.raw.buffer.subarray(0, end).toString('latin1');
    this.raw.buffer = this.raw.buffer.subarray(end + 4);
    this.status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(this.head)[1]);
  }

  /** Takes what has come. */
  pump() {
    const text = this.raw.buffer.toString('utf8');
    this.raw.buffer = Buffer.alloc(0);
    this.events.push(...this.reader.take(text));
  }

  /** Waits until `when(this)` is true. */
  async until(when, what, timeoutMs = 20000) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      this.pump();
      if (when(this))
        return;
      assert.ok(!this.raw.closed, `closed while waiting for ${what}`);
      assert.ok(await this.raw.changed(until), `waited in vain for ${what}; had ${JSON.stringify(this.events.slice(-3))}`);
    }
  }

  /** The next event. */
  async next(timeoutMs) {
    await this.until(() => this.events.length > this.used, 'an event', timeoutMs);
    return this.events[this.used++];
  }

  async untilClosed(timeoutMs) {
    await this.raw.untilClosed(timeoutMs);
    this.pump();
  }

  close() { this.raw.destroy(); }
}

/** The map that a client makes of a stream's events. */
export class LiveMap {
  constructor() {
    this.seats = null; /* characters */
    this.seq = null;
    this.seen = []; /* {seq, status} behind each event */
    this.kinds = [];
  }

  get status() { return this.seats?.join('') ?? null; }

  take({ event, data, id }) {
    this.kinds.push(event);
    if (event === 'reset') {
      assert.deepEqual(data, {});
      this.seats = this.seq = null;
      return;
    }
    assert.equal(id, String(data.seq));
    if (event === 'map') {
      assert.deepEqual(Object.keys(data), ['seq', 'status']);
      this.seats = [...data.status];
    } else {
      assert.equal(event, 'seats');
      assert.deepEqual(Object.keys(data), ['seq', 'taken', 'held', 'freed']);
      assert.ok(this.seats, 'changes of a map that never came');
      assert.ok(data.seq > this.seq, `seq ${data.seq} behind ${this.seq}`);
      for (const [list, character] of [['taken', 'x'], ['held', 'h'], ['freed', '.']])
        for (const seat of data[list]) {
          assert.ok(seat >= 0 && seat < this.seats.length);
          this.seats[seat] = character;
        }
    }
    this.seq = data.seq;
    this.seen.push({ seq: this.seq, status: this.status });
  }
}
