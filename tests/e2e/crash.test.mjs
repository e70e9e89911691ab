/* SPDX-License-Identifier: MIT
 *
 * The real server under load, kill -9 at random moments, started again on the
 * same data, round after round: whatever was acknowledged is there, once, and
 * a retry of what was not answered makes it once.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { LogFacts } from './lib/facts.mjs';
import { DISK_SHIM, dropDirectory, dumpLog, launch, makeDirectory, run, sleep } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ROUNDS = Number(process.env.SP_ROUNDS || 20);
const GRANT = 100_000_000;
const PRICE = 10;
const SEATS = 4000;

/* What the clients know: every order by id, and what is still unanswered. */
class Knowledge {
  constructor() {
    this.orders = new Map(); /* id → {user, answer, cancelled} */
    this.unanswered = [];    /* {user, key, path, body, order} */
  }

  learn(request, answer) {
    const known = this.orders.get(answer.id);
    if (request.order) {
      assert.equal(answer.status, 'CANCEL');
      known.cancelled = true;
    } else {
      assert.ok(!known, `two requests gave order ${answer.id}`);
      this.orders.set(answer.id, { user: request.user, answer, cancelled: false });
    }
  }
}

/* The answer's body of a success, null of a refusal; throws Gone when the
 * outcome is not known, and notes the request for a retry. */
class Gone extends Error {}

async function send(client, request, knowledge) {
  let answer;
  try {
    answer = await client.as(request.user.token).post(request.path, request.body, { key: request.key });
  } catch {
    knowledge.unanswered.push(request);
    throw new Gone();
  }
  if (answer.status === 503) {
    knowledge.unanswered.push(request);
    throw new Gone();
  }
  if (answer.status === 409)
    return null;
  assert.ok(answer.status === 201 || answer.status === 200, `${answer.status}: ${answer.text}`);
  knowledge.learn(request, answer.body);
  return answer.body;
}

/* One connection's user: buys, is refused, cancels; until the server is gone. */
async function shop(server, user, concert, random, knowledge, name) {
  const client = new Client(server, { connections: 1 });
  const mine = [];
  try {
    for (let i = 0; ; i++) {
      if (mine.length > 0 && random.chance(0.2)) {
        const order = mine.splice(random.below(mine.length), 1)[0];
        await send(client, { user, key: `${name}-${i}`, path: `/v1/orders/${order}/cancel`, body: { reason: 'changed my mind' }, order }, knowledge);
        continue;
      }
      const first = random.below(SEATS - 20);
      const seats = random.distinct(random.between(1, 3), 20).map((seat) => first + seat);
      const order = await send(client, { user, key: `${name}-${i}`, path: '/v1/orders', body: { concertId: concert.id, seats } }, knowledge);
      if (order)
        mine.push(order.id);
    }
  } catch (error) {
    if (!(error instanceof Gone))
      throw error;
  } finally {
    client.close();
  }
}

/* Retries what was not answered: each now has one certain outcome. */
async function retryAll(world, knowledge) {
  for (const request of knowledge.unanswered.splice(0)) {
    const client = world.client.as(request.user.token);
    const answer = await client.post(request.path, request.body, { key: request.key });
    if (request.order) {
      expectStatus(answer, 200);
      knowledge.learn(request, answer.body);
      continue;
    }
    assert.ok(answer.status === 201 || (answer.status === 409 && answer.body.code !== 'idempotency_mismatch'), answer.text);
    if (answer.status !== 201)
      continue;
    knowledge.learn(request, answer.body);
    const again = await client.post(request.path, request.body, { key: request.key });
    expectStatus(again, 201);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(again.body.id, answer.body.id, 'a key gave two orders');
  }
}

async function checkOrders(world, users, knowledge) {
  for (const user of users) {
    const listed = await world.orders({ client: world.client.as(user.token) });
    const known = [...knowledge.orders.values()].filter((order) => order.user === user);
    assert.equal(new Set(listed.map((order) => order.id)).size, listed.length, 'an order is listed twice');
    assert.deepEqual(listed.map((order) => order.id).sort(), known.map((order) => order.answer.id).sort(),
      'the orders listed are not those acknowledged');
    for (const order of listed) {
      const { answer, cancelled } = knowledge.orders.get(order.id);
      assert.equal(order.status, cancelled ? 'CANCEL' : 'PAYMENT', `order ${order.id}`);
      for (const field of ['concertId', 'amount', 'createdAt', 'seats'])
        assert.deepEqual(order[field], answer[field], `order ${order.id}: ${field}`);
    }
  }
}

/* No seat twice, and the map shows exactly the live orders. */
async function checkSeats(world, concerts, knowledge) {
  for (const concert of concerts) {
    const sold = new Set();
    for (const { answer, cancelled } of knowledge.orders.values()) {
      if (answer.concertId !== concert.id || cancelled)
        continue;
      for (const { seat } of answer.seats) {
        assert.ok(!sold.has(seat), `seat ${seat} of concert ${concert.id} is in two live orders`);
        sold.add(seat);
      }
    }
    const { status } = await world.seats(concert.id);
    const shown = [...status].flatMap((state, seat) => (state === 'x' ? [seat] : []));
    assert.deepEqual(shown, [...sold].sort((a, b) => a - b), `seats of concert ${concert.id}`);
  }
}

