/* SPDX-License-Identifier: MIT
 *
 * Categories and concerts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertId, assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { HOUR_MS, World, expectStatus, iso } from './lib/world.mjs';

const FIELDS = ['id', 'seq', 'status', 'category', 'hostId', 'name', 'description', 'imageUrl', 'address', 'runningTime',
  'ageLimit', 'startDate', 'endDate', 'concertDate', 'maxSeatsPerUser', 'holdSeconds', 'cancelUntil', 'noOrphans',
  'grades', 'now', 'createdAt'];

describe('categories', () => {
  let world;
  let user;
  let host;
  before(async () => {
    world = await World.start();
    user = await world.user();
    host = await world.user({ role: 'HOST' });
  });
  after(async () => { await world?.stop(); });

  it('are made by an ADMIN and read by anyone', async () => {
    const answer = await world.admin.post('/v1/categories', { name: 'Clássica 🎻' });
    const made = expectStatus(answer, 201);
    assertFields(made, ['id', 'name']);
    assertId(made.id);
    assert.equal(answer.headers.location, `/v1/categories/${made.id}`);
    const list = expectStatus(await world.client.get('/v1/categories'), 200);
    assert.deepEqual(list.items.find((item) => item.id === made.id), made);
  });

  it('nobody but an ADMIN makes one', async () => {
    assertProblem(await world.client.post('/v1/categories', { name: 'x' }), 401, 'token_missing');
    assertProblem(await user.client.post('/v1/categories', { name: 'x' }), 403, 'role_required');
    assertProblem(await host.client.post('/v1/categories', { name: 'x' }), 403, 'role_required');
  });

  it('a name is there once, and well-formed', async () => {
    await world.category('Jazz');
    assertProblem(await world.admin.post('/v1/categories', { name: 'Jazz' }), 409, 'category_exists');
    for (const name of ['', 'x'.repeat(101), 'a\u0007b', 5, null])
      assertInvalid(await world.admin.post('/v1/categories', { name }), ['name']);
  });

  it('come in pages', async () => {
    for (let i = 0; i < 5; i++)
      await world.category(`page ${i}`);
    const names = [];
    let cursor = null;
    do {
      const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page = expectStatus(await world.client.get(`/v1/categories?limit=2${query}`), 200);
      assert.ok(page.items.length <= 2);
      names.push(...page.items.map((item) => item.name));
      cursor = page.nextCursor;
    } while (cursor);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.filter((name) => name.startsWith('page ')).sort(), ['page 0', 'page 1', 'page 2', 'page 3', 'page 4']);
  });
});

describe('concerts', () => {
  let world;
  let user;
  let host;
  before(async () => {
    world = await World.start();
    user = await world.user();
    host = await world.user({ role: 'HOST' });
  });
  after(async () => { await world?.stop(); });

  const create = async (change, client = host.client) => client.post('/v1/concerts', await world.concertBody(change));

  it('a concert is made by a HOST and read by anyone as it was stated', async () => {
    const body = await world.concertBody({ name: 'Größe & 東京', noOrphans: true, holdSeconds: 60, maxSeatsPerUser: 4 });
    const answer = await host.client.post('/v1/concerts', body);
    const made = expectStatus(answer, 201);
    assert.equal(answer.headers.location, `/v1/concerts/${made.id}`);
    const got = expectStatus(await world.client.get(`/v1/concerts/${made.id}`), 200);
    for (const concert of [made, got]) {
      assertFields(concert, FIELDS);
      assertId(concert.id);
      assert.equal(concert.hostId, host.id);
      assert.equal(concert.status, 'ON_SALE');
      assert.deepEqual(concert.category, { id: body.categoryId, name: 'shared' });
      for (const field of ['name', 'description', 'imageUrl', 'address', 'runningTime', 'ageLimit', 'maxSeatsPerUser', 'holdSeconds', 'noOrphans'])
        assert.deepEqual(concert[field], body[field], field);
      for (const field of ['startDate', 'endDate', 'concertDate'])
        assert.equal(assertTime(concert[field]), Date.parse(body[field]), field);
      assertTime(concert.now);
      assertTime(concert.createdAt);
      assert.deepEqual(concert.grades, [
        { name: 'VIP', price: 100, firstSeat: 0, rows: [5, 5], free: 10, held: 0, sold: 0 },
        { name: 'R', price: 30, firstSeat: 10, rows: [10], free: 10, held: 0, sold: 0 },
      ]);
    }
    assert.equal(made.seq, got.seq);
  });

  it('what is not stated has its default', async () => {
    const body = await world.concertBody({ maxSeatsPerUser: undefined });
    const made = expectStatus(await host.client.post('/v1/concerts', body), 201);
    assert.equal(made.maxSeatsPerUser, 10);
    assert.equal(made.holdSeconds, 300);
    assert.equal(made.noOrphans, false);
    assert.equal(assertTime(made.cancelUntil), Date.parse(body.endDate) - 3 * HOUR_MS, 'three hours, not 10.8 seconds');
  });

  it('cancelUntil is never before endDate of a short sale', async () => {
    const now = Date.now();
    const body = await world.concertBody({ endDate: iso(now + HOUR_MS), startDate: iso(now - HOUR_MS) });
    const made = expectStatus(await host.client.post('/v1/concerts', body), 201);
    assert.equal(assertTime(made.cancelUntil), Date.parse(body.startDate));
  });

  it('times are taken as RFC 3339 with any offset and as Unix seconds', async () => {
    const seconds = Math.floor(Date.now() / 1000) + 7200;
    const made = expectStatus(await create({
      startDate: seconds,
      endDate: new Date((seconds + 60) * 1000).toISOString().replace('Z', '+00:00'),
      concertDate: new Date((seconds + 3600 + 7200) * 1000).toISOString().replace(/\.\d+Z$/, '+02:00'),
    }), 201);
    assert.equal(Date.parse(made.startDate), seconds * 1000);
    assert.equal(Date.parse(made.endDate), (seconds + 60) * 1000);
    assert.equal(Date.parse(made.concertDate), (seconds + 3600) * 1000);
    assert.equal(made.status, 'UPCOMING');
  });

  it('the sales window shows as the status', async () => {
    const now = Date.now();
    const past = await create({ startDate: iso(now - 3 * HOUR_MS), endDate: iso(now - 2 * HOUR_MS), concertDate: iso(now + HOUR_MS) });
    assert.equal(expectStatus(past, 201).status, 'CLOSED');
    const next = await create({ startDate: iso(now + HOUR_MS), endDate: iso(now + 2 * HOUR_MS) });
    assert.equal(expectStatus(next, 201).status, 'UPCOMING');
  });

  it('a USER makes none, nor does nobody', async () => {
    assertProblem(await create({}, user.client), 403, 'role_required');
    assertProblem(await create({}, world.client), 401, 'token_missing');
  });

  it('the role is judged before the category, the body before the role', async () => {
    assertProblem(await create({ categoryId: '99999' }, user.client), 403, 'role_required');
    assertInvalid(await create({ name: '' }, user.client), ['name']);
    assertProblem(await create({ categoryId: '99999' }), 404, 'category_unknown');
  });

  it('all that is wrong is named at once', async () => {
    assertInvalid(await host.client.post('/v1/concerts', {}),
      ['categoryId', 'name', 'address', 'runningTime', 'ageLimit', 'startDate', 'endDate', 'concertDate', 'grades']);
    assertInvalid(await create({ name: '', runningTime: -1, ageLimit: 'TEN', surprise: 1, grades: [{ name: 'A', price: -1, seats: 0 }] }),
      ['name', 'runningTime', 'ageLimit', 'surprise', 'grades[0].price', 'grades[0].seats']);
  });

  it('dates are in order', async () => {
    const now = Date.now();
    assertInvalid(await create({ startDate: iso(now + HOUR_MS), endDate: iso(now) }), ['endDate']);
    assertInvalid(await create({ endDate: iso(now + HOUR_MS), concertDate: iso(now) }), ['concertDate']);
    for (const startDate of ['yesterday', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-01', 1.5, true, null, -5])
      assertInvalid(await create({ startDate }), ['startDate']);
  });

  it('grades are well-formed', async () => {
    assertInvalid(await create({ grades: [] }), ['grades']);
    assertInvalid(await create({ grades: 'VIP' }), ['grades']);
    for (const [grade, field] of [
      [{ name: '', price: 1, seats: 1 }, 'grades[0].name'],
      [{ name: 'A', price: 1.5, seats: 1 }, 'grades[0].price'],
      [{ name: 'A', price: 1e9 + 1, seats: 1 }, 'grades[0].price'],
      [{ name: 'A', price: 1, rows: [] }, 'grades[0].rows'],
      [{ name: 'A', price: 1, rows: [3, 0] }, 'grades[0].rows[1]'],
      [{ price: 1, seats: 1 }, 'grades[0].name'],
      [{ name: 'A', seats: 1 }, 'grades[0].price'],
    ])
      assertInvalid(await create({ grades: [grade] }), [field]);
    assert.equal((await create({ grades: [{ name: 'A', price: 1, seats: 1, rows: [1] }] })).status, 422);
    assert.equal((await create({ grades: [{ name: 'A', price: 1 }] })).status, 422);
    assert.equal((await create({ grades: [{ name: 'A', price: 1, seats: 1 }, { name: 'A', price: 2, seats: 1 }] })).status, 422, 'two grades of one name');
    assert.equal((await create({ grades: [{ name: 'A', price: 1, seats: 200001 }] })).status, 422, 'a larger hall than there may be');
  });

  it('a free seat has the price 0, and a hall may be large', async () => {
    const made = expectStatus(await create({ grades: [{ name: 'A', price: 0, rows: Array(2000).fill(50) }] }), 201);
    assert.equal(made.grades[0].free, 100000);
    assert.equal((await world.seats(made.id)).status.length, 100000);
  });

  it('an unknown concert is 404, and so is what is no id', async () => {
    for (const id of ['99999', '0', '4294967296', '18446744073709551617'])
      assertProblem(await world.client.get(`/v1/concerts/${id}`), 404, 'concert_unknown');
    for (const id of ['x', '-1', '01', '1.0', '%31x'])
      assert.equal((await world.client.get(`/v1/concerts/${id}`)).status, 404, id);
  });

  it('public answers leak nothing of the host', async () => {
    const made = expectStatus(await create({}), 201);
    for (const path of ['/v1/concerts', `/v1/concerts/${made.id}`, `/v1/concerts/${made.id}/seats`]) {
      const { text } = await world.client.get(path);
      assert.doesNotMatch(text, /argon2|password|email|@example/i, path);
    }
  });

  it('the list is newest first, in pages, and filtered by category', async () => {
    const category = await world.category('filtered');
    const ids = [];
    for (let i = 0; i < 5; i++)
      ids.unshift(expectStatus(await create({ categoryId: category.id }), 201).id);
    const seen = [];
    let cursor = null;
    do {
      const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page = expectStatus(await world.client.get(`/v1/concerts?limit=2&category=${category.id}${query}`), 200);
      assert.ok(page.items.length <= 2);
      for (const item of page.items)
        assert.equal(item.category.id, category.id);
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor);
    assert.deepEqual(seen, ids);
    const all = expectStatus(await world.client.get('/v1/concerts?limit=100'), 200).items.map((item) => Number(item.id));
    assert.deepEqual(all, [...all].sort((a, b) => b - a));
  });

  it('a page that is not one is refused', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=-1', 'limit=x', 'limit=1.5', 'limit=', 'cursor=%00', 'cursor=x y', 'category=x', 'limit=1&limit=2', 'unknown=1']) {
      const answer = await world.client.get(`/v1/concerts?${query.replace(' ', '%20')}`);
      assertInvalid(answer, [query.split('=')[0]]);
    }
  });
});
