/* SPDX-License-Identifier: MIT
 *
 * Under which conditions the figures were taken. No names of hosts or users and
 * no paths: a result is kept where anyone can read it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { postgresVersion } from './postgres.mjs';
import { run } from './process.mjs';
import { redisVersion } from './redis.mjs';
import { wrkVersion } from './wrk.mjs';

const PEERS = new URL('../peers/', import.meta.url);

/** What no figure includes, or all of them do. */
export const EXCLUSIONS = [
  'the load generator (pgbench for PostgreSQL) runs on the same processors as what it measures',
  'loopback TCP without TLS; everyone is connected before the warm-up, tokens are made before',
  'peers check no sales window, keep no idempotency keys, no hash chain and no seat map, and parse no HTTP and no JSON',
  'PostgreSQL pays the host by the order\'s row and not by updating one account that every order would wait for',
  'no order carries an Idempotency-Key',
];

export async function conditionsOf({ program, dir, systems, groups }) {
  const conditions = {
    processor: cpus()[0].model.trim(),
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${/^[\d.]+/.exec(release())[0]}`,
    fileSystem: (await output('findmnt', ['-n', '-o', 'FSTYPE', '-T', dir])) ?? 'unknown',
    commit: (await output('git', ['rev-parse', '--short=12', 'HEAD'])) ?? 'unknown',
    changed: Boolean(await output('git', ['status', '--porcelain', '--untracked-files=no'])),
    ...await compilation(program),
    libraries: await libraries(),
    peers: {},
  };
  if (groups.includes('orders') && systems.includes('redis'))
    conditions.peers.redis = await versionOr(redisVersion);
  if (groups.includes('orders') && systems.includes('postgresql'))
    conditions.peers.postgresql = await versionOr(postgresVersion);
  if (groups.includes('wrk'))
    conditions.wrk = (await wrkVersion()) ?? 'not installed';
  return conditions;
}

/** The settings of these peers by name, comments left out. */
export function peerSettings(peers) {
  const lines = (name) => readFileSync(new URL(`${name}.conf`, PEERS), 'utf8').split('\n')
    .map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(peers.map((name) => [name, lines(name)]));
}

async function versionOr(version) {
  try {
    return await version();
  } catch {
    return 'not installed';
  }
}

/** The first line of what a command prints, or null. */
async function output(command, args) {
  try {
    const { stdout } = await run(command, args);
    return stdout.split('\n')[0].trim();
  } catch {
    return null;
  }
}

/* The Makefile keeps compiler and flags beside what it built with them; of the
 * flags, those that make code faster or slower. */
async function compilation(program) {
  const file = join(dirname(program), 'flags');
  const words = existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/) : [];
  return {
    compiler: (words.length > 0 && await output(words[0], ['--version'])) || 'unknown compiler',
    flags: words.filter((flag) => /^-(O|g|f|std|march|mtune)/.test(flag)).join(' ') || 'unknown flags',
  };
}

async function libraries() {
  const packages = { libuv: 'libuv1-dev', LMDB: 'liblmdb-dev', yajl: 'libyajl-dev', libsodium: 'libsodium-dev', 'msgpack-c': 'libmsgpack-dev', nettle: 'nettle-dev' };
  const versions = [];
  for (const [name, deb] of Object.entries(packages)) {
    const version = await output('dpkg-query', ['-W', '-f', '${source:Upstream-Version}', deb]);
    if (version)
      versions.push(`${name} ${version}`);
  }
  return versions;
}
