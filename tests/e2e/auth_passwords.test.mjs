/* SPDX-License-Identifier: MIT
 *
 * Passwords: changed by their owner or the operator, in any script, hashed
 * anew when they have become too cheap; guessed at, and throttled.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { assertInvalid, assertProblem } from './lib/asserts.mjs';
import { Client } from './lib/client.mjs';
import { ADMIN, PROGRAM, dropDirectory, environment, makeDirectory, run, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const NEW_PASSWORD = 'quite another phrase';
/* net/login_guard.h */
const PAIR_BURST = 20;
const NETWORK_BURST = 60;
const ACCOUNT_BURST = 100;

const change = (client, oldPassword, newPassword) => client.put('/v1/users/me/password', { oldPassword, newPassword });
const refresh = (world, { refreshToken }) => world.client.post('/v1/auth/refresh', { refreshToken });

/* From an address that a trusted proxy names. */
const via = (address) => ({ headers: { 'X-Forwarded-For': address } });
const login = (client, email, password, options) => client.post('/v1/auth/login', { email, password }, options);

describe('a new password', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(async () => { await world?.stop(); });

  it('takes the old one, and ends all sessions but the one that asks', async () => {
    const user = await world.user();
    const mine = await world.login(user.email);
    const others = [await world.login(user.email), await world.login(user.email)];
    const answer = await change(world.client.as(mine.accessToken), PASSWORD, NEW_PASSWORD);
    expectStatus(answer, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['cache-control'], 'no-store');
    for (const other of others)
      assertProblem(await refresh(world, other), 401, 'refresh_invalid');
    assertProblem(await login(world.client, user.email, PASSWORD), 401, 'login_failed');
    expectStatus(await login(world.client, user.email, NEW_PASSWORD), 200);
    const next = expectStatus(await refresh(world, mine), 200);
    /* Also with a token that was refreshed. */
    expectStatus(await change(world.client.as(next.accessToken), NEW_PASSWORD, PASSWORD), 204);
    expectStatus(await refresh(world, next), 200);
  });

  it('is durable before it is told, and so are the sessions that it ended', async () => {
    const user = await world.user();
    const other = await world.login(user.email);
    expectStatus(await change(user.client, PASSWORD, NEW_PASSWORD), 204);
    await world.server.kill();
    await world.attach(await startServer({ data: world.server.data }));
    assertProblem(await refresh(world, other), 401, 'refresh_invalid');
    assertProblem(await login(world.client, user.email, PASSWORD), 401, 'login_failed');
    expectStatus(await login(world.client, user.email, NEW_PASSWORD), 200);
  });

  it('of two at once from one old password one wins', async () => {
    const user = await world.user();
    const news = Array.from({ length: 6 }, (_, i) => `${NEW_PASSWORD} ${i}`);
    const answers = await Promise.all(news.map((one) => change(user.client, PASSWORD, one)));
    const won = news.filter((_, i) => answers[i].status === 204);
    assert.equal(won.length, 1);
    for (const answer of answers.filter((one) => one.status !== 204))
      assertProblem(answer, 401, 'login_failed');
    expectStatus(await login(world.client, user.email, won[0]), 200);
  });

  it('needs the old one, a good one and a token', async () => {
    const user = await world.user();
    assertProblem(await change(user.client, 'not the password', NEW_PASSWORD), 401, 'login_failed');
    assertProblem(await change(world.client, PASSWORD, NEW_PASSWORD), 401, 'token_missing');
    assertInvalid(await change(user.client, '', 'short'), ['newPassword', 'oldPassword']);
    assertInvalid(await change(user.client, PASSWORD, 'x'.repeat(129)), ['newPassword']);
    assertInvalid(await user.client.put('/v1/users/me/password', { password: PASSWORD }), ['newPassword', 'oldPassword', 'password']);
    expectStatus(await login(world.client, user.email, PASSWORD), 200);
  });

  it('guesses at the old one are throttled', async () => {
    const user = await world.user();
    let answer;
    for (let i = 0; i < PAIR_BURST; i++)
      assertProblem(await change(user.client, `guess number ${i}`, NEW_PASSWORD), 401, 'login_failed');
    answer = await change(user.client, PASSWORD, NEW_PASSWORD);
    assertProblem(answer, 429, 'rate_limited');
    assert.ok(Number(answer.headers['retry-after']) >= 1);
    expectStatus(await login(world.client, user.email, PASSWORD), 200);
  });
});

