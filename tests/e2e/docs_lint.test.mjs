/* SPDX-License-Identifier: MIT
 *
 * The document of the interface passes Redocly's linter, the engine of its CLI
 * without the server and browser parts that come with that, by its recommended
 * rules with every warning counted as an error.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import redocly from '@redocly/openapi-core';

import { readDocument } from './lib/checked.mjs';

const { createConfig, lintFromString } = redocly;

async function lint(document) {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: '/openapi.json', config });
  return problems.map(({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} at ${location[0]?.pointer}`);
}

describe('the linter', () => {
  it('finds nothing in the document', async () => {
    const document = readDocument();
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(await lint(document), []);
  });

  const faults = [
    ['an operation without a summary', 'operation-summary', (document) => { delete document.paths['/v1/orders'].post.summary; }],
    ['two operations of one name', 'operation-operationId-unique', (document) => { document.paths['/v1/orders'].post.operationId = 'logIn'; }],
    ['a schema that is nowhere', 'no-unresolved-refs', (document) => { document.components.schemas.Order.properties.id = { $ref: '#/components/schemas/Nowhere' }; }],
    ['an example that its schema refuses', 'no-invalid-media-type-examples', (document) => {
      document.paths['/v1/orders'].post.responses['201'].content['application/json'].example.amount = '1';
    }],
  ];
  for (const [name, rule, plant] of faults)
    it(`finds ${name}`, async () => {
      const document = readDocument();
      plant(document);
      const found = await lint(document);
      assert.ok(found.length > 0 && found.every((text) => text.includes(rule)), found.join('\n'));
    });
});
