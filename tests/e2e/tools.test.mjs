/* SPDX-License-Identifier: MIT
 *
 * The tools on a real data directory: log stat, verify, dump; replay; user add.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { ADMIN, PROGRAM, dropDirectory, dumpLog, environment, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

describe('log and replay', () => {
  let data;
  let order;
  let user;
  let concert;
  before(async () => {
    const world = await World.start();
    data = world.server.data;
    user = await world.user({ points: 5000, name: 'zoë' });
    concert = await world.concert({ name: 'Ärger "im" Log' });
    order = expectStatus(await world.order(user, concert.id, [2, 3], { key: 'k' }), 201);
    expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, { reason: 'x\ny' }), 200);
    /* The tools read while a server runs, too. */
    assert.equal((await run(['log', 'verify', '--data', data])).code, 0);
    const live = await dumpLog(data);
    assert.equal(live[live.length - 1].type, 'order_cancelled');
    world.client.close();
    assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
  });
  after(() => { if (data) dropDirectory(data); });

  it('the dump has every fact in order, one JSON object a line', async () => {
    const events = await dumpLog(data);
    assert.deepEqual(events.map((event) => event.seq), events.map((_, i) => i + 1));
    for (const event of events) {
      assert.deepEqual(Object.keys(event), ['seq', 'time', 'type', 'actor', 'data']);
      assert.match(String(event.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
    assert.deepEqual(events.map((event) => event.type).slice(0, 2), ['server_started', 'user_created']);
    const paid = events.find((event) => event.seq === order.seq);
    assert.equal(paid.type, 'order_paid');
    assert.equal(String(paid.actor), user.id);
    assert.deepEqual([String(paid.data.order), String(paid.data.concert), String(paid.data.buyer), paid.data.amount, paid.data.seats],
      [order.id, concert.id, user.id, 200, [2, 3]]);
    assert.equal(events.find((event) => event.type === 'concert_created').data.name, 'Ärger "im" Log');
  });

  it('times never go back', async () => {
    const times = (await dumpLog(data)).map((event) => Date.parse(event.time));
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
  });

  it('there is nothing personal in an event', async () => {
    const { stdout } = await run(['log', 'dump', '--data', data]);
    for (const secret of [user.email, ADMIN.email, 'zoë', 'argon2', PASSWORD, '@example'])
      assert.ok(!stdout.includes(secret), secret);
  });

  it('verify says that all is well, stat what there is', async () => {
    const verified = await run(['log', 'verify', '--data', data]);
    assert.equal(verified.code, 0, verified.stderr);
    assert.ok(verified.stdout.length > 0);
    const events = await dumpLog(data);
    const stat = await run(['log', 'stat', '--data', data]);
    assert.equal(stat.code, 0, stat.stderr);
    assert.match(stat.stdout, new RegExp(`\\b${events.length}\\b`));
    assert.match(stat.stdout, /order_paid/);
  });

  it('replay gives one digest, another for another seq', async () => {
    const digest = async (...args) => {
      const result = await run(['replay', '--data', data, '--show', 'digest', ...args]);
      assert.equal(result.code, 0, result.stderr);
      return /[0-9a-f]{64}/.exec(result.stdout)[0];
    };
    const last = (await dumpLog(data)).length;
    const whole = await digest();
    assert.equal(await digest(), whole);
    assert.equal(await digest('--until', String(last)), whole);
    assert.notEqual(await digest('--until', String(order.seq)), whole);
    const seen = new Set();
    for (let seq = 1; seq <= last; seq++)
      seen.add(await digest('--until', String(seq)));
    assert.equal(seen.size, last, 'two states of different seq have one digest');
  });

  it('a restart keeps the digest but for its own fact', async () => {
    const before = await run(['replay', '--data', data, '--show', 'digest']);
    const last = (await dumpLog(data)).length;
    await (await startServer({ data })).stop();
    const after_ = await run(['replay', '--data', data, '--show', 'digest', '--until', String(last)]);
    assert.equal(/[0-9a-f]{64}/.exec(after_.stdout)[0], /[0-9a-f]{64}/.exec(before.stdout)[0]);
  });

  it('what could not be written is not passed over', async () => {
    for (const tool of [['log', 'stat'], ['log', 'verify'], ['log', 'dump'], ['replay']]) {
      const full = fs.openSync('/dev/full', 'w');
      const result = spawnSync(PROGRAM, [...tool, '--data', data], { stdio: ['ignore', full, 'pipe'], env: environment() });
      fs.closeSync(full);
      assert.equal(result.status, 1, tool.join(' '));
      assert.match(result.stderr.toString(), /can't write/);
    }
  });

  it('no log there is 1', async () => {
    const empty = makeDirectory();
    for (const args of [['log', 'verify'], ['log', 'stat'], ['log', 'dump'], ['replay', '--show', 'digest']])
      assert.equal((await run([...args, '--data', empty])).code, 1, args.join(' '));
    for (const args of [['log', 'verify'], ['replay', '--show', 'digest']])
      assert.equal((await run([...args, '--data', `${empty}/none`])).code, 1, args.join(' '));
    dropDirectory(empty);
  });
});

describe('user add', () => {
  let data;
  before(() => { data = makeDirectory(); });
  after(() => dropDirectory(data));

  const add = (email, role, options) => run(['user', 'add', '--data', data, '--email', email, '--role', role, '--nickname', 'nick'], options);

  it('makes an ADMIN before the first start, who can log in', async () => {
    const made = await add('boss@example.org', 'ADMIN', { env: { STAGEPICK_PASSWORD: PASSWORD } });
    assert.equal(made.code, 0, made.stderr);
    const piped = await add('host@example.org', 'HOST', { input: `${PASSWORD}\n` });
    assert.equal(piped.code, 0, piped.stderr);
    const server = await startServer({ data, admin: false });
    const client = new Client(server);
    for (const [email, role] of [['boss@example.org', 'ADMIN'], ['host@example.org', 'HOST']])
      assert.equal(expectStatus(await client.post('/v1/auth/login', { email, password: PASSWORD }), 200).user.role, role);
    client.close();
    await server.stop();
  });

  it('values that are not good leave no directory behind', async () => {
    const none = `${data}/none`;
    const bad = await run(['user', 'add', '--data', none, '--email', 'x', '--role', 'USER', '--nickname', 'n'], { env: { STAGEPICK_PASSWORD: PASSWORD } });
    assert.equal(bad.code, 2);
    for (const [email, password] of [['a@example.org', ''], ['', PASSWORD], ['x', PASSWORD], ['a@example.org', 'short']]) {
      const serve = await run(['serve', '--data', none, '--listen', '127.0.0.1:0'], { env: { STAGEPICK_ADMIN_EMAIL: email, STAGEPICK_ADMIN_PASSWORD: password } });
      assert.equal(serve.code, 2, serve.stderr);
    }
    assert.ok(!fs.existsSync(none));
  });

  it('closed standard files are not taken for the log', async () => {
    const line = `exec "$0" user add --data "$1" --email boss@example.org --nickname n --role USER <&- >&- 2>&-`;
    const again = spawnSync('/bin/sh', ['-c', line, PROGRAM, data], { env: environment({ STAGEPICK_PASSWORD: PASSWORD }) });
    assert.equal(again.status, 1, 'the e-mail is in use');
    assert.equal(fs.statSync(`${data}/stagepick.lock`).size, 0, 'a message went into a file');
    assert.equal((await run(['log', 'verify', '--data', data])).code, 0);
  });

  it('an e-mail in use, a bad role and a bad password are refused', async () => {
    const env = { STAGEPICK_PASSWORD: PASSWORD };
    assert.equal((await add('BOSS@example.org', 'USER', { env })).code, 1);
    assert.equal((await add('new@example.org', 'KING', { env })).code, 2);
    assert.equal((await add('not an address', 'USER', { env })).code, 2);
    assert.notEqual((await add('new@example.org', 'USER', { env: { STAGEPICK_PASSWORD: 'short' } })).code, 0);
    assert.equal((await dumpLog(data)).filter((event) => event.type === 'user_created').length, 2);
  });
});
