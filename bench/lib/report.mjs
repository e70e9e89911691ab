/* SPDX-License-Identifier: MIT
 *
 * The report: targets, tables and conditions as Markdown. It is made of the
 * results alone, so that it can be made again from the kept JSON.
 */
import { Figures } from './figures.mjs';
import { HOLD_WORKLOADS, WRK_LOADS, nameOf } from './plan.mjs';
import { RATE_LIMIT } from './stagepick.mjs';
import { targetsOf } from './targets.mjs';
import { count, inMs, large, perSecond, rounded, table } from './words.mjs';

export const SYSTEM_NAMES = {
  stagepick: 'Stage Pick',
  'stagepick-tmpfs': 'Stage Pick on tmpfs',
  'floor-durable': 'durable floor',
  'floor-grouped': 'raised durable floor',
  'floor-plain': 'plain floor',
  redis: 'Redis + Lua',
  postgresql: 'PostgreSQL',
};

const PLOT_TEXTS = {
  throughput: 'orders a second by connections', latency: 'latency by load', growth: 'orders a second as the system grows',
  batch: 'orders a commit by connections', commit: 'time of a commit by its size',
};

/** plots: names of the SVG files that lie beside the report. */
export function reportOf(results, plots = []) {
  const figures = new Figures(results);
  const sections = [
    ['# Figures', opening(results)],
    ['## Targets', targetTable(figures)],
    ['## Orders', orders(figures), 'throughput'],
    ['## Reads and refusals', reads(figures)],
    ['## Holds, the queue and a drop', besides(figures)],
    ['## Latency by load', latency(figures), 'latency'],
    ['## Beside wrk', besideWrk(figures)],
    ['## Growth', growth(figures), 'growth'],
    ['## Concerts', concerts(figures)],
    ['## Cost', cost(figures), 'batch'],
    ['## Parts', parts(figures), 'commit'],
    ['## What went wrong', troubles(results)],
    ['## Conditions', conditions(results)],
  ].map(([title, text, plot]) => [title, plots.includes(`${plot}.svg`) ? `${text}\n\n![${PLOT_TEXTS[plot]}](${plot}.svg)` : text]);
  return `${sections.filter(([, text]) => text).map(([title, text]) => `${title}\n\n${text}\n`).join('\n')}`;
}

function opening({ takenAt, options, conditions: c }) {
  const kind = options.quick ? 'A quick run, to see that everything works: no figures to quote. ' : '';
  const changed = c.changed ? ' with uncommitted changes' : '';
  return `${kind}Taken ${takenAt.slice(0, 10)} at commit ${c.commit}${changed}; medians of ${options.rounds} ` +
    `interleaved round${options.rounds === 1 ? '' : 's'}, least and most in brackets; ${options.seconds} s a load after ` +
    `${options.warmup} s of warm-up, one load at a time, each on a fresh server (growth's large ones go on with the next ` +
    `round's load). Ratios are taken within a round. Latency by load and idle are of a single run, parts and memory medians of as many runs as rounds; peers ` +
    `are tried at every point in the first round and measured at their best in the others.`;
}

function targetTable(figures) {
  const rows = targetsOf(figures).map(({ what, measured, against, ratio, target, met, reason }) => [
    what, measured ?? `not measured${reason ? `: ${inLine(reason)}` : ''}`, against ?? '', ratio ?? '', target, verdict(met, measured, reason)]);
  return table(['what', 'measured', 'beside it', 'ratio', 'target', 'met'], rows);
}

function verdict(met, measured, reason) {
  if (met === null)
    return measured && reason ? `not judged: ${inLine(reason)}` : '–';
  return met ? 'yes' : '**no**';
}

/** A message of several lines in a cell of a table. */
function inLine(text) {
  return text.split('\n').filter((line) => line !== '').slice(0, 3).join(' ').replaceAll('|', '/');
}

