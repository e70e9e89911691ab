/* SPDX-License-Identifier: MIT
 *
 * Watchers of seat maps, and a drop: loads whose users are many more than those of a
 * throughput's, bounded by how many files a process may have.
 */
import { readFileSync } from 'node:fs';
import { loadOptions, sampleOf } from './loads.mjs';
import { run } from './process.mjs';
import { Listener, load, logVerify } from './stagepick.mjs';

/* One hall for all: as many seats as a concert may have, for the orders of a closed
 * loop; and a usual large one, whose map every idle watcher is sent once. */
const WATCH_STOCK = { users: 999, concerts: 1, seats: 200000, orders: 0, churn: 0 };
const IDLE_STOCK = { ...WATCH_STOCK, seats: 50000 };
/* After a second of warm-up: the hall has seats for that, at any rate. */
const ORDERS_COUNT = 60000;

const WATCHERS = { alone: 0, watched: 5000, lag: 5000, idle: 20000 };
const QUICK_WATCHERS = { alone: 0, watched: 500, lag: 500, idle: 2000 };
/* Files of a server or a generator besides those of watchers. */
const OTHER_FILES = 200;

const DROP = { users: 4000, seats: 6000, watchers: 1000 };
const QUICK_DROP = { users: 400, seats: 600, watchers: 100 };
/* After filling: the users have connected by then. */
const OPENS_IN_S = 4;
const HOLD_S = 10;
const DROP_S = 30;

/** Files that a process may have at most. */
export function filesLimit(text = readFileSync('/proc/self/limits', 'utf8')) {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(text);
  return hard === 'unlimited' ? Infinity : Number(hard);
}

/** How many watch in a step: fewer than are meant to where the machine allows no more. */
export function watchersOf({ variant }, { quick }, limit = filesLimit()) {
  return Math.max(0, Math.min((quick ? QUICK_WATCHERS : WATCHERS)[variant], limit - OTHER_FILES));
}

export async function measureWatch(step, context) {
  const { options, directories } = context;
  const stock = step.variant === 'idle' ? IDLE_STOCK : WATCH_STOCK;
  const filled = await directories.filled(stock);
  const server = await Listener.serve(options.program, filled.dir);
  const counted = step.rate ? {} : { seconds: undefined, requests: ORDERS_COUNT };
  const watchers = watchersOf(step, options);
  let figures;
  try {
    figures = await load(options.program, loadOptions(step, stock, context, {
      to: `127.0.0.1:${server.port}`, data: filled.dir, workload: 'map-watch', check: true, watchers, 'server-pid': server.pid,
      ...counted, ...(step.variant === 'idle' ? { warmup: 0 } : {}),
    }));
  } finally {
    await server.stop();
  }
  await logVerify(options.program, filled.dir);
  directories.remove(filled.dir);
  return { ...sampleOf(figures, 'map-watch'), watch: figures.watch };
}

export async function measureDrop(step, { options, directories }) {
  const { users, seats, watchers } = options.quick ? QUICK_DROP : DROP;
  const dir = directories.empty();
  await run(options.program, ['bench', 'fill', '--data', dir, '--users', String(users), '--concerts', '1', '--seats', String(seats),
    '--hold-seconds', String(HOLD_S), '--opens-in', String(OPENS_IN_S)]);
  const server = await Listener.serve(options.program, dir);
  let figures;
  try {
    figures = await load(options.program, { to: `127.0.0.1:${server.port}`, data: dir, workload: 'drop', check: true,
      users: `2:${users}`, concerts: '1:1', seats, connections: users, watchers, seconds: DROP_S });
  } finally {
    await server.stop();
  }
  await logVerify(options.program, dir);
  directories.remove(dir);
  const { seatsPerSecond, users: ended, connections: people, ...rest } = figures;
  return { ...rest, perSecond: seatsPerSecond, seats, people, ended };
}
