/* SPDX-License-Identifier: MIT
 *
 * Orders and seats as application/msgpack: everything that they say in JSON,
 * and nothing else.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { Client } from './lib/client.mjs';
import { decode, encode, encodeMembers } from './lib/msgpack.mjs';
import { World, expectStatus } from './lib/world.mjs';

const MSGPACK = 'application/msgpack';

/** A success in msgpack, decoded. */
function unpacked(answer, status) {
  assert.equal(answer.status, status, `status ${answer.status}, wanted ${status}: ${answer.text}`);
  assert.equal(answer.headers['content-type'], MSGPACK);
  assert.equal(answer.headers['content-length'], String(answer.bytes.length));
  assert.equal(answer.headers.vary, 'Accept');
  return decode(answer.bytes);
}

describe('msgpack', () => {
  let world;
  let user;
  let concert;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
    concert = await world.concert({ name: 'Ærø "live" 🎫\\', grades: [{ name: 'VIP"é', price: 100, rows: [5, 300] }, { name: 'R', price: 30, seats: 200 }] });
  });
  after(async () => { await world?.stop(); });

  const ask = (method, path, body, { headers = {}, accept = MSGPACK, type = MSGPACK, client = user.client, ...options } = {}) =>
    client.request(method, path, body === undefined || Buffer.isBuffer(body) ? body : encode(body),
      { ...options, headers: { ...(accept ? { Accept: accept } : {}), ...(body === undefined ? {} : { 'Content-Type': type }), ...headers } });
  const order = (body, options) => ask('POST', '/v1/orders', body, options);
  const seatsPath = () => `/v1/concerts/${concert.id}/seats`;

  /** Both forms of a GET; returns what they say. */
  async function same(path, client = user.client) {
    const json = await client.get(path);
    const msgpack = await ask('GET', path, undefined, { client });
    expectStatus(json, 200);
    assert.match(json.headers['content-type'], /^application\/json/);
    assert.equal(json.headers.vary, 'Accept');
    assert.deepEqual(unpacked(msgpack, 200), json.body);
    assert.ok(msgpack.bytes.length < json.bytes.length);
    return json.body;
  }

  it('an order is made, read and cancelled', async () => {
    const made = await order({ concertId: concert.id, seats: [250, 0, 304], amount: 300 });
    const body = unpacked(made, 201);
    assert.equal(made.headers.location, `/v1/orders/${body.id}`);
    assert.equal(made.headers['cache-control'], 'no-store');
    assert.deepEqual(body.seats.map(({ seat }) => seat), [0, 250, 304]);
    assert.equal(body.seats[2].label, 'VIP"é 2-300');
    assert.equal(body.concertName, concert.name);
    assert.equal(body.cancelledAt, null);
    assert.deepEqual(await same(`/v1/orders/${body.id}`), body);
    const cancelled = unpacked(await ask('POST', `/v1/orders/${body.id}/cancel`, { reason: 'krank 🤒' }), 200);
    assert.deepEqual(await same(`/v1/orders/${body.id}`), cancelled);
    assert.equal(cancelled.status, 'CANCEL');
    /* Without a body as well, and then asked for as JSON. */
    const next = unpacked(await order({ concertId: Number(concert.id), seats: [0] }), 201);
    expectStatus(await ask('POST', `/v1/orders/${next.id}/cancel`, undefined, { accept: 'application/json' }), 200);
  });

  it('a hold is taken, read, extended, bought and given back', async () => {
    const holds = `/v1/concerts/${concert.id}/holds`;
    const taken = await ask('POST', holds, { seats: [101, 100] });
    const hold = unpacked(taken, 201);
    assert.equal(taken.headers.location, `/v1/holds/${hold.holdId}`);
    assert.deepEqual(hold.seats.map(({ seat }) => seat), [100, 101]);
    assert.deepEqual(await same(`/v1/holds/${hold.holdId}`), hold);
    const extended = unpacked(await ask('POST', `/v1/holds/${hold.holdId}/extend`, {}), 200);
    assert.deepEqual(await same(`/v1/holds/${hold.holdId}`), extended);
    const bought = unpacked(await order({ holdId: hold.holdId, amount: hold.amount }), 201);
    assert.deepEqual(bought.seats, hold.seats);
    const best = unpacked(await ask('POST', holds, { bestAvailable: { grade: 'R', count: 2, allowSplit: true } }), 201);
    assert.equal(best.seats.length, 2);
    expectStatus(await ask('DELETE', `/v1/holds/${best.holdId}`), 204);
    assertInvalid(await ask('POST', holds, { bestAvailable: { count: 0 } }), ['bestAvailable.count']);
    assertProblem(await ask('POST', holds, { seats: [100] }), 409, 'seat_taken');
  });

  it('each form of a request may have each form of an answer', async () => {
    const seats = (first) => ({ concertId: concert.id, seats: [first, first + 1] });
    const told = [];
    told.push(unpacked(await order(seats(10)), 201));
    told.push(expectStatus(await order(seats(12), { accept: null }), 201));
    told.push(unpacked(await order(Buffer.from(JSON.stringify(seats(14))), { type: 'application/json' }), 201));
    told.push(expectStatus(await user.client.post('/v1/orders', seats(16)), 201));
    told.push(unpacked(await order(seats(18), { type: 'application/vnd.msgpack', accept: 'application/vnd.msgpack' }), 201));
    const form = ({ concertId, concertName, concertDate, status, amount, cancelledAt }) => ({ concertId, concertName, concertDate, status, amount, cancelledAt });
    for (const one of told) {
      assert.deepEqual(form(one), form(told[0]));
      assert.deepEqual(await same(`/v1/orders/${one.id}`), one);
    }
  });

  it('lists, pages and the seat map say the same', async () => {
    const everything = await same('/v1/orders?limit=100');
    assert.ok(everything.items.length >= 5);
    const page = await same('/v1/orders?limit=2');
    assert.equal(page.items.length, 2);
    await same(`/v1/orders?limit=2&cursor=${page.nextCursor}`);
    await same('/v1/orders?limit=3', world.admin);
    const map = await same(seatsPath(), world.client);
    assert.equal(map.status.length, 505);
    assert.ok(map.status.includes('x'));
  });

  it('an order of a hundred seats, and a hall of many rows', async () => {
    const hall = await world.concert({ grades: [{ name: 'A', price: 1, rows: Array.from({ length: 300 }, (_, i) => 1 + i % 7) }] });
    const seats = Array.from({ length: 100 }, (_, i) => 3 * i);
    const made = unpacked(await order({ concertId: hall.id, seats }), 201);
    assert.deepEqual(made.seats.map(({ seat }) => seat), seats);
    assert.deepEqual(await same(`/v1/orders/${made.id}`), made);
    const map = await same(`/v1/concerts/${hall.id}/seats`, world.client);
    assert.equal(map.grades[0].rows.length, 300);
  });

  it('the largest hall passes', async () => {
    const hall = await world.concert({ grades: [{ name: 'A', price: 1, seats: 200_000 }] });
    unpacked(await order({ concertId: hall.id, seats: [0, 199_999] }), 201);
    const map = await same(`/v1/concerts/${hall.id}/seats`, world.client);
    assert.equal(map.status.length, 200_000);
    assert.equal(map.status[199_999], 'x');
  });

  it('a refusal is a problem, as in JSON, whatever is accepted', async () => {
    const body = { concertId: concert.id, seats: [400] };
    unpacked(await order(body), 201);
    for (const [wrong, status, code] of [
      [body, 409, 'seat_taken'],
      [{ concertId: concert.id, seats: [505] }, 422, 'seat_unknown'],
      [{ concertId: concert.id, seats: [401], amount: 1 }, 409, 'amount_mismatch'],
      [{ concertId: '999999', seats: [1] }, 404, 'concert_unknown'],
    ]) {
      const problem = assertProblem(await order(wrong), status, code);
      const json = assertProblem(await user.client.post('/v1/orders', wrong), status, code);
      assert.deepEqual({ ...problem, requestId: '' }, { ...json, requestId: '' });
    }
    assertProblem(await ask('GET', '/v1/orders/4000000'), 404, 'order_unknown');
    assertProblem(await ask('GET', '/v1/concerts/4000000/seats', undefined, { client: world.client }), 404, 'concert_unknown');
    assertProblem(await ask('GET', '/v1/orders', undefined, { client: world.client }), 401, 'token_missing');
  });

  it('wrong fields have the same names', async () => {
    const good = { concertId: concert.id, seats: [1] };
    const check = async (packed, json, fields) => {
      const problem = assertInvalid(await order(packed), fields);
      assert.deepEqual(problem.errors, assertInvalid(await user.client.post('/v1/orders', json), fields).errors);
    };
    for (const [body, fields] of [
      [{}, ['concertId', 'seats']],
      [{ ...good, seats: [] }, ['seats']],
      [{ ...good, seats: [1, -1, 1.5, 'x'] }, ['seats[1]', 'seats[2]', 'seats[3]']],
      [{ ...good, seats: [2, 2] }, ['seats[1]']],
      [{ ...good, seats: { 0: 1 } }, ['seats']],
      [{ ...good, amount: -1 }, ['amount']],
      [{ ...good, amount: -(2 ** 63) }, ['amount']],
      [{ ...good, amount: 2 ** 63 }, ['amount']],
      [{ ...good, amount: true, nom: null }, ['amount', 'nom']],
    ])
      await check(encode(body), JSON.stringify(body), fields);
    await check(encode({ ...good, amount: (1n << 64n) - 1n }), '{"concertId":"1","seats":[1],"amount":18446744073709551615}', ['amount']);
    await check(encodeMembers([...Object.entries(good), ['seats', [2]]]), '{"concertId":"1","seats":[1],"seats":[2]}', ['seats']);
    for (const body of [[], null, 5, 'name', true])
      assertProblem(await order(body), 422, 'validation_failed');
    const { id } = unpacked(await order({ concertId: concert.id, seats: [420] }), 201);
    assertInvalid(await ask('POST', `/v1/orders/${id}/cancel`, { reason: 5 }), ['reason']);
    assertInvalid(await ask('POST', `/v1/orders/${id}/cancel`, { reason: 'x'.repeat(5000) }), ['reason']);
  });

  it('what is not msgpack is malformed', async () => {
    const good = encode({ concertId: concert.id, seats: [1] });
    const why = async (bytes) => assertProblem(await order(Buffer.from(bytes)), 400, 'malformed_body').detail;
    for (let size = 0; size < good.length; size++)
      await why(good.subarray(0, size));
    assert.match(await why(''), /empty/);
    assert.match(await why([...good, 0xc0]), /behind/);
    assert.match(await why([0xdd, 0xff, 0xff, 0xff, 0xff, 1]), /ends/);
    assert.match(await why([0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61]), /ends/);
    assert.match(await why([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]), /ends/);
    assert.match(await why([0xc1]), /not msgpack/);
    assert.match(await why([0x81, 0xa1, 0xff, 1]), /UTF-8/);
    assert.match(await why([0x81, 1, 1]), /key/);
    assert.match(await why(Buffer.alloc(60_000, 0x91)), /deep/);
    assert.match(await why(encode({ concertId: concert.id, seats: Buffer.from([1]) })), /binary/);
    assert.match(await why([0xd6, 0xff, 0, 0, 0, 0]), /extension/);
    assert.match(await why('{"concertId":"1","seats":[1]}'), /behind/);
    assertProblem(await user.client.post('/v1/orders', good, { headers: { 'Content-Type': 'application/json' } }), 400, 'malformed_body');
  });

  it('other media types and other routes stay as they were', async () => {
    const body = encode({ concertId: concert.id, seats: [1] });
    for (const type of ['application/x-msgpack', 'application/msgpackx', 'application/msgpack; charset=utf-8', 'text/plain'])
      assertProblem(await order(body, { type }), 415, 'unsupported_media_type');
    assertProblem(await order(body, { headers: { 'Content-Encoding': 'gzip' } }), 415, 'unsupported_media_type');
    for (const accept of ['text/html', 'application/x-msgpack', 'application/msgpack;q=0', '*/*;q=0'])
      assertProblem(await order(body, { accept }), 406, 'not_acceptable');
    const category = encode({ name: 'packed' });
    assertProblem(await ask('POST', '/v1/categories', category, { client: world.admin, accept: null }), 415, 'unsupported_media_type');
    for (const path of ['/v1/concerts', '/v1/users/me', `/v1/concerts/${concert.id}`])
      assertProblem(await ask('GET', path), 406, 'not_acceptable');
  });

  it('Accept is weighed; of equals it is JSON', async () => {
    for (const [accept, type] of [
      ['*/*', 'application/json'],
      ['application/*', 'application/json'],
      ['application/msgpack, application/json', 'application/json'],
      ['application/msgpack, */*', 'application/json'],
      ['application/msgpack;q=0.4, application/json;q=0.5', 'application/json'],
      ['application/msgpack;q=0, */*', 'application/json'],
      ['application/msgpack, */*;q=0.9', MSGPACK],
      ['application/json;q=0.4, application/msgpack;q=0.5', MSGPACK],
      ['application/msgpack, application/problem+json', MSGPACK],
      ['application/json;q=0, */*', MSGPACK],
    ])
      assert.equal((await ask('GET', seatsPath(), undefined, { accept })).headers['content-type'], type, accept);
  });

  it('a HEAD has the head of the GET', async () => {
    for (const path of [seatsPath(), '/v1/orders?limit=3']) {
      const got = await ask('GET', path);
      const head = await ask('HEAD', path);
      assert.equal(head.status, 200);
      assert.equal(head.text, '');
      for (const name of ['content-type', 'content-length', 'etag', 'vary'])
        assert.equal(head.headers[name], got.headers[name], `${path}: ${name}`);
      assert.equal(got.headers['content-type'], MSGPACK);
    }
  });

  it('each form of a map has a tag of its own', async () => {
    const get = (accept, tag) => ask('GET', seatsPath(), undefined, { accept, headers: tag ? { 'If-None-Match': tag } : {} });
    const tags = { json: (await get('application/json')).headers.etag, msgpack: (await get(MSGPACK)).headers.etag };
    assert.match(tags.msgpack, /^"[^"]+"$/);
    assert.notEqual(tags.json, tags.msgpack);
    for (const [accept, own, others] of [[MSGPACK, tags.msgpack, tags.json], ['application/json', tags.json, tags.msgpack]]) {
      for (const value of [own, `W/${own}`, `${others}, ${own}`, '*']) {
        const kept = await get(accept, value);
        assert.equal(kept.status, 304, `${accept} ${value}`);
        assert.equal(kept.headers.etag, own);
        assert.equal(kept.headers.vary, 'Accept');
        assert.equal(kept.text, '');
      }
      assert.equal((await get(accept, others)).status, 200);
    }
    unpacked(await order({ concertId: concert.id, seats: [430] }), 201);
    const changed = await get(MSGPACK, tags.msgpack);
    assert.equal(unpacked(changed, 200).status[430], 'x');
    assert.notEqual(changed.headers.etag, tags.msgpack);
  });

  it('a key knows the bytes of its request, in whatever form the answer goes', async () => {
    const body = { concertId: concert.id, seats: [440] };
    const first = unpacked(await order(body, { key: 'packed-1' }), 201);
    const again = await order(body, { key: 'packed-1' });
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(unpacked(again, 201), first);
    assert.deepEqual(expectStatus(await order(body, { key: 'packed-1', accept: 'application/json' }), 201), first);
    assertProblem(await user.client.post('/v1/orders', body, { key: 'packed-1' }), 422, 'idempotency_mismatch');
  });

  it('heads that were read before keep their meaning', async () => {
    /* Heads of one size that differ in a media type alone, in turn, on one
     * connection: each is met again and again. */
    const types = [MSGPACK, 'application/MSGPACK', 'application/msgpacK', 'application/msgpick'];
    const one = new Client(world.server, { token: user.token, connections: 1 });
    for (let i = 0; i < 40; i++) {
      const known = i % 4 < 3;
      const got = await ask('GET', seatsPath(), undefined, { accept: types[i % 4], client: one });
      assert.equal(got.status, known ? 200 : 406);
      const refused = await order({ concertId: concert.id, seats: [501, 501] }, { type: types[i % 4], client: one });
      assert.equal(refused.status, known ? 422 : 415, refused.text);
    }
    one.close();
  });
});
