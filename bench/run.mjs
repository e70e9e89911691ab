// SPDX-License-Identifier: MIT
// Measures the server, its peers and its floors in one run and reports: see
// lib/options.mjs for the options, lib/plan.mjs for what is measured when.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { conditionsOf, EXCLUSIONS, peerSettings } from './lib/conditions.mjs';
import { Directories } from './lib/directories.mjs';
import { endHeld } from './lib/growth.mjs';
import { measure } from './lib/measure.mjs';
import { MissingError, parseOptions, USAGE, UsageError } from './lib/options.mjs';
import { isNeeded, nameOf, planOf } from './lib/plan.mjs';
import { drawPlots } from './lib/plots.mjs';
import { run } from './lib/process.mjs';
import { reportOf } from './lib/report.mjs';

const RESULTS_FORMAT = 1;

async function main(argv) {
  const options = parseOptions(argv);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const file = join(options.out, 'latest.json');
  checkThere(options, file);
  mkdirSync(options.out, { recursive: true });
  if (!options.reportOnly)
    await measureAll(options, file);
  const results = JSON.parse(readFileSync(file, 'utf8'));
  const plots = await drawPlots(results, options.out);
  const report = reportOf(results, plots);
  writeFileSync(join(options.out, 'latest.md'), report);
  process.stdout.write(report);
  return results.samples.some((sample) => sample.fault || sample.failed) ? 1 : 0;
}

function checkThere({ reportOnly, program }, file) {
  if (reportOnly) {
    if (!existsSync(file))
      throw new MissingError(`there is no ${file} to report from`);
    return;
  }
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new MissingError(`${program} is no program: build it, or name it with --program`);
  }
}

/* What was measured is written after each round and part: a run that is broken
 * off has not been for nothing. */
async function measureAll(options, file) {
  options.program = resolve(options.program);
  const steps = planOf(options);
  const directories = new Directories(options.dir, options.program);
  const context = { options, directories, batchSizes: new Map(), held: new Map() };
  const takenAt = new Date().toISOString();
  const conditions = await conditionsOf({ ...options, dir: directories.root });
  const samples = [];
  const keep = () => writeFileSync(file, resultsText(resultsOf(options, { takenAt, conditions, samples })));
  for (const [index, step] of steps.entries()) {
    if (!isNeeded(step, samples) || (step.group === 'wrk' && conditions.wrk === 'not installed'))
      continue;
    samples.push(await measured(step, context));
    progress(index + 1, steps.length, samples.at(-1));
    /* Growth's servers hold gigabytes: not while anything else is measured. */
    if (step.group === 'growth' && steps[index + 1]?.group !== 'growth')
      samples.push(...await endedHeld(context));
    if (step.round !== steps[index + 1]?.round || step.group !== steps[index + 1].group)
      keep();
  }
  directories.close();
  keep();
}

function resultsOf(options, { takenAt, conditions, samples }) {
  const { rounds, seconds, warmup, quick, small } = options;
  return { format: RESULTS_FORMAT, takenAt, options: { rounds, seconds, warmup, quick, small }, conditions, exclusions: EXCLUSIONS, settings: peerSettings(Object.keys(conditions.peers)), samples };
}

/* A step that can't be done is a sample too, with the reason: the report names
 * it, the others go on. What earlier loads have left for the disk to write
 * belongs to them. */
async function measured(step, context) {
  try {
    await run('sync', ['-f', context.directories.root]);
    return { ...step, ...await measure(step, context) };
  } catch (error) {
    return { ...step, failed: cleaned(error.message, context) };
  }
}

async function endedHeld(context) {
  try {
    await endHeld(context);
    return [];
  } catch (error) {
    return [{ group: 'growth', system: 'stagepick', round: 1, failed: cleaned(error.message, context) }];
  }
}

/** Results are public: a message keeps no path of this machine. */
function cleaned(message, { directories, options }) {
  return message.replaceAll(directories.root, 'DIR').replaceAll(options.program, 'stagepick')
    .replaceAll(process.cwd(), '.').trim();
}

function progress(number, count, sample) {
  const figure = sample.perSecond === undefined ? '' : `${Math.round(sample.perSecond)}/s`;
  const trouble = sample.failed ?? sample.fault;
  process.stderr.write(`[${number}/${count}] ${nameOf(sample)}: ${figure}${trouble ? ` ${trouble}` : ''}\n`);
}

/* A sample a line: a diff of two results can be read. */
function resultsText(results) {
  const { samples, ...rest } = results;
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  return `${head},\n  "samples": [\n${samples.map((sample) => `    ${JSON.stringify(sample)}`).join(',\n')}\n  ]\n}\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof MissingError))
    throw error;
  process.stderr.write(`bench: ${error.message}\n${error instanceof UsageError ? USAGE : ''}`);
  process.exitCode = 2;
}
