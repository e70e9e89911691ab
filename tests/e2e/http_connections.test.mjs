/* SPDX-License-Identifier: MIT
 *
 * Connections: keep-alive, pipelining, bodies, limits, time-outs, and clients
 * that behave badly, over bare sockets.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { sleep } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { World } from './lib/world.mjs';

const GET = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

describe('connections', () => {
  let world;
  let user;
  let concert;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
    concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 2000 }] });
  });
  after(async () => { await world?.stop(); });

  const connect = (options) => Raw.connect(world.server, options);
  const authorized = (extra = {}) => ({ Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json', ...extra });
  let seat = 0;
  const orderBytes = (extra = {}) => requestBytes('POST', '/v1/orders', {
    headers: authorized(extra), body: JSON.stringify({ concertId: concert.id, seats: [seat++] }) });

  it('stays open over many requests', async () => {
    const raw = await connect();
    for (let i = 0; i < 50; i++)
      assert.equal((await raw.send(GET).answer()).status, 200);
    assert.equal(raw.closed, false);
    raw.destroy();
  });

  it('closes when asked to, and after HTTP/1.0', async () => {
    for (const request of ['GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: x, Close\r\n\r\n', 'GET /livez HTTP/1.0\r\n\r\n']) {
      const raw = await connect();
      const answer = await raw.send(request).answer();
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.connection, 'close');
      await raw.untilClosed();
    }
  });

  it('bytes that come one by one are a request as well', async () => {
    const raw = await connect();
    const bytes = orderBytes();
    for (let i = 0; i < bytes.length; i++) {
      raw.send(bytes.subarray(i, i + 1));
      if (i % 40 === 0)
        await sleep(1);
    }
    assert.equal((await raw.answer()).status, 201);
    raw.destroy();
  });

  it('pipelined requests are answered in their order', async () => {
    const raw = await connect();
    const parts = [];
    const wanted = [];
    for (let i = 0; i < 200; i++) {
      if (i % 5 === 0) {
        parts.push(Buffer.from(`GET /v1/concerts/${900000 + i} HTTP/1.1\r\nHost: x\r\n\r\n`));
        wanted.push((answer) => assertProblem(answer, 404, 'concert_unknown'));
      } else if (i % 5 === 1) {
        const first = seat;
        parts.push(orderBytes());
        wanted.push((answer) => {
          assert.equal(answer.status, 201, JSON.stringify(answer.json));
          assert.deepEqual(answer.json.seats.map((one) => one.seat), [first]);
        });
      } else if (i % 5 === 2) {
        parts.push(Buffer.from(`GET /v1/concerts/${concert.id}/seats HTTP/1.1\r\nHost: x\r\n\r\n`));
        const sold = seat - 1;
        wanted.push((answer) => assert.equal(answer.json.status[sold], 'x', 'a client reads its own writes'));
      } else if (i % 5 === 3) {
        parts.push(requestBytes('POST', '/v1/orders', { headers: authorized(), body: '{' }));
        wanted.push((answer) => assertProblem(answer, 400, 'malformed_body'));
      } else {
        parts.push(Buffer.from('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'));
        wanted.push((answer) => assert.equal(answer.status, 200));
      }
    }
    raw.send(Buffer.concat(parts));
    for (const check of wanted)
      check(await raw.answer());
    raw.destroy();
  });

  it('a log-in in the pipeline holds up what comes behind it, and no other connection', async () => {
    const raw = await connect();
    const login = requestBytes('POST', '/v1/auth/login', { headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: user.email, password: 'wrong password' }) });
    raw.send(Buffer.concat([login, Buffer.from(GET), orderBytes()]));
    const other = await connect();
    assert.equal((await other.send(GET).answer()).status, 200);
    other.destroy();
    assertProblem(await raw.answer(), 401, 'login_failed');
    assert.equal((await raw.answer()).status, 200);
    assert.equal((await raw.answer()).status, 201);
    raw.destroy();
  });

  it('requests behind one with Connection: close are not done', async () => {
    const raw = await connect();
    const before = seat;
    raw.send(Buffer.concat([orderBytes({ Connection: 'close' }), orderBytes()]));
    const answers = await raw.answersUntilClose();
    assert.deepEqual(answers.map((answer) => answer.status), [201]);
    assert.equal((await world.seats(concert.id)).status[before + 1], '.');
  });

  it('what was sent before the client closed its half is answered', async () => {
    const raw = await connect();
    raw.send(Buffer.concat([orderBytes(), Buffer.from(GET)])).end();
    assert.deepEqual((await raw.answersUntilClose()).map((answer) => answer.status), [201, 200]);
  });

  it('a client that leaves does not take its order with it', async () => {
    const raw = await connect();
    const mine = seat;
    raw.send(orderBytes());
    raw.destroy();
    for (let i = 0; i < 500 && (await world.seats(concert.id)).status[mine] !== 'x'; i++)
      await sleep(5);
    /* The request may have been lost with the connection, but then whole. */
    assert.equal((await (await connect()).send(GET).answer()).status, 200);
  });

  it('Expect: 100-continue is met before the body', async () => {
    const raw = await connect();
    const body = JSON.stringify({ concertId: concert.id, seats: [seat++] });
    raw.send(`POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    assert.equal((await raw.answer()).status, 100);
    raw.send(body);
    assert.equal((await raw.answer()).status, 201);
    assert.equal((await raw.send(GET).answer()).status, 200);
    raw.destroy();
  });

  it('a body too large is refused before it is asked for', async () => {
    const raw = await connect();
    raw.send('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n');
    assertProblem(await raw.answer(), 413, 'body_too_large');
    await raw.untilClosed();
  });

  it('a chunked body is a body', async () => {
    const raw = await connect();
    const body = JSON.stringify({ concertId: concert.id, seats: [seat++] });
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunks = [...body].map((c) => `1\r\n${c}\r\n`).join('');
    raw.send(`${head}${chunks}0\r\nX-Trailer: dropped\r\n\r\n${GET}`);
    assert.equal((await raw.answer()).status, 201);
    assert.equal((await raw.answer()).status, 200);
    raw.destroy();
  });

  it('HTTP/1.0 may stay open when it asks to', async () => {
    const raw = await connect();
    const request = 'GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const answer = await raw.send(request).answer();
    assert.equal(answer.status, 200);
    if (answer.headers.connection === 'close')
      await raw.untilClosed();
    else
      assert.equal((await raw.send(request).answer()).status, 200);
    raw.destroy();
  });

  it('a 304 in the pipeline has no body', async () => {
    const raw = await connect();
    const path = `/v1/concerts/${concert.id}/seats`;
    const { etag } = (await raw.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).answer()).headers;
    raw.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${etag}\r\n\r\n${GET}`);
    assert.equal((await raw.answer()).status, 304);
    assert.equal((await raw.answer()).status, 200);
    raw.destroy();
  });

  it('a HEAD in the pipeline has no body', async () => {
    const raw = await connect();
    raw.send(`HEAD /v1/concerts HTTP/1.1\r\nHost: x\r\n\r\n${GET}`);
    const head = await raw.answer({ head: true });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers['content-length']) > 0);
    assert.equal((await raw.answer()).status, 200);
    raw.destroy();
  });

  it('body, target and head have limits', async () => {
    const cases = [
      [requestBytes('POST', '/v1/orders', { headers: authorized(), body: 'x'.repeat(65537) }), 413, 'body_too_large'],
      [Buffer.from(`POST /v1/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n${'x'.repeat(65537)}\r\n0\r\n\r\n`), 413, 'body_too_large'],
      [Buffer.from(`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`), 414, 'uri_too_long'],
      [Buffer.from(`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(17000)}\r\n\r\n`), 431, 'headers_too_large'],
      [Buffer.from(`GET /livez HTTP/1.1\r\nHost: x\r\n${'X: a\r\n'.repeat(3000)}\r\n`), 431, 'headers_too_large'],
      [Buffer.from(`GET /${'a'.repeat(100000)}`), 414, 'uri_too_long'],
    ];
    for (const [bytes, status, code] of cases) {
      const raw = await connect();
      raw.send(bytes);
      const answer = await raw.answer();
      assertProblem(answer, status, code);
      assert.equal(answer.headers.connection, 'close');
      await raw.untilClosed();
    }
    const raw = await connect();
    raw.send(requestBytes('POST', '/v1/orders', { headers: authorized(), body: JSON.stringify({ concertId: '1', seats: [], pad: 'x'.repeat(65000) }) }));
    assert.equal((await raw.answer()).status, 422);
    raw.destroy();
  });

  it('the refusal of a big upload can be read while the client still sends', async () => {
    const raw = await connect();
    raw.send('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n');
    for (let i = 0; i < 40; i++) {
      raw.send(Buffer.alloc(100000, 0x78));
      await sleep(2);
    }
    assertProblem(await raw.answer(), 413, 'body_too_large');
    raw.destroy();
  });

  it('a client that does not read is not buffered for without end, and stops nobody', async () => {
    const large = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100000 }] });
    const deaf = await connect({ pauseOnConnect: true });
    const request = Buffer.from(`GET /v1/concerts/${large.id}/seats HTTP/1.1\r\nHost: x\r\n\r\n`);
    const wanted = 2000; /* 200 MB of answers */
    for (let i = 0; i < wanted; i++)
      deaf.send(request);
    const other = await connect();
    for (let i = 0; i < 100; i++)
      assert.equal((await other.send(GET).answer()).status, 200);
    const memory = residentBytes(world.server.pid);
    if (memory !== null)
      assert.ok(memory < 1.2e9, `resident: ${memory} bytes`);
    other.destroy();
    deaf.resume();
    for (let i = 0; i < 50; i++)
      assert.equal((await deaf.answer()).json.status.length, 100000);
    deaf.destroy();
  });
});

