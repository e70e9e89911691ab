/* SPDX-License-Identifier: MIT
 *
 * The ledger: everything that ever moved one's points, and nothing else.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { dumpLog } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

/** Every page of a user's ledger, newest first. */
async function walk(who, limit = 100) {
  const items = [];
  for (let cursor = ''; cursor !== null;) {
    const page = expectStatus(await who.client.get(`/v1/users/me/ledger?limit=${limit}${cursor && `&cursor=${cursor}`}`), 200);
    assertFields(page, ['items', 'nextCursor']);
    assert.ok(page.items.length <= limit);
    assert.ok(page.items.length === limit || page.nextCursor === null, 'a page ends early');
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

/** The same by hand, from the facts of the log alone. */
function recompute(events, user) {
  const hosts = new Map();
  const orders = new Map();
  const items = [];
  let balance = 0;
  const move = (event, amount, orderId) => {
    balance += amount;
    items.push({ seq: event.seq, type: event.type, amount, balance, orderId });
  };
  for (const event of events) {
    const { data } = event;
    if (event.type === 'concert_created')
      hosts.set(String(data.concert), String(data.host));
    if (event.type === 'user_created' && String(data.user) === user && data.points > 0)
      move(event, data.points, null);
    if (event.type === 'points_granted' && String(data.user) === user)
      move(event, data.amount, null);
    if (event.type === 'order_paid') {
      const order = { buyer: String(data.buyer), host: hosts.get(String(data.concert)), amount: data.amount };
      orders.set(String(data.order), order);
      if (order.buyer === user || order.host === user)
        move(event, (order.host === user) * data.amount - (order.buyer === user) * data.amount, String(data.order));
    }
    if (event.type === 'order_cancelled') {
      const order = orders.get(String(data.order));
      if (order.buyer === user || order.host === user)
        move(event, (order.buyer === user) * order.amount - (order.host === user) * order.amount, String(data.order));
    }
  }
  return items.reverse();
}

const bare = ({ seq, type, amount, balance, orderId }) => ({ seq, type, amount, balance, orderId });

describe('the ledger', () => {
  let world;
  let people;
  before(async () => {
    world = await World.start({ args: ['--signup-points', '5000', '--rate-limit', '0'] });
    people = [await world.user({ role: 'HOST' }), await world.user({ role: 'HOST' }), await world.user(), await world.user()];
  });
  after(async () => { await world?.stop(); });

  it('begins with what a sign-up gives', async () => {
    const who = await world.user();
    const answer = await who.client.get('/v1/users/me/ledger');
    const { items, nextCursor } = expectStatus(answer, 200);
    assert.equal(nextCursor, null);
    assert.equal(items.length, 1);
    assertFields(items[0], ['seq', 'time', 'type', 'amount', 'balance', 'orderId']);
    assertTime(items[0].time);
    assert.deepEqual(bare(items[0]), { seq: items[0].seq, type: 'user_created', amount: 5000, balance: 5000, orderId: null });
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it(`after anything at all it is the log's, entry by entry, for buyer and host (seed ${SEED})`, async () => {
    const random = new Random();
    const concerts = [
      await world.concert({ grades: [{ name: 'A', price: 7, seats: 60 }] }, people[0]),
      await world.concert({ grades: [{ name: 'B', price: 11, seats: 60 }] }, people[1]),
      await world.concert({ grades: [{ name: 'C', price: 0, seats: 60 }] }, people[1]),
    ];
    const orders = [];
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => {
        const who = random.pick(people);
        if (random.chance(0.15))
          return world.admin.post(`/v1/users/${who.id}/points`, { amount: random.between(1, 9) });
        if (random.chance(0.3) && orders.length > 0)
          return world.admin.post(`/v1/orders/${random.pick(orders).id}/cancel`, { reason: 'chance' });
        return world.order(who, random.pick(concerts).id, random.distinct(random.between(1, 3), 60));
      }));
      assert.ok(answers.every((answer) => answer.status < 300 || answer.status === 409), 'something else went wrong');
      orders.push(...answers.filter((answer) => answer.status === 201).map((answer) => answer.body));
    }
    const events = await dumpLog(world.server.data);
    let moved = 0;
    for (const who of people) {
      const wanted = recompute(events, who.id);
      const items = await walk(who, 100);
      assert.deepEqual(items.map(bare), wanted);
      for (const limit of [1, 7])
        assert.deepEqual((await walk(who, limit)).map(bare), wanted, `limit ${limit}`);
      assert.equal(await world.points(who), items[0].balance);
      assert.equal(items.reduce((sum, item) => sum + item.amount, 0), items[0].balance);
      moved += items.length;
    }
    assert.ok(moved > 100, 'chance has tested nothing');
    for (const type of ['order_paid', 'order_cancelled', 'points_granted'])
      assert.ok(events.some((event) => event.type === type), `no ${type}`);
  });

  it('who buys from himself moves nothing, in one entry', async () => {
    const host = people[0];
    const concert = await world.concert({}, host);
    const had = await world.points(host);
    const order = expectStatus(await world.order(host, concert.id, [0]), 201);
    const [item, before_] = expectStatus(await host.client.get('/v1/users/me/ledger?limit=2'), 200).items;
    assert.deepEqual(bare(item), { seq: order.seq, type: 'order_paid', amount: 0, balance: had, orderId: order.id });
    assert.ok(before_.seq < order.seq);
  });

  it('a walk that is under way is not disturbed by what comes on top', async () => {
    const who = await world.user({ points: 1000 });
    const concert = await world.concert();
    for (let seat = 0; seat < 6; seat++)
      expectStatus(await world.order(who, concert.id, [seat]), 201);
    const whole = await walk(who);
    const page = expectStatus(await who.client.get('/v1/users/me/ledger?limit=3'), 200);
    expectStatus(await world.order(who, concert.id, [7]), 201);
    const rest = expectStatus(await who.client.get(`/v1/users/me/ledger?cursor=${page.nextCursor}`), 200);
    assert.deepEqual([...page.items, ...rest.items], whole);
  });

  it('is one\'s own, and only for those signed in', async () => {
    const who = await world.user();
    assert.equal((await walk(who)).length, 1, 'others have moved much');
    assertProblem(await world.client.get('/v1/users/me/ledger'), 401, 'token_missing');
    for (const cursor of ['7', 'x', '7.', '.7', '0.5', '7.-0', '07.1', '7.1.1', '9007199254740992.1', '7.9007199254740992', '7,1', ''])
      assertInvalid(await who.client.get(`/v1/users/me/ledger?cursor=${cursor}`), ['cursor']);
    assertInvalid(await who.client.get('/v1/users/me/ledger?limit=0'), ['limit']);
    assertInvalid(await who.client.get('/v1/users/me/ledger?user=1'), ['user']);
  });

  it('a cursor that was made up shows no one else\'s, and breaks nothing', async () => {
    const who = await world.user();
    for (const cursor of ['1.0', '2.5', '9007199254740991.9007199254740991', '9007199254740991.-9007199254740991', '5.-1']) {
      const { items } = expectStatus(await who.client.get(`/v1/users/me/ledger?cursor=${cursor}`), 200);
      assert.ok(items.every((item) => item.type === 'user_created' && item.orderId === null), cursor);
    }
  });

  it('is the same after kill -9 and a replay', async () => {
    const had = [];
    for (const who of people)
      had.push(await walk(who));
    world.client.close();
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data, args: ['--rate-limit', '0'] }));
    for (const [i, who] of people.entries()) {
      who.client = world.client.as(who.token);
      assert.deepEqual(await walk(who), had[i]);
    }
  });
});
