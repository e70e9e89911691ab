/* SPDX-License-Identifier: MIT
 *
 * A storm of log-ins, and refreshes after it, against a real server of its own:
 *
 *   SP_PROGRAM=… node tests/e2e/load_logins.mjs [--io-threads N] [--seconds S]
 *                [--people N] [--storm N] [--json]
 *
 * steady: WAITING people log in one after the other, for S seconds; how many
 *         log-ins a second, how long each took.
 * storm:  so many at once, who do what the answer says (503 busy, Retry-After);
 *         how long until the last one was in.
 * refresh: everybody rotates his own token for S seconds.
 *
 * processorMs is what the server used for each success, which a busy machine
 * changes less than it does the rest.
 *
 * Everyone comes from a network of his own, as a trusted proxy tells it: else
 * the bounds for one network would be measured. The client is this one process
 * on the same machine; at a hundred log-ins a second it is idle, with refreshes it
 * is the bound, so that those figures are a floor.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Client } from './lib/client.mjs';
import { dropDirectory, sleep } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

const PASSWORD = 'a password of a storm';

const networkOf = (i) => `10.${i >> 8}.${i & 255}.7`;

/** {count, perSecond, ms: {min, p50, p99, max}} of a list of milliseconds. */
function summary(times, seconds) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => Math.round(10 * sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]) / 10;
  return {
    count: sorted.length,
    perSecond: Math.round((10 * sorted.length) / seconds) / 10,
    ms: sorted.length === 0 ? null : { min: at(0), p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']));

/** Milliseconds of processor time that a process has used. */
function processorMs(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (1000 * (Number(fields[11]) + Number(fields[12]))) / TICKS_PER_S;
}

class Person {
  constructor(client, i) {
    this.client = client;
    this.email = `person${i}@example.org`;
    this.headers = { 'X-Forwarded-For': networkOf(i) };
    this.refreshToken = null;
  }

  post(path, body) {
    return this.client.post(path, body, { headers: this.headers });
  }

  signUp() {
    return this.post('/v1/users', { email: this.email, password: PASSWORD, nickname: 'p' });
  }

  /** One try: the answer; a success is kept. */
  async logIn() {
    const answer = await this.post('/v1/auth/login', { email: this.email, password: PASSWORD });
    if (answer.status === 200)
      this.refreshToken = answer.body.refreshToken;
    return answer;
  }

  async refresh() {
    const answer = await this.post('/v1/auth/refresh', { refreshToken: this.refreshToken });
    if (answer.status === 200)
      this.refreshToken = answer.body.refreshToken;
    return answer;
  }
}

/** Repeats `step` in each person's turn until the time is over. */
async function repeat(people, seconds, step) {
  const times = [];
  const refused = {};
  const from = performance.now();
  const end = from + seconds * 1000;
  await Promise.all(people.map(async (person) => {
    while (performance.now() < end) {
      const asked = performance.now();
      const answer = await step(person);
      if (answer.status === 200) {
        times.push(performance.now() - asked);
      } else {
        const code = answer.body?.code ?? answer.status;
        refused[code] = (refused[code] ?? 0) + 1;
        await sleep(1000 * Number(answer.headers['retry-after'] ?? 1));
      }
    }
  }));
  return { ...summary(times, (performance.now() - from) / 1000), refused };
}

/** Everyone at once, and again when told to, until all are in. */
async function storm(people) {
  const waits = [];
  let tries = 0;
  const from = performance.now();
  await Promise.all(people.map(async (person) => {
    for (;;) {
      tries++;
      const answer = await person.logIn();
      if (answer.status === 200)
        break;
      if (answer.status !== 503)
        throw new Error(`${answer.status}: ${answer.text}`);
      await sleep(1000 * Number(answer.headers['retry-after']) * (1 + Math.random()));
    }
    waits.push(performance.now() - from);
  }));
  return { people: people.length, tries, ...summary(waits, (performance.now() - from) / 1000) };
}

export async function measure({ ioThreads = 1, seconds = 10, people = 200, storm: crowd = people, waiting = [1, 2, 8, 32], args = [] } = {}) {
  const server = await startServer({
    admin: false,
    args: ['--io-threads', String(ioThreads), '--trust-proxy', '127.0.0.0/8', '--rate-limit', '0', '--signup-rate', '0', ...args],
  });
  const client = new Client(server);
  const all = Array.from({ length: people }, (_, i) => new Person(client, i));
  const result = { ioThreads, seconds, steady: [] };
  const withProcessor = async (work) => {
    const before = processorMs(server.pid);
    const done = await work();
    return { ...done, processorMs: Math.round((100 * (processorMs(server.pid) - before)) / done.count) / 100 };
  };
  try {
    /* A few at a time: a sign-up computes a password too. */
    const left = [...all];
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let person; (person = left.pop()) !== undefined;) {
        const answer = await person.signUp();
        if (answer.status !== 201)
          throw new Error(`${answer.status}: ${answer.text}`);
      }
    }));
    for (const count of waiting)
      result.steady.push({ waiting: count, ...(await withProcessor(() => repeat(all.slice(0, count), seconds, (person) => person.logIn()))) });
    result.storm = await withProcessor(() => storm(all.slice(0, crowd)));
    const signedIn = all.filter((person) => person.refreshToken !== null).slice(0, 64);
    result.refresh = { waiting: signedIn.length, ...(await withProcessor(() => repeat(signedIn, seconds, (person) => person.refresh()))) };
    return result;
  } finally {
    client.close();
    await server.stop();
    dropDirectory(server.data);
  }
}

const show = ({ ms, ...rest }) => JSON.stringify({ ...rest, ...ms });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: {
    'io-threads': { type: 'string', default: '1' }, seconds: { type: 'string', default: '10' },
    people: { type: 'string', default: '200' }, storm: { type: 'string' }, json: { type: 'boolean', default: false },
  } });
  const result = await measure({
    ioThreads: Number(values['io-threads']), seconds: Number(values.seconds),
    people: Number(values.people), storm: Number(values.storm ?? values.people),
  });
  if (values.json) {
    console.log(JSON.stringify(result));
  } else {
    for (const steady of result.steady)
      console.log(`log-ins  ${show(steady)}`);
    console.log(`storm    ${show(result.storm)}`);
    console.log(`refresh  ${show(result.refresh)}`);
  }
}
