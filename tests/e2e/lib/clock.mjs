/* SPDX-License-Identifier: MIT
 *
 * A clock that tests move (tests/support/clock_shim.c), under servers that are
 * started with its env.
 */
import fs from 'node:fs';
import path from 'node:path';

import { CLOCK_SHIM, dropDirectory, makeDirectory } from './program.mjs';

export const noClock = fs.existsSync(CLOCK_SHIM) ? false : `no clock shim at ${CLOCK_SHIM}`;

export class Clock {
  constructor(name = 'clock') {
    this.home = makeDirectory(name);
    this.data = path.join(this.home, 'data');
    this.control = path.join(this.home, 'control');
    this.env = { LD_PRELOAD: CLOCK_SHIM, SP_CLOCK_CONTROL: this.control };
    this.seconds = 0;
  }

  /** So much time passes, at once. */
  pass(seconds) {
    this.seconds += seconds;
    /* Written beside and renamed, so that no reader sees half of it. */
    fs.writeFileSync(`${this.control}.new`, `${this.seconds} ${this.seconds}\n`);
    fs.renameSync(`${this.control}.new`, this.control);
  }

  drop() { dropDirectory(this.home); }
}