describe('passwords in any script', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(async () => { await world?.stop(); });

  const signUp = (email, password, options) => world.client.post('/v1/users', { email, password, nickname: 'n' }, options);

  it('are the same from every keyboard (RFC 8265)', async () => {
    const composed = 'caf\u00e9 \u3053\u3093\u306b\u3061\u306f \ud55c\ud83c\udfab';
    const decomposed = composed.normalize('NFD').replaceAll(' ', '\u00a0');
    assert.notEqual(composed, decomposed);
    expectStatus(await signUp('nfc@example.org', composed), 201);
    expectStatus(await signUp('nfd@example.org', decomposed), 201);
    for (const email of ['nfc@example.org', 'nfd@example.org'])
      for (const password of [composed, decomposed])
        expectStatus(await login(world.client, email, password), 200);
    for (const wrong of [composed.toUpperCase(), ` ${composed}`, composed.replace('\u00e9', 'e')])
      assertProblem(await login(world.client, 'nfc@example.org', wrong), 401, 'login_failed');
  });

  it('have 8 to 128 characters, once they are composed', async () => {
    const stage = '\ud83c\udfab';
    assertInvalid(await signUp('a@example.org', stage.repeat(7)), ['password']);
    assertInvalid(await signUp('a@example.org', 'e\u0301'.repeat(7)), ['password']);
    assertInvalid(await signUp('a@example.org', stage.repeat(129)), ['password']);
    assertInvalid(await signUp('a@example.org', 'password\u0000'), ['password']);
    /* Schemas count characters as they were typed. */
    expectStatus(await signUp('a@example.org', '\ud55c'.normalize('NFD').repeat(128), { indescribable: true }), 201);
    expectStatus(await login(world.client, 'a@example.org', '\ud55c'.repeat(128)), 200);
    expectStatus(await signUp('b@example.org', stage.repeat(128)), 201);
    expectStatus(await login(world.client, 'b@example.org', stage.repeat(128)), 200);
    assertProblem(await login(world.client, 'b@example.org', stage.repeat(127)), 401, 'login_failed');
    /* What is longer than any password is a wrong one. */
    assertProblem(await login(world.client, 'b@example.org', stage.repeat(129)), 401, 'login_failed');
  });

  it('are so by the operator, too', async () => {
    const data = makeDirectory();
    const composed = 'p\u00e4ssw\u00f6rter sind';
    const result = await run(['user', 'add', '--data', data, '--email', 'boss@example.org', '--nickname', 'n', '--role', 'ADMIN'],
      { env: { STAGEPICK_PASSWORD: composed.normalize('NFD').replaceAll(' ', '\u2003') } });
    assert.equal(result.code, 0, result.stderr);
    const server = await startServer({ data, admin: false,
      env: { STAGEPICK_ADMIN_EMAIL: 'boss@example.org', STAGEPICK_ADMIN_PASSWORD: composed } });
    const client = new Client(server);
    expectStatus(await login(client, 'boss@example.org', composed), 200);
    client.close();
    await server.stop();
    dropDirectory(data);
  });
});

