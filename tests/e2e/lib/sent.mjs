/* SPDX-License-Identifier: MIT
 *
 * Reads along what a bare client sends, to know which request an answer belongs
 * to. Only as far as requests are plain: behind the first that is not, nobody can
 * say what was asked, and nothing is guessed.
 */
const BODY_KEPT_MAX = 1 << 16;

export class SentRequests {
  constructor() {
    this.rest = Buffer.alloc(0);
    this.requests = []; /* not yet answered */
    this.lost = false;
    this.missing = 0; /* bytes of a body that are still to come */
  }

  take(bytes) {
    if (this.lost)
      return;
    this.rest = Buffer.concat([this.rest, bytes]);
    while (!this.lost && this.step());
  }

  /** What the next answer is to: null if not known. */
  next() {
    return this.requests.shift() ?? null;
  }

  step() {
    if (this.missing > 0)
      return this.skip();
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0)
      return this.early();
    const request = parse(this.rest.subarray(0, end).toString('latin1'));
    if (request === null)
      return this.lose();
    this.rest = this.rest.subarray(end + 4);
    this.requests.push(request);
    if (request.chunked)
      return this.lose(); /* this one is known; where it ends is not looked for */
    this.missing = request.size;
    request.bytes = request.size <= BODY_KEPT_MAX && this.rest.length >= request.size ? Buffer.from(this.rest.subarray(0, request.size)) : Buffer.alloc(0);
    return true;
  }

  skip() {
    const size = Math.min(this.missing, this.rest.length);
    this.rest = this.rest.subarray(size);
    this.missing -= size;
    return this.missing === 0 && this.rest.length > 0;
  }

  /* A head may be answered before it is whole. */
  early() {
    return this.rest.length > BODY_KEPT_MAX ? this.lose() : false;
  }

  lose() {
    this.lost = true;
    this.rest = Buffer.alloc(0);
    return false;
  }
}

function parse(text) {
  const lines = text.split('\r\n');
  const first = /^([A-Z]+) (\/[!-~]*|\*) HTTP\/1\.[01]$/.exec(lines[0]);
  const headers = {};
  for (const line of lines.slice(1)) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*$/.exec(line);
    if (!field || field[1].toLowerCase() in headers)
      return null;
    headers[field[1].toLowerCase()] = field[2];
  }
  const size = headers['content-length'] ?? '0';
  if (!first || !/^\d{1,15}$/.test(size))
    return null;
  return { method: first[1], target: first[2], type: headers['content-type'], size: Number(size), chunked: 'transfer-encoding' in headers, bytes: Buffer.alloc(0) };
}
