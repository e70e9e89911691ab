/* SPDX-License-Identifier: MIT
 *
 * One step of the plan: brings up a fresh server, loads it, ends it, checks what
 * it has kept. Gives a sample: the step's own fields and what was measured.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerSizes } from './answers.mjs';
import { measureCatalogue } from './catalogue.mjs';
import { measureGrowth } from './growth.mjs';
import { loadOptions, loadServer, sampleOf, stockOf, workloadOf } from './loads.mjs';
import { measureBareCommits, measureMicro } from './micro.mjs';
import { Postgres } from './postgres.mjs';
import { Redis } from './redis.mjs';
import { Listener, answerBytes, load, logStat, logVerify, residentBytes, switchesCount } from './stagepick.mjs';
import { STOCK, numbered } from './stock.mjs';
import { measureDrop, measureWatch } from './watch.mjs';
import { measureWrk } from './wrk.mjs';

const IDLE_S = 10;

/** context: {options, directories, batchSizes, held}. */
export async function measure(step, context) {
  const { group, system } = step;
  if (group === 'micro')
    return measureMicro(step, context);
  if (group === 'idle')
    return measureIdle(step, context);
  if (group === 'wrk')
    return measureWrk(step, context);
  if (group === 'growth')
    return measureGrowth(step, context);
  if (group === 'catalogue')
    return measureCatalogue(step, context);
  if (group === 'watch')
    return measureWatch(step, context);
  if (group === 'drop')
    return measureDrop(step, context);
  if (system === 'redis')
    return measureRedis(step, context);
  if (system === 'postgresql')
    return measurePostgres(step, context);
  if (system === 'bare-commits')
    return measureBareCommits(step, context);
  if (system.startsWith('floor-'))
    return measureFloor(step, context);
  return measureServer(step, context);
}

async function measureServer(step, context) {
  const stock = stockOf(step);
  const filled = await context.directories.filled(stock, { tmpfs: step.system === 'stagepick-tmpfs' });
  const server = await Listener.serve(context.options.program, filled.dir);
  let sample;
  try {
    sample = await loadServer(step, context, { stock, dir: filled.dir, server });
    if (step.group === 'map')
      sample.answerBytes = context.mapBytes = (await mapAnswer(server.port)).bytes;
    if (step.group === 'map-304')
      sample.answerBytes = context.unchangedBytes = await unchangedBytes(server.port);
  } finally {
    await server.stop();
  }
  await addLogFigures(sample, context, filled);
  if (step.group === 'open-loop')
    context.batchSizes.set(step.round, Math.max(1, Math.round(sample.batchEvents)));
  context.directories.remove(filled.dir);
  return sample;
}

/** Checks the log of a server that has ended, and what an order cost there. */
async function addLogFigures(sample, { options }, { dir, stat }) {
  await logVerify(options.program, dir);
  const after = await logStat(options.program, dir);
  const events = after.events - stat.events;
  const batches = after.batches - stat.batches;
  if (events > 1 && batches > 1)
    Object.assign(sample, { batchEvents: events / batches, logBytesPerEvent: (after.bytes - stat.bytes) / events });
}

const FLOORS = {
  'floor-plain': { kind: 'plain', args: [] },
  'floor-durable': { kind: 'durable', args: ['--commit', 'lmdb'] },
  'floor-grouped': { kind: 'durable', args: ['--commit', 'grouped'] },
};

/* A floor gets the very same requests, tokens and all. */
async function measureFloor(step, context) {
  const { kind, args } = FLOORS[step.system];
  const { program } = context.options;
  const stock = stockOf(step);
  const template = await context.directories.template(stock);
  const dir = kind === 'durable' ? context.directories.empty() : null;
  const answer = await answerOf(step, context);
  const floor = await Listener.floor(program, kind, [...args, ...(dir ? ['--data', dir] : []),
    '--status', String(answer.status), ...(answer.bytes ? ['--answer-bytes', String(answer.bytes)] : [])]);
  let figures;
  try {
    figures = await load(program, loadOptions(step, stock, context, {
      to: `127.0.0.1:${floor.port}`, data: template.dir, workload: workloadOf(step),
    }));
  } finally {
    await floor.stop();
  }
  if (dir)
    context.directories.remove(dir);
  /* It accepts whatever it is asked, what our server refuses too. */
  return { ...sampleOf(figures, step.group === 'hot' ? 'spread' : workloadOf(step)), ...(answer.bytes ? { answerBytes: answer.bytes } : {}) };
}

/** The server is compared with a floor that answers as many bytes. */
async function answerOf({ group }, context) {
  if (group === 'map')
    return { status: 201, bytes: context.mapBytes };
  if (group === 'map-304')
    return { status: 304, bytes: context.unchangedBytes };
  const { accepted, refused } = await answerSizes(context);
  return { status: 201, bytes: group === 'hot' ? refused : accepted };
}

function mapAnswer(port, etag) {
  return answerBytes(port, `GET /v1/concerts/1/seats HTTP/1.1\r\nHost: bench\r\n${etag ? `If-None-Match: ${etag}\r\n` : ''}\r\n`);
}

async function unchangedBytes(port) {
  const { head } = await mapAnswer(port);
  const again = await mapAnswer(port, /^etag:\s*(\S+)/im.exec(head)[1]);
  if (!again.head.startsWith('HTTP/1.1 304'))
    throw new Error(`the map was changed while nobody bought: ${again.head}`);
  return again.bytes;
}

async function measureRedis(step, context) {
  const stock = numbered(STOCK);
  const dir = context.directories.empty();
  const redis = await Redis.start(dir, stock);
  try {
    const figures = await load(context.options.program, loadOptions(step, STOCK, context, {
      to: `127.0.0.1:${redis.port}`, protocol: 'redis', script: redis.sha, workload: 'spread',
    }));
    const orders = await redis.orders();
    return { ...sampleOf(figures, 'spread'), orders, ...miscounted(orders, figures.next - figures.from) };
  } finally {
    await redis.stop();
    context.directories.remove(dir);
  }
}

async function measurePostgres(step, context) {
  const dir = context.directories.empty();
  const postgres = await Postgres.start(dir, numbered(STOCK));
  try {
    const figures = await postgres.load({ connections: step.connections, seconds: context.options.seconds, warmup: context.options.warmup });
    return { ...figures, seconds: context.options.seconds, ...miscounted(figures.orders, figures.accepted) };
  } finally {
    await postgres.stop();
    context.directories.remove(dir);
  }
}

function miscounted(has, told) {
  return has === told ? {} : { fault: `it has ${has} orders and told of ${told}` };
}

/* After a load, when everything that may wake it has been woken once. */
async function measureIdle(step, context) {
  const seconds = context.options.quick ? 3 : IDLE_S;
  const filled = await context.directories.filled(STOCK);
  const server = await Listener.serve(context.options.program, filled.dir);
  try {
    await load(context.options.program, loadOptions({ connections: 64, depth: 1 }, STOCK, context, {
      to: `127.0.0.1:${server.port}`, data: filled.dir, workload: 'spread', seconds: 1, warmup: 0,
    }));
    await sleep(1000);
    const before = switchesCount(server.pid);
    const begin = performance.now();
    await sleep(1000 * seconds);
    const count = switchesCount(server.pid) - before;
    return { perSecond: (1000 * count) / (performance.now() - begin), seconds, residentBytes: residentBytes(server.pid) };
  } finally {
    await server.stop();
    context.directories.remove(filled.dir);
  }
}
