/* SPDX-License-Identifier: MIT
 *
 * The benchmark's own arithmetic: what is measured in which order, medians and
 * ratios within rounds, and that a report hides neither a miss nor a gap. The
 * results in lib/bench_sample.json are made up for this. Neither the peers nor
 * gnuplot need be there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Figures } from '../../bench/lib/figures.mjs';
import { growthStock } from '../../bench/lib/growth.mjs';
import { sampleOf } from '../../bench/lib/loads.mjs';
import { medianOf, parseBench } from '../../bench/lib/micro.mjs';
import { UsageError, parseOptions } from '../../bench/lib/options.mjs';
import { GROUPS, SYSTEMS, isNeeded, nameOf, planOf } from '../../bench/lib/plan.mjs';
import { plotData } from '../../bench/lib/plots.mjs';
import { summary } from '../../bench/lib/postgres.mjs';
import { reportOf } from '../../bench/lib/report.mjs';
import { median, percentile, ratio, spread } from '../../bench/lib/statistics.mjs';
import { targetsOf } from '../../bench/lib/targets.mjs';
import { count, inMs, large } from '../../bench/lib/words.mjs';
import { filesLimit, watchersOf } from '../../bench/lib/watch.mjs';
import { cpusAllowed, parseWrk } from '../../bench/lib/wrk.mjs';
import { PROGRAM } from './lib/program.mjs';

const RUN = new URL('../../bench/run.mjs', import.meta.url).pathname;
const SAMPLE = readFileSync(new URL('lib/bench_sample.json', import.meta.url), 'utf8');
const sample = () => JSON.parse(SAMPLE);
const work = mkdtempSync(join(tmpdir(), 'stagepick-bench-test-'));
after(() => rmSync(work, { recursive: true, force: true }));

const plan = (...argv) => planOf(parseOptions(argv));
const keyOf = ({ system, connections, depth }) => `${system} ${connections}x${depth}`;

test('every round measures the same steps, and another one comes first', () => {
  const rounds = [1, 2, 3].map((round) => plan().filter((step) => step.round === round && step.group === 'orders').map(keyOf));
  assert.deepEqual([...rounds[1]].sort(), [...rounds[0]].sort());
  assert.deepEqual([...rounds[2]].sort(), [...rounds[0]].sort());
  const firstAt64 = rounds.map((keys) => keys.find((key) => key.endsWith(' 64x1')));
  assert.deepEqual(firstAt64, ['stagepick 64x1', 'floor-durable 64x1', 'floor-grouped 64x1']);
  assert.equal(new Set(rounds[0]).size, rounds[0].length, 'a step stands twice in a round');
  assert.ok(rounds[0].length > 25);
});

test('a round is whole before the next one begins', () => {
  const steps = plan();
  const last = steps.findLastIndex((step) => step.round === 1 && step.group === 'open-loop');
  const next = steps.findIndex((step) => step.round === 2);
  assert.ok(last < next, `round 2 begins at step ${next}, round 1 goes on to ${last}`);
  for (const group of ['orders', 'hot', 'map', 'map-304', 'open-loop', 'wrk', 'holds', 'queue', 'growth'])
    assert.deepEqual([...new Set(steps.filter((step) => step.group === group).map((step) => step.round))], [1, 2, 3]);
});

test('systems that are compared stand side by side at each point', () => {
  const steps = plan('--rounds', '1').filter((step) => step.group === 'orders');
  for (const connections of [64, 256, 1024]) {
    const at = steps.map((step, index) => ({ ...step, index })).filter((step) => step.connections === connections && step.depth === 1);
    assert.deepEqual(at.map((step) => step.system),
      ['stagepick', 'floor-durable', 'floor-grouped', 'floor-plain', 'stagepick-tmpfs', 'redis', 'postgresql']);
    assert.equal(at.at(-1).index - at[0].index, at.length - 1, 'something stands between them');
  }
  const deep = steps.filter((step) => step.depth === 32);
  assert.ok(deep.every((step) => step.system !== 'postgresql'));
  assert.deepEqual(deep.filter((step) => step.system === 'redis').map((step) => step.connections), [16, 64, 256, 1024]);
  const open = plan('--rounds', '2', '--only', 'open-loop').map((step) => step.system);
  assert.deepEqual(open, ['stagepick', 'bare-commits', 'floor-grouped', 'stagepick', 'bare-commits', 'floor-grouped']);
});

test('after its first round a peer is measured where it was best', () => {
  const [step] = plan('--only', 'orders,redis', '--points', '64x1', '--rounds', '1');
  const later = { ...step, round: 2 };
  const first = [{ ...step, perSecond: 100 }, { ...step, connections: 256, perSecond: 90 }, { ...step, depth: 32, perSecond: 900 }];
  assert.equal(isNeeded(step, []), true);
  assert.equal(isNeeded(later, first), true);
  assert.equal(isNeeded({ ...later, connections: 256 }, first), false);
  assert.equal(isNeeded({ ...later, connections: 256 }, [{ ...first[0], fault: '1 closed' }, first[1]]), true, 'a fault is no best');
  assert.equal(isNeeded({ ...later, system: 'floor-plain', connections: 256 }, first), true);
});

test('a rate that was not kept, or could not be measured, ends the higher rates', () => {
  const step = { group: 'latency', round: 1, system: 'stagepick', rate: 20000 };
  assert.equal(isNeeded(step, [{ group: 'latency', rate: 10000, latencyUs: { p50: 900 } }]), true);
  for (const bad of [{ failed: 'no' }, { fault: '1 closed' }, { behind: 'fell behind' }, { latencyUs: { p50: 60000 } }])
    assert.equal(isNeeded(step, [{ group: 'latency', rate: 10000, ...bad }, { group: 'latency', rate: 15000 }]), false, JSON.stringify(bad));
});

test('options choose parts, systems and points, and refuse what is none', () => {
  assert.deepEqual(plan('--only', 'orders,redis', '--points', '64x1,16x32', '--rounds', '1').map(nameOf),
    ['orders/redis 64x1, round 1', 'orders/redis 16x32, round 1']);
  assert.deepEqual([...new Set(plan('--only', 'stagepick').map((step) => step.group))].sort(), [...GROUPS].sort());
  assert.deepEqual([...new Set(plan('--only', 'orders').map((step) => step.system))].sort(),
    SYSTEMS.filter((system) => system !== 'bare-commits').sort());
  assert.ok(plan('--quick').length < plan('--rounds', '1').length);
  assert.equal(parseOptions(['--quick']).rounds, 1);
  assert.equal(parseOptions([]).out, 'bench/results');
  for (const argv of [['--quick'], ['--small'], ['--only', 'orders'], ['--points', '64x1']])
    assert.equal(parseOptions(argv).out, 'build/bench-results', 'what is kept is of whole runs');
  assert.equal(parseOptions(['--quick', '--out', 'there']).out, 'there');
  assert.equal(parseOptions(['--quick', '--rounds', '2']).rounds, 2);
  for (const argv of [['--only', 'nothing'], ['--points', '64'], ['--points', '0x1'], ['--rounds', '0'], ['--seconds', '1.5'], ['--what']])
    assert.throws(() => parseOptions(argv), UsageError, argv.join(' '));
});

test('medians, spreads and percentiles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([]), null);
  assert.deepEqual(spread([30, 10, 20]), { median: 20, min: 10, max: 30, count: 3 });
  assert.deepEqual(spread([5, undefined, NaN]), { median: 5, min: 5, max: 5, count: 1 });
  assert.equal(spread([]), null);
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share)), [1, 50, 99, 100]);
  assert.equal(percentile([], 0.5), 0);
});

test('a ratio is taken within rounds, not of medians', () => {
  const ours = new Map([[1, 90], [2, 45], [3, 80]]);
  const theirs = new Map([[1, 100], [2, 50], [3, 100], [4, 1]]);
  assert.deepEqual(ratio(ours, theirs), { median: 0.9, min: 0.8, max: 0.9, count: 3 });
  assert.equal(ratio(ours, new Map([[7, 1]])), null);
  assert.equal(ratio(new Map([[1, 5]]), new Map([[1, 0]])), null);
});

test('figures are printed with as many digits as are worth it', () => {
  assert.deepEqual([count(1234567), count(999), count(1000)], ['1,234,567', '999', '1,000']);
  assert.deepEqual([large(43217), large(999999), large(7.25), large(64)], ['43,200', '1,000,000', '7.3', '64']);
  assert.deepEqual([inMs(2130), inMs(45600), inMs(1234567)], ['2.13', '45.6', '1,235']);
});

test('targets are judged by the ratio within rounds; a miss is told', () => {
  const targets = targetsOf(new Figures(sample()));
  const one = (what, beside = '') => {
    const found = targets.filter((target) => target.what.startsWith(what) && (target.against ?? '').startsWith(beside));
    assert.ok(found.length >= 1, `no target ${what}`);
    return found[0];
  };
  const durable = one('orders, 64 connections', 'durable floor');
  assert.equal(durable.measured, '80,000/s (45,000–90,000)');
  assert.equal(durable.against, 'durable floor 100,000/s (50,000–100,000)');
  assert.equal(durable.ratio, '0.90 (0.80–0.90)');
  assert.equal(durable.met, true);
  const raised = one('orders, 64 connections', 'raised durable floor');
  assert.equal(raised.ratio, '0.75 (0.50–0.75)');
  assert.equal(raised.met, false);
  const redis = one('orders, best', 'Redis');
  assert.equal(redis.against, 'Redis, best (64) 20,000/s (15,000–30,000)');
  assert.equal(redis.ratio, '3.00 (3.00–4.00)');
  assert.equal(redis.met, true);
  const open = one('open loop');
  assert.equal(open.ratio, '8.00 (1 of 3 rounds)');
  assert.equal(open.met, false);
  assert.match(open.against, /^bare commits of 12, p99 of the commit call 0\.50 ms \(1 of 3 rounds\)$/);
  const durably = one('open loop', 'bare commits of 12, p99 until durable 1.00 ms');
  assert.deepEqual([durably.ratio, durably.met], ['4.00 (1 of 3 rounds)', false]);
  assert.deepEqual([one('engine alone').met, one('replay').met, one('idle').met], [true, false, false]);
  assert.deepEqual([one('memory per order').met, one('memory per user').measured], [true, '100.7 B']);
  const keyed = one('the same of a user with idempotency keys');
  assert.deepEqual([keyed.measured, keyed.met], ['228.7 B', false]);
  const [agreed, apart] = [one('load generator, orders'), one('load generator, livez')];
  assert.deepEqual([agreed.ratio, agreed.met], ['0.95 (1 of 3 rounds)', true]);
  assert.deepEqual([apart.ratio, apart.met], ['1.25 (1 of 3 rounds)', false]);
  assert.equal(one('log per order').measured, '60.0 B', 'the worst load is judged');
});

test('what was not measured is named, with the reason if there is one', () => {
  const targets = targetsOf(new Figures(sample()));
  const missing = targets.filter((target) => target.measured === null || target.ratio === null);
  for (const target of missing.filter((one) => one.measured === null))
    assert.equal(target.met, null, `${target.what} was judged without a figure`);
  const postgresql = targets.find((target) => target.reason?.startsWith('initdb'));
  assert.equal(postgresql.target, '≥ 8 ×');
  assert.equal(postgresql.met, null);
  const report = reportOf(sample());
  assert.match(report, /not judged: initdb ended with 1: no room \/ left/);
  assert.match(report, /\| orders, 256 connections \| not measured \|/);
  assert.match(report, /\* orders\/postgresql 64x1, round 1: initdb ended with 1: no room \/ left/);
  const empty = reportOf({ ...sample(), samples: [] });
  assert.equal(empty.match(/not measured/g).length, targets.length, 'every target stands in the report');
});

test('the report has tables, conditions and settings, and links what was drawn', () => {
  const report = reportOf(sample(), ['throughput.svg']);
  assert.match(report, /^# Figures\n\nTaken 2001-02-03 at commit 0123456789ab; medians of 3 interleaved rounds/);
  assert.match(report, /\*\*no\*\*/);
  assert.match(report, /\| 64 \| 80,000\/s \(45,000–90,000\) \| 100,000\/s/);
  assert.match(report, /\| 64 \| 1\.50 \/ 5\.00 \| 0\.95 \/ 2\.10 \|/, 'p50 and p99 of the same loads');
  assert.match(report, /\| 5,000\/s \| 5,000 \| 0\.70 \| 2\.00 \| 5\.00 \| 4 \|\n\| 10,000\/s \|/);
  assert.match(report, /\| orders \| 95,000\/s \(1 of 3 rounds\) \| 100,000\/s \(1 of 3 rounds\) \| 0\.95 /);
  assert.match(report, /!\[orders a second by connections\]\(throughput\.svg\)/);
  assert.match(report, /appendfsync always/);
  assert.match(report, /\* an exclusion/);
  for (const line of report.split('\n').filter((text) => text.startsWith('| orders, ') || text.startsWith('| orders from')))
    assert.equal(line.split('|').length, 8, `a cell too many or too few: ${line}`);
});

