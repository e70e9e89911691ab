/* SPDX-License-Identifier: MIT
 *
 * The load generator against the real server: each workload in little, that
 * its numbers are those of the log, and that --check notices when they are not.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { dropDirectory, dumpLog, freePort, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

/* What `fill` makes below, as `load` takes it: the host is user 1. */
const STOCK = ['--users', '2:30', '--concerts', '1:3', '--seats', '2000'];

async function fill(data, ...more) {
  const result = await run(['bench', 'fill', '--data', data, '--users', '30', '--concerts', '3', '--seats', '2000', ...more]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

async function load(server, ...args) {
  const result = await run(['bench', 'load', '--to', `${server.host}:${server.port}`, '--json', '--connections', '8', '--warmup', '0', ...args]);
  return { ...result, figures: result.stdout ? JSON.parse(result.stdout) : null };
}

const paid = (events) => events.filter((event) => event.type === 'order_paid').map((event) => event.data);
const nothing = { connect: 0, closed: 0, timeout: 0, malformed: 0 };

describe('bench load', () => {
  let data;
  let server;
  let next = 0; /* of the sequence */
  before(async () => {
    data = makeDirectory();
    await fill(data);
    server = await startServer({ data, admin: false });
  });
  after(async () => {
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const verified = await run(['log', 'verify', '--data', data]);
    assert.equal(verified.code, 0, verified.stderr);
    dropDirectory(data);
  });

  const spread = (...args) => load(server, '--data', data, ...STOCK, '--from', String(next), ...args);

  it('spread sells distinct seats, and the log says the same', async () => {
    const { code, figures, stderr } = await spread('--requests', '300', '--depth', '4', '--check');
    assert.equal(code, 0, stderr);
    assert.equal(figures.workload, 'spread');
    assert.equal(figures.asked, null);
    assert.equal(figures.requests, 300);
    assert.equal(figures.accepted, 300);
    assert.deepEqual(figures.warmupRefused, {});
    assert.deepEqual(figures.refused, {});
    assert.deepEqual(figures.statuses, { 201: 300 });
    assert.deepEqual(figures.errors, nothing);
    assert.deepEqual(figures.check, { sold: 300, accepted: 300, held: 0, given: 0, soldTwice: 0, unknown: 0, sameLog: true, ok: true });
    assert.equal(figures.next, 300);
    const { p50, p90, p99, p999, max, mean } = figures.latencyUs;
    assert.ok(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max, JSON.stringify(figures.latencyUs));
    assert.ok(mean > 0 && mean <= max);
    const orders = paid(await dumpLog(data));
    assert.equal(orders.length, 300);
    const expected = Array.from({ length: 300 }, (_, i) => `${2 + i % 30} ${1 + i % 3} ${Math.floor(i / 3)}`);
    assert.deepEqual(orders.map((order) => `${order.buyer} ${order.concert} ${order.seats}`).sort(), expected.sort());
    next = figures.next;
  });

  it('goes on where the last run ended, warm-up and keys included', async () => {
    const { code, figures, stderr } = await spread('--requests', '50', '--warmup', '1', '--keyed', '--connections', '2', '--check', '--rate', '200');
    assert.equal(code, 0, stderr);
    assert.equal(figures.accepted, 50);
    assert.deepEqual(figures.statuses, { 201: 50 });
    assert.equal(figures.from, 300);
    assert.equal(figures.next, 300 + 200 + 50); /* a second of warm-up at 200/s */
    assert.equal(figures.check.accepted, 250);
    assert.ok(figures.check.ok);
    next = figures.next;
  });

  it('a run by time counts as many seconds', async () => {
    const { code, figures, stderr } = await spread('--seconds', '1', '--rate', '500', '--check');
    assert.equal(code, 0, stderr);
    assert.equal(figures.seconds, 1);
    assert.equal(figures.asked, 500);
    assert.equal(figures.requests, figures.accepted);
    assert.equal(figures.perSecond, figures.requests); /* answered in the second, whatever was asked */
    assert.equal(figures.accepted + figures.lateAccepted, 500);
    assert.equal(figures.check.sold, 500);
    next = figures.next;
  });

  it('seats that are sold are refused by name and warned of', async () => {
    const { code, figures, stderr } = await load(server, '--data', data, ...STOCK, '--requests', '20', '--check');
    assert.equal(code, 1);
    assert.deepEqual(figures.refused, { seat_taken: 20 });
    assert.deepEqual(figures.statuses, { 409: 20 });
    assert.equal(figures.check.sold, 0);
    assert.match(stderr, /nothing was accepted\n.*20 refusals do not belong to this workload/);
  });

  it('hot sells a thousand seats at most and is refused the rest', async () => {
    const { code, figures, stderr } = await load(server, '--data', data, ...STOCK, '--workload', 'hot', '--requests', '2000', '--depth', '8', '--check');
    assert.equal(code, 0, stderr);
    assert.equal(figures.requests, 2000);
    assert.equal(figures.accepted + figures.refused.seat_taken, 2000);
    assert.ok(figures.accepted > 0 && figures.accepted <= 1000);
    assert.equal(figures.check.sold, figures.accepted);
    assert.equal(stderr, '');
    next = 3000; /* behind the thousand seats */
  });

  it('maps are read, and asked for again with their tags', async () => {
    const whole = await load(server, ...STOCK, '--workload', 'map', '--requests', '60');
    assert.equal(whole.code, 0, whole.stderr);
    assert.deepEqual(whole.figures.statuses, { 200: 60 });
    const again = await load(server, ...STOCK, '--workload', 'map-304', '--requests', '600', '--depth', '3', '--data', data, '--check');
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(again.figures.statuses, { 304: 600 });
    assert.equal(again.figures.check.sold, 0);
    const unknown = await load(server, '--concerts', '900:1', '--workload', 'map', '--requests', '10');
    assert.deepEqual(unknown.figures.refused, { concert_unknown: 10 });
    assert.equal(unknown.code, 1);
  });

  it('livez is answered, in columns for people', async () => {
    const file = path.join(data, 'latencies');
    const result = await run(['bench', 'load', '--to', `${server.host}:${server.port}`, '--workload', 'livez', '--requests', '500', '--warmup', '0', '--histogram', file]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^livez over http, 64 connections, depth 1, closed loop\n {2}\d+ requests\/s: 500 in /);
    assert.match(result.stdout, /accepted 500, refused 0, errors 0/);
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
    assert.equal(lines[0], '# value_us percentile');
    assert.match(lines[lines.length - 1], /^\d+ 100\.000000$/);
    fs.rmSync(file);
  });

  it('a run that would go over the seats is not begun; one that comes there ends', async () => {
    const over = await spread('--requests', '6000');
    assert.equal(over.code, 1);
    assert.match(over.stderr, /there are no 6000 orders from \d+ on: the sequence has 6000 orders: 3 concerts of 2000 seats/);
    assert.equal(over.stdout, '');
    const last = await load(server, '--data', data, ...STOCK, '--from', '5990', '--seconds', '30', '--check');
    assert.equal(last.code, 1);
    assert.match(last.stderr, /came to the end of it/);
    assert.equal(last.figures.next, 6000);
    assert.ok(last.figures.check.ok);
  });

  it('--check fails when somebody else buys meanwhile', async () => {
    const mine = spread('--seconds', '2', '--rate', '50', '--check');
    let bought = 0;
    let done = false;
    mine.finally(() => { done = true; });
    for (let from = 4000; !done && from < 5900; from += 10) {
      const other = await load(server, '--data', data, ...STOCK, '--from', String(from), '--requests', '10', '--connections', '1');
      bought += other.figures.accepted;
    }
    const { code, figures, stderr } = await mine;
    assert.ok(bought > 0);
    assert.equal(code, 1);
    assert.equal(figures.check.ok, false);
    assert.ok(figures.check.sold > figures.check.accepted, JSON.stringify(figures.check));
    assert.match(stderr, /the log does not say what the answers said/);
    next = figures.next;
  });

  it('--check fails on the log of another server', async () => {
    const other = makeDirectory();
    await fill(other);
    fs.copyFileSync(path.join(data, 'token.key'), path.join(other, 'token.key'));
    const { code, figures, stderr } = await load(server, '--data', other, ...STOCK, '--from', String(next), '--requests', '10', '--check');
    assert.equal(code, 1, stderr);
    assert.deepEqual(figures.check, { sold: 0, accepted: 10, held: 0, given: 0, soldTwice: 0, unknown: 0, sameLog: true, ok: false });
    next = figures.next;
    dropDirectory(other);
  });

  it('tokens of another key are refused and sell nothing', async () => {
    const other = makeDirectory();
    await fill(other);
    const { code, figures } = await load(server, '--data', other, ...STOCK, '--requests', '10', '--check');
    assert.equal(code, 1);
    assert.deepEqual(figures.refused, { token_invalid: 10 });
    assert.ok(figures.check.ok);
    dropDirectory(other);
  });

  it('no server, no directory and no key are said, with exit 1', async () => {
    const gone = { host: '127.0.0.1', port: await freePort() };
    const none = await load(gone, '--workload', 'livez');
    assert.equal(none.code, 1);
    assert.match(none.stderr, /can't connect: connection refused/);
    const empty = makeDirectory();
    const keyless = await load(server, '--data', empty, '--requests', '1');
    assert.equal(keyless.code, 1);
    assert.match(keyless.stderr, /has no token\.key: is it the server's data directory\?/);
    assert.deepEqual(fs.readdirSync(empty), []);
    const logless = await load(server, '--data', empty, '--workload', 'livez', '--requests', '1', '--check');
    assert.equal(logless.code, 1);
    assert.match(logless.stderr, /there is no log in/);
    dropDirectory(empty);
  });
});

/* A server of the test's own that answers one request after the other, each
 * after `pauseMs`, and refuses those of the first `refuseMs` after the first. */
async function startSlow({ pauseMs = 0, refuseMs = 0 }) {
  let last = Promise.resolve();
  let refusing = null; /* until then */
  const slow = http.createServer((request, response) => {
    refusing ??= Date.now() + refuseMs;
    const refuse = Date.now() < refusing;
    const body = refuse ? '{"code":"queue_full"}' : 'ok';
    const answer = () => response.writeHead(refuse ? 503 : 200, { 'Content-Length': body.length }).end(body);
    if (pauseMs === 0)
      return void answer();
    last = last.then(() => new Promise((resolve) => { setTimeout(resolve, pauseMs); })).then(answer);
  });
  await new Promise((resolve) => { slow.listen(0, '127.0.0.1', resolve); });
  return { host: '127.0.0.1', port: slow.address().port, stop: () => new Promise((resolve) => { slow.close(resolve); slow.closeAllConnections?.(); }) };
}

describe('bench load and a server that can do less', () => {
  it('the rate is the one that was answered, not the one asked for', async () => {
    const slow = await startSlow({ pauseMs: 5 });
    const args = ['--workload', 'livez', '--rate', '500', '--seconds', '1'];
    const { code, figures, stderr } = await load(slow, ...args);
    assert.equal(code, 0, stderr);
    assert.equal(figures.asked, 500);
    assert.ok(figures.perSecond > 0 && figures.perSecond < 350, JSON.stringify(figures)); /* 200 at most, by its pauses */
    assert.equal(figures.perSecond, figures.accepted);
    assert.equal(figures.accepted + figures.lateAccepted, 500);
    assert.ok(figures.latencyUs.max > 1e6); /* those behind the window are felt all the same */
    const said = await run(['bench', 'load', '--to', `${slow.host}:${slow.port}`, '--warmup', '0', ...args]);
    assert.equal(said.code, 0, said.stderr);
    const [, asked, answered, count] = said.stdout.match(/^ {2}asked (\d+)\/s, answered (\d+)\/s: (\d+) in 1\.000 s$/m);
    assert.equal(asked, '500');
    assert.ok(Number(answered) < 350 && answered === count, said.stdout);
    assert.match(said.stdout, new RegExp(`^ {2}${500 - Number(count)} more accepted behind the window$`, 'm'));
    await slow.stop();
  });

  it('a warm-up that is refused is told by code', async () => {
    const args = ['--workload', 'livez', '--rate', '100', '--warmup', '1', '--requests', '50'];
    for (const json of [true, false]) {
      const slow = await startSlow({ refuseMs: 300 });
      const { code, stdout, stderr } = await run(['bench', 'load', '--to', `${slow.host}:${slow.port}`, ...args, ...(json ? ['--json'] : [])]);
      assert.equal(code, 0, stderr);
      const [, refused] = stderr.match(/(\d+) refusals do not belong to this workload/);
      assert.ok(Number(refused) >= 1 && Number(refused) <= 100);
      if (json) {
        const figures = JSON.parse(stdout);
        assert.deepEqual(figures.warmupRefused, { queue_full: Number(refused) });
        assert.deepEqual(figures.refused, {});
        assert.deepEqual(figures.statuses, { 200: 50 });
      } else {
        assert.match(stdout, new RegExp(`^ {4}refused {2}queue_full +${refused} in the warm-up$`, 'm'));
        assert.match(stdout, /accepted 50, refused 0, errors 0/);
      }
      await slow.stop();
    }
  });
});

describe('bench load of holds, the queue, watched maps and a drop', () => {
  let data;
  let server;
  let next = 0;
  before(async () => {
    data = makeDirectory();
    await fill(data);
    server = await startServer({ data, admin: false });
  });
  after(async () => {
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const verified = await run(['log', 'verify', '--data', data]);
    assert.equal(verified.code, 0, verified.stderr);
    dropDirectory(data);
  });

  const go = (...args) => load(server, '--data', data, ...STOCK, '--from', String(next), '--check', ...args);
  const holds = (events) => events.filter((event) => event.type === 'hold_taken').map((event) => event.data);

  it('hold-then-order holds seats and buys what it was given', async () => {
    const { code, figures, stderr } = await go('--workload', 'hold-then-order', '--requests', '200', '--depth', '3', '--keyed', '--abandon', '10');
    assert.equal(code, 0, stderr);
    assert.equal(figures.accepted, 200);
    assert.equal(figures.steps.hold.accepted, 200);
    assert.equal(figures.steps.order.accepted, 180);
    for (const step of Object.values(figures.steps))
      assert.ok(step.latencyUs.p50 > 0 && step.latencyUs.max <= figures.latencyUs.max, JSON.stringify(figures));
    assert.deepEqual(figures.check, { sold: 180, accepted: 180, held: 200, given: 200, soldTwice: 0, unknown: 0, sameLog: true, ok: true });
    const events = await dumpLog(data);
    const taken = new Map(holds(events).map((hold) => [String(hold.hold), hold]));
    assert.equal(taken.size, 200);
    const bought = paid(events);
    assert.equal(new Set(bought.map((order) => order.hold)).size, 180);
    for (const order of bought)
      assert.deepEqual(order.seats, taken.get(String(order.hold)).seats);
    next = figures.next;
  });

  it('best-available is given neighbours and buys them', async () => {
    const { code, figures, stderr } = await go('--workload', 'best-available', '--requests', '60', '--count', '3', '--rate', '500');
    assert.equal(code, 0, stderr);
    assert.equal(figures.accepted, 60);
    assert.equal(figures.check.sold, 60);
    const bought = paid(await dumpLog(data)).filter((order) => order.seats.length === 3);
    assert.equal(bought.length, 60);
    for (const { seats: [a, b, c] } of bought)
      assert.deepEqual([b, c], [a + 1, a + 2]);
  });

  it('queue listens to outcomes, and the log has sold all that was accepted', async () => {
    next = 3000;
    const { code, figures, stderr } = await go('--workload', 'queue', '--requests', '640', '--depth', '2');
    assert.equal(code, 0, stderr);
    assert.deepEqual(figures.statuses, { 202: 640 });
    assert.equal(figures.check.sold, 640);
    assert.ok(figures.soldSeconds >= 0);
    const { sold, refused, lost, missed, latencyUs } = figures.outcomes;
    assert.deepEqual({ sold, refused, lost }, { sold: 10 - missed + 8, refused: 0, lost: 0 }); /* every 64th, and the last of 8 connections */
    assert.ok(latencyUs.p50 > 0);
    const again = await go('--workload', 'queue', '--requests', '64', '--connections', '1');
    assert.equal(again.code, 1); /* these seats are sold: accepted, and refused by their outcome */
    assert.deepEqual(again.figures.statuses, { 202: 64 });
    assert.equal(again.figures.check.ok, false);
    assert.match(again.stderr, /accepted orders were refused: seat_taken/);
    next = figures.next;
  });

  it('map-watch tells watchers of every order, and by how much they lag', async () => {
    const { code, figures, stderr } = await go('--workload', 'map-watch', '--watchers', '30', '--rate', '200', '--seconds', '1', '--server-pid', String(server.pid));
    assert.equal(code, 0, stderr);
    const { watchers, lost, toldAll, events, lagUs, bytesPerWatcher } = figures.watch;
    assert.deepEqual({ watchers, lost, toldAll }, { watchers: 30, lost: 0, toldAll: true });
    assert.ok(events >= 30 && lagUs.p50 > 0 && lagUs.p50 <= lagUs.p99, JSON.stringify(figures.watch));
    assert.equal(typeof bytesPerWatcher, 'number');
    assert.equal(figures.check.ok, true);
    const none = await load(server, '--data', data, ...STOCK, '--concerts', '900:1', '--workload', 'map-watch', '--watchers', '3', '--requests', '1');
    assert.equal(none.code, 1);
    assert.match(none.stderr, /3 of 3 watchers were lost/);
  });

  it('a drop is waited for, sold out and given up on', async () => {
    const dir = makeDirectory();
    const filled = await run(['bench', 'fill', '--data', dir, '--users', '60', '--concerts', '1', '--seats', '70', '--opens-in', '3', '--hold-seconds', '10']);
    assert.equal(filled.code, 0, filled.stderr);
    const opening = await startServer({ data: dir, admin: false });
    const args = ['--data', dir, '--users', '2:60', '--concerts', '1:1', '--seats', '70', '--workload', 'drop', '--check'];
    const { code, figures, stderr } = await load(opening, ...args, '--connections', '60', '--watchers', '5', '--seconds', '20');
    assert.equal(code, 0, stderr);
    const { bought, gaveBack, walkedAway, gaveUp, unfinished } = figures.users;
    assert.equal(bought + gaveBack + walkedAway + gaveUp, 60);
    assert.equal(unfinished, 0);
    assert.ok(bought > 0 && gaveUp > 0 && figures.noneLeftSeconds > 0, JSON.stringify(figures.users));
    assert.ok(figures.steps.poll.accepted > 60); /* it was not open at once */
    assert.ok(figures.steps.hold.refused.no_adjacent_seats > 0);
    assert.equal(figures.steps.order.accepted, bought);
    assert.equal(figures.check.ok, true);
    assert.equal(figures.check.sold, bought);
    assert.equal(paid(await dumpLog(dir)).reduce((sum, order) => sum + order.seats.length, 0), figures.seatsSold);
    assert.equal(figures.watch.toldAll, true);
    await opening.stop();
    dropDirectory(dir);
  });
});

describe('bench load and a server that dies', () => {
  it('says so, exits 1, and counts what nobody knows', async () => {
    const data = makeDirectory();
    await fill(data);
    const server = await startServer({ data, admin: false });
    const running = load(server, '--data', data, ...STOCK, '--seconds', '3', '--rate', '300', '--check');
    for (;;) {
      const events = await dumpLog(data);
      if (paid(events).length >= 50)
        break;
    }
    await server.kill();
    const { code, figures, stderr } = await running;
    assert.equal(code, 1);
    assert.match(stderr, /there were errors/);
    assert.ok(figures.errors.closed + figures.errors.connect > 0, JSON.stringify(figures.errors));
    assert.ok(figures.accepted >= 1);
    assert.ok(figures.unsent > 0);
    assert.ok(figures.check.ok, JSON.stringify(figures.check));
    dropDirectory(data);
  });
});

describe('bench fill', () => {
  it('sells and cancels in the order of the load, which goes on behind', async () => {
    const data = makeDirectory();
    const said = await fill(data, '--orders', '700', '--churn', '400', '--tokens', path.join(data, 'tokens'));
    assert.match(said, /users 2 to 31, concerts 1 to 3 of 2000 seats, 700 orders, 400 more cancelled/);
    assert.match(said, /--users 2:30 --concerts 1:3 --seats 2000 --from 700/);
    assert.equal(fs.readFileSync(path.join(data, 'tokens'), 'utf8').trim().split('\n').length, 30);
    const events = await dumpLog(data);
    assert.equal(events.filter((event) => event.type === 'order_cancelled').length, 400);
    assert.equal(paid(events).length, 1100);
    const verified = await run(['log', 'verify', '--data', data]);
    assert.equal(verified.code, 0, verified.stderr);
    const server = await startServer({ data, admin: false });
    const { code, figures, stderr } = await load(server, '--data', data, ...STOCK, '--from', '700', '--requests', '100', '--check');
    assert.equal(code, 0, stderr);
    assert.equal(figures.accepted, 100);
    await server.stop();
    const map = await run(['replay', '--data', data, '--show', 'seats']);
    assert.match(map.stdout, /concert 1 sold 267 of 2000/); /* 800 orders over three */
    assert.match(map.stdout, /concert 3 sold 266 of 2000/);
    dropDirectory(data);
  });

  it('what can not be sold is refused before anything is made', async () => {
    const data = `${makeDirectory()}/none`;
    const refused = async (words, ...args) => {
      const result = await run(['bench', 'fill', '--data', data, ...args]);
      assert.equal(result.code, 2);
      assert.match(result.stderr, words);
      assert.ok(!fs.existsSync(data));
    };
    await refused(/--orders 101 are too many: the sequence has 100 orders/, '--concerts', '1', '--seats', '100', '--orders', '101');
    await refused(/1 users of whom each may have 1000 seats/, '--users', '1', '--concerts', '1', '--orders', '1001');
    await refused(/more than 20000000 orders together/, '--orders', '1', '--churn', '20000000');
    await refused(/--users takes a whole number from 1 to 999999/, '--users', '1000000');
  });

  it('a limit of the engine is named', async () => {
    const data = makeDirectory();
    const result = await run(['bench', 'fill', '--data', data, '--users', '1', '--concerts', '51', '--seats', '200000']);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /bench fill: limit_reached: seats/);
    dropDirectory(data);
  });
});
