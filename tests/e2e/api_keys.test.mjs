/* SPDX-License-Identifier: MIT
 *
 * Idempotency on every route that makes a fact by POST, across crashes: who
 * never got his first answer gets it by asking again.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { dumpLog, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ARGS = ['--rate-limit', '0'];

describe('idempotency keys', () => {
  let world;
  let host;
  let user;
  let other;
  before(async () => {
    world = await World.start({ args: ARGS });
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
    other = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  async function restart() {
    world.client.close();
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data, args: ARGS }));
    for (const who of [host, user, other])
      who.client = world.client.as(who.token);
  }

  /** A request by each of the routes that make a fact by POST: {who(), path,
   * body, other}; `other` is another body that the route would take. */
  async function requests() {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [19]), 201);
    const concertBody = await world.concertBody();
    return [
      { name: 'orders', who: () => user.client, path: '/v1/orders', body: { concertId: concert.id, seats: [3, 4] }, other: { concertId: concert.id, seats: [5] } },
      { name: 'cancel', who: () => user.client, path: `/v1/orders/${order.id}/cancel`, body: { reason: 'ill' }, other: { reason: 'well' } },
      { name: 'concerts', who: () => host.client, path: '/v1/concerts', body: concertBody, other: { ...concertBody, name: 'Another' } },
      { name: 'categories', who: () => world.admin, path: '/v1/categories', body: { name: `of ${concert.id}` }, other: { name: 'other' } },
      { name: 'grants', who: () => world.admin, path: `/v1/users/${user.id}/points`, body: { amount: 7 }, other: { amount: 8 } },
    ];
  }

  it('every route gives its first success again, also after kill -9, and nothing happens twice', async () => {
    const all = await requests();
    const first = [];
    for (const one of all) {
      first.push(await one.who().post(one.path, one.body, { key: 'same-key' }));
      assert.ok(first.at(-1).status < 300, `${one.name}: ${first.at(-1).text}`);
      assert.equal(first.at(-1).headers['idempotency-replayed'], undefined, one.name);
    }
    const points = await world.points(user);
    const events = (await dumpLog(world.server.data)).length;
    for (const round of ['at once', 'after kill -9']) {
      for (const [i, one] of all.entries()) {
        const again = await one.who().post(one.path, one.body, { key: 'same-key' });
        assert.equal(again.headers['idempotency-replayed'], 'true', `${one.name} ${round}`);
        assert.deepEqual([again.status, again.body, again.headers.location],
          [first[i].status, first[i].body, first[i].headers.location], `${one.name} ${round}`);
        assertProblem(await one.who().post(one.path, one.other, { key: 'same-key' }), 422, 'idempotency_mismatch');
      }
      assert.equal(await world.points(user), points);
      const now = await dumpLog(world.server.data);
      assert.deepEqual(now.slice(events).filter((event) => event.type !== 'server_started'), [], round);
      if (round === 'at once')
        await restart();
    }
  });

  it('a concert\'s replay shows it as it was made, whatever was sold since', async () => {
    const body = await world.concertBody();
    const first = expectStatus(await host.client.post('/v1/concerts', body, { key: 'c' }), 201);
    assert.deepEqual(first.grades.map((grade) => [grade.free, grade.sold]), [[10, 0], [10, 0]]);
    expectStatus(await world.order(user, first.id, [0, 15]), 201);
    const again = await host.client.post('/v1/concerts', body, { key: 'c' });
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(expectStatus(again, 201), first);
    const now = expectStatus(await world.client.get(`/v1/concerts/${first.id}`), 200);
    assert.deepEqual(now.grades.map((grade) => grade.free), [9, 9]);
  });

  /** Sends a request and never looks at its answer; resolves when it is known
   * to be durable, by `seen`. */
  async function lose(client, path, body, key, seen) {
    const bytes = JSON.stringify(body);
    const request = http.request({ host: world.server.host, port: world.server.port, method: 'POST', path,
      headers: { Authorization: `Bearer ${client.token}`, 'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(bytes), 'Idempotency-Key': key } });
    request.on('error', () => {});
    request.on('response', (response) => response.destroy());
    request.end(bytes);
    while (!(await seen()))
      await sleep(2);
    request.destroy();
  }

  it('an order whose first answer was lost is found again by its key, and made once', async () => {
    const concert = await world.concert({}, host);
    const had = await world.points(user);
    const body = { concertId: concert.id, seats: [0, 1] };
    await lose(user.client, '/v1/orders', body, 'lost', async () => (await world.seats(concert.id)).status.startsWith('xx'));
    await restart();
    const answer = await user.client.post('/v1/orders', body, { key: 'lost' });
    const order = expectStatus(answer, 201);
    assert.equal(answer.headers['idempotency-replayed'], 'true');
    assert.equal(await world.points(user), had - order.amount);
    assert.deepEqual((await world.orders(user))[0], order);
    assertProblem(await user.client.post('/v1/orders', { ...body, seats: [0] }, { key: 'lost' }), 422, 'idempotency_mismatch');
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders/${order.id}`), 200), order);
  });

  it('a cancel whose first answer was lost refunds once', async () => {
    const concert = await world.concert({}, host);
    const had = await world.points(user);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    const path = `/v1/orders/${order.id}/cancel`;
    await lose(user.client, path, { reason: 'x' }, 'lost-cancel', async () => (await world.seats(concert.id)).status.startsWith('.'));
    await restart();
    const answer = await user.client.post(path, { reason: 'x' }, { key: 'lost-cancel' });
    assert.equal(answer.headers['idempotency-replayed'], 'true');
    assert.equal(expectStatus(answer, 200).status, 'CANCEL');
    assert.equal(await world.points(user), had);
    assertProblem(await user.client.post(path, { reason: 'x' }), 409, 'already_cancelled');
  });

  it('a grant whose first answer was lost is given once', async () => {
    const had = await world.points(other);
    const path = `/v1/users/${other.id}/points`;
    await lose(world.admin, path, { amount: 9 }, 'lost-grant', async () => (await world.points(other)) === had + 9);
    await restart();
    const answer = await world.admin.post(path, { amount: 9 }, { key: 'lost-grant' });
    assert.equal(answer.headers['idempotency-replayed'], 'true');
    assert.equal(expectStatus(answer, 200).points, had + 9);
    assert.equal(await world.points(other), had + 9);
  });

  it('a retry that meets its first request under way is the same one', async () => {
    const concert = await world.concert({}, host);
    const body = { concertId: concert.id, seats: [0] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => user.client.post('/v1/orders', body, { key: 'storm' })));
    const orders = answers.map((answer) => expectStatus(answer, 201));
    assert.equal(new Set(orders.map((order) => order.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.headers['idempotency-replayed'] === 'true').length, 19);
  });

  it('the 65th key forgets the oldest, also after a replay', async () => {
    const someone = await world.user();
    const grant = async (key) => (await world.admin.post(`/v1/users/${someone.id}/points`, { amount: 1 }, { key })).headers['idempotency-replayed'] === 'true';
    for (let key = 0; key < 65; key++)
      assert.equal(await grant(`k${key}`), false);
    await restart();
    assert.equal(await grant('k64'), true);
    assert.equal(await grant('k1'), true);
    assert.equal(await grant('k0'), false, 'the oldest of 65 is still known');
    assert.equal(await grant('k1'), false, 'the oldest of 65 is still known');
    assert.equal(await world.points({ client: world.client.as((await world.login(someone.email)).accessToken) }), 67);
  });

  it('keys of two users do not meet', async () => {
    const concert = await world.concert({}, host);
    const mine = await user.client.post('/v1/orders', { concertId: concert.id, seats: [0] }, { key: 'ours' });
    const theirs = await other.client.post('/v1/orders', { concertId: concert.id, seats: [1] }, { key: 'ours' });
    for (const answer of [mine, theirs])
      assert.equal(answer.headers['idempotency-replayed'], undefined);
    assert.notEqual(expectStatus(mine, 201).id, expectStatus(theirs, 201).id);
    const again = await other.client.post('/v1/orders', { concertId: concert.id, seats: [1] }, { key: 'ours' });
    assert.deepEqual(expectStatus(again, 201), theirs.body);
    assertProblem(await other.client.post('/v1/orders', { concertId: concert.id, seats: [0] }, { key: 'ours' }), 422, 'idempotency_mismatch');
  });

  it('a key is nothing to who has no right', async () => {
    const path = `/v1/users/${user.id}/points`;
    expectStatus(await world.admin.post(path, { amount: 3 }, { key: 'right' }), 200);
    assertProblem(await user.client.post(path, { amount: 3 }, { key: 'right' }), 403, 'role_required');
    const deputy = await world.user({ role: 'ADMIN' });
    expectStatus(await deputy.client.post(path, { amount: 3 }, { key: 'deputy' }), 200);
    expectStatus(await world.admin.put(`/v1/users/${deputy.id}/role`, { role: 'USER' }), 200);
    assertProblem(await deputy.client.post(path, { amount: 3 }, { key: 'deputy' }), 403, 'role_required');
  });
});