test('plots get medians with their spread, in order; nothing where nothing was measured', () => {
  const data = plotData(sample());
  assert.match(data.throughput, /^"Stage Pick"\n64\t80\.000\t45\.000\t90\.000\n/);
  assert.match(data.throughput, /"PostgreSQL"\n-\t-\t-\t-\n$/);
  assert.equal(data.latency, '5\t0.7\t2\t5\n10\t0.8\t2.5\t6\n');
  assert.equal(data.commit, '1\t0.1\t7.5\n16\t0.2\t2.8\n');
  assert.equal(data.batch, '64\t75.00\t70.00\t80.00\n');
  assert.equal(data.growth, null);
});

test('pgbench: the warm-up and what came after the end do not count', () => {
  const transactions = [];
  for (let ms = 0; ms < 4000; ms += 10)
    for (const client of [1, 2])
      transactions.push({ client, endUs: 5e6 + ms * 1000 + 1000 * client, tookUs: 1000 * client });
  const figures = summary(transactions, 2, 1);
  assert.equal(figures.requests, 400);
  assert.equal(figures.perSecond, 200);
  assert.deepEqual(figures.latencyUs, { p50: 1000, p90: 2000, p99: 2000, max: 2000 });
  /* A client that came late makes the measured time begin later. */
  transactions.push({ client: 3, endUs: 7.5e6, tookUs: 2e6 });
  assert.equal(summary(transactions, 2, 1), null, 'two seconds from there are not over');
  assert.equal(summary(transactions, 1, 1).requests, 201);
  assert.equal(summary([], 1, 0), null);
});

