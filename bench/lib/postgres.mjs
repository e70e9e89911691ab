/* SPDX-License-Identifier: MIT
 *
 * The peer PostgreSQL: a cluster of its own for each load, driven by pgbench
 * over the same loopback. pgbench logs every transaction, so that the warm-up can
 * be cut off and the percentiles are exact.
 */
import { chownSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Server, freePort, run } from './process.mjs';
import { percentile } from './statistics.mjs';
import { PRICE, SEAT_LIMIT, USER_POINTS, seatsOf } from './stock.mjs';

const PEERS = new URL('../peers/', import.meta.url);
const CONFIG = new URL('postgresql.conf', PEERS).pathname;
const SCHEMA = new URL('postgresql_schema.sql', PEERS).pathname;
const SCRIPT = new URL('postgresql_order.pgbench', PEERS).pathname;
const DATABASE = 'postgres';
/* To open a connection, which forks, and to compile the function in it. */
const CONNECT_S = 0.005;
const ATTEMPTS = 4;

/** The folder of the newest version that Debian has installed. */
export function postgresBin() {
  const root = '/usr/lib/postgresql';
  const versions = readdirSync(root).map(Number).filter(Number.isInteger).sort((a, b) => b - a);
  return join(root, String(versions[0]), 'bin');
}

