/* SPDX-License-Identifier: MIT
 *
 * The limit of writes: by user, by network, behind proxies, and what answers say
 * of it. Limits are so low, and refill so slowly, that the time a test takes
 * does not matter to what it looks for.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Client } from './lib/client.mjs';
import { dropDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World } from './lib/world.mjs';

const FIELDS = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];
const limitOf = (answer) => FIELDS.map((name) => (answer.headers[name] === undefined ? null : Number(answer.headers[name])));

/** Writes as fast as it can until one is over the limit: {taken, refused}. */
async function writeUntilRefused(write, most = 500) {
  const answers = await Promise.all(Array.from({ length: most }, write));
  return { taken: answers.filter((answer) => answer.status !== 429), refused: answers.filter((answer) => answer.status === 429) };
}

describe('a limit of writes', { concurrency: false }, () => {
  let data;
  let world; /* without a limit, to fill the directory */
  let user;
  let other;
  let concert;

  before(async () => {
    world = await World.start({ args: ['--signup-points', '100000'] });
    user = await world.user();
    other = await world.user();
    concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 1000 }] });
    data = world.server.data;
    await world.stopServer();
  });

  after(() => dropDirectory(data));

  /** The same people on a server with this limit. */
  async function withServer(options, body) {
    const server = await startServer({ data, admin: false, ...options });
    const client = new Client(server);
    try {
      await body(client, server);
    } finally {
      client.close();
      assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr());
    }
  }

  test('a user has a burst of a second, then 429 with Retry-After, and others are not disturbed', () =>
    withServer({ rateLimit: 10 }, async (client) => {
      const mine = client.as(user.token);
      const first = await mine.post('/v1/orders', { concertId: concert.id, seats: [0] });
      assert.equal(first.status, 201, first.text);
      assert.deepEqual(limitOf(first), [10, 9, 1]);
      let seat = 1;
      const { taken, refused } = await writeUntilRefused(() => mine.post('/v1/orders', { concertId: concert.id, seats: [seat++] }));
      assert.ok(taken.length >= 9, `${taken.length} of a burst of 9 were taken`);
      assert.ok(refused.length > 0, 'nothing was refused');
      for (const answer of taken)
        assert.equal(answer.status, 201, answer.text);
      for (const answer of refused) {
        assertProblem(answer, 429, 'rate_limited');
        assert.deepEqual(limitOf(answer), [10, 0, 1]);
        assert.equal(answer.headers['retry-after'], '1');
      }
      const theirs = await client.as(other.token).post('/v1/orders', { concertId: concert.id, seats: [999] });
      assert.equal(theirs.status, 201, theirs.text);
      assert.deepEqual(limitOf(theirs), [10, 9, 1]);
      /* What is read is not limited, and says nothing of limits. */
      const seats = await mine.get(`/v1/concerts/${concert.id}/seats`);
      assert.equal(seats.status, 200);
      assert.deepEqual(limitOf(seats), [null, null, null]);
      /* What was refused was not done. */
      assert.equal((seats.body.status.match(/x/g) ?? []).length, 2 + taken.length);
    }));

  test('to ask for a job that nobody remembers counts as a write, since all orders are looked through', () =>
    withServer({ rateLimit: 5 }, async (client) => {
      const mine = client.as(user.token);
      const { taken, refused } = await writeUntilRefused(() => mine.get(`/v1/jobs/${'5'.repeat(32)}`));
      assert.ok(taken.length >= 5, `${taken.length} of a burst of 5 were looked for`);
      for (const answer of taken)
        assertProblem(answer, 404, 'job_unknown');
      assertProblem(refused[0], 429, 'rate_limited');
      const other_ = await client.as(other.token).get(`/v1/jobs/${'5'.repeat(32)}/stream`);
      assertProblem(other_, 404, 'job_unknown');
    }));

  test('a token comes back: a refused client is taken again after what he was told', () =>
    withServer({ rateLimit: 1 }, async (client) => {
      const mine = client.as(user.token);
      const write = () => mine.post('/v1/orders', { concertId: concert.id, seats: ['no'] });
      assert.equal((await write()).status, 422);
      const refused = await write();
      assertProblem(refused, 429, 'rate_limited');
      await new Promise((resolve) => setTimeout(resolve, 1000 * Number(refused.headers['retry-after']) + 50));
      assert.equal((await write()).status, 422);
    }));

  test('refused before the body is looked at; refusals count, and show the limit', () =>
    withServer({ rateLimit: 3 }, async (client) => {
      const mine = client.as(user.token);
      const wrong = [
        () => mine.post('/v1/orders', '{'),
        () => mine.post('/v1/orders', {}),
        () => mine.request('DELETE', '/v1/nowhere', undefined, { token: null }),
      ];
      assert.deepEqual([(await wrong[0]()).status, (await wrong[1]()).status], [400, 422]);
      assert.deepEqual(limitOf(await wrong[1]()).slice(0, 2), [3, 0]);
      const { refused } = await writeUntilRefused(wrong[0], 20);
      assert.ok(refused.length > 0);
      const unknown = await wrong[2]();
      assert.equal(unknown.status, 404);
      assert.deepEqual(limitOf(unknown).slice(0, 2), [3, 2]);
    }));

  test('without a good token the network is limited: log-ins, sign-ups, bad tokens alike', () =>
    withServer({ rateLimit: 4 }, async (client) => {
      const anyone = client.as(null);
      const writes = [
        () => anyone.post('/v1/orders', {}),
        () => anyone.post('/v1/orders', {}, { token: `${user.token}x` }),
        () => anyone.post('/v1/users', {}),
        () => anyone.post('/v1/auth/login', {}, { token: user.token }),
      ];
      const statuses = [];
      for (const write of writes)
        statuses.push((await write()).status);
      assert.deepEqual(statuses, [401, 401, 422, 422]);
      const { refused } = await writeUntilRefused(writes[3], 20);
      assert.ok(refused.length > 0, 'the log-in is not limited');
      for (const answer of refused)
        assertProblem(answer, 429, 'rate_limited');
      /* Who shows a good token is not of that network any more. */
      const mine = await client.as(user.token).post('/v1/orders', {});
      assert.deepEqual([mine.status, ...limitOf(mine)], [422, 4, 3, 1]);
    }));

  test('behind a trusted proxy the network is the one that the proxy saw', () =>
    withServer({ rateLimit: 2, args: ['--trust-proxy', '127.0.0.0/8', '--trust-proxy', '10.0.0.0/8'] }, async (client) => {
      const write = (...lines) => client.request('POST', '/v1/users', {}, { token: null, headers: lines.length ? { 'X-Forwarded-For': lines } : {} });
      const left = async (...lines) => limitOf(await write(...lines))[1];
      assert.equal(await left('192.0.2.1'), 1);
      assert.equal(await left('198.51.100.7, 192.0.2.99:80, 10.0.0.1'), 0); /* the same /24 */
      assertProblem(await write('192.0.2.200'), 429, 'rate_limited');
      assert.equal(await left('192.0.3.1'), 1);
      assert.equal(await left('2001:db8::1'), 1);
      assert.equal(await left('[2001:db8::ffff:0:0:2]:443'), 0); /* the same /64 */
      assert.equal(await left('2001:db8:0:1::1'), 1);
      /* Two lines are one list. */
      assert.equal(await left('192.0.3.200', '10.0.0.1'), 0);
      assert.equal(await left('nonsense'), 1); /* the proxy itself */
      assert.equal(await left(), 0);
    }));

  test('an untrusted peer is believed nothing', () =>
    withServer({ rateLimit: 2, args: ['--trust-proxy', '10.0.0.0/8'] }, async (client) => {
      const left = async (text) => limitOf(await client.request('POST', '/v1/users', {}, { token: null, headers: { 'X-Forwarded-For': text } }))[1];
      assert.equal(await left('192.0.2.1'), 1);
      assert.equal(await left('192.0.3.1'), 0);
    }));

  test('0 is off; the default is 50', async () => {
    await withServer({ rateLimit: 0 }, async (client) => {
      const answer = await client.post('/v1/users', {}, { token: null });
      assert.deepEqual(limitOf(answer), [null, null, null]);
      const { refused } = await writeUntilRefused(() => client.post('/v1/orders', {}, { token: null }), 100);
      assert.equal(refused.length, 0);
    });
    await withServer({ rateLimit: null }, async (client) => {
      const mine = client.as(user.token);
      assert.deepEqual(limitOf(await mine.post('/v1/orders', {})), [50, 49, 1]);
    });
  });

  test('options that are none are refused', async () => {
    const serve = (...args) => run(['serve', '--data', data, '--listen', '127.0.0.1:0', ...args]);
    for (const args of [['--rate-limit', '-1'], ['--rate-limit', '1000001'], ['--rate-limit', 'many'],
      ['--trust-proxy', '10.0.0.1/8'], ['--trust-proxy', 'proxy'], ['--trust-proxy', '10.0.0.0/33']]) {
      const result = await serve(...args);
      assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
      assert.match(result.stderr, new RegExp(args[0]));
    }
  });
});