test('a load that was refused or went wrong is not passed over', () => {
  const figures = {
    requests: 10, seconds: 1, perSecond: 10, accepted: 10, refused: {}, errors: { closed: 0, timeout: 0 }, unanswered: 0, unsent: 0,
    latencyUs: { p50: 1 }, from: 5, next: 15,
  };
  assert.equal(sampleOf(figures, 'spread').fault, undefined);
  assert.equal(sampleOf(figures, 'spread').orders, 10);
  const sold = { ...figures, perSecond: 13, refused: { seat_taken: 3 } };
  assert.equal(sampleOf(sold, 'spread').fault, '3 seat_taken');
  assert.equal(sampleOf(sold, 'spread').perSecond, 10, 'a refusal is no order');
  assert.equal(sampleOf(sold, 'hot').fault, undefined);
  assert.deepEqual([sampleOf(sold, 'hot').refused, sampleOf(sold, 'hot').perSecond], [3, 3]);
  assert.equal(sampleOf({ ...figures, errors: { closed: 2 }, unanswered: 1 }, 'hot').fault, '2 closed, 1 unanswered');
  const early = { ...figures, warmupRefused: { seat_taken: 4, user_unknown: 1 } };
  assert.equal(sampleOf(early, 'spread').fault, '4 seat_taken in the warm-up, 1 user_unknown in the warm-up');
  assert.equal(sampleOf(early, 'hot').fault, '1 user_unknown in the warm-up');
  assert.equal(sampleOf({ ...figures, statuses: { 304: 10 } }, 'map-304').fault, undefined);
  assert.equal(sampleOf({ ...figures, statuses: { 200: 2, 304: 8 } }, 'map-304').fault, '2 answers were no 304');
});

