/* SPDX-License-Identifier: MIT
 *
 * kill -9 in the middle of holds: taken, extended, bought and given back by several
 * at once, round after round on the same data. Every hold that anyone was told of
 * lives on with its seats, its price and its time, or was bought or given back as
 * told; a retry of what was not answered makes it once; and the map shows the seats
 * of living holds and orders, and no others.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { dropDirectory, dumpLog, run, sleep } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ROUNDS = Number(process.env.SP_ROUNDS || 10);
const SEATS = 3000;
const PRICE = 7;
const ARGS = ['--io-threads', '2'];

class Gone extends Error {}

/* Holds by id, as the last answer showed them; what became of them; and what was
 * asked and not answered. */
class Knowledge {
  constructor() {
    this.holds = new Map(); /* id → {user, body, end: null, 'bought' or 'released'} */
    this.orders = new Map();
    this.unanswered = [];
    this.counts = { take: 0, extend: 0, buy: 0, release: 0 };
  }

  learn(request, answer) {
    this.counts[request.kind]++;
    const known = this.holds.get(request.hold);
    if (request.kind === 'take') {
      const before_ = this.holds.get(answer.body.holdId);
      assert.ok(!before_, `two requests gave hold ${answer.body.holdId}`);
      this.holds.set(answer.body.holdId, { user: request.user, body: answer.body, end: null });
    } else if (request.kind === 'extend') {
      known.body = answer.body;
    } else {
      known.end = request.kind === 'buy' ? 'bought' : 'released';
      if (request.kind === 'buy') {
        assert.deepEqual(answer.body.seats, known.body.seats, 'not the seats that were held');
        assert.equal(answer.body.amount, known.body.amount, 'not the price that was held');
        this.orders.set(answer.body.id, answer.body);
      }
    }
  }
}

function ask(client, request) {
  const mine = client.as(request.user.token);
  return request.kind === 'release'
    ? mine.request('DELETE', request.path)
    : mine.post(request.path, request.body, { key: request.key });
}

/* The answer, or Gone when the outcome is not known: noted for a retry. */
async function send(client, request, knowledge) {
  let answer = null;
  try {
    answer = await ask(client, request);
  } catch { /* the server is gone */ }
  if (answer === null || answer.status === 503) {
    knowledge.unanswered.push(request);
    throw new Gone();
  }
  if (answer.status === 409) {
    assert.equal(request.kind, 'take', answer.text); /* what one holds himself is never refused */
    return null;
  }
  assert.ok([200, 201, 204].includes(answer.status), `${request.kind} ${answer.status}: ${answer.text}`);
  knowledge.learn(request, answer);
  return answer.body;
}

async function play(server, user, concert, random, knowledge, name) {
  const client = new Client(server, { connections: 1 });
  const mine = [];
  try {
    for (let i = 0; ; i++) {
      const key = `${name}-${i}`;
      if (mine.length === 0 || random.chance(0.4)) {
        const first = random.below(SEATS - 10);
        const body = random.chance(0.5)
          ? { bestAvailable: { count: random.between(1, 4), allowSplit: random.chance(0.3) } }
          : { seats: random.distinct(random.between(1, 3), 10).map((seat) => first + seat) };
        const hold = await send(client, { kind: 'take', user, key, path: `/v1/concerts/${concert.id}/holds`, body }, knowledge);
        if (hold)
          mine.push(hold.holdId);
        continue;
      }
      const at = random.below(mine.length);
      const hold = mine[at];
      const die = random.below(4);
      if (die > 0)
        mine.splice(at, 1);
      if (die === 0)
        await send(client, { kind: 'extend', user, key, hold, path: `/v1/holds/${hold}/extend`, body: {} }, knowledge);
      else if (die === 1)
        await send(client, { kind: 'release', user, hold, path: `/v1/holds/${hold}` }, knowledge);
      else
        await send(client, { kind: 'buy', user, key, hold, path: '/v1/orders', body: { holdId: hold } }, knowledge);
    }
  } catch (error) {
    if (!(error instanceof Gone))
      throw error;
  } finally {
    client.close();
  }
}

/* Before anything is retried: what was told is so. One whose release, purchase or
 * extension is not known may have ended, or last longer. */