describe('crash', () => {
  let world;
  before(async () => { world = await World.start({ args: ['--io-threads', '2'] }); });
  after(async () => {
    world?.client.close();
    await world?.server.kill();
    if (world)
      dropDirectory(world.server.data);
  });

  it(`killed while it is made: the next start makes it whole (seed ${SEED})`, async () => {
    const random = new Random(SEED + 1);
    for (let i = 0; i < 12; i++) {
      const home = makeDirectory('born');
      const data = path.join(home, 'data');
      const first = await startServer({ data, expectReady: false });
      await sleep(random.below(60));
      await first.kill();
      const server = await startServer({ data });
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      assert.equal((await run(['log', 'verify', '--data', data])).code, 0);
      const users = (await dumpLog(data)).filter((event) => event.type === 'user_created');
      assert.equal(users.length, 1, 'the first ADMIN is there once');
      dropDirectory(home);
    }
  });

  /* What a server has committed and not flushed lies in the machine's cache,
   * where a tool finds it: it flushes the file before it shows anything of it. */
  it('a tool shows nothing of a log that it has not flushed', async () => {
    const control = path.join(makeDirectory('held'), 'control');
    const { data } = world.server;
    for (const args of [['log', 'dump'], ['log', 'stat'], ['log', 'verify'], ['replay', '--show', 'digest']]) {
      fs.writeFileSync(control, 'hold\n');
      const tool = launch([...args, '--data', data], { env: { LD_PRELOAD: DISK_SHIM, SP_DISK_CONTROL: control } });
      const timer = setInterval(() => {}, 1000); /* keeps this process while it waits */
      await sleep(300);
      const shown = tool.stdout();
      fs.rmSync(control);
      const exit = await tool.ended;
      clearInterval(timer);
      assert.equal(shown, '', `${args.join(' ')} showed something before its flush`);
      assert.deepEqual(exit, { code: 0, signal: null }, tool.stderr());
      assert.notEqual(tool.stdout(), '');
    }
    dropDirectory(path.dirname(control));
  });

  it(`${ROUNDS} rounds of kill -9 (seed ${SEED})`, { timeout: 900000 }, async (t) => {
    const random = new Random();
    const knowledge = new Knowledge();
    const data = world.server.data;
    const users = [];
    const concerts = [];
    for (let i = 0; i < 4; i++)
      users.push(await world.user({ points: GRANT }));
    for (let round = 0; round < ROUNDS; round++) {
      const concert = await world.concert({ grades: [{ name: 'A', price: PRICE, seats: SEATS }] });
      concerts.push(concert);
      const shoppers = [0, 1, 2, 3, 4, 5].map((i) =>
        shop(world.server, users[i % users.length], concert, new Random(SEED + round * 100 + i), knowledge, `r${round}c${i}`));
      await sleep(random.between(80, 400));
      await world.server.kill();
      await Promise.all(shoppers);
      await checkCrashedLog(data, knowledge, round);
      await world.attach(await startServer({ data, args: ['--io-threads', '2'] }));
      await retryAll(world, knowledge);
      await checkSeats(world, concerts, knowledge);
      await checkOrders(world, users, knowledge);
    }
    let points = 0;
    for (const user of users)
      points += await world.points({ client: world.client.as(user.token) });
    points += await world.points({ client: world.admin }); /* the host of all */
    assert.equal(points, GRANT * users.length, 'points were made or lost');
    assert.ok(knowledge.orders.size > ROUNDS * 5, `only ${knowledge.orders.size} orders: no load`);
    t.diagnostic(`${knowledge.orders.size} orders acknowledged, seed ${SEED}`);
    await checkLog(world, knowledge);
  });
});

/* What kill -9 left, before any start has touched it: the log is sound, and
 * every order and cancel acknowledged in any round is in it. */
async function checkCrashedLog(data, knowledge, round) {
  const verified = await run(['log', 'verify', '--data', data]);
  assert.equal(verified.code, 0, `round ${round}: ${verified.stdout}${verified.stderr}`);
  const facts = new LogFacts(await dumpLog(data));
  for (const { answer, cancelled } of knowledge.orders.values()) {
    const told = cancelled ? { ...answer, status: 'CANCEL' } : answer;
    assert.equal(facts.contradiction({ status: 200, json: told }), null, `round ${round}`);
  }
}

async function checkLog(world, knowledge) {
  const { data } = world.server;
  assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
  const verified = await run(['log', 'verify', '--data', data]);
  assert.equal(verified.code, 0, verified.stderr);
  const facts = new LogFacts(await dumpLog(data));
  for (const { answer } of knowledge.orders.values())
    assert.equal(facts.contradiction({ status: 201, json: answer }), null);
  assert.equal(facts.paid.size, knowledge.orders.size, 'the log has orders that nobody was told of');
  const cancelled = [...knowledge.orders.values()].filter((order) => order.cancelled).length;
  assert.equal(facts.cancelled.size, cancelled);
  const digests = [];
  for (let i = 0; i < 2; i++) {
    const replay = await run(['replay', '--data', data, '--show', 'digest']);
    assert.equal(replay.code, 0, replay.stderr);
    assert.match(replay.stdout, /[0-9a-f]{64}/);
    digests.push(replay.stdout);
  }
  assert.equal(digests[0], digests[1], 'two replays, two digests');
}