test('a rate that was not kept is a fault, but where the rate is looked for', () => {
  const figures = {
    requests: 40, seconds: 2, perSecond: 15, accepted: 40, refused: {}, errors: {}, unanswered: 0, unsent: 0, asked: 20,
    latencyUs: { p50: 1 }, from: 0, next: 40,
  };
  const { perSecond, fault } = sampleOf(figures, 'spread');
  assert.deepEqual([perSecond, fault], [15, 'fell behind: 15 of 20/s']);
  assert.equal(sampleOf({ ...figures, perSecond: 19.9 }, 'spread').fault, undefined);
  const sought = sampleOf({ ...figures, unsent: 7 }, 'spread', { mayFallBehind: true });
  assert.deepEqual([sought.fault, sought.behind], [undefined, 'fell behind: 15 of 20/s']);
});

test('a sample with a fault is in no figure, and the fault is told instead', () => {
  const results = sample();
  const faulty = results.samples.find((one) => one.system === 'stagepick' && one.round === 3);
  faulty.fault = '5 seat_taken';
  const figures = new Figures(results);
  const query = { group: 'orders', system: 'stagepick', connections: 64 };
  assert.deepEqual([figures.value(query).count, figures.value(query).median], [2, 67500]);
  assert.equal(figures.failure(query), '5 seat_taken');
  const report = reportOf(results);
  assert.match(report, /\| 64 \| 67,500\/s \(45,000–90,000; 2 of 3 rounds\) \|/);
  assert.match(report, /\* orders\/stagepick 64x1, round 3: 5 seat_taken/);
});

