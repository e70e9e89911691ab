/* SPDX-License-Identifier: MIT
 *
 * The document of the interface against the server: how it is served, that every
 * operation in it is there and no other, that its examples fit its schemas, and that
 * requests are refused just outside of the ranges that it states and not inside.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { EventStream } from './lib/events.mjs';
import { around } from './lib/outside.mjs';
import { PROGRAM } from './lib/program.mjs';
import { Schemas, operations } from './lib/schema.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

/* Nobody's id, and nobody's job. */
const NOBODY = '4294967295';
const NO_JOB = '0'.repeat(32);

const pathOf = (path) => path.replace('{id}', NOBODY).replace('{job}', NO_JOB);

describe('the document', { concurrency: false }, () => {
  let world;
  let doc;
  let schemas;

  before(async () => {
    world = await World.start();
    doc = expectStatus(await world.client.get('/openapi.json'), 200);
    schemas = new Schemas(doc);
  });
  after(() => world.stop());

  test('is served with a tag, asked about, and the same that the program prints', async () => {
    const first = await world.client.get('/openapi.json');
    assert.equal(first.headers['content-type'], 'application/json');
    assert.equal(first.headers['cache-control'], 'no-cache');
    assert.match(first.headers.etag, /^"[0-9a-f]{32}"$/);
    const again = await world.client.get('/openapi.json', { headers: { 'If-None-Match': first.headers.etag } });
    assert.deepEqual([again.status, again.text, again.headers.etag, again.headers['cache-control']], [304, '', first.headers.etag, 'no-cache']);
    const other = await world.client.get('/openapi.json', { headers: { 'If-None-Match': '"0"' } });
    assert.deepEqual([other.status, other.text], [200, first.text]);
    const head = await world.client.request('HEAD', '/openapi.json');
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(first.bytes.length)]);
    assertProblem(await world.client.get('/openapi.json', { headers: { Accept: 'text/html' } }), 406, 'not_acceptable');
    assert.equal(execFileSync(PROGRAM, ['openapi'], { encoding: 'utf8' }), `${first.text}\n`);
  });

  /** Somebody for whom nothing is lost. */
  async function askAs(operation, path, method) {
    const spare = ['eraseMe', 'logOut', 'changePassword'].includes(operation.operationId);
    const client = spare ? (await world.user()).client : world.admin;
    const body = operation.requestBody ? {} : undefined;
    const streams = JSON.stringify(operation.responses['200'] ?? {}).includes('text/event-stream');
    return client.request(method, pathOf(path), body, { headers: streams ? { Accept: 'text/event-stream' } : {} });
  }

  test('has no operation that is not there, and what it is answered is in it', async () => {
    const all = operations(doc);
    assert.ok(all.length >= 36);
    for (const { path, method, operation } of all) {
      const answer = await askAs(operation, path, method);
      const said = schemas.at(operation.responses[answer.status] ?? assert.fail(`${method} ${path}: ${answer.status} is not in the document`));
      assert.ok(!['route_unknown', 'method_not_allowed'].includes(answer.body?.code), `${method} ${path}: ${answer.text}`);
      const type = (answer.headers['content-type'] ?? '').split(';')[0];
      if (answer.body)
        assert.deepEqual(schemas.faults(said.content[type].schema, answer.body), [], `${method} ${path}`);
      else if (type)
        assert.ok(said.content[type], `${method} ${path}: ${type}`);
      for (const [name, reference] of Object.entries(said.headers))
        assert.ok(!schemas.at(reference).required || answer.headers[name.toLowerCase()] !== undefined, `${method} ${path}: no ${name}`);
    }
  });

  test('has every method of its paths', async () => {
    /* `/v1/orders/queue` is also an order that there is not. */
    const takes = (pattern, path) => new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
    for (const path of Object.keys(doc.paths)) {
      const patterns = Object.keys(doc.paths).filter((pattern) => takes(pattern, pathOf(path)));
      const methods = new Set(patterns.flatMap((pattern) => Object.keys(doc.paths[pattern])));
      const wanted = [...methods].map((name) => name.toUpperCase());
      if (wanted.includes('GET'))
        wanted.push('HEAD');
      const options = await world.client.request('OPTIONS', pathOf(path));
      assert.equal(options.status, 204);
      assert.deepEqual(options.headers.allow.split(', ').sort(), [...wanted, 'OPTIONS'].sort(), path);
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
        if (!wanted.includes(method))
          assertProblem(await world.admin.request(method, pathOf(path)), 405, 'method_not_allowed');
    }
  });

  test('has examples that fit', () => {
    let count = 0;
    const check = (schema, value, where) => {
      assert.deepEqual(schemas.faults(schema, value), [], where);
      count++;
    };
    const checkMedia = (content, where) => {
      for (const [type, media] of Object.entries(content)) {
        const examples = Object.values(media.examples ?? {}).map(({ value }) => value);
        if ('example' in media)
          examples.push(media.example);
        assert.ok(examples.length > 0 || /msgpack|problem/.test(type), `no example: ${where} ${type}`);
        examples.forEach((value) => check(media.schema, value, `${where} ${type}`));
      }
    };
    for (const { path, method, operation } of operations(doc)) {
      const where = `${method} ${path}`;
      checkMedia(operation.requestBody?.content ?? {}, where);
      for (const parameter of operation.parameters ?? [])
        check(parameter.schema, parameter.example, `${where} ${parameter.name}`);
      for (const [status, answer] of Object.entries(operation.responses))
        checkMedia(schemas.at(answer).content ?? {}, `${where} ${status}`);
    }
    for (const [name, schema] of Object.entries(doc.components.schemas))
      for (const value of schema.examples ?? [])
        check(schema, value, name);
    for (const [name, header] of Object.entries(doc.components.headers))
      check(header.schema, header.example, name);
    assert.ok(count > 150, `${count} examples`);
    assert.notDeepEqual(schemas.faults({ $ref: '#/components/schemas/User' }, { id: 7 }), []);
  });

  /** All bodies that the document has for an operation. */
  function bodiesOf(operation) {
    const media = operation.requestBody.content['application/json'];
    const values = media.examples ? Object.values(media.examples).map(({ value }) => value) : [media.example];
    return values.map((value) => ({ schema: media.schema, value }));
  }

  /* Where one of two fields is needed and neither is there, the server names one of
   * those that would do. */
  const EITHER = {
    concertId: ['concertId', 'seats'], holdId: ['concertId', 'seats'], bestAvailable: ['seats'],
    'grades[1].seats': ['grades[1].rows'],
  };

  test('states ranges: just outside, the field is named', async () => {
    let count = 0;
    for (const { path, method, operation } of operations(doc)) {
      if (!operation.requestBody)
        continue;
      for (const { schema, value } of bodiesOf(operation))
        for (const { field, what, body } of around(schemas, schema, value).outside) {
          const where = `${operation.operationId}: ${field || 'the body'}, ${what}`;
          const answer = await world.admin.request(method, pathOf(path), JSON.stringify(body));
          assert.equal(answer.status, 422, `${where}: ${answer.status} ${answer.text}`);
          const problem = assertProblem(answer, 422, 'validation_failed');
          const named = problem.errors.map((error) => error.field);
          const wanted = what === 'without it' ? [field, ...(EITHER[field] ?? [])] : [field];
          assert.ok(wanted.some((one) => named.includes(one)), `${where}: ${answer.text}`);
          count++;
        }
    }
    assert.ok(count > 250, `${count} requests`);
  });

  test('states ranges: at their ends, the field is not named', async () => {
    let count = 0;
    for (const { path, method, operation } of operations(doc)) {
      if (!operation.requestBody)
        continue;
      for (const { schema, value } of bodiesOf(operation))
        for (const { field, what, body } of around(schemas, schema, value).within) {
          /* Refused for another reason, so that nothing comes of it. */
          const answer = await world.admin.request(method, pathOf(path), JSON.stringify({ ...body, nonsense: 1 }));
          const named = assertProblem(answer, 422, 'validation_failed').errors.map((error) => error.field);
          assert.ok(named.includes('nonsense'));
          /* Dates are also compared with each other. */
          if (!/Date$|Until$/.test(field))
            assert.ok(!named.includes(field), `${operation.operationId}: ${field}, ${what}: ${answer.text}`);
          count++;
        }
    }
    assert.ok(count > 80, `${count} requests`);
  });

  test('states ranges of parameters', async () => {
    const ask = async (path, method, query, headers = {}, body = undefined) =>
      world.admin.request(method, `${pathOf(path)}${query}`, body, { headers });
    const badOf = (schema) => {
      if (schema.type === 'integer')
        return [schema.minimum - 1, schema.maximum + 1, 'x'];
      return schema.pattern ? ['x', '0', '01'] : ['a'.repeat(schema.maxLength + 1)];
    };
    const isNamed = (answer, name) => answer.status === 422 && answer.body.errors.some(({ field }) => field === name);
    let count = 0;
    for (const { path, method, operation } of operations(doc))
      for (const { name, in: place, schema } of operation.parameters ?? []) {
        if (place === 'query') {
          const bad = ['', ...badOf(schema)];
          for (const value of bad)
            assert.ok(isNamed(await ask(path, method, `?${name}=${value}`), name), `${method} ${path}: ${name}=${value}`);
          const fine = schema.type === 'integer' ? [schema.minimum, schema.maximum] : schema.maxLength ? ['a'.repeat(schema.maxLength)] : [];
          for (const value of fine)
            assert.ok(!isNamed(await ask(path, method, `?${name}=${value}`), name), `${method} ${path}: ${name}=${value}`);
          count++;
        } else if (name === 'Idempotency-Key') {
          const body = JSON.stringify({ nonsense: 1 });
          const key = (length) => ({ [name]: 'k'.repeat(length) });
          assert.ok(isNamed(await ask(path, method, '', key(schema.maxLength + 1), body), name), `${method} ${path}`);
          assert.ok(!isNamed(await ask(path, method, '', key(schema.maxLength), body), name), `${method} ${path}`);
          count++;
        }
      }
    assert.ok(count >= 20, `${count} parameters`);
    for (const { path, method } of operations(doc))
      assert.ok(isNamed(await world.admin.request(method, `${pathOf(path)}?nonsense=1`, method === 'GET' || method === 'DELETE' ? undefined : '{}'), 'nonsense')
        || path === '/v1/jobs/{job}/stream', `${method} ${path} takes any parameter`);
  });

  test('states defaults', async () => {
    const schema = doc.components.schemas.NewConcert;
    const { example } = doc.paths['/v1/concerts'].post.requestBody.content['application/json'];
    const category = await world.category();
    const needed = Object.fromEntries(Object.entries(example).filter(([name]) => schema.required.includes(name)));
    const concert = expectStatus(await world.admin.post('/v1/concerts', { ...needed, categoryId: category.id }), 201);
    const defaults = Object.entries(schema.properties).filter(([, property]) => 'default' in property);
    assert.ok(defaults.length >= 4);
    for (const [name, property] of defaults)
      assert.deepEqual(concert[name], property.default, name);
    const limit = doc.paths['/v1/users'].get.parameters.find(({ name }) => name === 'limit').schema.default;
    for (let i = 0; i < limit; i++)
      await world.category();
    const page = expectStatus(await world.client.get('/v1/categories'), 200);
    assert.equal(page.items.length, limit);
  });

  test('says of answers what they are, from a sign-up to an order', async () => {
    const fits = (name, value) => assert.deepEqual(schemas.faults({ $ref: `#/components/schemas/${name}` }, value), [], name);
    const user = await world.user({ points: 1_000_000 });
    fits('User', user.user);
    fits('Session', await world.login(user.email, PASSWORD));
    const concert = await world.concert();
    fits('Concert', concert);
    fits('Hold', expectStatus(await user.client.post(`/v1/concerts/${concert.id}/holds`, { seats: [0] }), 201));
    fits('Order', expectStatus(await world.order(user, concert.id, [1]), 201));
    fits('seat_taken', assertProblem(await world.order(user, concert.id, [1, 0]), 409, 'seat_taken'));
    fits('JobAccepted', expectStatus(await user.client.post('/v1/orders/queue', { concertId: concert.id, seats: [2] }), 202));
    fits('SeatMap', expectStatus(await user.client.get(`/v1/concerts/${concert.id}/seats`), 200));
    fits('Ledger', expectStatus(await user.client.get('/v1/users/me/ledger'), 200));
    fits('ConcertOrders', expectStatus(await world.admin.get(`/v1/concerts/${concert.id}/orders`), 200));
    fits('Stats', expectStatus(await world.admin.get('/v1/admin/stats'), 200));
  });

  test('says of streams what comes in them', async () => {
    const user = await world.user({ points: 1_000_000 });
    const concert = await world.concert();
    const check = (name, { event, id, data }, hasId) => {
      const { items } = doc.components.schemas[name].contentSchema;
      assert.deepEqual(schemas.faults(items, hasId ? { event, id, data } : { event, data }), [], event);
    };
    const seats = await EventStream.open(world.server, `/v1/concerts/${concert.id}/seats/stream`, { lastId: '999999' });
    check('SeatEvents', await seats.first('reset'), false);
    check('SeatEvents', await seats.first('map'), true);
    expectStatus(await world.order(user, concert.id, [0]), 201);
    check('SeatEvents', await seats.first('seats'), true);
    seats.close();
    for (const taken of [[1], [0]]) {
      const { streamUrl } = expectStatus(await user.client.post('/v1/orders/queue', { concertId: concert.id, seats: taken }), 202);
      const job = await EventStream.open(world.server, streamUrl);
      const end = await job.first('orderEnd');
      check('JobEvents', end, true);
      assert.equal(end.data.success, taken[0] === 1);
      job.close();
      const over = await EventStream.open(world.server, streamUrl, { lastId: 'end' });
      assert.equal(over.status, 204);
      assert.ok(doc.paths['/v1/jobs/{job}/stream'].get.responses[204]);
    }
  });
});
