/* SPDX-License-Identifier: MIT
 *
 * A directory on a disk that a test can bring into trouble (tests/support/disk_shim.c).
 */
import fs from 'node:fs';
import path from 'node:path';

import { DISK_SHIM, dropDirectory, makeDirectory } from './program.mjs';

export class Disk {
  /** For a server that is started with its `data` and `env`. */
  constructor() {
    this.home = makeDirectory('disk');
    this.control = path.join(this.home, 'control');
    this.data = path.join(this.home, 'data');
    this.env = { LD_PRELOAD: DISK_SHIM, SP_DISK_CONTROL: this.control };
  }

  /** Written beside and renamed, so that no reader sees half of it. */
  trouble(text) {
    fs.writeFileSync(`${this.control}.new`, `${text}\n`);
    fs.renameSync(`${this.control}.new`, this.control);
  }

  heal() { fs.rmSync(this.control, { force: true }); }
  drop() { dropDirectory(this.home); }
}
