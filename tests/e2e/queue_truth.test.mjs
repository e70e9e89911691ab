/* SPDX-License-Identifier: MIT
 *
 * The order queue when the disk does not flush, or fails, or the server stops or is
 * killed: nothing is told that is not durable, and what was told is found.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Disk } from './lib/disk.mjs';
import { EventStream } from './lib/events.mjs';
import { DISK_SHIM, dropDirectory, dumpLog, sleep } from './lib/program.mjs';
import { done, enqueue, look, outcome, success } from './lib/queue.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const LOOPS = ['--io-threads', '2'];
const ROUNDS = Number(process.env.SP_ROUNDS || 10);

const skip = fs.existsSync(DISK_SHIM) ? false : `no disk shim at ${DISK_SHIM}`;

describe('the queue while the disk does not flush', { skip }, () => {
  let disk;
  let world;
  let user;
  let other;
  before(async () => {
    disk = new Disk();
    ({ world, user, other } = await World.startWithTwo({ data: disk.data, env: disk.env, args: [...LOOPS, '--queue-size', '64'] }));
  });
  after(async () => {
    disk.heal();
    await world?.stop();
    disk.drop();
  });

  it('202 comes before the decision, and no outcome is told before the flush', async () => {
    const concert = await world.concert();
    disk.trouble('hold');
    const first = await enqueue(user, { concertId: concert.id, seats: [0] });
    const rival = await enqueue(other, { concertId: concert.id, seats: [0] });
    const streams = await Promise.all([first, rival, first].map((job) => EventStream.open(world.server, job.streamUrl)));
    const waiting = await Promise.all(streams.map((stream) => stream.first('waiting')));
    waiting.forEach(({ data }) => {
      assert.equal(data.status, 'waiting');
      assert.ok(data.position >= 1);
    });
    for (let i = 0; i < 10; i++) {
      for (const [who, job] of [[user, first], [other, rival]]) {
        const told = await look(who, job);
        assert.equal(told.status, 'waiting', 'told before the flush');
        assert.deepEqual(Object.keys(told), ['jobId', 'status', 'position']);
      }
      streams.forEach((stream) => assert.equal(stream.events.length, 1, 'told before the flush'));
      await sleep(20);
    }
    assert.ok((await enqueue(user, { concertId: concert.id, seats: [1] }, { key: 'a' })).jobId);
    assert.ok((await enqueue(user, { concertId: concert.id, seats: [1] }, { key: 'a' })).replayed, 'while it waits');
    disk.heal();
    const ends = await Promise.all(streams.map((stream) => stream.first('orderEnd')));
    assert.deepEqual(ends.map(({ data }) => data.success), [true, false, true]);
    assert.equal(ends[1].data.error.code, 'seat_taken');
    await Promise.all(streams.map((stream) => stream.ended));
    streams.forEach((stream) => assert.deepEqual(stream.events.map(({ event }) => event), ['waiting', 'orderEnd']));
  });

  it('the position counts those before, and goes down', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100 }] });
    disk.trouble('hold');
    /* These are taken, and the sequencer is stuck with them. */
    await enqueue(user, { concertId: concert.id, seats: [0] });
    await sleep(100);
    const jobs = [];
    for (let i = 1; i <= 20; i++)
      jobs.push(await enqueue(user, { concertId: concert.id, seats: [i] }));
    const positions = [];
    for (const job of jobs)
      positions.push((await look(user, job)).position);
    assert.deepEqual(positions, positions.slice().sort((a, b) => a - b), `${positions}`);
    assert.ok(positions[0] >= 1 && positions.at(-1) - positions[0] >= 10, `${positions}`);
    disk.heal();
    for (const job of jobs)
      assert.equal((await outcome(world, job)).success, true);
  });

  it('a full queue says so at once; what was refused is no job, what was accepted is told', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 400 }] });
    disk.trouble('hold');
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) =>
      user.client.post('/v1/orders/queue', { concertId: concert.id, seats: [i] }, { key: `full ${i}`.replace(' ', '-') })));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status !== 202);
    assert.ok(refused.length >= 300 - 2 * 64 && accepted.length > 0, `${accepted.length} were accepted`);
    refused.forEach((answer) => assertProblem(answer, 503, 'queue_full'));
    disk.heal();
    for (const { body } of accepted)
      assert.equal((await outcome(world, body)).success, true);
    assert.equal((await world.seats(concert.id)).status.replace(/\./g, '').length, accepted.length);
    const index = answers.findIndex(({ status }) => status === 503);
    const again = await enqueue(user, { concertId: concert.id, seats: [index] }, { key: `full-${index}` });
    assert.ok(!again.replayed);
    await success(world, user, again);
  });

  it('who leaves while he waits is forgotten; the order goes on', async () => {
    const concert = await world.concert();
    disk.trouble('hold');
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    const streams = await Promise.all(Array.from({ length: 40 }, () => EventStream.open(world.server, job.streamUrl)));
    await Promise.all(streams.map((stream) => stream.first('waiting')));
    streams.slice(1).forEach((stream) => stream.close());
    await sleep(50);
    disk.heal();
    assert.equal((await streams[0].first('orderEnd')).data.success, true);
    await success(world, user, job);
  });

  it('a disk that fails: outcome_unknown is told, success is not; the server stops', async () => {
    const own = new Disk();
    const failing = await World.start({ data: own.data, env: own.env, args: LOOPS });
    const buyer = await failing.user({ points: 1000 });
    const concert = await failing.concert();
    own.trouble('hold');
    const job = await enqueue(buyer, { concertId: concert.id, seats: [0] }, { key: 'k' });
    const stream = await EventStream.open(failing.server, job.streamUrl);
    await stream.first('waiting');
    own.trouble('fail_flush');
    const { data } = await stream.first('orderEnd');
    assert.equal(data.success, false);
    assert.equal(data.error.code, 'outcome_unknown');
    assert.equal((await failing.server.ended()).code, 1);
    own.heal();
    /* The truth: sold or not, and the same key tells. */
    failing.connect(await startServer({ data: own.data, env: own.env, args: LOOPS }));
    const who = { client: failing.client.as(buyer.token) };
    const again = await enqueue(who, { concertId: concert.id, seats: [0] }, { key: 'k' });
    assert.equal(again.jobId, job.jobId);
    const told = await done(failing, who, again);
    assert.equal(told.success, true);
    assert.equal((await failing.orders(who)).length, 1);
    await failing.stop();
    own.drop();
  });

  it('SIGTERM with waiting streams: each gets the outcome, then the server ends', async () => {
    const own = new Disk();
    const ending = await World.start({ data: own.data, env: own.env, args: LOOPS });
    const buyer = await ending.user({ points: 1000 });
    const concert = await ending.concert();
    own.trouble('hold');
    const jobs = [];
    for (let seat = 0; seat < 4; seat++)
      jobs.push(await enqueue(buyer, { concertId: concert.id, seats: [seat >> 1] }));
    const streams = await Promise.all(Array.from({ length: 16 }, (_, i) => EventStream.open(ending.server, jobs[i % 4].streamUrl)));
    await Promise.all(streams.map((stream) => stream.first('waiting')));
    ending.server.signal('SIGTERM');
    await sleep(300);
    assert.equal(ending.server.exit, null, 'it did not wait for the jobs');
    streams.forEach((stream) => assert.equal(stream.closed, false, 'a stream ended without its outcome'));
    own.heal();
    const ends = await Promise.all(streams.map((stream) => stream.first('orderEnd')));
    ends.forEach(({ data }, i) => {
      assert.equal(data.jobId, jobs[i % 4].jobId);
      assert.equal(data.success, i % 2 === 0);
    });
    assert.deepEqual(await ending.server.ended(), { code: 0, signal: null });
    ending.client.close();
    own.drop();
  });
});

