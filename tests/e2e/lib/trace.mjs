/* SPDX-License-Identifier: MIT
 *
 * Reads what tests/support/flush_shim.c wrote: the list of records in the
 * order of their happening, and the HTTP answers that its sends carried.
 */
import fs from 'node:fs';

import { parseAnswer } from './raw.mjs';

export const KIND = { OPEN: 1, CLOSE: 2, WRITE: 3, FLUSH: 4, TRUNCATE: 5, SEND: 6, RETURN: 7, MAPPED: 8, RENAME: 9 };
export const ROLE = { NONE: 0, DATA: 1, DATA_DSYNC: 2, SOCKET: 3, DIRECTORY: 4 };

const HEAD_SIZE = 32;

/** [{kind, role, fd, thread, offset, bytes, result, returnIndex}]: result and
 * returnIndex are those of the call that a record began, or undefined. */
export function readTrace(file) {
  const all = fs.readFileSync(file);
  const records = [];
  const begun = new Map(); /* thread → its last begun call */
  for (let at = 0; at + HEAD_SIZE <= all.length;) {
    const size = Number(all.readBigUInt64LE(at + 24));
    if (at + HEAD_SIZE + size > all.length)
      break; /* the process was killed while it wrote this */
    const record = {
      index: records.length,
      kind: all.readUInt32LE(at),
      role: all.readUInt32LE(at + 4),
      fd: all.readInt32LE(at + 8),
      thread: all.readUInt32LE(at + 12),
      offset: Number(all.readBigInt64LE(at + 16)),
      bytes: all.subarray(at + HEAD_SIZE, at + HEAD_SIZE + size),
      result: undefined,
      returnIndex: undefined,
      call: undefined,
    };
    if (record.kind === KIND.RETURN) {
      record.call = begun.get(record.thread);
      if (record.call) {
        record.call.result = record.offset;
        record.call.returnIndex = record.index;
        begun.delete(record.thread);
      }
    } else if (record.kind !== KIND.OPEN && record.kind !== KIND.CLOSE && record.kind !== KIND.MAPPED) {
      begun.set(record.thread, record);
    }
    records.push(record);
    at += HEAD_SIZE + size;
  }
  return records;
}

/** Every HTTP answer that was sent whole: {index, answer}, where index is the
 * record of the send that carried its first byte. In order of index. */
export function answersOf(records) {
  const streams = new Map(); /* fd and port → {parts, starts} */
  const answers = [];
  for (const record of records) {
    if (record.kind !== KIND.SEND)
      continue;
    /* A send without a result was cut off by the end of the process: what of
     * it went out is not known, so nothing of it counts as told. */
    const sent = Math.max(0, Math.min(record.result ?? 0, record.bytes.length));
    if (sent === 0)
      continue;
    const name = `${record.fd}:${record.offset}`;
    const stream = streams.get(name) ?? { bytes: Buffer.alloc(0), index: record.index };
    streams.set(name, stream);
    if (stream.bytes.length === 0)
      stream.index = record.index;
    stream.bytes = Buffer.concat([stream.bytes, record.bytes.subarray(0, sent)]);
    for (;;) {
      const parsed = parseAnswer(stream.bytes);
      if (!parsed)
        break;
      answers.push({ index: stream.index, answer: parsed.answer });
      stream.bytes = stream.bytes.subarray(parsed.size);
      stream.index = record.index;
    }
  }
  return answers.sort((a, b) => a.index - b.index);
}