function orders(figures) {
  const systems = Object.keys(SYSTEM_NAMES).filter((system) => figures.matching({ group: 'orders', system }).length > 0);
  const points = [1, 32].flatMap((depth) => figures.connectionsOf({ group: 'orders', depth }).map((connections) => ({ connections, depth })));
  if (points.length === 0)
    return '';
  const title = ({ connections, depth }) => `${count(connections)}${depth > 1 ? ` × ${depth} deep` : ''}`;
  const cell = (read) => (point, system) => read({ group: 'orders', system, ...point }) ?? '';
  const grid = (read) => table(['connections', ...systems.map((system) => SYSTEM_NAMES[system])],
    points.map((point) => [title(point), ...systems.map((system) => cell(read)(point, system))]));
  const rate = (query) => {
    const value = figures.value(query);
    return value && perSecond(value);
  };
  const times = (query) => {
    const [p50, p99] = ['p50', 'p99'].map((name) => figures.value(query, (sample) => (sample.requests === 0 ? null : sample.latencyUs[name])));
    return p50 && p99 ? `${inMs(p50.median)} / ${inMs(p99.median)}` : null;
  };
  return `${grid(rate)}\n\nLatency of the same loads, p50 / p99 in ms; a closed loop, so the rate is the system's own:\n\n${grid(times)}`;
}

function reads(figures) {
  const names = { hot: 'sold-out refusals', 'map-304': 'seat map, 304', map: 'whole seat map of 20,000 seats' };
  const rows = Object.entries(names).flatMap(([group, name]) => {
    const ours = { group, system: 'stagepick' };
    const floor = { group, system: 'floor-plain' };
    const values = [figures.value(ours), figures.value(floor), figures.ratio(ours, floor)];
    if (values[0] === null)
      return [];
    const bytes = figures.value(ours, 'answerBytes');
    const bandwidth = bytes && group === 'map' ? `${count(Math.round((values[0].median * bytes.median) / 1e6))} MB/s` : '';
    return [[name, perSecond(values[0]), values[1] ? perSecond(values[1]) : 'not measured', values[2] ? rounded(values[2]) : '',
      bytes ? count(bytes.median) : '', bandwidth]];
  });
  return rows.length > 0 ? table(['64 connections', 'Stage Pick', 'plain floor', 'ratio', 'bytes an answer', ''], rows) : '';
}

/* What the inspiration does, as measured once on a like machine: not in this run. */
const INSPIRATION = { accepted: '660–716/s', completed: '88–119/s' };

function besides(figures) {
  const blocks = [units(figures), watchers(figures), dropped(figures)];
  return blocks.filter((text) => text !== '').join('\n\n');
}

function units(figures) {
  const names = { 'hold-then-order': 'hold a seat, then buy it', 'best-available': 'hold the best 2 of 50,000 seats, then buy them' };
  const times = (query, read) => {
    const [p50, p99] = ['p50', 'p99'].map((name) => figures.value(query, (sample) => read(sample)?.[name]));
    return p50 && p99 ? `${inMs(p50.median)} / ${inMs(p99.median)}` : '';
  };
  const rows = HOLD_WORKLOADS.flatMap((variant) => {
    const query = { group: 'holds', variant };
    const value = figures.value(query);
    return value ? [[names[variant], perSecond(value), times(query, (sample) => sample.steps.hold.latencyUs),
      times(query, (sample) => sample.steps.order.latencyUs), '']] : [];
  });
  const queue = { group: 'queue' };
  const [accepted, completed] = [figures.value(queue), figures.value(queue, 'completedPerSecond')];
  if (accepted)
    rows.push(['orders accepted by the queue', perSecond(accepted), '', times(queue, (sample) => sample.latencyUs), INSPIRATION.accepted]);
  if (completed)
    rows.push(['and completed, by the log\'s own times', perSecond(completed), '', times(queue, (sample) => sample.outcomes.latencyUs),
      INSPIRATION.completed]);
  return rows.length > 0 ? `${table(['64 connections', 'Stage Pick', 'hold p50 / p99 ms', 'order, or until its end', 'the inspiration, stated'], rows)}` : '';
}

function watchers(figures) {
  const names = { alone: 'nobody watches', watched: 'watched, closed loop', lag: 'watched, at a fixed rate', idle: 'idle watchers' };
  const rows = Object.entries(names).flatMap(([variant, name]) => {
    const query = { group: 'watch', variant };
    const [sample] = figures.matching(query);
    if (!sample)
      return [];
    const { watch } = sample;
    return [[name, count(watch.watchers), perSecond(figures.value(query)), watch.lagUs.max > 0 ? `${inMs(watch.lagUs.p50)} / ${inMs(watch.lagUs.p99)}` : '',
      watch.bytesPerWatcher === undefined ? '' : count(watch.bytesPerWatcher)]];
  });
  return rows.length > 0 ? `Orders of one concert, and the time from an order's 201 to the event that shows it (lag and memory of the first round):\n\n${
    table(['', 'watchers', 'orders', 'lag p50 / p99 ms', 'server bytes a watcher'], rows)}` : '';
}

