/* SPDX-License-Identifier: MIT
 *
 * Faults that were reproduced in the system which inspired this one, each by
 * name. Details are tested elsewhere; here stands that none of them is back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

describe('regressions', () => {
  let world;
  let host;
  let user;
  before(async () => {
    world = await World.start({ args: ['--io-threads', '2', '--rate-limit', '0'] });
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  it('100 seats asked for 4 times each at once: every one is sold once (27 were sold twice)', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100 }] }, host);
    const answers = await Promise.all(Array.from({ length: 400 }, (_, i) => world.order(user, concert.id, [i % 100])));
    assert.equal(answers.filter((answer) => answer.status === 201).length, 100);
    const sold = answers.filter((answer) => answer.status === 201).map((answer) => answer.body.seats[0].seat);
    assert.equal(new Set(sold).size, 100);
    assert.equal((await world.seats(concert.id)).status, 'x'.repeat(100));
  });

  it('concurrent orders and grants neither make nor lose points', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 7, seats: 100 }] }, host);
    const had = (await world.points(user)) + (await world.points(host));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 4 === 3
      ? world.admin.post(`/v1/users/${user.id}/points`, { amount: 3 })
      : world.order(user, concert.id, [i]))));
    assert.ok(answers.every((answer) => answer.status < 300));
    assert.equal((await world.points(user)) + (await world.points(host)), had + 25 * 3);
  });

  it('100 concurrent cancels of 10 orders refund each once (88 of 100 were refunded more)', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 7, seats: 10 }] }, host);
    const had = await world.points(user);
    const orders = [];
    for (let seat = 0; seat < 10; seat++)
      orders.push(expectStatus(await world.order(user, concert.id, [seat]), 201));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      user.client.post(`/v1/orders/${orders[i % 10].id}/cancel`, {})));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 10);
    assert.equal(answers.filter((answer) => answer.body.code === 'already_cancelled').length, 90);
    assert.equal(await world.points(user), had);
  });

  it('the amount is checked: negative does not pay the buyer, 0 does not buy', async () => {
    const concert = await world.concert({}, host);
    const had = await world.points(user);
    assertProblem(await world.order(user, concert.id, [0], { body: { amount: -1000 } }), 422, 'validation_failed');
    assertProblem(await world.order(user, concert.id, [0], { body: { amount: 0 } }), 409, 'amount_mismatch');
    assert.equal(await world.points(user), had);
  });

  it('seats of another concert are not accepted, unknown ones not dropped', async () => {
    const small = await world.concert({ grades: [{ name: 'A', price: 1, seats: 5 }] }, host);
    assertProblem(await world.order(user, small.id, [4, 5]), 422, 'seat_unknown');
    assert.equal((await world.seats(small.id)).status, '.....');
  });

  it('the amounts that are checked are those of one\'s own sale too: an ADMIN pays what the seats cost', async () => {
    const concert = await world.concert();
    assertProblem(await world.order({ client: world.admin }, concert.id, [0], { body: { amount: 1 } }), 409, 'amount_mismatch');
  });

  it('points are not lost or made by concurrent updates: every ledger adds up to its balance', async () => {
    const rival = await world.user({ role: 'HOST', points: 1000 });
    const concerts = [await world.concert({ grades: [{ name: 'A', price: 7, seats: 60 }] }, host),
      await world.concert({ grades: [{ name: 'A', price: 5, seats: 60 }] }, rival)];
    const made = (await Promise.all(Array.from({ length: 60 }, (_, i) => world.order(i % 3 ? user : rival, concerts[i % 2].id, [i]))))
      .map((answer) => expectStatus(answer, 201));
    await Promise.all(Array.from({ length: 120 }, (_, i) => (i % 4 === 0
      ? world.admin.post(`/v1/users/${[user, host, rival][i % 3].id}/points`, { amount: 3 })
      : world.admin.post(`/v1/orders/${made[i % 60].id}/cancel`, { reason: 'at once' }))));
    for (const who of [user, host, rival]) {
      let sum = 0;
      for (let cursor = ''; cursor !== null;) {
        const page = expectStatus(await who.client.get(`/v1/users/me/ledger?limit=100${cursor && `&cursor=${cursor}`}`), 200);
        sum += page.items.reduce((all, item) => all + item.amount, 0);
        cursor = page.nextCursor;
      }
      assert.equal(sum, await world.points(who));
    }
  });

  it('no order is refunded twice by its buyer and an ADMIN at once', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 7, seats: 20 }] }, host);
    const had = await world.points(user);
    const orders = [];
    for (let seat = 0; seat < 20; seat++)
      orders.push(expectStatus(await world.order(user, concert.id, [seat]), 201));
    const answers = await Promise.all(Array.from({ length: 80 }, (_, i) =>
      (i % 2 ? user.client : world.admin).post(`/v1/orders/${orders[i % 20].id}/cancel`, { reason: 'both' })));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 20);
    assert.equal(await world.points(user), had);
    const { totals } = expectStatus(await host.client.get(`/v1/concerts/${concert.id}/orders`), 200);
    assert.deepEqual(totals, { orders: 20, cancelled: 20, seats: 0, amount: 140, refunded: 140 });
  });

  it('a role that is taken away counts at once, with the token that was issued before', async () => {
    const deputy = await world.user({ role: 'ADMIN' });
    const former = await world.user({ role: 'HOST' });
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    expectStatus(await deputy.client.get('/v1/users'), 200);
    expectStatus(await world.admin.put(`/v1/users/${deputy.id}/role`, { role: 'USER' }), 200);
    expectStatus(await world.admin.put(`/v1/users/${former.id}/role`, { role: 'USER' }), 200);
    assertProblem(await deputy.client.get('/v1/users'), 403, 'role_required');
    assertProblem(await deputy.client.get(`/v1/orders?user=${user.id}`), 403, 'role_required');
    assertProblem(await deputy.client.get(`/v1/orders/${order.id}`), 404, 'order_unknown');
    assertProblem(await deputy.client.post(`/v1/orders/${order.id}/cancel`, { reason: 'mine' }), 404, 'order_unknown');
    assertProblem(await deputy.client.get(`/v1/concerts/${concert.id}/orders`), 403, 'not_owner');
    assertProblem(await deputy.client.post('/v1/categories', { name: 'late' }), 403, 'role_required');
    assertProblem(await former.client.post('/v1/concerts', await world.concertBody()), 403, 'role_required');
  });

  it('nobody makes himself HOST or ADMIN', async () => {
    for (const role of ['HOST', 'ADMIN']) {
      assertProblem(await user.client.put(`/v1/users/${user.id}/role`, { role }), 403, 'role_required');
      assertProblem(await user.client.put('/v1/users/me/role', { role }), 403, 'role_required');
      assertProblem(await host.client.put(`/v1/users/${host.id}/role`, { role }), 403, 'role_required');
      assertProblem(await user.client.request('PATCH', '/v1/users/me', { role }), 422, 'validation_failed');
      assertProblem(await world.client.post('/v1/auth/login', { email: user.email, password: PASSWORD, role }), 422, 'validation_failed');
    }
    assert.equal(expectStatus(await user.client.get('/v1/users/me'), 200).role, 'USER');
    assert.equal(expectStatus(await host.client.get('/v1/users/me'), 200).role, 'HOST');
  });

  it('public answers leak no hash and no e-mail', async () => {
    await world.concert({}, host);
    const { text } = await world.client.get('/v1/concerts?limit=100');
    assert.ok(text.includes(`"hostId":"${host.id}"`));
    assert.ok(!text.includes(host.email) && !/argon2|password/i.test(text));
  });

  it('nobody registers as ADMIN', async () => {
    const answer = await world.client.post('/v1/users', { email: 'evil@example.org', password: PASSWORD, nickname: 'evil', role: 'ADMIN' });
    assertProblem(answer, 422, 'validation_failed');
    assertProblem(await world.client.post('/v1/auth/login', { email: 'evil@example.org', password: PASSWORD }), 401, 'login_failed');
  });

  it('categories need a log-in', async () => {
    assertProblem(await world.client.post('/v1/categories', { name: 'free for all' }), 401, 'token_missing');
  });

  it('sale dates count', async () => {
    const now = Date.now();
    const later = await world.concert({ startDate: new Date(now + 5000).toISOString() }, host);
    assertProblem(await world.order(user, later.id, [0]), 409, 'sales_not_open');
  });

  it('bad input is never a 500', async () => {
    for (const answer of [
      await user.client.get('/v1/orders/123456'),
      await world.order(user, '1', []),
      await world.order(user, '1', [999999]),
      await user.client.get('/v1/orders?limit=-1'),
      await world.client.get('/v1/concerts?limit=-1'),
      await world.client.get('/v1/concerts/%00'),
      await user.client.post('/v1/orders', 'null'),
      await world.admin.get('/v1/users?limit=-1'),
      await world.admin.get('/v1/users?cursor=-1'),
      await world.admin.get('/v1/orders?user=-1'),
      await user.client.get('/v1/users/me/ledger?cursor=%00'),
      await user.client.get('/v1/users/me/ledger?cursor=99999999999999999999.1'),
      await host.client.get('/v1/concerts/123456/orders'),
      await user.client.request('PATCH', '/v1/users/me', 'null'),
      await user.client.request('PATCH', '/v1/users/me', '{"nickname":{}}'),
      await world.admin.put('/v1/users/4294967296/role', { role: 'HOST' }),
      await world.admin.post('/v1/users/%00/points', { amount: 1 }),
    ])
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
  });

  it('an ADMIN buys at his own concert', async () => {
    const admin = expectStatus(await world.admin.get('/v1/users/me'), 200);
    expectStatus(await world.admin.post(`/v1/users/${admin.id}/points`, { amount: 1000 }), 200);
    const concert = await world.concert();
    expectStatus(await world.admin.post('/v1/orders', { concertId: concert.id, seats: [0] }), 201);
    assert.equal(await world.points({ client: world.admin }), 1000, 'who sells to himself neither gains nor loses');
  });

  it('the cancel deadline is 3 hours before the end, not 10.8 seconds', async () => {
    const concert = await world.concert({}, host);
    assert.equal(Date.parse(concert.endDate) - Date.parse(concert.cancelUntil), 3 * 3600 * 1000);
  });
});