describe('another process', { skip }, () => {
  it('finds an order by its job, which is in the log; the ticket is still good', async () => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env });
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    await success(world, user, job);
    const dump = await dumpLog(disk.data);
    assert.equal(dump.find(({ type }) => type === 'order_paid').data.job, job.jobId);
    await world.stopServer();
    world.connect(await startServer({ data: disk.data, env: disk.env }));
    assert.equal((await outcome(world, job)).success, true);
    const told = await look({ client: world.client.as(user.token) }, job);
    assert.equal(told.success, true);
    const cancelled = expectStatus(await world.client.as(user.token).post(`/v1/orders/${told.order.id}/cancel`, {}), 200);
    assert.deepEqual((await look({ client: world.client.as(user.token) }, job)).order, cancelled);
    await world.stop();
    disk.drop();
  });
});

/* One buyer's jobs until the server is gone: what he was told, and what not. */
async function shop(world, user, concert, random, name, known) {
  const who = { client: world.client.as(user.token) };
  for (let i = 0; ; i++) {
    const body = { concertId: concert.id, seats: [random.below(60)] };
    const key = random.chance(0.5) ? `${name}-${i}` : undefined;
    const request = { user, body, key, job: null, told: null };
    try {
      request.job = await enqueue(who, body, { key });
      known.push(request);
      if (random.chance(0.7))
        request.told = await outcome(world, request.job);
    } catch (error) {
      if (error.code === 'ERR_ASSERTION' && !/503|stopping/.test(error.message))
        throw error;
      if (!request.job && key)
        known.push(request); /* accepted or not: a retry will tell */
      return;
    }
  }
}

