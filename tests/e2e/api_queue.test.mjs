/* SPDX-License-Identifier: MIT
 *
 * The order queue: a job is accepted before it is decided, and its outcome is the
 * truth and only the truth.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { EventStream } from './lib/events.mjs';
import { makeDirectory, sleep } from './lib/program.mjs';
import { done, enqueue, failure, outcome, success } from './lib/queue.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

const LOOPS = ['--io-threads', '2'];

describe('the order queue', () => {
  let world;
  let host;
  let user;
  let other;
  before(async () => {
    world = await World.start({ args: LOOPS });
    host = await world.user({ role: 'HOST' });
    user = await world.user({ points: 1_000_000 });
    other = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  it('success: the order as POST /v1/orders shows it', async () => {
    const concert = await world.concert({}, host);
    const job = await enqueue(user, { concertId: concert.id, seats: [1, 0], amount: 200 });
    const order = await success(world, user, job);
    assert.equal(order.status, 'PAYMENT');
    assert.deepEqual(order.seats.map(({ seat }) => seat), [0, 1]);
    assert.equal(order.amount, 200);
    const direct = expectStatus(await world.order(user, concert.id, [2]), 201);
    assert.deepEqual(Object.keys(order), Object.keys(direct));
    assert.match((await world.seats(concert.id)).status, /^xxx\./);
  });

  it('each refusal of the state is the outcome, with what it names', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 3 }, host);
    const poor = await world.user({ points: 10 });
    const order = (who, body) => enqueue(who, { concertId: concert.id, seats: [0], ...body });
    expectStatus(await world.order(other, concert.id, [9]), 201);
    const taken = await failure(world, user, await order(user, { seats: [8, 9] }), 409, 'seat_taken');
    assert.deepEqual(taken.seats.map(({ seat, label, state }) => ({ seat, label, state })), [{ seat: 9, label: 'VIP 2-5', state: 'sold' }]);
    assert.deepEqual((await failure(world, user, await order(user, { seats: [20] }), 422, 'seat_unknown')).seats, [20]);
    assert.equal((await failure(world, user, await order(user, { amount: 1 }), 409, 'amount_mismatch')).amount, 100);
    assert.equal((await failure(world, poor, await order(poor, {}), 409, 'insufficient_points')).points, 10);
    assert.equal((await failure(world, user, await order(user, { seats: [0, 1, 2, 3] }), 409, 'seat_limit')).max, 3);
    await failure(world, user, await order(user, { concertId: '9999' }), 404, 'concert_unknown');
    const now = Date.now();
    const later = await world.concert({ startDate: iso(now + 3600_000) }, host);
    await failure(world, user, await order(user, { concertId: later.id }), 409, 'sales_not_open');
    assert.equal((await world.seats(concert.id)).status.replace(/\./g, ''), 'x', 'something was sold');
  });

  it('what is no order at all is refused at once, and is no job', async () => {
    const concert = await world.concert({}, host);
    const body = { concertId: concert.id, seats: [0] };
    const post = (sent, options) => user.client.post('/v1/orders/queue', sent, options);
    assertProblem(await post(body, { token: null }), 401, 'token_missing');
    assertProblem(await post(body, { token: `${user.token}x` }), 401, 'token_invalid');
    assertProblem(await post('{', {}), 400, 'malformed_body');
    assertProblem(await post({ ...body, seats: [] }), 422, 'validation_failed');
    assertProblem(await post({ ...body, more: 1 }), 422, 'validation_failed');
    assertProblem(await post(body, { key: 'x y' }), 422, 'validation_failed');
    assertProblem(await post('seats', { headers: { 'Content-Type': 'text/plain' } }), 415, 'unsupported_media_type');
    assertProblem(await user.client.request('DELETE', '/v1/orders/queue'), 405, 'method_not_allowed');
  });

  it('a hold is bought by it too, and what is refused of one is the outcome', async () => {
    const concert = await world.concert({}, host);
    const hold = expectStatus(await user.client.post(`/v1/concerts/${concert.id}/holds`, { seats: [3, 4] }), 201);
    const order = await success(world, user, await enqueue(user, { holdId: hold.holdId }));
    assert.deepEqual(order.seats.map(({ seat }) => seat), [3, 4]);
    const again = await enqueue(user, { holdId: '4000000000' });
    await failure(world, user, again, 404, 'hold_unknown');
    const held = expectStatus(await user.client.post(`/v1/concerts/${concert.id}/holds`, { seats: [5] }), 201);
    const rival = await failure(world, other, await enqueue(other, { concertId: concert.id, seats: [5] }), 409, 'seat_taken');
    assert.equal(rival.seats[0].state, 'held');
    await failure(world, other, await enqueue(other, { holdId: held.holdId }), 404, 'hold_unknown');
  });

  it("the client's own X-Request-Id is that of the problem too", async () => {
    const answer = await user.client.post('/v1/orders/queue', { concertId: '9999', seats: [0] }, { headers: { 'X-Request-Id': 'mine.1' } });
    expectStatus(answer, 202);
    const told = await done(world, user, answer.body);
    assert.equal(told.error.requestId, 'mine.1');
  });

  it('nobody else sees a job, an ADMIN neither', async () => {
    const concert = await world.concert({}, host);
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    await done(world, user, job);
    for (const stranger of [other, host, { client: world.admin, token: world.admin.token }]) {
      assertProblem(await stranger.client.get(`/v1/jobs/${job.jobId}`), 404, 'job_unknown');
      const stream = await (await EventStream.open(world.server, `/v1/jobs/${job.jobId}/stream`, { token: stranger.token })).ended;
      assertProblem(stream, 404, 'job_unknown');
    }
    assertProblem(await user.client.get(`/v1/jobs/${job.jobId}`, { token: null }), 401, 'token_missing');
  });

  it('a job that is none is unknown, however it is written', async () => {
    for (const id of ['0'.repeat(32), '7', 'f'.repeat(31), 'F'.repeat(32), '%30'.repeat(32), 'x'.repeat(200)]) {
      assertProblem(await user.client.get(`/v1/jobs/${id}`), 404, 'job_unknown');
      assertProblem(await user.client.get(`/v1/jobs/${id}/stream`), 404, 'job_unknown');
    }
  });

  it('a ticket opens the stream of its own job, and nothing else', async () => {
    const concert = await world.concert({}, host);
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    const second = await enqueue(user, { concertId: concert.id, seats: [1] });
    const ticket = job.streamUrl.split('ticket=')[1];
    const open = async (url, options) => (await EventStream.open(world.server, url, options)).ended;
    const url = (id, given) => `/v1/jobs/${id}/stream?ticket=${given}`;
    assert.equal((await open(job.streamUrl)).status, 200);
    assertProblem(await open(url(second.jobId, ticket)), 401, 'token_invalid');
    assertProblem(await open(url(job.jobId, `${ticket.slice(0, -1)}${ticket.endsWith('A') ? 'B' : 'A'}`)), 401, 'token_invalid');
    assertProblem(await open(url(job.jobId, ticket.slice(1))), 401, 'token_invalid');
    assertProblem(await open(url(job.jobId, '')), 401, 'token_invalid');
    assertProblem(await open(url(job.jobId, user.token)), 401, 'token_invalid');
    assertProblem(await open(`/v1/jobs/${job.jobId}/stream`), 401, 'token_missing');
    assertProblem(await open(`${job.streamUrl}&more=1`), 422, 'validation_failed');
    assertProblem(await open(`${job.streamUrl}&ticket=${ticket}`), 422, 'validation_failed');
    for (const at of [`/v1/jobs/${job.jobId}?ticket=${ticket}`, `/v1/users/me?ticket=${ticket}`])
      assertProblem(await user.client.get(at, { token: null }), 401, 'token_missing');
    assertProblem(await user.client.get('/v1/users/me', { token: ticket }), 401, 'token_invalid');
  });

  it('the ticket is logged nowhere', async () => {
    const concert = await world.concert({}, host);
    const log = path.join(makeDirectory('log'), 'access');
    const logged = await World.start({ args: ['--access-log', log] });
    const buyer = await logged.user({ points: 1000 });
    const shown = await logged.concert();
    const job = await enqueue(buyer, { concertId: shown.id, seats: [0] });
    await outcome(logged, job);
    await logged.stop();
    const text = fs.readFileSync(log, 'utf8') + logged.server.stderr();
    assert.match(text, /jobs/);
    assert.ok(!text.includes(job.streamUrl.split('ticket=')[1]) && !text.includes('ticket='), 'a ticket is in the log');
    assert.ok(concert);
  });

  it('EventSource: it asks again after the end, and is told to stop', async () => {
    const concert = await world.concert({}, host);
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    const first = await (await EventStream.open(world.server, job.streamUrl)).ended;
    assert.equal(first.lastId, 'end');
    const again = await (await EventStream.open(world.server, job.streamUrl, { lastId: first.lastId })).ended;
    assert.equal(again.status, 204);
    assert.equal((await (await EventStream.open(world.server, job.streamUrl, { lastId: '7' })).ended).events.at(-1).event, 'orderEnd');
  });

  it('HEAD, and media types that can not be had', async () => {
    const concert = await world.concert({}, host);
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    const head = await user.client.request('HEAD', `/v1/jobs/${job.jobId}/stream`);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.match(head.headers['content-type'], /^text\/event-stream/);
    assertProblem(await user.client.get(`/v1/jobs/${job.jobId}/stream`, { headers: { Accept: 'application/json' } }), 406, 'not_acceptable');
    assertProblem(await user.client.get(`/v1/jobs/${job.jobId}`, { headers: { Accept: 'text/event-stream' } }), 406, 'not_acceptable');
  });

  describe('Idempotency-Key', () => {
    it('the same request with the same key is the same job, on whatever connection', async () => {
      const concert = await world.concert({}, host);
      const body = { concertId: concert.id, seats: [0] };
      const jobs = await Promise.all(Array.from({ length: 32 }, () => enqueue(user, body, { key: 'one' })));
      assert.equal(new Set(jobs.map((job) => job.jobId)).size, 1);
      assert.equal(jobs.filter((job) => !job.replayed).length, 1, 'accepted more than once');
      const told = await Promise.all(jobs.map((job) => outcome(world, job)));
      assert.equal(new Set(told.map(({ order }) => order.id)).size, 1);
      assert.equal((await world.orders(user)).filter((order) => order.concertId === concert.id).length, 1);
      const late = await enqueue(user, body, { key: 'one' });
      assert.ok(late.replayed);
      assert.equal(late.jobId, jobs[0].jobId);
    });

    it('another user, key or route is another job', async () => {
      const concert = await world.concert({}, host);
      const body = { concertId: concert.id, seats: [0] };
      const job = await enqueue(user, body, { key: 'two' });
      await done(world, user, job);
      assert.notEqual((await enqueue(other, body, { key: 'two' })).jobId, job.jobId);
      assert.notEqual((await enqueue(user, body, { key: 'three' })).jobId, job.jobId);
      /* Its scope is its route: here it is no repetition, and the seat is sold. */
      assertProblem(await user.client.post('/v1/orders', body, { key: 'two' }), 409, 'seat_taken');
    });

    it('another request with the same key: the outcome says so', async () => {
      const concert = await world.concert({}, host);
      await success(world, user, await enqueue(user, { concertId: concert.id, seats: [0] }, { key: 'four' }));
      const job = await enqueue(user, { concertId: concert.id, seats: [1] }, { key: 'four' });
      await failure(world, user, job, 422, 'idempotency_mismatch');
    });

    it('refusals are not remembered: the job runs again', async () => {
      const concert = await world.concert({}, host);
      const body = { concertId: concert.id, seats: [0] };
      const blocking = expectStatus(await world.order(other, concert.id, [0]), 201);
      const job = await enqueue(user, body, { key: 'five' });
      await failure(world, user, job, 409, 'seat_taken');
      expectStatus(await other.client.post(`/v1/orders/${blocking.id}/cancel`, {}), 200);
      const again = await enqueue(user, body, { key: 'five' });
      assert.equal(again.jobId, job.jobId);
      assert.ok(!again.replayed);
      await success(world, user, again);
      assert.ok((await enqueue(user, body, { key: 'five' })).replayed);
    });
  });

  it('1,000 at once on many connections: each is told its own outcome', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 500 }] }, host);
    const jobs = await Promise.all(Array.from({ length: 1000 }, (_, i) => enqueue(i % 2 ? user : other, { concertId: concert.id, seats: [i >> 1] })));
    const told = await Promise.all(jobs.map((job) => outcome(world, job)));
    const sold = told.filter(({ success: ok }) => ok).map(({ order }) => order.seats[0].seat);
    assert.equal(sold.length, 500);
    assert.equal(new Set(sold).size, 500);
    told.forEach((text, i) => {
      if (text.success)
        assert.equal(text.order.seats[0].seat, i >> 1, "another's order");
      else
        assert.equal(text.error.seats[0].seat, i >> 1, "another's problem");
    });
  });
});

