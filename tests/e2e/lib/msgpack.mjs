/* SPDX-License-Identifier: MIT
 *
 * A small msgpack encoder and decoder by the format's own description, so that
 * the program's are not held against themselves. Whole numbers become integers,
 * others floats.
 */

const WIDE = 0x1_0000_0000;

function sized(first, sizeMin, length) {
  const size = Math.max(sizeMin, length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4);
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = first + Math.log2(size / sizeMin);
  bytes.writeUIntBE(length, 1, size);
  return bytes;
}

function encodeNumber(value) {
  if (!Number.isInteger(value)) {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (value >= 0 && value < 0x80)
    return Buffer.from([value]);
  if (value < 0 && value >= -0x20)
    return Buffer.from([0x100 + value]);
  if (value >= 0 && value < WIDE)
    return sized(0xcc, 1, value);
  return encodeLong(BigInt(value));
}

function encodeLong(value) {
  const bytes = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 1);
  return bytes;
}

function encodeString(text) {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([bytes.length < 32 ? Buffer.from([0xa0 + bytes.length]) : sized(0xd9, 1, bytes.length), bytes]);
}

/** null, booleans, numbers, bigints (as uint64 or int64), strings, Buffers (as
 * bin), arrays and plain objects. */
export function encode(value) {
  if (value === null)
    return Buffer.from([0xc0]);
  if (typeof value === 'boolean')
    return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number')
    return encodeNumber(value);
  if (typeof value === 'bigint')
    return encodeLong(value);
  if (typeof value === 'string')
    return encodeString(value);
  if (Buffer.isBuffer(value))
    return Buffer.concat([sized(0xc4, 1, value.length), value]);
  if (Array.isArray(value)) {
    const front = value.length < 16 ? Buffer.from([0x90 + value.length]) : sized(0xdc, 2, value.length);
    return Buffer.concat([front, ...value.map(encode)]);
  }
  return encodeMembers(Object.entries(value));
}

/** A map of these pairs, in this order, also with a key twice. */
export function encodeMembers(pairs) {
  const front = pairs.length < 16 ? Buffer.from([0x80 + pairs.length]) : sized(0xde, 2, pairs.length);
  return Buffer.concat([front, ...pairs.flatMap(([key, value]) => [encode(key), encode(value)])]);
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(size) {
    if (this.at + size > this.bytes.length)
      throw new Error(`msgpack ends in the middle of a value, at ${this.at}`);
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  uint(size) { return this.take(size).readUIntBE(0, size); }

  number(value) {
    if (value < BigInt(Number.MIN_SAFE_INTEGER) || value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Error(`not a safe integer: ${value}`);
    return Number(value);
  }

  text(size) { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(size)); }

  array(count) { return Array.from({ length: count }, () => this.value()); }

  map(count) {
    const object = {};
    for (let i = 0; i < count; i++) {
      const key = this.value();
      if (typeof key !== 'string' || Object.hasOwn(object, key))
        throw new Error(`not a key, or twice: ${key}`);
      object[key] = this.value();
    }
    return object;
  }

  value() {
    const first = this.uint(1);
    if (first < 0x80)
      return first;
    if (first < 0x90)
      return this.map(first & 0x0f);
    if (first < 0xa0)
      return this.array(first & 0x0f);
    if (first < 0xc0)
      return this.text(first & 0x1f);
    if (first >= 0xe0)
      return first - 0x100;
    switch (first) {
    case 0xc0: return null;
    case 0xc2: return false;
    case 0xc3: return true;
    case 0xca: return this.take(4).readFloatBE();
    case 0xcb: return this.take(8).readDoubleBE();
    case 0xcc: case 0xcd: case 0xce: return this.uint(1 << (first - 0xcc));
    case 0xcf: return this.number(this.take(8).readBigUInt64BE());
    case 0xd0: case 0xd1: case 0xd2: return this.take(1 << (first - 0xd0)).readIntBE(0, 1 << (first - 0xd0));
    case 0xd3: return this.number(this.take(8).readBigInt64BE());
    case 0xd9: case 0xda: case 0xdb: return this.text(this.uint(1 << (first - 0xd9)));
    case 0xdc: case 0xdd: return this.array(this.uint(2 << (first - 0xdc)));
    case 0xde: case 0xdf: return this.map(this.uint(2 << (first - 0xde)));
    default: throw new Error(`an answer has no ${first.toString(16)}`);
    }
  }
}

/** Exactly one value, of those that an answer may have. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length)
    throw new Error(`msgpack goes on behind its value, at ${reader.at}`);
  return value;
}
