/* SPDX-License-Identifier: MIT
 *
 * The program's life: options, starting, the first ADMIN, a second server,
 * stopping gracefully.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { ADMIN, dropDirectory, dumpLog, makeDirectory, run, sleep } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

describe('usage', () => {
  it('--help is 0 and on stdout', async () => {
    for (const args of [['--help'], ['serve', '--help'], ['log', '--help'], ['replay', '--help'], ['user', '--help']]) {
      const result = await run(args);
      assert.equal(result.code, 0, `${args}: ${result.stderr}`);
      assert.match(result.stdout, /usage/i);
    }
    assert.match((await run(['--version'])).stdout, /^stagepick \d+\.\d+\.\d+$/m);
  });

  it('what is not understood is 2 and on stderr', async () => {
    const data = makeDirectory();
    for (const args of [[], ['dance'], ['serve'], ['serve', '--data'], ['serve', '--data', data, '--no-such-option'],
      ['serve', '--data', data, '--listen', 'nowhere'], ['serve', '--data', data, '--listen', '127.0.0.1:99999'],
      ['serve', '--data', data, '--io-threads', '0'], ['serve', '--data', data, '--io-threads', 'x'],
      ['serve', '--data', data, '--signup', 'maybe'], ['serve', '--data', data, '--signup-points', '-1'],
      ['log'], ['log', 'burn', '--data', data], ['log', 'verify'], ['replay', '--data', data, '--show', 'nothing'],
      ['replay', '--data', data, '--until', 'x'], ['user'], ['user', 'add', '--data', data]]) {
      const result = await run(args);
      assert.equal(result.code, 2, `${args.join(' ')}: exit ${result.code} ${result.stderr}`);
      assert.ok(result.stderr.length > 0, args.join(' '));
      assert.equal(result.stdout, '', args.join(' '));
    }
    dropDirectory(data);
  });

  it('options come from the environment as well, the command line wins', async () => {
    const data = makeDirectory();
    const server = await startServer({ data, env: { STAGEPICK_SIGNUP: 'off', STAGEPICK_SIGNUP_POINTS: '77' }, args: ['--signup', 'on'] });
    const client = new Client(server);
    const user = expectStatus(await client.post('/v1/users', { email: 'a@example.org', password: PASSWORD, nickname: 'a' }), 201);
    assert.equal(user.points, 77);
    client.close();
    await server.stop();
    dropDirectory(data);
  });
});

describe('starting', () => {
  const directories = [];
  const make = () => {
    const directory = makeDirectory();
    directories.push(directory);
    return directory;
  };
  after(() => directories.forEach(dropDirectory));

  it('prints one line when it is ready, makes private files', async () => {
    const data = path.join(make(), 'new');
    const server = await startServer({ data });
    assert.match(server.stdout(), /^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    assert.equal(fs.statSync(data).mode & 0o777, 0o700);
    for (const name of fs.readdirSync(data))
      assert.equal(fs.statSync(path.join(data, name)).mode & 0o777, 0o600, name);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  it('IPv6 and several I/O threads', async () => {
    const server = await startServer({ data: make(), listen: '[::1]:0', args: ['--io-threads', '3'] });
    assert.match(server.url, /^http:\/\/\[::1\]:\d+$/);
    const clients = Array.from({ length: 12 }, () => new Client({ host: '::1', port: server.port }));
    for (const client of clients) {
      expectStatus(await client.get('/readyz'), 200);
      client.close();
    }
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  it('a second server on the same data is 4, and the first goes on', async () => {
    const data = make();
    const server = await startServer({ data });
    for (const args of [['serve', '--data', data, '--listen', '127.0.0.1:0'], ['user', 'add', '--data', data, '--email', 'x@example.org', '--role', 'USER', '--nickname', 'x']]) {
      const result = await run(args, { env: { STAGEPICK_PASSWORD: PASSWORD } });
      assert.equal(result.code, 4, `${args[0]}: ${result.stderr}`);
      assert.match(result.stderr, /in use|another|running/i);
    }
    const client = new Client(server);
    expectStatus(await client.get('/readyz'), 200);
    client.close();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  it('a second server on the same port is 1', async () => {
    const server = await startServer({ data: make(), args: ['--io-threads', '2'] });
    const result = await run(['serve', '--data', make(), '--listen', `127.0.0.1:${server.port}`, '--io-threads', '2']);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /listen/);
    await server.stop();
  });

  it('a data directory that others may read, or that is a file, is refused', async () => {
    const file = path.join(make(), 'file');
    fs.writeFileSync(file, '');
    const result = await run(['serve', '--data', file, '--listen', '127.0.0.1:0']);
    assert.equal(result.code, 1, result.stderr);
    assert.equal(result.stdout, '');
  });

  it('the first ADMIN comes from the environment, once', async () => {
    const data = make();
    for (let i = 0; i < 2; i++) {
      const world = new World(await startServer({ data }));
      await world.attach();
      assert.equal(expectStatus(await world.admin.get('/v1/users/me'), 200).role, 'ADMIN');
      world.client.close();
      await world.server.stop();
    }
    assert.equal((await dumpLog(data)).filter((event) => event.type === 'user_created').length, 1);
  });

  it('the ADMIN\'s e-mail with another password, or no ADMIN, refuses the start', async () => {
    const data = make();
    await (await startServer({ data })).stop();
    const other = await run(['serve', '--data', data, '--listen', '127.0.0.1:0'],
      { env: { STAGEPICK_ADMIN_EMAIL: ADMIN.email, STAGEPICK_ADMIN_PASSWORD: 'another password' } });
    assert.equal(other.code, 1, other.stderr);
    assert.ok(other.stderr.length > 0);
    const half = await run(['serve', '--data', data, '--listen', '127.0.0.1:0'], { env: { STAGEPICK_ADMIN_EMAIL: ADMIN.email } });
    assert.notEqual(half.code, 0);
  });

  it('nobody is promoted silently: a USER of that e-mail refuses the start', async () => {
    const data = make();
    const server = await startServer({ data, admin: false });
    const client = new Client(server);
    expectStatus(await client.post('/v1/users', { email: ADMIN.email, password: ADMIN.password, nickname: 'early bird' }), 201);
    client.close();
    await server.stop();
    const result = await run(['serve', '--data', data, '--listen', '127.0.0.1:0'],
      { env: { STAGEPICK_ADMIN_EMAIL: ADMIN.email, STAGEPICK_ADMIN_PASSWORD: ADMIN.password } });
    assert.equal(result.code, 1, result.stderr);
  });

  it('every start is a fact with an epoch of its own', async () => {
    const data = make();
    for (let i = 0; i < 3; i++)
      await (await startServer({ data, admin: false })).stop();
    const starts = (await dumpLog(data)).filter((event) => event.type === 'server_started');
    assert.equal(starts.length, 3);
    assert.equal(new Set(starts.map((event) => event.data.epoch)).size, 3);
    assert.match(starts[0].data.version, /^\d+\.\d+\.\d+/);
  });

  it('the demo fills an empty directory and prints its logins', async () => {
    const data = make();
    const server = await startServer({ data, admin: false, args: ['--demo'] });
    for (let i = 0; i < 400 && !/curl/.test(server.stderr()); i++)
      await sleep(5);
    assert.match(server.stderr(), /curl/);
    const client = new Client(server);
    const { items } = expectStatus(await client.get('/v1/concerts'), 200);
    assert.ok(items.length > 0);
    const user = expectStatus(await client.post('/v1/users', { email: 'visitor@example.org', password: PASSWORD, nickname: 'visitor' }), 201);
    assert.equal(user.points, 1000000);
    client.close();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const again = await startServer({ data, admin: false, args: ['--demo'] });
    const other = new Client(again);
    assert.equal(expectStatus(await other.get('/v1/concerts'), 200).items.length, items.length, 'the demo was filled in twice');
    other.close();
    await again.stop();
  });
});

describe('a restart', () => {
  it('changes nothing that anyone can see', async () => {
    const world = await World.start({ args: ['--io-threads', '2'] });
    const user = await world.user({ points: 1000, name: 'stays' });
    const concert = await world.concert();
    const order = expectStatus(await world.order(user, concert.id, [0, 13]), 201);
    const cancelled = expectStatus(await world.order(user, concert.id, [5]), 201);
    expectStatus(await user.client.post(`/v1/orders/${cancelled.id}/cancel`, {}), 200);
    const look = async () => {
      const seen = [];
      for (const route of ['/v1/concerts', `/v1/concerts/${concert.id}`, `/v1/concerts/${concert.id}/seats`, '/v1/categories',
        '/v1/users/me', '/v1/orders', `/v1/orders/${order.id}`]) {
        const answer = await world.client.get(route, { token: user.token });
        expectStatus(answer, 200);
        seen.push([route, answer.headers.etag, answer.text.replaceAll(/"now":"[^"]*"/g, '')]);
      }
      return seen;
    };
    const before = await look();
    for (const way of ['stop', 'kill']) {
      world.client.close();
      await world.server[way]();
      await world.attach(await startServer({ data: world.server.data }));
      assert.deepEqual(await look(), before, `after a ${way}`);
    }
    expectStatus(await world.client.post('/v1/auth/login', { email: user.email, password: PASSWORD }), 200);
    const next = expectStatus(await world.client.post('/v1/orders', { concertId: concert.id, seats: [5] }, { token: user.token }), 201);
    assert.equal(Number(next.id), Number(cancelled.id) + 1, 'ids go on where they were');
    await world.stop();
  });
});

describe('stopping', () => {
  it('a client that never reads does not hold the end up for ever', { timeout: 120000 }, async () => {
    const world = await World.start();
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100000 }] });
    const deaf = await Raw.connect(world.server, { pauseOnConnect: true });
    for (let i = 0; i < 300; i++)
      deaf.send(`GET /v1/concerts/${concert.id}/seats HTTP/1.1\r\nHost: x\r\n\r\n`);
    await sleep(300);
    await world.stop();
    deaf.destroy();
  });

  it('SIGTERM answers what is under way, then exits 0, and all of it is kept', async () => {
    const world = await World.start();
    const user = await world.user({ points: 1_000_000 });
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 1000 }] });
    const raws = await Promise.all(Array.from({ length: 20 }, () => Raw.connect(world.server)));
    raws.forEach((raw, r) => raw.send(Buffer.concat(Array.from({ length: 20 }, (_, i) => requestBytes('POST', '/v1/orders', {
      headers: { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ concertId: concert.id, seats: [r * 20 + i] }) })))));
    await raws[0].answer();
    world.client.close();
    const stopped = world.server.stop();
    const sold = new Set();
    for (const raw of raws)
      for (const answer of await raw.answersUntilClose()) {
        assert.ok(answer.status === 201 || answer.json.code === 'stopping', JSON.stringify(answer.json));
        if (answer.status === 201)
          sold.add(answer.json.seats[0].seat);
      }
    assert.deepEqual(await stopped, { code: 0, signal: null });
    const paid = (await dumpLog(world.server.data)).filter((event) => event.type === 'order_paid');
    const kept = new Set(paid.map((event) => event.data.seats[0]));
    for (const seat of sold)
      assert.ok(kept.has(seat), `seat ${seat} was sold, the log has it not`);
    dropDirectory(world.server.data);
  });

  it('idle connections are closed, a half-sent request does not hold the end up', async () => {
    const world = await World.start();
    const idle = await Raw.connect(world.server);
    const used = await Raw.connect(world.server);
    assert.equal((await used.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n').answer()).status, 200);
    const half = await Raw.connect(world.server);
    half.send('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    await sleep(50);
    world.client.close();
    const stopped = world.server.stop();
    await Promise.all([idle.untilClosed(), used.untilClosed(), half.untilClosed()]);
    assert.deepEqual(await stopped, { code: 0, signal: null });
    dropDirectory(world.server.data);
  });

  it('a log-in under way is answered', async () => {
    const world = await World.start();
    const raw = await Raw.connect(world.server);
    raw.send(requestBytes('POST', '/v1/auth/login', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ADMIN) }));
    await sleep(10);
    world.client.close();
    const stopped = world.server.stop();
    const answers = await raw.answersUntilClose();
    assert.ok(answers.length === 1 && (answers[0].status === 200 || answers[0].json.code === 'stopping'), JSON.stringify(answers.map((a) => a.json)));
    assert.deepEqual(await stopped, { code: 0, signal: null });
    dropDirectory(world.server.data);
  });

  it('SIGUSR1 from outside is no failure', async () => {
    const server = await startServer();
    server.signal('SIGUSR1');
    await sleep(100);
    server.signal('SIGTERM');
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
    assert.doesNotMatch(server.stderr(), /failed/);
    dropDirectory(server.data);
  });

  it('SIGINT is the same', async () => {
    const server = await startServer();
    server.signal('SIGINT');
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
    dropDirectory(server.data);
  });
});
