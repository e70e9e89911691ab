/* SPDX-License-Identifier: MIT
 *
 * The keys of access tokens: shown, rotated beside a running server, and taken
 * up by it at SIGHUP.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { dropDirectory, makeDirectory, run, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { secretOf, sign, takeApart } from './lib/token.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ME = '/v1/users/me';
const MINUTE_MS = 60000;

const keyFile = (data) => path.join(data, 'token.key');
const kidOf = (token) => takeApart(token).header.kid;

/** The lines of `key show` or `key rotate`: [{kid, state, until}]. */
async function keys(data, ...verb) {
  const result = await run(['key', ...verb, '--data', data]);
  assert.equal(result.code, 0, result.stderr);
  assert.doesNotMatch(result.stdout, /[0-9a-f]{17}/, 'a secret is shown');
  return result.stdout.trim().split('\n').map((line) => {
    const [, kid, state, until] = /^([0-9a-f]{16}) (signs|verifies until|ended) ?(\S*)$/.exec(line) ?? assert.fail(line);
    return { kid, state, until: Date.parse(until) };
  });
}

/* Its effect is what tells that a signal was taken. */
async function hangUp(world, taken) {
  world.server.signal('SIGHUP');
  for (const until = Date.now() + 30000; !(await taken());) {
    assert.ok(Date.now() < until, `SIGHUP was not taken: ${world.server.stderr()}`);
    await sleep(20);
  }
}