async function checkHolds(world, knowledge) {
  const open = new Map(knowledge.unanswered.map((request) => [request.hold, request.kind]));
  for (const [id, { user, body, end }] of knowledge.holds) {
    const answer = await world.client.as(user.token).get(`/v1/holds/${id}`);
    const unknown = open.get(id);
    if (end || (answer.status === 404 && (unknown === 'buy' || unknown === 'release'))) {
      assert.equal(answer.status, 404, `hold ${id}, which was ${end}, lives: ${answer.text}`);
      continue;
    }
    expectStatus(answer, 200);
    assert.deepEqual(answer.body.seats, body.seats, `seats of hold ${id}`);
    assert.equal(answer.body.amount, body.amount);
    if (unknown === 'extend')
      assert.ok(answer.body.expiresAt >= body.expiresAt, `hold ${id} ends sooner than told`);
    else
      assert.equal(answer.body.expiresAt, body.expiresAt, `end of hold ${id}`);
  }
}

async function retryAll(world, knowledge) {
  for (const request of knowledge.unanswered.splice(0)) {
    const answer = await ask(world.client, request);
    if (request.kind === 'take' && answer.status === 409)
      continue;
    if (request.kind === 'release' && answer.status === 404) { /* it had been done: it has no key */
      knowledge.holds.get(request.hold).end = 'released';
      continue;
    }
    assert.ok([200, 201, 204].includes(answer.status), `${request.kind} ${answer.status}: ${answer.text}`);
    knowledge.learn(request, answer);
    if (request.kind === 'release')
      continue;
    const again = await ask(world.client, request);
    assert.equal(again.text, answer.text, `a retry of ${request.kind} gives another answer`);
    assert.equal(again.headers['idempotency-replayed'], 'true');
  }
}

async function checkMap(world, concert, knowledge) {
  const states = new Array(SEATS).fill('.');
  const put = (seats, state, whose) => {
    for (const { seat } of seats) {
      assert.equal(states[seat], '.', `seat ${seat} is also ${whose}'s`);
      states[seat] = state;
    }
  };
  for (const [id, { body, end }] of knowledge.holds)
    if (!end && body.concertId === concert.id)
      put(body.seats, 'h', `hold ${id}`);
  for (const [id, order] of knowledge.orders)
    if (order.concertId === concert.id)
      put(order.seats, 'x', `order ${id}`);
  assert.equal((await world.seats(concert.id)).status, states.join(''));
}

describe('crash in the middle of holds', () => {
  let world;
  before(async () => { world = await World.start({ args: ARGS }); });
  after(async () => {
    world?.client.close();
    await world?.server.kill();
    if (world)
      dropDirectory(world.server.data);
  });

  it(`${ROUNDS} rounds of kill -9 (seed ${SEED})`, { timeout: 600000 }, async (t) => {
    const random = new Random(SEED);
    const knowledge = new Knowledge();
    const { data } = world.server;
    const users = [];
    for (let i = 0; i < 4; i++)
      users.push(await world.user({ points: 10_000_000 }));
    for (let round = 0; round < ROUNDS; round++) {
      const concert = await world.concert({ maxSeatsPerUser: 1000, holdSeconds: 7200, grades: [{ name: 'A', price: PRICE, rows: new Array(100).fill(SEATS / 100) }] });
      const players = users.map((user, i) =>
        play(world.server, user, concert, new Random(SEED + round * 100 + i), knowledge, `r${round}c${i}`));
      await sleep(random.between(80, 400));
      await world.server.kill();
      await Promise.all(players);
      assert.equal((await run(['log', 'verify', '--data', data])).code, 0, `round ${round}`);
      await world.attach(await startServer({ data, args: ARGS }));
      await checkHolds(world, knowledge);
      await retryAll(world, knowledge);
      await checkMap(world, concert, knowledge);
    }
    for (const [kind, count] of Object.entries(knowledge.counts))
      assert.ok(count > ROUNDS, `only ${count} of ${kind}: no load`);
    assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
    const events = await dumpLog(data);
    const taken = events.filter((event) => event.type === 'hold_taken');
    assert.deepEqual(taken.map((event) => String(event.data.hold)).sort(), [...knowledge.holds.keys()].sort(),
      'the log has other holds than anyone was told of');
    assert.equal(events.filter((event) => event.type === 'order_paid').length, knowledge.orders.size);
    t.diagnostic(`${JSON.stringify(knowledge.counts)}, seed ${SEED}`);
  });
});
