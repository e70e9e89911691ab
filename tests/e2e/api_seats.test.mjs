/* SPDX-License-Identifier: MIT
 *
 * The seat map: what it shows, its tag, and that it never lags behind what a
 * client has been told.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { assertFields, assertProblem } from './lib/asserts.mjs';
import { Random } from './lib/random.mjs';
import { World, expectStatus } from './lib/world.mjs';

describe('seats', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  const map = (concert, headers = {}) => world.client.get(`/v1/concerts/${concert.id}/seats`, { headers });

  it('one character a seat, with the grades and the seq of the last change', async () => {
    const concert = await world.concert();
    const fresh = expectStatus(await map(concert), 200);
    assertFields(fresh, ['concertId', 'seq', 'grades', 'status']);
    assert.equal(fresh.concertId, concert.id);
    assert.equal(fresh.seq, concert.seq);
    assert.equal(fresh.status, '.'.repeat(20));
    assert.deepEqual(fresh.grades.map(({ name, firstSeat, rows }) => [name, firstSeat, rows]), [['VIP', 0, [5, 5]], ['R', 10, [10]]]);
    const order = expectStatus(await world.order(user, concert.id, [0, 12, 19]), 201);
    const sold = expectStatus(await map(concert), 200);
    assert.equal(sold.status, 'x...........x......x');
    assert.equal(sold.seq, order.seq);
  });

  it('an event elsewhere does not change it', async () => {
    const concert = await world.concert();
    const before = expectStatus(await map(concert), 200);
    expectStatus(await world.order(user, (await world.concert()).id, [0]), 201);
    assert.deepEqual(expectStatus(await map(concert), 200), before);
  });

  it('has a strong tag; 304 until a seat changes', async () => {
    const concert = await world.concert();
    const first = await map(concert);
    const tag = first.headers.etag;
    assert.match(tag, /^"[^"]+"$/);
    for (const value of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const same = await map(concert, { 'If-None-Match': value });
      assert.equal(same.status, 304, value);
      assert.equal(same.headers.etag, tag);
      assert.equal(same.text, '');
      assert.equal(same.headers['content-length'] ?? '0', same.headers['content-length'] === undefined ? '0' : same.headers['content-length']);
    }
    expectStatus(await map(concert, { 'If-None-Match': '"other"' }), 200);
    expectStatus(await world.order(user, concert.id, [4]), 201);
    const changed = await map(concert, { 'If-None-Match': tag });
    expectStatus(changed, 200);
    assert.notEqual(changed.headers.etag, tag);
  });

  it('the tag comes back on no other map', async () => {
    const concert = await world.concert();
    const order = expectStatus(await world.order(user, concert.id, [1]), 201);
    const sold = (await map(concert)).headers.etag;
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    const free = await map(concert);
    assert.equal(free.body.status, '.'.repeat(20));
    assert.notEqual(free.headers.etag, sold);
  });

  it('the concert counts what the map shows', async () => {
    const concert = await world.concert();
    expectStatus(await world.order(user, concert.id, [0, 1, 10]), 201);
    const { grades } = expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200);
    assert.deepEqual(grades.map(({ free, held, sold }) => [free, held, sold]), [[8, 0, 2], [9, 0, 1]]);
  });

  it('a hall of any size has its map, also where words end', async () => {
    for (const seats of [1, 63, 64, 65, 128, 1000]) {
      const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats }] });
      expectStatus(await world.order(user, concert.id, [seats - 1]), 201);
      assert.equal((await world.seats(concert.id)).status, `${'.'.repeat(seats - 1)}x`);
      assertProblem(await world.order(user, concert.id, [seats]), 422, 'seat_unknown');
    }
  });

  it('an unknown concert has none', async () => {
    assertProblem(await world.client.get('/v1/concerts/99999/seats'), 404, 'concert_unknown');
  });

  it('whoever was told a seq reads at least that from any connection', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 300 }] });
    const readers = Array.from({ length: 4 }, () => new Client(world.server, { connections: 1 }));
    const random = new Random();
    for (let seat = 0; seat < 120; seat++) {
      const order = expectStatus(await world.order(user, concert.id, [seat]), 201);
      const shown = expectStatus(await random.pick(readers).get(`/v1/concerts/${concert.id}/seats`), 200);
      assert.ok(shown.seq >= order.seq, `told ${order.seq}, read ${shown.seq}`);
      assert.equal(shown.status[seat], 'x');
    }
    readers.forEach((reader) => reader.close());
  });
});
