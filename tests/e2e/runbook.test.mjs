/* SPDX-License-Identifier: MIT
 *
 * The runbook's commands, each in the trouble that it is for.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Clock, noClock } from './lib/clock.mjs';
import { Disk } from './lib/disk.mjs';
import { Machine } from './lib/machine.mjs';
import { DISK_SHIM, run, sleep } from './lib/program.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const ADMIN_EMAIL = 'admin@example.com';
const SET_UP = { STAGEPICK_PASSWORD: PASSWORD };
const skipDisk = fs.existsSync(DISK_SHIM) ? false : `no disk shim at ${DISK_SHIM}`;

/** A set-up machine with people on it. */
async function populate(env) {
  const machine = await Machine.make(env);
  await machine.run('set up', SET_UP);
  const world = new World({ host: '127.0.0.1', port: machine.port });
  world.connect();
  world.admin = world.client.as((await world.login(ADMIN_EMAIL)).accessToken);
  const user = await world.user({ points: 1000 });
  const concert = await world.concert();
  return { machine, world, user, concert };
}

async function ready(machine) {
  await machine.server.ready();
}

const done = new Set();
let blocks;

describe('the runbook', () => {
  let machine;
  let world;
  let user;
  let concert;
  before(async () => {
    ({ machine, world, user, concert } = await populate());
    blocks = machine.blocks;
  });
  after(async () => {
    world?.client?.close();
    machine?.done.forEach((name) => done.add(name));
    await machine?.drop();
  });

  it('set up: an ADMIN logs in, the settings count', async () => {
    const { body } = await world.admin.get('/v1/users/me');
    assert.equal(body.role, 'ADMIN');
    assert.equal(fs.statSync(machine.data).mode & 0o777, 0o700);
  });

  it('look: what it shows is what there is', async () => {
    assertProblem(await world.client.get('/nowhere'), 404, 'route_unknown');
    const said = await machine.run('look');
    for (const sign of [/^active$/m, /listening on/, /"status":"ready"/, /^stagepick_serving 1$/m, /^stagepick_disk_free_bytes \d+$/m,
      /^stagepick_queue_depth \d/m, /^stagepick_rejections_total\{code="route_unknown"\} 1$/m, /^last seq: +\d+$/m])
      assert.match(said, sign);
  });

  it('log-ins, drop: each metric that they ask for is there', async () => {
    const logins = await machine.run('log-ins');
    for (const sign of [/throttled_total\{limit="hashing"\} 0/, /rejections_total\{code="busy"\} 0/, /loop_busy_seconds_total\{loop="0"\}/,
      /http_answer_seconds_count\{[^}]*\/v1\/auth\/login"/, /http_answer_seconds_sum\{[^}]*\/v1\/auth\/login"/])
      assert.match(logins, sign);
    const drop = await machine.run('drop');
    for (const name of machine.blocks.get('drop').match(/\(stagepick_\((.*?)\)/)[1].split('|'))
      assert.match(drop, new RegExp(`^stagepick_${name} `, 'm'), name);
    for (const name of ['rejections_total{code="route_unknown"}', 'loop_busy_seconds_total{loop="0"}'])
      assert.ok(drop.includes(`stagepick_${name} `), name);
    assert.match(drop, /^process_open_fds \d+\nprocess_max_fds \d+$/m);
  });

  it('key: a new one signs, tokens of before are good', async () => {
    assert.match(await machine.run('key'), /keys_read/);
    expectStatus(await user.client.get('/v1/users/me'), 200);
  });

  it('leaked key: tokens of before are refused', async () => {
    await machine.run('leaked key');
    for (let i = 0; i < 400 && (await user.client.get('/v1/users/me')).status === 200; i++)
      await sleep(10);
    assertProblem(await user.client.get('/v1/users/me'), 401, 'token_invalid');
    user.client = world.client.as((await world.login(user.email)).accessToken);
  });

  it('exit 4: it names who has the directory', async () => {
    const second = await run(['serve', '--data', machine.data, '--listen', '127.0.0.1:0']);
    assert.equal(second.code, 4, second.stderr);
    const line = (await machine.run('exit 4')).split('\n').find((text) => text.includes(`${machine.data}/stagepick.lock`));
    assert.match(line, new RegExp(`\\b${machine.server.pid}\\b`));
  });

  it('compact, upgrade: it serves as before', async () => {
    const head = async () => (await run(['log', 'verify', '--data', machine.data])).stdout;
    assert.match(await machine.run('compact'), /^ok: \d+ bytes/m);
    await ready(machine);
    assert.match(await machine.run('upgrade'), /^stagepick \d[\s\S]*"status":"ready"/);
    expectStatus(await user.client.get('/v1/users/me'), 200);
    assert.match(await head(), /^ok: /);
  });

  it('copy, exit 3: the newest copy that verifies is served again', async () => {
    expectStatus(await world.order(user, concert.id, [0]), 201);
    assert.match(await machine.run('copy'), /^ok: \d+ events/m);
    await ready(machine);
    expectStatus(await world.order(user, concert.id, [1]), 201);
    await machine.stop();
    assert.deepEqual(machine.exit, { code: 0, signal: null });
    const file = path.join(machine.data, 'data.mdb');
    const bytes = fs.readFileSync(file);
    let damaged = 0;
    for (let at = bytes.indexOf('shared'); at >= 0; at = bytes.indexOf('shared', at + 1), damaged++)
      bytes[at] ^= 1;
    assert.ok(damaged > 0);
    fs.writeFileSync(file, bytes);
    await machine.start();
    assert.deepEqual(await machine.server.ended(), { code: 3, signal: null });

    const said = await machine.run('exit 3');
    assert.match(said, /damaged: [\s\S]*^exit 3$[\s\S]*^ok: /m);
    assert.ok(fs.readFileSync(path.join(machine.home, 'damaged.jsonl'), 'utf8').split('\n').length > 5);
    assert.ok(fs.readFileSync(path.join(`${machine.data}-damaged`, 'data.mdb')).equals(bytes), 'the damaged file was changed');
    await machine.run('open again');
    await ready(machine);
    assert.equal((await world.seats(concert.id)).status, 'x...................');
    expectStatus(await world.order(user, concert.id, [1]), 201);
  });
});

describe('the runbook: disks', { skip: skipDisk }, () => {
  let disk;
  let machine;
  let world;
  let user;
  let concert;
  before(async () => {
    disk = new Disk();
    ({ machine, world, user, concert } = await populate(disk.env));
  });
  after(async () => {
    world?.client?.close();
    machine?.done.forEach((name) => done.add(name));
    await machine?.drop();
    disk?.drop();
  });

  it('the disk fills up: what the table says is refused, is', async () => {
    const { refreshToken } = await world.login(user.email);
    const hold = expectStatus(await world.hold(user, concert.id, [0]), 201);
    const refresh = () => world.client.post('/v1/auth/refresh', { refreshToken });
    disk.trouble('free_mib 200');
    await sleep(250); /* looked at each 100 ms */
    for (const answer of [await world.order(user, concert.id, [1]), await world.hold(user, concert.id, [2]),
      await world.admin.post(`/v1/users/${user.id}/points`, { amount: 1 }), await world.admin.post('/v1/concerts', await world.concertBody()),
      await world.client.post('/v1/users', { email: 'new@example.org', password: PASSWORD, nickname: 'new' })])
      assertProblem(answer, 507, 'storage_full');
    expectStatus(await user.client.delete(`/v1/holds/${hold.holdId}`), 204);
    expectStatus(await world.admin.put(`/v1/users/${user.id}/role`, { role: 'HOST' }), 200);
    await world.login(user.email);
    disk.trouble('free_mib 32');
    await sleep(250);
    for (const answer of [await world.client.post('/v1/auth/login', { email: user.email, password: PASSWORD }), await refresh(),
      await world.admin.put(`/v1/users/${user.id}/role`, { role: 'USER' })])
      assertProblem(answer, 507, 'storage_full');
    assert.equal((await world.seats(concert.id)).status, '....................');
    expectStatus(await user.client.get('/v1/users/me'), 200);
    disk.heal();
    await sleep(250);
    expectStatus(await world.order(user, concert.id, [1]), 201);
  });

  it('exit 1: a commit failed; started again, the same request finds what became of it', async () => {
    disk.trouble('fail_flush');
    assertProblem(await world.order(user, concert.id, [5], { key: 'again' }), 503, 'outcome_unknown');
    assert.deepEqual(await machine.server.ended(), { code: 1, signal: null });
    assert.match(machine.log(), /sequencer_failed/);
    disk.heal();
    assert.match(await machine.run('exit 1'), /^ok: /m);
    await ready(machine);
    expectStatus(await world.order(user, concert.id, [5], { key: 'again' }), 201);
    assert.equal((await world.seats(concert.id)).status.slice(0, 6), '.x...x');
  });
});

describe('the runbook: clocks', { skip: noClock }, () => {
  it('a log ahead of the clock: it is told, and can be accepted', async () => {
    const clock = new Clock();
    clock.pass(3600);
    const { machine, world } = await populate(clock.env);
    world.client.close();
    await machine.stop();
    machine.env = {};
    await machine.start();
    assert.deepEqual(await machine.server.ended(), { code: 1, signal: null });
    assert.match(machine.log(), /ahead/);
    const said = await machine.run('clock');
    const last = Date.parse(said.match(/^last time: +(\S+)$/m)[1]);
    assert.ok(last > Date.now() + 3000 * 1000, said);
    fs.appendFileSync(machine.settings, 'STAGEPICK_ACCEPT_CLOCK_AHEAD=on\n');
    await machine.start();
    await ready(machine);
    machine.done.forEach((name) => done.add(name));
    await machine.drop();
    clock.drop();
  });
});

describe('the runbook, whole', () => {
  it('no block was left out', () => {
    assert.deepEqual([...done].sort(), [...blocks.keys()].sort());
  });
});
