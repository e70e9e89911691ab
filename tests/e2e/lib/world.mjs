/* SPDX-License-Identifier: MIT
 *
 * A server with people on it: an ADMIN, and users, hosts and concerts as a
 * test asks for them. Each sign-up and log-in costs the server some 30 ms of
 * argon2id, so tests share users where they can.
 */
import assert from 'node:assert/strict';

import { Client } from './client.mjs';
import { ADMIN, dropDirectory } from './program.mjs';
import { startServer } from './server.mjs';

export const PASSWORD = 'tr0ub4dor and three';
export const HOUR_MS = 3600 * 1000;

export const iso = (ms) => new Date(ms).toISOString();

/** Fails with the answer's body in the message. */
export function expectStatus(answer, status) {
  assert.equal(answer.status, status, `status ${answer.status}, wanted ${status}: ${answer.text}`);
  return answer.body;
}

export class World {
  static async start(options = {}) {
    const server = await startServer(options);
    const world = new World(server);
    await world.attach();
    return world;
  }

  /** The same with two users who can buy what they like: {world, user, other}. */
  static async startWithTwo(options = {}) {
    const world = await World.start(options);
    const rich = { points: 1_000_000 };
    return { world, user: await world.user(rich), other: await world.user(rich) };
  }

  constructor(server) {
    this.server = server;
    this.counter = 0;
    this.client = null;
    this.admin = null;
  }

  /** (Re)connects to the server, which may be another process by now; logs nobody in. */
  connect(server = this.server) {
    this.server = server;
    this.client?.close();
    this.client = new Client(server);
  }

  async attach(server = this.server) {
    this.connect(server);
    this.admin = this.client.as((await this.login(ADMIN.email, ADMIN.password)).accessToken);
  }

  async login(email, password = PASSWORD) {
    return expectStatus(await this.client.post('/v1/auth/login', { email, password }), 200);
  }

  /** A new user, signed in: {id, email, token, client, user}. */
  async user({ role = 'USER', points = 0, name } = {}) {
    const nickname = name ?? `user${++this.counter}`;
    const email = `${nickname}-${++this.counter}@example.org`;
    const user = expectStatus(await this.client.post('/v1/users', { email, password: PASSWORD, nickname }), 201);
    if (role !== 'USER')
      expectStatus(await this.admin.put(`/v1/users/${user.id}/role`, { role }), 200);
    if (points > 0)
      expectStatus(await this.admin.post(`/v1/users/${user.id}/points`, { amount: points }), 200);
    const { accessToken } = await this.login(email);
    return { id: user.id, email, nickname, token: accessToken, client: this.client.as(accessToken), user };
  }

  async points(who) {
    return expectStatus(await who.client.get('/v1/users/me'), 200).points;
  }

  async category(name = `category ${++this.counter}`) {
    return expectStatus(await this.admin.post('/v1/categories', { name }), 201);
  }

  /** The body of a concert on sale now; `change` replaces or (undefined)
   * drops fields. */
  async concertBody(change = {}) {
    this.sharedCategory ??= await this.category('shared');
    const now = Date.now();
    const body = {
      categoryId: this.sharedCategory.id,
      name: `Concert ${++this.counter}`,
      description: 'An evening of music.',
      imageUrl: 'https://example.org/poster.png',
      address: '1 Stage Street',
      runningTime: 120,
      ageLimit: 'ZERO',
      startDate: iso(now - HOUR_MS),
      endDate: iso(now + 24 * HOUR_MS),
      concertDate: iso(now + 48 * HOUR_MS),
      maxSeatsPerUser: 1000,
      grades: [
        { name: 'VIP', price: 100, rows: [5, 5] },
        { name: 'R', price: 30, seats: 10 },
      ],
      ...change,
    };
    for (const name of Object.keys(body))
      if (body[name] === undefined)
        delete body[name];
    return body;
  }

  /** Makes a concert in `host`'s name (a user of role HOST, or the admin). */
  async concert(change = {}, host = null) {
    const client = host ? host.client : this.admin;
    return expectStatus(await client.post('/v1/concerts', await this.concertBody(change)), 201);
  }

  async seats(concertId) {
    return expectStatus(await this.client.get(`/v1/concerts/${concertId}/seats`), 200);
  }

  async order(who, concertId, seats, options = {}) {
    return who.client.post('/v1/orders', { concertId, seats, ...(options.body ?? {}) }, options);
  }

  /** what: a list of seats, or bestAvailable's object. */
  async hold(who, concertId, what, options = {}) {
    const body = Array.isArray(what) ? { seats: what } : { bestAvailable: what };
    return who.client.post(`/v1/concerts/${concertId}/holds`, body, options);
  }

  async buyHold(who, holdId, options = {}) {
    return who.client.post('/v1/orders', { holdId, ...(options.body ?? {}) }, options);
  }

  /** Every page of the user's orders. */
  async orders(who, limit = 100) {
    const items = [];
    let cursor = null;
    do {
      const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = expectStatus(await who.client.get(`/v1/orders?limit=${limit}${query}`), 200);
      items.push(...page.items);
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
    return items;
  }

  /** SIGTERM and clean up; the exit must be a good one. */
  async stop() {
    await this.stopServer();
    dropDirectory(this.server.data);
  }

  /** The same, but keeps the data. */
  async stopServer() {
    this.client?.close();
    const exit = await this.server.stop();
    assert.deepEqual(exit, { code: 0, signal: null }, `serve ended badly: ${this.server.stderr()}`);
  }
}
