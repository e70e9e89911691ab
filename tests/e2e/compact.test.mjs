/* SPDX-License-Identifier: MIT
 *
 * `log compact`: what an erased person left in the log's file is gone from it,
 * and nothing else.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { dropDirectory, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

describe('log compact', () => {
  let data;
  after(() => { if (data) dropDirectory(data); });
  const has = (text) => fs.readFileSync(path.join(data, 'data.mdb')).includes(text);
  const compact = () => run(['log', 'compact', '--data', data]);

  it('takes erased people out of the file, and leaves everyone else', async () => {
    const world = await World.start();
    data = world.server.data;
    const gone = await world.user({ name: 'erika-mustermann' });
    const stays = await world.user({ points: 500, name: 'who-stays' });
    const concert = await world.concert();
    const order = expectStatus(await world.order(stays, concert.id, [3]), 201);
    expectStatus(await gone.client.request('DELETE', '/v1/users/me'), 204);
    /* A server has the directory. */
    const refused = await compact();
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /in use/);
    await world.stopServer();

    assert.ok(has(gone.email) && has(stays.email));
    const before = await run(['log', 'verify', '--data', data]);
    const compacted = await compact();
    assert.equal(compacted.code, 0, compacted.stderr);
    assert.ok(!has(gone.email) && !has('erika-mustermann'), 'an erased person is in the file');
    assert.ok(has(stays.email));
    assert.equal(fs.statSync(path.join(data, 'data.mdb')).mode & 0o777, 0o600);
    assert.ok(!fs.existsSync(path.join(data, 'compacting')));
    assert.equal((await run(['log', 'verify', '--data', data])).stdout, before.stdout);

    await world.attach(await startServer({ data }));
    await world.login(stays.email);
    stays.client = world.client.as(stays.token);
    assert.deepEqual((await world.orders(stays)).map(({ id }) => id), [order.id]);
    await world.stopServer();
  });

  it('no log there is 1, and none is made', async () => {
    const empty = makeDirectory();
    assert.equal((await run(['log', 'compact', '--data', empty])).code, 1);
    assert.deepEqual(fs.readdirSync(empty), []);
    dropDirectory(empty);
  });
});
