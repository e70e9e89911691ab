/* SPDX-License-Identifier: MIT
 *
 * The fields that every answer has, ids and traces that clients send, no-store
 * wherever a token was, OPTIONS *, and codings that bodies may not have.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { assertProblem } from './lib/asserts.mjs';
import { Raw } from './lib/raw.mjs';
import { World } from './lib/world.mjs';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('headers', { concurrency: false }, () => {
  let world;
  let user;
  let concert;
  let seats;

  before(async () => {
    world = await World.start({ args: ['--signup-points', '1000'] });
    user = await world.user();
    concert = await world.concert();
    seats = `/v1/concerts/${concert.id}/seats`;
  });
  after(() => world.stop());

  async function rawAnswer(bytes, options = {}) {
    const raw = await Raw.connect(world.server);
    raw.send(bytes);
    const answer = await raw.answer(options);
    await raw.end().untilClosed();
    assert.equal(raw.buffer.length, 0, `more than the answer: ${raw.buffer}`);
    return answer;
  }

  test('every answer forbids browsers what they might do with it', async () => {
    const map = await world.client.get(seats);
    const answers = [
      map,
      await world.client.get(seats, { headers: { 'If-None-Match': map.headers.etag } }),
      await world.order(user, concert.id, [0]),
      await world.order(user, concert.id, [0]),
      await world.client.get('/livez'),
      await world.client.get('/nowhere'),
      await world.client.request('OPTIONS', '/v1/orders'),
      await world.client.request('HEAD', seats),
      await rawAnswer('nonsense\r\n\r\n'),
    ];
    assert.deepEqual(answers.map((answer) => answer.status), [200, 304, 201, 409, 200, 404, 204, 200, 400]);
    for (const { headers } of answers) {
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'");
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(headers['x-request-id'], /^[0-9a-f]{16}$/);
    }
  });

  test('an answer to a token is stored nowhere, and still asked about', async () => {
    const first = await user.client.get(seats);
    assert.equal(first.headers['cache-control'], 'no-store');
    const same = await user.client.get(seats, { headers: { 'If-None-Match': first.headers.etag } });
    assert.deepEqual([same.status, same.headers['cache-control'], same.headers.etag], [304, 'no-store', first.headers.etag]);
    const answers = [
      await world.client.get('/livez', { token: user.token }),
      await world.client.get('/v1/concerts', { token: user.token }),
      await world.client.get('/v1/concerts', { token: 'bad' }),
      await world.client.get('/v1/users/me', { token: 'bad' }),
      await world.client.get('/v1/users/me', { token: user.token }),
      await world.client.get('/nowhere', { token: user.token }),
      await world.client.request('OPTIONS', '/v1/orders', undefined, { token: user.token }),
    ];
    for (const answer of answers)
      assert.equal(answer.headers['cache-control'], 'no-store', `${answer.status}`);
    assert.equal((await world.client.get(seats, { token: null })).headers['cache-control'], 'no-cache');
  });

  test("a good X-Request-Id is the client's, in head and body; any other is ours", async () => {
    const long = 'a'.repeat(64);
    for (const id of ['1', 'A.b_C-9', long]) {
      const fine = await world.client.get(seats, { headers: { 'X-Request-Id': id } });
      assert.equal(fine.headers['x-request-id'], id);
      const problem = await user.client.post('/v1/orders', { concertId: '999', seats: [1] }, { headers: { 'X-Request-Id': id } });
      assert.equal(assertProblem(problem, 404, 'concert_unknown').requestId, id);
    }
    for (const id of ['', `${long}a`, 'a b', 'a,b', '<script>', '"quoted"', 'a;b', '../x', '{}']) {
      const problem = await world.client.get('/nowhere', { headers: { 'X-Request-Id': id } });
      assert.match(assertProblem(problem, 404, 'route_unknown').requestId, /^[0-9a-f]{16}$/, id);
    }
    const twice = await rawAnswer('GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n\r\n');
    assert.equal(twice.status, 400);
    assert.match(twice.headers['x-request-id'], /^([0-9a-f]{16}|[ab])$/);
  });

  test('pipelined requests keep their own ids', async () => {
    const raw = await Raw.connect(world.server);
    const ids = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? null : `id-${i}`));
    raw.send(ids.map((id, i) => `GET ${i % 2 ? '/v1/users/me' : seats} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\n${id ? `X-Request-Id: ${id}\r\n` : ''}\r\n`).join(''));
    for (const id of ids) {
      const answer = await raw.answer();
      assert.equal(answer.status, 200);
      assert.match(answer.headers['x-request-id'], id ? new RegExp(`^${id}$`) : /^[0-9a-f]{16}$/);
    }
    raw.destroy();
  });

  test('a traceparent changes nothing and is not echoed, valid or not, once or twice', async () => {
    for (const traceparent of [TRACE, `${TRACE}-x`, 'nonsense', [TRACE, TRACE]]) {
      const answer = await world.client.get(seats, { headers: { traceparent } });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.traceparent, undefined);
      assert.match(answer.headers['x-request-id'], /^[0-9a-f]{16}$/);
    }
  });

  test('OPTIONS * names what the server can do', async () => {
    const answer = await rawAnswer('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.equal(answer.status, 204);
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])
      assert.match(answer.headers.allow, new RegExp(`\\b${method}\\b`));
    assert.equal(answer.body.length, 0);
  });

  test('a body with a coding is 415, not malformed', async () => {
    const body = gzipSync(JSON.stringify({ concertId: concert.id, seats: [5] }));
    for (const coding of ['gzip', 'GZIP', 'br', 'identity, gzip', 'x'])
      assertProblem(await user.client.post('/v1/orders', body, { headers: { 'Content-Encoding': coding } }), 415, 'unsupported_media_type');
    for (const coding of ['identity', 'Identity', '', 'identity, identity']) {
      const answer = await user.client.post('/v1/orders', { concertId: concert.id, seats: [] }, { headers: { 'Content-Encoding': coding } });
      assertProblem(answer, 422, 'validation_failed');
    }
  });

  test('a HEAD that is refused within its first line gets no body', async () => {
    for (const bytes of ['HEAD /a\x01b', 'HEAD \n', 'HEAD /a b c HTTP/1.1\r\n'])
      assert.equal((await rawAnswer(bytes, { head: true })).status, 400);
  });
});
