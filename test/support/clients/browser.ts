/** A real browser, and the pages of the IDE as people use them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? 'chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const HEADER_EDITOR = '.graphiql-editor-tool[aria-label="Headers"] .graphiql-editor:not(.hidden)';
export const VARIABLE_EDITOR = '.graphiql-editor-tool[aria-label="Variables"] .graphiql-editor:not(.hidden)';
export const QUERY_EDITOR = '.graphiql-query-editor';
export const RESPONSE = '.result-window';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Builds the pages, unless they are there. */
export function ensureIdeBuilt(): void {
  if (['index.html', 'demo.html'].every((name) => existsSync(`${ROOT}dist/ide/${name}`))) return;
  const build = spawnSync(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'build', '--config', 'src/web/ide/vite.config.ts'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (build.status !== 0) throw new Error(build.stderr);
}

/** Replaces an editor's text by pasting: typing would have the editor close brackets and quotes. */
export async function paste(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .view-lines`).first().click();
  await page.keyboard.press('Control+A');
  // Code for the page is text: the types of a browser are not those of this project.
  await page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', ${JSON.stringify(text)});
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }`);
}

/** A tab by its whole title. Its role's name would not do: in front, that has the button for closing in it. */
export function tabOf(page: Page, name: string): Locator {
  return page.locator(`.graphiql-tab-button[title="${name}"]`);
}

/** Goes to a tab, and waits until its operation is in the editor. */
export async function goToTab(page: Page, name: string): Promise<void> {
  await tabOf(page, name).click();
  await pageShows(page, `${QUERY_EDITOR} .view-lines`, name);
}

/** Runs what is in the editor; of several operations the one that is named. */
export async function execute(page: Page, operation?: string): Promise<void> {
  await page.getByRole('button', { name: /execute query/i }).click();
  if (operation !== undefined) await page.getByRole('menuitem', { name: operation, exact: true }).click();
}

/** Waits until the text is there. */
export async function pageShows(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

export async function responseWith(page: Page, text: string): Promise<void> {
  await pageShows(page, RESPONSE, text);
}

/** What the response shows, as far as it is in sight. */
export async function response(page: Page): Promise<string> {
  return (await page.locator(`${RESPONSE} .view-lines`).first().innerText()).replaceAll('\u00a0', ' ');
}
