/* SPDX-License-Identifier: MIT
 *
 * Users: sign-up, oneself, roles and points.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertId, assertInvalid, assertProblem, assertTime } from './lib/asserts.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

describe('users', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start({ args: ['--signup-points', '500'] });
    user = await world.user({ name: 'ann' });
  });
  after(async () => { await world?.stop(); });

  const signUp = (body) => world.client.post('/v1/users', body);
  const fresh = (change = {}) => ({ email: `new${Math.random()}@example.org`, password: PASSWORD, nickname: 'newcomer', ...change });

  it('a sign-up makes a USER with the points of the installation', async () => {
    const answer = await signUp({ email: 'Bob@Example.org', password: PASSWORD, nickname: 'Bób 🎫' });
    const body = expectStatus(answer, 201);
    assertId(body.id);
    assert.equal(body.email, 'Bob@Example.org');
    assert.equal(body.nickname, 'Bób 🎫');
    assert.equal(body.role, 'USER');
    assert.equal(body.points, 500);
    assertTime(body.createdAt);
    assert.equal(answer.headers['content-type'].split(';')[0], 'application/json');
    assert.ok(answer.headers['x-request-id']);
    assert.equal(answer.headers.location, `/v1/users/${body.id}`);
    assert.doesNotMatch(answer.text, /password|argon2/i);
  });

  it('an e-mail address is taken once, whatever its case', async () => {
    for (const email of [user.email, user.email.toUpperCase()])
      assertProblem(await signUp(fresh({ email })), 409, 'email_taken');
  });

  it('one address signed up 10 times at once is one user', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => signUp(fresh({ email: 'race@example.org' }))));
    const made = answers.filter((answer) => answer.status === 201);
    assert.equal(made.length, 1);
    for (const answer of answers)
      if (answer.status !== 201)
        assert.ok(answer.body.code === 'email_taken' || answer.body.code === 'busy', answer.text);
  });

  it('nobody signs up as ADMIN', async () => {
    for (const role of ['ADMIN', 'HOST', 'USER'])
      assertInvalid(await signUp(fresh({ role })), ['role']);
    assertInvalid(await signUp(fresh({ points: 1000000 })), ['points']);
  });

  it('every field that is wrong is named at once', async () => {
    assertInvalid(await signUp({}), ['email', 'nickname', 'password']);
    assertInvalid(await signUp({ email: 'nobody', password: 'short', nickname: '', extra: 1 }), ['email', 'extra', 'nickname', 'password']);
    assertInvalid(await signUp({ email: 7, password: null, nickname: ['x'] }), ['email', 'nickname', 'password']);
  });

  it('an e-mail address has an @ between two parts and no spaces', async () => {
    for (const email of ['', '@', 'a@', '@b.org', 'a b@c.org', 'a@b@c.org', 'a\n@b.org', `${'x'.repeat(250)}@b.org`])
      assertInvalid(await signUp(fresh({ email })), ['email']);
  });

  it('a nickname has 1 to 30 characters, a password 8 to 128', async () => {
    for (const nickname of ['', 'x'.repeat(31), 'tab\there', 'nul\u0000', '   ', '\u3000\u200b', 'turned\u202e'])
      assertInvalid(await signUp(fresh({ nickname })), ['nickname']);
    for (const password of ['1234567', 'x'.repeat(129)])
      assertInvalid(await signUp(fresh({ password })), ['password']);
    expectStatus(await signUp(fresh({ nickname: 'é'.repeat(30), password: '12345678' })), 201);
  });

  it('GET /users/me is oneself, not cached', async () => {
    const answer = await user.client.get('/v1/users/me');
    const body = expectStatus(answer, 200);
    assert.equal(body.id, user.id);
    assert.equal(body.email, user.email);
    assert.equal(body.nickname, 'ann');
    assert.equal(body.role, 'USER');
    assert.equal(body.points, 500);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.doesNotMatch(answer.text, /password|argon2/i);
  });

  it('points are granted by an ADMIN, 1 to 10^12', async () => {
    const path = `/v1/users/${user.id}/points`;
    const had = await world.points(user);
    assert.equal(expectStatus(await world.admin.post(path, { amount: 250 }), 200).points, had + 250);
    assert.equal(await world.points(user), had + 250);
    for (const amount of [0, -1, 1e12 + 1, 1.5, '5', null, true])
      assertInvalid(await world.admin.post(path, { amount }), ['amount']);
    assertInvalid(await world.admin.post(path, {}), ['amount']);
    assertProblem(await user.client.post(path, { amount: 5 }), 403, 'role_required');
    assertProblem(await world.client.post(path, { amount: 5 }), 401, 'token_missing');
    assertProblem(await world.admin.post('/v1/users/999999/points', { amount: 5 }), 404, 'user_unknown');
    assert.equal(await world.points(user), had + 250);
  });

  it('a grant with a key is made once and replayed as it was', async () => {
    const path = `/v1/users/${user.id}/points`;
    const first = await world.admin.post(path, { amount: 11 }, { key: 'grant-1' });
    await world.admin.post(path, { amount: 1 });
    const again = await world.admin.post(path, { amount: 11 }, { key: 'grant-1' });
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(expectStatus(again, 200).points, expectStatus(first, 200).points);
    assert.equal(await world.points(user), first.body.points + 1);
  });

  it('a role is set by an ADMIN alone, to one of three', async () => {
    const someone = await world.user();
    const path = `/v1/users/${someone.id}/role`;
    assertProblem(await someone.client.put(path, { role: 'ADMIN' }), 403, 'role_required');
    assert.equal(expectStatus(await world.admin.put(path, { role: 'HOST' }), 200).role, 'HOST');
    assert.equal(expectStatus(await someone.client.get('/v1/users/me'), 200).role, 'HOST');
    for (const role of ['admin', 'ROOT', '', 1, null])
      assertInvalid(await world.admin.put(path, { role }), ['role']);
    assertProblem(await world.admin.put('/v1/users/999999/role', { role: 'HOST' }), 404, 'user_unknown');
  });

  it('the last ADMIN stays one', async () => {
    const me = expectStatus(await world.admin.get('/v1/users/me'), 200);
    assertProblem(await world.admin.put(`/v1/users/${me.id}/role`, { role: 'USER' }), 409, 'last_admin');
  });

  it('a demoted ADMIN loses the right at once, with the token he has', async () => {
    const deputy = await world.user({ role: 'ADMIN' });
    expectStatus(await deputy.client.post(`/v1/users/${user.id}/points`, { amount: 1 }), 200);
    expectStatus(await world.admin.put(`/v1/users/${deputy.id}/role`, { role: 'USER' }), 200);
    assertProblem(await deputy.client.post(`/v1/users/${user.id}/points`, { amount: 1 }), 403, 'role_required');
  });
});

describe('profiles', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start({ args: ['--rate-limit', '0'] });
    user = await world.user({ name: 'ann' });
  });
  after(async () => { await world?.stop(); });

  const edit = (body, who = user) => who.client.request('PATCH', '/v1/users/me', body);
  const me = async (who = user) => expectStatus(await who.client.get('/v1/users/me'), 200);
  const FIELDS = ['id', 'email', 'nickname', 'profileImageUrl', 'role', 'points', 'createdAt'];

  it('one sees one\'s own, and no more than that', async () => {
    const body = await me();
    assertFields(body, FIELDS);
    assert.equal(body.profileImageUrl, null);
    assertFields((await world.login(user.email)).user, FIELDS);
  });

  it('nickname and picture are changed each on its own, or both', async () => {
    const had = await me();
    assert.deepEqual(expectStatus(await edit({ nickname: 'Ånn 🎻' }), 200), { ...had, nickname: 'Ånn 🎻' });
    const profileImageUrl = 'https://example.org/a.png?x=1';
    assert.deepEqual(expectStatus(await edit({ profileImageUrl }), 200), { ...had, nickname: 'Ånn 🎻', profileImageUrl });
    assert.deepEqual(expectStatus(await edit({}), 200), await me());
    assert.deepEqual(expectStatus(await edit({ nickname: 'ann', profileImageUrl: 'http://a.b/' }), 200), { ...had, nickname: 'ann', profileImageUrl: 'http://a.b/' });
    assert.deepEqual(expectStatus(await edit({ profileImageUrl: null }), 200), { ...had, nickname: 'ann' });
    assert.deepEqual(await me(), { ...had, nickname: 'ann' });
  });

  it('a picture is an http or https link of at most 1000 bytes', async () => {
    const longest = `https://example.org/${'x'.repeat(1000 - 20)}`;
    assert.equal(expectStatus(await edit({ profileImageUrl: longest }), 200).profileImageUrl, longest);
    for (const profileImageUrl of ['', `${longest}x`, 'ftp://a.b/', 'javascript:alert(1)', 'data:image/png;base64,AA', '//a.b/c', 'a.png', 'https://', 'https://u:p@a.b/', 'https://a b/', 'https://é.org/', 7, true, ['https://a.b/']])
      assertInvalid(await edit({ profileImageUrl }), ['profileImageUrl']);
    for (const nickname of ['', '   ', 'x'.repeat(31), 'a\nb', null, 7])
      assertInvalid(await edit({ nickname }), ['nickname']);
    assert.equal((await me()).profileImageUrl, longest, 'a refused edit has changed something');
    expectStatus(await edit({ profileImageUrl: null }), 200);
  });

  it('everything that is wrong is named, and nothing else of oneself can be changed', async () => {
    const had = await me();
    assertInvalid(await edit({ role: 'ADMIN', points: 5, email: 'x@y.z', id: '1', nickname: '', password: 'hohoho hoho', createdAt: 0 }),
      ['role', 'points', 'email', 'id', 'nickname', 'password', 'createdAt']);
    assertProblem(await edit('{"nickname":"a","nickname":"b"}'), 422, 'validation_failed');
    assertProblem(await edit('[]'), 422, 'validation_failed');
    assertProblem(await edit('nonsense'), 400, 'malformed_body');
    assertProblem(await edit(undefined), 400, 'malformed_body');
    assertProblem(await world.client.request('PATCH', '/v1/users/me', { nickname: 'x' }), 401, 'token_missing');
    assert.deepEqual(await me(), had);
  });

  it('many edits at once leave one of them whole', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => edit({ nickname: `n${i}`, profileImageUrl: `https://a.b/${i}` })));
    assert.ok(answers.every((answer) => answer.status === 200));
    const { nickname, profileImageUrl } = await me();
    assert.equal(profileImageUrl, `https://a.b/${nickname.slice(1)}`);
  });

  it('an edit that was told survives kill -9', async () => {
    const told = expectStatus(await edit({ nickname: 'kept', profileImageUrl: 'https://a.b/kept' }), 200);
    world.client.close();
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data, args: ['--rate-limit', '0'] }));
    user.client = world.client.as(user.token);
    assert.deepEqual(await me(), told);
  });

  it('an ADMIN lists all users, by id, page by page', async () => {
    const made = [user, await world.user({ role: 'HOST' }), await world.user({ points: 7 })];
    const whole = expectStatus(await world.admin.get('/v1/users?limit=100'), 200);
    assertFields(whole, ['items', 'nextCursor']);
    assert.equal(whole.nextCursor, null);
    assert.deepEqual(whole.items.map((item) => Number(item.id)), whole.items.map((_, i) => i + 1));
    for (const who of made)
      assert.deepEqual(whole.items.find((item) => item.id === who.id), await me(who));
    const walked = [];
    for (let cursor = ''; cursor !== null;) {
      const page = expectStatus(await world.admin.get(`/v1/users?limit=2${cursor && `&cursor=${cursor}`}`), 200);
      walked.push(...page.items);
      cursor = page.nextCursor;
    }
    assert.deepEqual(walked, whole.items);
    const { text } = await world.admin.get('/v1/users?limit=100');
    assert.doesNotMatch(text, /argon2|password/i);
  });

  it('only an ADMIN does', async () => {
    assertProblem(await user.client.get('/v1/users'), 403, 'role_required');
    assertProblem(await world.client.get('/v1/users'), 401, 'token_missing');
    for (const query of ['limit=0', 'limit=101', 'limit=-1', 'cursor=x', 'cursor=-1'])
      assertInvalid(await world.admin.get(`/v1/users?${query}`), [query.split('=')[0]]);
  });
});

describe('sign-up closed', () => {
  let world;
  before(async () => { world = await World.start({ args: ['--signup', 'off'] }); });
  after(async () => { await world?.stop(); });

  it('refuses with signup_closed', async () => {
    assertProblem(await world.client.post('/v1/users', { email: 'a@example.org', password: PASSWORD, nickname: 'a' }), 403, 'signup_closed');
  });
});

describe('the sum of points', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(async () => { await world?.stop(); });

  it('all points together stay under 2^53', async () => {
    const rich = await world.user();
    let refused = null;
    for (let round = 0; round < 25 && !refused; round++) {
      const answers = await Promise.all(Array.from({ length: 500 }, () => world.admin.post(`/v1/users/${rich.id}/points`, { amount: 1e12 })));
      refused = answers.find((answer) => answer.status !== 200);
    }
    assert.ok(refused, 'the sum of points has no limit');
    const problem = assertProblem(refused, 507, 'limit_reached');
    assert.equal(typeof problem.limit, 'string');
    assert.ok((await world.points(rich)) < 2 ** 53);
  });
});
