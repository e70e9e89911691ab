/* SPDX-License-Identifier: MIT
 *
 * The operator's listener, and the text that it serves.
 */
import assert from 'node:assert/strict';

export const OPS = ['--ops-listen', '127.0.0.1:0'];

/** Where the operator's listener is, as the log says. */
export function opsOf(server) {
  const line = server.stderr().split('\n').find((text) => text.includes('"ops_listening"'));
  assert.ok(line, `no ops_listening in ${server.stderr()}`);
  const url = new URL(JSON.parse(line).address);
  return { host: url.hostname, port: Number(url.port) };
}

/** Samples by `name{labels}`; strict about the form of a line. */
export function parseMetrics(text) {
  const samples = new Map();
  assert.ok(text.endsWith('\n'));
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (HELP|TYPE) [a-z_]+ ./.test(line))
      continue;
    const match = /^([a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})?) (-?[0-9.]+)$/.exec(line);
    assert.ok(match, `not a sample: ${line}`);
    assert.ok(!samples.has(match[1]), `${match[1]} is there twice`);
    samples.set(match[1], Number(match[2]));
  }
  return samples;
}