describe('the cost of a hash', () => {
  const cheap = ['--password-memory', '8192', '--password-passes', '1'];
  const dear = ['--password-memory', '10240', '--password-passes', '3'];

  /* The file's hashes; an old one may stand there still in a page that is free. */
  async function hashes(data) {
    const { readFileSync } = await import('node:fs');
    return new Set(readFileSync(`${data}/data.mdb`).toString('latin1').match(/\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[A-Za-z0-9+/$]{60,}/g) ?? []);
  }

  it('is raised at the next log-in, and the password still works', async () => {
    const world = await World.start({ args: cheap });
    const user = await world.user();
    await world.stopServer();
    const before = await hashes(world.server.data);
    assert.ok([...before].some((hash) => hash.includes('$m=8192,t=1,')));
    assert.ok(![...before].some((hash) => hash.includes('$m=10240,t=3,')));

    world.server = await startServer({ data: world.server.data, args: dear });
    await world.attach();
    assertProblem(await login(world.client, user.email, 'not the password'), 401, 'login_failed');
    const session = await world.login(user.email);
    await world.stopServer();
    const renewed = [...await hashes(world.server.data)].filter((hash) => hash.includes('$m=10240,t=3,'));
    assert.ok(renewed.length >= 1, 'no hash was renewed');

    /* Neither again at the same cost, nor back at a lower one. */
    for (const args of [dear, cheap]) {
      world.server = await startServer({ data: world.server.data, args });
      await world.attach();
      await world.login(user.email);
      assertProblem(await login(world.client, user.email, 'not the password'), 401, 'login_failed');
      await world.stopServer();
      const now = [...await hashes(world.server.data)].filter((hash) => hash.includes('$m=10240,t=3,'));
      assert.deepEqual(now.filter((hash) => !renewed.includes(hash)), []);
    }
    world.server = await startServer({ data: world.server.data, args: cheap });
    await world.attach();
    expectStatus(await refresh(world, session), 200); /* no session was ended by it */
    await world.stop();
  });

  it('all who log in at once are let in while one of them renews the hash', async () => {
    const world = await World.start({ args: cheap });
    const users = [];
    for (let i = 0; i < 4; i++)
      users.push(await world.user());
    await world.stopServer();
    world.server = await startServer({ data: world.server.data, args: dear });
    await world.attach();
    for (const user of users) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => login(world.client, user.email, PASSWORD)));
      assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200, 200, 200]);
    }
    await world.stop();
  });

  it('a password that is changed meanwhile wins over a renewal', async () => {
    const world = await World.start({ args: cheap });
    const user = await world.user();
    await world.stopServer();
    world.server = await startServer({ data: world.server.data, args: dear });
    await world.attach();
    const logins = Array.from({ length: 4 }, () => login(world.client, user.email, PASSWORD));
    const changed = change(world.client.as(user.token), PASSWORD, NEW_PASSWORD);
    logins.push(...Array.from({ length: 4 }, () => login(world.client, user.email, PASSWORD)));
    expectStatus(await changed, 204);
    for (const answer of (await Promise.all(logins)).filter((one) => one.status !== 200))
      assertProblem(answer, 401, 'login_failed');
    expectStatus(await login(world.client, user.email, NEW_PASSWORD), 200);
    assertProblem(await login(world.client, user.email, PASSWORD), 401, 'login_failed');
    await world.stop();
  });

  it('has bounds', async () => {
    const data = makeDirectory();
    for (const args of [['--password-memory', '8191'], ['--password-memory', '1048577'], ['--password-passes', '0'], ['--password-passes', '17'], ['--signup-rate', '-1']])
      assert.equal((await run(['serve', '--data', data, '--listen', '127.0.0.1:0', ...args])).code, 2, args.join(' '));
    dropDirectory(data);
  });
});

