/* SPDX-License-Identifier: MIT
 *
 * The demo: it shows what it is to show, it is the same every time, and a
 * program that is killed while it makes it leaves the whole or nothing.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { SHIM, dropDirectory, dumpLog, makeDirectory, sleep } from './lib/program.mjs';
import { Random } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { KIND, ROLE, readTrace } from './lib/trace.mjs';
import { eachCut } from './lib/traced.mjs';
import { expectStatus } from './lib/world.mjs';

const DAY_MS = 24 * 3600 * 1000;
const PASSWORD = 'stage-pick-demo';
const KILLS = 12;

const demoServer = (options = {}) => startServer({ admin: false, args: ['--demo'], ...options });

/** The log without what differs from start to start. */
async function factsOf(data) {
  return (await dumpLog(data)).filter((event) => event.type !== 'server_started');
}

/** Runs of free seats in the rows of a concert, as lengths. */
function freeRuns(concert, status) {
  const runs = [];
  for (const grade of concert.grades) {
    let first = grade.firstSeat;
    for (const size of grade.rows) {
      runs.push(...status.slice(first, first + size).split(/[^.]+/).filter(Boolean).map((run) => run.length));
      first += size;
    }
  }
  return runs;
}

const seatsOf = (concert) => concert.grades.reduce((sum, { rows }) => sum + rows.reduce((a, b) => a + b, 0), 0);
const sum = (concert, what) => concert.grades.reduce((total, grade) => total + grade[what], 0);

