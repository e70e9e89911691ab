/* SPDX-License-Identifier: MIT
 *
 * kill -9 in the middle of edits, pauses, cancels and orders, round after round on the
 * same data. Every change that anyone was told of is in the log with what he was told;
 * each concert, order and balance is what the log's facts add up to, told or not; and
 * a cancelled concert has refunded everybody or nobody.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { idOf } from './lib/facts.mjs';
import { dropDirectory, dumpLog, run, sleep } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ROUNDS = Number(process.env.SP_ROUNDS || 6);
const ARGS = ['--io-threads', '2'];
const POINTS = 1_000_000;

class Gone extends Error {}

async function ask(client, method, path, body, key) {
  let answer = null;
  try {
    answer = await client.request(method, path, body, { key });
  } catch { /* the server is gone */ }
  if (answer === null || answer.status === 503)
    throw new Gone();
  assert.ok([200, 201, 409].includes(answer.status), `${method} ${path} ${answer.status}: ${answer.text}`);
  return answer;
}

/* Until the server is gone. */
async function play(server, who, act) {
  const client = new Client(server, { connections: 1 });
  try {
    for (let i = 0; ; i++)
      await act(client.as(who.token), i);
  } catch (error) {
    if (!(error instanceof Gone))
      throw error;
  } finally {
    client.close();
  }
}

/* Changes one of the concerts in his own way, and notes what he was told. */
function hostAct(concerts, random, told) {
  return async (client, i) => {
    const concert = random.pick(concerts);
    const path = `/v1/concerts/${concert.id}`;
    const die = random.below(20);
    const request = die < 8 ? ['concert_edited', 'PATCH', path, { name: `${concert.id} as of ${i}` }]
      : die < 12 ? ['concert_paused', 'POST', `${path}/pause`]
      : die < 19 ? ['concert_resumed', 'POST', `${path}/resume`]
      : ['concert_cancelled', 'DELETE', path];
    const [type, ...rest] = request;
    const { status, body } = await ask(client, ...rest);
    if (status === 200)
      told.push({ type, concert: concert.id, body });
  };
}

function buyerAct(concerts, random, orders) {
  return async (client) => {
    const seats = random.distinct(random.between(1, 3), 200);
    const { status, body } = await ask(client, 'POST', '/v1/orders', { concertId: random.pick(concerts).id, seats });
    if (status === 201)
      orders.push(body);
  };
}

/* What the facts add up to. */
class Facts {
  constructor(events) {
    this.events = new Map(events.map((event) => [event.seq, event]));
    this.concerts = new Map();
    this.orders = new Map();
    this.balances = new Map();
    for (const event of events)
      this.take(event);
  }

  move(user, amount) { this.balances.set(idOf(user), (this.balances.get(idOf(user)) ?? 0) + amount); }

  take({ seq, type, data }) {
    const concert = data.concert === undefined ? null : this.concerts.get(idOf(data.concert));
    if (type === 'concert_created')
      this.concerts.set(idOf(data.concert), { host: data.host, name: data.name, status: 'ON_SALE', seq });
    else if (type === 'points_granted')
      this.move(data.user, data.amount);
    else if (type === 'order_paid') {
      assert.equal(concert.status, 'ON_SALE', `an order was paid at a concert that is ${concert.status}`);
      this.orders.set(idOf(data.order), { ...data, concert: idOf(data.concert), status: 'PAYMENT' });
      this.move(data.buyer, -data.amount);
      this.move(concert.host, data.amount);
    } else if (type === 'concert_edited') {
      concert.name = data.name;
    } else if (type === 'concert_paused' || type === 'concert_resumed') {
      concert.status = type === 'concert_paused' ? 'PAUSED' : 'ON_SALE';
    } else if (type === 'concert_cancelled') {
      concert.status = 'CANCELLED';
      this.refund(concert, data);
    }
    if (concert)
      concert.seq = seq;
  }

