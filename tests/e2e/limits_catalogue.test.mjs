/* SPDX-License-Identifier: MIT
 *
 * The catalogue at its limits, with the program's own: 100,000 concerts, one of
 * 200,000 seats, 10 million seats in all, and what a layout may have at most. What is
 * many is made by `bench fill` (the same commands, in batches); what is at the limit
 * goes over HTTP. Each full log is recovered and verified. Times and memory are
 * printed, never judged.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { dropDirectory, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const CONCERTS_MAX = 100_000;
const SEATS_MAX = 10_000_000;
const SEATS_PER_CONCERT_MAX = 200_000;
const ROWS_MAX = 20_000;
const GRADES_MAX = 64;
const ROWS_IN_ALL_MAX = 2_000_000;

async function fill(data, concerts, seats) {
  const result = await run(['bench', 'fill', '--data', data, '--users', '1', '--concerts', String(concerts), '--seats', String(seats)]);
  assert.equal(result.code, 0, result.stderr);
}

async function openWorld(data) {
  const world = new World(await startServer({ data }));
  await world.attach();
  return world;
}

async function timed(t, what, body) {
  const begin = performance.now();
  const result = await body();
  t.diagnostic(`${what}: ${Math.round(performance.now() - begin)} ms`);
  return result;
}

function anonymousMib(world) {
  return Math.round(Number(/^RssAnon:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${world.server.pid}/status`, 'utf8'))[1]) / 1024);
}

/** kill -9, then another server on the same log, which is verified in between. */
async function restart(t, world) {
  world.client.close();
  await world.server.kill();
  const verified = await timed(t, 'log verify', () => run(['log', 'verify', '--data', world.server.data]));
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /^ok: /);
  const server = await timed(t, 'start with recovery', () => startServer({ data: world.server.data }));
  await world.attach(server);
  t.diagnostic(`${anonymousMib(world)} MiB of memory`);
}

/** Every page of the list: {ids, pages}. A page may end early, by its size. */
async function walk(world, query) {
  const ids = [];
  let pages = 0;
  for (let cursor = ''; cursor !== null; pages++) {
    const page = expectStatus(await world.client.get(`/v1/concerts?${query}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`), 200);
    ids.push(...page.items.map(({ id }) => Number(id)));
    cursor = page.nextCursor ?? null;
  }
  return { ids, pages };
}

/** So many rows of equal size in each of so many grades; prices and names differ. */
function gradesOf(count, rows, size) {
  return Array.from({ length: count }, (_, i) => ({ name: `G${i + 1}`, price: 1000 - i, rows: Array(rows).fill(size) }));
}

/* 64 grades, 20,000 rows, 200,000 seats: all three limits of a layout at once. The
 * last grade has what 63 times 312 rows of 10 leave. */
function largestLayout() {
  const rows = Math.floor(ROWS_MAX / GRADES_MAX);
  const grades = gradesOf(GRADES_MAX, rows, 10);
  grades[GRADES_MAX - 1].rows = Array(ROWS_MAX - (GRADES_MAX - 1) * rows).fill(10);
  return grades;
}

const seatsOf = ({ grades }) => grades.reduce((sum, { rows }) => sum + rows.reduce((a, b) => a + b, 0), 0);

