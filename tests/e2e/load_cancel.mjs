/* SPDX-License-Identifier: MIT
 *
 * What other sales feel when a concert with 50,000 orders is cancelled, against a real
 * server of its own:
 *
 *   SP_PROGRAM=… node tests/e2e/load_cancel.mjs [--orders N] [--rate N] [--seconds S]
 *
 * Orders at another concert, open loop, at --rate a second (2,000) for --seconds (5): once
 * with nothing beside them, once while the first concert is cancelled in the middle. Tells
 * how long the cancel's own answer took, and of the orders' latency the middle, the 99th
 * percentile and the most. Judges nothing.
 */
import { execFile, execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { parseArgs, promisify } from 'node:util';

import { Client } from './lib/client.mjs';
import { ADMIN, PROGRAM, dropDirectory, makeDirectory, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

const SEATS = 100000;
const USERS = 20000;

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '50000' },
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '5' },
  },
});

const fill = (data, orders) => execFileSync(PROGRAM, ['bench', 'fill', '--data', data, '--users', String(USERS),
  '--concerts', '1', '--seats', String(SEATS), '--orders', orders]).toString();

/** The line that fill prints for whoever loads what it filled: its options. */
const loadOptions = (text) => /load it with (.*)$/m.exec(text)[1].split(' ');

async function load(server, options, from) {
  const given = options.slice(0, options.indexOf('--from'));
  const { stdout } = await promisify(execFile)(PROGRAM, ['bench', 'load', '--to', `${server.host}:${server.port}`,
    '--data', server.data, ...given, '--from', String(from), '--rate', values.rate, '--seconds', values.seconds,
    '--warmup', '1', '--json']);
  return JSON.parse(stdout);
}

async function cancel(server, concert) {
  const client = new Client(server);
  const login = await client.post('/v1/auth/login', ADMIN);
  await sleep(1000 * (1 + Number(values.seconds) / 2));
  const asked = performance.now();
  const answer = await client.delete(`/v1/concerts/${concert}`,
    { token: login.body.accessToken });
  if (answer.status !== 200)
    throw new Error(`the cancel was answered with ${answer.status}: ${answer.text}`);
  return Math.round(10 * (performance.now() - asked)) / 10;
}

const latency = ({ latencyUs: { p50, p99, max } }) => ({ p50, p99, max });

const data = makeDirectory();
const sold = loadOptions(fill(data, values.orders));
const other = loadOptions(fill(data, '0'));
const server = await startServer({ data });
try {
  const many = Math.ceil(Number(values.rate) * (Number(values.seconds) + 2));
  const concert = sold[sold.indexOf('--concerts') + 1].split(':')[0];
  const alone = await load(server, other, 0);
  const [beside, ms] = await Promise.all([load(server, other, many), cancel(server, concert)]);
  console.log(JSON.stringify({ orders: Number(values.orders), cancelMs: ms,
    aloneUs: latency(alone), besideUs: latency(beside) }));
} finally {
  await server.stop();
  dropDirectory(data);
}