function dropped(figures) {
  const [sample] = figures.matching({ group: 'drop' });
  if (!sample)
    return '';
  const { steps, ended } = sample;
  const rows = Object.entries(steps).map(([name, { accepted, refused, latencyUs }]) => [name, count(accepted),
    Object.entries(refused).map(([code, times]) => `${count(times)} ${code}`).join(', '), `${inMs(latencyUs.p50)} / ${inMs(latencyUs.p99)}`]);
  return `A drop of ${count(sample.seats)} seats to ${count(sample.people)} users beside ${count(sample.watch.watchers)} watchers: ${count(sample.seatsSold)} seats sold in ` +
    `${sample.lastSaleSeconds.toFixed(1)} s, at most ${count(sample.peakSeats)} in a second; ${count(ended.bought)} bought, ${count(ended.gaveBack)} gave back, ` +
    `${count(ended.walkedAway)} walked away, ${count(ended.gaveUp)} found nothing; lag of the map p99 ${inMs(sample.watch.lagUs.p99)} ms. ` +
    `Users poll, think for 0.2 to 2 s, and try again; single run:\n\n${table(['step', 'accepted', 'refused', 'p50 / p99 ms'], rows)}`;
}

function latency(figures) {
  const rates = [...new Set(figures.matching({ group: 'latency' }).map((sample) => sample.rate))].sort((a, b) => a - b);
  if (rates.length === 0)
    return '';
  const rows = rates.map((rate) => {
    const [sample] = figures.matching({ group: 'latency', rate });
    const { p50, p99, p999 } = sample.latencyUs;
    return [`${count(rate)}/s`, large(sample.perSecond), inMs(p50), inMs(p99), inMs(p999), sample.batchEvents ? sample.batchEvents.toFixed(0) : ''];
  });
  return `Open loop, 256 connections, from the intended time of each order, up to a rate at which they queue; single run:\n\n${table(
    ['orders', 'answered', 'p50 ms', 'p99 ms', 'p99.9 ms', 'orders a batch'], rows)}`;
}

function besideWrk(figures) {
  const rows = WRK_LOADS.flatMap((load) => {
    const [ours, theirs] = ['load', 'wrk'].map((tool) => ({ group: 'wrk', load, tool }));
    const [a, b, agreed] = [figures.value(ours), figures.value(theirs), figures.ratio(ours, theirs)];
    return a || b ? [[load, a ? perSecond(a) : 'not measured', b ? perSecond(b) : 'not measured', agreed ? rounded(agreed) : '']] : [];
  });
  return rows.length > 0 ? `The same requests to a warm server by our generator and by wrk, one thread each, which has one processor and the server the rest:\n\n${table(
    ['64 connections', 'bench load', 'wrk', 'ratio'], rows)}` : '';
}

function growth(figures) {
  const names = {
    base: 'base: 1,000 concerts, 1,000 users, empty log', concerts: '1 concert', users: 'more users', events: 'longer log',
  };
  const points = figures.connectionsOf({ group: 'growth' });
  const rows = Object.entries(names).flatMap(([variant, name]) => {
    const [sample] = figures.matching({ group: 'growth', variant });
    if (!sample)
      return [];
    const { stock } = sample;
    const what = { base: name, concerts: name, users: `${count(stock.users + 1)} users`, events: `${count(2 * stock.churn)} events in the log` }[variant];
    return [[what, ...points.map((connections) => {
      const value = figures.value({ group: 'growth', variant, connections });
      return value ? perSecond(value) : 'not measured';
    })]];
  });
  return rows.length > 0 ? table(['orders over HTTP', ...points.map((connections) => `${connections} connections`)], rows) : '';
}

/* Likewise, of its own: it writes a row a seat. */
const INSPIRATION_HALLS = { 5000: '1 s', 20000: '27 s', 50000: 'over 200 s' };

