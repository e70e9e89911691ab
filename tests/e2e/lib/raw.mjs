/* SPDX-License-Identifier: MIT
 *
 * A bare TCP client: sends the very bytes that a test says, and reads HTTP
 * answers strictly by their framing. What a tolerant client library would
 * hide is what these tests look for. Answers are held against the document of the
 * interface too (checked.mjs), each to the request that it is to, as far as that
 * can be read.
 */
import net from 'node:net';

import { checkAnswer } from './checked.mjs';
import { SentRequests } from './sent.mjs';

const WAIT_MS = 20000;

export class Raw {
  /** documented: as in client.mjs. */
  static connect(server, { pauseOnConnect = false, documented = true } = {}) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: server.host, port: server.port }, () => {
        socket.removeListener('error', reject);
        resolve(new Raw(socket, pauseOnConnect, documented));
      });
      socket.once('error', reject);
    });
  }

  constructor(socket, paused, documented = true) {
    this.socket = socket;
    this.sent = documented ? new SentRequests() : null;
    this.buffer = Buffer.alloc(0);
    this.closed = false; /* the server has closed (FIN or reset) */
    this.reset = false;
    this.waiters = [];
    socket.setNoDelay(true);
    socket.unref(); /* waiting for it holds a timer (changed) */
    socket.on('error', () => { this.reset = true; this.closed = true; this.wake(); });
    socket.on('end', () => { this.closed = true; this.wake(); });
    socket.on('close', () => { this.closed = true; this.wake(); });
    if (!paused)
      this.resume();
  }

  resume() {
    this.socket.on('data', (bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      this.wake();
    });
  }

  wake() {
    for (const waiter of this.waiters.splice(0))
      waiter();
  }

  send(bytes) {
    if (this.socket.destroyed)
      return this;
    const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    this.sent?.take(sent);
    this.socket.write(sent);
    return this;
  }

  end() { this.socket.end(); return this; }
  destroy() { this.socket.destroy(); }

  /** Until something changes, which may be never. */
  change() { return new Promise((resolve) => this.waiters.push(resolve)); }

  /** Until something changed; false when `until` has passed. */
  async changed(until) {
    const left = until - Date.now();
    if (left <= 0)
      return false;
    let timer;
    await new Promise((resolve) => {
      timer = setTimeout(resolve, left);
      this.waiters.push(resolve);
    });
    clearTimeout(timer);
    return true;
  }

  /** The next whole answer: {version, status, reason, headers, list, body,
   * json}; null if the connection closed cleanly before one began. head: it
   * answers a HEAD, so no body follows. */
  async answer({ head = false, timeoutMs = WAIT_MS } = {}) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const parsed = parseAnswer(this.buffer, head, this.closed);
      if (parsed) {
        this.buffer = this.buffer.subarray(parsed.size);
        this.check(parsed.answer, head);
        return parsed.answer;
      }
      if (this.closed) {
        if (this.buffer.length === 0)
          return null;
        throw new Error(`closed within an answer: ${this.buffer.subarray(0, 300).toString('latin1')}`);
      }
      if (!(await this.changed(until)))
        throw new Error(`no whole answer in ${timeoutMs} ms; so far: ${JSON.stringify(this.buffer.subarray(0, 300).toString('latin1'))}`);
    }
  }

  /* 100 Continue is no answer yet. */
  check(answer, head) {
    if (!this.sent || answer.status === 100)
      return;
    const request = this.sent.next();
    checkAnswer(request ?? (head ? { method: 'HEAD', target: '/' } : null), answer, answer.body);
  }

  /** All answers until the server closes. */
  async answersUntilClose(timeoutMs = WAIT_MS) {
    const answers = [];
    for (;;) {
      const answer = await this.answer({ timeoutMs });
      if (answer === null)
        return answers;
      answers.push(answer);
    }
  }

  async untilClosed(timeoutMs = WAIT_MS) {
    const until = Date.now() + timeoutMs;
    while (!this.closed)
      if (!(await this.changed(until)))
        throw new Error(`still open after ${timeoutMs} ms`);
  }
}

/** The head at the start of bytes, or null while it is not whole: {size, text, version,
 * status, reason, headers, list}. */
export function parseHead(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0)
    return null;
  const text = bytes.subarray(0, end).toString('latin1');
  const lines = text.split('\r\n');
  const first = /^(HTTP\/1\.[01]) (\d{3}) (.*)$/.exec(lines[0]);
  if (!first)
    throw new Error(`not a status line: ${JSON.stringify(lines[0])}`);
  const headers = {};
  const list = [];
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 1)
      throw new Error(`not a header: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    list.push([name, value]);
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { size: end + 4, text, version: first[1], status: Number(first[2]), reason: first[3], headers, list };
}

/** One answer at the start of bytes, or null while it is not whole. */
export function parseAnswer(bytes, head = false, closed = false) {
  const parsed = parseHead(bytes);
  if (!parsed)
    return null;
  const { size: from, version, status, reason, headers, list } = parsed;
  let to = from;
  if (!head && status >= 200 && status !== 204 && status !== 304) {
    if (headers['content-length'] !== undefined)
      to = from + Number(headers['content-length']);
    else if (!closed)
      return null;
    else
      to = bytes.length;
  }
  if (to > bytes.length)
    return null;
  const body = bytes.subarray(from, to);
  let json = null;
  if (/json/.test(headers['content-type'] ?? '') && body.length > 0)
    json = JSON.parse(body.toString('utf8'));
  return { size: to, answer: { version, status, reason, headers, list, body, json } };
}

/** A request's bytes with a sized body. */
export function requestBytes(method, path, { headers = {}, body = '', host = 'x' } = {}) {
  const size = Buffer.byteLength(body);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers))
    lines.push(`${name}: ${value}`);
  if (size > 0 || method === 'POST' || method === 'PUT')
    lines.push(`Content-Length: ${size}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8');
}
