/* SPDX-License-Identifier: MIT
 *
 * What is aimed at, each judged by what was measured: {what, measured, against,
 * ratio, target, met}. met is null where a figure is missing, and the row says
 * so: a target is never left out because it was missed or not looked at.
 */
import { count, milli, perSecond, rounded } from './words.mjs';
import { LAG_RATE, OPEN_RATE, WRK_LOADS } from './plan.mjs';

const DEPTH = 32;
const GROWTH_TOLERANCE = 0.1;
const AGREEMENT_TOLERANCE = 0.1;
const KERNEL_SHARE_LEAST = 0.75;
const MAP_SHARE_LEAST = 0.65;
/* As the throughput's 85 %. */
const FLOOR_P99_TIMES = 1.2;
/* The prints of a user's last keys (engine/idempotency.h): held from his first
 * key on, and in no workload that is measured. */
const PRINTS_BYTES = 128;

export function targetsOf(figures) {
  return [
    ...throughput(figures), ...peers(figures), ...reads(figures), ...openLoop(figures), ...engine(figures), ...cost(figures),
    ...watched(figures), ...growth(figures), idle(figures), ...agreement(figures),
  ];
}

/** A share of another system in the same rounds. least: what the ratio's median
 * has to reach. */
function share(figures, what, a, b, against, least, read, show = perSecond) {
  const ratio = figures.ratio(a, b, read);
  const measured = figures.value(a, read);
  const other = figures.value(b, read);
  return {
    what, measured: measured && show(measured), against: other && `${against} ${show(other)}`, ratio: ratio && rounded(ratio),
    target: `≥ ${least >= 1 ? `${least} ×` : `${Math.round(100 * least)} %`}`,
    met: ratio ? ratio.median >= least : null, reason: missing(figures, a, b),
  };
}

function missing(figures, ...queries) {
  return queries.map((query) => figures.failure(query)).find((reason) => reason !== null) ?? null;
}

function throughput(figures) {
  const at = (system, connections, depth = 1) => ({ group: 'orders', system, connections, depth });
  const rows = [];
  for (const [floor, name] of [['floor-durable', 'durable floor'], ['floor-grouped', 'raised durable floor']]) {
    for (const connections of [64, 256, 1024])
      rows.push(share(figures, `orders, ${count(connections)} connections`, at('stagepick', connections),
        at(floor, connections), name, 0.85));
    rows.push(share(figures, 'orders, 64 connections, 32 deep', at('stagepick', 64, DEPTH), at(floor, 64, DEPTH), name, 0.6));
  }
  for (const connections of [64, 256, 1024])
    rows.push(share(figures, `orders, data on tmpfs, ${count(connections)} connections`, at('stagepick-tmpfs', connections),
      at('floor-plain', connections), 'plain floor', 0.7));
  return rows;
}

function peers(figures) {
  const best = (system, depth) => figures.best({ group: 'orders', system, depth })?.query ??
    { group: 'orders', system, depth };
  const deep = { group: 'orders', system: 'stagepick', connections: 64, depth: DEPTH };
  const named = (name, query) => `${name}${query.connections ? ` (${count(query.connections)})` : ''}`;
  const ours = best('stagepick', 1);
  const redis = best('redis', 1);
  const postgresql = best('postgresql', 1);
  const redisDeep = best('redis', DEPTH);
  return [
    share(figures, named('orders, best', ours), ours, redis, named('Redis, best', redis), 2.5),
    share(figures, named('orders, best', ours), ours, postgresql, named('PostgreSQL, best', postgresql), 8),
    share(figures, 'orders, 64 connections, 32 deep', deep, redisDeep, named('Redis 32 deep, best', redisDeep), 6),
  ];
}

function reads(figures) {
  const pair = (group) => [{ group, system: 'stagepick' }, { group, system: 'floor-plain' }];
  return [
    share(figures, 'sold-out refusals, 64 connections', ...pair('hot'), 'plain floor', 0.7),
    share(figures, 'seat map 304, 64 connections', ...pair('map-304'), 'plain floor', 0.85),
    wholeMap(figures, ...pair('map')),
  ];
}

/* Limited by the socket: little of the server's time goes anywhere else. Page
 * faults are the kernel's time too, so the floor is looked at as well; it sends
 * the same bytes again and again, out of the first cache. */
