/* SPDX-License-Identifier: MIT
 *
 * Holds answers against the document of the interface: route, status, media type,
 * headers and body must stand in it as they are. What is not in it is refused, so
 * that nothing can be answered that clients were not told of; and what was
 * accepted must be in it, so that the document asks for no more than the program.
 */
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/* What every answer may have, of HTTP and of browsers, whatever it is an answer to. */
const COMMON_HEADERS = new Set([
  'date', 'content-type', 'content-length', 'connection', 'keep-alive',
  'x-content-type-options', 'content-security-policy', 'referrer-policy', 'x-accel-buffering',
]);
const CORS_HEADER = /^access-control-/;
/* Words of OpenAPI that say nothing about what is valid. */
const WORDS = ['discriminator', 'example'];
const ROOT = 'openapi.json';

export class ContractError extends Error {}

const pointer = (...steps) => `${ROOT}#/${steps.map((step) => encodeURIComponent(String(step).replace(/~/g, '~0').replace(/\//g, '~1'))).join('/')}`;

export class Contract {
  constructor(document) {
    this.document = document;
    this.unrouted = document['x-unrouted'];
    this.patterns = Object.keys(document.paths).map((path) => ({
      path,
      regex: new RegExp(`^${path.split(/\{[^}]*\}/).map((text) => text.replace(/[.*+?^$()[\]\\|]/g, '\\$&')).join('[^/]+')}$`),
      parameters: path.split('{').length - 1,
    })).sort((a, b) => a.parameters - b.parameters); /* a literal path goes first */
    this.ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, allErrors: true });
    formats(this.ajv);
    this.ajv.addVocabulary([...WORDS, ...Object.keys(document)]); /* the document counts as a schema: its root */
    this.ajv.addSchema(document, ROOT);
    this.validators = new Map(); /* compiled when first needed: few are in a test */
  }

  /** What may be answered to this: {responses, steps, ...}; steps lead to it in the document. */
  find(method, target) {
    const path = target.split('?')[0];
    const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
    for (const pattern of this.patterns) {
      if (!pattern.regex.test(path))
        continue;
      const operation = this.document.paths[pattern.path][wanted];
      if (operation)
        return { name: `${method} ${pattern.path}`, steps: ['paths', pattern.path, wanted], responses: operation.responses, operation };
    }
    return this.findUnrouted(method, path);
  }

  findUnrouted(method, path) {
    const { 204: toOptions, ...refusals } = this.unrouted.responses;
    const responses = method === 'OPTIONS' ? { 204: toOptions, ...refusals } : refusals;
    return { name: `${method} ${path}, which is no route`, steps: ['x-unrouted'], responses };
  }

  /** All that may be answered at all: for requests that the test itself can't read. */
  *everything() {
    yield this.findUnrouted('OPTIONS', '?');
    for (const { path } of this.patterns)
      for (const method of Object.keys(this.document.paths[path]))
        yield this.find(method.toUpperCase(), path);
  }

  /** request: {method, target, type?, body?}, or null if nobody can say what was
   * asked; answer: {status, headers, body (decoded, or text), size}. Throws. */
  check(request, answer) {
    if (request !== null) {
      const place = this.find(request.method, request.target);
      this.checkAt(place, request, answer);
      this.checkRequest(place, request, answer);
      return;
    }
    const refusals = [];
    for (const place of this.everything()) {
      try {
        return this.checkAt(place, { method: 'GET' }, answer);
      } catch (error) {
        if (!(error instanceof ContractError))
          throw error;
        refusals.push(error.message);
      }
    }
    throw new ContractError(`no route answers this: ${refusals[0]}`);
  }

  checkAt(place, request, answer) {
    const refuse = (why) => { throw new ContractError(`${place.name}: ${answer.status} ${why}`); };
    if (!(answer.status in place.responses))
      refuse('is not in the document');
    const { value: response, steps } = this.resolve([...place.steps, 'responses', answer.status], place.responses[answer.status]);
    this.checkHeaders(steps, response, answer.headers, refuse);
    if (!response.content) {
      if (answer.size > 0)
        refuse('has a body, and the document none');
      return;
    }
    const type = answer.headers['content-type'];
    if (type === undefined)
      refuse('has no Content-Type');
    const media = type in response.content ? type : type.split(';')[0].trim();
    if (!(media in response.content))
      refuse(`is ${type}; the document has ${Object.keys(response.content)}`);
    if (request.method === 'HEAD') {
      if (answer.size > 0)
        refuse('has a body behind a HEAD');
      return;
    }
    if (answer.isStreaming)
      return; /* its events are checked as they come */
    if (answer.size === 0)
      refuse('has no body, and the document one');
    else
      this.checkBody([...steps, 'content', media, 'schema'], response.content[media].schema, answer.body, refuse);
  }

  checkHeaders(steps, response, headers, refuse) {
    const documented = new Map(Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), { name, header }]));
    for (const { name, header } of documented.values()) {
      const { value: described, steps: at } = this.resolve([...steps, 'headers', name], header);
      const text = headers[name.toLowerCase()];
      if (text === undefined) {
        if (described.required)
          refuse(`is without ${name}`);
        continue;
      }
      const value = described.schema.type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;
      this.valid([...at, 'schema'], value, (why) => refuse(`has ${name}: ${text}: ${why}`));
    }
    for (const name of Object.keys(headers))
      if (!documented.has(name) && !COMMON_HEADERS.has(name) && !CORS_HEADER.test(name) && !this.isVaryOfCors(name, headers))
        refuse(`has ${name}: ${headers[name]}, which is not in the document`);
  }

  isVaryOfCors(name, headers) {
    return name === 'vary' && /\borigin\b/i.test(headers.vary);
  }

  /* Of problems the code is looked at first: to hear that one of thirty schemas
   * fits no better than the others helps nobody. */
  checkBody(steps, schema, body, refuse) {
    const { value, steps: at } = this.resolve(steps, schema);
    if (!value.discriminator || typeof body?.code !== 'string')
      return this.valid(at, body, refuse);
    const choices = value.oneOf.map((choice, i) => this.resolve([...at, 'oneOf', i], choice));
    const choice = choices.find(({ value: one }) => one.properties.code.const === body.code);
    if (!choice)
      refuse(`${body.code} is not in the document`);
    return this.valid(choice.steps, body, (why) => refuse(`${body.code}: ${why}`));
  }

  /** An event of a stream: {event, data, id if it had one}. */
  checkEvent(request, event) {
    const place = this.find(request.method, request.target);
    const steps = [...place.steps, 'responses', '200', 'content', 'text/event-stream', 'schema'];
    const { value, steps: at } = this.resolve(steps, place.responses['200']?.content?.['text/event-stream']?.schema);
    const refuse = (why) => { throw new ContractError(`${place.name}: event ${event.event}: ${why}`); };
    const choices = value.contentSchema.items.oneOf.map((choice, i) => this.resolve([...at, 'contentSchema', 'items', 'oneOf', i], choice));
    const choice = choices.find(({ value: one }) => one.properties.event.const === event.event);
    if (!choice)
      refuse('is not in the document');
    this.valid(choice.steps, event, refuse);
  }

  /* What the program took, the document must allow. */
  checkRequest(place, request, answer) {
    if (!(answer.status >= 200 && answer.status < 300) || !place.operation)
      return;
    const refuse = (why) => { throw new ContractError(`${place.name}: ${answer.status}, but its request ${why}`); };
    const known = this.queryNames(place.operation);
    for (const name of new URLSearchParams(request.target.split('?')[1]).keys())
      if (!known.has(name))
        refuse(`has ${name} in its query, which is not in the document`);
    const media = request.type?.split(';')[0].trim().toLowerCase();
    const content = place.operation.requestBody?.content;
    if (request.body !== undefined && content?.[media])
      this.valid([...place.steps, 'requestBody', 'content', media, 'schema'], request.body, (why) => refuse(why));
  }

  /* A ticket in the query is not among the parameters: it is a way to sign in. */
  queryNames(operation) {
    const schemes = (operation.security ?? []).flatMap(Object.keys).map((name) => this.document.components.securitySchemes[name]);
    return new Set([...(operation.parameters ?? []), ...schemes].filter(({ in: where }) => where === 'query').map(({ name }) => name));
  }

  resolve(steps, value) {
    while (value?.$ref !== undefined) {
      steps = value.$ref.replace(/^#\//, '').split('/').map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
      value = steps.reduce((object, step) => object?.[step], this.document);
    }
    if (value === undefined)
      throw new ContractError(`nothing at ${steps.join('/')} of the document`);
    return { value, steps };
  }

  valid(steps, value, refuse) {
    const at = pointer(...steps);
    let validate = this.validators.get(at);
    if (!validate)
      this.validators.set(at, validate = this.ajv.compile({ $ref: at }));
    if (!validate(value)) {
      const errors = validate.errors.slice(0, 6).map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
      refuse(`${errors.join('; ')}: ${JSON.stringify(value)?.slice(0, 600)}`);
    }
  }
}
