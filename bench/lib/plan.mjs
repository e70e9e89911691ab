/* SPDX-License-Identifier: MIT
 *
 * What is measured, in which order. Systems that are compared stand next to each
 * other (A B C, A B C, …), since the machine drifts by more in an hour than
 * between two neighbours; ratios are taken within a round. Who comes first in a
 * group is another one each round, so that nobody always runs after the same
 * neighbour. A step is one load on one fresh server; steps never overlap.
 */

/** Parts of the plan, in the order in which they run. */
export const GROUPS = ['orders', 'hot', 'map-304', 'map', 'open-loop', 'latency', 'wrk', 'holds', 'queue', 'watch', 'drop',
  'growth', 'catalogue', 'idle', 'micro'];

export const SYSTEMS = ['stagepick', 'stagepick-tmpfs', 'floor-plain', 'floor-durable', 'floor-grouped', 'redis',
  'postgresql', 'bare-commits'];

const DEPTH = 32;
const FLAT = [16, 64, 256, 1024].map((connections) => ({ connections, depth: 1 }));
const DEEP = [16, 64, 256, 1024].map((connections) => ({ connections, depth: DEPTH }));
const DEEP_AT_64 = { connections: 64, depth: DEPTH };
const WIDE = FLAT.slice(1);

/* Peers are tried everywhere, since their best counts; PostgreSQL's protocol
 * has no pipelining that pgbench could use for one order after another. */
const ORDER_POINTS = {
  stagepick: [...FLAT, DEEP_AT_64],
  'floor-durable': [...WIDE, DEEP_AT_64],
  'floor-grouped': [...WIDE, DEEP_AT_64],
  'floor-plain': WIDE,
  'stagepick-tmpfs': WIDE,
  redis: [...FLAT, ...DEEP],
  postgresql: FLAT,
};

/** Sold-out refusals and map reads: enough connections to keep the loop busy. */
const READ_POINT = { connections: 64, depth: 1 };
/** Open loop: more connections than can be under way, so that none is waited for. */
const OPEN_POINT = { connections: 256, depth: 1 };
export const OPEN_RATE = 20000;
const LATENCY_RATES = [5, 10, 20, 30, 40, 50, 60, 80].map((thousands) => thousands * 1000);

/* Holds that are bought, seat by seat and as the best neighbours of large halls. */
export const HOLD_WORKLOADS = ['hold-then-order', 'best-available'];
const BESIDE_POINT = { connections: 64, depth: 1 };
/** Orders of one concert while so many per second are made and watched. */
export const LAG_RATE = 2000;
/* Orders beside watchers and without: the first is compared with the second. */
const WATCHED = ['watched', 'alone'];

/* Both generators on the same server at the same point, one after the other. */
const WRK_POINT = { connections: 64, depth: 1 };
export const WRK_LOADS = ['orders', 'livez'];

/* Who waits so long at a fixed rate stands in a line that grows. */
const SATURATED_P50_US = 50000;

const GROWTH_POINTS = [{ connections: 64, depth: 1 }, { connections: 256, depth: 1 }];
/** The first is what the others are compared with: each differs in one thing. */
export const GROWTH_VARIANTS = ['base', 'concerts', 'users', 'events'];

/* A quick run leaves out where a peer is never best, and most rates. */
const QUICK_POINTS = [...FLAT.slice(1), DEEP_AT_64];
const QUICK_RATES = [10000, 20000, 40000];

/** options: groups, systems, points (null: all), rounds, quick. */
export function planOf(options) {
  const wanted = (group) => options.groups.includes(group);
  const points = options.points ?? (options.quick ? QUICK_POINTS : null);
  const allowed = (step) => options.systems.includes(step.system) &&
    (!options.quick || step.group !== 'latency' || QUICK_RATES.includes(step.rate)) &&
    (!points || step.connections === undefined || points.some((p) => p.connections === step.connections && p.depth === step.depth));
  const steps = [];
  for (let round = 1; round <= options.rounds; round++)
    for (const group of GROUPS.filter((name) => wanted(name) && EVERY_ROUND[name]))
      steps.push(...EVERY_ROUND[group](round).map((step) => ({ group, round, ...step })).filter(allowed));
  if (wanted('latency'))
    steps.push(...LATENCY_RATES.map((rate) => ({ group: 'latency', round: 1, system: 'stagepick', ...OPEN_POINT, rate })).filter(allowed));
  for (const [group, made] of Object.entries({ wrk, holds, queue, watch, drop, growth }))
    for (let round = 1; wanted(group) && round <= options.rounds; round++)
      steps.push(...made(round).map((step) => ({ group, round, ...step })).filter(allowed));
  for (const group of ['catalogue', 'idle', 'micro'])
    if (wanted(group) && options.systems.includes('stagepick'))
      steps.push({ group, round: 1, system: 'stagepick' });
  return steps;
}