describe('the demo', () => {
  let server;
  let client;
  let concerts;
  let onSale; /* of them: open, and neither paused nor cancelled */
  let dropped; /* the cancelled one */
  const people = {};
  before(async () => {
    server = await demoServer();
    client = new Client(server);
    const { items } = expectStatus(await client.get('/v1/concerts?limit=100'), 200);
    concerts = [];
    for (const { id } of items)
      concerts.push(expectStatus(await client.get(`/v1/concerts/${id}`), 200));
    const facts = await factsOf(server.data);
    const idsOf = (type) => facts.filter((event) => event.type === type).map(({ data }) => String(data.concert));
    dropped = concerts.find(({ id }) => idsOf('concert_cancelled').includes(id));
    onSale = concerts.filter(({ id, startDate }) => !idsOf('concert_paused').includes(id) && id !== dropped.id && Date.parse(startDate) <= Date.now());
    for (let i = 0; i < 400 && !/curl/.test(server.stderr()); i++)
      await sleep(5);
    for (const [, role, email] of server.stderr().matchAll(/^ {2}(ADMIN|HOST|USER) +(\S+)$/gm)) {
      const login = expectStatus(await client.post('/v1/auth/login', { email, password: PASSWORD }), 200);
      people[email] = { ...login.user, printed: role, client: client.as(login.accessToken) };
    }
  });
  after(async () => {
    client?.close();
    if (server) {
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      dropDirectory(server.data);
    }
  });

  it('prints log-ins of all roles that work, and how long it took', (t) => {
    const roles = Object.values(people).map(({ role }) => role);
    assert.deepEqual(roles, ['ADMIN', 'HOST', 'HOST', 'USER']);
    for (const person of Object.values(people))
      assert.equal(person.printed, person.role);
    const made = /filled in the demo: (\d+) users, (\d+) concerts, (\d+) orders, [\d.]+ s/.exec(server.stderr());
    assert.ok(made, server.stderr());
    assert.equal(Number(made[2]), concerts.length);
    t.diagnostic(made[0]);
  });

  it('has a concert of every status that sales can be in', () => {
    const statuses = new Set(concerts.map(({ status }) => status));
    for (const status of ['UPCOMING', 'ON_SALE', 'PAUSED', 'CANCELLED'])
      assert.ok(statuses.has(status), `none is ${status}`);
    assert.equal(dropped.status, 'CANCELLED');
    for (const concert of onSale)
      assert.equal(concert.status, 'ON_SALE', concert.name);
    for (const concert of concerts) {
      assert.ok(Date.parse(concert.endDate) > Date.now() + 14 * DAY_MS, `${concert.name} is over soon`);
      assert.ok(concert.description.length > 20 && concert.address.length > 5, concert.name);
    }
    assert.ok(new Set(concerts.map(({ hostId }) => hostId)).size === 2, 'not two hosts');
  });

  it('speaks Korean and English, in concerts and categories', async () => {
    const categories = expectStatus(await client.get('/v1/categories'), 200).items ?? expectStatus(await client.get('/v1/categories'), 200);
    for (const list of [concerts, categories]) {
      assert.ok(list.some(({ name }) => /[가-힣]/.test(name)), 'no Korean name');
      assert.ok(list.some(({ name }) => /^[ -~]+$/.test(name)), 'no English name');
    }
    const used = new Set(concerts.map(({ category }) => category.name));
    assert.equal(used.size, categories.length, 'a category without a concert');
  });

  it('has one nearly sold out, one sold out, and one of 20,000 seats', async () => {
    const soldOut = onSale.filter((concert) => sum(concert, 'free') === 0);
    assert.equal(soldOut.length, 1);
    assert.equal(sum(soldOut[0], 'sold'), seatsOf(soldOut[0]));
    const nearly = onSale.filter((concert) => sum(concert, 'free') > 0 && sum(concert, 'free') <= 20);
    assert.equal(nearly.length, 1);
    const map = expectStatus(await client.get(`/v1/concerts/${nearly[0].id}/seats`), 200);
    const runs = freeRuns(nearly[0], map.status);
    assert.ok(runs.includes(1) && runs.includes(2) && Math.max(...runs) === 2, `runs of ${runs}`);
    const large = concerts.find((concert) => seatsOf(concert) === 20000);
    assert.ok(large, 'none has 20,000 seats');
    assert.ok(large.grades.length >= 4 && new Set(large.grades.flatMap(({ rows }) => rows)).size > 20, 'no real hall');
    assert.ok(sum(large, 'sold') > 4000 && sum(large, 'free') > 8000 && sum(large, 'held') > 0);
    const largeMap = expectStatus(await client.get(`/v1/concerts/${large.id}/seats`), 200);
    assert.ok(large.noOrphans && !freeRuns(large, largeMap.status).includes(1), 'a seat was left alone');
  });

  it('has holds that live, and end', () => {
    assert.ok(concerts.filter((concert) => sum(concert, 'held') > 0).length >= 4);
    assert.equal(sum(dropped, 'held') + sum(dropped, 'sold'), 0);
  });

  it('has a user with orders, one of them cancelled by himself and one with its concert', async () => {
    const user = people['user@demo.example'].client;
    const { items } = expectStatus(await user.get('/v1/orders?limit=100'), 200);
    assert.ok(items.some(({ status }) => status === 'PAYMENT'));
    const cancelled = items.filter(({ status }) => status === 'CANCEL');
    assert.equal(cancelled.length, 2);
    assert.deepEqual(cancelled.map(({ concertId }) => concertId === dropped.id).sort(), [false, true]);
    const ledger = expectStatus(await user.get('/v1/users/me/ledger?limit=100'), 200).items;
    assert.ok(ledger.some(({ type, amount }) => type === 'concert_cancelled' && amount > 0));
    assert.equal(ledger[0].balance, expectStatus(await user.get('/v1/users/me'), 200).points);
  });

  it('has buyers whom a host sees, and refunded all of the cancelled concert', async () => {
    const admin = people['admin@demo.example'].client;
    const { items } = expectStatus(await admin.get(`/v1/concerts/${dropped.id}/orders?limit=100`), 200);
    assert.ok(items.length >= 50, `${items.length} orders of the cancelled concert`);
    assert.ok(items.every(({ status }) => status === 'CANCEL'));
    const host = people['host2@demo.example'];
    const mine = onSale.find(({ hostId }) => hostId === host.id);
    assert.ok(expectStatus(await host.client.get(`/v1/concerts/${mine.id}/orders`), 200).items.length > 0);
  });

  it('is bought in by whoever signs up', async () => {
    const email = 'visitor@example.org';
    const user = expectStatus(await client.post('/v1/users', { email, password: PASSWORD, nickname: 'visitor' }), 201);
    assert.equal(user.points, 1000000);
    const { accessToken } = expectStatus(await client.post('/v1/auth/login', { email, password: PASSWORD }), 200);
    const visitor = client.as(accessToken);
    for (const concert of onSale.filter((one) => sum(one, 'free') > 1)) {
      const held = expectStatus(await visitor.post(`/v1/concerts/${concert.id}/holds`, { bestAvailable: { count: 1 } }), 201);
      expectStatus(await visitor.delete(`/v1/holds/${held.holdId}`), 204);
    }
  });
});

