/* SPDX-License-Identifier: MIT
 *
 * bestAvailable: the engine chooses seats, the best that are left; a group is
 * seated together, or split over rows only if it says so; whole or not at all.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { World, expectStatus } from './lib/world.mjs';

const GRADES = [
  { name: 'VIP', price: 100, rows: [5, 5] }, /* 0-4, 5-9 */
  { name: 'R', price: 30, rows: [8] }, /* 10-17 */
];

describe('best available', () => {
  let world;
  let user;
  let other;
  before(async () => { ({ world, user, other } = await World.startWithTwo()); });
  after(async () => { await world?.stop(); });

  const concertOf = (change = {}) => world.concert({ grades: GRADES, ...change });
  const best = async (concert, wanted, who = user) => expectStatus(await world.hold(who, concert.id, wanted), 201);
  const seatsOf = (hold) => hold.seats.map(({ seat }) => seat);
  const sell = async (concert, seats) => expectStatus(await world.order(other, concert.id, seats), 201);
  const map = async (concert) => (await world.seats(concert.id)).status;

  it('the best grade and row, nearest to its centre', async () => {
    const concert = await concertOf();
    assert.deepEqual(seatsOf(await best(concert, { count: 1 })), [2]);
    assert.deepEqual(seatsOf(await best(concert, { count: 5 })), [5, 6, 7, 8, 9]);
    assert.equal(await map(concert), '..h..hhhhh........');
    const hold = await best(concert, { count: 3, grade: 'R' });
    assert.equal(hold.amount, 90);
    assert.deepEqual(new Set(hold.seats.map(({ grade }) => grade)), new Set(['R']));
    const seats = seatsOf(hold);
    assert.deepEqual(seats, [seats[0], seats[0] + 1, seats[0] + 2]);
  });

  it('is the same for the same map, and what was chosen can be bought and kept', async () => {
    const [a, b] = [await concertOf(), await concertOf()];
    for (const concert of [a, b])
      await sell(concert, [0, 7, 12]);
    const holds = [await best(a, { count: 2 }), await best(b, { count: 2 })];
    assert.deepEqual(seatsOf(holds[0]), seatsOf(holds[1]));
    const order = expectStatus(await world.buyHold(user, holds[0].holdId), 201);
    assert.deepEqual(order.seats, holds[0].seats);
    assert.equal(order.amount, holds[0].amount);
  });

  it('leaves no single seat where there is another choice', async () => {
    const concert = await concertOf();
    await sell(concert, [0, 1]); /* 2-4 free in the first row: two of them leave one */
    const seats = seatsOf(await best(concert, { count: 2, grade: 'VIP' }));
    assert.ok(seats[0] >= 5, `${seats} strands a seat`);
  });

  it('no neighbours: the largest run is named, and nothing is held', async () => {
    const concert = await concertOf();
    await sell(concert, [2, 7, 13]);
    const before_ = await map(concert);
    assert.equal(assertProblem(await world.hold(user, concert.id, { count: 5 }), 409, 'no_adjacent_seats').largestRun, 4);
    assert.equal(assertProblem(await world.hold(user, concert.id, { count: 3, grade: 'VIP' }), 409, 'no_adjacent_seats').largestRun, 2);
    assert.equal(await map(concert), before_);
  });

  it('a group that may be split is, and is whole or not at all', async () => {
    const concert = await concertOf();
    await sell(concert, [2, 7]);
    assertProblem(await world.hold(user, concert.id, { count: 8, grade: 'VIP' }), 409, 'no_adjacent_seats');
    assertProblem(await world.hold(user, concert.id, { count: 9, grade: 'VIP', allowSplit: true }), 409, 'no_adjacent_seats');
    assert.equal(await map(concert), '..x....x..........');
    const hold = await best(concert, { count: 8, grade: 'VIP', allowSplit: true });
    assert.deepEqual(seatsOf(hold), [0, 1, 3, 4, 5, 6, 8, 9]);
    assert.equal(hold.amount, 800);
    /* Sold out in this grade: not a single one. */
    assert.equal(assertProblem(await world.hold(other, concert.id, { count: 1, grade: 'VIP' }), 409, 'no_adjacent_seats').largestRun, 0);
  });

  it('names what is wrong', async () => {
    const concert = await concertOf({ maxSeatsPerUser: 2 });
    const post = (bestAvailable) => world.hold(user, concert.id, bestAvailable);
    assertInvalid(await post({}), ['bestAvailable.count']);
    assertInvalid(await post({ count: 0 }), ['bestAvailable.count']);
    assertInvalid(await post({ count: 101 }), ['bestAvailable.count']);
    assertInvalid(await post({ count: '2', grade: '', allowSplit: 1, row: 1 }),
      ['bestAvailable.count', 'bestAvailable.grade', 'bestAvailable.allowSplit', 'bestAvailable.row']);
    assertInvalid(await post({ count: 1, grade: 'S' }), ['bestAvailable.grade']); /* there is none */
    const limit = assertProblem(await post({ count: 3 }), 409, 'seat_limit');
    assert.deepEqual([limit.max, limit.have], [2, 0]);
    assertProblem(await world.hold(user, '999999', { count: 1 }), 404, 'concert_unknown');
  });

  it('grades of other scripts are found by their names', async () => {
    const concert = await world.concert({ grades: [{ name: 'Förste', price: 1, seats: 4 }, { name: '최고 "1"', price: 7, seats: 4 }] });
    assert.equal((await best(concert, { count: 2, grade: '최고 "1"' })).amount, 14);
  });

  it('keyed: the same seats again, though they are gone', async () => {
    const concert = await concertOf();
    const take = () => world.hold(user, concert.id, { count: 3, grade: 'VIP' }, { key: 'best' });
    const first = await take();
    expectStatus(await user.client.delete(`/v1/holds/${expectStatus(first, 201).holdId}`), 204);
    await sell(concert, [0, 1, 2, 3, 4]);
    const again = await take();
    assert.equal(expectStatus(again, 201) && again.text, first.text);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(await map(concert), 'xxxxx.............');
  });

  /* Groups torn apart, seats given twice: not with all of them at once either. */
  it('many groups at once: each sits together, nobody twice', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, rows: Array(10).fill(20) }] });
    const answers = await Promise.all(Array.from({ length: 70 }, (_, i) =>
      world.hold(i % 2 ? user : other, concert.id, { count: 2 + (i % 3) })));
    const held = new Set();
    for (const answer of answers) {
      if (answer.status !== 201) {
        assertProblem(answer, 409, 'no_adjacent_seats');
        continue;
      }
      const seats = seatsOf(answer.body);
      seats.forEach((seat, i) => {
        assert.ok(!held.has(seat), `seat ${seat} twice`);
        held.add(seat);
        assert.equal(seat, seats[0] + i);
        assert.equal(Math.floor(seat / 20), Math.floor(seats[0] / 20), 'over two rows');
      });
    }
    assert.equal((await map(concert)).replaceAll('.', '').length, held.size);
    assert.ok(held.size > 180, `${held.size} of 200 seats`);
  });
});
