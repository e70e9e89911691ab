/* SPDX-License-Identifier: MIT
 *
 * /docs in a real browser: the page works under its own policy without any other
 * host, and somebody who knows nothing but it logs in, authorises and buys a seat.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { chromium } from 'playwright-core';

import { Client } from './lib/client.mjs';
import { dropDirectory, makeDirectory } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';
import { expectStatus } from './lib/world.mjs';

const BROWSER = process.env.SP_CHROMIUM || '/usr/bin/chromium';
/* It is not to go anywhere by itself. */
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];
const LOGIN = { email: 'user@demo.example', password: 'stage-pick-demo' };

describe('the page of the interface', () => {
  let server;
  let browser;
  let profile;
  let page;
  const complaints = []; /* on the console, where violations of the policy are told too; errors of scripts */
  const requested = [];

  before(async () => {
    server = await startServer({ args: ['--demo'], admin: false });
    profile = makeDirectory('browser');
    browser = await chromium.launchPersistentContext(profile, { executablePath: BROWSER, headless: true, args: FLAGS, viewport: { width: 1200, height: 900 } });
    page = await browser.newPage();
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(request.url()));
    page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    if (server)
      dropDirectory(server.data);
    if (profile)
      dropDirectory(profile);
  });

  const operation = (name) => page.locator(`[id$="-${name}"].opblock`);

  /** Opens an operation, fills its body and sends it; the status and body shown. */
  async function tryOut(name, body) {
    const block = operation(name);
    await block.locator('.opblock-summary').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    await block.getByRole('button', { name: 'Execute' }).click();
    const live = block.locator('.live-responses-table .response').first();
    await live.waitFor();
    const status = (await live.locator('.response-col_status').innerText()).trim();
    const shown = await live.locator('.response-col_description pre').first().innerText();
    return { status: Number.parseInt(status, 10), body: JSON.parse(shown) };
  }

  it('shows every operation', async () => {
    await page.goto(`${server.url}/docs/`);
    assert.equal(page.url(), `${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    assert.match(await page.locator('.info .title').innerText(), /Stage Pick/);
    const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
    const wanted = Object.values(paths).flatMap((path) => Object.keys(path).filter((method) => /^(get|post|put|patch|delete)$/.test(method)));
    assert.equal(await page.locator('.opblock').count(), wanted.length);
    if (process.env.SP_SCREENSHOT)
      await page.screenshot({ path: `${process.env.SP_SCREENSHOT}-top.png` });
  });

  it('logs in, authorises, and buys a seat that the server then has sold', async () => {
    const session = await tryOut('logIn', LOGIN);
    assert.equal(session.status, 200);
    const token = session.body.accessToken;

    await page.locator('.auth-wrapper .authorize').first().click();
    const dialog = page.locator('.modal-ux');
    const bearer = dialog.locator('.auth-container', { hasText: 'bearer' });
    await bearer.locator('input').fill(token);
    await bearer.getByRole('button', { name: 'Apply credentials' }).click();
    await bearer.getByRole('button', { name: 'Remove authorization' }).waitFor();
    if (process.env.SP_SCREENSHOT)
      await page.screenshot({ path: `${process.env.SP_SCREENSHOT}-auth.png` });
    await dialog.getByRole('button', { name: 'Close' }).first().click();

    const client = new Client(server, { token });
    const { items } = expectStatus(await client.get('/v1/concerts?limit=100'), 200);
    const concert = items.find(({ status }) => status === 'ON_SALE');
    const seat = expectStatus(await client.get(`/v1/concerts/${concert.id}/seats`), 200).status.indexOf('.');
    const bought = await tryOut('createOrder', { concertId: concert.id, seats: [seat] });
    if (process.env.SP_SCREENSHOT)
      await page.screenshot({ path: `${process.env.SP_SCREENSHOT}-order.png` });
    assert.equal(bought.status, 201);
    assert.deepEqual(bought.body.seats.map((one) => one.seat), [seat]);
    assert.deepEqual(expectStatus(await client.get(`/v1/orders/${bought.body.id}`), 200), bought.body);
    assert.equal(expectStatus(await client.get(`/v1/concerts/${concert.id}/seats`), 200).status[seat], 'x');
    /* Examples of what is optional are shown, not sent: the next order would be this one again. */
    const parameter = operation('createOrder').locator('tr[data-param-name="Idempotency-Key"]');
    assert.match(await parameter.innerText(), /For example: /);
    assert.equal(await parameter.locator('input[type="text"]').inputValue(), '');
    client.close();
  });

  it('said nothing to another host, and nothing was amiss', () => {
    assert.deepEqual(complaints, []);
    assert.ok(requested.length > 5, String(requested));
    assert.deepEqual(requested.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith('data:')), []);
  });

  it('forgets the token with the page', async () => {
    await page.reload();
    await page.locator('.auth-wrapper .authorize').first().click();
    assert.equal(await page.getByRole('button', { name: 'Remove authorization' }).count(), 0);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  });

  it('is under a policy that lets nothing in', async () => {
    complaints.length = 0;
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.intruder = true';
      document.body.append(script);
      const outside = await fetch('http://127.0.0.1:1/').then(() => 'sent', (error) => error.name);
      return { intruder: window.intruder === true, outside };
    });
    assert.deepEqual(ran, { intruder: false, outside: 'TypeError' });
    /* So a violation by the page itself would have been among the complaints. */
    for (const directive of ['script-src', 'connect-src'])
      assert.ok(complaints.some((text) => /violates/.test(text) && text.includes(`${directive} 'self'`)), complaints.join('\n'));
  });
});
