/* SPDX-License-Identifier: MIT
 *
 * A disk that is slow, fails or is full (tests/support/disk_shim.c): what is
 * told meanwhile, and what is there afterwards.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Client } from './lib/client.mjs';
import { Disk } from './lib/disk.mjs';
import { EventStream } from './lib/events.mjs';
import { OPS, opsOf, parseMetrics } from './lib/metrics.mjs';
import { DISK_SHIM, dumpLog, freePort, run, sleep } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const skip = fs.existsSync(DISK_SHIM) ? false : `no disk shim at ${DISK_SHIM}`;

function orderBytes(user, concertId, seats, key) {
  return requestBytes('POST', '/v1/orders', {
    headers: { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json', ...(key ? { 'Idempotency-Key': key } : {}) },
    body: JSON.stringify({ concertId, seats }),
  });
}

describe('a slow disk', { skip }, () => {
  let disk;
  let world;
  let user;
  before(async () => {
    disk = new Disk();
    world = await World.start({ data: disk.data, env: disk.env, args: ['--queue-size', '8'] });
    user = await world.user({ points: 1_000_000 });
  });
  afterEach(() => disk.heal());
  after(async () => {
    await world?.stop();
    disk.drop();
  });

  it('no effect is shown by anything while its batch is not flushed', async () => {
    const concert = await world.concert();
    const before_ = await world.seats(concert.id);
    disk.trouble('hold');
    const buyer = await Raw.connect(world.server);
    const rival = await Raw.connect(world.server);
    const lister = await Raw.connect(world.server);
    buyer.send(orderBytes(user, concert.id, [0]));
    await settled();
    rival.send(orderBytes(user, concert.id, [0]));
    lister.send(requestBytes('GET', '/v1/orders?limit=1', { headers: { Authorization: `Bearer ${user.token}` } }));
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(await world.seats(concert.id), before_, 'the seat is shown as sold');
      await sleep(10);
    }
    for (const raw of [buyer, rival, lister])
      assert.equal(raw.buffer.length, 0, 'something was told before the flush');
    disk.heal();
    const order = await buyer.answer();
    assert.equal(order.status, 201);
    assertProblem(await rival.answer(), 409, 'seat_taken');
    assert.equal((await lister.answer()).json.items[0].id, order.json.id);
    for (const raw of [buyer, rival, lister])
      raw.destroy();
  });

  it('nor of a hold: taken, extended or released', async () => {
    const concert = await world.concert();
    const bytes = (method, path, body) => requestBytes(method, path, {
      headers: { Authorization: `Bearer ${user.token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) }, body });
    const first = expectStatus(await world.hold(user, concert.id, [0]), 201);
    const before_ = await world.seats(concert.id);
    disk.trouble('hold');
    const raws = await Promise.all([0, 1, 2, 3].map(() => Raw.connect(world.server)));
    raws[0].send(bytes('POST', `/v1/concerts/${concert.id}/holds`, '{"seats":[1]}'));
    await settled();
    raws[1].send(bytes('GET', `/v1/holds/${Number(first.holdId) + 1}`));
    raws[2].send(bytes('POST', `/v1/holds/${first.holdId}/extend`));
    await settled();
    raws[3].send(bytes('DELETE', `/v1/holds/${first.holdId}`));
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(await world.seats(concert.id), before_);
      await sleep(10);
    }
    raws.forEach((raw) => assert.equal(raw.buffer.length, 0, 'something was told before the flush'));
    disk.heal();
    const answers = await Promise.all(raws.map((raw) => raw.answer()));
    assert.deepEqual(answers.map(({ status }) => status), [201, 200, 200, 204]);
    assert.equal(answers[1].json.holdId, answers[0].json.holdId);
    assert.equal((await world.seats(concert.id)).status, '.h..................');
    raws.forEach((raw) => raw.destroy());
  });

  it('nor pushed to who watches, or shown to who begins to', async () => {
    const concert = await world.concert();
    const path_ = `/v1/concerts/${concert.id}/seats/stream`;
    const stream = await EventStream.open(world.server, path_);
    await stream.next();
    disk.trouble('hold');
    const buyer = await Raw.connect(world.server);
    buyer.send(orderBytes(user, concert.id, [8]));
    await sleep(500);
    stream.pump();
    assert.equal(stream.events.length, 1, 'the seat was pushed');
    const late = await EventStream.open(world.server, path_);
    assert.equal((await late.next()).data.status, '.'.repeat(20), 'the seat is shown as sold');
    disk.heal();
    const { seq } = (await buyer.answer()).json;
    for (const one of [stream, late]) {
      assert.deepEqual((await one.next()).data, { seq, taken: [8], held: [], freed: [] });
      one.close();
    }
    buyer.destroy();
  });

  /* What was sent before this has been read by the server: it has one loop,
   * and that has answered something sent later. */
  async function settled() {
    for (let i = 0; i < 3; i++)
      expectStatus(await world.client.get('/livez'), 200);
  }

  it('a full queue says so at once; a retry gets through', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 40 }] });
    disk.trouble('hold');
    const raws = await Promise.all(Array.from({ length: 40 }, () => Raw.connect(world.server)));
    raws.forEach((raw, i) => raw.send(orderBytes(user, concert.id, [i])));
    /* 8 slots: 32 are answered while nothing is flushed. */
    const answers = raws.map((raw) => raw.answer());
    let refused = 0;
    await new Promise((resolve, reject) => answers.forEach((answer) => answer.then(({ status }) => {
      if (status === 503 && ++refused === 32)
        resolve();
    }, reject)));
    assert.equal((await world.seats(concert.id)).status, '.'.repeat(40));
    disk.heal();
    await Promise.all(answers); /* all slots are free again */
    for (let i = 0; i < 40; i++) {
      const answer = await answers[i];
      if (answer.status === 201)
        continue;
      assertProblem(answer, 503, 'queue_full');
      assert.equal((await raws[i].send(orderBytes(user, concert.id, [i])).answer()).status, 201);
    }
    assert.equal((await world.seats(concert.id)).status, 'x'.repeat(40));
    raws.forEach((raw) => raw.destroy());
  });

  it('what does not need the sequencer goes on meanwhile', async () => {
    const concert = await world.concert();
    disk.trouble('hold');
    const buyer = await Raw.connect(world.server);
    buyer.send(orderBytes(user, concert.id, [2]));
    await settled();
    for (const route of ['/livez', '/readyz', '/v1/concerts', `/v1/concerts/${concert.id}/seats`])
      expectStatus(await world.client.get(route), 200);
    assert.equal(buyer.buffer.length, 0);
    disk.heal();
    assert.equal((await buyer.answer()).status, 201);
    buyer.destroy();
  });

  it('kill -9 during the flush: the order may be there or not, but whole', async () => {
    const concert = await world.concert();
    disk.trouble('hold');
    const buyer = await Raw.connect(world.server);
    buyer.send(orderBytes(user, concert.id, [0, 1], 'killed'));
    await settled();
    await world.server.kill();
    disk.heal();
    await world.attach(await startServer({ data: disk.data, env: disk.env, args: ['--queue-size', '8'] }));
    user.client = world.client.as(user.token);
    const { status } = await world.seats(concert.id);
    assert.ok(['xx', '..'].includes(status.slice(0, 2)), status);
    expectStatus(await world.order(user, concert.id, [0, 1], { key: 'killed' }), 201);
    assert.equal((await world.orders(user)).filter((order) => order.concertId === concert.id).length, 1);
  });
});

