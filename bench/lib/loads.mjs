/* SPDX-License-Identifier: MIT
 *
 * A load of a step: what it asks of which stock, and what is kept of its result.
 */
import { anonymousBytes, load, residentBytes, ticksOf } from './stagepick.mjs';
import { STOCK, numbered } from './stock.mjs';

/* A sold-out drop: everyone wants 1,000 seats of one large hall. */
const HOT_STOCK = { users: 1000, concerts: 1, seats: 50000, orders: 0, churn: 0 };
/* As many tries as sell all of them, but with a chance of e^-13. */
const HOT_SELL_OUT = 20000;
/* Halls of 20,000 seats, half of them sold. */
const MAP_STOCK = { users: 1000, concerts: 50, seats: 20000, orders: 500000, churn: 0 };

/** The load generator's options for a step. */
export function loadOptions(step, stock, { options }, more) {
  const { firstUser, users, firstConcert, concerts, seats } = numbered(stock);
  return {
    connections: step.connections, depth: step.depth, rate: step.rate, seconds: options.seconds, warmup: options.warmup,
    users: `${firstUser}:${users}`, concerts: `${firstConcert}:${concerts}`, seats, from: stock.orders, ...more,
  };
}

/* Less of a rate than this was not kept; the rest is where a window ends. */
const KEPT_SHARE = 0.99;

/* Halls of 50,000 seats: the best are looked for among many. */
const HALL_STOCK = { users: 1000, concerts: 50, seats: 50000, orders: 0, churn: 0 };

const STOCKS = { hot: HOT_STOCK, 'map-304': MAP_STOCK, map: MAP_STOCK };
/* Workloads that end in orders: their log is compared with their answers. */
const SELLS = ['spread', 'hold-then-order', 'best-available', 'queue', 'map-watch'];
/* Refusals that belong to a workload. */
const EXPECTED = { hot: 'seat_taken', queue: 'queue_full' };

/** What a part of the plan is measured on. */
export function stockOf({ group, variant }) {
  return variant === 'best-available' ? HALL_STOCK : STOCKS[group] ?? STOCK;
}

/** The load generator's name for what a part of the plan asks. */
export function workloadOf({ group, variant }) {
  if (group === 'holds')
    return variant;
  return STOCKS[group] || group === 'queue' ? group : 'spread';
}

/** The load of a server of ours, and its memory around it. dir: its directory;
 * more: options for the load besides the step's. */
export async function loadServer(step, context, { stock, dir, server, more }) {
  const { program } = context.options;
  const workload = workloadOf(step);
  const target = { to: `127.0.0.1:${server.port}`, data: dir, workload };
  if (workload === 'hot')
    await load(program, { ...loadOptions(step, stock, context, target), requests: HOT_SELL_OUT, warmup: 0, seconds: undefined });
  const before = anonymousBytes(server.pid);
  const ticks = ticksOf(server.pid);
  const figures = await load(program, loadOptions(step, stock, context, {
    ...target, from: workload === 'hot' ? HOT_SELL_OUT : stock.orders, check: SELLS.includes(workload), ...more,
  }));
  const sample = sampleOf(figures, workload, { mayFallBehind: step.group === 'latency' });
  sample.memoryBytes = anonymousBytes(server.pid) - before;
  sample.residentBytes = residentBytes(server.pid);
  sample.kernelShare = kernelShare(ticks, ticksOf(server.pid));
  return sample;
}

/* Of the processor time: the sockets' and the disk's, and not our own code's. */
function kernelShare(before, after) {
  const kernel = after.kernel - before.kernel;
  const all = kernel + after.user - before.user;
  return all > 0 ? kernel / all : null;
}

/** A sample of what a load's JSON says, with a fault if anything in it should
 * not be. mayFallBehind: the rate is there to find where it can't be kept, and
 * what was not kept is told in `behind` instead. */
export function sampleOf(figures, workload, { mayFallBehind = false } = {}) {
  const { requests, accepted, seconds, refused, statuses, latencyUs, generatorUs, asked, from, next, check, steps, outcomes, soldSeconds } = figures;
  const expected = EXPECTED[workload] ?? null;
  const behind = behindOf(figures);
  const faults = unexpectedOf(figures, expected, mayFallBehind);
  if (workload === 'map-304' && (statuses?.[304] ?? 0) !== requests)
    faults.push(`${requests - (statuses?.[304] ?? 0)} answers were no 304`);
  if (behind && !mayFallBehind)
    faults.push(behind);
  return {
    perSecond: rateOf(figures, workload, expected), requests, accepted, seconds, latencyUs, generatorUs, orders: next - from,
    ...(asked ? { asked } : {}), ...(check ? { check } : {}), ...(expected ? { refused: refused[expected] ?? 0 } : {}),
    ...(steps ? { steps } : {}), ...(outcomes ? { outcomes, completedPerSecond: check.sold / soldSeconds } : {}),
    ...(behind && mayFallBehind ? { behind } : {}), ...(faults.length > 0 ? { fault: faults.join(', ') } : {}),
  };
}

/* A refusal is no order, and an order no refusal; with a rate the window has
 * been counted by the generator, since answers may come after it. */
function rateOf({ perSecond, seconds, accepted, refused, asked }, workload, expected) {
  if (asked)
    return perSecond;
  if (SELLS.includes(workload))
    return accepted / seconds;
  return expected ? (refused[expected] ?? 0) / seconds : perSecond;
}

/* A rate that was not kept makes another load than the one that was asked. */
function behindOf({ asked, perSecond, unsent }) {
  if (!asked || (perSecond >= KEPT_SHARE * asked && !unsent))
    return null;
  return `fell behind: ${Math.round(perSecond)} of ${asked}/s`;
}

function unexpectedOf({ refused, warmupRefused, errors, unanswered, unsent }, expected, mayFallBehind) {
  const late = Object.entries(warmupRefused ?? {}).map(([name, times]) => [name, times, ' in the warm-up']);
  return [...Object.entries({ ...refused, ...errors, unanswered, ...(mayFallBehind ? {} : { unsent }) }), ...late]
    .filter(([name, times]) => name !== expected && times > 0).map(([name, times, where = '']) => `${times} ${name}${where}`);
}
