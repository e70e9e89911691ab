/* SPDX-License-Identifier: MIT
 *
 * The proof that a flush comes before its answer, from a trace of the shim.
 *
 * A Disk follows the records and knows two things: what the file certainly
 * holds (`durable`: what was written before a flush began that has returned,
 * and O_DSYNC writes that have returned) and what it may or may not hold
 * (`pending`: every other write, in whole, in part, or not at all). And it
 * knows whether the file's name is on the disk: a file that was renamed into
 * its place may be gone, whole as it is, until its directory has been flushed.
 *
 * The server writes LMDB's meta page, which makes a batch part of the log, and
 * flushes it only with the pages of the next batch, or alone if none comes: so
 * the meta page is mostly the one write that is pending.
 *
 * checkOrder walks all sends: whenever an answer that names seq S begins to
 * leave, the durable bytes alone must hold at least S events, under a name
 * that is durable.
 * cutImage builds one file that a power cut could leave at some record.
 */
import { META_END, entriesOf, transactionOf } from './lmdb.mjs';
import { KIND, ROLE } from './trace.mjs';

const SECTOR_SIZE = 512;
const PAGE_SIZE = 4096;

export class Disk {
  constructor(initial = Buffer.alloc(0)) {
    this.durable = new Image(initial);
    this.pending = []; /* oldest first: {record, bytes, ended} */
    this.settledBy = new Map(); /* page → record index of the last write that is durable there */
    this.flushes = new Map(); /* record of a begun flush → what it covers */
    this.renames = []; /* into data.mdb's place: {directory, durable} */
    this.mapped = false;
    this.commits = 0; /* meta pages that have become durable */
    this.waited = 0;  /* … of those, by a flush after their write */
  }

  /** Takes the next record. */
  step(record) {
    const onData = record.role === ROLE.DATA || record.role === ROLE.DATA_DSYNC;
    if (record.kind === KIND.MAPPED)
      this.mapped = true;
    else if (onData && (record.kind === KIND.WRITE || record.kind === KIND.TRUNCATE))
      this.pending.push({ record, bytes: record.bytes, ended: false });
    else if (record.role === ROLE.DIRECTORY && record.kind === KIND.FLUSH)
      this.flushes.set(record, this.renames.filter(({ directory }) => directory === record.offset));
    else if (onData && record.kind === KIND.FLUSH)
      this.flushes.set(record, this.pending.filter((write) => write.ended));
    else if (record.kind === KIND.RETURN && record.call)
      this.ended(record.call, record.offset);
  }

  ended(call, result) {
    if (call.kind === KIND.RENAME) {
      if (result === 0)
        this.renames.push({ directory: call.offset, durable: false });
    } else if (call.kind === KIND.FLUSH && call.role === ROLE.DIRECTORY) {
      /* Only what had been renamed when the flush began. */
      if (result === 0)
        for (const rename of this.flushes.get(call) ?? [])
          rename.durable = true;
      this.flushes.delete(call);
    } else if (call.kind === KIND.FLUSH) {
      if (result === 0)
        this.settle(this.flushes.get(call) ?? []);
      this.flushes.delete(call);
    } else if (call.kind === KIND.WRITE || call.kind === KIND.TRUNCATE) {
      const write = this.pending.find((one) => one.record === call);
      if (!write)
        return;
      write.ended = true;
      if (call.kind === KIND.WRITE)
        write.bytes = call.bytes.subarray(0, Math.max(0, result));
      if (call.role === ROLE.DATA_DSYNC && call.kind === KIND.WRITE)
        this.settle([write]);
    }
  }

  /** These writes are on the disk now. */
  settle(writes) {
    for (const write of writes) {
      this.durable.apply(write);
      for (const page of pagesOf(write))
        this.settledBy.set(page, write.record.index);
      if (write.record.kind === KIND.WRITE && write.record.offset < META_END) {
        this.commits++;
        this.waited += write.record.role !== ROLE.DATA_DSYNC;
      }
    }
    const done = new Set(writes);
    this.pending = this.pending.filter((write) => !done.has(write));
  }

