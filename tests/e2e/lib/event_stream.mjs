/* SPDX-License-Identifier: MIT
 *
 * A reader of server-sent events as a browser's EventSource reads them (HTML
 * Living Standard, 9.2.6), but for reconnecting: it shows each connection.
 */
import http from 'node:http';

export class EventStream {
  /** Opens it; resolves when the head is there. options: token (Bearer), lastId,
   * headers. An answer that is no stream has `text` and `body` when it has ended. */
  static open(server, path, { token, lastId, headers = {} } = {}) {
    const sent = { Accept: 'text/event-stream', ...headers };
    if (token)
      sent.Authorization = `Bearer ${token}`;
    if (lastId !== undefined)
      sent['Last-Event-ID'] = lastId;
    return new Promise((resolve, reject) => {
      const request = http.request({ host: server.host, port: server.port, path, headers: sent, agent: false });
      request.on('error', reject);
      request.on('response', (response) => resolve(new EventStream(request, response)));
      request.end();
    });
  }

  constructor(request, response) {
    this.request = request;
    this.status = response.statusCode;
    this.headers = response.headers;
    this.events = [];   /* {type, id, data (parsed JSON)} */
    this.comments = 0;
    this.lastId = '';
    this.retry = null;
    this.text = '';
    this.over = false;
    this.waiters = [];
    this.rest = '';
    this.pending = { type: '', data: [] };
    response.setEncoding('utf8');
    response.on('data', (text) => this.take(text));
    this.ended = new Promise((resolve) => response.on('close', () => {
      this.over = true;
      if (this.text && /json/.test(this.headers['content-type'] ?? ''))
        this.body = JSON.parse(this.text);
      this.wake();
      resolve(this);
    }));
    response.on('error', () => {});
    request.on('error', () => {}); /* a server that was killed */
  }

  close() { this.request.destroy(); }

  take(text) {
    this.text += text;
    if (!/event-stream/.test(this.headers['content-type'] ?? ''))
      return;
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop();
    lines.forEach((line) => this.line(line));
    this.wake();
  }

  line(line) {
    if (line === '') {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      this.comments++;
      return;
    }
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event')
      this.pending.type = value;
    else if (name === 'data')
      this.pending.data.push(value);
    else if (name === 'id')
      this.lastId = value;
    else if (name === 'retry')
      this.retry = Number(value);
    else
      throw new Error(`no field of an event: ${line}`);
  }

  dispatch() {
    const { type, data } = this.pending;
    this.pending = { type: '', data: [] };
    if (data.length > 0)
      this.events.push({ type: type || 'message', id: this.lastId, data: JSON.parse(data.join('\n')) });
  }

  wake() { this.waiters.splice(0).forEach((resolve) => resolve()); }

  /** The first event of this type; throws if the stream ends without one. */
  async next(type, timeoutMs = 30000) {
    const timer = setTimeout(() => this.close(), timeoutMs);
    try {
      for (;;) {
        const found = this.events.find((event) => event.type === type);
        if (found)
          return found;
        if (this.over)
          throw new Error(`the stream ended without ${type}: ${this.status} ${this.text}`);
        await new Promise((resolve) => this.waiters.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
