/* SPDX-License-Identifier: MIT
 *
 * Stage Pick behind nginx, with the example that we hand out: TLS, streams that are
 * not held up, the client's own address, refusals as they are, and restarts.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Disk } from './lib/disk.mjs';
import { LiveMap } from './lib/events.mjs';
import { Nginx, TlsStream } from './lib/nginx.mjs';
import { DISK_SHIM, dropDirectory, freePort, makeDirectory, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const HSTS = 'max-age=63072000';

/** What a request says to plain HTTP: {status, headers}. */
function plain(nginx, method, target, host) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: nginx.host, port: nginx.plainPort, method, path: target, headers: { Host: host } }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    request.on('error', reject);
    request.end();
  });
}

describe('behind nginx', () => {
  let world;
  let nginx;
  let client; /* through it */
  let user; /* whose client goes through it */
  before(async () => {
    world = await World.start({ args: ['--trust-proxy', '127.0.0.1'] });
    nginx = await Nginx.start(`127.0.0.1:${world.server.port}`);
    client = nginx.client('127.7.7.7');
    user = await world.user({ points: 1_000_000 });
    user.client = client.as(user.token);
  });
  after(async () => {
    client?.close();
    await nginx?.stop();
    await world?.stop();
  });

  it('one logs in and orders; the answers are the server\'s own', async () => {
    const concert = await world.concert();
    const login = await client.post('/v1/auth/login', { email: user.email, password: PASSWORD });
    const { accessToken } = expectStatus(login, 200);
    assert.equal(login.headers['strict-transport-security'], HSTS);
    assert.equal(login.headers['cache-control'], 'no-store');
    const order = await client.post('/v1/orders', { concertId: concert.id, seats: [0, 1] }, { token: accessToken, key: 'one' });
    assert.match(order.headers.location, /^\/v1\/orders\/\d+$/);
    assert.deepEqual(expectStatus(order, 201).seats.map(({ seat }) => seat), [0, 1]);
    const map = await client.get(`/v1/concerts/${concert.id}/seats`);
    assert.equal(expectStatus(map, 200).status, 'xx..................');
    expectStatus(await client.get(`/v1/concerts/${concert.id}/seats`, { headers: { 'If-None-Match': map.headers.etag } }), 304);
  });

  it('a refusal is what it is without nginx', async () => {
    const concert = await world.concert();
    expectStatus(await user.client.post('/v1/orders', { concertId: concert.id, seats: [3] }), 201);
    const direct = world.client.as(user.token);
    for (const ask of [
      (who) => who.post('/v1/orders', { concertId: concert.id, seats: [3] }),
      (who) => who.post('/v1/orders', '{', {}),
      (who) => who.post('/v1/orders', 'x', { headers: { 'Content-Type': 'text/plain' } }),
      (who) => who.get('/v1/users/me', { token: null }),
      (who) => who.get('/nowhere'),
      (who) => who.delete('/v1/concerts'),
      (who) => who.get('/livez', { headers: { 'X-Long': 'x'.repeat(20000) } }),
    ]) {
      const [near, far] = [await ask(direct), await ask(user.client)];
      assert.ok(near.status >= 400);
      assertProblem(far, near.status, near.body.code);
      const same = ({ requestId, ...rest }) => rest;
      assert.deepEqual(same(far.body), same(near.body));
      for (const name of ['content-type', 'allow', 'www-authenticate', 'cache-control', 'ratelimit-limit'])
        assert.equal(far.headers[name], near.headers[name], name);
    }
  });

  it('a body of 64 KiB is let through, a larger one is refused in our form', async () => {
    const body = (bytes) => `{"concertId":"1","seats":[0]${' '.repeat(bytes - 29)}}`;
    assertProblem(await user.client.post('/v1/orders', body(65536).replace('"1"', '"0"')), 422, 'validation_failed');
    assertProblem(await user.client.post('/v1/orders', body(65537)), 413, 'body_too_large');
  });

  it('the id of a request is passed on, or made', async () => {
    for (const id of ['mine-1', 'A.b_c-9'])
      assert.equal((await client.get('/livez', { headers: { 'X-Request-Id': id } })).headers['x-request-id'], id);
    for (const headers of [{}, { 'X-Request-Id': 'not one' }, { 'X-Request-Id': 'x'.repeat(65) }])
      assert.match((await client.get('/livez', { headers })).headers['x-request-id'], /^[0-9a-f]{32}$/);
    const problem = await client.get('/nowhere', { headers: { 'X-Request-Id': 'asked-for' } });
    assert.equal(assertProblem(problem, 404, 'route_unknown').requestId, 'asked-for');
    const logged = await until(() => accessLines(nginx).find((line) => line.id === 'asked-for'));
    assert.deepEqual([logged.path, logged.status, logged.upstream_status], ['/nowhere', 404, '404']);
  });

  it('a stream\'s events come one by one, by HTTP/1.1 and HTTP/2, and it beats', async () => {
    const concert = await world.concert();
    const target = `/v1/concerts/${concert.id}/seats/stream`;
    const streams = await Promise.all([TlsStream.open(nginx, target), TlsStream.openHttp2(nginx, target)]);
    const maps = streams.map(() => new LiveMap());
    for (const [i, stream] of streams.entries()) {
      assert.equal(stream.status, 200);
      assert.equal(stream.headers['content-type'], 'text/event-stream');
      maps[i].take(await stream.next());
    }
    /* Each is read before the next is caused. */
    for (const seat of [0, 1, 2, 3]) {
      const { seq } = expectStatus(await user.client.post('/v1/orders', { concertId: concert.id, seats: [seat] }), 201);
      for (const [i, stream] of streams.entries()) {
        maps[i].take(await stream.next());
        assert.deepEqual([maps[i].seq, maps[i].seats[seat]], [seq, 'x']);
      }
    }
    for (const stream of streams) {
      /* Each 15 s, but for those that come soon after an event. */
      await stream.until(() => stream.reader.comments > 0, 'a beat', 60000);
      stream.close();
    }
  });

  it('the queue: a ticket opens its stream, and stands in no log', async () => {
    const concert = await world.concert();
    const accepted = expectStatus(await user.client.post('/v1/orders/queue', { concertId: concert.id, seats: [5] }), 202);
    const stream = await TlsStream.open(nginx, accepted.streamUrl);
    await stream.until(() => stream.events.some(({ event }) => event === 'orderEnd'), 'orderEnd');
    stream.close();
    const ticket = accepted.streamUrl.split('?')[1];
    assert.ok(ticket.length > 20);
    const jobs = () => accessLines(nginx).filter(({ path: asked }) => asked.startsWith('/v1/jobs/'));
    await until(() => jobs().length > 0);
    for (const name of fs.readdirSync(nginx.home).filter((file) => file.endsWith('.log')))
      assert.ok(!fs.readFileSync(path.join(nginx.home, name), 'utf8').includes(ticket), name);
  });

  it('http is sent to https, with method, path and query, and never by another\'s name', async () => {
    for (const [method, target] of [['GET', '/v1/concerts?q=a%20b'], ['POST', '/v1/orders']]) {
      const answer = await plain(nginx, method, target, 'evil.example');
      assert.equal(answer.status, 308);
      assert.equal(answer.headers.location, `https://localhost${target}`);
    }
  });

  it('/metrics is not there, however it is spelled, for an ADMIN neither', async () => {
    const admin = client.as(world.admin.token);
    expectStatus(await world.admin.get('/metrics'), 200);
    for (const target of ['/metrics', '/metrics?x=1', '/%6detrics', '//metrics', '/./metrics', '/x/../metrics']) {
      const answer = await admin.get(target);
      assert.equal(answer.status, 404, target);
      assert.doesNotMatch(answer.text, /stagepick_/);
    }
    const problem = await admin.get('/metrics');
    assertProblem(problem, 404, 'route_unknown');
    assert.equal(problem.headers['strict-transport-security'], HSTS);
  });

  it('TLS 1.2 and 1.3 are spoken, older ones not', async () => {
    const hello = (version) => new Promise((resolve) => {
      /* What the library on our side would not offer any more is asked for below. */
      const socket = tls.connect({ host: nginx.host, port: nginx.port, ...nginx.tls(), minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' },
        () => { resolve(socket.getProtocol()); socket.destroy(); });
      socket.on('error', () => resolve(null));
    });
    for (const [version, spoken] of [['TLSv1.3', 'TLSv1.3'], ['TLSv1.2', 'TLSv1.2'], ['TLSv1.1', null], ['TLSv1', null]])
      assert.equal(await hello(version), spoken, version);
  });

  it('the file as it is handed out passes nginx -t, but for what is not on this machine', () => {
    const said = execFileSync('sh', ['-c', 'nginx -t -p "$1" -c "$1/nginx.conf" -e "$1/t.log" 2>&1', 'sh', nginx.home],
      { encoding: 'utf8', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
    assert.match(said, /test is successful/);
    /* A machine may allow fewer files than we ask for; that is all it may say. */
    for (const line of said.split('\n').filter((text) => /\[(warn|alert|emerg|error)\]/.test(text)))
      assert.match(line, /worker_connections exceed open file|RLIMIT_NOFILE|"user" directive/, line);
  });
});

/** The whole lines of nginx's access log. */
function accessLines(nginx) {
  const file = path.join(nginx.home, 'access.log');
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

async function until(look) {
  for (const end = Date.now() + 30000; Date.now() < end; await sleep(20)) {
    const found = look();
    if (found)
      return found;
  }
  assert.fail('it never came');
}

describe('who asks, behind nginx', () => {
  let world;
  let nginx;
  let log;
  before(async () => {
    log = path.join(makeDirectory('access'), 'access.log');
    world = await World.start({ rateLimit: 4, args: ['--trust-proxy', '127.0.0.1', '--access-log', log] });
    nginx = await Nginx.start(`127.0.0.1:${world.server.port}`);
  });
  after(async () => {
    await nginx?.stop();
    await world?.stop();
    dropDirectory(path.dirname(log));
  });

  const forged = { 'X-Forwarded-For': '198.51.100.9, 127.0.0.1', Forwarded: 'for=198.51.100.9' };

  it('the limit is the client\'s, not the proxy\'s, and a forged header does not help', async () => {
    const [greedy, calm] = [nginx.client('127.7.7.7'), nginx.client('127.8.8.8')];
    const write = (who, headers = {}) => who.post('/v1/orders', {}, { headers });
    let refused = null;
    for (let i = 0; i < 50 && refused === null; i++) {
      const answer = await write(greedy);
      refused = answer.status === 429 ? answer : null;
    }
    assert.ok(refused, 'it was never limited');
    assertProblem(refused, 429, 'rate_limited'); /* with Retry-After */
    assertProblem(await write(calm), 401, 'token_missing');
    /* Emptied again and again: a token may come back between two requests. */
    const answers = await Promise.all(Array.from({ length: 20 }, () => write(greedy, forged)));
    assert.ok(answers.filter(({ status }) => status === 429).length >= 15, answers.map(({ status }) => status).join());
    for (const client of [greedy, calm])
      client.close();
  });

  it('the access log has the client\'s network', async () => {
    const clients = [['127.9.9.9', {}], ['127.10.10.10', forged]];
    for (const [address, headers] of clients) {
      const client = nginx.client(address);
      expectStatus(await client.get('/livez', { headers: { ...headers, 'X-Request-Id': `from-${address}` } }), 200);
      client.close();
      const line = await until(() => fs.readFileSync(log, 'utf8').split('\n').find((text) => text.includes(`from-${address}`)));
      assert.ok(line.includes(`"${address.replace(/\d+$/, '0')}/24"`), line);
    }
  });
});

describe('restarts behind nginx', () => {
  it('SIGTERM: every request has an answer, and the next server is found at once', async () => {
    const port = await freePort();
    const start = (data) => startServer({ data, listen: `127.0.0.1:${port}`, args: ['--trust-proxy', '127.0.0.1'] });
    const world = new World(await start());
    await world.attach();
    const user = await world.user({ points: 1_000_000 });
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 5000 }] });
    const nginx = await Nginx.start(`127.0.0.1:${port}`);
    const stream = await TlsStream.open(nginx, `/v1/concerts/${concert.id}/seats/stream`);
    await stream.next();
    const client = nginx.client().as(user.token);
    const statuses = new Map();
    let going = true;
    let seat = 0;
    /* assertProblem holds Retry-After, the form and the request's id. */
    const ask = async () => {
      for (; going; await sleep(1)) {
        const answer = await client.post('/v1/orders', { concertId: concert.id, seats: [seat++] });
        if (answer.status !== 201)
          assertProblem(answer, 503, answer.body?.code);
        const key = answer.status === 201 ? 'sold' : answer.body.code;
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
      }
    };
    const askers = Array.from({ length: 8 }, ask);
    const count = (key) => statuses.get(key) ?? 0;
    await until(() => count('sold') > 20);
    world.client.close();
    assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
    await until(() => stream.closed);
    assert.ok(stream.reader.retries.length > 0, 'the stream was not told when to come again');
    await until(() => count('outcome_unknown') > 5);
    const before_ = count('sold');
    await world.attach(await start(world.server.data));
    await until(() => count('sold') > before_ + 20);
    going = false;
    await Promise.all(askers);
    for (const key of statuses.keys())
      assert.ok(['sold', 'stopping', 'starting', 'outcome_unknown'].includes(key), key);
    const sold = (await world.seats(concert.id)).status.replaceAll('.', '').length;
    assert.ok(sold >= count('sold'), `${count('sold')} were told, ${sold} are sold`);
    client.close();
    await nginx.stop();
    await world.stop();
  });

  it('a server that starts says so through nginx', { skip: fs.existsSync(DISK_SHIM) ? false : 'no disk shim' }, async () => {
    const disk = new Disk();
    await (await startServer({ data: disk.data, env: disk.env })).stop();
    disk.trouble('hold');
    const port = await freePort();
    const server = await startServer({ data: disk.data, env: disk.env, listen: `127.0.0.1:${port}`, expectReady: false });
    const nginx = await Nginx.start(`127.0.0.1:${port}`);
    const client = nginx.client();
    let live = null;
    while (live?.status !== 200) {
      assert.equal(server.exit, null, server.stderr());
      live = await client.get('/livez');
    }
    assertProblem(await client.get('/readyz'), 503, 'starting');
    assertProblem(await client.post('/v1/orders', {}), 503, 'starting');
    disk.heal();
    await server.ready();
    expectStatus(await client.get('/readyz'), 200);
    client.close();
    await nginx.stop();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    disk.drop();
  });
});
