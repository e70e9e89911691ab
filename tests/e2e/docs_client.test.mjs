/* SPDX-License-Identifier: MIT
 *
 * A client that openapi-typescript generates from the document of the interface
 * compiles under TypeScript's strict rules, and buys a seat from the program.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

import { readDocument } from './lib/checked.mjs';
import { ROOT } from './lib/program.mjs';
import { PASSWORD, World, expectStatus } from './lib/world.mjs';

const SCRIPT = path.join(ROOT, 'tests/e2e/client/buy.mts');
const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: [],
};

/* In the tree, so that what it imports is found in node_modules. */
async function build() {
  fs.mkdirSync(path.join(ROOT, 'build'), { recursive: true });
  const directory = fs.mkdtempSync(path.join(ROOT, 'build/docs-client-'));
  fs.writeFileSync(path.join(directory, 'api.mts'), astToString(await openapiTS(readDocument())));
  fs.copyFileSync(SCRIPT, path.join(directory, 'buy.mts'));
  const program = ts.createProgram([path.join(directory, 'buy.mts')], { ...OPTIONS, outDir: directory });
  const emitted = program.emit();
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
  return { directory, diagnostics: ts.formatDiagnostics(diagnostics, { getCanonicalFileName: (name) => name, getCurrentDirectory: () => directory, getNewLine: () => '\n' }) };
}

describe('a generated client', () => {
  let world;
  let built;
  before(async () => {
    built = await build();
    world = await World.start();
  });
  after(async () => {
    if (built)
      fs.rmSync(built.directory, { recursive: true, force: true });
    await world?.stop();
  });

  it('has the types of the document, and refuses others', () => {
    assert.equal(built.diagnostics, '');
  });

  it('buys a seat, and knows a refusal by its type', async () => {
    const user = await world.user({ points: 1000 });
    await world.concert({ startDate: new Date(Date.now() + 3600e3).toISOString() });
    const concert = await world.concert();
    const run = spawnSync(process.execPath, [path.join(built.directory, 'buy.mjs'), world.server.url, user.email, PASSWORD], { encoding: 'utf8', timeout: 60000 });
    assert.equal(run.status, 0, run.stderr);
    const told = JSON.parse(run.stdout);
    assert.equal(told.seat, 0);
    assert.equal(told.order.concertId, concert.id);
    assert.equal(told.code, 'seat_taken');
    assert.deepEqual(told.taken, ['VIP 1-1 sold']);
    assert.deepEqual(expectStatus(await user.client.get(`/v1/orders/${told.order.id}`), 200), told.order);
  });
});
