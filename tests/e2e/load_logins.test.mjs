/* SPDX-License-Identifier: MIT
 *
 * The measurement of log-ins, tiny, so that it can't rot: everyone gets in, also
 * a crowd that the line of computations is too short for, and every refresh
 * gives a token that is good for the next. No figure is judged.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { measure } from './load_logins.mjs';

it('a storm of log-ins: busy is told, and everyone gets in', async () => {
  const people = 140; /* one is computed, 64 wait: the rest is told to come back */
  const result = await measure({ seconds: 1, people, waiting: [2] });
  const [steady] = result.steady;
  assert.ok(steady.count >= 1);
  assert.deepEqual(steady.refused, {});
  assert.equal(result.storm.count, people);
  assert.ok(result.storm.tries > people, `nobody was told to come back: ${JSON.stringify(result.storm)}`);
  assert.ok(result.refresh.count >= result.refresh.waiting);
  assert.deepEqual(result.refresh.refused, {});
});
