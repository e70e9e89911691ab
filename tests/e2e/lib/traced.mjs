/* SPDX-License-Identifier: MIT
 *
 * A server under the flush shim with load on it, and power cuts made from its
 * trace. Shared by the test of the program and the tests that plant faults.
 */
import fs from 'node:fs';
import path from 'node:path';

import { LogFacts } from './facts.mjs';
import { Disk, checkOrder, seqTold } from './powercut.mjs';
import { PROGRAM, SHIM, dropDirectory, makeDirectory, parseDump, run } from './program.mjs';
import { Random } from './random.mjs';
import { startServer } from './server.mjs';
import { answersOf, readTrace } from './trace.mjs';
import { World } from './world.mjs';

const SEATS = 400;

/** Runs a server under the shim, through a kill -9 amid its load and a restart,
 * with orders and cancels from several users at once; {records, answers, data}. */
export async function tracedRun({ program = PROGRAM, fault, orders = 120, restart = true } = {}) {
  const home = makeDirectory('traced');
  const trace = path.join(home, 'trace');
  const data = path.join(home, 'data');
  const env = { LD_PRELOAD: SHIM, SP_FLUSH_TRACE: trace, ...(fault ? { STAGEPICK_FAULT: fault } : {}) };
  const world = await World.start({ data, env, program });
  const users = [];
  for (let i = 0; i < 4; i++)
    users.push(await world.user({ points: 1_000_000 }));
  const concert = await world.concert({ grades: [{ name: 'A', price: 7, rows: [100, 100] }, { name: 'B', price: 3, seats: SEATS - 200 }] });
  const random = new Random();
  await load(world, users, concert, random, { orders, firstSeat: 0, killAt: restart ? orders / 4 : -1 });
  if (restart) {
    world.client.close();
    await world.attach(await startServer({ data, env, program }));
    for (const user of users)
      user.client = world.client.as(user.token);
    await load(world, users, concert, random, { orders, firstSeat: SEATS / 2 });
  }
  world.client.close();
  const exit = await world.server.stop();
  const records = readTrace(trace);
  return { home, data, exit, records, answers: answersOf(records), inode: fs.statSync(data).ino };
}

/* By the queue: asked again and again, until it is told. */
async function orderByQueue(world, user, concert, seats) {
  const accepted = await user.client.post('/v1/orders/queue', { concertId: concert.id, seats }, { key: `q-${seats[0]}` });
  if (accepted.status !== 202)
    return;
  for (;;) {
    const job = await user.client.get(accepted.headers.location);
    if (job.body.status !== 'waiting')
      return;
  }
}

/* Every user buys, directly or by the queue, now and then asks for sold seats, and gives some back. When
 * killAt requests are left the server is killed, with some under way: what it
 * had committed and not flushed is what the next one starts from. */
async function load(world, users, concert, random, { orders, firstSeat, killAt = -1 }) {
  let next = firstSeat;
  let left = orders;
  let killed = null;
  const one = async (user) => {
    while (left-- > 0) {
      if (left <= killAt)
        killed ??= world.server.kill();
      if (random.chance(0.15)) {
        await world.order(user, concert.id, [firstSeat]);
        continue;
      }
      const seats = random.chance(0.3) ? [next++, next++] : [next++];
      if (seats[seats.length - 1] >= firstSeat + SEATS / 2)
        return;
      if (random.chance(0.25)) {
        await orderByQueue(world, user, concert, seats);
        continue;
      }
      const answer = await world.order(user, concert.id, seats, { key: `k-${seats[0]}` });
      if (answer.status === 201 && random.chance(0.25))
        await user.client.post(`/v1/orders/${answer.body.id}/cancel`, {});
    }
  };
  await Promise.all([...users, ...users].map((user) => one(user).catch((error) => {
    if (!killed)
      throw error;
  })));
  await killed;
}

/** The moments worth a power cut: before the sends that tell of a write, up
 * to `told` of them, and `between` at random. */
export function cutIndexes(traced, random, told, between) {
  const writes = traced.answers
    .filter(({ answer }) => answer.status < 300 && seqTold(answer.json) > 0)
    .map(({ index }) => index + 1);
  const chosen = new Set();
  while (writes.length > 0 && told-- > 0)
    chosen.add(writes.splice(random.below(writes.length), 1)[0]);
  const first = traced.answers.length > 0 ? traced.answers[0].index : 0;
  while (between-- > 0 && first < traced.records.length)
    chosen.add(random.between(first, traced.records.length - 1));
  return [...chosen].sort((a, b) => a - b);
}

/** Cuts the power just before each record of `indexes`; calls visit({index,
 * mode, directory, told}) with a data directory as it would be found, one at
 * a time. */
export async function eachCut(traced, indexes, random, visit) {
  const disk = new Disk();
  const modes = ['none', 'all', 'random', 'torn'];
  let at = 0;
  for (let i = 0; i < indexes.length; i++) {
    for (; at < indexes[i]; at++)
      disk.step(traced.records[at]);
    const mode = modes[i % modes.length];
    const directory = makeDirectory('cut');
    for (const name of fs.readdirSync(traced.data))
      if (name !== 'data.mdb' && name !== 'lock.mdb' && fs.statSync(path.join(traced.data, name)).isFile())
        fs.copyFileSync(path.join(traced.data, name), path.join(directory, name));
    fs.writeFileSync(path.join(directory, 'data.mdb'), disk.cutImage(mode, random), { mode: 0o600 });
    const told = traced.answers.filter(({ index }) => index < indexes[i]);
    await visit({ index: indexes[i], mode, directory, told });
    dropDirectory(directory);
  }
}

/** What is wrong with the log found after a power cut; null if nothing. */
export async function cutFault(directory, told, program = PROGRAM) {
  const verified = await run(['log', 'verify', '--data', directory], { program });
  if (verified.code !== 0)
    return `log verify exits ${verified.code ?? verified.signal}: ${verified.stdout}${verified.stderr}`;
  const dump = await run(['log', 'dump', '--data', directory], { program });
  if (dump.code !== 0)
    return `log dump exits ${dump.code ?? dump.signal}: ${dump.stderr}`;
  const facts = new LogFacts(parseDump(dump.stdout));
  for (const { index, answer } of told) {
    const fault = facts.contradiction(answer);
    if (fault)
      return `told at record ${index}: ${fault}`;
  }
  return null;
}

/** checkOrder over a traced run. */
export function orderFaults(traced) {
  return checkOrder(traced.records, traced.answers);
}