test('what wrk counted is read; its errors are faults', () => {
  const text = (status) => `Running 2s test\n{"requests":300,"durationUs":2000000,"errors":{"connect":0,"read":0,"write":0,"status":${status},"timeout":0}}\n`;
  assert.deepEqual(parseWrk(text(0)), { perSecond: 150, requests: 300, seconds: 2 });
  assert.equal(parseWrk(text(3)).fault, '3 status');
  assert.throws(() => parseWrk('unable to connect\n'), /no counts/);
});

test('watchers are as many as the machine allows, and fewer are not judged', () => {
  assert.equal(filesLimit('Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 20000                files\n'), 20000);
  assert.equal(filesLimit('Max open files            1024                 unlimited            files\n'), Infinity);
  assert.equal(watchersOf({ variant: 'idle' }, { quick: false }, Infinity), 20000);
  assert.equal(watchersOf({ variant: 'idle' }, { quick: false }, 15000), 14800);
  assert.equal(watchersOf({ variant: 'alone' }, { quick: false }, 15000), 0);
  const results = sample();
  const watch = (variant, round, perSecond, watchers, more = {}) => ({
    group: 'watch', system: 'stagepick', variant, round, connections: 64, depth: 1, perSecond,
    watch: { watchers, events: 9, lagUs: { p50: 1000, p99: 2500000 }, ...more },
  });
  results.samples.push(watch('alone', 1, 100, 0), watch('watched', 1, 85, 5000), watch('lag', 1, 2000, 5000),
    watch('idle', 1, 1, 14000, { bytesPerWatcher: 1500 }));
  const targets = targetsOf(new Figures(results));
  const one = (words) => targets.find(({ what }) => what.includes(words));
  assert.deepEqual([one('beside 5,000 watchers').ratio, one('beside 5,000 watchers').met], ['0.85 (1 of 3 rounds)', false]);
  assert.deepEqual([one('lag of 5,000').measured, one('lag of 5,000').met], ['2,500 ms (1 of 3 rounds)', false]);
  const idle = one('memory per idle watcher');
  assert.deepEqual([idle.measured, idle.met, idle.reason], ['1,500 B', null, '14,000 watchers, not 20,000']);
  assert.match(reportOf(results), /\| nobody watches \| 0 \| 100\/s/);
});

