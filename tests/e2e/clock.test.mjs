/* SPDX-License-Identifier: MIT
 *
 * Time: it never goes back, does not follow a wall clock that jumps, and a log
 * from the future is not gone on with silently (tests/support/clock_shim.c).
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { CLOCK_SHIM, dropDirectory, dumpLog, makeDirectory, run, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const skip = fs.existsSync(CLOCK_SHIM) ? false : `no clock shim at ${CLOCK_SHIM}`;
const HOUR_S = 3600;

function makeClock() {
  const home = makeDirectory('clock');
  const control = path.join(home, 'control');
  return {
    home,
    data: path.join(home, 'data'),
    env: { LD_PRELOAD: CLOCK_SHIM, SP_CLOCK_CONTROL: control },
    /* Written beside and renamed, so that no reader sees half of it. */
    set(seconds) {
      fs.writeFileSync(`${control}.new`, `${seconds}\n`);
      fs.renameSync(`${control}.new`, control);
    },
  };
}

const times = (events) => events.map((event) => Date.parse(event.time));

describe('clock', { skip }, () => {
  it('jumps of the wall clock, either way, do not move the time', async () => {
    const clock = makeClock();
    const world = await World.start({ data: clock.data, env: clock.env });
    for (const jump of [HOUR_S, -HOUR_S, 400 * 24 * HOUR_S]) {
      clock.set(jump);
      await world.category();
    }
    const concert = await world.concert();
    assert.equal(concert.status, 'ON_SALE');
    /* The operator is told: the last jump is noticed within seconds. */
    const told = /the wall clock was set by \+\d+ ms/;
    for (const until = Date.now() + 30000; !told.test(world.server.stderr()) && Date.now() < until;)
      await sleep(100);
    assert.match(world.server.stderr(), told);
    await world.stopServer();
    const seen = times(await dumpLog(clock.data));
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    assert.ok(seen[seen.length - 1] - seen[0] < HOUR_S * 500, 'the time jumped with the wall clock');
    dropDirectory(clock.home);
  });

  it('a log that is ahead of the wall clock is not served, unless told so', async () => {
    const clock = makeClock();
    clock.set(HOUR_S);
    const ahead = await World.start({ data: clock.data, env: clock.env });
    await ahead.category('from the future');
    await ahead.stopServer();
    clock.set(0);
    const refused = await run(['serve', '--data', clock.data, '--listen', '127.0.0.1:0'], { env: clock.env });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /ahead/);
    assert.equal(refused.stdout, '');
    const before = await dumpLog(clock.data);
    const world = new World(await startServer({ data: clock.data, env: clock.env, args: ['--accept-clock-ahead'] }));
    await world.attach();
    await world.category();
    await world.stopServer();
    const after = await dumpLog(clock.data);
    assert.deepEqual(after.slice(0, before.length), before, 'the refused start left something in the log');
    const seen = times(after);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b), 'the time went back');
    dropDirectory(clock.home);
  });

  it('a wall clock set back a little between two runs does not take the time back', async () => {
    const clock = makeClock();
    clock.set(5);
    const first = await World.start({ data: clock.data, env: clock.env });
    await first.category();
    await first.stopServer();
    clock.set(0);
    const world = await World.start({ data: clock.data, env: clock.env });
    const { now } = expectStatus(await world.client.get(`/v1/concerts/${(await world.concert()).id}`), 200);
    await world.stopServer();
    const seen = times(await dumpLog(clock.data));
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    assert.ok(Date.parse(now) >= seen[seen.length - 1], 'now is before the last event');
    dropDirectory(clock.home);
  });
});
