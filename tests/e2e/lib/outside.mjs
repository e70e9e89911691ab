/* SPDX-License-Identifier: MIT
 *
 * From a schema and a value that fits it: values that do not, each by one fault, and
 * values at the very ends of what fits. Fields are named as the server names them.
 */

/** So that the value has just this many characters, whatever pattern it follows. */
const ofLength = (text, length) => (text.length >= length ? text.slice(0, length) : text + 'a'.repeat(length - text.length));

function ofCount(list, count, unique) {
  if (unique)
    return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => list[i % list.length]);
}

class Walk {
  constructor(schemas) {
    this.schemas = schemas;
    this.outside = []; /* {field, body, what} */
    this.within = [];
  }

  /** put(value): the whole body with this value here; undefined: without it. */
  value(schema, value, field, put) {
    const whole = this.schemas.at(schema);
    const bad = (other, what, named = field) => this.outside.push({ field: named, what, body: put(other) });
    const good = (other, what) => this.within.push({ field, what, body: put(other) });
    if (whole.oneOf && typeof value !== 'object')
      this.alternatives(whole.oneOf, field, bad, good);
    else if (whole.oneOf)
      this.value(this.variantOf(whole.oneOf, value), value, field, put);
    else if (whole.type === 'object')
      this.object(whole, value, field, put, bad);
    else if (whole.type === 'array')
      this.array(whole, value, field, put, bad, good);
    else
      this.scalar(whole, value, field, bad, good);
  }

  variantOf(variants, value) {
    return variants.find((one) => this.schemas.faults(one, value).length === 0);
  }

  /* An id or a time: a text, or a number in a range. */
  alternatives(variants, field, bad, good) {
    for (const one of variants)
      if (one.type === 'integer') {
        bad(one.minimum - 1, 'below the minimum');
        bad(one.maximum + 1, 'above the maximum');
        good(one.minimum, 'at the minimum');
        good(one.maximum, 'at the maximum');
      } else {
        bad('x', 'another text');
        bad('', 'an empty text');
        bad(one.pattern ? '01' : '2030-13-01T00:00:00Z', 'nearly one');
      }
    bad(true, 'another type');
    bad([], 'a list');
  }

  object(whole, value, field, put, bad) {
    const inside = (name) => (field ? `${field}.${name}` : name);
    const without = (name) => Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
    bad([], 'a list for an object');
    bad('x', 'a text for an object');
    if (whole.minProperties)
      bad({}, 'no field at all');
    bad({ ...value, nonsense: 1 }, 'an unknown field', inside('nonsense'));
    for (const [name, schema] of Object.entries(whole.properties)) {
      if (whole.required.includes(name))
        bad(without(name), 'without it', inside(name));
      else
        this.within.push({ field: inside(name), what: 'without it', body: put(without(name)) });
      if (name in value)
        this.value(schema, value[name], inside(name), (other) => put({ ...value, [name]: other }));
    }
  }

  array(whole, value, field, put, bad, good) {
    bad({}, 'an object for a list');
    bad(ofCount(value, whole.minItems - 1, whole.uniqueItems), 'too few items');
    bad(ofCount(value, whole.maxItems + 1, whole.uniqueItems), 'too many items');
    good(ofCount(value, whole.minItems, whole.uniqueItems), 'the fewest items');
    good(ofCount(value, whole.maxItems, whole.uniqueItems), 'the most items');
    if (whole.uniqueItems)
      this.outside.push({ field: `${field}[1]`, what: 'one twice', body: put([value[0], value[0]]) });
    if (whole.uniqueItems) { /* alone, or it could be another's double */
      this.value(whole.items, value[0], `${field}[0]`, (other) => put([other]));
      return;
    }
    value.forEach((item, i) =>
      this.value(whole.items, item, `${field}[${i}]`, (other) => put(value.map((one, k) => (k === i ? other : one)))));
  }

  scalar(whole, value, field, bad, good) {
    bad([value], 'a list');
    const type = [whole.type].flat()[0];
    if (type === 'integer') {
      bad(whole.minimum - 1, 'below the minimum');
      bad(whole.maximum + 1, 'above the maximum');
      bad(String(value), 'a text');
      bad(value + 0.5, 'a fraction');
      good(whole.minimum, 'at the minimum');
      good(whole.maximum, 'at the maximum');
    } else if (type === 'boolean') {
      bad('true', 'a text');
      bad(1, 'a number');
      good(!value, 'the other');
    } else {
      this.text(whole, value, bad, good);
    }
  }

  text(whole, value, bad, good) {
    bad(7, 'a number');
    for (const choice of whole.enum ?? [])
      good(choice, 'a choice');
    if (whole.enum)
      bad('NONSENSE', 'no choice');
    if (whole.maxLength) {
      bad(ofLength(value, whole.maxLength + 1), 'too long');
      good(ofLength(value, whole.maxLength), 'as long as may be');
    }
    if (whole.minLength) {
      bad(ofLength(value, whole.minLength - 1), 'too short');
      if (!whole.pattern)
        good(ofLength(value, whole.minLength), 'as short as may be');
    }
    if (whole.pattern)
      bad('x y', 'against the pattern');
  }
}

/** {outside: [{field, what, body}], within: [the same]}. */
export function around(schemas, schema, value) {
  const walk = new Walk(schemas);
  walk.value(schema, value, '', (other) => other);
  return walk;
}
