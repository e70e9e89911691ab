/* SPDX-License-Identifier: MIT
 *
 * Just enough of LMDB's file format (0.9, little-endian, 64 bits) to say how
 * many records a named database has in a file image: read here from the bytes
 * by other code than the program's, so that both can't be wrong in one way.
 *
 * Pages 0 and 1 are the meta pages; the valid one with the higher transaction
 * id counts. A page begins with 16 bytes (number 8, pad 2, flags 2, lower 2,
 * upper 2); then in a branch or leaf come 16-bit offsets of its nodes. A
 * node: 8 bytes (size low 2, size high 2, flags 2, key size 2), key, data.
 */
const MAGIC = 0xbeefc0de;
const PAGE_HEAD = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
const META = 0x08;
const SUBDATA = 0x02;
const NONE = 0xffffffffffffffffn;

/* In a meta page: magic, version, address, map size; two database records of
 * 48 bytes (the first one's pad is the page size); last page, transaction. */
const FREE_DB = PAGE_HEAD + 24;
const MAIN_DB = FREE_DB + 48;
const LAST_PAGE = MAIN_DB + 48;
const TXNID = LAST_PAGE + 8;

/** Writes that begin before this offset are of meta pages (of 4096 bytes). */
export const META_END = 2 * 4096;

function newestMeta(image) {
  let newest = null;
  if (image.length < 2 * 512)
    return null;
  const first = metaAt(image, 0);
  const pageSize = first?.pageSize ?? 4096;
  for (const meta of [first, metaAt(image, pageSize)])
    if (meta && (!newest || meta.txnid > newest.txnid))
      newest = meta;
  return newest;
}

function metaAt(image, at) {
  if (at + TXNID + 8 > image.length || !(image.readUInt16LE(at + 10) & META) ||
      image.readUInt32LE(at + PAGE_HEAD) !== MAGIC)
    return null;
  return {
    pageSize: image.readUInt32LE(at + FREE_DB),
    txnid: image.readBigUInt64LE(at + TXNID),
    root: image.readBigUInt64LE(at + MAIN_DB + 40),
    lastPage: image.readBigUInt64LE(at + LAST_PAGE),
  };
}

/** The transaction id that an opener would see; 0 for an empty or bad file. */
export function transactionOf(image) {
  return Number(newestMeta(image)?.txnid ?? 0n);
}

/** How many bytes of the file are pages of the log; what lies behind them is
 * room (storage/room.h). 0 for an empty or bad file. */
export function usedBytesOf(image) {
  const meta = newestMeta(image);
  return meta ? (Number(meta.lastPage) + 1) * meta.pageSize : 0;
}

/** Records in the named database; 0 if it, or the file, is not there. */
export function entriesOf(image, name) {
  const meta = newestMeta(image);
  if (!meta || meta.root === NONE)
    return 0;
  return entriesBelow(image, meta, Number(meta.root), Buffer.from(name)) ?? 0;
}

function entriesBelow(image, meta, page, name) {
  const at = page * meta.pageSize;
  if (at + meta.pageSize > image.length)
    return null;
  const flags = image.readUInt16LE(at + 10);
  const count = (image.readUInt16LE(at + 12) - PAGE_HEAD) / 2;
  for (let i = 0; i < count; i++) {
    const node = at + image.readUInt16LE(at + PAGE_HEAD + 2 * i);
    const low = image.readUInt16LE(node);
    const high = image.readUInt16LE(node + 2);
    const nodeFlags = image.readUInt16LE(node + 4);
    const keySize = image.readUInt16LE(node + 6);
    const key = image.subarray(node + 8, node + 8 + keySize);
    if (flags & BRANCH) {
      /* Few names: looking under every child is simpler than comparing. */
      const child = low + high * 0x10000 + nodeFlags * 0x100000000;
      const found = entriesBelow(image, meta, child, name);
      if (found !== null)
        return found;
    } else if ((flags & LEAF) && (nodeFlags & SUBDATA) && key.equals(name)) {
      return Number(image.readBigUInt64LE(node + 8 + keySize + 32));
    }
  }
  return null;
}