describe('time-outs', () => {
  let world;
  before(async () => {
    world = await World.start({ args: ['--head-timeout-ms', '400', '--body-timeout-ms', '400', '--idle-timeout-ms', '700'] });
  });
  after(async () => { await world?.stop(); });

  it('a head that does not end is cut with 408', async () => {
    const raw = await Raw.connect(world.server);
    raw.send('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => raw.send('a'), 50);
    try {
      assertProblem(await raw.answer(), 408, 'request_timeout');
      await raw.untilClosed();
    } finally {
      clearInterval(drip);
    }
  });

  it('a body that does not come is cut with 408', async () => {
    const raw = await Raw.connect(world.server);
    raw.send('POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{');
    assertProblem(await raw.answer(), 408, 'request_timeout');
    await raw.untilClosed();
  });

  it('an idle connection is closed without a word', async () => {
    const fresh = await Raw.connect(world.server);
    await fresh.untilClosed();
    assert.equal(fresh.buffer.length, 0);
    const used = await Raw.connect(world.server);
    assert.equal((await used.send(GET).answer()).status, 200);
    await used.untilClosed();
    assert.equal(used.buffer.length, 0);
  });

  it('one that is used stays', async () => {
    const raw = await Raw.connect(world.server);
    for (let i = 0; i < 6; i++) {
      assert.equal((await raw.send(GET).answer()).status, 200);
      await sleep(250);
    }
    raw.destroy();
  });
});

describe('connection limit', () => {
  let world;
  before(async () => { world = await World.start({ args: ['--max-connections', '20'] }); });
  after(async () => { await world?.stop(); });

  it('more are closed, and room is made by those that leave', async () => {
    const open = [];
    for (let i = 0; i < 40; i++)
      open.push(await Raw.connect(world.server));
    await sleep(200);
    const alive = open.filter((raw) => !raw.closed);
    assert.ok(alive.length <= 20 && alive.length > 0, `${alive.length} are open`);
    assert.equal((await alive[0].send(GET).answer()).status, 200);
    open.forEach((raw) => raw.destroy());
    for (let i = 0; ; i++) {
      const raw = await Raw.connect(world.server);
      const answer = await raw.send(GET).answer().catch(() => null);
      raw.destroy();
      if (answer)
        break;
      assert.ok(i < 200, 'no room is made');
      await sleep(10);
    }
  });
});

function residentBytes(pid) {
  try {
    const match = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) * 1024 : null;
  } catch {
    return null;
  }
}
