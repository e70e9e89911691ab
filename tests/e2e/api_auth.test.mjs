/* SPDX-License-Identifier: MIT
 *
 * Log-in and access tokens.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertFields, assertId, assertInvalid, assertProblem } from './lib/asserts.mjs';
import { ADMIN, sleep } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { secretOf, sign, takeApart, unsigned } from './lib/token.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const ME = '/v1/users/me';

describe('log-in', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user();
  });
  after(async () => { await world?.stop(); });

  const login = (email, password) => world.client.post('/v1/auth/login', { email, password });

  it('gives a token of 15 minutes and the user', async () => {
    const answer = await login(user.email, PASSWORD);
    const body = expectStatus(answer, 200);
    assertFields(body, ['accessToken', 'expiresIn', 'refreshToken', 'user']);
    assert.equal(body.expiresIn, 900);
    assert.equal(body.user.id, user.id);
    assert.equal(body.user.email, user.email);
    assertId(body.user.id);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.doesNotMatch(answer.text, /argon2/);
    expectStatus(await world.client.get(ME, { token: body.accessToken }), 200);
  });

  it('takes the e-mail address in any case', async () => {
    assert.equal(expectStatus(await login(user.email.toUpperCase(), PASSWORD), 200).user.id, user.id);
  });

  it('fails alike for an unknown address and a wrong password', async () => {
    const wrong = assertProblem(await login(user.email, 'not the password'), 401, 'login_failed');
    const unknown = assertProblem(await login('nobody@example.org', PASSWORD), 401, 'login_failed');
    delete wrong.requestId;
    delete unknown.requestId;
    assert.deepEqual(wrong, unknown);
  });

  it('names the fields that are wrong', async () => {
    assertInvalid(await world.client.post('/v1/auth/login', {}), ['email', 'password']);
    assertInvalid(await world.client.post('/v1/auth/login', { email: user.email, password: 5, otp: '1' }), ['otp', 'password']);
  });

  it('a storm of log-ins of one network is served or answered busy, and reading goes on', async () => {
    const storm = Promise.all(Array.from({ length: 150 }, () => login(user.email, PASSWORD)));
    const concerts = await Promise.all(Array.from({ length: 50 }, () => world.client.get('/v1/concerts')));
    for (const answer of concerts)
      expectStatus(answer, 200);
    const answers = await storm;
    for (const answer of answers)
      if (answer.status !== 200)
        assertProblem(answer, 503, 'busy');
    assert.ok(answers.some((answer) => answer.status === 200));
    expectStatus(await login(user.email, PASSWORD), 200);
  });
});

describe('log-ins given up', () => {
  let world;
  before(async () => { world = await World.start({ args: ['--io-threads', '2'] }); });
  after(async () => { await world?.stop(); });

  it('clients that leave in the middle of it do no harm', async () => {
    const bytes = requestBytes('POST', '/v1/auth/login', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ADMIN) });
    const signUp = (i) => requestBytes('POST', '/v1/users', { headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: `gone${i}@example.org`, password: PASSWORD, nickname: 'gone' }) });
    for (let i = 0; i < 40; i++) {
      const raw = await Raw.connect(world.server);
      raw.send(i % 2 ? bytes : signUp(i));
      if (i % 3 === 0)
        await sleep(1);
      raw.destroy();
    }
    for (;;) {
      const answer = await world.client.post('/v1/auth/login', ADMIN);
      if (answer.status === 200)
        break;
      assertProblem(answer, 503, 'busy');
      await sleep(20);
    }
  });
});

describe('access token', () => {
  let world;
  let user;
  let parts;
  let secret;
  before(async () => {
    world = await World.start();
    user = await world.user();
    parts = takeApart(user.token);
    secret = secretOf(world.server.data);
  });
  after(async () => { await world?.stop(); });

  const me = (token) => world.client.get(ME, { token });
  const now = () => Math.floor(Date.now() / 1000);

  it('states issuer, audience, subject, times and key', () => {
    assert.equal(parts.payload.sub, user.id);
    assert.equal(parts.payload.exp - parts.payload.iat, 900);
    assert.ok(parts.payload.iss && parts.payload.aud);
    assert.ok(parts.header.kid && parts.header.typ && parts.header.alg);
    assert.doesNotMatch(JSON.stringify(parts), /ADMIN|USER|HOST/, 'the role is judged from state');
  });

  it('is needed', async () => {
    assertProblem(await world.client.get(ME), 401, 'token_missing');
    assertProblem(await world.client.get(ME, { headers: { Authorization: 'Basic YTpi' } }), 401, 'token_missing');
  });

  it('the scheme\'s name has no case', async () => {
    expectStatus(await world.client.get(ME, { headers: { authorization: `bearer ${user.token}` } }), 200);
  });

  it('a key of our own makes good ones (so the next tests are of the claims)', async () => {
    expectStatus(await me(sign(parts.header, parts.payload, secret)), 200);
  });

  it('garbage is invalid', async () => {
    for (const token of ['x', 'a.b.c', '..', `${user.token}x`, user.token.slice(0, -2), `${user.token}.x`, user.token.replaceAll('.', ''), '.'.repeat(200), 'x'.repeat(5000)])
      assertProblem(await me(token), 401, 'token_invalid');
  });

  it('alg none, another algorithm and another key are invalid', async () => {
    assertProblem(await me(unsigned({ ...parts.header, alg: 'none' }, parts.payload)), 401, 'token_invalid');
    assertProblem(await me(sign({ ...parts.header, alg: 'none' }, parts.payload, secret)), 401, 'token_invalid');
    assertProblem(await me(sign({ ...parts.header, alg: 'HS512' }, parts.payload, secret)), 401, 'token_invalid');
    assertProblem(await me(sign({ ...parts.header, kid: '0123456789abcdef' }, parts.payload, secret)), 401, 'token_invalid');
    assertProblem(await me(sign(parts.header, parts.payload, Buffer.alloc(32))), 401, 'token_invalid');
    assertProblem(await me(sign(parts.header, parts.payload, '')), 401, 'token_invalid');
  });

  it('a tampered payload or signature is invalid', async () => {
    const [header, , signature] = user.token.split('.');
    const payload = Buffer.from(JSON.stringify({ ...parts.payload, sub: '1' })).toString('base64url');
    assertProblem(await me(`${header}.${payload}.${signature}`), 401, 'token_invalid');
    const flipped = signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
    assertProblem(await me(`${user.token.slice(0, -signature.length)}${flipped}`), 401, 'token_invalid');
  });

  it('wrong claims are invalid, though well signed', async () => {
    for (const change of [{ iss: 'other' }, { aud: 'other' }, { sub: '0' }, { sub: '999999' }, { sub: 'x' }, { sub: 1 }, { exp: 'soon' }, { exp: undefined }, { iss: undefined }, { aud: undefined }, { sub: undefined }])
      assertProblem(await me(sign(parts.header, { ...parts.payload, ...change }, secret)), 401, 'token_invalid');
    assertProblem(await me(sign({ ...parts.header, typ: 'JWE' }, parts.payload, secret)), 401, 'token_invalid');
    assertProblem(await me(sign(parts.header, 'not json', secret)), 401, 'token_invalid');
  });

  it('one past its time is expired', async () => {
    const old = { ...parts.payload, iat: now() - 1000, exp: now() - 100 };
    assertProblem(await me(sign(parts.header, old, secret)), 401, 'token_expired');
    assertProblem(await world.client.post('/v1/orders', {}, { token: sign(parts.header, old, secret) }), 401, 'token_expired');
  });

  it('is checked before the body', async () => {
    assertProblem(await world.client.post('/v1/orders', '{', { token: null }), 401, 'token_missing');
    assertProblem(await world.client.post('/v1/orders', '{', { token: 'x' }), 401, 'token_invalid');
  });

  it('stays good over a restart', async () => {
    world.client.close();
    await world.server.stop();
    await world.attach(await startServer({ data: world.server.data }));
    expectStatus(await me(user.token), 200);
  });
});
