/* SPDX-License-Identifier: MIT
 *
 * The peer Redis: a server of its own for each load, filled with the same users,
 * concerts and seats, driven by our load generator's RESP side.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Server, freePort, listening, run } from './process.mjs';
import { PRICE, SEAT_LIMIT, USER_POINTS } from './stock.mjs';

const PEERS = new URL('../peers/', import.meta.url);
const SCRIPT = readFileSync(new URL('redis_order.lua', PEERS), 'utf8');
const CONFIG = new URL('redis.conf', PEERS).pathname;

export class Redis {
  /** dir: empty, its own. stock: see stock.mjs. */
  static async start(dir, stock) {
    const redis = new Redis();
    redis.port = await freePort();
    redis.server = await Server.start('redis-server', [CONFIG, '--port', String(redis.port), '--dir', dir],
      { ready: (server) => listening(server, redis.port) });
    const client = await Client.open(redis.port);
    await fill(client, stock);
    redis.sha = await client.call('SCRIPT', 'LOAD', SCRIPT);
    if (redis.sha !== createHash('sha1').update(SCRIPT).digest('hex'))
      throw new Error(`Redis knows the script as ${redis.sha}`);
    client.close();
    return redis;
  }

  get pid() { return this.server.pid; }

  /** How many orders it has; every one of them was answered. */
  async orders() {
    const client = await Client.open(this.port);
    const count = await client.call('XLEN', 'orders');
    client.close();
    return count;
  }

  async stop() {
    await this.server.stop();
  }
}

export async function redisVersion() {
  const { stdout } = await run('redis-server', ['--version']);
  return `Redis ${/v=(\S+)/.exec(stdout)[1]}`;
}

async function fill(client, stock) {
  const commands = [['SET', `u:${stock.host}`, '0']];
  for (let i = 0; i < stock.users; i++)
    commands.push(['SET', `u:${stock.firstUser + i}`, String(USER_POINTS)]);
  for (let i = 0; i < stock.concerts; i++) {
    const concert = stock.firstConcert + i;
    commands.push(['HSET', `c:${concert}`, 'price', String(PRICE), 'seats', String(stock.seats),
      'host', String(stock.host), 'limit', String(SEAT_LIMIT)]);
    /* The whole bitmap at once, as our seats are: no growing under way. */
    commands.push(['SETBIT', `s:${concert}`, String(stock.seats - 1), '0']);
  }
  await client.callAll(commands);
}

/* As much of RESP as filling and counting need: strings, integers, errors. */
class Client {
  static async open(port) {
    const client = new Client();
    client.socket = connect(port, '127.0.0.1');
    client.text = '';
    client.waiting = [];
    client.socket.on('data', (part) => client.take(part));
    await once(client.socket, 'connect');
    return client;
  }

  take(part) {
    this.text += part.toString('latin1');
    for (;;) {
      const end = this.text.indexOf('\r\n');
      if (end < 0)
        return;
      const kind = this.text[0];
      let value = this.text.slice(1, end);
      let next = end + 2;
      if (kind === '$' && Number(value) >= 0) {
        next += Number(value) + 2;
        if (this.text.length < next)
          return;
        value = this.text.slice(end + 2, next - 2);
      }
      this.text = this.text.slice(next);
      const { resolve, reject } = this.waiting.shift();
      if (kind === '-')
        reject(new Error(`Redis: ${value}`));
      else
        resolve(kind === ':' ? Number(value) : value);
    }
  }

  call(...words) {
    return this.callAll([words]).then((answers) => answers[0]);
  }

  callAll(commands) {
    const answers = commands.map(() => new Promise((resolve, reject) => this.waiting.push({ resolve, reject })));
    this.socket.write(commands.map(encoded).join(''));
    return Promise.all(answers);
  }

  close() {
    this.socket.destroy();
  }
}

function encoded(words) {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
