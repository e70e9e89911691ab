/* SPDX-License-Identifier: MIT
 *
 * CORS as a browser meets it: what a page of another origin may read, and what
 * it is told before it writes.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { run } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { World } from './lib/world.mjs';

const ORIGIN = 'https://tickets.example';
const EXPOSED = ['Location', 'ETag', 'Retry-After', 'X-Request-Id', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Idempotency-Replayed'];
const corsOf = (answer) => Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name.startsWith('access-control-')));

async function preflight(world, path, origin = ORIGIN, method = 'POST') {
  return world.client.request('OPTIONS', path, undefined, { headers: { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization' } });
}

/** The answer to bytes that are refused. */
async function refusal(world, bytes) {
  const raw = await Raw.connect(world.server);
  raw.send(bytes);
  const answer = await raw.answer();
  raw.destroy();
  return answer;
}

describe('CORS for two origins', { concurrency: false }, () => {
  let world;
  let user;
  let concert;

  before(async () => {
    world = await World.start({ args: ['--cors-origin', ORIGIN, '--cors-origin', 'http://localhost:3000'] });
    user = await world.user();
    concert = await world.concert();
  });
  after(() => world.stop());

  test('a page of a configured origin may read, of another may not', async () => {
    const path = `/v1/concerts/${concert.id}/seats`;
    for (const origin of [ORIGIN, 'http://localhost:3000']) {
      const answer = await world.client.get(path, { headers: { Origin: origin } });
      assert.equal(answer.status, 200);
      assert.deepEqual(corsOf(answer), { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED.join(', ') });
      assert.equal(answer.headers.vary, 'Accept, Origin');
    }
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}:443`, `${ORIGIN}.evil`, 'https://Tickets.example', undefined]) {
      const answer = await world.client.get(path, { headers: origin ? { Origin: origin } : {} });
      assert.equal(answer.status, 200);
      assert.deepEqual(corsOf(answer), {}, origin);
      assert.equal(answer.headers.vary, 'Accept, Origin', 'a cache must not mix them up');
    }
  });

  test('no credentials, ever', async () => {
    for (const answer of [await preflight(world, '/v1/orders'), await world.client.get('/livez', { headers: { Origin: ORIGIN } })])
      assert.equal(answer.headers['access-control-allow-credentials'], undefined);
  });

  test('problems and 304 may be read too', async () => {
    const headers = { Origin: ORIGIN };
    const seats = await world.client.get(`/v1/concerts/${concert.id}/seats`, { headers });
    const same = await world.client.get(`/v1/concerts/${concert.id}/seats`, { headers: { ...headers, 'If-None-Match': seats.headers.etag } });
    const problems = [
      await world.client.get('/v1/nowhere', { headers }),
      await world.client.post('/v1/orders', {}, { headers, token: null }),
      await user.client.post('/v1/orders', {}, { headers }),
      await user.client.post('/v1/orders', { concertId: '999', seats: [0] }, { headers }),
    ];
    assert.deepEqual([same, ...problems].map((answer) => answer.status), [304, 404, 401, 422, 404]);
    for (const answer of [same, ...problems])
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
  });

  test('also what the transport refuses, once it has read that line', async () => {
    const lines = ['POST /v1/orders HTTP/1.1', 'Host: x', `Origin: ${ORIGIN}`, 'X-Request-Id: mine-1'];
    const refused = [
      [400, [...lines, 'Bad Header: x', '', '']],
      [413, [...lines, 'Content-Length: 99999999', '', '']],
      [400, [...lines, 'Transfer-Encoding: chunked', '', 'zz', '']],
      [431, [...lines, `X: ${'x'.repeat(20000)}`, '', '']],
    ];
    for (const [status, text] of refused) {
      const answer = await refusal(world, text.join('\r\n'));
      assert.equal(answer.status, status);
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN, `${status}`);
      assert.equal(answer.headers['x-request-id'], 'mine-1');
      assert.equal(answer.json.requestId, 'mine-1');
    }
    const stranger = await refusal(world, 'GET /v1/orders HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nBad Header: x\r\n\r\n');
    assert.deepEqual(corsOf(stranger), {});
  });

  test('a preflight is answered from the table of routes', async () => {
    const cases = [
      ['/v1/orders', 'GET, HEAD, POST, OPTIONS'],
      ['/v1/orders/1/cancel', 'POST, OPTIONS'],
      ['/v1/users/1/role', 'PUT, OPTIONS'],
    ];
    for (const [path, methods] of cases) {
      const answer = await preflight(world, path);
      assert.equal(answer.status, 204, answer.text);
      assert.equal(answer.headers.allow, methods);
      assert.deepEqual(corsOf(answer), {
        'access-control-allow-origin': ORIGIN,
        'access-control-expose-headers': EXPOSED.join(', '),
        'access-control-allow-methods': methods,
        'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id, traceparent',
        'access-control-max-age': '600',
      });
    }
    assert.equal((await preflight(world, '/v1/nowhere')).status, 404);
    assert.deepEqual(corsOf(await preflight(world, '/v1/orders', 'https://evil.example')), {});
    /* OPTIONS that is no preflight. */
    const plain = await world.client.request('OPTIONS', '/v1/orders', undefined, { headers: { Origin: ORIGIN } });
    assert.equal(plain.headers['access-control-allow-methods'], undefined);
    assert.equal(plain.headers['access-control-allow-origin'], ORIGIN);
  });

  test('two Origins are no request', async () => {
    const answer = await refusal(world, requestBytes('GET', '/livez', { headers: { Origin: ORIGIN, origin: ORIGIN } }));
    assert.equal(answer.status, 400);
  });
});

test('CORS for everyone', async () => {
  const world = await World.start({ args: ['--cors-origin', '*'] });
  for (const headers of [{ Origin: 'https://any.example' }, {}]) {
    const answer = await world.client.get('/livez', { headers });
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(answer.headers.vary, undefined);
  }
  assert.equal((await preflight(world, '/v1/orders', 'null')).headers['access-control-allow-methods'], 'GET, HEAD, POST, OPTIONS');
  await world.stop();
});

test('CORS is off unless it is configured, and what is no origin is refused', async () => {
  const world = await World.start();
  for (const answer of [await world.client.get('/livez', { headers: { Origin: ORIGIN } }), await preflight(world, '/v1/orders')]) {
    assert.deepEqual(corsOf(answer), {});
    assert.equal(answer.headers.vary, undefined);
  }
  await world.stop();
  for (const origin of ['tickets.example', 'https://tickets.example/', 'https://*.example', 'https://Tickets.example', 'null']) {
    const result = await run(['serve', '--data', world.server.data, '--cors-origin', origin]);
    assert.equal(result.code, 2, `${origin}: ${result.stderr}`);
    assert.match(result.stderr, /--cors-origin/);
  }
});
