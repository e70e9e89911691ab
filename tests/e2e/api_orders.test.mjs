/* SPDX-License-Identifier: MIT
 *
 * Orders: buying, the reasons why not, and reading them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertId, assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { sleep } from './lib/program.mjs';
import { HOUR_MS, World, expectStatus, iso } from './lib/world.mjs';

const FIELDS = ['id', 'concertId', 'concertName', 'concertDate', 'status', 'amount', 'seats', 'createdAt', 'cancelledAt', 'seq'];

describe('orders', () => {
  let world;
  let user;
  let other;
  let host;
  before(async () => {
    world = await World.start();
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
    other = await world.user({ points: 150 });
  });
  after(async () => { await world?.stop(); });

  it('seats for points, and the answer says which', async () => {
    const concert = await world.concert({ name: 'The "Würst" of\t🎻'.replace('\t', ' ') }, host);
    const hadUser = await world.points(user);
    const hadHost = await world.points(host);
    const answer = await world.order(user, concert.id, [12, 0, 9]);
    const order = expectStatus(answer, 201);
    assertFields(order, FIELDS);
    assertId(order.id);
    assert.equal(answer.headers.location, `/v1/orders/${order.id}`);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['idempotency-replayed'], undefined);
    assert.equal(order.concertId, concert.id);
    assert.equal(order.concertName, concert.name);
    assert.equal(order.concertDate, concert.concertDate);
    assert.equal(order.status, 'PAYMENT');
    assert.equal(order.amount, 230);
    assert.deepEqual(order.seats, [
      { seat: 0, label: 'VIP 1-1', grade: 'VIP', price: 100 },
      { seat: 9, label: 'VIP 2-5', grade: 'VIP', price: 100 },
      { seat: 12, label: 'R 1-3', grade: 'R', price: 30 },
    ]);
    assertTime(order.createdAt);
    assert.equal(order.cancelledAt, null);
    assert.ok(order.seq > concert.seq);
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders/${order.id}`), 200), order);
    assert.equal(await world.points(user), hadUser - 230);
    assert.equal(await world.points(host), hadHost + 230);
  });

  it('a seat that is sold is named, and nothing is taken', async () => {
    const concert = await world.concert({}, host);
    const first = expectStatus(await world.order(user, concert.id, [3]), 201);
    const problem = assertProblem(await world.order(other, concert.id, [2, 3, 4]), 409, 'seat_taken');
    assert.deepEqual(problem.seats, [{ seat: 3, label: 'VIP 1-4', state: 'sold', seq: first.seq }]);
    assert.equal((await world.seats(concert.id)).status, '...x................');
    assert.equal(await world.points(other), 150);
  });

  it('the price is the engine\'s: another amount buys nothing', async () => {
    const concert = await world.concert({}, host);
    for (const amount of [0, 1, 99, 101, 1e9])
      assert.equal(assertProblem(await world.order(user, concert.id, [0], { body: { amount } }), 409, 'amount_mismatch').amount, 100);
    for (const amount of [-1, -100, 1.5, '100', true])
      assertInvalid(await world.order(user, concert.id, [0], { body: { amount } }), ['amount']);
    assert.equal(expectStatus(await world.order(user, concert.id, [0], { body: { amount: 100 } }), 201).amount, 100);
  });

  it('without the points there is no seat', async () => {
    const concert = await world.concert({}, host);
    assert.equal(assertProblem(await world.order(other, concert.id, [0, 1]), 409, 'insufficient_points').points, 150);
    expectStatus(await world.order(other, concert.id, [0, 12]), 201);
    assert.equal(await world.points(other), 20);
    assertProblem(await world.order(other, concert.id, [13]), 409, 'insufficient_points');
    const free = await world.concert({ grades: [{ name: 'A', price: 0, seats: 2 }] }, host);
    assert.equal(expectStatus(await world.order(other, free.id, [0], { body: { amount: 0 } }), 201).amount, 0);
  });

  it('seats that the concert has not are named', async () => {
    const concert = await world.concert({}, host);
    const problem = assertProblem(await world.order(user, concert.id, [1, 20, 500]), 422, 'seat_unknown');
    assert.deepEqual(problem.seats.map((seat) => seat.seat ?? seat), [20, 500]);
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(20));
  });

  it('an unknown concert is 404', async () => {
    assertProblem(await world.order(user, '99999', [0]), 404, 'concert_unknown');
  });

  it('before the window and after it there is no sale', async () => {
    const now = Date.now();
    const early = await world.concert({ startDate: iso(now + HOUR_MS), endDate: iso(now + 2 * HOUR_MS) }, host);
    const problem = assertProblem(await world.order(user, early.id, [0]), 409, 'sales_not_open');
    assert.equal(assertTime(problem.opensAt), now + HOUR_MS);
    const late = await world.concert({ startDate: iso(now - 2 * HOUR_MS), endDate: iso(now - HOUR_MS) }, host);
    assertProblem(await world.order(user, late.id, [0]), 409, 'sales_closed');
  });

  it('the window opens and closes by itself', async () => {
    const now = Date.now();
    const concert = await world.concert({ startDate: iso(now + 500), endDate: iso(now + 1500), concertDate: iso(now + 1500) }, host);
    assertProblem(await world.order(user, concert.id, [0]), 409, 'sales_not_open');
    await sleep(550 - (Date.now() - now));
    const order = await world.order(user, concert.id, [0]);
    assert.ok(order.status === 201 || order.body.code === 'sales_closed', order.text);
    await sleep(Math.max(0, 1550 - (Date.now() - now)));
    assertProblem(await world.order(user, concert.id, [1]), 409, 'sales_closed');
    assert.equal(expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200).status, 'CLOSED');
  });

  it('so many seats a person, over all of his orders', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 3 }, host);
    assertProblem(await world.order(user, concert.id, [0, 1, 2, 3]), 409, 'seat_limit');
    const order = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    const problem = assertProblem(await world.order(user, concert.id, [2, 3]), 409, 'seat_limit');
    assert.equal(problem.max, 3);
    assert.equal(problem.have, 2);
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    expectStatus(await world.order(user, concert.id, [2, 3, 4]), 201);
  });

  it('the first reason in the design\'s order is the one that is named', async () => {
    const now = Date.now();
    const concert = await world.concert({ maxSeatsPerUser: 2, startDate: iso(now - 2 * HOUR_MS), endDate: iso(now - HOUR_MS) }, host);
    assertProblem(await world.order(user, concert.id, [99]), 409, 'sales_closed');
    const open = await world.concert({ maxSeatsPerUser: 2 }, host);
    expectStatus(await world.order(user, open.id, [0]), 201);
    assertProblem(await world.order(user, open.id, [99], { body: { amount: 1 } }), 422, 'seat_unknown');
    assertProblem(await world.order(user, open.id, [0, 1, 2], { body: { amount: 1 } }), 409, 'amount_mismatch');
    assertProblem(await world.order(user, open.id, [0, 1, 2]), 409, 'seat_limit');
    assertProblem(await world.order(other, open.id, [0, 1]), 409, 'seat_taken');
  });

  it('what is wrong with the body is named', async () => {
    const post = (body) => user.client.post('/v1/orders', body);
    assertInvalid(await post({}), ['concertId', 'seats']);
    for (const seats of [[], null, 5, '0', {}, Array.from({ length: 101 }, (_, i) => i)])
      assertInvalid(await post({ concertId: '1', seats }), ['seats']);
    assertInvalid(await post({ concertId: '1', seats: [0, 0] }), ['seats[1]']);
    for (const seat of [-1, 1.5, '0', null, 1e20])
      assertInvalid(await post({ concertId: '1', seats: [seat] }), ['seats[0]']);
    for (const concertId of ['x', '0', '-1', '01', '', 1.5, null, [], '4294967296'])
      assertInvalid(await post({ concertId, seats: [0] }), ['concertId']);
    assertInvalid(await post({ concertId: '1', seats: [0], userId: '1', price: 1 }), ['userId', 'price']);
  });

  it('only for those signed in', async () => {
    const concert = await world.concert({}, host);
    assertProblem(await world.client.post('/v1/orders', { concertId: concert.id, seats: [0] }), 401, 'token_missing');
    assertProblem(await world.client.get('/v1/orders'), 401, 'token_missing');
    assertProblem(await world.client.get('/v1/orders/1'), 401, 'token_missing');
  });

  it('whatever the role, also at one\'s own concert, and is charged', async () => {
    const concert = await world.concert({}, host);
    const admin = expectStatus(await world.admin.get('/v1/users/me'), 200);
    expectStatus(await world.admin.post(`/v1/users/${admin.id}/points`, { amount: 1000 }), 200);
    const had = await world.points({ client: world.admin });
    expectStatus(await world.admin.post('/v1/orders', { concertId: concert.id, seats: [0] }), 201);
    assert.equal(await world.points({ client: world.admin }), had - 100);
    const own = await world.concert({});
    expectStatus(await world.admin.post('/v1/orders', { concertId: own.id, seats: [0] }), 201);
    assert.equal(await world.points({ client: world.admin }), had - 100, 'buyer and host are one: nothing moves');
  });

  it('another\'s order is not there, but for an ADMIN', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    for (const client of [other.client, host.client]) {
      assertProblem(await client.get(`/v1/orders/${order.id}`), 404, 'order_unknown');
      assertProblem(await client.post(`/v1/orders/${order.id}/cancel`, {}), 404, 'order_unknown');
    }
    assert.deepEqual(expectStatus(await world.admin.get(`/v1/orders/${order.id}`), 200), order);
    assertProblem(await user.client.get('/v1/orders/4000000'), 404, 'order_unknown');
    for (const id of ['0', 'x', '-1', '01', '4294967296', '99999999999999999999'])
      assert.equal((await user.client.get(`/v1/orders/${id}`)).status, 404, id);
  });

  it('100 seats go in one order', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 150 }] }, host);
    const order = expectStatus(await world.order(user, concert.id, Array.from({ length: 100 }, (_, i) => 149 - i)), 201);
    assert.equal(order.amount, 100);
    assert.equal(order.seats.length, 100);
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(50) + 'x'.repeat(100));
  });
});

describe('a user\'s list of orders', () => {
  let world;
  let user;
  let ids;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 10_000 });
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 50 }] });
    ids = [];
    for (let seat = 0; seat < 25; seat++)
      ids.unshift(expectStatus(await world.order(user, concert.id, [seat]), 201).id);
  });
  after(async () => { await world?.stop(); });

  it('is newest first, 20 at a time', async () => {
    const page = expectStatus(await user.client.get('/v1/orders'), 200);
    assertFields(page, ['items', 'nextCursor']);
    assert.deepEqual(page.items.map((order) => order.id), ids.slice(0, 20));
    for (const order of page.items)
      assertFields(order, FIELDS);
    const rest = expectStatus(await user.client.get(`/v1/orders?cursor=${encodeURIComponent(page.nextCursor)}`), 200);
    assert.deepEqual(rest.items.map((order) => order.id), ids.slice(20));
    assert.equal(rest.nextCursor, null);
  });

  it('every limit walks through all of it once', async () => {
    for (const limit of [1, 7, 25, 100])
      assert.deepEqual((await world.orders(user, limit)).map((order) => order.id), ids, `limit ${limit}`);
  });

  it('a new order does not disturb a walk that is under way', async () => {
    const page = expectStatus(await user.client.get('/v1/orders?limit=10'), 200);
    const concert = await world.concert({});
    const extra = expectStatus(await world.order(user, concert.id, [19]), 201);
    const next = expectStatus(await user.client.get(`/v1/orders?limit=10&cursor=${encodeURIComponent(page.nextCursor)}`), 200);
    assert.deepEqual(next.items.map((order) => order.id), ids.slice(10, 20));
    ids.unshift(extra.id);
  });

  it('is empty for who has bought nothing', async () => {
    const nobody = await world.user();
    assert.deepEqual(expectStatus(await nobody.client.get('/v1/orders'), 200), { items: [], nextCursor: null });
  });

  it('a page that is not one is refused', async () => {
    for (const query of ['limit=0', 'limit=-5', 'limit=101', 'limit=1e1', 'cursor=abc', 'cursor=-1', 'page=2', 'limit=1&limit=1'])
      assertInvalid(await user.client.get(`/v1/orders?${query}`), [query.split('=')[0]]);
  });
});