  refund(concert, data) {
    const paid = [...this.orders.values()].filter((order) => order.concert === idOf(data.concert) && order.status === 'PAYMENT');
    assert.equal(paid.length, data.orders);
    assert.equal(paid.reduce((sum, { amount }) => sum + amount, 0), data.amount);
    for (const order of paid) {
      order.status = 'CANCEL';
      this.move(order.buyer, order.amount);
      this.move(concert.host, -order.amount);
    }
  }
}

const STATUS = { concert_paused: 'PAUSED', concert_resumed: 'ON_SALE', concert_cancelled: 'CANCELLED' };

function checkTold(facts, told, orders) {
  for (const { type, concert, body } of told) {
    /* He was shown the concert as it was then or after: his own fact is no later. */
    const shown = facts.events.get(body.seq);
    assert.ok(shown, `seq ${body.seq} was told, and is not in the log`);
    assert.equal(body.id, concert);
    if (shown.type !== type)
      continue;
    assert.equal(idOf(shown.data.concert), concert);
    if (type === 'concert_edited')
      assert.equal(shown.data.name, body.name);
    else
      assert.equal(body.status, STATUS[type]);
  }
  for (const order of orders) {
    const paid = facts.orders.get(order.id);
    assert.ok(paid, `order ${order.id} was told, and is not in the log`);
    assert.deepEqual(order.seats.map(({ seat }) => seat), paid.seats);
  }
}

async function checkState(world, facts, concerts, people) {
  for (const { id } of concerts) {
    const { name, status, seq } = expectStatus(await world.client.get(`/v1/concerts/${id}`), 200);
    const wanted = facts.concerts.get(id);
    assert.deepEqual({ name, status, seq }, { name: wanted.name, status: wanted.status, seq: wanted.seq });
    const sold = Array(200).fill('.');
    for (const order of facts.orders.values())
      if (order.concert === id && order.status === 'PAYMENT')
        for (const seat of order.seats)
          sold[seat] = 'x';
    assert.equal((await world.seats(id)).status, sold.join(''));
  }
  for (const who of people) {
    who.client = world.client.as(who.token);
    assert.equal(await world.points(who), facts.balances.get(who.id) ?? 0);
    for (const order of await world.orders(who))
      assert.equal(order.status, facts.orders.get(order.id).status, `order ${order.id}`);
  }
}

describe('a crash while concerts are changed', () => {
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
    const { data } = world.server;
    const host = await world.user({ role: 'HOST' });
    const buyers = [await world.user({ points: POINTS }), await world.user({ points: POINTS })];
    const told = [];
    const orders = [];
    for (let round = 0; round < ROUNDS; round++) {
      const concerts = [];
      for (let i = 0; i < 4; i++)
        concerts.push(await world.concert({ grades: [{ name: 'A', price: 3, rows: Array(10).fill(20) }] }, host));
      const players = [
        play(world.server, host, hostAct(concerts, new Random(SEED + round), told)),
        play(world.server, host, hostAct(concerts, new Random(SEED + 100 + round), told)),
        ...buyers.map((who, i) => play(world.server, who, buyerAct(concerts, new Random(SEED + 200 + 10 * round + i), orders)))];
      await sleep(random.between(60, 300));
      await world.server.kill();
      await Promise.all(players);
      const verified = await run(['log', 'verify', '--data', data]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
      const facts = new Facts(await dumpLog(data));
      checkTold(facts, told, orders);
      await world.attach(await startServer({ data, args: ARGS }));
      host.client = world.client.as(host.token);
      await checkState(world, facts, concerts, [host, ...buyers]);
    }
    const count = (type) => told.filter((one) => one.type === type).length;
    const counts = Object.fromEntries(['concert_edited', 'concert_paused', 'concert_resumed', 'concert_cancelled'].map((type) => [type, count(type)]));
    assert.ok(Object.values(counts).every((n) => n >= ROUNDS / 2) && orders.length > ROUNDS, JSON.stringify(counts));
    t.diagnostic(`${JSON.stringify(counts)}, ${orders.length} orders, seed ${SEED}`);
  });
});