test('the outcome of a queue and the end of a drop are told beside their rates', () => {
  const figures = {
    requests: 10, seconds: 2, perSecond: 10, accepted: 8, refused: { queue_full: 2 }, errors: {}, unanswered: 0, unsent: 0,
    latencyUs: { p50: 1000, p99: 2000 }, from: 0, next: 10, check: { sold: 8 }, soldSeconds: 4, outcomes: { latencyUs: { p50: 3000, p99: 4000 } },
  };
  const queue = sampleOf(figures, 'queue');
  assert.deepEqual([queue.fault, queue.perSecond, queue.completedPerSecond], [undefined, 4, 2]);
  assert.equal(sampleOf({ ...figures, refused: { seat_taken: 2 } }, 'queue').fault, '2 seat_taken');
  const results = sample();
  const step = { accepted: 5, refused: { no_adjacent_seats: 3 }, latencyUs: { p50: 1000, p99: 2000 } };
  results.samples.push({ group: 'queue', system: 'stagepick', round: 1, ...queue }, {
    group: 'drop', system: 'stagepick', round: 1, people: 4000, seats: 6000, seatsSold: 5000, lastSaleSeconds: 3.25, peakSeats: 4000,
    perSecond: 1538, ended: { bought: 3, gaveBack: 1, walkedAway: 1, gaveUp: 1 }, steps: { hold: step }, watch: { watchers: 9, lagUs: { p99: 90000 } },
  });
  const report = reportOf(results);
  assert.match(report, /\| orders accepted by the queue \| 4\.0\/s \(1 of 3 rounds\) \|  \| 1\.00 \/ 2\.00 \| 660–716\/s \|/);
  assert.match(report, /\| and completed, by the log's own times \| 2\.0\/s/);
  assert.match(report, /A drop of 6,000 seats to 4,000 users beside 9 watchers: 5,000 seats sold in 3\.3 s/);
  assert.match(report, /\| hold \| 5 \| 3 no_adjacent_seats \| 1\.00 \/ 2\.00 \|/);
});

test('what concerts cost is told beside the inspiration', () => {
  const results = sample();
  assert.doesNotMatch(reportOf(results), /^## Concerts$/m);
  results.samples.push({ group: 'catalogue', system: 'stagepick', round: 1, times: 20, bytesPerConcert: 786.4,
    halls: [{ seats: 20000, us: { p50: 690, max: 1600 } }, { seats: 200000, us: { p50: 990, max: 7753 } }] });
  const report = reportOf(results);
  assert.match(report, /\| 20,000 \| 0\.69 \/ 1\.60 \| 27 s \|\n\| 200,000 \| 0\.99 \/ 7\.75 \|  \|/);
  assert.match(report, /A concert of 50 seats costs 786 bytes of memory/);
});

test('growth changes one thing at a time', () => {
  const differs = (variant) => Object.entries(growthStock(variant, false)).filter(([name, value]) => growthStock('base', false)[name] !== value)
    .map(([name]) => name);
  assert.deepEqual(differs('users'), ['users']);
  assert.deepEqual(differs('events'), ['churn']);
  assert.deepEqual(differs('concerts'), ['concerts', 'seats'], 'one concert can have a fiftieth of all seats at most');
  assert.equal(2 * growthStock('events', false).churn, 20000000);
  assert.equal(growthStock('users', false).users + 1, 1000000);
});

test('rows of a micro-benchmark are read', () => {
  assert.deepEqual(parseBench('{"bench":"x","row":"a","ns":1}\n{"bench":"x","hash":"ff"}\n{"bench":"x","conditions":{"a":1}}\n'),
    { rows: [{ row: 'a', ns: 1 }], hash: 'ff' });
  assert.throws(() => parseBench('{"bench":"x","hash":"ff"}\n'), /no row/);
});

test('the processors that may be used are found one by one', () => {
  assert.deepEqual(cpusAllowed('Name:\tx\nCpus_allowed_list:\t0-2,5,8-9\n'), ['0', '1', '2', '5', '8', '9']);
  assert.deepEqual(cpusAllowed('Cpus_allowed_list:\t3\n'), ['3']);
});

test('runs of a micro-benchmark give medians, and have to compute the same', () => {
  const run = (ns, hash = 'ff') => ({ hash, rows: [{ row: 'a', ns, digest: 'd' }, { row: 'b', ns: 1 }] });
  assert.deepEqual(medianOf([run(9), run(2), run(3)]), run(3));
  assert.throws(() => medianOf([run(9), run(2, '00')]), /computed ff and 00/);
});

test('the program\'s micro-benchmarks have the rows that targets are judged by', () => {
  const rows = (name) => {
    const { status, stdout, stderr } = spawnSync(PROGRAM, ['bench', name, '--tiny', '--json'], { encoding: 'utf8', cwd: work });
    assert.equal(status, 0, stderr);
    return Object.fromEntries(parseBench(stdout).rows.map((row) => [row.row, row]));
  };
  const engine = rows('engine');
  assert.ok(engine['prefetched by 64'].orders_per_s > 0);
  for (const name of ['bytes_per_order', 'bytes_per_seat', 'bytes_per_user', 'caps_bytes_per_user'])
    assert.ok(engine.memory[name] > 0, name);
  const log = rows('log');
  assert.ok(log['replay: chain, decode, admit, apply'].events_per_s > 0);
  assert.ok(log['batches of 64'].commit_ms_p99 >= log['batches of 64'].commit_ms_p50);
});

function bench(args, env = {}) {
  return spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 300000 });
}

