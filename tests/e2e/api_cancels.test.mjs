/* SPDX-License-Identifier: MIT
 *
 * Cancels: the refund, the seats, the deadline.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { dumpLog, sleep } from './lib/program.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

describe('cancels', () => {
  let world;
  let user;
  let host;
  before(async () => {
    world = await World.start();
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  const cancel = (order, body = {}, client = user.client) => client.post(`/v1/orders/${order.id}/cancel`, body);

  it('the points come back, the seats are free, the order says so', async () => {
    const concert = await world.concert({}, host);
    const had = [await world.points(user), await world.points(host)];
    const order = expectStatus(await world.order(user, concert.id, [0, 15]), 201);
    const cancelled = expectStatus(await cancel(order, { reason: 'ill' }), 200);
    assert.equal(cancelled.status, 'CANCEL');
    assert.ok(assertTime(cancelled.cancelledAt) >= Date.parse(order.createdAt));
    assert.ok(cancelled.seq > order.seq);
    for (const field of ['id', 'concertId', 'concertName', 'concertDate', 'amount', 'seats', 'createdAt'])
      assert.deepEqual(cancelled[field], order[field], field);
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders/${order.id}`), 200), cancelled);
    assert.deepEqual([await world.points(user), await world.points(host)], had);
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(20));
    expectStatus(await world.order(user, concert.id, [0, 15]), 201);
  });

  it('once', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    expectStatus(await cancel(order), 200);
    const had = await world.points(user);
    assertProblem(await cancel(order), 409, 'already_cancelled');
    assert.equal(await world.points(user), had);
  });

  it('frees only what it held: a seat sold again stays sold', async () => {
    const concert = await world.concert({}, host);
    const first = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    expectStatus(await cancel(first), 200);
    expectStatus(await world.order(user, concert.id, [1]), 201);
    assertProblem(await cancel(first), 409, 'already_cancelled');
    assert.equal((await world.seats(concert.id)).status, '.x..................');
  });

  it('until cancelUntil; then only an ADMIN, with a reason', async () => {
    const until = Date.now() + 600;
    const concert = await world.concert({ cancelUntil: iso(until) }, host);
    const early = expectStatus(await world.order(user, concert.id, [0]), 201);
    const late = expectStatus(await world.order(user, concert.id, [1]), 201);
    expectStatus(await cancel(early), 200);
    await sleep(Math.max(0, until + 60 - Date.now()));
    const problem = assertProblem(await cancel(late), 409, 'cancel_closed');
    assert.equal(assertTime(problem.cancelUntil), until);
    assert.equal((await world.seats(concert.id)).status[1], 'x');
    assertProblem(await cancel(late, {}, world.admin), 409, 'cancel_closed');
    assert.equal(expectStatus(await cancel(late, { reason: 'goodwill' }, world.admin), 200).status, 'CANCEL');
  });

  it('an ADMIN cancels another\'s order, and says why', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    const had = await world.points(user);
    assertInvalid(await cancel(order, {}, world.admin), ['reason']);
    assert.equal(expectStatus(await cancel(order, { reason: 'fraud' }, world.admin), 200).status, 'CANCEL');
    assert.equal(await world.points(user), had + order.amount, 'the refund is the buyer\'s');
  });

  it('a refund may take a host below 0', async () => {
    const poor = await world.user({ role: 'HOST' });
    const concert = await world.concert({}, poor);
    const other = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    expectStatus(await world.order(poor, other.id, [0]), 201);
    assert.equal(await world.points(poor), 0);
    expectStatus(await cancel(order), 200);
    assert.equal(await world.points(poor), -100);
  });

  it('a reason is a text of at most 500 bytes, or none at all', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    for (const reason of [5, ['x'], 'x'.repeat(501), 'a\u0000b'])
      assertInvalid(await cancel(order, { reason }), ['reason']);
    assertInvalid(await cancel(order, { why: 'x' }), ['why']);
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`), 200);
  });

  it('with a key, a retry gives the first answer', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    const path = `/v1/orders/${order.id}/cancel`;
    const first = expectStatus(await user.client.post(path, { reason: 'a' }, { key: 'c1' }), 200);
    const again = await user.client.post(path, { reason: 'a' }, { key: 'c1' });
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(expectStatus(again, 200), first);
    assertProblem(await user.client.post(path, { reason: 'b' }, { key: 'c1' }), 422, 'idempotency_mismatch');
  });

  it('the log has the fact and its reason', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    const done = expectStatus(await cancel(order, { reason: 'règle nº 1' }), 200);
    const events = await dumpLog(world.server.data);
    const event = events.find((one) => one.seq === done.seq);
    assert.equal(event.type, 'order_cancelled');
    assert.equal(String(event.actor), user.id);
    assert.equal(String(event.data.order), order.id);
    assert.equal(event.data.amount, 200);
    assert.equal(event.data.reason, 'règle nº 1');
  });
});
