/* SPDX-License-Identifier: MIT
 *
 * What surrounds every route: bodies, media types, unknown routes and methods,
 * headers, the state of the server.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { World, expectStatus } from './lib/world.mjs';

describe('bodies', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(async () => { await world?.stop(); });

  const post = (body, headers = {}) => world.admin.post('/v1/categories', body, { headers });

  it('what is not JSON is malformed', async () => {
    for (const body of ['', '{', '{"name":', '{"name":"a"}x', '{"name":"a"},', "{'name':'a'}", '{name:"a"}', '{"name":"a",}', '[1,]',
      '{"name":"\u0001"}', '{"name":"\\x"}', '{"name":01}', '{"name":+1}', '{"name":.5}', '{"name":NaN}', '/**/{"name":"a"}',
      '\ufeff{"name":"a"}', '{"name":"a"}\u0000', 'true false', '{"name":"\\ud800"}'])
      assertProblem(await post(body), 400, 'malformed_body');
    for (const bytes of [[0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]])
      assertProblem(await post(Buffer.from(bytes)), 400, 'malformed_body');
  });

  it('what is JSON but no object is not valid', async () => {
    for (const body of ['[]', 'null', '5', '"name"', 'true'])
      assertProblem(await post(body), 422, 'validation_failed');
  });

  it('unknown fields and duplicate keys are refused', async () => {
    assertInvalid(await post('{"name":"a","nom":"b"}'), ['nom']);
    assertInvalid(await post('{"name":"a","name":"a"}'), ['name']);
    assertInvalid(await post('{"name":"a","n\\u0061me":"b"}'), ['name']);
  });

  it('depth has a bound', async () => {
    const answer = await post(`{"name":${'['.repeat(30000)}${']'.repeat(30000)}}`);
    assert.ok(answer.status === 400 || answer.status === 422, answer.text);
  });

  it('a media type that is not known is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', 'application/json; charset=latin1', 'application/xml'])
      assertProblem(await post('{"name":"typed"}', { 'Content-Type': type }), 415, 'unsupported_media_type');
    let n = 0;
    for (const type of ['application/json', 'Application/JSON', 'application/json;charset=utf-8', 'application/json; charset="UTF-8"'])
      expectStatus(await post(JSON.stringify({ name: `typed ${n++}` }), { 'Content-Type': type }), 201);
  });

  it('what the client does not accept is not made', async () => {
    for (const accept of ['text/html', 'application/msgpack', 'application/json;q=0'])
      assertProblem(await world.client.get('/v1/concerts', { headers: { Accept: accept } }), 406, 'not_acceptable');
    for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.1', 'application/json'])
      expectStatus(await world.client.get('/v1/concerts', { headers: { Accept: accept } }), 200);
  });

  it('escapes and any script come back as they went in', async () => {
    const made = expectStatus(await post('{"name":"\\u00e9\\ud83c\\udfab\\"\\\\\\/ <b>"}'), 201);
    assert.equal(made.name, 'é🎫"\\/ <b>');
    const list = expectStatus(await world.client.get('/v1/categories?limit=100'), 200);
    assert.ok(list.items.some((item) => item.name === made.name));
  });
});

describe('routes', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(async () => { await world?.stop(); });

  it('another path is 404', async () => {
    for (const path of ['/', '/v1', '/v1/', '/v2/concerts', '/v1/concerts/', '/v1/concerts/1/', '/v1/Concerts', '/v1//concerts', '/v1/users/', '/v1/nothing', '/v1/../v1/concerts', '/v1/%63oncerts'])
      assert.equal((await world.client.get(path)).status >= 404, true, path);
    assertProblem(await world.client.get('/v1/nothing'), 404, 'route_unknown');
    assertProblem(await world.client.post('/v1/auth/renew', {}), 404, 'route_unknown');
    assertProblem(await world.client.get('/v1/jobs'), 404, 'route_unknown');
  });

  it('another method is 405 and says which there are', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/v1/categories', ['GET', 'HEAD', 'POST']],
      ['POST', '/v1/users/me', ['GET', 'HEAD']],
      ['GET', '/v1/auth/login', ['POST']],
      ['PUT', '/v1/orders', ['GET', 'HEAD', 'POST']],
      ['POST', '/livez', ['GET', 'HEAD']],
    ]) {
      const answer = await world.client.request(method, path);
      assertProblem(answer, 405, 'method_not_allowed');
      const named = answer.headers.allow.split(/, */).sort();
      for (const one of allow)
        assert.ok(named.includes(one), `${path}: Allow is ${answer.headers.allow}`);
      assert.ok(!named.includes(method));
    }
  });

  it('livez and readyz say that all is well', async () => {
    expectStatus(await world.client.get('/livez'), 200);
    expectStatus(await world.client.get('/readyz'), 200);
  });

  it('every answer has an id of its own', async () => {
    const ids = new Set();
    for (let i = 0; i < 5; i++)
      for (const path of ['/v1/concerts', '/v1/nothing', '/livez'])
        ids.add((await world.client.get(path)).headers['x-request-id']);
    assert.equal(ids.size, 15);
    assert.ok(!ids.has(undefined));
  });

  it('answers to a token are never cached, those to anyone are fresh', async () => {
    for (const answer of [await world.admin.get('/v1/users/me'), await world.admin.get('/v1/orders'), await world.admin.get('/v1/concerts')])
      assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal((await world.admin.get('/v1/users/999', { token: 'x' })).headers['cache-control'], 'no-store');
    const concert = await world.concert();
    for (const path of ['/v1/concerts', '/v1/categories', `/v1/concerts/${concert.id}`, `/v1/concerts/${concert.id}/seats`])
      assert.equal((await world.client.get(path)).headers['cache-control'], 'no-cache', path);
    /* A cache in between would keep a 404 for a while, and hide the concert that is next. */
    assert.equal((await world.client.get('/v1/concerts/4000000')).headers['cache-control'], 'no-store');
  });

  it('a HEAD has the head of the GET', async () => {
    const concert = await world.concert();
    for (const path of ['/v1/categories', `/v1/concerts/${concert.id}/seats`, '/livez', '/v1/nothing']) {
      const got = await world.client.get(path);
      const head = await world.client.request('HEAD', path);
      assert.equal(head.status, got.status, path);
      assert.equal(head.text, '');
      for (const name of ['content-type', 'content-length', 'etag'])
        assert.equal(head.headers[name], got.headers[name], `${path}: ${name}`);
    }
  });
});