describe('100,000 concerts', () => {
  const SAMPLE = 200; /* of them over HTTP */
  const data = makeDirectory('limits');
  let world;
  let last; /* the id of the newest */
  before(async () => {
    await fill(data, CONCERTS_MAX - SAMPLE, 2);
    world = await openWorld(data);
  });
  after(async () => { await world?.stop(); });

  const shape = { grades: [{ name: 'A', price: 5, seats: 2 }] };

  it('are made, and not one more', async (t) => {
    const bodies = [];
    for (let i = 0; i < SAMPLE; i++)
      bodies.push(await world.concertBody({ ...shape, name: `한밤의 공연 ${i}` }));
    const made = await timed(t, `${SAMPLE} over HTTP, all at once`, () => Promise.all(bodies.map((body) => world.admin.post('/v1/concerts', body))));
    const ids = made.map((answer) => Number(expectStatus(answer, 201).id)).sort((a, b) => a - b);
    assert.deepEqual([ids[0], ids[SAMPLE - 1], new Set(ids).size], [CONCERTS_MAX - SAMPLE + 1, CONCERTS_MAX, SAMPLE]);
    last = String(CONCERTS_MAX);
    for (const body of bodies.slice(0, 3)) {
      const problem = assertProblem(await world.admin.post('/v1/concerts', body), 507, 'limit_reached');
      assert.equal(problem.limit, 'concerts');
    }
    assert.equal((await world.client.get(`/v1/concerts/${CONCERTS_MAX + 1}`)).status, 404);
    t.diagnostic(`${anonymousMib(world)} MiB of memory`);
  });

  async function checkList(t) {
    const { ids, pages } = await timed(t, 'a walk through all pages', () => walk(world, ''));
    assert.equal(pages, CONCERTS_MAX / 100);
    assert.equal(ids.length, CONCERTS_MAX);
    assert.ok(ids.every((id, i) => id === CONCERTS_MAX - i), 'newest first, each once');
    const found = await timed(t, 'a search for all of the sample', () => walk(world, `q=${encodeURIComponent('밤의 공')}`));
    assert.deepEqual(found.ids, ids.slice(0, SAMPLE));
  }

  it('are listed, page by page, and found', (t) => checkList(t));

  it('are recovered, verified, sold and still the limit', async (t) => {
    await restart(t, world);
    await checkList(t);
    assert.equal(assertProblem(await world.admin.post('/v1/concerts', await world.concertBody(shape)), 507, 'limit_reached').limit, 'concerts');
    const user = await world.user({ points: 1000 });
    expectStatus(await world.order(user, last, [0, 1]), 201);
    expectStatus(await world.order(user, '1', [1]), 201);
    assert.equal((await world.seats(last)).status, 'xx');
  });
});