function wholeMap(figures, server, floor) {
  const kernel = figures.value(server, 'kernelShare');
  const percent = (value) => `${Math.round(100 * value)} %`;
  const name = `whole map of 20,000 seats, 64 connections${kernel ? `: ${percent(kernel.median)} of the time in the kernel` : ''}`;
  const row = share(figures, name, server, floor, 'plain floor, as many bytes', MAP_SHARE_LEAST);
  return {
    ...row,
    target: `limited by the socket; thresholds of our own: ≥ ${percent(KERNEL_SHARE_LEAST)} in the kernel, ≥ ${percent(MAP_SHARE_LEAST)} of the floor`,
    met: kernel && row.met !== null ? row.met && kernel.median >= KERNEL_SHARE_LEAST : null,
  };
}

/* Beside the call that makes a batch durable, and beside the time from an
 * order's own instant until then, which includes waiting for the batch before. */
function openLoop(figures) {
  const server = { group: 'open-loop', system: 'stagepick' };
  const bare = { group: 'open-loop', system: 'bare-commits' };
  const p99 = (sample) => sample.latencyUs.p99;
  const batch = figures.value(bare, 'batchEvents');
  const row = (name, read) => {
    const ratio = figures.ratio(server, bare, p99, read);
    const measured = figures.value(server, p99);
    const other = figures.value(bare, read);
    return {
      what: `open loop at ${count(OPEN_RATE)} orders/s, p99`, measured: measured && milli(measured),
      against: other && `bare commits of ${Math.round(batch.median)}, p99 ${name} ${milli(other)}`,
      ratio: ratio && rounded(ratio), target: `≤ 3 × p99 ${name}`, met: ratio ? ratio.median <= 3 : null, reason: missing(figures, server, bare),
    };
  };
  const floor = { group: 'open-loop', system: 'floor-grouped' };
  const besideFloor = figures.ratio(server, floor, p99);
  const [measured, other] = [figures.value(server, p99), figures.value(floor, p99)];
  return [row('of the commit call', (sample) => sample.commitUs.p99), row('until durable', p99), {
    what: `open loop at ${count(OPEN_RATE)} orders/s, p99`, measured: measured && milli(measured),
    against: other && `raised durable floor under the same load ${milli(other)}`, ratio: besideFloor && rounded(besideFloor),
    target: `a threshold of our own: ≤ ${FLOOR_P99_TIMES} ×`, met: besideFloor ? besideFloor.median <= FLOOR_P99_TIMES : null,
    reason: missing(figures, server, floor),
  }];
}

/* The generators: neither may be what is measured. */
function agreement(figures) {
  return WRK_LOADS.map((load) => {
    const by = (tool) => ({ group: 'wrk', load, tool });
    const row = share(figures, `load generator, ${load}, 64 connections`, by('load'), by('wrk'), 'wrk', 1 - AGREEMENT_TOLERANCE);
    const ratio = figures.ratio(by('load'), by('wrk'));
    const reason = row.reason ?? (figures.results.conditions.wrk === 'not installed' ? 'wrk is not installed' : null);
    return { ...row, target: 'within a tenth', met: ratio ? Math.abs(ratio.median - 1) <= AGREEMENT_TOLERANCE : null, reason };
  });
}

/** A figure that has to be at least or at most a limit. */
function limit(figures, what, value, show, { least, most }, unit) {
  return {
    what, measured: value === null ? null : show(value), against: null, ratio: null,
    target: least !== undefined ? `≥ ${count(least)}${unit}` : `≤ ${count(most)}${unit}`,
    met: value === null ? null : least !== undefined ? value >= least : value <= most,
    reason: figures.failure({ group: 'micro' }),
  };
}

function microFigure(figures, bench, row, name) {
  const tiny = figures.matching({ group: 'micro' })[0]?.tiny;
  return tiny ? null : figures.micro(bench, row)?.[name] ?? null;
}

function engine(figures) {
  const orders = microFigure(figures, 'engine', 'prefetched by 64', 'orders_per_s');
  const replay = microFigure(figures, 'log', 'replay: chain, decode, admit, apply', 'events_per_s');
  const show = (value) => `${count(Math.round(value))}/s`;
  return [
    limit(figures, 'engine alone, 1 million users, 1,000 concerts', orders, show, { least: 10000000 }, '/s'),
    limit(figures, 'replay with chain, decode, admit, apply, page cache warm', replay, show, { least: 4000000 }, '/s'),
  ];
}

