/* SPDX-License-Identifier: MIT
 *
 * The log on stderr and the access log: whole lines of JSON, nothing in them
 * that is personal or secret, and no reader who could hold up the server.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { PROGRAM, dropDirectory, environment, freePort, makeDirectory, run, sleep } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const directories = [];
const make = (name) => {
  const directory = makeDirectory(name);
  directories.push(directory);
  return directory;
};
after(() => directories.forEach(dropDirectory));

/** Every line of a text, parsed; throws if one is no JSON object or has no end. */
function linesOf(text) {
  assert.ok(text === '' || text.endsWith('\n'), `an unfinished line: ${text.slice(-200)}`);
  return text.split('\n').filter(Boolean).map((line) => {
    const object = JSON.parse(line);
    assert.match(object.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, line);
    assert.match(object.level, /^(error|warn|info|debug)$/, line);
    assert.match(object.event, /^[a-z_]+$/, line);
    return object;
  });
}

const requestsOf = (lines) => lines.filter((line) => line.event === 'request');

/** Waits until the reader of lines has what is looked for; what it is. */
async function until(read, wanted) {
  for (const end = Date.now() + 30000; Date.now() < end; await sleep(10)) {
    const found = wanted(read());
    if (found)
      return found;
  }
  assert.fail('it was never logged');
}

/** The whole lines that a file has by now. */
function readIfAny(file) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

describe('the log on stderr', () => {
  it('is one JSON object a line, from serving to stopped', async () => {
    const server = await startServer({ data: make() });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const lines = linesOf(server.stderr().replace(/^stagepick: made a new, empty log.*\n/, ''));
    assert.deepEqual(lines.map((line) => [line.level, line.event]),
      [['info', 'serving'], ['info', 'stopping'], ['info', 'stopped']]);
    assert.equal(lines[0].address, server.url);
    assert.equal(lines[1].detail, 'SIGTERM');
  });

  it('shows what --log-level says', async () => {
    const data = make();
    for (const [level, events] of [['warn', []], ['error', []],
      ['debug', ['serving', 'settings', 'stopping', 'stopped']]]) {
      const server = await startServer({ data, args: ['--log-level', level] });
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      const text = server.stderr().replace(/^stagepick: made a new, empty log.*\n/, '');
      assert.deepEqual(linesOf(text).map((line) => line.event), events, level);
    }
  });

  it('what keeps a server from starting is a plain line', async () => {
    const data = make();
    const serve = ['serve', '--data', data, '--listen', '127.0.0.1:0'];
    for (const [args, code, wanted] of [
      [['--log-level', 'loud'], 2, /^stagepick: --log-level takes error, warn, info or debug, not: loud$/m],
      [['--access-log', path.join(data, 'none', 'file')], 1, /^stagepick: can not log to .*: No such file or directory$/m],
      [['--access-log', data], 1, /^stagepick: can not log to .*: Is a directory$/m]]) {
      const result = await run([...serve, ...args]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, wanted);
      assert.equal(result.stdout, '');
    }
  });
});

