/* SPDX-License-Identifier: MIT
 *
 * The contract test is tested: an answer as it should be passes, and each way of
 * being otherwise is refused. All other tests rely on it (lib/checked.mjs).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { readDocument } from './lib/checked.mjs';
import { Client } from './lib/client.mjs';
import { Contract, ContractError } from './lib/contract.mjs';
import { ROOT } from './lib/program.mjs';
import { SentRequests } from './lib/sent.mjs';
import { World } from './lib/world.mjs';

describe('the contract', () => {
  let world;
  let user;
  let contract;
  let order; /* a real answer: {status, headers, body, size} */
  const request = { method: 'POST', target: '/v1/orders', type: 'application/json' };
  before(async () => {
    contract = new Contract(readDocument());
    world = await World.start();
    user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const body = { concertId: concert.id, seats: [0] };
    request.body = body;
    order = seen(await user.client.post('/v1/orders', body, { key: 'k' }));
    assert.equal(order.status, 201);
  });
  after(async () => { await world?.stop(); });

  const seen = ({ status, headers, body, bytes }) => ({ status, headers, body: body ?? undefined, size: bytes.length });
  const changed = (change) => {
    const answer = structuredClone(order);
    change(answer);
    return answer;
  };
  const refused = (answer, pattern, asked = request) =>
    assert.throws(() => contract.check(asked, answer), (error) => error instanceof ContractError && pattern.test(error.message) || assert.fail(error));
  const problem = async (...asked) => seen(await user.client.request(...asked));

  it('takes what the program answers', () => {
    contract.check(request, order);
    contract.check(null, order); /* to whatever it is an answer */
  });

  it('refuses a field that is not in the document, one that is missing, one of another type', () => {
    refused(changed(({ body }) => { body.discount = 1; }), /discount/);
    refused(changed(({ body }) => { body.seats[0].row = 1; }), /row/);
    refused(changed(({ body }) => { delete body.amount; }), /amount/);
    refused(changed(({ body }) => { body.amount = '100'; }), /amount/);
    refused(changed(({ body }) => { body.status = 'REFUNDED'; }), /status/);
    refused(changed(({ body }) => { body.createdAt = '2026-02-30 10:00'; }), /createdAt/);
  });

  it('refuses a status that is not in the document', () => {
    refused(changed((answer) => { answer.status = 200; }), /200 is not in the document/);
    refused(changed((answer) => { answer.status = 418; }), /418 is not in the document/);
  });

  it('refuses a route that is not in the document, and one by another method', () => {
    refused(order, /which is no route/, { ...request, target: '/v1/bookings' });
    refused(order, /which is no route/, { ...request, method: 'PUT' });
    refused(order, /which is no route/, { ...request, target: '/v1/orders/1/refund' });
  });

  it('refuses a media type that is not in the document, and a body where there is none', () => {
    refused(changed(({ headers }) => { headers['content-type'] = 'text/html'; }), /text\/html/);
    refused(changed(({ headers }) => { delete headers['content-type']; }), /Content-Type/);
    refused(changed((answer) => { answer.status = 204; }), /has a body|without/, { method: 'OPTIONS', target: '/v1/nowhere' });
    refused(order, /HEAD/, { method: 'HEAD', target: `/v1/orders/${order.body.id}` });
  });

  it('refuses an answer without the body that it should have, and a 204 where there is no route', async () => {
    refused(changed((answer) => { delete answer.body; answer.size = 0; }), /has no body/);
    const unknown = await problem('GET', '/v1/nothing');
    contract.check({ method: 'GET', target: '/v1/nothing' }, unknown);
    refused({ ...unknown, body: undefined, size: 0 }, /has no body/, { method: 'GET', target: '/v1/nothing' });
    const options = await problem('OPTIONS', '/v1/orders');
    assert.equal(options.status, 204);
    refused(options, /204/, { method: 'DELETE', target: '/v1/nothing' });
  });

  it('refuses a header that is missing, wrong, or not in the document', () => {
    refused(changed(({ headers }) => { delete headers.location; }), /without Location/);
    refused(changed(({ headers }) => { delete headers['x-request-id']; }), /without X-Request-Id/);
    refused(changed(({ headers }) => { headers.location = 'http://elsewhere'; }), /has Location/);
    refused(changed(({ headers }) => { headers['x-powered-by'] = 'C'; }), /x-powered-by/);
  });

  it('refuses a code that is not in the document of this route and status', async () => {
    const target = '/v1/orders';
    const taken = await problem('POST', target, request.body);
    assert.equal(taken.body.code, 'seat_taken');
    contract.check(request, taken);
    const withCode = (code) => ({ ...taken, body: { ...taken.body, code, type: `urn:stagepick:${code}` } });
    refused(withCode('email_taken'), /email_taken is not in the document/);
    refused(withCode('sold_out'), /sold_out is not in the document/);
    refused(withCode('sales_closed'), /sales_closed/); /* known, but it has no seats */
    refused({ ...taken, body: { ...taken.body, seats: undefined } }, /seats/);
    refused(taken, /409/, { method: 'GET', target: '/v1/orders/1' });
    refused(withCode('sold_out'), /no route answers this/, null);
  });

  it('refuses a document that asks for more than the program', () => {
    refused(order, /price/, { ...request, body: { ...request.body, price: 1 } });
    refused(order, /discount in its query/, { ...request, target: '/v1/orders?discount=1' });
  });

  it('holds events against the document', () => {
    const stream = { method: 'GET', target: '/v1/concerts/1/seats/stream' };
    contract.checkEvent(stream, { event: 'map', id: '7', data: { seq: 7, status: '..x' } });
    const bad = (event, pattern) => assert.throws(() => contract.checkEvent(stream, event), (error) => error instanceof ContractError && pattern.test(error.message));
    bad({ event: 'map', id: '7', data: { seq: 7, status: '..y' } }, /status/);
    bad({ event: 'map', data: { seq: 7, status: '..x' } }, /id/);
    bad({ event: 'seats', id: '7', data: { seq: 7, taken: [1], held: [] } }, /freed/);
    bad({ event: 'sold', id: '7', data: {} }, /not in the document/);
  });

  it('is what the clients of the tests hold answers against', async () => {
    /* A server that is another: the client asks it, in a process of its own. */
    const script = `
      import http from 'node:http';
      import { Client } from ${JSON.stringify(pathToFileURL(`${ROOT}/tests/e2e/lib/client.mjs`).href)};
      const server = http.createServer((request, response) => response.end('hello'));
      server.listen(0, '127.0.0.1', async () => {
        const client = new Client({ host: '127.0.0.1', port: server.address().port });
        await client.get('/livez').then(() => console.log('taken'), (error) => console.log('refused', error.message));
        client.close();
        server.close();
      });`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.match(run.stdout, /^refused GET \/livez: 200 /);
    assert.equal(run.status, 1, 'a violation that nobody minded leaves the process as a success');
    const other = new Client(world.server, { documented: false });
    assert.equal((await other.get('/docs')).status, 200);
    other.close();
  });

  it('knows which request an answer is to, as far as one can', () => {
    const sent = new SentRequests();
    const bytes = Buffer.from('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET /a?b HTTP/1.1\r\nHost: x\r\n\r\nGET  /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\n\r\n');
    for (let i = 0; i < bytes.length; i++)
      sent.take(bytes.subarray(i, i + 1));
    const first = sent.next();
    assert.deepEqual([first.method, first.target], ['POST', '/v1/orders']);
    assert.equal(sent.next().target, '/a?b');
    assert.equal(sent.next(), null);
    const whole = new SentRequests();
    whole.take(bytes.subarray(0, 59));
    assert.equal(whole.next().bytes.toString(), '{}');
  });
});