describe('keys', () => {
  let world;
  let user;
  const me = (token) => world.client.get(ME, { token });
  const signsWith = async (kid) => kidOf((await world.login(user.email)).accessToken) === kid;
  before(async () => {
    world = await World.start({ args: ['--io-threads', '2'] });
    user = await world.user();
  });
  after(async () => { await world?.stop(); });

  it('there is one at first, and it signs', async () => {
    assert.deepEqual((await keys(world.server.data, 'show')).map((key) => [key.kid, key.state]), [[kidOf(user.token), 'signs']]);
  });

  it('a rotation counts from SIGHUP on; the old key\'s tokens go on', async () => {
    const old = kidOf(user.token);
    const rotated = await keys(world.server.data, 'rotate');
    assert.deepEqual(rotated.map((key) => key.state), ['signs', 'verifies until']);
    assert.equal(rotated[1].kid, old);
    assert.ok(rotated[1].until > Date.now() + 15 * MINUTE_MS, 'it ends before its tokens');
    assert.ok(rotated[1].until < Date.now() + 60 * MINUTE_MS);
    assert.equal(fs.statSync(keyFile(world.server.data)).mode & 0o777, 0o600);
    assert.ok(await signsWith(old), 'nobody has told the server yet');
    await hangUp(world, () => signsWith(rotated[0].kid));
    expectStatus(await me(user.token), 200);
    const fresh = (await world.login(user.email)).accessToken;
    for (let i = 0; i < 20; i++) { /* on either loop */
      expectStatus(await me(fresh), 200);
      expectStatus(await me(user.token), 200);
    }
    /* Nobody else's is: a key of ours with another's name, and the reverse. */
    const { header, payload } = takeApart(fresh);
    assertProblem(await me(sign({ ...header, kid: old }, payload, secretOf(world.server.data))), 401, 'token_invalid');
    assertProblem(await me(sign({ ...header, kid: '0123456789abcdef' }, payload, secretOf(world.server.data))), 401, 'token_invalid');
    expectStatus(await me(sign(header, payload, secretOf(world.server.data))), 200);
  });

  it('a file that is damaged is reported, and the keys stay', async () => {
    const { data } = world.server;
    const good = fs.readFileSync(keyFile(data));
    const token = (await world.login(user.email)).accessToken;
    fs.writeFileSync(keyFile(data), 'rubbish\n');
    await hangUp(world, () => /is not a token key/.test(world.server.stderr()));
    expectStatus(await me(token), 200);
    assert.ok(await signsWith(kidOf(token)));
    assert.equal((await run(['key', 'show', '--data', data])).code, 3);
    assert.equal((await run(['key', 'rotate', '--data', data])).code, 3);
    fs.writeFileSync(keyFile(data), good);
    fs.chmodSync(keyFile(data), 0o644);
    await hangUp(world, () => /can be read by others/.test(world.server.stderr()));
    assert.equal((await run(['key', 'show', '--data', data])).code, 1);
    fs.chmodSync(keyFile(data), 0o600);
    expectStatus(await me(token), 200);
    assert.ok(!world.server.stderr().includes(secretOf(data).toString('hex')));
  });

  it('a key that is dropped takes its tokens with it, also those that were just used', async () => {
    const token = (await world.login(user.email)).accessToken;
    const session = await world.login(user.email);
    for (let i = 0; i < 20; i++)
      expectStatus(await me(token), 200);
    const rotated = await keys(world.server.data, 'rotate', '--drop-old');
    assert.deepEqual(rotated.map((key) => key.state), ['signs']);
    await hangUp(world, () => signsWith(rotated[0].kid));
    for (let i = 0; i < 20; i++)
      assertProblem(await me(token), 401, 'token_invalid');
    /* Sessions are not signed: they go on. */
    const answer = await world.client.post('/v1/auth/refresh', { refreshToken: session.refreshToken });
    expectStatus(await me(expectStatus(answer, 200).accessToken), 200);
  });

  it('a retired key has its end', async () => {
    const { data } = world.server;
    const ended = (await world.login(user.email)).accessToken;
    await keys(data, 'rotate');
    /* As if that had been long ago: and started anew, since a running server
     * keeps what it has signed with until just now. */
    const text = fs.readFileSync(keyFile(data), 'utf8');
    fs.writeFileSync(keyFile(data), text.replace(/^(retired \S+ \S+) \d+$/m, `$1 ${Date.now() - 1000}`));
    assert.equal((await keys(data, 'show'))[1].state, 'ended');
    await world.server.stop();
    await world.attach(await startServer({ data }));
    assertProblem(await me(ended), 401, 'token_expired');
    /* The next rotation forgets it. */
    const after_ = await keys(data, 'rotate');
    assert.ok(!after_.some((key) => key.kid === kidOf(ended)));
  });

  it('a token of a retired key outlives a restart', async () => {
    const token = (await world.login(user.email)).accessToken;
    await keys(world.server.data, 'rotate');
    await world.server.stop();
    await world.attach(await startServer({ data: world.server.data }));
    assert.ok(!(await signsWith(kidOf(token))));
    expectStatus(await me(token), 200);
  });

  it('the first release\'s file is served', async () => {
    const { data } = world.server;
    const secret = secretOf(data).toString('hex');
    await world.server.stop();
    fs.writeFileSync(keyFile(data), `stagepick-token-key 1\nkid 0123456789abcdef\nsecret ${secret}\n`);
    await world.attach(await startServer({ data }));
    assert.ok(await signsWith('0123456789abcdef'));
  });

  it('rotations at once lose no key, and at most eight are kept', async () => {
    const { data } = world.server;
    const before_ = (await keys(data, 'rotate', '--drop-old'))[0].kid;
    const results = await Promise.all(Array.from({ length: 9 }, () => run(['key', 'rotate', '--data', data])));
    assert.equal(results.filter((result) => result.code === 0).length, 7);
    for (const result of results.filter((one) => one.code !== 0)) {
      assert.equal(result.code, 1);
      assert.match(result.stderr, /8 keys are good still/);
    }
    const all = await keys(data, 'show');
    assert.equal(all.length, 8);
    assert.equal(new Set(all.map((key) => key.kid)).size, 8);
    assert.ok(all.some((key) => key.kid === before_));
  });

  it('says what it does not take', async () => {
    const none = makeDirectory();
    assert.equal((await run(['key', 'show', '--data', none])).code, 1);
    assert.equal((await run(['key', 'rotate', '--data', none])).code, 1);
    assert.deepEqual(fs.readdirSync(none), [], 'it made something');
    assert.equal((await run(['key', 'show'])).code, 2);
    assert.equal((await run(['key', 'burn', '--data', none])).code, 2);
    assert.equal((await run(['key', '--data', none])).code, 2);
    dropDirectory(none);
  });
});
