/* SPDX-License-Identifier: MIT
 *
 * Concerts that are edited, paused, resumed and cancelled: who may, what it changes,
 * and what it never does.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { done, enqueue } from './lib/queue.mjs';
import { World, expectStatus, iso, HOUR_MS } from './lib/world.mjs';

const pathOf = (concert) => `/v1/concerts/${concert.id}`;
const edit = (who, concert, body, options) => who.client.request('PATCH', pathOf(concert), body, options);
const cancel = (who, concert) => who.client.delete(pathOf(concert));
const pause = (who, concert, options) => who.client.post(`${pathOf(concert)}/pause`, undefined, options);
const resume = (who, concert, options) => who.client.post(`${pathOf(concert)}/resume`, undefined, options);
const isReplay = (answer) => answer.headers['idempotency-replayed'] === 'true';

/** But for the time that it was asked at. */
const still = (concert) => ({ ...concert, now: null });

describe('changing concerts', () => {
  let world;
  let host;
  let rival;
  let user;
  let other;
  let admin;
  before(async () => {
    ({ world, user, other } = await World.startWithTwo());
    host = await world.user({ role: 'HOST' });
    rival = await world.user({ role: 'HOST' });
    admin = { client: world.admin };
  });
  after(async () => { await world?.stop(); });

  const get = async (concert) => expectStatus(await world.client.get(pathOf(concert)), 200);
  const ledger = async (who) => expectStatus(await who.client.get('/v1/users/me/ledger?limit=100'), 200).items;

  it('each field by itself, and nothing but it', async () => {
    const concert = await world.concert({}, host);
    const category = await world.category('another');
    const start = Date.parse(concert.startDate);
    const edits = {
      categoryId: category.id, name: '봄의 제전', description: 'Two\nlines', imageUrl: 'https://example.org/other.png',
      address: 'Elsewhere 7', runningTime: 31, ageLimit: 'NINETEEN', startDate: iso(start + 1000),
      endDate: iso(start + 20 * HOUR_MS), concertDate: iso(start + 30 * HOUR_MS), cancelUntil: iso(start + 2000),
      maxSeatsPerUser: 3, holdSeconds: 77, noOrphans: true,
      grades: [{ name: 'S', price: 5, rows: [2, 3] }, { name: 'B', price: 0, seats: 4 }],
    };
    let before_ = await get(concert);
    for (const [field, value] of Object.entries(edits)) {
      const edited = expectStatus(await edit(host, concert, { [field]: value }), 200);
      assert.ok(edited.seq > before_.seq, field);
      assert.deepEqual(still(await get(concert)), still(edited));
      const wanted = { ...before_, seq: edited.seq, now: edited.now };
      if (field === 'categoryId')
        wanted.category = category;
      else if (field === 'grades')
        wanted.grades = [
          { name: 'S', price: 5, firstSeat: 0, rows: [2, 3], free: 5, held: 0, sold: 0 },
          { name: 'B', price: 0, firstSeat: 5, rows: [4], free: 4, held: 0, sold: 0 }];
      else
        wanted[field] = value;
      if (field === 'endDate') /* which nobody had stated: it follows */
        wanted.cancelUntil = iso(start + 17 * HOUR_MS);
      assert.deepEqual(edited, wanted, field);
      before_ = edited;
    }
    assert.deepEqual((await world.seats(concert.id)).status, '.........');
    const taken = expectStatus(await edit(host, concert, { description: null, imageUrl: null, maxSeatsPerUser: null,
      holdSeconds: null, cancelUntil: null, noOrphans: null }), 200);
    assert.deepEqual(taken, { ...before_, seq: taken.seq, now: taken.now, description: '', imageUrl: null,
      maxSeatsPerUser: 10, holdSeconds: 300, cancelUntil: iso(start + 17 * HOUR_MS), noOrphans: false });
    const page = expectStatus(await world.client.get(`/v1/concerts?category=${category.id}`), 200);
    assert.deepEqual(page.items.map(still), [still(taken)]);
  });

  it('all that is wrong is named at once, with its path', async () => {
    const concert = await world.concert({}, host);
    const body = { name: '', address: null, runningTime: 'x', ageLimit: 'TEN', imageUrl: 'nope', holdSeconds: 5, nick: 1,
      startDate: 9, endDate: 8, concertDate: 7, cancelUntil: 10,
      grades: [{ name: 'A', price: -1, rows: [0, 1] }, { name: 'A', price: 1, seats: 1 }] };
    assertInvalid(await edit(host, concert, body), ['name', 'address', 'runningTime', 'ageLimit', 'imageUrl', 'holdSeconds',
      'nick', 'endDate', 'concertDate', 'cancelUntil', 'grades[0].price', 'grades[0].rows[0]', 'grades[1].name']);
    assertInvalid(await edit(host, concert, {}), ['']);
    assertInvalid(await edit(host, concert, { endDate: iso(Date.parse(concert.startDate)) }), ['endDate']);
    assertInvalid(await edit(host, concert, { cancelUntil: iso(Date.parse(concert.endDate) + 1) }), ['cancelUntil']);
    assertInvalid(await world.admin.post('/v1/concerts', await world.concertBody({ runningTime: 0, cancelUntil: iso(Date.now() + 90 * HOUR_MS) })),
      ['runningTime', 'cancelUntil']);
    assertProblem(await edit(host, concert, { categoryId: '9999' }), 404, 'category_unknown');
    assertProblem(await edit(host, concert, '{'), 400, 'malformed_body');
    assert.deepEqual(still(await get(concert)), still(concert));
  });

  it('its host and an ADMIN may, another host and a USER may not', async () => {
    const concert = await world.concert({}, host);
    for (const change of [(who, c) => edit(who, c, { name: 'mine' }), pause, resume, cancel]) {
      assertProblem(await change({ client: world.client }, concert), 401, 'token_missing');
      assertProblem(await change(user, concert), 403, 'role_required');
      assertProblem(await change(rival, concert), 403, 'not_owner');
      assertProblem(await change(host, { id: '9999' }), 404, 'concert_unknown');
      assertProblem(await change(host, { id: 'x' }), 404, 'concert_unknown');
    }
    assert.deepEqual(still(await get(concert)), still(concert));
    expectStatus(await edit(admin, concert, { name: 'theirs' }), 200);
    assert.equal(expectStatus(await pause(admin, concert), 200).status, 'PAUSED');
    assert.equal(expectStatus(await resume(host, concert), 200).status, 'ON_SALE');
    const cancelled = expectStatus(await cancel(admin, concert), 200);
    assert.equal(cancelled.status, 'CANCELLED');
    for (const change of [(who, c) => edit(who, c, { name: 'mine' }), pause, resume, cancel])
      for (const who of [host, admin])
        assertProblem(await change(who, concert), 409, 'concert_cancelled');
    assert.equal((await get(concert)).name, 'theirs');
  });

  it('a host whose role was taken away changes nothing any more', async () => {
    const former = await world.user({ role: 'HOST' });
    const concert = await world.concert({}, former);
    expectStatus(await world.admin.put(`/v1/users/${former.id}/role`, { role: 'USER' }), 200);
    for (const change of [(who, c) => edit(who, c, { name: 'mine' }), pause, resume, cancel])
      assertProblem(await change(former, concert), 403, 'role_required');
    expectStatus(await cancel(admin, concert), 200);
  });

  it('grades are fixed once a seat was held or sold, for good', async () => {
    const grades = [{ name: 'A', price: 3, rows: [4] }];
    const change = async (concert, code) => {
      assertProblem(await edit(host, concert, { name: 'not this', grades: [{ name: 'A', price: 4, rows: [4] }] }), 409, code);
      assertProblem(await edit(host, concert, { grades: [...grades, { name: 'B', price: 1, seats: 1 }] }), 409, code);
      /* Those that it has are no change, however they are written. */
      const same = expectStatus(await edit(host, concert, { name: 'this', grades: [{ name: 'A', price: 3, seats: 4 }] }), 200);
      assert.deepEqual([same.name, same.grades[0].price], ['this', 3]);
    };
    const held = await world.concert({ grades }, host);
    const hold = expectStatus(await world.hold(user, held.id, [1]), 201);
    await change(held, 'seats_fixed');
    expectStatus(await user.client.delete(`/v1/holds/${hold.holdId}`), 204);
    await change(held, 'seats_fixed');
    const sold = await world.concert({ grades }, host);
    const order = expectStatus(await world.order(user, sold.id, [1]), 201);
    await change(sold, 'seats_fixed');
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    await change(sold, 'seats_fixed');
    const refused = await world.concert({ grades }, host); /* nothing was held or sold */
    assertProblem(await world.order(user, refused.id, [9]), 422, 'seat_unknown');
    expectStatus(await edit(host, refused, { grades: [{ name: 'Z', price: 9, rows: [1, 2, 3] }] }), 200);
    const bought = expectStatus(await world.order(user, refused.id, [5]), 201);
    assert.deepEqual(bought.seats, [{ seat: 5, label: 'Z 3-3', grade: 'Z', price: 9 }]);
  });

  it('paused: nothing is held or bought, holds neither; what gives back goes on', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0, 1]), 201);
    const hold = expectStatus(await world.hold(user, concert.id, [2, 3]), 201);
    const second = expectStatus(await world.hold(user, concert.id, [4]), 201);
    const paused = expectStatus(await pause(host, concert), 200);
    assert.equal(paused.status, 'PAUSED');
    assert.deepEqual(paused.grades.map(({ free, held, sold }) => [free, held, sold]), [[5, 3, 2], [10, 0, 0]]);
    assertProblem(await world.order(other, concert.id, [9]), 409, 'sales_paused');
    assertProblem(await world.hold(other, concert.id, [9]), 409, 'sales_paused');
    assertProblem(await world.hold(other, concert.id, { count: 2 }), 409, 'sales_paused');
    assertProblem(await world.buyHold(user, hold.holdId), 409, 'sales_paused');
    expectStatus(await user.client.post(`/v1/holds/${hold.holdId}/extend`), 200);
    expectStatus(await user.client.delete(`/v1/holds/${second.holdId}`), 204);
    assert.equal(expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200).status, 'CANCEL');
    expectStatus(await edit(host, concert, { name: 'Paused' }), 200);
    assert.match((await world.seats(concert.id)).status, /^\.\.hh\.\./);
    assert.equal(expectStatus(await pause(host, concert), 200).status, 'PAUSED');
    assert.equal(expectStatus(await resume(host, concert), 200).status, 'ON_SALE');
    expectStatus(await world.buyHold(user, hold.holdId), 201);
    expectStatus(await world.order(other, concert.id, [9]), 201);
  });

  it('a keyed retry is told what the first was, and does nothing again', async () => {
    const concert = await world.concert({}, host);
    const first = await pause(host, concert, { key: 'once' });
    const again = await pause(host, concert, { key: 'once' });
    assert.ok(!isReplay(first) && isReplay(again));
    assert.deepEqual(still(again.body), still(first.body));
    const resumed = await resume(host, concert, { key: 'once' });
    assert.ok(!isReplay(resumed), 'a key is of its route');
    assert.equal(resumed.body.status, 'ON_SALE');
    expectStatus(await edit(host, concert, { name: 'Later' }), 200);
    const late = await pause(host, concert, { key: 'once' });
    assert.ok(isReplay(late));
    assert.deepEqual(still(late.body), still(first.body));
    assert.equal((await get(concert)).status, 'ON_SALE');
    assertProblem(await world.client.as(host.token).post(`${pathOf(concert)}/pause`, {}, { key: 'once' }), 422, 'idempotency_mismatch');
  });

  it('retries of orders, holds, jobs and the making are the same bytes, whatever was edited since', async () => {
    const body = await world.concertBody();
    const made = await host.client.post('/v1/concerts', body, { key: 'made' });
    const concert = expectStatus(made, 201);
    const ordered = () => world.order(user, concert.id, [0], { key: 'bytes' });
    const held = () => world.hold(user, concert.id, [1], { key: 'bytes' });
    const first = [await ordered(), await held()];
    const cancelled = () => user.client.post(`/v1/orders/${first[0].body.id}/cancel`, { reason: 'x' }, { key: 'bytes' });
    first.push(await cancelled());
    const job = await enqueue(user, { concertId: concert.id, seats: [2] }, { key: 'job-bytes' });
    const told = await done(world, user, job);
    expectStatus(await edit(host, concert, { name: 'Renamed', concertDate: iso(Date.now() + 90 * HOUR_MS) }), 200);
    const check = async () => {
      const again = [await ordered(), await held(), await cancelled()];
      again.forEach((answer, i) => {
        assert.ok(isReplay(answer));
        assert.equal(answer.status, first[i].status);
        assert.equal(answer.text, first[i].text);
      });
      const remade = await host.client.post('/v1/concerts', body, { key: 'made' });
      assert.ok(isReplay(remade));
      assert.equal(remade.text, made.text);
      const same = await enqueue(user, { concertId: concert.id, seats: [2] }, { key: 'job-bytes' });
      assert.equal(same.jobId, job.jobId);
      assert.deepEqual(await done(world, user, same), told);
    };
    await check();
    assert.equal(expectStatus(await user.client.get(`/v1/orders/${first[0].body.id}`), 200).concertName, 'Renamed');
    expectStatus(await pause(host, concert), 200);
    await check();
    expectStatus(await cancel(host, concert), 200);
    await check();
  });

  it('cancelling refunds everybody in one fact, and frees every seat', async () => {
    const concert = await world.concert({}, host);
    const points = { user: await world.points(user), other: await world.points(other), host: await world.points(host) };
    const mine = [expectStatus(await world.order(user, concert.id, [0, 1]), 201), expectStatus(await world.order(user, concert.id, [10]), 201)];
    const theirs = expectStatus(await world.order(other, concert.id, [2]), 201);
    const back = expectStatus(await world.order(other, concert.id, [3]), 201);
    expectStatus(await other.client.post(`/v1/orders/${back.id}/cancel`, {}), 200);
    const before_ = await user.client.get(`/v1/orders/${back.id}`);
    assertProblem(before_, 404, 'order_unknown');
    const hold = expectStatus(await world.hold(user, concert.id, [4, 5]), 201);
    const own = expectStatus(await world.order(host, concert.id, [11], {}), 201); /* of himself: with what he has sold for */
    const cancelled = expectStatus(await cancel(host, concert), 200);
    assert.equal(cancelled.status, 'CANCELLED');
    assert.deepEqual(cancelled.grades.map(({ free, held, sold }) => [free, held, sold]), [[10, 0, 0], [10, 0, 0]]);
    assert.deepEqual(await world.seats(concert.id).then(({ seq, status }) => [seq, status]), [cancelled.seq, '.'.repeat(20)]);
    assert.deepEqual({ user: await world.points(user), other: await world.points(other), host: await world.points(host) }, points);
    for (const [who, order] of [[user, mine[0]], [user, mine[1]], [other, theirs], [host, own]]) {
      const shown = expectStatus(await who.client.get(`/v1/orders/${order.id}`), 200);
      assert.deepEqual(shown, { ...order, status: 'CANCEL', cancelledAt: shown.cancelledAt, seq: cancelled.seq });
      assert.ok(shown.cancelledAt >= order.createdAt);
      assertProblem(await who.client.post(`/v1/orders/${order.id}/cancel`, {}), 409, 'already_cancelled');
    }
    const earlier = expectStatus(await other.client.get(`/v1/orders/${back.id}`), 200);
    assert.ok(earlier.seq < cancelled.seq, 'it was cancelled before, and stays so');
    /* One entry each, without an order; balances add up. */
    for (const [who, amount, balance] of [[user, 230, points.user], [other, 100, points.other], [host, -330, points.host]]) {
      const [last, previous] = await ledger(who);
      assert.deepEqual({ ...last, time: null },
        { seq: cancelled.seq, time: null, type: 'concert_cancelled', amount, balance, orderId: null });
      assert.equal(previous.balance + amount, balance);
    }
    assertProblem(await user.client.get(`/v1/holds/${hold.holdId}`), 404, 'hold_unknown');
    assertProblem(await world.buyHold(user, hold.holdId), 409, 'concert_cancelled');
    assertProblem(await user.client.post(`/v1/holds/${hold.holdId}/extend`), 409, 'concert_cancelled');
    assertProblem(await user.client.delete(`/v1/holds/${hold.holdId}`), 409, 'concert_cancelled');
    assertProblem(await world.order(user, concert.id, [0]), 409, 'concert_cancelled');
    assertProblem(await world.hold(user, concert.id, [0]), 409, 'concert_cancelled');
    const { items, totals } = expectStatus(await host.client.get(`${pathOf(concert)}/orders`), 200);
    assert.equal(items.length, 5);
    assert.ok(items.every(({ status }) => status === 'CANCEL'));
    assert.deepEqual(totals, { orders: 5, cancelled: 5, seats: 0, amount: 460, refunded: 460 });
    /* His limit of seats is of what he has, elsewhere too. */
    expectStatus(await world.order(user, (await world.concert({ maxSeatsPerUser: 1 }, host)).id, [0]), 201);
  });

  it('a host of nothing but cancelled concerts may erase himself', async () => {
    const leaving = await world.user({ role: 'HOST' });
    const concerts = [await world.concert({}, leaving), await world.concert({}, leaving)];
    for (const concert of concerts) {
      assertProblem(await leaving.client.delete('/v1/users/me'), 409, 'has_live_concerts');
      expectStatus(await cancel(leaving, concert), 200);
    }
    expectStatus(await leaving.client.delete('/v1/users/me'), 204);
    assert.equal((await get(concerts[0])).status, 'CANCELLED');
  });

  it('a deadline that was moved counts at once', async () => {
    const concert = await world.concert({}, host);
    const order = expectStatus(await world.order(user, concert.id, [0]), 201);
    expectStatus(await edit(host, concert, { cancelUntil: iso(Date.now() - 1000) }), 200);
    assertProblem(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 409, 'cancel_closed');
    expectStatus(await edit(host, concert, { cancelUntil: null }), 200);
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    expectStatus(await edit(host, concert, { startDate: iso(Date.now() + HOUR_MS) }), 200);
    assertProblem(await world.order(user, concert.id, [0]), 409, 'sales_not_open');
    expectStatus(await edit(host, concert, { startDate: concert.startDate, endDate: iso(Date.now() - 10) }), 200);
    assertProblem(await world.order(user, concert.id, [0]), 409, 'sales_closed');
    expectStatus(await edit(host, concert, { endDate: concert.endDate, maxSeatsPerUser: 1 }), 200);
    assertProblem(await world.order(user, concert.id, [0, 1]), 409, 'seat_limit');
    expectStatus(await world.order(user, concert.id, [0]), 201);
  });

  it('a map of before is not taken for that of now', async () => {
    const concert = await world.concert({}, host);
    const path = `${pathOf(concert)}/seats`;
    const { etag } = (await world.client.get(path)).headers;
    assert.equal((await world.client.get(path, { headers: { 'If-None-Match': etag } })).status, 304);
    expectStatus(await edit(host, concert, { grades: [{ name: 'A', price: 1, seats: 3 }] }), 200);
    const now = await world.client.get(path, { headers: { 'If-None-Match': etag } });
    assert.equal(now.body.status, '...');
    assert.deepEqual(now.body.grades, [{ name: 'A', price: 1, firstSeat: 0, rows: [3] }]);
    assert.equal((await world.client.get(path, { headers: { 'If-None-Match': now.headers.etag } })).status, 304);
  });

  it('a hold is not shortened by who extends it, also if holds are shorter by now', async () => {
    const concert = await world.concert({ holdSeconds: 300 }, host);
    const hold = expectStatus(await world.hold(user, concert.id, [0]), 201);
    expectStatus(await edit(host, concert, { holdSeconds: 150 }), 200);
    const extended = expectStatus(await user.client.post(`/v1/holds/${hold.holdId}/extend`), 200);
    assert.equal(extended.expiresAt, hold.expiresAt);
    expectStatus(await edit(host, concert, { holdSeconds: 10 }), 200);
    assertProblem(await user.client.post(`/v1/holds/${hold.holdId}/extend`), 409, 'hold_extend_limit');
  });
});