describe('the access log', () => {
  it('is off unless asked for', async () => {
    for (const args of [[], ['--access-log', 'off']]) {
      const world = await World.start({ data: make(), args });
      expectStatus(await world.client.get('/livez'), 200);
      world.client.close();
      await world.server.stop();
      assert.doesNotMatch(world.server.stderr(), /"request"/);
    }
  });

  it('has one line a request, and what it says is so', async () => {
    const file = path.join(make(), 'access.log');
    const world = await World.start({ data: make(), args: ['--access-log', file] });
    const user = await world.user({ points: 1000 });
    const concert = await world.concert();
    const mark = requestsOf(linesOf(readIfAny(file))).length;
    const raw = await Raw.connect(world.server);
    const ask = async (method, target, options = {}) => {
      const before = raw.socket.bytesRead;
      raw.send(requestBytes(method, target, options));
      const answer = await raw.answer({ head: method === 'HEAD' });
      return { ...answer, bytes: raw.socket.bytesRead - before };
    };
    const traced = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'X-Request-Id': 'mine.7' };
    const mine = { Authorization: `Bearer ${user.token}`, 'Content-Type': 'application/json' };
    const order = { headers: mine, body: JSON.stringify({ concertId: concert.id, seats: [1, 2] }) };
    const asked = [
      ['POST', '/v1/orders', order, '/v1/orders', 201, user.id],
      ['POST', '/v1/orders', order, '/v1/orders', 409, user.id],
      ['GET', '/v1/orders?limit=5', { headers: mine }, '/v1/orders', 200, user.id],
      ['GET', `/v1/concerts/${concert.id}/seats`, { headers: traced }, '/v1/concerts/{id}/seats', 200, null],
      ['HEAD', `/v1/concerts/${concert.id}`, {}, '/v1/concerts/{id}', 200, null],
      ['GET', '/nothing/here', {}, null, 404, null],
      ['DELETE', '/v1/orders', {}, null, 405, null],
      ['GET', '/v1/users/me', {}, '/v1/users/me', 401, null],
      ['OPTIONS', '/v1/orders', {}, null, 204, null],
    ];
    const answers = [];
    for (const [method, target, options] of asked)
      answers.push(await ask(method, target, options));
    raw.end();
    world.client.close();
    await world.server.stop();
    const lines = requestsOf(linesOf(fs.readFileSync(file, 'utf8'))).slice(-asked.length);
    assert.ok(mark < 100);
    asked.forEach(([method, , , route, status, id], i) => {
      const line = lines[i];
      assert.deepEqual([line.method, line.route, line.status, line.user === null ? null : String(line.user)],
        [method, route, status, id], JSON.stringify(line));
      assert.equal(answers[i].status, status, JSON.stringify(line));
      assert.equal(line.bytes, answers[i].bytes, JSON.stringify(line));
      assert.equal(line.request_id, answers[i].headers['x-request-id']);
      assert.equal(line.client, '127.0.0.0/24');
      assert.ok(Number.isInteger(line.duration_us) && line.duration_us >= 0);
    });
    assert.equal(lines[3].request_id, 'mine.7');
    assert.equal(lines[3].trace_id, '4bf92f3577b34da6a3ce929d0e0e4736');
    assert.equal(lines[0].trace_id, null);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('also tells of who was refused before, and who left before', async () => {
    const file = path.join(make(), 'access.log');
    const world = await World.start({ data: make(), args: ['--access-log', file] });
    const raw = await Raw.connect(world.server);
    raw.send('BREW / HTTP/1.1\r\nHost: x\r\n\r\n');
    const refused = await raw.answer();
    const line = await until(() => requestsOf(linesOf(readIfAny(file))),
      (lines) => lines.find((one) => one.request_id === refused.headers['x-request-id']));
    assert.deepEqual([line.status, line.method, line.route, line.duration_us], [refused.status, null, null, null]);
    /* He goes while a password is computed: the answer before it says that it
     * was read. Should the machine be so busy that it is answered all the same,
     * once more. */
    let left = null;
    for (let attempt = 0; attempt < 10 && left?.status !== null; attempt++) {
      const gone = await Raw.connect(world.server);
      gone.send(Buffer.concat([requestBytes('GET', '/livez'), requestBytes('POST', '/v1/auth/login', {
        headers: { 'Content-Type': 'application/json', 'X-Request-Id': `i-am-off.${attempt}` },
        body: JSON.stringify({ email: 'nobody@example.org', password: PASSWORD }) })]));
      assert.equal((await gone.answer()).status, 200);
      gone.socket.resetAndDestroy();
      left = await until(() => requestsOf(linesOf(readIfAny(file))),
        (lines) => lines.find((one) => one.request_id === `i-am-off.${attempt}`));
    }
    assert.deepEqual([left.route, left.status, left.bytes], ['/v1/auth/login', null, 0]);
    world.client.close();
    await world.server.stop();
  });

  it('logrotate: a file that was moved away, and SIGHUP; no line is lost', async () => {
    const file = path.join(make(), 'access.log');
    fs.writeFileSync(file, '{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"older"}\n', { mode: 0o600 });
    const server = await startServer({ data: make(), args: ['--access-log', file] });
    const raw = await Raw.connect(server);
    let asked = 0;
    const files = [file];
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 50; i++, asked++) {
        raw.send(requestBytes('GET', '/livez', { headers: { 'X-Request-Id': `n${asked}` } }));
        assert.equal((await raw.answer()).status, 200);
      }
      const moved = `${file}.${round}`;
      fs.renameSync(file, moved);
      files.push(moved);
      server.signal('SIGHUP');
      await until(() => fs.existsSync(file), (there) => there);
      assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    }
    raw.end();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const lines = files.flatMap((one) => linesOf(fs.readFileSync(one, 'utf8')));
    assert.equal(lines.filter((line) => line.event === 'older').length, 1);
    assert.deepEqual(requestsOf(lines).map((line) => Number(line.request_id.slice(1))).sort((a, b) => a - b),
      Array.from({ length: asked }, (_, i) => i));
  });
});

