/* SPDX-License-Identifier: MIT
 *
 * Idempotency-Key: a retry gives the first success again, and nothing else.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

describe('idempotency', () => {
  let world;
  let user;
  let other;
  before(async () => { ({ world, user, other } = await World.startWithTwo()); });
  after(async () => { await world?.stop(); });

  const body = (concert, ...seats) => ({ concertId: concert.id, seats });
  const order = (who, request, key) => who.client.post('/v1/orders', request, { key });

  it('a retry gives the same order again and says so', async () => {
    const concert = await world.concert();
    const had = await world.points(user);
    const first = await order(user, body(concert, 1, 2), 'a');
    const again = await order(user, body(concert, 1, 2), 'a');
    assert.equal(first.headers['idempotency-replayed'], undefined);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(again.headers.location, first.headers.location);
    assert.deepEqual(expectStatus(again, 201), expectStatus(first, 201));
    assert.equal(await world.points(user), had - 200);
  });

  it('the first success as it was, though the order was cancelled since', async () => {
    const concert = await world.concert();
    const first = expectStatus(await order(user, body(concert, 1), 'b'), 201);
    expectStatus(await user.client.post(`/v1/orders/${first.id}/cancel`, {}), 200);
    assert.deepEqual(expectStatus(await order(user, body(concert, 1), 'b'), 201), first);
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(20));
  });

  it('the same key for another request is a mismatch', async () => {
    const concert = await world.concert();
    expectStatus(await order(user, body(concert, 1), 'c'), 201);
    assertProblem(await order(user, body(concert, 2), 'c'), 422, 'idempotency_mismatch');
    assertProblem(await order(user, { ...body(concert, 1), amount: 100 }, 'c'), 422, 'idempotency_mismatch');
    assert.equal((await world.seats(concert.id)).status, '.x..................');
  });

  it('the same request in another spelling of its media type is the same', async () => {
    const concert = await world.concert();
    const first = expectStatus(await order(user, body(concert, 1), 'c2'), 201);
    const again = await user.client.post('/v1/orders', body(concert, 1), {
      key: 'c2', headers: { 'Content-Type': 'application/json; charset=utf-8' } });
    assert.equal(expectStatus(again, 201).id, first.id);
  });

  it('a key is its user\'s own', async () => {
    const concert = await world.concert();
    expectStatus(await order(user, body(concert, 1), 'd'), 201);
    const answer = await order(other, body(concert, 2), 'd');
    expectStatus(answer, 201);
    assert.equal(answer.headers['idempotency-replayed'], undefined);
  });

  it('a key is its route\'s own', async () => {
    const concert = await world.concert();
    const made = expectStatus(await order(user, body(concert, 1), 'e'), 201);
    const answer = await user.client.post(`/v1/orders/${made.id}/cancel`, {}, { key: 'e' });
    assert.equal(expectStatus(answer, 200).status, 'CANCEL');
    assert.equal(answer.headers['idempotency-replayed'], undefined);
  });

  it('refusals are not remembered', async () => {
    const concert = await world.concert();
    const blocking = expectStatus(await order(other, body(concert, 5)), 201);
    assertProblem(await order(user, body(concert, 5), 'f'), 409, 'seat_taken');
    expectStatus(await other.client.post(`/v1/orders/${blocking.id}/cancel`, {}), 200);
    const answer = await order(user, body(concert, 5), 'f');
    expectStatus(answer, 201);
    assert.equal(answer.headers['idempotency-replayed'], undefined);
  });

  it('is judged before the concert is looked at', async () => {
    const concert = await world.concert();
    expectStatus(await order(user, body(concert, 5), 'g'), 201);
    assertProblem(await order(user, { concertId: '999999', seats: [0] }, 'g'), 422, 'idempotency_mismatch');
  });

  it('outlives a restart, and a kill', async () => {
    const concert = await world.concert();
    const first = expectStatus(await order(user, body(concert, 7), 'h'), 201);
    for (const way of ['stop', 'kill']) {
      world.client.close();
      await world.server[way]();
      await world.attach(await startServer({ data: world.server.data }));
      for (const who of [user, other])
        who.client = world.client.as(who.token);
      const again = await order(user, body(concert, 7), 'h');
      assert.deepEqual(expectStatus(again, 201), first, way);
      assert.equal(again.headers['idempotency-replayed'], 'true');
    }
    assertProblem(await order(user, body(concert, 8), 'h'), 422, 'idempotency_mismatch');
  });

  it('categories and concerts take keys as well', async () => {
    const first = await world.admin.post('/v1/categories', { name: 'once' }, { key: 'i' });
    const again = await world.admin.post('/v1/categories', { name: 'once' }, { key: 'i' });
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(expectStatus(again, 201), expectStatus(first, 201));
    const request = await world.concertBody();
    const made = expectStatus(await world.admin.post('/v1/concerts', request, { key: 'i' }), 201);
    const replayed = await world.admin.post('/v1/concerts', request, { key: 'i' });
    assert.equal(replayed.headers['idempotency-replayed'], 'true');
    assert.equal(expectStatus(replayed, 201).id, made.id);
  });

  it('a key that is none is refused', async () => {
    const concert = await world.concert();
    for (const key of ['', 'x'.repeat(256), 'two words', '\u00e9'])
      assertInvalid(await order(user, body(concert, 1), key), ['Idempotency-Key']);
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(20));
  });
});
