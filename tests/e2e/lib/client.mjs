/* SPDX-License-Identifier: MIT
 *
 * A small client of the HTTP interface over keep-alive connections: answers come
 * back as {status, headers, bytes, text, body}. It checks nothing but that they are
 * as the document of the interface has them (checked.mjs).
 */
import http from 'node:http';

import { checkAnswer } from './checked.mjs';

export class Client {
  /** connections: how many sockets at most; 0 = no limit. documented: false if it
   * asks for what is in no document: pages, or what the operators' listener hides. */
  constructor(server, { token = null, connections = 0, documented = true } = {}) {
    this.server = server;
    this.token = token;
    this.documented = documented;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections || Infinity, scheduling: 'fifo' });
  }

  /** The same server and sockets in another user's name. */
  as(token) {
    const other = Object.create(Client.prototype);
    Object.assign(other, this, { token });
    return other;
  }

  close() {
    this.agent.destroy();
  }

  get(path, options = {}) { return this.request('GET', path, undefined, options); }
  post(path, body, options = {}) { return this.request('POST', path, body, options); }
  delete(path, options = {}) { return this.request('DELETE', path, undefined, options); }
  put(path, body, options = {}) { return this.request('PUT', path, body, options); }

  /** body: an object is sent as JSON; a string or Buffer as it is.
   * options: headers, key (Idempotency-Key), token (null: none), indescribable (true:
   * the body is right by rules that no schema can state; its answer is checked all
   * the same). */
  request(method, path, body, options = {}) {
    const headers = { ...(options.headers ?? {}) };
    const token = options.token === undefined ? this.token : options.token;
    if (token !== null && token !== undefined && !hasHeader(headers, 'authorization'))
      headers.Authorization = `Bearer ${token}`;
    if (options.key !== undefined)
      headers['Idempotency-Key'] = options.key;
    let bytes = null;
    if (body !== undefined) {
      bytes = Buffer.isBuffer(body) || typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
      if (!hasHeader(headers, 'content-type'))
        headers['Content-Type'] = 'application/json';
      headers['Content-Length'] = bytes.length;
    } else if (method !== 'GET' && method !== 'HEAD') {
      headers['Content-Length'] = 0;
    }
    return new Promise((resolve, reject) => {
      const request = http.request({
        protocol: this.agent.protocol, host: this.server.host, port: this.server.port, method, path, headers, agent: this.agent,
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          try {
            const answer = answerOf(response, Buffer.concat(parts));
            if (this.documented)
              checkAnswer({ method, target: path, type: headerOf(headers, 'content-type'), bytes: options.indescribable ? null : bytes }, answer, answer.bytes);
            resolve(answer);
          } catch (error) {
            reject(error);
          }
        });
      });
      request.on('error', reject);
      request.setTimeout(60000, () => request.destroy(new Error(`${method} ${path}: no answer for 60 s`)));
      request.end(bytes ?? undefined);
    });
  }
}

function headerOf(headers, name) {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

function hasHeader(headers, name) {
  return headerOf(headers, name) !== undefined;
}

function answerOf(response, bytes) {
  const text = bytes.toString('utf8');
  let body = null;
  if (/json/.test(response.headers['content-type'] ?? '') && text)
    body = JSON.parse(text);
  return { status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, bytes, text, body };
}