/* PostgreSQL refuses to run as root; Debian's package made a user for it. */
async function owner() {
  if (process.getuid() !== 0)
    return null;
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** A command line that runs as the one who may. */
function asOwner(account, program, args) {
  if (!account)
    return [program, args];
  return ['setpriv', [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', program, ...args]];
}

export class Postgres {
  /** dir: does not exist yet; its parents must let the postgres user through. */
  static async start(dir, stock) {
    const postgres = new Postgres();
    postgres.account = await owner();
    postgres.dir = dir;
    postgres.stock = stock;
    mkdirSync(dir, { recursive: true });
    if (postgres.account)
      chownSync(dir, postgres.account.uid, postgres.account.gid);
    const data = join(dir, 'data');
    await postgres.runOwned('initdb', ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']);
    postgres.port = await freePort();
    const [command, args] = asOwner(postgres.account, join(postgresBin(), 'postgres'), [
      '-D', data, '-c', `config_file=${CONFIG}`, '-c', `data_directory=${data}`,
      '-c', `hba_file=${join(data, 'pg_hba.conf')}`, '-c', `ident_file=${join(data, 'pg_ident.conf')}`,
      '-c', `unix_socket_directories=${dir}`, '-c', `port=${postgres.port}`]);
    postgres.server = await Server.start(command, args, { cwd: dir, ready: (server) => postgres.accepts(server) });
    await postgres.fill();
    return postgres;
  }

  runOwned(program, args) {
    return run(...asOwner(this.account, join(postgresBin(), program), args), { cwd: this.dir });
  }

  async accepts(server) {
    while (!server.hasEnded) {
      const { code } = await run(join(postgresBin(), 'pg_isready'),
        ['-q', '-h', '127.0.0.1', '-p', String(this.port)], { allow: [1, 2] });
      if (code === 0)
        return;
    }
  }

  async sql(...args) {
    const { stdout } = await run(join(postgresBin(), 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
      '-h', '127.0.0.1', '-p', String(this.port), '-U', 'bench', '-d', DATABASE, ...args]);
    return stdout.trim();
  }

  async fill() {
    const { host, firstUser, users, firstConcert, concerts, seats } = this.stock;
    await this.sql('-f', SCHEMA);
    await this.sql(
      '-c', `INSERT INTO users VALUES (${host}, 0)`,
      '-c', `INSERT INTO users SELECT ${firstUser} + i, ${USER_POINTS} FROM generate_series(0, ${users - 1}) i`,
      '-c', `INSERT INTO concerts SELECT ${firstConcert} + i, ${host}, ${PRICE}, ${seats}, ${SEAT_LIMIT}
             FROM generate_series(0, ${concerts - 1}) i`,
      '-c', 'VACUUM (FREEZE, ANALYZE)', '-c', 'CHECKPOINT');
  }

  /** One load: {requests, perSecond, latencyUs, accepted, orders}. pgbench's time
   * includes connecting and each backend's first call, a second or many; where
   * that left too little to measure, it goes again for longer. */
  async load({ connections, seconds, warmup }) {
    let accepted = 0;
    for (let attempt = 1; ; attempt++) {
      const limit = seconds + warmup + attempt * (1 + Math.ceil(connections * CONNECT_S));
      const transactions = await this.drive(connections, limit, attempt);
      accepted += transactions.length;
      const figures = summary(transactions, seconds, warmup);
      if (!figures && attempt < ATTEMPTS)
        continue;
      if (!figures)
        throw new Error(`pgbench with ${connections} connections never got to ${seconds} s of work`);
      return { ...figures, accepted, orders: Number(await this.sql('-c', 'SELECT count(*) FROM orders')) };
    }
  }

  /** pgbench for so long; each attempt has seats of its own. */
  async drive(connections, limit, attempt) {
    const { firstUser, users, firstConcert, concerts } = this.stock;
    const turn = Math.floor(((attempt - 1) * seatsOf(this.stock)) / ATTEMPTS / connections);
    const variables = { turn, clients: connections, first_user: firstUser, users, first_concert: firstConcert, concerts };
    await run(join(postgresBin(), 'pgbench'), ['-n', '-M', 'prepared', '-f', SCRIPT,
      '-c', String(connections), '-j', '1', '-T', String(limit), '-l', `--log-prefix=${join(this.dir, 'load')}`,
      ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
      '-h', '127.0.0.1', '-p', String(this.port), '-U', 'bench', DATABASE]);
    return readLog(this.dir);
  }

  /** SIGINT is its "fast" way: backends are ended, nothing is lost. */
  async stop() {
    await this.server.stop('SIGINT');
  }
}

export async function postgresVersion() {
  const { stdout } = await run(join(postgresBin(), 'postgres'), ['--version']);
  return `PostgreSQL ${/\d+(\.\d+)*/.exec(stdout)[0]}`;
}

/* A line of pgbench's log: client, number, microseconds, script, end (seconds
 * and microseconds of the wall clock). A thread has a file of its own. */
function readLog(dir) {
  const transactions = [];
  for (const name of readdirSync(dir).filter((file) => file.startsWith('load.'))) {
    for (const line of readFileSync(join(dir, name), 'utf8').split('\n')) {
      const [client, , tookUs, , seconds, microseconds] = line.split(' ').map(Number);
      if (Number.isFinite(microseconds))
        transactions.push({ client, endUs: seconds * 1e6 + microseconds, tookUs });
    }
    rmSync(join(dir, name));
  }
  return transactions;
}

/** Of the transactions that ended within the measured seconds, which begin a
 * warm-up after the start and not before every client has had its first answer:
 * a backend's first call compiles the function. Null if the load ended sooner. */
export function summary(transactions, seconds, warmup) {
  const firstEnds = new Map();
  let start = Infinity;
  let last = 0;
  for (const t of transactions) {
    start = Math.min(start, t.endUs - t.tookUs);
    last = Math.max(last, t.endUs);
    firstEnds.set(t.client, Math.min(firstEnds.get(t.client) ?? Infinity, t.endUs));
  }
  const begin = [...firstEnds.values()].reduce((most, end) => Math.max(most, end), start + warmup * 1e6);
  const end = begin + seconds * 1e6;
  if (!(last >= end))
    return null;
  const took = transactions.filter((t) => t.endUs >= begin && t.endUs < end).map((t) => t.tookUs).sort((a, b) => a - b);
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => percentile(took, share));
  return { requests: took.length, perSecond: took.length / seconds, latencyUs: { p50, p90, p99, max } };
}
