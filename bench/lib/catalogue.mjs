/* SPDX-License-Identifier: MIT
 *
 * Concerts: how long one takes to make over HTTP, by its seats, and how much memory
 * each costs. One connection, one request after the other; each answer comes after its
 * concert is on the disk. By the clock of the client, its JSON not counted.
 */
import http from 'node:http';
import { run } from './process.mjs';
import { Listener, anonymousBytes, logVerify } from './stagepick.mjs';
import { percentile } from './statistics.mjs';

export const HALLS = [5000, 20000, 50000, 200000];
const ROW_SIZE = 50;
const GRADES = 5;
const HOST = { email: 'host@bench.example', password: 'a host of concerts' };
const DAY_MS = 24 * 3600 * 1000;
/* A full catalogue, of small halls. */
const CATALOGUE = { users: 1, concerts: 100000, seats: 50 };

/** {halls: [{seats, us: {p50, max}}], bytesPerConcert}. */
export async function measureCatalogue(step, context) {
  const times = context.options.quick ? 3 : 20;
  const dir = context.directories.empty();
  const { program } = context.options;
  await run(program, ['user', 'add', '--data', dir, '--email', HOST.email, '--nickname', 'host', '--role', 'ADMIN'],
    { env: { STAGEPICK_PASSWORD: HOST.password } });
  const server = await Listener.serve(program, dir);
  let halls;
  let emptyBytes;
  try {
    emptyBytes = anonymousBytes(server.pid);
    halls = await makeHalls(server.port, times);
  } finally {
    await server.stop();
  }
  await logVerify(program, dir);
  context.directories.remove(dir);
  return { halls, times, bytesPerConcert: await bytesPerConcert(context, emptyBytes) };
}

async function makeHalls(port, times) {
  const client = new Client(port);
  try {
    const { accessToken } = (await client.post('/v1/auth/login', HOST)).body;
    client.token = accessToken;
    const category = (await client.post('/v1/categories', { name: 'Bench' })).body;
    await client.post('/v1/concerts', concertOf(category.id, ROW_SIZE)); /* warms up what is warmed up once */
    const halls = [];
    for (const seats of HALLS) {
      const us = [];
      for (let i = 0; i < times; i++)
        us.push((await client.post('/v1/concerts', concertOf(category.id, seats))).us);
      us.sort((a, b) => a - b);
      halls.push({ seats, us: { p50: percentile(us, 0.5), max: us.at(-1) } });
    }
    return halls;
  } finally {
    client.close();
  }
}

function concertOf(categoryId, seats) {
  const iso = (ms) => new Date(ms).toISOString();
  const now = Date.now();
  const rows = Array(seats / ROW_SIZE).fill(ROW_SIZE);
  const share = Math.ceil(rows.length / GRADES);
  const grades = Array.from({ length: GRADES }, (_, i) => ({ name: `G${i + 1}`, price: 1000 - i, rows: rows.slice(i * share, (i + 1) * share) }))
    .filter((grade) => grade.rows.length > 0);
  return {
    categoryId, grades, name: `A hall of ${seats}`, description: 'An evening.', address: '1 Bench Street', runningTime: 120, ageLimit: 'ZERO',
    startDate: iso(now - DAY_MS), endDate: iso(now + DAY_MS), concertDate: iso(now + 2 * DAY_MS),
  };
}

/* A recovered server of a full catalogue, beside one of an empty log. */
async function bytesPerConcert({ options, directories }, emptyBytes) {
  const { dir } = await directories.filled(CATALOGUE);
  const server = await Listener.serve(options.program, dir);
  try {
    return (anonymousBytes(server.pid) - emptyBytes) / CATALOGUE.concerts;
  } finally {
    await server.stop();
    directories.remove(dir);
  }
}

/* One connection that stays; {us, body} of a POST that makes something. */
class Client {
  constructor(port) {
    this.port = port;
    this.token = null;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  post(path, body) {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.length, ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}) };
    return new Promise((resolve, reject) => {
      const begin = performance.now();
      const request = http.request({ host: '127.0.0.1', port: this.port, method: 'POST', path, headers, agent: this.agent }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const us = 1000 * (performance.now() - begin);
          const text = Buffer.concat(parts).toString();
          if (response.statusCode >= 300)
            reject(new Error(`POST ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
          else
            resolve({ us, body: JSON.parse(text) });
        });
      });
      request.on('error', reject);
      request.end(bytes);
    });
  }

  close() { this.agent.destroy(); }
}