describe('metrics on a slow disk', { skip }, () => {
  const scrape = async (ops) => {
    const answer = await ops.get('/metrics');
    expectStatus(answer, 200);
    return parseMetrics(answer.text);
  };

  it('while it starts: they tell what is there, and that it does not serve yet', async () => {
    const disk = new Disk();
    await (await startServer({ data: disk.data, env: disk.env })).stop();
    disk.trouble('hold');
    const server = await startServer({ data: disk.data, env: disk.env, args: OPS, expectReady: false });
    while (!server.stderr().includes('ops_listening')) {
      assert.equal(server.exit, null, server.stderr());
      await sleep(5);
    }
    const ops = new Client(opsOf(server));
    const starting = await scrape(ops);
    assert.equal(starting.get('stagepick_serving'), 0);
    assert.ok(starting.get('process_resident_memory_bytes') > 0);
    for (const name of ['stagepick_seq', 'stagepick_commands_total', 'stagepick_concerts'])
      assert.equal(starting.get(name), undefined, name);
    assertProblem(await ops.get('/readyz'), 503, 'starting');
    expectStatus(await ops.get('/livez'), 200);
    assert.equal(server.stdout(), '', 'it says that it is ready');
    disk.heal();
    await server.ready();
    assert.equal((await scrape(ops)).get('stagepick_serving'), 1);
    ops.close();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    disk.drop();
  });

  it('while a batch is flushed: no figure shows what is not durable', async () => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env, args: OPS });
    const ops = new Client(opsOf(world.server));
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const facts = (page) => [...page].filter(([key]) => /^stagepick_(seq|events|commands|batches|concerts|orders|seats|holds|users|points)/.test(key));
    const before = await scrape(ops);
    disk.trouble('hold');
    const buyer = await Raw.connect(world.server);
    buyer.send(orderBytes(user, concert.id, [0, 1]));
    /* The scrapes come behind it on the one loop, and take longer than deciding. */
    for (let i = 0; i < 20; i++)
      assert.deepEqual(facts(await scrape(ops)), facts(before));
    disk.heal();
    assert.equal((await buyer.answer()).status, 201);
    assert.equal((await scrape(ops)).get('stagepick_seq'), before.get('stagepick_seq') + 1);
    buyer.destroy();
    ops.close();
    await world.stop();
    disk.drop();
  });
});