describe('200,000 seats in a concert, 10 million in all', () => {
  const data = makeDirectory('limits');
  const first = SEATS_MAX / SEATS_PER_CONCERT_MAX - 1; /* the concerts before ours */
  let world;
  let user;
  let concert;
  before(async () => {
    await fill(data, first, SEATS_PER_CONCERT_MAX);
    world = await openWorld(data);
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  it('one seat, row or grade more than a concert may have is a field error', async () => {
    const refused = async (grades, ...fields) =>
      assertInvalid(await world.admin.post('/v1/concerts', await world.concertBody({ grades })), fields);
    const tooMany = largestLayout();
    tooMany[0].rows[0]++;
    await refused(tooMany, 'grades');
    await refused([{ name: 'A', price: 1, seats: SEATS_PER_CONCERT_MAX + 1 }], 'grades[0].seats');
    await refused(gradesOf(1, ROWS_MAX + 1, 1), 'grades[0].rows');
    await refused(gradesOf(GRADES_MAX + 1, 1, 1), 'grades');
    assert.equal(Number(expectStatus(await world.client.get('/v1/concerts?limit=1'), 200).items[0].id), first);
  });

  it('the largest layout is made: 64 grades, 20,000 rows, 200,000 seats', async (t) => {
    const body = await world.concertBody({ grades: largestLayout() });
    concert = expectStatus(await timed(t, 'POST /v1/concerts', () => world.admin.post('/v1/concerts', body)), 201);
    assert.equal(seatsOf(concert), SEATS_PER_CONCERT_MAX);
    assert.equal(concert.grades.length, GRADES_MAX);
    const shown = expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200);
    assert.deepEqual(shown.grades.map(({ rows }) => rows), body.grades.map(({ rows }) => rows));
    const map = await timed(t, 'its seat map', () => world.seats(concert.id));
    assert.equal(map.status, '.'.repeat(SEATS_PER_CONCERT_MAX));
  });

  it('its first and last seats are sold, and the best are found in it', async () => {
    const end = SEATS_PER_CONCERT_MAX - 1;
    const order = expectStatus(await world.order(user, concert.id, [0, end]), 201);
    assert.deepEqual(order.seats.map(({ seat, label }) => [seat, label]), [[0, 'G1 1-1'], [end, `G64 ${concert.grades[63].rows.length}-10`]]);
    assertProblem(await world.order(user, concert.id, [end + 1]), 422, 'seat_unknown');
    const grade = concert.grades[63];
    const held = expectStatus(await world.hold(user, concert.id, { grade: grade.name, count: 10 }), 201);
    assert.deepEqual(held.seats.map(({ seat }) => seat), Array.from({ length: 10 }, (_, i) => grade.firstSeat + i));
    const { status } = await world.seats(concert.id);
    assert.deepEqual([status[0], status[end], status.slice(grade.firstSeat, grade.firstSeat + 10)], ['x', 'x', 'h'.repeat(10)]);
    assert.equal(status.replaceAll('.', '').length, 12);
  });

  it('with ten million there is no seat more', async () => {
    for (const seats of [1, SEATS_PER_CONCERT_MAX])
      assert.equal(assertProblem(await world.admin.post('/v1/concerts', await world.concertBody({ grades: [{ name: 'A', price: 1, seats }] })),
        507, 'limit_reached').limit, 'seats');
  });

  it('all of it is recovered, verified and sold', async (t) => {
    const before_ = await world.seats(concert.id);
    await restart(t, world);
    user.client = world.client.as(user.token);
    assert.deepEqual(await world.seats(concert.id), before_);
    const { ids } = await walk(world, '');
    assert.deepEqual(ids, Array.from({ length: first + 1 }, (_, i) => first + 1 - i));
    for (const id of ids)
      expectStatus(await world.order(user, String(id), [SEATS_PER_CONCERT_MAX - 2]), 201);
    assert.equal(assertProblem(await world.admin.post('/v1/concerts', await world.concertBody({ grades: [{ name: 'A', price: 1, seats: 1 }] })),
      507, 'limit_reached').limit, 'seats');
    t.diagnostic(`${anonymousMib(world)} MiB of memory`);
  });
});

describe('two million rows, and texts of full length', () => {
  it('are made, and not one row more', async (t) => {
    const data = makeDirectory('limits');
    const world = await openWorld(data);
    const long = (size) => '가'.repeat(Math.floor(size / 3)) + 'x'.repeat(size % 3);
    const body = await world.concertBody({
      name: long(200), description: long(8000), address: long(500), imageUrl: `https://example.org/${'p'.repeat(980)}`, grades: gradesOf(1, ROWS_MAX, 1),
    });
    for (const [field, size] of [['name', 200], ['description', 8000], ['address', 500], ['imageUrl', 1000]])
      assert.equal(Buffer.byteLength(body[field]), size);
    await timed(t, `${ROWS_IN_ALL_MAX / ROWS_MAX} concerts of ${ROWS_MAX} rows`, async () => {
      for (let i = 0; i < ROWS_IN_ALL_MAX / ROWS_MAX; i++)
        expectStatus(await world.admin.post('/v1/concerts', body), 201);
    });
    const more = await world.concertBody({ grades: gradesOf(1, 1, 1) });
    assert.equal(assertProblem(await world.admin.post('/v1/concerts', more), 507, 'limit_reached').limit, 'rows');
    t.diagnostic(`${anonymousMib(world)} MiB of memory`);
    await restart(t, world);
    const shown = expectStatus(await world.client.get('/v1/concerts/100'), 200);
    for (const field of ['name', 'description', 'address', 'imageUrl'])
      assert.equal(shown[field], body[field]);
    assert.equal(seatsOf(shown), ROWS_MAX);
    await world.stop();
  });
});
