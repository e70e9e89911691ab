/* SPDX-License-Identifier: MIT
 *
 * Flush before answer, on the real server: no answer leaves before the disk
 * has what it tells, and from what a power cut at any moment leaves, the log
 * gives back every fact that had been told.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { seqTold } from './lib/powercut.mjs';
import { SHIM, dropDirectory } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { startServer } from './lib/server.mjs';
import { cutFault, cutIndexes, eachCut, orderFaults, tracedRun } from './lib/traced.mjs';

const CUTS_TOLD = Number(process.env.SP_CUTS || 120);

const skip = fs.existsSync(SHIM) ? false : `no flush shim at ${SHIM}`;

describe('power cut', { skip }, () => {
  let traced;
  before(async () => { traced = await tracedRun(); });
  after(() => { if (traced) dropDirectory(traced.home); });

  it('the trace is of a real run with real flushes', () => {
    assert.deepEqual(traced.exit, { code: 0, signal: null });
    const orders = traced.answers.filter(({ answer }) => answer.status === 201 && answer.json?.seats);
    assert.ok(orders.length >= 100, `only ${orders.length} orders`);
    assert.ok(traced.answers.filter(({ answer }) => answer.json?.order).length > 20, 'no order by the queue was told');
    assert.ok(traced.answers.some(({ answer }) => answer.json?.status === 'CANCEL'), 'no cancel');
    assert.ok(traced.answers.some(({ answer }) => answer.json?.code === 'seat_taken'), 'no refusal');
  });

  it('no answer leaves before its flush', () => {
    const result = orderFaults(traced);
    assert.deepEqual(result.faults.slice(0, 5), []);
    assert.ok(result.checked > 150, `only ${result.checked} answers told a seq`);
    assert.ok(result.commits > 20, `only ${result.commits} commits`);
    /* The rule that is under test: meta pages wait for a flush of another's.
     * Only the making of the file writes them through. */
    assert.ok(result.waited > 20, `only ${result.waited} meta pages waited for a flush`);
    assert.ok(result.commits - result.waited <= 4, `${result.commits - result.waited} were written through`);
    assert.equal(result.mapped, false, 'data.mdb is mapped writable: its stores can not be seen');
    /* One start made the file, the other found it; checkOrder has found a
     * fault if it was not durable at some answer. */
    assert.deepEqual(result.renames, [{ directory: traced.inode, durable: true }]);
  });

  it(`a power cut takes nothing back that was told (seed ${SEED})`, { timeout: 600000 }, async (t) => {
    const random = new Random();
    const indexes = cutIndexes(traced, random, CUTS_TOLD, CUTS_TOLD / 3);
    let facts = 0;
    await eachCut(traced, indexes, random, async ({ index, mode, directory, told }) => {
      const fault = await cutFault(directory, told);
      assert.equal(fault, null, `seed ${SEED}, power cut before record ${index}, unflushed writes: ${mode}: ${fault}`);
      facts += told.length;
    });
    assert.ok(facts > 0);
    t.diagnostic(`${indexes.length} power cuts, ${traced.records.length} records, seed ${SEED}`);
  });

  it('a server starts from what a power cut left, and has what was told', { timeout: 600000 }, async () => {
    const random = new Random(SEED + 1);
    let last = 0;
    await eachCut(traced, cutIndexes(traced, random, 6, 2), random, async ({ index, mode, directory, told }) => {
      const server = await startServer({ data: directory });
      last = told.reduce((seq, { answer }) => Math.max(seq, seqTold(answer.json)), last);
      const exit = await server.stop();
      assert.deepEqual(exit, { code: 0, signal: null }, `seed ${SEED}, record ${index}, ${mode}: ${server.stderr()}`);
      assert.equal(await cutFault(directory, told), null, `seed ${SEED}, record ${index}, ${mode}`);
    });
    assert.ok(last > 0, 'nothing had been told at any cut');
  });
});