  /** A write that a killed server has begun: whether it was made is not known,
   * but a later one of the same pages has been flushed, so it is gone. */
  isOvertaken(write) {
    return !write.ended && pagesOf(write).some((page) => this.settledBy.get(page) > write.record.index);
  }

  /** What a power cut now could leave. mode: none, all, random, torn. */
  cutImage(mode, random) {
    const image = this.durable.clone();
    for (const write of this.pending) {
      if (this.isOvertaken(write) || mode === 'none' || (mode !== 'all' && random.chance(0.5)))
        continue;
      if (mode === 'torn' && write.record.kind === KIND.WRITE)
        image.applySectors(write, random);
      else
        image.apply(write);
    }
    return image.bytes();
  }
}

function pagesOf(write) {
  const pages = [];
  if (write.record.kind === KIND.WRITE && write.bytes.length > 0) {
    const last = Math.floor((write.record.offset + write.bytes.length - 1) / PAGE_SIZE);
    for (let page = Math.floor(write.record.offset / PAGE_SIZE); page <= last; page++)
      pages.push(page);
  }
  return pages;
}

/* A file's bytes that grow by doubling. */
class Image {
  constructor(initial) {
    this.size = initial.length;
    this.buffer = Buffer.alloc(Math.max(initial.length, 1 << 16));
    initial.copy(this.buffer);
  }

  bytes() { return this.buffer.subarray(0, this.size); }

  clone() { return new Image(this.bytes()); }

  apply(write) {
    if (write.record.kind === KIND.TRUNCATE)
      this.resize(write.record.offset);
    else
      this.put(write.record.offset, write.bytes);
  }

  applySectors(write, random) {
    const start = write.record.offset;
    for (let at = 0; at < write.bytes.length;) {
      const size = Math.min(SECTOR_SIZE - ((start + at) % SECTOR_SIZE), write.bytes.length - at);
      if (random.chance(0.5))
        this.put(start + at, write.bytes.subarray(at, at + size));
      at += size;
    }
  }

  put(offset, bytes) {
    if (offset + bytes.length > this.size)
      this.resize(offset + bytes.length);
    bytes.copy(this.buffer, offset);
  }

  resize(size) {
    if (size > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, this.size);
      this.buffer = larger;
    }
    if (size < this.size)
      this.buffer.fill(0, size, this.size);
    this.size = size;
  }
}

/** The greatest seq that an answer shows to have happened; 0 if none. */
export function seqTold(json) {
  if (!json || typeof json !== 'object')
    return 0;
  let seq = Number.isInteger(json.seq) ? json.seq : 0;
  for (const part of [json.order, json.error]) /* of a job */
    seq = Math.max(seq, seqTold(part));
  for (const list of [json.items, json.seats])
    if (Array.isArray(list))
      for (const item of list)
        seq = Math.max(seq, seqTold(item));
  return seq;
}

/** Walks the whole trace; returns {faults, checked, commits, waited, mapped,
 * renames}: each fault a line that says what was told too early; commits: meta
 * pages that became durable, waited: those of them that a later flush made so;
 * renames: those that put data.mdb in its place, {directory (inode), durable}. */
export function checkOrder(records, answers, initial) {
  const disk = new Disk(initial);
  const faults = [];
  let checked = 0;
  let next = 0;
  let commits = -1;
  let events = 0; /* on the disk, after so many commits */
  for (const record of records) {
    for (; next < answers.length && answers[next].index === record.index; next++) {
      const told = seqTold(answers[next].answer.json);
      if (told === 0)
        continue;
      checked++;
      if (!disk.renames.every(({ durable }) => durable))
        faults.push(`record ${record.index}: an answer tells seq ${told}, a power cut may leave no data.mdb: ` +
          'its directory was not flushed since it was renamed');
      if (disk.commits !== commits) {
        commits = disk.commits;
        events = entriesOf(disk.durable.bytes(), 'events');
      }
      if (told > events)
        faults.push(`record ${record.index}: an answer tells seq ${told}, the disk has ${events} events ` +
          `(transaction ${transactionOf(disk.durable.bytes())}, ${disk.pending.length} writes unflushed)`);
    }
    disk.step(record);
  }
  const { waited, mapped, renames } = disk;
  return { faults, checked, commits: disk.commits, waited, mapped, renames };
}
