/* SPDX-License-Identifier: MIT
 *
 * Refresh families: rotation, reuse, log-out, and what a crash leaves of them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertInvalid, assertProblem } from './lib/asserts.mjs';
import { ADMIN, dropDirectory, dumpLog, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { takeApart } from './lib/token.mjs';
import { World, expectStatus } from './lib/world.mjs';

const ME = '/v1/users/me';
/* So long a lost answer may be asked for again (engine/session.h). */
const GRACE_MS = 10000;

const refresh = (world, refreshToken) => world.client.post('/v1/auth/refresh', { refreshToken });
const logout = (world, refreshToken) => world.client.post('/v1/auth/logout', { refreshToken });

async function refreshed(world, refreshToken) {
  const answer = await refresh(world, refreshToken);
  const body = expectStatus(answer, 200);
  assertFields(body, ['accessToken', 'expiresIn', 'refreshToken']);
  assert.equal(body.expiresIn, 900);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.notEqual(body.refreshToken, refreshToken);
  return body;
}

describe('refresh', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user();
  });
  after(async () => { await world?.stop(); });

  it('gives a new pair, of the same user and family', async () => {
    const first = await world.login(user.email);
    const second = await refreshed(world, first.refreshToken);
    const third = await refreshed(world, second.refreshToken);
    for (const pair of [first, second, third])
      assert.equal(expectStatus(await world.client.get(ME, { token: pair.accessToken }), 200).id, user.id);
    const families = [first, second, third].map((pair) => takeApart(pair.accessToken).payload.sid);
    assert.ok(families[0]);
    assert.deepEqual(families, [families[0], families[0], families[0]]);
    const other = await world.login(user.email);
    assert.notEqual(takeApart(other.accessToken).payload.sid, families[0]);
  });

  it('refreshed tokens lose the role (not here: it is of the state, and changes at once)', async () => {
    const host = await world.user({ role: 'HOST' });
    const first = await world.login(host.email);
    const second = await refreshed(world, first.refreshToken);
    const client = world.client.as(second.accessToken);
    expectStatus(await client.post('/v1/concerts', await world.concertBody()), 201);
    expectStatus(await world.admin.put(`/v1/users/${host.id}/role`, { role: 'USER' }), 200);
    assertProblem(await client.post('/v1/concerts', await world.concertBody()), 403, 'role_required');
    const third = await refreshed(world, second.refreshToken);
    assertProblem(await world.client.as(third.accessToken).post('/v1/concerts', await world.concertBody()), 403, 'role_required');
    const admin = await refreshed(world, (await world.login(ADMIN.email, ADMIN.password)).refreshToken);
    expectStatus(await world.client.as(admin.accessToken).put(`/v1/users/${host.id}/role`, { role: 'HOST' }), 200);
    expectStatus(await world.client.as(third.accessToken).post('/v1/concerts', await world.concertBody()), 201);
  });

  it('an answer that was lost is asked for again, and takes the place of the first', async () => {
    const { refreshToken } = await world.login(user.email);
    const lost = await refreshed(world, refreshToken);
    const again = await refreshed(world, refreshToken);
    assert.notEqual(again.refreshToken, lost.refreshToken);
    const next = await refreshed(world, again.refreshToken);
    expectStatus(await world.client.get(ME, { token: next.accessToken }), 200);
  });

  it('a successor that was replaced is spent: its use ends the family', async () => {
    const { refreshToken } = await world.login(user.email);
    const lost = await refreshed(world, refreshToken);
    const again = await refreshed(world, refreshToken);
    assertProblem(await refresh(world, lost.refreshToken), 401, 'refresh_reused');
    assertProblem(await refresh(world, again.refreshToken), 401, 'refresh_invalid');
  });

  it('a spent token whose successor was used ends the family, and no other', async () => {
    const { refreshToken } = await world.login(user.email);
    const other = await world.login(user.email);
    const second = await refreshed(world, refreshToken);
    const third = await refreshed(world, second.refreshToken);
    assertProblem(await refresh(world, refreshToken), 401, 'refresh_reused');
    for (const token of [refreshToken, second.refreshToken, third.refreshToken])
      assertProblem(await refresh(world, token), 401, 'refresh_invalid');
    await refreshed(world, other.refreshToken);
  });

  it('a spent token that comes back after the grace ends the family', async () => {
    const { refreshToken } = await world.login(user.email);
    const second = await refreshed(world, refreshToken);
    await sleep(GRACE_MS + 500);
    assertProblem(await refresh(world, refreshToken), 401, 'refresh_reused');
    assertProblem(await refresh(world, second.refreshToken), 401, 'refresh_invalid');
  });

  it('of many at once with one token one line goes on', async () => {
    const { refreshToken } = await world.login(user.email);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(world, refreshToken)));
    for (const answer of answers)
      expectStatus(answer, 200);
    /* Each took the place of the one before it, so all but one are spent. */
    const lines = await Promise.all(answers.map((answer) => refresh(world, answer.body.refreshToken)));
    assert.ok(lines.filter((answer) => answer.status === 200).length <= 1);
    for (const answer of lines.filter((one) => one.status !== 200))
      assert.equal(answer.status, 401);
  });

  it('access and refresh tokens can not stand in for each other', async () => {
    const { accessToken, refreshToken } = await world.login(user.email);
    assertProblem(await refresh(world, accessToken), 401, 'refresh_invalid');
    assertProblem(await world.client.get(ME, { token: refreshToken }), 401, 'token_invalid');
    expectStatus(await world.client.get(ME, { token: accessToken }), 200);
    await refreshed(world, refreshToken);
  });

  it('what is no token of ours is invalid, whatever it looks like', async () => {
    const { refreshToken } = await world.login(user.email);
    const bytes = Buffer.from(refreshToken, 'base64url');
    const changed = (change) => { const copy = Buffer.from(bytes); change(copy); return copy.toString('base64url'); };
    const strangers = [
      '', 'x', 'A'.repeat(60), `${refreshToken}=`, `${refreshToken}A`, refreshToken.slice(1), refreshToken.toLowerCase(), '\u0000', 'é'.repeat(60),
      changed((copy) => copy.writeUInt32BE(999999, 1)), /* no such user */
      changed((copy) => copy.writeUInt32BE(1, 1)), /* another user's, who has no such family */
      changed((copy) => { copy[12] ^= 1; }), /* no such family */
      changed((copy) => { copy[0] = 2; }), /* a version that there is not */
    ];
    for (const token of strangers)
      assertProblem(await refresh(world, token), 401, 'refresh_invalid');
    const next = await refreshed(world, refreshToken); /* untouched by all that */
    /* The right family with another secret is taken for a spent one. */
    const forged = Buffer.from(next.refreshToken, 'base64url');
    forged[20] ^= 1;
    assertProblem(await refresh(world, forged.toString('base64url')), 401, 'refresh_reused');
    assertProblem(await refresh(world, next.refreshToken), 401, 'refresh_invalid');
  });

  it('names the fields that are wrong', async () => {
    for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
      assertInvalid(await world.client.post(path, {}), ['refreshToken']);
      assertInvalid(await world.client.post(path, { refreshToken: 5, accessToken: 'x' }), ['accessToken', 'refreshToken']);
      assertInvalid(await world.client.post(path, { refreshToken: null }), ['refreshToken']);
    }
  });

  it('no secret stands in the data or in the log', async () => {
    const { refreshToken } = await world.login(user.email);
    const secret = Buffer.from(refreshToken, 'base64url').subarray(13);
    const { readFileSync } = await import('node:fs');
    const file = readFileSync(`${world.server.data}/data.mdb`);
    assert.ok(!file.includes(secret) && !file.includes(refreshToken));
    const family = Buffer.from(refreshToken, 'base64url').subarray(5, 13);
    assert.ok(file.includes(family), 'the family itself is there, so the search would have found it');
    assert.ok(!world.server.stderr().includes(refreshToken));
  });
});