function cost(figures) {
  /* The worst of all loads whose batches were large enough to be judged. */
  const judged = figures.samples.filter((sample) => !sample.failed && !sample.fault && sample.group === 'orders' && sample.batchEvents >= 64);
  const bytes = judged.length > 0 ? Math.max(...judged.map((sample) => sample.logBytesPerEvent)) : null;
  const show = (value) => `${value.toFixed(1)} B`;
  const memory = (...names) => {
    const found = names.map((name) => microFigure(figures, 'engine', 'memory', name));
    return found.includes(null) ? null : found.reduce((sum, value) => sum + value);
  };
  const perUser = memory('bytes_per_user', 'caps_bytes_per_user');
  return [
    { ...limit(figures, 'log per order, batches ≥ 64', bytes, show, { most: 100 }, ' B'), reason: null },
    limit(figures, 'memory per order', memory('bytes_per_order'), show, { most: 64 }, ' B'),
    limit(figures, 'memory per seat', memory('bytes_per_seat'), show, { most: 24 }, ' B'),
    limit(figures, 'memory per user and his counts of seats', perUser, show, { most: 200 }, ' B'),
    limit(figures, `the same of a user with idempotency keys (${PRINTS_BYTES} B of prints, by their layout)`,
      perUser === null ? null : perUser + PRINTS_BYTES, show, { most: 200 }, ' B'),
  ];
}

const GROWTH_NAMES = {
  concerts: 'from 1 to 1,000 concerts',
  users: 'from 1 thousand to 1 million users',
  events: 'from an empty log to 20 million events',
};

/* The base is the small one, but for concerts, where it is the large one. */
function growth(figures) {
  return Object.entries(GROWTH_NAMES).flatMap(([variant, what]) => [64, 256].map((connections) => {
    const at = (name) => ({ group: 'growth', system: 'stagepick', variant: name, connections });
    const [large, small] = variant === 'concerts' ? ['base', variant] : [variant, 'base'];
    const row = share(figures, `orders ${what}, ${connections} connections`, at(large), at(small), 'before', 1 - GROWTH_TOLERANCE);
    const isSmall = figures.results.options.small && variant !== 'concerts';
    return { ...row, target: 'within a tenth', ...(isSmall && row.measured ? { met: null, reason: 'a smaller run than the target\'s' } : {}) };
  }));
}

const WATCHER_BYTES_MOST = 2048;
const LAG_P99_MOST_US = 2000000;
/* What a watcher costs is the same for a few less. */
const MEANT_SHARE = 0.9;
const WATCHERS_MEANT = { watched: 5000, lag: 5000, idle: 20000 };

/* A smaller run, or one on a machine that allows fewer streams, is told and not judged. */
function watched(figures) {
  const at = (variant) => ({ group: 'watch', system: 'stagepick', variant });
  const watchersAt = (variant) => figures.matching(at(variant))[0]?.watch.watchers ?? null;
  const judged = (variant, row) => {
    const had = watchersAt(variant);
    const meant = WATCHERS_MEANT[variant];
    return had === null || had >= MEANT_SHARE * meant ? row : { ...row, met: null, reason: `${count(had)} watchers, not ${count(meant)}` };
  };
  const one = (variant, what, value, show, most, target) => judged(variant, {
    what, measured: value && show(value), against: null, ratio: null, target,
    met: value ? value.median <= most : null, reason: figures.failure(at(variant)),
  });
  const lag = figures.value(at('lag'), (sample) => sample.watch.lagUs.p99);
  const bytes = figures.value(at('idle'), (sample) => sample.watch.bytesPerWatcher);
  return [
    one('idle', `memory per idle watcher of a seat map, ${count(watchersAt('idle') ?? WATCHERS_MEANT.idle)} of them`, bytes,
      (value) => `${count(value.median)} B`, WATCHER_BYTES_MOST, `≤ ${count(WATCHER_BYTES_MOST)} B`),
    one('lag', `lag of ${count(watchersAt('lag') ?? WATCHERS_MEANT.lag)} watchers at ${count(LAG_RATE)} orders/s, p99`, lag, milli, LAG_P99_MOST_US,
      '≤ 2 s'),
    judged('watched', { ...share(figures, `orders of one concert beside ${count(watchersAt('watched') ?? WATCHERS_MEANT.watched)} watchers`, at('watched'),
      at('alone'), 'without', 1 - GROWTH_TOLERANCE), target: 'slowed by a tenth at most' }),
  ];
}

function idle(figures) {
  const value = figures.value({ group: 'idle' });
  const row = limit(figures, 'idle: wake-ups', value && value.median, (v) => `${v.toFixed(1)}/s`, { most: 10 }, '/s');
  return { ...row, reason: figures.failure({ group: 'idle' }) };
}