describe('secrets', () => {
  it('no token, password, e-mail, name, body, key, query, path or agent is in any line', async () => {
    const world = await World.start({ data: make(), args: ['--access-log', 'stderr', '--log-level', 'debug', '--rate-limit', '0'] });
    const { client } = world;
    const secret = (name) => `s3cr3t-${name}`;
    const email = 'S3cr3t.Person@example.org';
    const account = { email, password: secret('password'), nickname: secret('nickname') };
    expectStatus(await client.post('/v1/users', account), 201);
    expectStatus(await client.post('/v1/auth/login', { email, password: secret('wrong-password') }), 401);
    const tokens = expectStatus(await client.post('/v1/auth/login', { email, password: account.password }), 200);
    const headers = {
      'User-Agent': secret('agent'), Referer: `https://example.org/${secret('referer')}`, Cookie: secret('cookie'),
      'X-Request-Id': `${secret('id')}"\\ bad`, traceparent: `00-${secret('trace')}`, 'Idempotency-Key': secret('key'),
    };
    const me = client.as(tokens.accessToken);
    await me.get(`/v1/users/me?${secret('query')}=${secret('value')}`, { headers });
    await me.get(`/${secret('path')}/${email}`, { headers });
    await me.post('/v1/orders', `{"${secret('body')}":"${secret('body')}"}`, { headers });
    await me.post('/v1/orders', secret('no-json'), { headers });
    await client.get('/v1/users/me', { token: secret('token'), headers });
    for (const bytes of [
      `GET /${secret('raw')}\x01\x7f" HTTP/1.1\r\nHost: x\r\n\r\n`,
      `${secret('METHOD')} / HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: ok\r\n {"event":"${secret('fold')}"}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\n{"event":"${secret('line')}"}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${secret('quote')}","level":"error\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: \xff\xfe${secret('bytes')}\r\n\r\n`,
      `GET /?a=%0d%0a${secret('encoded')} HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m${secret('colour')}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${secret('early')}"\r\nNo header\r\n\r\n`,
      `POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${secret('framed')}"\r\nContent-Length: x\r\n\r\n`,
      `GET / HTTP/9.9\r\n${secret('version')}\r\n\r\n`,
      `\x00\x01\x02${secret('nothing')}\r\n\r\n`,
    ]) {
      const raw = await Raw.connect(world.server);
      raw.send(bytes).end();
      await raw.untilClosed();
    }
    client.close();
    assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
    const text = world.server.stderr().replace(/^stagepick: made a new, empty log.*\n/, '');
    const lines = linesOf(text);
    assert.ok(requestsOf(lines).length >= 17, text);
    const found = /s3cr3t|example\.org|correct horse|eyJ/i.exec(text);
    assert.equal(found, null, found && text.slice(Math.max(0, found.index - 200), found.index + 100));
    for (const token of [tokens.accessToken, tokens.refreshToken].filter(Boolean))
      for (const part of token.split('.'))
        assert.ok(!text.includes(part), 'a part of a token');
    for (const line of requestsOf(lines))
      assert.deepEqual(Object.keys(line), ['time', 'level', 'event', 'request_id', 'trace_id', 'method', 'route',
        'status', 'bytes', 'duration_us', 'user', 'client']);
  });
});

