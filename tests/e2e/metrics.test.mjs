/* SPDX-License-Identifier: MIT
 *
 * /metrics and /v1/admin/stats from outside: that known traffic gives exactly
 * the known counts, that the text is what Prometheus' own checker takes, who may
 * read them, and what the operator's listener serves.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { assertProblem, assertTime } from './lib/asserts.mjs';
import { Client } from './lib/client.mjs';
import { OPS, opsOf, parseMetrics } from './lib/metrics.mjs';
import { dropDirectory, freePort, makeDirectory, run } from './lib/program.mjs';
import { Raw, requestBytes } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { expectStatus, World } from './lib/world.mjs';

/** What has grown between two pages, of one metric, without those of the
 * scrapes themselves. */
function growth(from, to, metric) {
  const grown = {};
  for (const [key, value] of to)
    if (key.startsWith(`${metric}{`) && !key.includes('"/metrics"') && value !== (from.get(key) ?? 0))
      grown[key.slice(metric.length + 1, -1)] = value - (from.get(key) ?? 0);
  return grown;
}

const request = (method, route, status) => `method="${method}",route="${route}",status="${status}"`;

describe('metrics', { concurrency: false }, () => {
  let world;
  let ops;
  let user;

  before(async () => {
    world = await World.start({ args: OPS });
    ops = new Client(opsOf(world.server));
    user = await world.user({ points: 1000 });
  });

  after(async () => {
    ops.close();
    await world.stop();
  });

  async function scrape() {
    const answer = await ops.get('/metrics');
    assert.equal(answer.status, 200, answer.text);
    return parseMetrics(answer.text);
  }

  test('known traffic gives exactly the known counts', async () => {
    const concert = await world.concert();
    const from = await scrape();
    for (let i = 0; i < 3; i++)
      expectStatus(await world.order(user, concert.id, [i]), 201);
    for (let i = 0; i < 2; i++)
      assertProblem(await world.order(user, concert.id, [i]), 409, 'seat_taken');
    assertProblem(await world.client.post('/v1/orders', {}, { token: null }), 401, 'token_missing');
    assertProblem(await user.client.post('/v1/orders', {}), 422, 'validation_failed');
    for (let i = 0; i < 4; i++)
      expectStatus(await world.client.get(`/v1/concerts/${concert.id}`), 200);
    expectStatus(await world.client.request('HEAD', `/v1/concerts/${concert.id}`), 200);
    assertProblem(await world.client.get('/v1/concerts/999999'), 404, 'concert_unknown');
    const seats = await world.client.get(`/v1/concerts/${concert.id}/seats`);
    const again = await world.client.get(`/v1/concerts/${concert.id}/seats`, { headers: { 'If-None-Match': seats.headers.etag } });
    assert.equal(again.status, 304);
    assertProblem(await world.client.get('/v1/no/such/path/7'), 404, 'route_unknown');
    assertProblem(await world.client.put('/v1/orders', {}, { token: null }), 405, 'method_not_allowed');
    const raw = await Raw.connect(world.server);
    raw.send('GET / HTTP/1.1\r\n\r\n'); /* no Host */
    assert.equal((await raw.answer()).status, 400);
    await raw.untilClosed();
    raw.destroy();
    const to = await scrape();

    assert.deepEqual(growth(from, to, 'stagepick_http_requests_total'), {
      [request('POST', '/v1/orders', 201)]: 3,
      [request('POST', '/v1/orders', 409)]: 2,
      [request('POST', '/v1/orders', 401)]: 1,
      [request('POST', '/v1/orders', 422)]: 1,
      [request('GET', '/v1/concerts/{id}', 200)]: 5,
      [request('GET', '/v1/concerts/{id}', 404)]: 1,
      [request('GET', '/v1/concerts/{id}/seats', 200)]: 1,
      [request('GET', '/v1/concerts/{id}/seats', 304)]: 1,
      [request('unknown', 'unknown', 404)]: 1,
      [request('unknown', 'unknown', 405)]: 1,
      [request('unknown', 'unknown', 400)]: 1,
    });
    assert.deepEqual(growth(from, to, 'stagepick_rejections_total'), {
      'code="seat_taken"': 2,
      'code="token_missing"': 1,
      'code="validation_failed"': 1,
      'code="concert_unknown"': 1,
      'code="route_unknown"': 1,
      'code="method_not_allowed"': 1,
      'code="malformed_request"': 1,
    });
    assert.deepEqual(growth(from, to, 'stagepick_http_answer_seconds_count'), {
      'method="POST",route="/v1/orders"': 7,
      'method="GET",route="/v1/concerts/{id}"': 6,
      'method="GET",route="/v1/concerts/{id}/seats"': 2,
      'method="unknown",route="unknown"': 2, /* what never was a request has no time */
    });
    const grown = (name) => to.get(name) - from.get(name);
    assert.equal(grown('stagepick_seq'), 3);
    assert.equal(grown('stagepick_events_total'), 3);
    assert.equal(grown('stagepick_commands_total'), 5);
    assert.equal(to.get('stagepick_serving'), 1);
    assert.equal(to.get('stagepick_concerts'), 1);
    assert.equal(to.get('stagepick_queue_depth'), 0);
    assert.equal(to.get('stagepick_streams'), 0);
    assert.ok(to.get('stagepick_queue_depth_max') >= 1);
    assert.equal(grown('stagepick_connections_accepted_total'), 1, 'the raw one');
    const sum = 'stagepick_http_answer_seconds_sum{method="POST",route="/v1/orders"}';
    assert.ok(to.get(sum) > from.get(sum) || !from.has(sum));
    assert.ok(to.get(sum) < 60, 'seconds');
    assert.ok(grown('stagepick_http_sent_bytes_total') > 20 * 200);
    assert.ok(to.get('stagepick_connections') >= 1);
    assert.ok(to.get('stagepick_log_file_bytes') > 0);
    assert.ok(to.get('process_resident_memory_bytes') > 1 << 20);
    assert.ok(Math.abs(to.get('process_start_time_seconds') - Date.now() / 1000) < 3600);
  });

  test('the text is what Prometheus takes', async () => {
    const answer = await ops.get('/metrics', { headers: { Accept: 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5' } });
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: answer.text, encoding: 'utf8' });
    assert.equal(checked.error, undefined, 'promtool: tools/install-deps.sh test');
    assert.equal(checked.status, 0, `${checked.stdout}${checked.stderr}`);
    assert.equal(`${checked.stdout}${checked.stderr}`.trim(), '', 'it has nothing to say');
  });

  test('nobody is named in it', async () => {
    const text = (await ops.get('/metrics')).text;
    for (const secret of [user.email, user.nickname, user.token, 'example.org', '127.0.0.1'])
      assert.ok(!text.includes(secret), secret);
  });

  test('on the ordinary listener it is an ADMIN\'s, by the role of now', async () => {
    assertProblem(await world.client.get('/metrics', { token: null }), 401, 'token_missing');
    assertProblem(await user.client.get('/metrics'), 403, 'role_required');
    assertProblem(await user.client.get('/v1/admin/stats'), 403, 'role_required');
    const answer = await world.admin.get('/metrics');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.ok(parseMetrics(answer.text).has('stagepick_seq'));
    const other = await world.user({ role: 'ADMIN' });
    assert.equal((await other.client.get('/metrics')).status, 200);
    expectStatus(await world.admin.put(`/v1/users/${other.id}/role`, { role: 'USER' }), 200);
    assertProblem(await other.client.get('/metrics'), 403, 'role_required');
  });

  test('the operator\'s listener serves three things and nothing of the interface', async () => {
    expectStatus(await ops.get('/livez'), 200);
    expectStatus(await ops.get('/readyz'), 200);
    const hidden = new Client(opsOf(world.server), { documented: false });
    for (const path of ['/v1/concerts', '/v1/users/me', '/v1/admin/stats', '/', '/metrics/', '/docs', '/openapi.json'])
      assertProblem(await hidden.get(path, { token: world.admin.token }), 404, 'route_unknown');
    assertProblem(await hidden.post('/v1/auth/login', {}), 404, 'route_unknown');
    hidden.close();
    const wrong = await ops.post('/metrics', {});
    assertProblem(wrong, 405, 'method_not_allowed');
    assert.equal(wrong.headers.allow, 'GET, HEAD, OPTIONS');
    const head = await ops.request('HEAD', '/metrics');
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
  });

  test('the dashboard\'s figures agree with the metrics', async () => {
    const answer = await world.admin.get('/v1/admin/stats');
    expectStatus(answer, 200);
    const page = await scrape();
    const stats = answer.body;
    assert.equal(stats.seq, page.get('stagepick_seq'));
    assertTime(stats.now);
    assert.ok(assertTime(stats.startedAt) <= Date.now() + 1000);
    assert.ok(stats.uptimeSeconds > 0);
    assert.equal(typeof stats.version, 'string');
    assert.equal(stats.concerts, 1);
    assert.deepEqual(Object.keys(stats.queue), ['depth', 'high', 'capacity']);
    assert.equal(stats.rejections.seat_taken, page.get('stagepick_rejections_total{code="seat_taken"}'));
    const total = [...page].filter(([key]) => key.startsWith('stagepick_http_requests_total')).reduce((sum, [, value]) => sum + value, 0);
    assert.equal(total - stats.requests.total, 1, 'its own, which was counted when it was answered');
    assert.equal(Object.values(stats.requests.byStatus).reduce((sum, value) => sum + value, 0), stats.requests.total);
    assert.ok(stats.orderSeconds.p50 > 0 && stats.orderSeconds.p50 <= stats.orderSeconds.p99 && stats.orderSeconds.p99 <= stats.orderSeconds.max);
    assert.equal(stats.loops.length, process.env.SP_IO_THREADS ? Number(process.env.SP_IO_THREADS) : 1);
    assert.ok(stats.loops.every((loop) => loop.busySeconds >= 0 && loop.turnSecondsMax >= 0));
    assert.ok(stats.memoryBytes > 1 << 20 && stats.openFiles > 3 && stats.logBytes > 0);
  });

  test('clients who leave before their answers are counted', async () => {
    const from = await scrape();
    const raw = await Raw.connect(world.server);
    /* Each costs a password computation, one after the other on this connection:
     * the last ones are still to come when the first has been answered. */
    const body = JSON.stringify({ email: 'nobody@example.org', password: 'a wrong password' });
    raw.send(requestBytes('POST', '/v1/auth/login', { headers: { 'Content-Type': 'application/json' }, body }).toString('latin1').repeat(8));
    assert.equal((await raw.answer()).status, 401);
    raw.socket.resetAndDestroy();
    const until = Date.now() + 30000;
    let to;
    do
      to = await scrape();
    while (Date.now() < until && left(from, to) + failed(from, to) < 8);
    assert.ok(left(from, to) >= 1, 'all were answered');
    assert.equal(left(from, to) + failed(from, to), 8, 'each of them once');
  });
});

const left = (from, to) => to.get('stagepick_http_requests_left_total') - from.get('stagepick_http_requests_left_total');
const failed = (from, to) => growth(from, to, 'stagepick_http_requests_total')[request('POST', '/v1/auth/login', 401)] ?? 0;

describe('the operator\'s listener', { concurrency: false }, () => {
  test('is there when clients have taken all connections', async () => {
    const server = await startServer({ args: [...OPS, '--max-connections', '1'] });
    const first = await Raw.connect(server);
    first.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await first.answer()).status, 200);
    const second = await Raw.connect(server);
    await second.untilClosed();
    const ops = new Client(opsOf(server));
    const page = parseMetrics((await ops.get('/metrics')).text);
    assert.equal(page.get('stagepick_connections'), 2);
    assert.equal(page.get('stagepick_connections_turned_away_total'), 1);
    ops.close();
    first.destroy();
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr());
    dropDirectory(server.data);
  });

  test('limits are counted by what they are', async () => {
    const server = await startServer({ rateLimit: 1, args: OPS });
    const client = new Client(server);
    const ops = new Client(opsOf(server));
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.post('/v1/orders', {})));
    const refused = answers.filter((answer) => answer.status === 429).length;
    assert.ok(refused > 0);
    const page = parseMetrics((await ops.get('/metrics')).text);
    assert.equal(page.get('stagepick_throttled_total{limit="writes"}'), refused);
    assert.equal(page.get('stagepick_throttled_total{limit="log_ins"}'), 0);
    assert.equal(page.get('stagepick_rejections_total{code="rate_limited"}'), refused);
    client.close();
    ops.close();
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr());
    dropDirectory(server.data);
  });

  test('is refused where it can not be', async () => {
    const data = makeDirectory();
    const port = await freePort();
    for (const bad of ['9090', 'localhost', '127.0.0.1:99999', '']) {
      const result = await run(['serve', '--data', data, '--listen', '127.0.0.1:0', `--ops-listen=${bad}`]);
      assert.equal(result.code, 2, `${bad}: ${result.stderr}`);
      assert.match(result.stderr, /--ops-listen/);
    }
    const twice = await run(['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--ops-listen', `127.0.0.1:${port}`]);
    assert.equal(twice.code, 1, twice.stderr);
    assert.match(twice.stderr, new RegExp(`can not listen on 127\\.0\\.0\\.1, port ${port}`));
    dropDirectory(data);
  });
});