describe('guessing', () => {
  let world;
  let user;
  before(async () => {
    /* Cheap hashes: it is counting that is tested. */
    world = await World.start({ args: ['--trust-proxy', '127.0.0.1/32', '--rate-limit', '0', '--signup-rate', '0', '--password-memory', '8192', '--password-passes', '1'] });
    user = await world.user();
  });
  after(async () => { await world?.stop(); });

  const guess = async (email, address, count) => {
    const answers = [];
    for (let i = 0; i < count; i++)
      answers.push(await login(world.client, email, `guess number ${i}`, via(address)));
    return answers;
  };
  const failures = (answers) => answers.filter((answer) => answer.status === 401).length;

  it('is slowed down per account and network, alike for those that there are not', async () => {
    for (const email of [user.email, 'nobody@example.org']) {
      const answers = await guess(email, '198.51.100.7', PAIR_BURST + 5);
      assert.equal(failures(answers), PAIR_BURST, email);
      for (const answer of answers.slice(PAIR_BURST)) {
        assertProblem(answer, 429, 'rate_limited');
        assert.ok(Number(answer.headers['retry-after']) > 1 && Number(answer.headers['retry-after']) <= 60);
      }
    }
    /* The right password as well, from there, by any spelling of the address. */
    assertProblem(await login(world.client, user.email.toUpperCase(), PASSWORD, via('198.51.100.200')), 429, 'rate_limited');
    expectStatus(await login(world.client, user.email, PASSWORD, via('203.0.113.9')), 200);
  });

  it('is slowed down per network over all accounts', async () => {
    let failed = 0;
    for (let i = 0; i < NETWORK_BURST + 10; i++)
      failed += failures(await guess(`account${i}@example.org`, '192.0.2.1', 1));
    assert.equal(failed, NETWORK_BURST);
    assertProblem(await login(world.client, user.email, PASSWORD, via('192.0.2.99')), 429, 'rate_limited');
    /* One that has logged in from there before stands for himself alone. */
    const neighbour = await world.user();
    expectStatus(await login(world.client, neighbour.email, PASSWORD, via('2001:db8:1:1::1')), 200);
    for (let i = 0; i < NETWORK_BURST + 1; i++)
      await guess(`other${i}@example.org`, '2001:db8:1:1::2', 1);
    assertProblem(await login(world.client, 'other@example.org', PASSWORD, via('2001:db8:1:1::2')), 429, 'rate_limited');
    expectStatus(await login(world.client, neighbour.email, PASSWORD, via('2001:db8:1:1::3')), 200);
  });

  it('from everywhere does not lock the owner out where he has been before', async () => {
    const victim = await world.user();
    expectStatus(await login(world.client, victim.email, PASSWORD, via('203.0.113.50')), 200);
    let failed = 0;
    for (let i = 0; i < ACCOUNT_BURST + 5; i++)
      failed += failures(await guess(victim.email, `10.1.${i}.1`, 1));
    /* A network's first try of an hour is never refused for what others have done … */
    assert.equal(failed, ACCOUNT_BURST + 5);
    expectStatus(await login(world.client, victim.email, PASSWORD, via('10.2.0.1')), 200);
    /* … its next ones are, and where he has been before none is. */
    assert.ok(failures(await guess(victim.email, '10.1.104.1', 5)) <= 1);
    assertProblem(await login(world.client, victim.email, PASSWORD, via('10.1.104.1')), 429, 'rate_limited');
    expectStatus(await login(world.client, victim.email, PASSWORD, via('203.0.113.51')), 200);
  });

  it('right passwords cost nothing', async () => {
    const busy = await world.user();
    for (let i = 0; i < PAIR_BURST * 2; i++)
      expectStatus(await login(world.client, busy.email, PASSWORD, via('198.18.0.1')), 200);
  });

  it('one network gets but its share of the line', async () => {
    const storm = Array.from({ length: 120 }, (_, i) => login(world.client, `s${i}@example.org`, PASSWORD, via('198.18.7.7')));
    const other = await login(world.client, user.email, PASSWORD, via('203.0.113.9'));
    expectStatus(other, 200);
    const answers = await Promise.all(storm);
    assert.ok(answers.some((answer) => answer.status === 503));
    for (const answer of answers)
      assert.ok([401, 429, 503].includes(answer.status), answer.text);
  });
});

describe('sign-ups', () => {
  it('are counted per network', async () => {
    const world = await World.start({ args: ['--trust-proxy', '127.0.0.1/32', '--signup-rate', '3'] });
    let number = 0;
    const signUp = (address) => world.client.post('/v1/users', { email: `n${++number}@example.org`, password: PASSWORD, nickname: 'n' }, via(address));
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3', '2001:db8::1', '2001:db8::2', '2001:db8::3'])
      expectStatus(await signUp(address), 201);
    for (const address of ['198.51.100.4', '2001:db8::4']) {
      const answer = await signUp(address);
      assertProblem(answer, 429, 'rate_limited');
      assert.ok(Number(answer.headers['retry-after']) > 60, answer.headers['retry-after']);
    }
    expectStatus(await signUp('198.51.101.1'), 201);
    expectStatus(await signUp('2001:db8:0:1::1'), 201);
    await world.stop();
  });

  it('anyone registers as ADMIN (not here: the role is none of sign-up\'s fields)', async () => {
    const world = await World.start();
    const body = { email: 'mallory@example.org', password: PASSWORD, nickname: 'm' };
    for (const role of ['ADMIN', 'HOST', 'USER'])
      assertInvalid(await world.client.post('/v1/users', { ...body, role }), ['role']);
    assertInvalid(await world.client.post('/v1/users', { ...body, points: 5 }), ['points']);
    assert.equal(expectStatus(await world.client.post('/v1/users', body), 201).role, 'USER');
    const session = await world.login(body.email);
    assert.equal(session.user.role, 'USER');
    assertProblem(await world.client.as(session.accessToken).put(`/v1/users/${session.user.id}/role`, { role: 'ADMIN' }), 403, 'role_required');
    await world.stop();
  });
});

