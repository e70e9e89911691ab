/* SPDX-License-Identifier: MIT
 *
 * Do the checks bite? The same checks as in powercut.test.mjs, on a program
 * with a fault planted (make SAN=faults), must find it.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';

import { FAULTS_PROGRAM, SHIM, dropDirectory } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { cutFault, cutIndexes, eachCut, orderFaults, tracedRun } from './lib/traced.mjs';

const skip = !fs.existsSync(FAULTS_PROGRAM) ? `no program with faults at ${FAULTS_PROGRAM} (make SAN=faults)`
  : !fs.existsSync(SHIM) ? `no flush shim at ${SHIM}` : false;

async function faultsOf(fault) {
  const traced = await tracedRun({ program: FAULTS_PROGRAM, fault, orders: 40, restart: false });
  const random = new Random();
  const order = orderFaults(traced).faults.length;
  let lost = 0;
  let cuts = 0;
  await eachCut(traced, cutIndexes(traced, random, 16, 0), random, async ({ directory, told }) => {
    cuts++;
    if (await cutFault(directory, told, FAULTS_PROGRAM))
      lost++;
  });
  dropDirectory(traced.home);
  assert.ok(cuts > 0);
  return { order, lost };
}

describe('planted faults', { skip }, () => {
  it('the program with faults is clean while none is planted', async () => {
    assert.deepEqual(await faultsOf(undefined), { order: 0, lost: 0 });
  });

  for (const fault of ['nosync', 'answer_before_commit', 'answer_before_flush'])
    it(`${fault} is caught (seed ${SEED})`, async () => {
      const found = await faultsOf(fault);
      assert.ok(found.order > 0, `${fault}: no answer was seen to leave early`);
      assert.ok(found.lost > 0, `${fault}: no power cut lost anything`);
    });
});