describe('kill -9', () => {
  let world;
  before(async () => { world = await World.start({ args: LOOPS }); });
  after(async () => {
    world?.client.close();
    await world?.server.kill();
    if (world)
      dropDirectory(world.server.data);
  });

  /* Every job accepted before is now an order of its user, or job_unknown and not in
   * the log. */
  async function checkJobs(known, events) {
    const inLog = new Map();
    for (const { type, data } of events)
      if (type === 'order_paid' && data.job) {
        assert.ok(!inLog.has(data.job), `job ${data.job} sold twice`);
        inLog.set(data.job, data);
      }
    let lost = 0;
    for (const { user, job, told } of known) {
      if (!job)
        continue;
      const answer = await world.client.as(user.token).get(`/v1/jobs/${job.jobId}`);
      if (told?.success)
        assert.deepEqual(answer.body, told, 'a success that was told is not there');
      if (answer.status === 200) {
        assert.ok(inLog.has(job.jobId), 'an order that is not in the log');
        assert.equal(answer.body.success, true);
        assert.equal(String(inLog.get(job.jobId).order), answer.body.order.id);
      } else {
        assertProblem(answer, 404, 'job_unknown');
        assert.ok(!inLog.has(job.jobId), 'unknown, and it was sold');
        lost += told ? 0 : 1;
      }
    }
    return lost;
  }

  it(`${ROUNDS} rounds (seed ${SEED})`, { timeout: 600000 }, async (t) => {
    const random = new Random();
    const users = [await world.user({ points: 10_000_000 }), await world.user({ points: 10_000_000 })];
    const all = [];
    let lost = 0;
    let told = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 60 }] });
      const known = [];
      const shoppers = Array.from({ length: 8 }, (_, i) =>
        shop(world, users[i % 2], concert, new Random(SEED + 100 * round + i), `r${round}s${i}`, known));
      await sleep(random.between(30, 300));
      await world.server.kill();
      await Promise.all(shoppers);
      const events = await dumpLog(world.server.data);
      await world.attach(await startServer({ data: world.server.data, args: LOOPS }));
      lost += await checkJobs(known, events);
      told += known.filter((request) => request.told?.success).length;
      /* A key is the same job after the crash, and one order at most. */
      for (const { user, body, key, job, told: text } of known.filter((request) => request.key)) {
        const who = { client: world.client.as(user.token) };
        const again = await enqueue(who, body, { key });
        if (job)
          assert.equal(again.jobId, job.jobId);
        const now = await outcome(world, again);
        if (text?.success)
          assert.equal(now.order.id, text.order.id, 'a key gave two orders');
      }
      all.push(...known);
    }
    await checkJobs([], await (async () => {
      assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
      return dumpLog(world.server.data);
    })());
    assert.ok(told > ROUNDS, `only ${told} successes were told`);
    t.diagnostic(`${all.length} jobs, ${told} told as sold, ${lost} cut off, seed ${SEED}`);
  });
});

/* The system that inspired this one kept a connection of 19 kB for each who waited. */
describe('what one who waits costs', { skip }, () => {
  const COUNT = Number(process.env.SP_WAITING || 5000);

  const rssBytes = (server) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;

  function waitingStream(world, url) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(world.server.port, world.server.host);
      socket.on('error', reject);
      socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
      let text = '';
      const stream = { socket, ended: null, text: () => text };
      stream.ended = new Promise((end) => socket.on('close', end));
      socket.on('data', (bytes) => {
        text += bytes;
        if (/event: waiting/.test(text))
          resolve(stream);
      });
    });
  }

  it(`${COUNT} streams: under 2 KiB of our memory each, and each is told`, async (t) => {
    const disk = new Disk();
    const world = await World.start({ data: disk.data, env: disk.env, args: ['--max-connections', String(2 * COUNT)] });
    const user = await world.user({ points: 1_000_000 });
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 10 }] });
    disk.trouble('hold');
    const jobs = [];
    for (let seat = 0; seat < 10; seat++)
      jobs.push(await enqueue(user, { concertId: concert.id, seats: [seat] }));
    const streams = [];
    const open = async (count) => {
      for (let i = 0; i < count; i += 100)
        streams.push(...await Promise.all(Array.from({ length: 100 }, (_, k) => waitingStream(world, jobs[k % 10].streamUrl))));
    };
    await open(500); /* pools and buffers are there */
    const before_ = rssBytes(world.server);
    await open(COUNT);
    const each = (rssBytes(world.server) - before_) / COUNT;
    t.diagnostic(`${Math.round(each)} bytes of resident memory for each of ${COUNT} waiting streams`);
    assert.ok(each < 2048, `${each} bytes each`);
    disk.heal();
    await Promise.all(streams.map((stream) => stream.ended));
    for (const stream of streams)
      assert.equal(stream.text().split('event: orderEnd').length, 2);
    await world.stop();
    disk.drop();
  });
});