const EVERY_ROUND = {
  orders,
  hot: (round) => rotated(beside('stagepick', 'floor-plain', READ_POINT), round),
  'map-304': (round) => rotated(beside('stagepick', 'floor-plain', READ_POINT), round),
  map: (round) => rotated(beside('stagepick', 'floor-plain', READ_POINT), round),
  /* The bare commits take their batch size from the load just before. The floor
   * shows what of the tail is the machine's and the generator's. */
  'open-loop': () => [...beside('stagepick', 'bare-commits', { ...OPEN_POINT, rate: OPEN_RATE }),
    { system: 'floor-grouped', ...OPEN_POINT, rate: OPEN_RATE }],
};

function beside(first, second, point) {
  return [first, second].map((system) => ({ system, ...point }));
}

function orders(round) {
  return [...FLAT, ...DEEP].flatMap((point) => rotated(Object.keys(ORDER_POINTS)
    .filter((system) => ORDER_POINTS[system].some((p) => same(p, point)))
    .map((system) => ({ system, ...point })), round));
}

function wrk(round) {
  return WRK_LOADS.flatMap((load) => rotated(['load', 'wrk']
    .map((tool) => ({ system: 'stagepick', ...WRK_POINT, load, tool })), round));
}

function holds(round) {
  return rotated(HOLD_WORKLOADS.map((variant) => ({ system: 'stagepick', variant, ...BESIDE_POINT })), round);
}

function queue() {
  return [{ system: 'stagepick', ...BESIDE_POINT }];
}

/* Lag and memory are measured once, as other things with a fixed rate are. */
function watch(round) {
  const steps = rotated(WATCHED.map((variant) => ({ system: 'stagepick', variant, ...BESIDE_POINT })), round);
  return round > 1 ? steps : [...steps, { system: 'stagepick', variant: 'lag', ...BESIDE_POINT, rate: LAG_RATE },
    { system: 'stagepick', variant: 'idle', ...BESIDE_POINT, rate: 1 }];
}

function drop(round) {
  return round > 1 ? [] : [{ system: 'stagepick' }];
}

function growth(round) {
  return GROWTH_POINTS.flatMap((point) => rotated(GROWTH_VARIANTS.map((variant) => ({ system: 'stagepick', variant, ...point })), round));
}

/* Each round begins one further. */
function rotated(steps, round) {
  const first = (round - 1) % steps.length;
  return [...steps.slice(first), ...steps.slice(0, first)];
}

/** Whether a step tells anything after what was measured before it. */
export function isNeeded(step, samples) {
  if (step.group === 'latency')
    return !samples.some((sample) => sample.group === 'latency' && isSaturated(sample));
  if (step.group === 'orders' && PEERS.includes(step.system) && step.round > 1)
    return isBestPoint(step, samples);
  return true;
}

const PEERS = ['redis', 'postgresql'];

/* A higher rate would only lengthen the line of those who wait. */
function isSaturated({ failed, fault, behind, latencyUs }) {
  return Boolean(failed || fault || behind || latencyUs?.p50 > SATURATED_P50_US);
}

/* A peer's best is what is compared: after a first round at every point it is
 * measured where it was best. */
function isBestPoint(step, samples) {
  const first = samples.filter(({ group, system, depth, round, failed, fault }) => !failed && !fault && group === 'orders' &&
    system === step.system && depth === step.depth && round === 1);
  const best = first.reduce((most, sample) => (most && most.perSecond >= sample.perSecond ? most : sample), null);
  return best === null || same(best, step);
}

function same(a, b) {
  return a.connections === b.connections && a.depth === b.depth;
}

/** A step's name for people: `orders/stagepick 64x1, round 2`. */
export function nameOf(step) {
  const point = step.connections ? ` ${step.connections}x${step.depth}` : '';
  const rate = step.rate ? ` at ${step.rate}/s` : '';
  return `${step.group}/${step.system}${step.variant ? `/${step.variant}` : ''}${step.tool ? `/${step.load} by ${step.tool}` : ''}${point}${rate}, round ${step.round}`;
}
