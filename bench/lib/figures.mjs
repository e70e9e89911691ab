/* SPDX-License-Identifier: MIT
 *
 * Results, asked: medians over rounds and ratios within rounds. Whatever was not
 * measured is null, and stays so up to the report.
 */
import { ratio, spread } from './statistics.mjs';

export class Figures {
  /** results: what run.mjs writes; see latest.json. */
  constructor(results) {
    this.results = results;
    this.samples = results.samples;
  }

  /** Good samples that match every field of a query: one with a fault measured
   * something else than it was meant to. */
  matching(query) {
    return this.samples.filter((sample) => !sample.failed && !sample.fault &&
      Object.entries(query).every(([name, value]) => sample[name] === value));
  }

  /** Map round → value; read: a field's name, or a function of the sample. */
  byRound(query, read = 'perSecond') {
    const value = typeof read === 'function' ? read : (sample) => sample[read];
    return new Map(this.matching(query).map((sample) => [sample.round, value(sample)])
      .filter(([, found]) => Number.isFinite(found)));
  }

  /** {median, min, max, count, rounds} over the rounds, or null. count below
   * rounds: some have no figure. */
  value(query, read) {
    return this.ofRounds(spread([...this.byRound(query, read).values()]));
  }

  /** The spread of a / b in the same rounds, or null. */
  ratio(a, b, read, readB = read) {
    return this.ofRounds(ratio(this.byRound(a, read), this.byRound(b, readB)));
  }

  ofRounds(value) {
    return value && { ...value, rounds: this.results.options.rounds };
  }

  /** The connections at which a system's median is best, as a query; or null.
   * Of those measured in most rounds: a peer is tried everywhere in the first
   * round only (see isNeeded in plan.mjs). */
  best(query) {
    let best = null;
    for (const connections of this.connectionsOf(query)) {
      const at = { ...query, connections };
      const value = this.value(at);
      if (value && (!best || value.count > best.value.count || (value.count === best.value.count && value.median > best.value.median)))
        best = { query: at, value };
    }
    return best;
  }

  /** Which numbers of connections a query was measured with. */
  connectionsOf(query) {
    return [...new Set(this.matching(query).map((sample) => sample.connections))].sort((a, b) => a - b);
  }

  /** A row of a micro-benchmark: all its figures, or null. row: its name. */
  micro(bench, row) {
    const rows = this.matching({ group: 'micro' })[0]?.benches?.[bench]?.rows ?? [];
    return rows.find((one) => one.row === row) ?? null;
  }

  /** Why something that was planned has no figure: the first reason. */
  failure(query) {
    const found = this.samples.find((sample) => (sample.failed || sample.fault) &&
      Object.entries(query).every(([name, value]) => sample[name] === value));
    return found ? found.failed ?? found.fault : null;
  }
}
