/* SPDX-License-Identifier: MIT
 *
 * noOrphans: nobody leaves a single seat in a row, by holding or by buying,
 * unless nothing else is possible there.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { World, expectStatus } from './lib/world.mjs';

describe('orphans', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  const concertOf = (...rows) => world.concert({ noOrphans: true, grades: [{ name: 'A', price: 10, rows }] });
  const both = (concert, seats) => [() => world.hold(user, concert.id, seats), () => world.order(user, concert.id, seats)];
  const map = async (concert) => (await world.seats(concert.id)).status;

  it('a hold or an order that strands a seat is refused, and names it', async () => {
    const concert = await concertOf(6, 6);
    for (const take of both(concert, [1])) {
      const problem = assertProblem(await take(), 409, 'orphan_seat');
      assert.deepEqual(problem.seats, [{ seat: 0, label: 'A 1-1' }]);
    }
    for (const take of both(concert, [1, 2, 3, 4])) {
      const problem = assertProblem(await take(), 409, 'orphan_seat');
      assert.deepEqual(problem.seats, [{ seat: 0, label: 'A 1-1' }, { seat: 5, label: 'A 1-6' }]);
    }
    for (const take of both(concert, [6, 8]))
      assert.deepEqual(assertProblem(await take(), 409, 'orphan_seat').seats, [{ seat: 7, label: 'A 2-2' }]);
    assert.equal(await map(concert), '............');
  });

  it('what strands nobody is taken, also what closes a gap', async () => {
    const concert = await concertOf(6, 6);
    expectStatus(await world.hold(user, concert.id, [0, 1]), 201);
    expectStatus(await world.order(user, concert.id, [2, 3, 4, 5]), 201);
    expectStatus(await world.hold(user, concert.id, [8, 9]), 201);
    expectStatus(await world.order(user, concert.id, [6, 7]), 201);
    assert.equal(await map(concert), 'hhxxxxxxhh..');
  });

  it('held seats are no neighbours; released, they are again', async () => {
    const concert = await concertOf(5);
    const { holdId } = expectStatus(await world.hold(user, concert.id, [0, 1]), 201);
    assertProblem(await world.order(user, concert.id, [3]), 409, 'orphan_seat'); /* 2 and 4 */
    expectStatus(await user.client.delete(`/v1/holds/${holdId}`), 204);
    expectStatus(await world.order(user, concert.id, [3, 4]), 201);
    assert.equal(await map(concert), '...xx');
  });

  it('a hold is bought whatever lies beside it by then', async () => {
    const concert = await concertOf(6);
    const { holdId } = expectStatus(await world.hold(user, concert.id, [2, 3]), 201);
    expectStatus(await world.order(user, concert.id, [4, 5]), 201);
    expectStatus(await world.buyHold(user, holdId), 201);
    assert.equal(await map(concert), '..xxxx');
  });

  it('where nothing else is possible it may be left', async () => {
    const concert = await concertOf(2, 3);
    expectStatus(await world.order(user, concert.id, [0]), 201); /* one of two */
    expectStatus(await world.hold(user, concert.id, [2, 3]), 201); /* two of three */
    expectStatus(await world.order(user, concert.id, [1]), 201); /* one that was alone */
    assert.equal(await map(concert), 'xxhh.');
  });

  it('other concerts do not care; the best that are left never strand where they need not', async () => {
    const free = await world.concert({ grades: [{ name: 'A', price: 10, seats: 6 }] });
    for (const take of both(free, [1]).slice(0, 1))
      expectStatus(await take(), 201);
    const strict = await concertOf(5, 5);
    for (const [count, wanted] of [[2, 2], [3, 3], [3, 3], [2, 2]]) {
      const hold = expectStatus(await world.hold(user, strict.id, { count }), 201);
      assert.equal(hold.seats.length, wanted);
    }
    assert.equal(await map(strict), 'h'.repeat(10));
  });
});
