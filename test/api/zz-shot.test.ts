import { SignJWT } from 'jose';
import { chromium } from 'playwright-core';
import { JWT_SECRET, startTinyServer } from './tiny-server.js';
it('shoots', async () => {
  const tiny = await startTinyServer();
  const token = await new SignJWT({ sub: 'ann', roles: ['admin'] }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(JWT_SECRET));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu','--no-first-run'] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
  page.on('console', (m) => process.stderr.write(`${m.type()} ${m.text()}\n`));
  page.on('pageerror', (e) => process.stderr.write(`pageerror ${e.message}\n`));
  page.on('requestfailed', (r) => process.stderr.write(`failed ${r.url()} ${r.failure()?.errorText}\n`));
  await page.goto(`${tiny.url}/graphql`);
  await new Promise((r) => setTimeout(r, 5000));
  await page.screenshot({ path: '/tmp/w/out/ide1.png' });
  process.stderr.write(await page.evaluate(`JSON.stringify([...document.querySelectorAll('[role=tab],.graphiql-editor,.graphiql-editor-tool *[class*=graphiql]')].map(e=>[e.tagName,e.className,e.getBoundingClientRect().height,e.ariaLabel, e.textContent.slice(0,30)]))`) as string);
  await browser.close(); await tiny.close();
  void token;
});
