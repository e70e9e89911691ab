/* SPDX-License-Identifier: MIT
 *
 * The command line of bench/run.mjs.
 */
import { parseArgs } from 'node:util';
import { GROUPS, SYSTEMS } from './plan.mjs';

export const USAGE = `usage: node bench/run.mjs [OPTION]...
Measures the server against its peers and floors, on this machine, in one run;
writes bench/results/latest.json, latest.md and plots, and prints the report.
Without options it takes about 15 minutes, with --quick about 4.

  --quick             one short round: to see that everything works
  --rounds N          interleaved rounds (3); every figure is their median
  --seconds S         measured seconds a load (2); ten million seats allow 4
  --warmup S          seconds before them that are not counted (1)
  --only NAME,...     only these parts or systems
  --points CxD,...    only these connections x depth, like 64x1,64x32
  --small             growth to 1 million events instead of 20 million
  --report-only       makes report and plots again from latest.json
  --dir DIR           where the servers have their data (build/bench): the disk
                      that is measured; the user postgres must reach it
  --out DIR           where the results go (bench/results; build/bench-results
                      with --quick, --only, --points or --small)
  --program FILE      the program (build/release/stagepick)
  --help

parts:   ${GROUPS.join(' ')}
systems: ${SYSTEMS.join(' ')}
`;

export class UsageError extends Error {}
/** Something that the command line names is not there. */
export class MissingError extends Error {}

/* What is kept in the tree is of whole runs only. */
const RESULTS = 'bench/results';
const PARTIAL_RESULTS = 'build/bench-results';

export function parseOptions(argv) {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: {
      quick: flag, rounds: text, seconds: text, warmup: text, only: text, points: text, small: flag,
      'report-only': flag, dir: text, out: text, program: text, help: flag,
    } }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  const only = names(values.only);
  return {
    help: values.help,
    quick: values.quick,
    reportOnly: values['report-only'],
    small: values.small || values.quick,
    rounds: whole('rounds', values.rounds, values.quick ? 1 : 3, 1),
    seconds: whole('seconds', values.seconds, values.quick ? 1 : 2, 1),
    warmup: whole('warmup', values.warmup, 1, 0),
    groups: chosen(only, GROUPS),
    systems: chosen(only, SYSTEMS),
    points: values.points === undefined ? null : names(values.points).map(point),
    dir: values.dir ?? 'build/bench',
    out: values.out ?? (isPartial(values) ? PARTIAL_RESULTS : RESULTS),
    program: values.program ?? process.env.SP_PROGRAM ?? 'build/release/stagepick',
  };
}

function isPartial({ quick, only, points, small }) {
  return Boolean(quick || small || only !== undefined || points !== undefined);
}

/* Names that are no part at all leave every part (and likewise every system). */
function chosen(only, known) {
  const unknown = only.find((name) => !GROUPS.includes(name) && !SYSTEMS.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only knows no ${unknown}`);
  const found = known.filter((name) => only.includes(name));
  return found.length > 0 ? found : known;
}

function names(value) {
  return (value ?? '').split(',').filter((name) => name !== '');
}

function point(name) {
  const match = /^([1-9]\d*)x([1-9]\d*)$/.exec(name);
  if (!match)
    throw new UsageError(`--points takes CONNECTIONSxDEPTH, not: ${name}`);
  return { connections: Number(match[1]), depth: Number(match[2]) };
}

function whole(name, value, fallback, least) {
  if (value === undefined)
    return fallback;
  if (!/^\d+$/.test(value) || Number(value) < least)
    throw new UsageError(`--${name} takes a whole number from ${least}, not: ${value}`);
  return Number(value);
}