/** A server whose stderr is a pipe that nobody reads: `pipe` is our end. */
async function startStalled(args) {
  const fifo = path.join(make(), 'stderr');
  execFileSync('mkfifo', [fifo]);
  const pipe = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  const into = fs.openSync(fifo, fs.constants.O_WRONLY);
  const port = await freePort();
  const child = spawn(PROGRAM, ['serve', '--data', make(), '--listen', `127.0.0.1:${port}`, '--access-log', 'stderr', ...args],
    { env: environment(), stdio: ['ignore', 'ignore', into] });
  fs.closeSync(into);
  process.once('exit', () => child.kill('SIGKILL'));
  child.unref();
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const server = { host: '127.0.0.1', port };
  for (let left = 3000; ; left--) {
    const raw = await Raw.connect(server).catch(() => null);
    if (raw) {
      raw.send(requestBytes('GET', '/readyz', { headers: { Connection: 'close' } }));
      if ((await raw.answer())?.status === 200)
        break;
    }
    assert.ok(left > 0 && child.exitCode === null, 'it did not start');
    await sleep(10);
  }
  return { server, child, ended, pipe };
}

/** What is in the pipe now. */
function readNow(pipe) {
  const bytes = Buffer.alloc(65536);
  try {
    return bytes.subarray(0, fs.readSync(pipe, bytes)).toString('utf8');
  } catch (error) {
    assert.equal(error.code, 'EAGAIN');
    return '';
  }
}

/** So many requests, pipelined by a hundred; all of them answered. */
async function askMany(server, count) {
  const raw = await Raw.connect(server);
  for (let i = 0; i < count; i += 100) {
    raw.send(Buffer.concat(Array.from({ length: 100 }, () => requestBytes('GET', '/livez'))));
    for (let k = 0; k < 100; k++)
      assert.equal((await raw.answer()).status, 200);
  }
  raw.end();
}

describe('a stderr that nobody reads', () => {
  const REQUESTS = 20000; /* twice what pipe, batch and ring can hold */

  it('does not hold up the server, and when it is read, says what is missing', async () => {
    const { server, child, ended, pipe } = await startStalled([]);
    await askMany(server, REQUESTS);
    let text = '';
    await until(() => (text += readNow(pipe)), () => /"lines_dropped"/.test(text) && text.endsWith('\n'));
    child.kill('SIGTERM');
    const exit = ended.then((value) => { text += ''; return value; });
    let over = null;
    exit.then((value) => { over = value; });
    await until(() => (text += readNow(pipe)), () => over);
    for (let more; (more = readNow(pipe)) !== ''; text += more);
    fs.closeSync(pipe);
    assert.deepEqual(over, { code: 0, signal: null });
    const lines = linesOf(text.replace(/^stagepick: made a new, empty log.*\n/m, ''));
    const dropped = lines.filter((line) => line.event === 'lines_dropped');
    const told = dropped.reduce((sum, line) => sum + line.count, 0);
    assert.ok(told > 0);
    assert.ok(dropped.every((line) => line.stream === 'access' && line.level === 'warn'));
    const requests = requestsOf(lines).filter((line) => line.route === '/livez').length;
    assert.equal(requests + told, REQUESTS);
    assert.ok(lines.some((line) => line.event === 'stopped'), 'the log has its own room');
  });

  it('nor its end', async () => {
    const { server, child, ended, pipe } = await startStalled(['--io-threads', '2']);
    await askMany(server, REQUESTS);
    child.kill('SIGTERM');
    /* Holds this process while it waits. */
    const timer = setInterval(() => child.kill('SIGKILL'), 60000);
    assert.deepEqual(await ended, { code: 0, signal: null });
    clearInterval(timer);
    fs.closeSync(pipe);
  });
});