describe('user passwd', () => {
  let data;
  let session;
  let email;
  before(async () => {
    const world = await World.start();
    data = world.server.data;
    ({ email } = await world.user());
    session = await world.login(email);
    await world.stopServer();
  });
  after(() => { if (data) dropDirectory(data); });

  const passwd = (to, options, where = data) => run(['user', 'passwd', '--data', where, '--email', to], options);

  it('sets a password and ends all sessions', async () => {
    const result = await passwd(email.toUpperCase(), { input: `${NEW_PASSWORD}\n` });
    assert.equal(result.code, 0, result.stderr);
    assert.ok(!`${result.stdout}${result.stderr}`.includes(NEW_PASSWORD));
    const world = await World.start({ data });
    assertProblem(await refresh(world, session), 401, 'refresh_invalid');
    assertProblem(await login(world.client, email, PASSWORD), 401, 'login_failed');
    expectStatus(await login(world.client, email, NEW_PASSWORD), 200);
    expectStatus(await login(world.client, ADMIN.email, ADMIN.password), 200);
    assert.equal((await passwd(email, { env: { STAGEPICK_PASSWORD: PASSWORD } })).code, 4, 'the server is running');
    await world.stopServer();
  });

  it('refuses what can not be', async () => {
    const env = { STAGEPICK_PASSWORD: PASSWORD };
    assert.equal((await passwd('nobody@example.org', { env })).code, 1);
    assert.equal((await passwd(email, { env: { STAGEPICK_PASSWORD: 'short' } })).code, 2);
    assert.equal((await passwd(email, { input: `${'x'.repeat(5000)}\n` })).code, 2);
    assert.equal((await passwd(email, { input: '' })).code, 2);
    const none = makeDirectory();
    assert.equal((await passwd(email, { env }, none)).code, 1);
    assert.equal((await passwd(email, { env }, `${none}/none`)).code, 1);
    const { readdirSync } = await import('node:fs');
    assert.deepEqual(readdirSync(none), [], 'it made something');
    dropDirectory(none);
    assert.equal((await run(['user', 'passwd', '--data', data])).code, 2);
    assert.equal((await run(['user', 'drop', '--data', data, '--email', email])).code, 2);
  });

  it('who gives up at the prompt gets his echo back', async () => {
    const program = `'${PROGRAM}' user passwd --data '${data}' --email ${email}`;
    /* What the terminal says when the program has gone. */
    const command = `trap : INT; ${program}; echo "code $?"; stty -a`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { env: environment({ SHELL: '/bin/sh' }), stdio: ['pipe', 'pipe', 'pipe'] });
    let shown = '';
    terminal.stdout.on('data', (bytes) => { shown += bytes; });
    const ended = new Promise((resolve) => { terminal.on('close', resolve); });
    for (const until = Date.now() + 30000; !shown.includes('password: ') && Date.now() < until;)
      await sleep(20);
    terminal.stdin.write('not shown');
    await sleep(100);
    terminal.stdin.write('\x03');
    const timer = setInterval(() => terminal.kill('SIGKILL'), 30000);
    await ended;
    clearInterval(timer);
    assert.match(shown, /password: /);
    assert.match(shown, /code 130/, shown);
    assert.match(shown, /[ ;]echo /, shown);
    assert.ok(!shown.includes('not shown'), shown);
  });
});