/* Faults of the system that inspired this one, each by its name. */
describe('regressions of the queue', () => {
  let world;
  let user;
  let other;
  before(async () => { ({ world, user, other } = await World.startWithTwo({ args: LOOPS })); });
  after(async () => { await world?.stop(); });

  it('success is not answered for failed jobs', async () => {
    const concert = await world.concert();
    const jobs = await Promise.all(Array.from({ length: 20 }, () => enqueue(user, { concertId: concert.id, seats: [3] })));
    const told = await Promise.all(jobs.map((job) => outcome(world, job)));
    assert.equal(told.filter(({ success: ok }) => ok).length, 1);
    assert.equal(told.filter(({ error }) => error?.code === 'seat_taken').length, 19);
    assert.equal((await world.orders(user)).length, 1);
  });

  it('no 201 for impossible queue orders: unknown, empty and repeated seats, seats of another concert', async () => {
    const concert = await world.concert();
    const small = await world.concert({ grades: [{ name: 'A', price: 1, seats: 2 }] });
    for (const seats of [[], [-1], [0, 0], ['a'], [1.5], null])
      assertProblem(await user.client.post('/v1/orders/queue', { concertId: concert.id, seats }), 422, 'validation_failed');
    await failure(world, user, await enqueue(user, { concertId: small.id, seats: [2] }), 422, 'seat_unknown');
    await failure(world, user, await enqueue(user, { concertId: concert.id, seats: [0, 99] }), 422, 'seat_unknown');
    assert.doesNotMatch((await world.seats(concert.id)).status, /x/);
  });

  it('orderEnd is not lost for a client who comes 100 ms late', async () => {
    const concert = await world.concert();
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    await sleep(100);
    for (let i = 0; i < 3; i++)
      assert.equal((await outcome(world, job)).success, true);
    assert.equal((await outcome(world, job, { token: user.token })).success, true);
  });

  it('nobody else may listen to a job', async () => {
    const concert = await world.concert();
    const job = await enqueue(user, { concertId: concert.id, seats: [0] });
    const stranger = await (await EventStream.open(world.server, `/v1/jobs/${job.jobId}/stream`, { token: other.token })).ended;
    assertProblem(stranger, 404, 'job_unknown');
    const nobody = await (await EventStream.open(world.server, `/v1/jobs/${job.jobId}/stream`)).ended;
    assertProblem(nobody, 401, 'token_missing');
  });

  it('no seat is sold twice when the queue and the direct path meet (27 of 100 were)', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100 }] });
    const answers = await Promise.all(Array.from({ length: 400 }, async (_, i) => {
      const who = i % 3 ? user : other;
      if (i & 1) {
        const answer = await world.order(who, concert.id, [i >> 2]);
        return answer.status === 201 ? answer.body : null;
      }
      return (await outcome(world, await enqueue(who, { concertId: concert.id, seats: [i >> 2] }))).order ?? null;
    }));
    const sold = answers.filter(Boolean).map((order) => order.seats[0].seat);
    assert.equal(sold.length, 100);
    assert.equal(new Set(sold).size, 100);
    assert.equal((await world.seats(concert.id)).status, 'x'.repeat(100));
  });
});