describe('log-out', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user();
  });
  after(async () => { await world?.stop(); });

  it('ends the family, and no other', async () => {
    const one = await world.login(user.email);
    const other = await world.login(user.email);
    const answer = await logout(world, one.refreshToken);
    expectStatus(answer, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assertProblem(await refresh(world, one.refreshToken), 401, 'refresh_invalid');
    await refreshed(world, other.refreshToken);
  });

  it('of one that is gone, of nobody or no token at all is done as well', async () => {
    const { refreshToken } = await world.login(user.email);
    expectStatus(await logout(world, refreshToken), 204);
    expectStatus(await logout(world, refreshToken), 204);
    const bytes = Buffer.from(refreshToken, 'base64url');
    bytes.writeUInt32BE(999999, 1);
    for (const token of [bytes.toString('base64url'), 'x', '', user.token])
      expectStatus(await logout(world, token), 204);
  });

  it('with a spent token ends it too', async () => {
    const { refreshToken } = await world.login(user.email);
    const second = await refreshed(world, refreshToken);
    expectStatus(await logout(world, refreshToken), 204);
    assertProblem(await refresh(world, second.refreshToken), 401, 'refresh_invalid');
  });
});

describe('sessions and kill -9', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user();
  });
  after(async () => {
    world?.client.close();
    await world?.server.kill();
    if (world)
      dropDirectory(world.server.data);
  });

  const crash = async () => {
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data }));
  };

  it('right after a log-in: it was', async () => {
    for (let round = 0; round < 3; round++) {
      const { refreshToken, accessToken } = await world.login(user.email);
      await crash();
      await refreshed(world, refreshToken);
      expectStatus(await world.client.get(ME, { token: accessToken }), 200);
    }
  });

  it('right after a refresh: its successor is good, and the spent one ends both', async () => {
    const { refreshToken } = await world.login(user.email);
    const second = await refreshed(world, refreshToken);
    await crash();
    const third = await refreshed(world, second.refreshToken);
    await crash();
    assertProblem(await refresh(world, refreshToken), 401, 'refresh_reused');
    await crash();
    assertProblem(await refresh(world, third.refreshToken), 401, 'refresh_invalid');
  });

  it('right after a log-out: it stays ended', async () => {
    const { refreshToken } = await world.login(user.email);
    expectStatus(await logout(world, refreshToken), 204);
    await crash();
    assertProblem(await refresh(world, refreshToken), 401, 'refresh_invalid');
  });

  it('sessions are no facts of the log', async () => {
    const types = new Set((await dumpLog(world.server.data)).map((event) => event.type));
    assert.deepEqual([...types].sort(), ['server_started', 'user_created']);
  });
});
