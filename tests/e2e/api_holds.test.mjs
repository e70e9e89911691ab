/* SPDX-License-Identifier: MIT
 *
 * Holds: seats set aside for one user until a deadline; whose they are, what
 * they count for, how they end. What time and crashes do to them is in
 * holds_time.test.mjs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertId, assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

const HOLD_FIELDS = ['holdId', 'concertId', 'seats', 'amount', 'expiresAt', 'seq'];

describe('holds', () => {
  let world;
  let user;
  let other;
  before(async () => { ({ world, user, other } = await World.startWithTwo()); });
  after(async () => { await world?.stop(); });

  const get = (who, id) => who.client.get(`/v1/holds/${id}`);
  const release = (who, id) => who.client.delete(`/v1/holds/${id}`);
  const extend = (who, id, options) => who.client.post(`/v1/holds/${id}/extend`, undefined, options);
  const map = async (concert) => (await world.seats(concert.id)).status;

  it('is taken, shown, and seen in map and counts', async () => {
    const concert = await world.concert();
    const asked = Date.now();
    const answer = await world.hold(user, concert.id, [10, 1, 0]);
    const hold = expectStatus(answer, 201);
    assertFields(hold, HOLD_FIELDS);
    assertId(hold.holdId);
    assert.equal(hold.concertId, concert.id);
    assert.equal(answer.headers.location, `/v1/holds/${hold.holdId}`);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual(hold.seats, [
      { seat: 0, label: 'VIP 1-1', grade: 'VIP', price: 100 },
      { seat: 1, label: 'VIP 1-2', grade: 'VIP', price: 100 },
      { seat: 10, label: 'R 1-1', grade: 'R', price: 30 },
    ]);
    assert.equal(hold.amount, 230);
    assert.ok(Math.abs(assertTime(hold.expiresAt) - asked - 300_000) < 60_000, hold.expiresAt);
    const shown = await get(user, hold.holdId);
    assert.equal(expectStatus(shown, 200) && shown.text, answer.text);
    const seats = await world.seats(concert.id);
    assert.equal(seats.status, 'hh........h.........');
    assert.equal(seats.seq, hold.seq);
    const { grades } = expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200);
    assert.deepEqual(grades.map(({ free, held, sold }) => [free, held, sold]), [[8, 2, 0], [9, 1, 0]]);
  });

  it('names what is wrong with a body', async () => {
    const concert = await world.concert();
    const post = (body) => user.client.post(`/v1/concerts/${concert.id}/holds`, body);
    assertInvalid(await post({}), ['seats']);
    assertInvalid(await post({ seats: [] }), ['seats']);
    assertInvalid(await post({ seats: [1, 1] }), ['seats[1]']);
    assertInvalid(await post({ seats: [-1], amount: 1 }), ['seats[0]', 'amount']);
    assertInvalid(await post({ seats: [1], bestAvailable: { count: 1 } }), ['bestAvailable']);
    assertInvalid(await post({ seats: Array.from({ length: 101 }, (_, i) => i) }), ['seats']);
    assertProblem(await post('{'), 400, 'malformed_body');
    const orders = (body) => user.client.post('/v1/orders', body);
    assertInvalid(await orders({ holdId: '1', concertId: concert.id, seats: [1] }), ['concertId', 'seats']);
    assertInvalid(await orders({ holdId: 'x' }), ['holdId']);
    assertInvalid(await orders({}), ['concertId', 'seats']);
    const taken = expectStatus(await world.hold(user, concert.id, [0]), 201);
    assertInvalid(await user.client.post(`/v1/holds/${taken.holdId}/extend`, { seconds: 1 }), ['seconds']);
    expectStatus(await user.client.post(`/v1/holds/${taken.holdId}/extend`, {}), 200);
  });

  it('names why not', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 3 });
    const hold = expectStatus(await world.hold(user, concert.id, [0]), 201);
    const taken = assertProblem(await world.hold(other, concert.id, [0, 1]), 409, 'seat_taken');
    assert.deepEqual(taken.seats, [{ seat: 0, label: 'VIP 1-1', state: 'held', seq: hold.seq }]);
    assertProblem(await world.hold(user, concert.id, [0]), 409, 'seat_taken'); /* his own */
    const order = assertProblem(await world.order(other, concert.id, [0]), 409, 'seat_taken');
    assert.deepEqual(order.seats, taken.seats);
    assert.deepEqual(assertProblem(await world.hold(other, concert.id, [20, 1]), 422, 'seat_unknown').seats, [20]);
    assertProblem(await world.hold(other, '999999', [0]), 404, 'concert_unknown');
    const limit = assertProblem(await world.hold(other, concert.id, [1, 2, 3, 4]), 409, 'seat_limit');
    assert.deepEqual([limit.max, limit.have], [3, 0]);
    const now = Date.now();
    const early = await world.concert({ startDate: iso(now + 3600_000) });
    assertProblem(await world.hold(other, early.id, [0]), 409, 'sales_not_open');
    const late = await world.concert({ startDate: iso(now - 7200_000), endDate: iso(now - 3600_000) });
    assertProblem(await world.hold(other, late.id, [0]), 409, 'sales_closed');
    assertProblem(await world.client.post(`/v1/concerts/${concert.id}/holds`, { seats: [1] }), 401, 'token_missing');
  });

  it('is nobody else\'s', async () => {
    const concert = await world.concert();
    const { holdId } = expectStatus(await world.hold(user, concert.id, [0]), 201);
    for (const stranger of [other, { client: world.admin }]) {
      assertProblem(await get(stranger, holdId), 404, 'hold_unknown');
      assertProblem(await release(stranger, holdId), 404, 'hold_unknown');
      assertProblem(await extend(stranger, holdId), 404, 'hold_unknown');
      assertProblem(await world.buyHold(stranger, holdId), 404, 'hold_unknown');
    }
    assertProblem(await get({ client: world.client }, holdId), 401, 'token_missing');
    assertProblem(await release(user, '999999'), 404, 'hold_unknown');
    assertProblem(await release(user, 'x'), 404, 'hold_unknown');
    assert.equal((await map(concert))[0], 'h');
  });

  it('released: the seats are free for all, the limit and the other\'s turn too', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 2 });
    const { holdId } = expectStatus(await world.hold(user, concert.id, [0, 1]), 201);
    const answer = await release(user, holdId);
    expectStatus(answer, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(await map(concert), '.'.repeat(20));
    assertProblem(await release(user, holdId), 404, 'hold_unknown');
    assertProblem(await world.buyHold(user, holdId), 404, 'hold_unknown');
    expectStatus(await world.order(other, concert.id, [0, 1]), 201);
    expectStatus(await world.hold(user, concert.id, [2, 3]), 201);
  });

  it('bought: its seats at its price, once', async () => {
    const concert = await world.concert();
    const hold = expectStatus(await world.hold(user, concert.id, [3, 12]), 201);
    const had = await world.points(user);
    const wrong = assertProblem(await world.buyHold(user, hold.holdId, { body: { amount: 129 } }), 409, 'amount_mismatch');
    assert.equal(wrong.amount, 130);
    const answer = await world.buyHold(user, hold.holdId, { body: { amount: 130 }, key: 'buy' });
    const order = expectStatus(answer, 201);
    assert.equal(answer.headers.location, `/v1/orders/${order.id}`);
    assert.equal(order.status, 'PAYMENT');
    assert.equal(order.amount, hold.amount);
    assert.deepEqual(order.seats, hold.seats);
    assert.equal(await world.points(user), had - 130);
    assert.equal(await map(concert), '...x........x.......');
    assertProblem(await get(user, hold.holdId), 404, 'hold_unknown');
    assertProblem(await world.buyHold(user, hold.holdId), 404, 'hold_unknown');
    const again = await world.buyHold(user, hold.holdId, { body: { amount: 130 }, key: 'buy' });
    assert.equal(again.text, answer.text);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(await world.points(user), had - 130);
  });

  it('points are asked for when it is bought; what is left of the hold stays', async () => {
    const poor = await world.user({ points: 99 });
    const concert = await world.concert();
    const { holdId } = expectStatus(await world.hold(poor, concert.id, [0]), 201);
    assert.equal(assertProblem(await world.buyHold(poor, holdId), 409, 'insufficient_points').points, 99);
    assert.equal((await map(concert))[0], 'h');
    expectStatus(await world.admin.post(`/v1/users/${poor.id}/points`, { amount: 1 }), 200);
    expectStatus(await world.buyHold(poor, holdId), 201);
    assert.equal(await world.points(poor), 0);
  });

  /* A way past a cap per person in what inspired this: baskets beside orders. */
  it('holds and orders count together, whichever comes first', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 4 });
    const { holdId } = expectStatus(await world.hold(user, concert.id, [0, 1]), 201);
    const order = expectStatus(await world.order(user, concert.id, [2]), 201);
    for (const refused of [await world.hold(user, concert.id, [3, 4]), await world.order(user, concert.id, [3, 4]),
      await world.hold(user, concert.id, { count: 2 })]) {
      const problem = assertProblem(refused, 409, 'seat_limit');
      assert.deepEqual([problem.max, problem.have], [4, 3]);
    }
    expectStatus(await world.buyHold(user, holdId), 201); /* which changes nothing of it */
    assertProblem(await world.order(user, concert.id, [3, 4]), 409, 'seat_limit');
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    expectStatus(await world.hold(user, concert.id, [3, 4]), 201);
    assertProblem(await world.hold(user, concert.id, [5]), 409, 'seat_limit');
    /* All at once: never more than four. */
    const other_ = await world.concert({ maxSeatsPerUser: 4, grades: [{ name: 'A', price: 1, seats: 40 }] });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, seat) =>
      (seat % 2 ? world.order(user, other_.id, [seat]) : world.hold(user, other_.id, [seat]))));
    assert.equal(answers.filter(({ status }) => status === 201).length, 4);
    answers.filter(({ status }) => status !== 201).forEach((answer) => assertProblem(answer, 409, 'seat_limit'));
    assert.equal((await map(other_)).replaceAll('.', '').length, 4);
  });

  /* A seat sold twice where two paths meet. */
  it('two users race for the same seats with holds and orders: one has each', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 60 }] });
    const won = new Map();
    await Promise.all(Array.from({ length: 60 }, (_, seat) => [user, other].map(async (who, i) => {
      const byHold = (seat + i) % 2 === 0;
      const answer = byHold ? await world.hold(who, concert.id, [seat]) : await world.order(who, concert.id, [seat]);
      if (answer.status !== 201) {
        assertProblem(answer, 409, 'seat_taken');
        return;
      }
      assert.ok(!won.has(seat), `seat ${seat} was given twice`);
      won.set(seat, byHold ? answer.body.holdId : null);
      if (byHold) /* and the hold is bought while others still come */
        expectStatus(await world.buyHold(who, answer.body.holdId), 201);
    })).flat());
    assert.equal(won.size, 60);
    assert.equal(await map(concert), 'x'.repeat(60));
    const seats = [user, other].map((who) => world.orders(who));
    const sold = (await Promise.all(seats)).flat().filter(({ concertId }) => concertId === concert.id)
      .flatMap((order) => order.seats.map(({ seat }) => seat)).sort((a, b) => a - b);
    assert.deepEqual(sold, Array.from({ length: 60 }, (_, seat) => seat));
  });

  it('one hold, bought, released and extended at once, ends in one way', async () => {
    for (let i = 0; i < 20; i++) {
      const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 1 }] });
      const { holdId } = expectStatus(await world.hold(user, concert.id, [0]), 201);
      const [bought, twice, released] = await Promise.all([
        world.buyHold(user, holdId), world.buyHold(user, holdId), release(user, holdId), extend(user, holdId)]);
      const statuses = [bought.status, twice.status, released.status];
      assert.equal(statuses.filter((status) => status < 300).length, 1, statuses.join());
      assert.equal(await map(concert), released.status === 204 ? '.' : 'x');
    }
  });

  it('extended: a later end, up to three times its length', async () => {
    const concert = await world.concert({ holdSeconds: 10 });
    const hold = expectStatus(await world.hold(user, concert.id, [0]), 201);
    const answer = await extend(user, hold.holdId);
    const extended = expectStatus(answer, 200);
    assert.equal(answer.headers.location, undefined);
    assert.ok(assertTime(extended.expiresAt) >= assertTime(hold.expiresAt));
    assert.ok(assertTime(extended.expiresAt) <= assertTime(hold.expiresAt) + 20_000);
    assert.ok(extended.seq > hold.seq);
    const { expiresAt, seq } = extended;
    assert.deepEqual(extended, { ...hold, expiresAt, seq });
    assert.deepEqual(expectStatus(await get(user, hold.holdId), 200), extended);
  });

  it('keyed: the first answer again, whatever has become of the hold', async () => {
    const concert = await world.concert();
    const take = () => world.hold(user, concert.id, [4, 2], { key: 'take' });
    const first = await take();
    const { holdId } = expectStatus(first, 201);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    const firstExtended = await extend(user, holdId, { key: 'take' }); /* a key is its route's own */
    expectStatus(firstExtended, 200);
    const check = async () => {
      const again = await take();
      assert.equal(expectStatus(again, 201) && again.text, first.text);
      assert.equal(again.headers.location, first.headers.location);
      assert.equal(again.headers['idempotency-replayed'], 'true');
      const againExtended = await extend(user, holdId, { key: 'take' });
      assert.equal(expectStatus(againExtended, 200) && againExtended.text, firstExtended.text);
      assert.equal(againExtended.headers['idempotency-replayed'], 'true');
    };
    await check();
    assertProblem(await world.hold(user, concert.id, [5], { key: 'take' }), 422, 'idempotency_mismatch');
    expectStatus(await release(user, holdId), 204);
    await check();
    expectStatus(await world.order(other, concert.id, [2, 4]), 201);
    await check();
    assert.equal(await map(concert), '..x.x...............');
    /* Many at once, all from the log. */
    const answers = await Promise.all(Array.from({ length: 50 }, take));
    answers.forEach((answer) => assert.equal(answer.text, first.text));
  });

  /* A hold ends with the sales, so one of seconds needs no waiting for 10 s. */
  it('an idle server frees what has expired, without any write', async () => {
    const concert = await world.concert({ endDate: iso(Date.now() + 1500) });
    const hold = expectStatus(await world.hold(user, concert.id, [0, 1]), 201);
    assert.equal(hold.expiresAt, concert.endDate);
    assertProblem(await extend(user, hold.holdId), 409, 'hold_extend_limit');
    assert.equal((await map(concert)).slice(0, 3), 'hh.');
    while ((await map(concert))[0] !== '.') {
      assert.ok(Date.now() < assertTime(hold.expiresAt) + 30_000, 'it is still held');
      await sleep(20);
    }
    assert.ok(assertTime((await world.client.get(`/v1/concerts/${concert.id}`)).body.now) >= assertTime(hold.expiresAt),
      'freed before its time');
    assert.equal(await map(concert), '.'.repeat(20));
    assertProblem(await get(user, hold.holdId), 404, 'hold_unknown');
    for (const late of [await world.buyHold(user, hold.holdId), await extend(user, hold.holdId), await release(user, hold.holdId)])
      assertProblem(late, 409, 'hold_expired');
    assertProblem(await world.buyHold(other, hold.holdId), 404, 'hold_unknown');
  });
});

describe('holds under a limit of writes', () => {
  it('each is one, and its answer says what is left', async () => {
    const world = await World.start();
    const user = await world.user();
    const concert = await world.concert();
    await world.stopServer();
    await world.connect(await startServer({ data: world.server.data, admin: false, rateLimit: 3 }));
    user.client = world.client.as(user.token);
    const taken = await world.hold(user, concert.id, [0]);
    const left = (answer) => Number(answer.headers['ratelimit-remaining']);
    assert.equal(left(taken), 2);
    assert.equal(left(await user.client.post(`/v1/holds/${taken.body.holdId}/extend`)), 1);
    assert.equal(left(await user.client.delete(`/v1/holds/${taken.body.holdId}`)), 0);
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.hold(user, concert.id, [0])));
    assert.ok(answers.some(({ status }) => status === 429));
    assertProblem(answers.find(({ status }) => status === 429), 429, 'rate_limited');
    await world.stop();
  });
});
