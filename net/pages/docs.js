/* SPDX-License-Identifier: MIT
 *
 * Starts Swagger UI on this server's own document. Nothing leaves this host, and
 * a token that was typed in is forgotten with the page.
 */

/* The page would send an example of an optional parameter unless it is erased by
 * hand: each order would be a retry of the one before, by the same
 * Idempotency-Key. So such examples are shown, and not filled in. */
function showOptionalExamples(spec) {
  for (const operations of Object.values(spec.paths ?? {}))
    for (const { parameters = [] } of Object.values(operations))
      for (const parameter of parameters) {
        if (parameter.required || parameter.example === undefined)
          continue;
        parameter.description = `${parameter.description ?? ''} For example: \`${parameter.example}\``.trim();
        delete parameter.example;
      }
  return spec;
}

const examplesPlugin = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (spec) => update(showOptionalExamples(spec)),
      },
    },
  },
});

window.addEventListener('load', () => {
  window.ui = window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    plugins: [examplesPlugin],
    queryConfigEnabled: false,
    validatorUrl: null,
  });
});
