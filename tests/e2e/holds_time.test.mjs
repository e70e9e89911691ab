/* SPDX-License-Identifier: MIT
 *
 * Holds over time, in a clock that the tests move: how they end, and what a
 * crash or a stop leaves of them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Clock, noClock } from './lib/clock.mjs';
import { dumpLog, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

/* In one clock, that the tests move: each goes on where the one before ended. All
 * of it is less than an access token's 15 minutes. */
describe('holds over time', { skip: noClock, concurrency: false }, () => {
  let clock;
  let world;
  let user;
  let other;
  let concert;
  before(async () => {
    clock = new Clock('holds');
    world = await World.start({ data: clock.data, env: clock.env });
    user = await world.user({ points: 1000 });
    other = await world.user({ points: 1000 });
    concert = await world.concert({ holdSeconds: 40 });
  });
  after(async () => {
    await world?.stop();
    clock?.drop();
  });

  /** By kill -9, or in order; the clock goes on by so much before the start. */
  async function restart({ killed, seconds = 0 }) {
    if (killed)
      await world.server.kill();
    else
      await world.stopServer();
    clock.pass(seconds);
    world.connect(await startServer({ data: clock.data, env: clock.env }));
    for (const one of [user, other])
      one.client = world.client.as(one.token);
    world.admin = world.client.as(world.admin.token);
  }
  const map = async () => (await world.seats(concert.id)).status.slice(0, 6);
  const extend = (id, options) => user.client.post(`/v1/holds/${id}/extend`, undefined, options);

  it('at its deadline its seats are another\'s to take', async () => {
    const { holdId } = expectStatus(await world.hold(user, concert.id, [0]), 201);
    clock.pass(30);
    assertProblem(await world.order(other, concert.id, [0]), 409, 'seat_taken');
    clock.pass(10);
    const bought = expectStatus(await world.order(other, concert.id, [0]), 201);
    assertProblem(await world.buyHold(user, holdId), 409, 'hold_expired');
    expectStatus(await other.client.post(`/v1/orders/${bought.id}/cancel`, {}), 200);
    assert.equal(await map(), '......');
  });

  it('it can not be kept for ever', async () => {
    const hold = expectStatus(await world.hold(user, concert.id, [0]), 201);
    const latest = Date.parse(hold.expiresAt) + 80_000;
    let ends = hold.expiresAt;
    let extensions = 0;
    for (;; extensions++) {
      clock.pass(20);
      const answer = await extend(hold.holdId);
      if (answer.status !== 200) {
        assertProblem(answer, 409, 'hold_extend_limit');
        break;
      }
      assert.ok(answer.body.expiresAt > ends);
      ends = answer.body.expiresAt;
      assert.ok(Date.parse(ends) <= latest, 'longer than three times its length');
    }
    assert.ok(extensions >= 3 && extensions <= 4, `${extensions} extensions`);
    assert.equal(Date.parse(ends), latest);
    clock.pass(21);
    expectStatus(await world.hold(other, concert.id, [0]), 201);
    assertProblem(await extend(hold.holdId), 409, 'hold_expired');
    clock.pass(40);
  });

  it('kill -9: it lives on with its deadline, its price and its seats, and can be bought', async () => {
    const taken = await world.hold(user, concert.id, [1, 2], { key: 'k1' });
    const hold = expectStatus(taken, 201);
    const lost = expectStatus(await world.hold(other, concert.id, [3]), 201);
    clock.pass(5);
    const extended = await extend(hold.holdId, { key: 'k1' });
    const { expiresAt, seq } = expectStatus(extended, 200);
    await restart({ killed: true, seconds: 20 });
    assert.equal(await map(), '.hhh..');
    assert.deepEqual(expectStatus(await user.client.get(`/v1/holds/${hold.holdId}`), 200), { ...hold, expiresAt, seq });
    const replayed = await world.hold(user, concert.id, [1, 2], { key: 'k1' });
    assert.equal(expectStatus(replayed, 201) && replayed.text, taken.text);
    const replayedExtended = await extend(hold.holdId, { key: 'k1' });
    assert.equal(expectStatus(replayedExtended, 200) && replayedExtended.text, extended.text);
    const order = expectStatus(await world.buyHold(user, hold.holdId, { body: { amount: hold.amount } }), 201);
    assert.deepEqual(order.seats, hold.seats);
    assert.equal(order.amount, hold.amount);
    /* Of the other the time goes on, and is up. */
    clock.pass(20);
    assertProblem(await world.buyHold(other, lost.holdId), 409, 'hold_expired');
    assert.equal(await map(), '.xx...');
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    assert.equal(await map(), '......');
  });

  it('a start with overdue holds: free before anyone asks, and said so', async () => {
    for (const killed of [true, false]) {
      const taken = await world.hold(user, concert.id, [0, 5], { key: `overdue-${killed}` });
      const { holdId } = expectStatus(taken, 201);
      const extended = await extend(holdId, { key: `overdue-${killed}` });
      await restart({ killed, seconds: 60 });
      assert.equal(await map(), '......');
      assertProblem(await world.buyHold(user, holdId), 409, 'hold_expired');
      expectStatus(await world.hold(other, concert.id, [0, 5]), 201);
      /* Told again as it was, though it has ended and its seats are another's. */
      const again = await world.hold(user, concert.id, [0, 5], { key: `overdue-${killed}` });
      assert.equal(expectStatus(again, 201) && again.text, taken.text);
      assert.equal(again.headers['idempotency-replayed'], 'true');
      const againExtended = await extend(holdId, { key: `overdue-${killed}` });
      assert.equal(expectStatus(againExtended, 200) && againExtended.text, extended.text);
      clock.pass(40);
    }
  });

  it('a hold of one who has erased himself ends at its deadline', async () => {
    const gone = await world.user();
    const { holdId } = expectStatus(await world.hold(gone, concert.id, [4]), 201);
    expectStatus(await gone.client.delete('/v1/users/me'), 204);
    assert.equal(await map(), '....h.');
    clock.pass(40);
    expectStatus(await world.hold(other, concert.id, [4]), 201);
    assertProblem(await gone.client.get(`/v1/holds/${holdId}`), 401, 'token_invalid');
  });

  it('the log tells all of it, and is sound', async () => {
    await restart({ killed: false });
    await world.stopServer();
    const verified = await run(['log', 'verify', '--data', clock.data]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const events = await dumpLog(clock.data);
    const of = (type) => events.filter((event) => event.type === type);
    const count = (type) => of(type).length;
    assert.ok(count('hold_taken') >= 10 && count('hold_extended') >= 6 && count('holds_expired') >= 6);
    const bought = of('order_paid').filter(({ data }) => data.hold);
    assert.equal(bought.length, 1);
    await world.attach(await startServer({ data: clock.data, env: clock.env }));
  });
});
