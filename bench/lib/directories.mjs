/* SPDX-License-Identifier: MIT
 *
 * Data directories to measure on: each stock is filled once, kept as a template
 * and copied for each load, so that every load begins on the same directory.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './process.mjs';
import { logStat } from './stagepick.mjs';

/** Memory as a disk: what is left when a flush costs nothing. */
const TMPFS = '/dev/shm';

export class Directories {
  /** root: on the disk that is measured. Everything made is removed by close. */
  constructor(root, program) {
    mkdirSync(root, { recursive: true });
    this.root = mkdtempSync(join(resolve(root), 'run-'));
    /* PostgreSQL, as another user, has to get through to its own. */
    chmodSync(this.root, 0o755);
    this.program = program;
    this.templates = new Map();
    this.made = [this.root];
    process.on('exit', () => this.close());
  }

  /** An empty directory. */
  empty({ tmpfs = false } = {}) {
    const dir = mkdtempSync(join(tmpfs ? TMPFS : this.root, 'stagepick-bench-'));
    this.made.push(dir);
    return dir;
  }

  /** A filled one, its own: {dir, stat} with what its log holds. */
  async filled(stock, { tmpfs = false } = {}) {
    const template = await this.template(stock);
    const dir = this.empty({ tmpfs });
    for (const name of readdirSync(template.dir))
      copyFileSync(join(template.dir, name), join(dir, name));
    return { dir, stat: template.stat };
  }

  /** The template itself, for a stock too large to be copied each time. */
  async template(stock) {
    const key = JSON.stringify(stock);
    if (!this.templates.has(key)) {
      const dir = this.empty();
      await run(this.program, ['bench', 'fill', '--data', dir,
        ...Object.entries(stock).flatMap(([name, value]) => [`--${name}`, String(value)])]);
      this.templates.set(key, { dir, stat: await logStat(this.program, dir) });
    }
    return this.templates.get(key);
  }

  remove(dir) {
    rmSync(dir, { recursive: true, force: true });
    this.made = this.made.filter((other) => other !== dir);
  }

  close() {
    for (const dir of this.made)
      if (existsSync(dir))
        rmSync(dir, { recursive: true, force: true });
    this.made = [];
  }
}
