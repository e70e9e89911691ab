/* SPDX-License-Identifier: MIT
 *
 * nginx with the example file that we hand out (tools/operation/nginx.conf), made to
 * run on free ports and in a directory of its own by what its head says, and clients
 * who come to it by TLS, each from an address of the loopback network that he chooses.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';

import { Client } from './client.mjs';
import { EventReader } from './events.mjs';
import { ROOT, dropDirectory, freePort, makeDirectory, sleep } from './program.mjs';

export const EXAMPLE = path.join(ROOT, 'tools/operation/nginx.conf');
const NAME = 'localhost';
const WAIT_MS = 20000;

/* A user's PATH may be without the place where Debian puts servers. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/* Its master ends its workers; SIGKILL would leave them. */
const masters = new Set();
process.on('exit', () => masters.forEach((master) => master.kill('SIGTERM')));

function makeCertificate(home) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`,
    '-keyout', path.join(home, 'privkey.pem'), '-out', path.join(home, 'fullchain.pem')], { stdio: 'pipe' });
  return fs.readFileSync(path.join(home, 'fullchain.pem'));
}

/* Each must be there: an example that has become another is a test of nothing. */
function replaceEach(text, pairs) {
  for (const [from, to] of pairs) {
    assert.ok(text.includes(from), `no ${from} in ${EXAMPLE}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export class Nginx {
  /** upstream: HOST:PORT. change: what a test does to the file besides. */
  static async start(upstream, change = (text) => text) {
    const nginx = new Nginx();
    nginx.home = makeDirectory('nginx');
    fs.chmodSync(nginx.home, 0o755);
    nginx.ca = makeCertificate(nginx.home);
    nginx.host = '127.0.0.1';
    nginx.port = await freePort();
    nginx.plainPort = await freePort();
    nginx.file = path.join(nginx.home, 'nginx.conf');
    fs.writeFileSync(nginx.file, change(nginx.configuration(upstream)));
    nginx.run();
    await nginx.ready();
    return nginx;
  }

  configuration(upstream) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${this.home}/${name};`).join(' ');
    return replaceEach(fs.readFileSync(EXAMPLE, 'utf8').replaceAll(/^ *listen \[::\].*\n/gm, ''), [
      ['tickets.example.com', NAME], ['/etc/stagepick/tls', this.home], ['127.0.0.1:8080', upstream],
      ['listen 443 ', `listen ${this.host}:${this.port} `], ['listen 80 ', `listen ${this.host}:${this.plainPort} `],
      [' buffer=64k flush=5s', ''], ['/run/nginx.pid', `${this.home}/pid`], ['/var/log/nginx/', `${this.home}/`],
      ['\nhttp {\n', `\nhttp {\n    ${temporary}\n`]]);
  }

  run() {
    this.master = spawn('nginx', ['-p', this.home, '-e', path.join(this.home, 'start.log'), '-c', this.file, '-g', 'daemon off;'],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PATH } });
    masters.add(this.master);
    this.said = '';
    this.master.stderr.on('data', (bytes) => { this.said += bytes; });
    this.master.unref();
    this.master.stderr.unref();
    this.exit = null;
    this.ended = new Promise((resolve) => this.master.on('close', (code) => {
      this.exit = code;
      masters.delete(this.master);
      resolve(code);
    }));
  }

  async ready() {
    for (const until = Date.now() + WAIT_MS; ; await sleep(10)) {
      assert.equal(this.exit, null, `nginx ended: ${this.said}`);
      const open = await new Promise((resolve) => {
        const socket = net.connect(this.port, this.host, () => { socket.destroy(); resolve(true); });
        socket.on('error', () => resolve(false));
      });
      if (open)
        return;
      assert.ok(Date.now() < until, `nginx does not listen: ${this.said}`);
    }
  }

  async stop() {
    this.master.kill('SIGTERM');
    const timer = setInterval(() => {}, 1000);
    await this.ended;
    clearInterval(timer);
    dropDirectory(this.home);
  }

  /** How a socket to it is made, from this address of ours. */
  tls(localAddress) {
    return { ca: this.ca, servername: NAME, localAddress };
  }

  /** A client as any other, by TLS. It is nginx that answers: with fields, and in
   * place of a server that is away with refusals, of its own. */
  client(localAddress = '127.0.0.1') {
    const client = new Client(this, { documented: false });
    client.agent = new https.Agent({ keepAlive: true, scheduling: 'fifo', ...this.tls(localAddress) });
    return client;
  }
}

/* A head that is held back must end a test, not hang it. */
function headOf(request, take) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { request.destroy(); reject(new Error(`no head of the stream in ${WAIT_MS} ms`)); }, WAIT_MS);
    request.on('error', reject);
    request.on('response', (response) => { clearTimeout(timer); resolve(take(response)); });
  });
}

/** A stream of events through TLS: `next()` gives one after the other. */
export class TlsStream {
  static open(nginx, target) {
    const request = https.get({ host: nginx.host, port: nginx.port, path: target, headers: { Accept: 'text/event-stream' }, agent: false, ...nginx.tls() });
    return headOf(request, (response) => new TlsStream(response, response.statusCode, response.headers, () => request.destroy()));
  }

  /** The same by HTTP/2. */
  static openHttp2(nginx, target) {
    const session = http2.connect(`https://${nginx.host}:${nginx.port}`, nginx.tls());
    session.on('error', () => {}); /* the request has it too */
    const request = session.request({ ':path': target, accept: 'text/event-stream' });
    return headOf(request, (headers) => new TlsStream(request, headers[':status'], headers, () => session.destroy()));
  }

  constructor(readable, status, headers, close) {
    Object.assign(this, { status, headers, close, reader: new EventReader(), events: [], used: 0, closed: false });
    this.waiters = [];
    const wake = () => this.waiters.splice(0).forEach((waiter) => waiter());
    readable.setEncoding('utf8');
    readable.on('data', (text) => { this.events.push(...this.reader.take(text)); wake(); });
    for (const end of ['end', 'error', 'close'])
      readable.on(end, () => { this.closed = true; wake(); });
  }

  async until(when, what, timeoutMs = WAIT_MS) {
    for (const until = Date.now() + timeoutMs; !when();) {
      assert.ok(!this.closed, `closed while waiting for ${what}`);
      const left = until - Date.now();
      assert.ok(left > 0, `waited in vain for ${what}; had ${JSON.stringify(this.events.slice(-2))}`);
      let timer;
      await new Promise((resolve) => {
        timer = setTimeout(resolve, left);
        this.waiters.push(resolve);
      });
      clearTimeout(timer);
    }
  }

  async next() {
    await this.until(() => this.events.length > this.used, 'an event');
    return this.events[this.used++];
  }
}
