/* SPDX-License-Identifier: MIT
 *
 * Many at once: one seat sells once, crossed sets never tear, a refund is
 * paid once, and too much at once is a named refusal.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { Random, SEED } from './lib/random.mjs';
import { World, expectStatus } from './lib/world.mjs';

const GRANT = 1_000_000;

function orderBytes(user, concertId, seats) {
  return requestBytes('POST', '/v1/orders', {
    headers: { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ concertId, seats }),
  });
}

/* Opens all connections first, so that the requests really meet. */
async function atOnce(server, requests) {
  const connections = await Promise.all(requests.map(() => Raw.connect(server)));
  connections.forEach((connection, i) => connection.send(requests[i]));
  const answers = await Promise.all(connections.map((connection) => connection.answer({ timeoutMs: 60000 })));
  connections.forEach((connection) => connection.destroy());
  return answers;
}

describe('concurrency', () => {
  let world;
  let users;
  let host;
  before(async () => {
    world = await World.start();
    host = await world.user({ role: 'HOST' });
    users = [];
    for (let i = 0; i < 10; i++)
      users.push(await world.user({ points: GRANT }));
  });
  after(async () => { await world?.stop(); });

  async function pointsOfAll() {
    let sum = 0;
    for (const user of [...users, host])
      sum += await world.points(user);
    return sum;
  }

  it('200 orders at once for one seat: one 201, 199 seat_taken', async () => {
    const concert = await world.concert({}, host);
    const answers = await atOnce(world.server,
      Array.from({ length: 200 }, (_, i) => orderBytes(users[i % users.length], concert.id, [7])));
    const won = answers.filter((answer) => answer.status === 201);
    assert.equal(won.length, 1, `${won.length} sold the same seat`);
    for (const answer of answers) {
      if (answer === won[0])
        continue;
      const problem = assertProblem(answer, 409, 'seat_taken');
      assert.deepEqual(problem.seats, [{ seat: 7, label: won[0].json.seats[0].label, state: 'sold', seq: won[0].json.seq }]);
    }
    assert.equal((await world.seats(concert.id)).status, '.......x............');
    assert.equal(await pointsOfAll(), GRANT * users.length);
  });

  it(`crossed seat sets of many users: all or nothing (seed ${SEED})`, async () => {
    const random = new Random();
    const concert = await world.concert({}, host);
    const wanted = Array.from({ length: 240 }, () => random.distinct(random.between(2, 5), 20));
    const answers = await atOnce(world.server, wanted.map((seats, i) => orderBytes(users[i % users.length], concert.id, seats)));
    const sold = new Map();
    answers.forEach((answer, i) => {
      assert.ok(answer.status === 201 || answer.status === 409, `${answer.status} ${JSON.stringify(answer.json)}`);
      if (answer.status === 409) {
        const problem = assertProblem(answer, 409, 'seat_taken');
        assert.ok(problem.seats.length > 0);
        for (const { seat } of problem.seats)
          assert.ok(wanted[i].includes(seat), 'a seat was named that nobody asked for');
        return;
      }
      assert.deepEqual(answer.json.seats.map(({ seat }) => seat), wanted[i]);
      for (const seat of wanted[i]) {
        assert.ok(!sold.has(seat), `seat ${seat} was sold twice (seed ${SEED})`);
        sold.set(seat, answer.json.id);
      }
    });
    const { status } = await world.seats(concert.id);
    assert.deepEqual([...status].flatMap((state, seat) => (state === 'x' ? [seat] : [])), [...sold.keys()].sort((a, b) => a - b),
      'a refused order left seats sold, or a sold one left them free');
    assert.equal(await pointsOfAll(), GRANT * users.length, 'points were made or lost');
  });

  it('points move with every crossed order and cancel, none is made or lost', async () => {
    const random = new Random(SEED + 1);
    const concert = await world.concert({}, host);
    const run = async (user, i) => {
      for (let n = 0; n < 20; n++) {
        const answer = await world.order(user, concert.id, random.distinct(random.between(1, 4), 20));
        assert.ok(answer.status === 201 || answer.status === 409, answer.text);
        if (answer.status === 201)
          expectStatus(await user.client.post(`/v1/orders/${answer.body.id}/cancel`, { reason: `round ${n} of ${i}` }), 200);
      }
    };
    await Promise.all(users.map(run));
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(20));
    assert.equal(await pointsOfAll(), GRANT * users.length);
  });

  it('one order cancelled 50 times at once is refunded once', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(users[0], concert.id, [0, 1]), 201);
    const had = await world.points(users[0]);
    const cancel = requestBytes('POST', `/v1/orders/${order.id}/cancel`, {
      headers: { Authorization: `Bearer ${users[0].token}`, 'Content-Type': 'application/json' }, body: '{}' });
    const answers = await atOnce(world.server, Array.from({ length: 50 }, () => cancel));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    for (const answer of answers)
      if (answer.status !== 200)
        assertProblem(answer, 409, 'already_cancelled');
    assert.equal(await world.points(users[0]), had + order.amount);
  });

  it('one key sent 50 times at once makes one order', async () => {
    const concert = await world.concert({}, host);
    const bytes = requestBytes('POST', '/v1/orders', {
      headers: { Authorization: `Bearer ${users[1].token}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'at-once' },
      body: JSON.stringify({ concertId: concert.id, seats: [3] }) });
    const answers = await atOnce(world.server, Array.from({ length: 50 }, () => bytes));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
    assert.equal(new Set(answers.map((answer) => answer.json.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.headers['idempotency-replayed'] === undefined).length, 1);
  });

  it('under pressure there is nothing but 201, 409 and 503 queue_full', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 2000 }] }, host);
    const connections = await Promise.all(Array.from({ length: 100 }, () => Raw.connect(world.server)));
    const deep = 60;
    connections.forEach((connection, c) => connection.send(Buffer.concat(
      Array.from({ length: deep }, (_, i) => orderBytes(users[c % users.length], concert.id, [(c * deep + i) % 2000])))));
    const seen = new Map();
    let sold = 0;
    for (const connection of connections) {
      for (let i = 0; i < deep; i++) {
        const answer = await connection.answer({ timeoutMs: 120000 });
        assert.ok(answer, 'the connection was closed');
        const what = answer.status === 201 ? '201' : `${answer.status} ${answer.json.code}`;
        seen.set(what, (seen.get(what) ?? 0) + 1);
        sold += answer.status === 201 ? 1 : 0;
        if (answer.status === 503)
          assertProblem(answer, 503, 'queue_full');
      }
      connection.destroy();
    }
    for (const what of seen.keys())
      assert.ok(['201', '409 seat_taken', '409 seat_limit', '503 queue_full'].includes(what), what);
    const { status } = await world.seats(concert.id);
    assert.equal([...status].filter((state) => state === 'x').length, sold);
    assert.equal(await pointsOfAll(), GRANT * users.length);
  });
});
