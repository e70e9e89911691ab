/* SPDX-License-Identifier: MIT
 *
 * Erasing oneself: the person goes, the facts stay.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { dumpLog, run, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus, iso } from './lib/world.mjs';

const erase = (who) => who.client.request('DELETE', '/v1/users/me');

describe('erasing oneself', () => {
  let world;
  let host;
  before(async () => {
    world = await World.start({ args: ['--rate-limit', '0'] });
    host = await world.user({ role: 'HOST' });
  });
  after(async () => { await world?.stop(); });

  /** The sum that all points must have: what was ever given. */
  async function granted() {
    const events = await dumpLog(world.server.data);
    return events.reduce((sum, { type, data }) =>
      sum + (type === 'user_created' ? data.points : type === 'points_granted' ? data.amount : 0), 0);
  }

  it('ends the tokens, and the log-in', async () => {
    const who = await world.user({ points: 100 });
    const pair = await world.login(who.email);
    const answer = await erase(who);
    assert.equal(expectStatus(answer, 204), null);
    assert.equal(answer.text, '');
    for (const token of [who.token, pair.accessToken])
      assertProblem(await world.client.as(token).get('/v1/users/me'), 401, 'token_invalid');
    assertProblem(await erase(who), 401, 'token_invalid');
    assertProblem(await world.client.post('/v1/auth/refresh', { refreshToken: pair.refreshToken }), 401, 'refresh_invalid');
    assertProblem(await world.client.post('/v1/auth/login', { email: who.email, password: PASSWORD }), 401, 'login_failed');
  });

  it('whatever he asks is token_invalid, whatever is asked about him user_unknown', async () => {
    const who = await world.user({ points: 1000 });
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(who, concert.id, [0]), 201);
    expectStatus(await erase(who), 204);
    for (const answer of [
      await who.client.get('/v1/orders'),
      await who.client.get(`/v1/orders/${order.id}`),
      await who.client.get('/v1/users/me/ledger'),
      await world.order(who, concert.id, [1]),
      await who.client.post(`/v1/orders/${order.id}/cancel`),
      await who.client.request('PATCH', '/v1/users/me', { nickname: 'ghost' }),
      await who.client.get('/v1/users'),
      await who.client.get(`/v1/concerts/${concert.id}/orders`),
    ])
      assertProblem(answer, 401, 'token_invalid');
    assertProblem(await world.admin.post(`/v1/users/${who.id}/points`, { amount: 5 }), 404, 'user_unknown');
    assertProblem(await world.admin.put(`/v1/users/${who.id}/role`, { role: 'HOST' }), 404, 'user_unknown');
    const listed = expectStatus(await world.admin.get('/v1/users?limit=100'), 200).items;
    assert.ok(listed.some((one) => one.id === host.id));
    assert.ok(!listed.some((one) => one.id === who.id), 'is still listed');
  });

  it('his orders stay, for the host and an ADMIN, without his name', async () => {
    const who = await world.user({ points: 1000, name: 'remember-me' });
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(who, concert.id, [0, 1]), 201);
    const path = `/v1/concerts/${concert.id}/orders`;
    const before_ = expectStatus(await host.client.get(path), 200);
    assert.deepEqual(before_.items[0].user, { id: who.id, nickname: who.nickname });
    expectStatus(await erase(who), 204);
    const after_ = await host.client.get(path);
    const page = expectStatus(after_, 200);
    assert.deepEqual(page.items, [{ ...order, user: { id: who.id, nickname: null } }]);
    assert.deepEqual(page.totals, before_.totals, 'the sums have changed');
    assert.doesNotMatch(after_.text, /remember-me/);
    assert.deepEqual(expectStatus(await world.admin.get(`/v1/orders/${order.id}`), 200), order);
    assert.deepEqual(expectStatus(await world.admin.get(`/v1/orders?user=${who.id}`), 200).items, [order]);
    assert.equal((await world.seats(concert.id)).status.slice(0, 3), 'xx.', 'his seats are still his');
  });

  it('an ADMIN may still cancel them, and the points still add up', async () => {
    const who = await world.user({ points: 1000 });
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(who, concert.id, [0, 1]), 201);
    const had = await world.points(host);
    expectStatus(await erase(who), 204);
    expectStatus(await world.admin.post(`/v1/orders/${order.id}/cancel`, { reason: 'unused' }), 200);
    assert.equal(await world.points(host), had - order.amount, 'the host gives back');
    assert.equal((await world.seats(concert.id)).status.slice(0, 2), '..');
    const seller = expectStatus(await host.client.get('/v1/users/me/ledger?limit=1'), 200).items[0];
    assert.deepEqual([seller.orderId, seller.amount], [order.id, -order.amount]);
    const shown = await run(['replay', '--data', world.server.data, '--show', 'points']);
    assert.equal(shown.code, 0, shown.stderr);
    const total = /^total (-?\d+)$/m.exec(shown.stdout);
    assert.equal(Number(total?.[1]), await granted(), `points were lost or made:\n${shown.stdout}`);
  });

  it('the e-mail can sign up again, as somebody else', async () => {
    const who = await world.user({ points: 500 });
    expectStatus(await world.order(who, (await world.concert({}, host)).id, [0]), 201);
    expectStatus(await erase(who), 204);
    const again = expectStatus(await world.client.post('/v1/users', { email: who.email, password: PASSWORD, nickname: 'again' }), 201);
    assert.notEqual(again.id, who.id);
    assert.equal(again.points, 0);
    const fresh = { client: world.client.as((await world.login(who.email)).accessToken) };
    assert.deepEqual(await world.orders(fresh), [], 'the old orders are not the new person\'s');
    assertProblem(await who.client.get('/v1/users/me'), 401, 'token_invalid');
  });

  it('the last ADMIN stays; one of two may go', async () => {
    assertProblem(await world.admin.request('DELETE', '/v1/users/me'), 409, 'last_admin');
    expectStatus(await world.admin.get('/v1/users/me'), 200);
    const deputy = await world.user({ role: 'ADMIN' });
    expectStatus(await erase(deputy), 204);
    assertProblem(await world.admin.request('DELETE', '/v1/users/me'), 409, 'last_admin');
  });

  it('two ADMINs who go at once leave one', async () => {
    const deputies = [await world.user({ role: 'ADMIN' }), await world.user({ role: 'ADMIN' })];
    const me = expectStatus(await world.admin.get('/v1/users/me'), 200);
    expectStatus(await deputies[0].client.put(`/v1/users/${me.id}/role`, { role: 'HOST' }), 200);
    const answers = await Promise.all(deputies.map(erase));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 409]);
    const left = deputies[answers.findIndex((answer) => answer.status === 409)];
    assertProblem(answers.find((answer) => answer.status === 409), 409, 'last_admin');
    expectStatus(await left.client.put(`/v1/users/${me.id}/role`, { role: 'ADMIN' }), 200);
    expectStatus(await erase(left), 204);
  });

  it('a host with a live concert stays, until it is over', async () => {
    const someone = await world.user({ role: 'HOST' });
    const over = Date.now() + 700;
    await world.concert({ endDate: iso(over - 100), concertDate: iso(over), cancelUntil: iso(over - 200) }, someone);
    assertProblem(await erase(someone), 409, 'has_live_concerts');
    await sleep(Math.max(0, over + 60 - Date.now()));
    expectStatus(await erase(someone), 204);
  });

  it('kill -9 right after the answer takes nothing back', async () => {
    const who = await world.user({ points: 300 });
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(who, concert.id, [5]), 201);
    expectStatus(await erase(who), 204);
    world.client.close();
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data, args: ['--rate-limit', '0'] }));
    for (const one of [who, host])
      one.client = world.client.as(one.token);
    assertProblem(await who.client.get('/v1/users/me'), 401, 'token_invalid');
    assertProblem(await world.client.post('/v1/auth/login', { email: who.email, password: PASSWORD }), 401, 'login_failed');
    const { items } = expectStatus(await host.client.get(`/v1/concerts/${concert.id}/orders`), 200);
    assert.deepEqual(items, [{ ...order, user: { id: who.id, nickname: null } }]);
    expectStatus(await world.client.post('/v1/users', { email: who.email, password: PASSWORD, nickname: 'back' }), 201);
  });

  it('the log tells that it happened, and nothing of the person', async () => {
    const who = await world.user({ name: 'nobody-knows' });
    expectStatus(await erase(who), 204);
    const dump = await run(['log', 'dump', '--data', world.server.data]);
    assert.equal(dump.code, 0, dump.stderr);
    assert.doesNotMatch(dump.stdout, /nobody-knows|@example\.org/);
    const events = dump.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const fact = events.findLast((event) => event.type === 'user_erased');
    assert.equal(String(fact.data.user), who.id);
    assert.equal(String(fact.actor), who.id);
    const verified = await run(['log', 'verify', '--data', world.server.data]);
    assert.equal(verified.code, 0, verified.stderr);
  });
});