function concerts(figures) {
  const [sample] = figures.matching({ group: 'catalogue' });
  if (!sample)
    return '';
  const rows = sample.halls.map(({ seats, us }) => [count(seats), `${inMs(us.p50)} / ${inMs(us.max)}`, INSPIRATION_HALLS[seats] ?? '']);
  return `A concert made over HTTP, from the request until its answer, one after the other (${sample.times} of each size; single run):\n\n${
    table(['seats', 'p50 / most ms', 'the inspiration, stated'], rows)}\n\nA concert of 50 seats costs ${count(Math.round(sample.bytesPerConcert))} bytes of ` +
    'memory, texts, layout, views and search index included, as long as nothing of it was sold.';
}

function cost(figures) {
  const rows = figures.connectionsOf({ group: 'orders', system: 'stagepick' }).flatMap((connections) => [1, 32].flatMap((depth) => {
    const query = { group: 'orders', system: 'stagepick', connections, depth };
    const value = (read) => figures.value(query, read);
    const batch = value('batchEvents');
    if (!batch)
      return [];
    const mebibytes = (name) => (value(name).median / 2 ** 20).toFixed(1);
    return [[`${count(connections)}${depth > 1 ? ` × ${depth} deep` : ''}`, large(batch.median),
      value('logBytesPerEvent').median.toFixed(1), count(value('orders').median), mebibytes('memoryBytes'), mebibytes('residentBytes')]];
  }));
  if (rows.length === 0)
    return '';
  const note = 'Memory grown by is all that the server took during the load, connections, buffers and checked tokens too; ' +
    'resident memory includes the log\'s pages in the page cache.';
  return `${table(['connections', 'orders a batch', 'bytes of log an order', 'orders', 'memory grown by, MiB', 'resident, MiB'], rows)}\n\n${note}`;
}

function parts(figures) {
  const [sample] = figures.matching({ group: 'micro' });
  if (!sample)
    return '';
  const text = (value) => (typeof value === 'number' ? (value >= 1000 ? large(value) : String(value)) : value);
  const blocks = Object.entries(sample.benches).map(([bench, { rows, hash }]) => {
    const lines = rows.map(({ row, ...values }) => `| ${row} | ${Object.entries(values).filter(([name]) => name !== 'digest')
      .map(([name, value]) => `${name.replaceAll('_', ' ')} ${text(value)}`).join(', ')} |`);
    return `**${bench}**${hash ? ` (result ${hash.slice(0, 16)})` : ''}\n\n| row | figures |\n|---|---|\n${lines.join('\n')}`;
  });
  const tiny = sample.tiny ? 'Tiny runs: they show that the benchmarks work and are no figures.\n\n' : '';
  return `${tiny || 'Each figure the median of its runs.\n\n'}${blocks.join('\n\n')}`;
}

function troubles({ samples }) {
  return samples.filter((sample) => sample.fault || sample.failed)
    .map((sample) => `* ${nameOf(sample)}: ${inLine(sample.failed ?? sample.fault)}`).join('\n');
}

function conditions({ conditions: c, exclusions, settings }) {
  const peers = Object.values(c.peers);
  const lines = [
    `${c.processors} × ${c.processor}, ${c.memoryGiB} GiB, ${c.kernel}, data on ${c.fileSystem}`,
    `${c.compiler}, ${c.flags}; ${c.libraries.join(', ')}`,
    `the server with its defaults but for \`--rate-limit ${RATE_LIMIT}\`, so high that it counts and never strikes: every answer after its order is on the disk; LMDB commits, chain and checks as always`,
    ...(peers.length > 0 ? [`peers: ${peers.join(', ')}`] : []),
    ...(c.wrk ? [c.wrk === 'not installed' ? 'wrk was not installed' : c.wrk] : []),
    ...exclusions,
  ];
  const blocks = Object.entries(settings).map(([name, text]) =>
    `<details><summary>settings of ${SYSTEM_NAMES[name]}</summary>\n\n\`\`\`\n${text.join('\n')}\n\`\`\`\n\n</details>`);
  return `${lines.map((line) => `* ${line}`).join('\n')}\n\n${blocks.join('\n\n')}`;
}