describe('starting and stopping on a slow disk', { skip }, () => {
  it('while it starts: livez 200, all else 503 starting', async () => {
    const disk = new Disk();
    await (await startServer({ data: disk.data, env: disk.env })).stop();
    disk.trouble('hold');
    const port = await freePort();
    const server = await startServer({ data: disk.data, env: disk.env, listen: `127.0.0.1:${port}`, expectReady: false });
    const client = new Client({ host: '127.0.0.1', port });
    let live = null;
    while (!live) {
      assert.equal(server.exit, null, server.stderr());
      live = await client.get('/livez').catch(() => sleep(5));
    }
    expectStatus(live, 200);
    assertProblem(await client.get('/readyz'), 503, 'starting');
    for (const route of ['/v1/concerts', '/v1/users/me', '/nowhere'])
      assertProblem(await client.get(route), 503, 'starting');
    assertProblem(await client.post('/v1/orders', {}), 503, 'starting');
    assert.equal(server.stdout(), '', 'it says that it is ready');
    disk.heal();
    await server.ready();
    expectStatus(await client.get('/readyz'), 200);
    client.close();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    disk.drop();
  });

  it('SIGTERM while a batch is flushed: its orders are answered, the exit is 0', async () => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env });
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    disk.trouble('hold');
    const raws = await Promise.all([0, 1, 2].map(() => Raw.connect(world.server)));
    raws.forEach((raw, i) => raw.send(orderBytes(user, concert.id, [i])));
    for (let i = 0; i < 3; i++)
      expectStatus(await world.client.get('/livez'), 200);
    world.client.close();
    const stopped = world.server.stop();
    await sleep(100);
    assert.equal(world.server.exit, null, 'it did not wait for the flush');
    await assert.rejects(Raw.connect(world.server), 'it still takes connections');
    disk.heal();
    for (const raw of raws) {
      assert.equal((await raw.answer()).status, 201);
      await raw.untilClosed();
    }
    assert.deepEqual(await stopped, { code: 0, signal: null });
    assert.equal((await dumpLog(disk.data)).filter((event) => event.type === 'order_paid').length, 3);
    disk.drop();
  });
});

describe('a disk that fails', { skip }, () => {
  for (const [how, what] of [['fail_flush', 'a failed flush'], ['fail_write', 'a failed write']])
    it(`${what}: outcome_unknown, exit 1, and a retry with the key makes it once`, async () => {
      const disk = new Disk();
      const world = await World.start({ data: disk.data, env: disk.env });
      const user = await world.user({ points: 1000 });
      const concert = await world.concert();
      const before_ = expectStatus(await world.order(user, concert.id, [0], { key: 'before' }), 201);
      const raw = await Raw.connect(world.server);
      disk.trouble(how);
      assertProblem(await raw.send(orderBytes(user, concert.id, [1], 'during')).answer(), 503, 'outcome_unknown');
      raw.destroy();
      world.client.close();
      const exit = await world.server.ended();
      assert.deepEqual(exit, { code: 1, signal: null }, world.server.stderr());
      assert.match(world.server.stderr(), /fail|disk|commit|space/i);
      disk.heal();
      const verified = await run(['log', 'verify', '--data', disk.data]);
      assert.equal(verified.code, 0, verified.stderr);
      await world.attach(await startServer({ data: disk.data, env: disk.env }));
      user.client = world.client.as(user.token);
      assert.deepEqual(expectStatus(await world.order(user, concert.id, [0], { key: 'before' }), 201), before_);
      const retried = expectStatus(await world.order(user, concert.id, [1], { key: 'during' }), 201);
      assert.deepEqual((await world.orders(user)).map((order) => order.id), [retried.id, before_.id]);
      assert.equal((await world.seats(concert.id)).status, 'xx..................');
      await world.stop();
      disk.drop();
    });
});