describe('making the demo', () => {
  let whole; /* the types of its facts, in their order */
  let made_ms;
  before(async () => {
    const begin = Date.now();
    const server = await demoServer();
    made_ms = Date.now() - begin;
    await server.stop();
    whole = (await factsOf(server.data)).map(({ type, actor }) => `${type} ${actor}`);
    dropDirectory(server.data);
  });

  const typesOf = async (data) => (await factsOf(data)).map(({ type, actor }) => `${type} ${actor}`);

  it('gives the same facts every time, but for times', async () => {
    const server = await demoServer();
    await server.stop();
    assert.deepEqual(await typesOf(server.data), whole);
    dropDirectory(server.data);
  });

  it('happens in a directory without facts alone, whatever queue there is', async () => {
    const data = makeDirectory('demo');
    await (await startServer({ data, admin: false })).stop(); /* one that was started, and nothing more */
    await (await demoServer({ data, args: ['--demo', '--queue-size', '4'] })).stop();
    assert.deepEqual(await typesOf(data), whole);
    await (await demoServer({ data })).stop();
    assert.deepEqual(await typesOf(data), whole, 'it was filled in twice');
    const other = makeDirectory('demo');
    await (await startServer({ data: other })).stop(); /* with an ADMIN */
    await (await demoServer({ data: other })).stop();
    assert.deepEqual((await factsOf(other)).map(({ type }) => type), ['user_created']);
    dropDirectory(data);
    dropDirectory(other);
  });

  it('kill -9 leaves all of it or nothing, and the next start has all', async (t) => {
    let left = 0;
    for (let i = 0; i < KILLS; i++) {
      const data = makeDirectory('demo');
      const server = await demoServer({ data, expectReady: false });
      await sleep(made_ms * (i + 1) / KILLS);
      assert.equal((await server.kill()).signal, 'SIGKILL', server.stderr());
      const found = fs.existsSync(path.join(data, 'data.mdb')) ? await typesOf(data) : [];
      left += found.length > 0;
      if (found.length > 0)
        assert.deepEqual(found, whole, `killed after ${i + 1}/${KILLS} of ${made_ms} ms`);
      await (await demoServer({ data })).stop();
      assert.deepEqual(await typesOf(data), whole, `filled after a kill at ${i + 1}/${KILLS} of ${made_ms} ms`);
      dropDirectory(data);
    }
    t.diagnostic(`${KILLS} kills, ${left} of them found the demo`);
  });

  it('whatever writes of it the disk has, it is all or nothing', { skip: fs.existsSync(SHIM) ? false : `no flush shim at ${SHIM}` }, async (t) => {
    const home = makeDirectory('demo');
    const trace = path.join(home, 'trace');
    const data = path.join(home, 'data');
    const server = await demoServer({ data, env: { LD_PRELOAD: SHIM, SP_FLUSH_TRACE: trace } });
    await server.kill();
    const records = readTrace(trace);
    const renamed = records.findIndex(({ kind }) => kind === KIND.RENAME);
    /* Four kinds of cuts take turns; each is made at each write. */
    const indexes = records.filter(({ kind, role, index }) => index > renamed && kind === KIND.WRITE && (role === ROLE.DATA || role === ROLE.DATA_DSYNC))
      .flatMap(({ index }) => Array(4).fill(index + 2));
    const counts = new Map();
    await eachCut({ records, data, answers: [] }, [...indexes, ...Array(4).fill(records.length)], new Random(), async ({ index, mode, directory }) => {
      const found = await typesOf(directory);
      counts.set(found.length, (counts.get(found.length) ?? 0) + 1);
      if (found.length > 0)
        assert.deepEqual(found, whole, `cut before record ${index} of ${records.length}, ${mode}`);
    });
    assert.deepEqual([...counts.keys()].sort((a, b) => a - b), [0, whole.length]);
    t.diagnostic(`${indexes.length + 4} cuts: ${counts.get(0)} before it, ${counts.get(whole.length)} after it`);
    dropDirectory(home);
  });
});
