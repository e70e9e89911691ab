/* SPDX-License-Identifier: MIT
 *
 * A client of server-sent events over a bare socket, by the standard's own rules of
 * reading (HTML Living Standard, 9.2.6), and what a seat map's client makes of them.
 */
import assert from 'node:assert/strict';

import { checkEvent, checkStream } from './checked.mjs';
import { Raw, parseHead } from './raw.mjs';

/** Splits a stream's text into what stands in it; a rest that is not whole stays. */
export class EventReader {
  /** check: called with each event, `id` only where it had its own. */
  constructor(check = () => {}) {
    this.check = check;
    this.rest = '';
    this.lastId = null;
    this.retries = [];
    this.comments = 0;
    this.fresh();
  }

  fresh() {
    this.name = '';
    this.data = [];
    this.ownId = undefined;
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
        this.dispatch(events);
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
    else if (field === 'id') this.lastId = this.ownId = value;
    else if (field === 'retry') this.retries.push(Number(value));
    else assert.fail(`not a field of an event: ${line}`);
  }

  dispatch(events) {
    const event = { event: this.name, data: JSON.parse(this.data.join('\n')) };
    this.check(this.ownId === undefined ? event : { ...event, id: this.ownId });
    events.push({ ...event, id: this.lastId });
  }
}

/** One stream: `events` grows as they come, `ended` resolves with it when it is over.
 * Of an answer that is no stream it has `text` and `body`, and is over at once. */
export class EventStream {
  /** Resolves when the head is there. token: Bearer. */
  static async open(server, path, { token = null, lastId = null, headers = {}, method = 'GET' } = {}) {
    const raw = await Raw.connect(server);
    const stream = new EventStream(raw);
    const sent = { Host: 'x', Accept: 'text/event-stream' };
    if (token !== null)
      sent.Authorization = `Bearer ${token}`;
    if (lastId !== null)
      sent['Last-Event-ID'] = lastId;
    const lines = Object.entries({ ...sent, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    raw.send(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    await stream.readHead();
    return stream;
  }

  constructor(raw) {
    this.raw = raw;
    this.reader = new EventReader((event) => checkEvent(this.request, event));
    this.events = [];
    this.head = null;
    this.text = '';
    this.used = 0; /* events that next() has given */
  }

  get closed() { return this.raw.closed; }
  get retries() { return this.reader.retries; }
  get lastId() { return this.reader.lastId; }

  async readHead() {
    const until = Date.now() + 20000;
    let parsed;
    while ((parsed = parseHead(this.raw.buffer)) === null) {
      this.checkOpen('the head');
      assert.ok(await this.raw.changed(until), 'no head came');
    }
    this.head = parsed.text;
    this.status = parsed.status;
    this.headers = parsed.headers;
    if (/event-stream/.test(this.headers['content-type'] ?? '')) {
      this.request = this.raw.sent.next();
      checkStream(this.request, this);
      this.raw.buffer = this.raw.buffer.subarray(parsed.size);
      this.ended = this.run();
      return;
    }
    const answer = await this.raw.answer();
    this.text = answer.body.toString('utf8');
    this.body = answer.json;
    this.ended = Promise.resolve(this);
    this.close();
  }

  /** Takes what has come. */
  pump() {
    const text = this.raw.buffer.toString('utf8');
    this.raw.buffer = Buffer.alloc(0);
    this.events.push(...this.reader.take(text));
  }

  async run() {
    this.raw.socket.ref(); /* waiting for `ended` holds nothing else */
    for (;;) {
      this.pump();
      if (this.raw.closed)
        return this;
      await this.raw.change();
    }
  }

  /** No assertion: a test may have killed the server. */
  checkOpen(what) {
    if (this.raw.closed)
      throw new Error(`closed while waiting for ${what}: ${this.status} ${this.text}`);
  }

  /** Waits until `when(this)` is true. */
  async until(when, what, timeoutMs = 20000) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      this.pump();
      if (when(this))
        return;
      this.checkOpen(what);
      assert.ok(await this.raw.changed(until), `waited in vain for ${what}; had ${JSON.stringify(this.events.slice(-3))}`);
    }
  }

  /** The next event. */
  async next(timeoutMs) {
    await this.until(() => this.events.length > this.used, 'an event', timeoutMs);
    return this.events[this.used++];
  }

  /** The first one of this name. */
  async first(name, timeoutMs) {
    const found = () => this.events.find(({ event }) => event === name);
    await this.until(found, name, timeoutMs);
    return found();
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
    this.concertStatus = null; /* as told last */
  }

  get status() { return this.seats?.join('') ?? null; }

  take({ event, data, id }) {
    this.kinds.push(event);
    if (event === 'reset') {
      assert.deepEqual(data, {});
      this.seats = this.seq = null;
      return;
    }
    if (event === 'concert') { /* without an id; that of its seq comes next */
      assert.deepEqual(Object.keys(data), ['seq', 'status']);
      assert.notEqual(id, String(data.seq));
      this.concertStatus = data.status;
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