describe('a disk that fills up', { skip }, () => {
  it('takings are refused first, then every write; reads go on; space heals', async () => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env });
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const orders = [];
    for (const seat of [0, 1])
      orders.push(expectStatus(await world.order(user, concert.id, [seat]), 201));
    const cancel = (order) => user.client.post(`/v1/orders/${order.id}/cancel`, {});

    disk.trouble('free_mib 200');
    await sleep(250); /* sampled every 100 ms */
    assertProblem(await world.order(user, concert.id, [2]), 507, 'storage_full');
    expectStatus(await cancel(orders[0]), 200);

    disk.trouble('free_mib 32');
    await sleep(250);
    assertProblem(await world.order(user, concert.id, [2]), 507, 'storage_full');
    assertProblem(await cancel(orders[1]), 507, 'storage_full');
    assertProblem(await world.admin.post('/v1/categories', { name: 'too much' }), 507, 'storage_full');
    expectStatus(await user.client.get('/v1/orders'), 200);
    assert.equal((await world.seats(concert.id)).status, '.x..................');
    /* A log-in leaves a record; who is in stays in. */
    const credentials = { email: user.email, password: PASSWORD };
    assertProblem(await world.client.post('/v1/auth/login', credentials), 507, 'storage_full');
    disk.trouble('free_mib 200');
    await sleep(250);
    await world.login(user.email);

    disk.heal();
    await sleep(250);
    expectStatus(await world.order(user, concert.id, [2]), 201);
    await world.stop();
    disk.drop();
  });

  it('holds: none is taken, extended or bought any more, but released', async () => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env });
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const holds = [];
    for (const seat of [0, 1, 2])
      holds.push(expectStatus(await world.hold(user, concert.id, [seat], { key: `h${seat}` }), 201).holdId);
    const release = (id) => user.client.delete(`/v1/holds/${id}`);
    const refuseTakings = async () => {
      assertProblem(await world.hold(user, concert.id, [3]), 507, 'storage_full');
      assertProblem(await world.hold(user, concert.id, { count: 1 }), 507, 'storage_full');
      assertProblem(await user.client.post(`/v1/holds/${holds[1]}/extend`), 507, 'storage_full');
      assertProblem(await world.buyHold(user, holds[1]), 507, 'storage_full');
      expectStatus(await user.client.get(`/v1/holds/${holds[1]}`), 200);
      /* What was done already is told again. */
      assert.equal(expectStatus(await world.hold(user, concert.id, [0], { key: 'h0' }), 201).holdId, holds[0]);
    };

    disk.trouble('free_mib 200');
    await sleep(250);
    await refuseTakings();
    expectStatus(await release(holds[0]), 204);
    await refuseTakings();

    disk.trouble('free_mib 32');
    await sleep(250);
    await refuseTakings();
    assertProblem(await release(holds[1]), 507, 'storage_full');
    assert.equal((await world.seats(concert.id)).status, '.hh.................');

    disk.heal();
    await sleep(250);
    expectStatus(await world.buyHold(user, holds[1]), 201);
    expectStatus(await release(holds[2]), 204);
    assert.equal((await world.seats(concert.id)).status, '.x..................');
    await world.stop();
    disk.drop();
  });

  for (const [freeMib, cancels] of [[150, true], [32, false]])
    it(`a start with ${freeMib} MiB free: reads are served, cancels are ${cancels ? 'too' : 'refused'}`, async () => {
      const disk = new Disk();
      const world = await World.start({ data: disk.data, env: disk.env });
      const user = await world.user({ points: 1000 });
      const concert = await world.concert();
      const order = expectStatus(await world.order(user, concert.id, [0]), 201);
      await world.stopServer();
      disk.trouble(`free_mib ${freeMib}`);
      await world.connect(await startServer({ data: disk.data, env: disk.env }));
      user.client = world.client.as(user.token);

      expectStatus(await world.client.get('/readyz'), 200);
      expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200);
      assert.equal((await world.seats(concert.id)).status, 'x...................');
      assert.deepEqual((await world.orders(user)).map(({ id }) => id), [order.id]);
      assertProblem(await world.order(user, concert.id, [1]), 507, 'storage_full');
      const cancel = await user.client.post(`/v1/orders/${order.id}/cancel`, {});
      if (cancels)
        assert.equal(expectStatus(cancel, 200).status, 'CANCEL');
      else
        assertProblem(cancel, 507, 'storage_full');
      assert.equal((await world.seats(concert.id)).status, `${cancels ? '.' : 'x'}...................`);
      assert.equal(await world.points(user), cancels ? 1000 : 900);

      await world.stop();
      disk.drop();
    });
});
