/* SPDX-License-Identifier: MIT
 *
 * A small checker of values by the schemas of our own document: the keywords that
 * net/openapi_schema.c writes, and an error for any other.
 */

const SILENT = new Set(['description', 'default', 'examples', 'discriminator', 'format', 'contentMediaType', 'contentSchema']);

const typeOf = (value) => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
};
const isOfType = (value, type) => (type === 'integer' ? Number.isInteger(value) : typeOf(value) === type);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Schemas {
  constructor(doc) { this.doc = doc; }

  /** What a reference leads to; anything else is itself. */
  at(node) {
    for (; node?.$ref; )
      node = node.$ref.slice(2).split('/').reduce((at, name) => at[name.replace(/~1/g, '/').replace(/~0/g, '~')], this.doc);
    if (node === undefined)
      throw new Error('a reference leads nowhere');
    return node;
  }

  /** Everything wrong with the value, as texts; empty: it is fine. */
  faults(schema, value, where = '') {
    const { $ref, ...own } = schema;
    const found = $ref ? this.faults(this.at({ $ref }), value, where) : [];
    for (const [word, wanted] of Object.entries(own)) {
      const fault = SILENT.has(word) ? null : this.keyword(word, wanted, value, where, own);
      if (Array.isArray(fault))
        found.push(...fault);
      else if (fault)
        found.push(`${where || 'value'}: ${fault}`);
    }
    return found;
  }

  keyword(word, wanted, value, where, schema) {
    const type = typeOf(value);
    switch (word) {
      case 'type': return [wanted].flat().some((one) => isOfType(value, one)) ? null : `is not ${wanted}`;
      case 'const': return same(value, wanted) ? null : `is not ${JSON.stringify(wanted)}`;
      case 'enum': return wanted.some((one) => same(one, value)) ? null : `is none of ${wanted}`;
      case 'oneOf': {
        const tried = wanted.map((one) => this.faults(one, value, where));
        const fits = tried.filter((faults) => faults.length === 0).length;
        return fits === 1 ? null : `fits ${fits} of ${wanted.length}: ${tried.map((faults) => faults[0]).join(' | ')}`;
      }
      case 'minimum': return type !== 'number' || value >= wanted ? null : `is below ${wanted}`;
      case 'maximum': return type !== 'number' || value <= wanted ? null : `is above ${wanted}`;
      case 'minLength': return type !== 'string' || [...value].length >= wanted ? null : 'is too short';
      case 'maxLength': return type !== 'string' || [...value].length <= wanted ? null : 'is too long';
      case 'pattern': return type !== 'string' || new RegExp(wanted, 'u').test(value) ? null : `is not ${wanted}`;
      case 'minItems': return type !== 'array' || value.length >= wanted ? null : 'has too few';
      case 'maxItems': return type !== 'array' || value.length <= wanted ? null : 'has too many';
      case 'minProperties': return type !== 'object' || Object.keys(value).length >= wanted ? null : 'has too few fields';
      case 'uniqueItems': return type !== 'array' || new Set(value.map((one) => JSON.stringify(one))).size === value.length ? null : 'has one twice';
      case 'items': return type === 'array' ? value.flatMap((one, i) => this.faults(wanted, one, `${where}[${i}]`)) : null;
      case 'required': return type === 'object' ? wanted.filter((name) => !(name in value)).map((name) => `${where}.${name}: is missing`) : null;
      case 'properties': return type === 'object' ? Object.entries(wanted).flatMap(([name, one]) => (name in value ? this.faults(one, value[name], `${where}.${name}`) : [])) : null;
      case 'propertyNames': return type === 'object' ? Object.keys(value).flatMap((name) => this.faults(wanted, name, `${where}.${name}`)) : null;
      case 'additionalProperties': {
        const more = type === 'object' ? Object.keys(value).filter((name) => !(name in (schema.properties ?? {}))) : [];
        if (wanted === true) return null;
        return more.flatMap((name) => (wanted === false ? [`${where}.${name}: is not known`] : this.faults(wanted, value[name], `${where}.${name}`)));
      }
      default: throw new Error(`not a keyword of ours: ${word}`);
    }
  }
}

/** Every operation: {path, method, operation}. */
export function operations(doc) {
  return Object.entries(doc.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
}
