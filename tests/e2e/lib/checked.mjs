/* SPDX-License-Identifier: MIT
 *
 * The contract of the program under test, which every client of these tests holds
 * every answer against. The document is asked for once a process, of the program
 * itself. A violation throws where it is seen; and since a test may expect that
 * something throws, or not wait for it, it also makes the process fail.
 */
import { spawnSync } from 'node:child_process';

import { Contract, ContractError } from './contract.mjs';
import { decode } from './msgpack.mjs';
import { PROGRAM, environment } from './program.mjs';

let contract = null;
let violated = 0;

export function readDocument(program = PROGRAM) {
  const { status, stdout, stderr } = spawnSync(program, ['openapi'], { env: environment(), maxBuffer: 1 << 26 });
  if (status !== 0)
    throw new Error(`openapi exited ${status}: ${stderr}`);
  return JSON.parse(stdout.toString('utf8'));
}

function guarded(check) {
  contract ??= new Contract(readDocument());
  try {
    check();
  } catch (error) {
    if (error instanceof ContractError && violated++ === 0)
      process.on('exit', () => { process.exitCode = 1; });
    if (error instanceof ContractError)
      console.error(`contract: ${error.message}`);
    throw error;
  }
}

/* undefined: it is not what it says, which is the schema's to judge as a text. */
function decoded(type = '', bytes) {
  if (/json/i.test(type))
    return JSON.parse(bytes.toString('utf8'));
  return /msgpack/i.test(type) ? decode(bytes) : bytes.toString('utf8');
}

const sent = (request) => {
  try {
    return request.bytes?.length > 0 ? decoded(request.type, request.bytes) : undefined;
  } catch {
    return undefined; /* a body that is none; the program has judged it */
  }
};

/** request: {method, target, type, bytes} or null: not known; bytes: the answer's. */
export function checkAnswer(request, { status, headers }, bytes) {
  guarded(() => {
    const body = bytes.length > 0 ? decoded(headers['content-type'], bytes) : undefined;
    contract.check(request && { ...request, body: sent(request) }, { status, headers, body, size: bytes.length });
  });
}

/** The head of a stream, whose events are checked as they come. */
export function checkStream(request, { status, headers }) {
  guarded(() => contract.check(request, { status, headers, size: 0, isStreaming: true }));
}

export function checkEvent(request, event) {
  guarded(() => contract.checkEvent(request, event));
}
