/* SPDX-License-Identifier: MIT
 *
 * Support: what an ADMIN reads and cancels for others, and what a host reads
 * of his concerts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertInvalid, assertProblem } from './lib/asserts.mjs';
import { sleep } from './lib/program.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

const TOTALS = ['orders', 'cancelled', 'seats', 'amount', 'refunded'];

describe('support', () => {
  let world;
  let host;
  let user;
  let other;
  before(async () => {
    world = await World.start({ args: ['--rate-limit', '0'] });
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
    other = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  /** Every page: {items, totals of the first}. */
  async function ordersOf(concert, client, limit = 100) {
    const items = [];
    let totals = null;
    for (let cursor = ''; cursor !== null;) {
      const page = expectStatus(await client.get(`/v1/concerts/${concert.id}/orders?limit=${limit}${cursor && `&cursor=${cursor}`}`), 200);
      assertFields(page, ['items', 'totals', 'nextCursor']);
      assertFields(page.totals, TOTALS);
      totals ??= page.totals;
      assert.deepEqual(page.totals, totals, 'the totals are those of all, on every page');
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return { items, totals };
  }

  it('a host reads who bought what, newest first, and the sums', async () => {
    const concert = await world.concert({}, host);
    assert.deepEqual(await ordersOf(concert, host.client), { items: [], totals: { orders: 0, cancelled: 0, seats: 0, amount: 0, refunded: 0 } });
    const made = [];
    for (const [who, seats] of [[user, [0, 10]], [other, [1]], [user, [2, 3]], [host, [19]], [other, [11, 12, 13]]])
      made.unshift(expectStatus(await world.order(who, concert.id, seats), 201));
    const cancelled = expectStatus(await other.client.post(`/v1/orders/${made[3].id}/cancel`), 200);
    const whole = await ordersOf(concert, host.client);
    for (const [i, item] of whole.items.entries()) {
      const { user: buyer, ...order } = item;
      assert.deepEqual(order, i === 3 ? cancelled : made[i]);
      assertFields(buyer, ['id', 'nickname']);
    }
    assert.deepEqual(whole.items.map((item) => item.user.nickname), [other, host, user, other, user].map((who) => who.nickname));
    assert.deepEqual(whole.items.map((item) => item.user.id), [other, host, user, other, user].map((who) => who.id));
    assert.deepEqual(whole.totals, {
      orders: 5,
      cancelled: 1,
      seats: 8,
      amount: made.reduce((sum, order) => sum + order.amount, 0),
      refunded: cancelled.amount,
    });
    for (const limit of [1, 2, 5])
      assert.deepEqual(await ordersOf(concert, host.client, limit), whole);
    assert.deepEqual(await ordersOf(concert, world.admin), whole);
  });

  it('shows no e-mail address of a buyer', async () => {
    const concert = await world.concert({}, host);
    expectStatus(await world.order(user, concert.id, [0]), 201);
    const { text } = await host.client.get(`/v1/concerts/${concert.id}/orders`);
    assert.ok(text.includes(user.nickname));
    assert.doesNotMatch(text, /@example\.org|argon2|password/i);
  });

  it('only his own: not another host\'s, not a buyer\'s', async () => {
    const concert = await world.concert({}, host);
    const rival = await world.user({ role: 'HOST' });
    const path = `/v1/concerts/${concert.id}/orders`;
    assertProblem(await rival.client.get(path), 403, 'not_owner');
    assertProblem(await user.client.get(path), 403, 'not_owner');
    assertProblem(await world.client.get(path), 401, 'token_missing');
    for (const id of ['999999', '0', 'x'])
      assertProblem(await host.client.get(`/v1/concerts/${id}/orders`), 404, 'concert_unknown');
    for (const query of ['limit=0', 'limit=101', 'cursor=x', 'cursor=0'])
      assertInvalid(await host.client.get(`${path}?${query}`), [query.split('=')[0]]);
    assertInvalid(await host.client.get(`${path}?user=1`), ['user']);
  });

  it('a cursor of another concert shows nothing of it', async () => {
    const mine = await world.concert({}, host);
    const theirs = await world.concert();
    expectStatus(await world.order(user, mine.id, [0]), 201);
    const foreign = expectStatus(await world.order(user, theirs.id, [0]), 201);
    for (const cursor of [foreign.id, '4294967295']) {
      const page = expectStatus(await host.client.get(`/v1/concerts/${mine.id}/orders?cursor=${cursor}`), 200);
      assert.ok(page.items.every((item) => item.concertId === mine.id));
    }
  });

  it('an ADMIN reads any order and anyone\'s list; others do not', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    assert.deepEqual(expectStatus(await world.admin.get(`/v1/orders/${order.id}`), 200), order);
    const page = expectStatus(await world.admin.get(`/v1/orders?user=${user.id}&limit=1`), 200);
    assert.deepEqual(page.items, [order]);
    const rest = expectStatus(await world.admin.get(`/v1/orders?user=${user.id}&limit=100&cursor=${page.nextCursor}`), 200);
    assert.deepEqual([order, ...rest.items], await world.orders(user));
    assertProblem(await other.client.get(`/v1/orders?user=${user.id}`), 403, 'role_required');
    assertProblem(await host.client.get(`/v1/orders?user=${user.id}`), 403, 'role_required');
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders?user=${user.id}&limit=1`), 200).items, [order], 'one\'s own needs no role');
    assertProblem(await world.admin.get('/v1/orders?user=999999'), 404, 'user_unknown');
    for (const value of ['x', '0', ''])
      assertInvalid(await world.admin.get(`/v1/orders?user=${value}`), ['user']);
  });

  it('an ADMIN cancels any order, also after the deadline, and says why; the money goes back', async () => {
    const until = Date.now() + 400;
    const concert = await world.concert({ cancelUntil: iso(until) }, host);
    const order = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    const had = [await world.points(user), await world.points(host)];
    await sleep(Math.max(0, until + 60 - Date.now()));
    const path = `/v1/orders/${order.id}/cancel`;
    assertProblem(await user.client.post(path, { reason: 'please' }), 409, 'cancel_closed');
    assertProblem(await host.client.post(path, { reason: 'please' }), 404, 'order_unknown');
    assertProblem(await world.admin.post(path, {}), 409, 'cancel_closed');
    assert.deepEqual([await world.points(user), await world.points(host)], had);
    const done = expectStatus(await world.admin.post(path, { reason: 'goodwill' }), 200);
    assert.equal(done.status, 'CANCEL');
    assert.deepEqual([await world.points(user), await world.points(host)], [had[0] + order.amount, had[1] - order.amount]);
    assertProblem(await world.admin.post(path, { reason: 'again' }), 409, 'already_cancelled');
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders/${order.id}`), 200), done);
    const { items } = expectStatus(await user.client.get('/v1/users/me/ledger?limit=1'), 200);
    assert.equal(items[0].orderId, order.id);
    assert.equal(items[0].amount, order.amount);
  });

  it('whose concert it was may still read it when he is no HOST any more', async () => {
    const former = await world.user({ role: 'HOST' });
    const concert = await world.concert({}, former);
    expectStatus(await world.order(user, concert.id, [0]), 201);
    expectStatus(await world.admin.put(`/v1/users/${former.id}/role`, { role: 'USER' }), 200);
    assert.equal((await ordersOf(concert, former.client)).items.length, 1);
    assertProblem(await former.client.post('/v1/concerts', await world.concertBody()), 403, 'role_required');
  });
});