test('a short run of server and floors gives a valid result and a report', () => {
  const out = join(work, 'out');
  const done = bench(['--quick', '--warmup', '0', '--only', 'orders,stagepick,floor-plain,floor-durable,floor-grouped',
    '--points', '64x1', '--dir', join(work, 'data'), '--out', out]);
  assert.equal(done.status, 0, done.stderr + done.stdout);
  const text = readFileSync(join(out, 'latest.json'), 'utf8');
  const results = JSON.parse(text);
  assert.equal(results.format, 1);
  assert.deepEqual(results.samples.map((one) => one.system), ['stagepick', 'floor-durable', 'floor-grouped', 'floor-plain']);
  for (const one of results.samples) {
    assert.ok(one.accepted > 0 && (one.system === 'stagepick' || one.answerBytes > 400) && one.perSecond > 0 && one.latencyUs.p50 > 0, JSON.stringify(one));
    assert.equal(one.fault ?? one.failed, undefined);
  }
  const [ours] = results.samples;
  assert.equal(ours.check.ok, true);
  assert.equal(ours.check.sold, ours.orders, 'every order of the load is in the log');
  assert.ok(ours.batchEvents >= 1 && ours.logBytesPerEvent > 20, JSON.stringify(ours));
  for (const secret of [work, process.cwd(), hostname()])
    assert.ok(!text.includes(secret), `the result tells ${secret}`);
  assert.equal(readFileSync(join(out, 'latest.md'), 'utf8'), done.stdout);
  assert.match(done.stdout, /A quick run, to see that everything works/);
  assert.deepEqual(readdirSync(join(work, 'data')), [], 'data was left behind');
  const again = bench(['--report-only', '--out', out]);
  assert.equal(again.status, 0, again.stderr);
  assert.equal(again.stdout, done.stdout);
});

test('a peer that is not installed is named, and the run goes on', () => {
  const bin = join(work, 'bin');
  mkdirSync(bin);
  for (const tool of ['sync', 'sh'])
    symlinkSync(join('/bin', tool), join(bin, tool));
  const out = join(work, 'without');
  const done = bench(['--quick', '--warmup', '0', '--only', 'orders,redis,floor-plain', '--points', '64x1',
    '--dir', join(work, 'data'), '--out', out], { PATH: bin });
  assert.equal(done.status, 1, done.stderr);
  const { samples, conditions } = JSON.parse(readFileSync(join(out, 'latest.json'), 'utf8'));
  const redis = samples.find((one) => one.system === 'redis');
  assert.match(redis.failed, /ENOENT/);
  assert.equal(conditions.peers.redis, 'not installed');
  assert.ok(samples.find((one) => one.system === 'floor-plain').perSecond > 0);
  assert.match(done.stdout, /## What went wrong\n\n\* orders\/redis 64x1, round 1: .*ENOENT/);
});

test('the command line', () => {
  assert.equal(bench(['--help']).status, 0);
  const wrong = bench(['--only', 'nothing']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--only knows no nothing\nusage: /);
  const none = bench(['--report-only', '--out', join(work, 'none')]);
  assert.deepEqual([none.status, /^bench: there is no .*latest\.json to report from\n$/.test(none.stderr)], [2, true], none.stderr);
  const missing = bench(['--quick', '--program', join(work, 'nothing'), '--out', join(work, 'none')]);
  assert.deepEqual([missing.status, /^bench: .* is no program: .*\n$/.test(missing.stderr)], [2, true], missing.stderr);
  const kept = join(work, 'kept');
  mkdirSync(kept);
  writeFileSync(join(kept, 'latest.json'), SAMPLE);
  const report = bench(['--report-only', '--out', kept]);
  assert.equal(report.status, 1, 'a failed sample is a failed run');
  assert.match(report.stdout, /Taken 2001-02-03/);
});
