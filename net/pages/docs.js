/* SPDX-License-Identifier: MIT
 *
 * Starts Swagger UI on this server's own document. Nothing leaves this host, and
 * a token that was typed in is forgotten with the page.
 */
window.addEventListener('load', () => {
  window.ui = window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
  });
});
