/**
 * GET /: what this server is, and where everything is. A page for browsers, the same links as JSON for other clients.
 * Public, and it tells nothing but what anybody may know: no database, no backup, no address.
 */
import type { FastifyInstance } from 'fastify';
import { METRICS_PATH } from '../monitoring/metrics.js';
import { type Doc, readDocs, readLinked, serveDocs } from './docs-files.js';
import { DARK_COLOURS, ICON, LIGHT_COLOURS } from './page-style.js';

export interface HomeOptions {
  /** Of this program. */
  readonly version: string;
  /** Folder of the documents. */
  readonly docsPath: string;
  /** Whether this listener has /metrics. */
  readonly hasMetrics: boolean;
}

interface Link {
  readonly name: string;
  readonly path: string;
  readonly title: string;
  readonly about: string;
}

const NAME = 'OVN backup & restore';
const FACES: readonly Link[] = [
  {
    name: 'graphql',
    path: '/graphql',
    title: 'GraphQL',
    about: 'Queries, mutations, and subscriptions that follow a restore step by step. With an editor in the browser.',
  },
  {
    name: 'rest',
    path: '/api/v1/docs',
    title: 'REST',
    about: 'Every route with its parameters and answers, to be read and tried here. Works with curl.',
  },
];
const OPENAPI: Link = {
  name: 'openapi',
  path: '/api/v1/openapi.json',
  title: 'OpenAPI document',
  about: 'The REST API for generators of clients',
};
const HEALTH: Link = { name: 'health', path: '/healthz', title: 'Health', about: 'The process runs' };
const READINESS: Link = {
  name: 'readiness',
  path: '/readyz',
  title: 'Readiness',
  about: 'Database and store can be used, or why not',
};
const METRICS: Link = { name: 'metrics', path: METRICS_PATH, title: 'Metrics', about: 'Numbers for Prometheus' };

/** All from here, nothing inline, no script. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the page, its style and icon, and the documents that it links to. */
export async function serveHome(
  fastify: FastifyInstance,
  { version, docsPath, hasMetrics }: HomeOptions,
): Promise<void> {
  const docs = await readDocs(docsPath);
  const machines = [HEALTH, READINESS, ...(hasMetrics ? [METRICS] : []), OPENAPI];
  const links = Object.fromEntries([...FACES, ...machines].map(({ name, path }) => [name, path]));
  const summary = { name: NAME, version, links: { ...links, docs: docs.map(({ path }) => path) } };
  const page = pageOf(version, machines, docs);
  fastify.get('/', (request, reply) => {
    // "GET *" leads here, too
    if (request.url === '*') {
      reply.callNotFound();
      return reply;
    }
    void reply.header('vary', 'Accept');
    return (request.headers.accept ?? '').includes('text/html')
      ? reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(page)
      : reply.send(summary);
  });
  fastify.get('/home.css', (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/css; charset=utf-8').send(STYLE),
  );
  fastify.get('/icon.svg', (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('image/svg+xml').send(ICON),
  );
  serveDocs(fastify, [...docs, ...(await readLinked(docsPath))]);
}

function pageOf(version: string, machines: readonly Link[], docs: readonly Doc[]): string {
  const card = ({ path, title, about }: Link): string =>
    `<a class="card" href="${path}"><h2>${escaped(title)}</h2><p>${escaped(about)}</p><code>${path}</code></a>`;
  const row = ({ path, title, about }: Link): string =>
    `<li><a href="${path}">${escaped(title)}</a> <span>${escaped(about)}</span></li>`;
  const documents = docs.map(({ path, title }) => `<li><a href="${path}">${escaped(title)}</a></li>`).join('');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(NAME)}</title>
    <link rel="icon" type="image/svg+xml" href="/icon.svg">
    <link rel="stylesheet" href="/home.css">
  </head>
  <body>
    <header>
      <img src="/icon.svg" alt="" width="24" height="24">
      <strong>${escaped(NAME)}</strong> <span>${escaped(version)}</span>
    </header>
    <main>
      <h1>Back up an OVN Northbound database, and put it back without the network noticing</h1>
      <p class="lead">A restore sends only what differs, all of it or nothing, and rows keep their UUIDs. Every
        operation needs a token: the server said where the first one is when it started, and
        <code>npm run token</code> makes more.</p>
      <section class="cards">${FACES.map(card).join('')}</section>
      <section class="lists">
        <div><h2>For machines</h2><ul>${machines.map(row).join('')}</ul></div>
        ${documents === '' ? '' : `<div><h2>Documents</h2><ul class="documents">${documents}</ul></div>`}
      </section>
    </main>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `:root { ${LIGHT_COLOURS} --line: hsl(219 28% 50% / 0.25); --quiet: #526077; color-scheme: light; }
@media (prefers-color-scheme: dark) {
  :root { ${DARK_COLOURS} --quiet: #a3b0c2; color-scheme: dark; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; gap: 12px; align-items: center; padding: 12px 24px; border-bottom: 1px solid var(--line); }
header span { color: var(--quiet); }
main { max-width: 960px; margin: 0 auto; padding: 56px 24px 64px; }
h1 { margin: 0; max-width: 22em; font-size: clamp(26px, 4vw, 36px); line-height: 1.2; text-wrap: balance; }
h2 { margin: 0; font-size: 17px; }
code { font: 0.9em/1.5 ui-monospace, monospace; white-space: nowrap; }
a { color: var(--ours); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--ours); outline-offset: 3px; border-radius: 4px; }
.lead { max-width: 44em; margin: 16px 0 0; font-size: 17px; color: var(--quiet); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 16px; margin: 40px 0 48px; }
.card { display: flex; flex-direction: column; gap: 6px; padding: 20px 24px; color: inherit; }
.card { border: 1px solid var(--line); border-radius: 10px; }
.card:hover { border-color: var(--ours); text-decoration: none; }
.card:focus-visible { border-radius: 10px; }
.card h2 { color: var(--ours); font-size: 20px; }
.card p { flex: 1; margin: 0; }
.card code { margin-top: 8px; color: var(--quiet); }
.lists { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 32px 16px; }
.lists > div { padding: 0 24px; }
ul { margin: 12px 0 0; padding: 0; list-style: none; }
li { padding: 4px 0; }
li span { display: block; color: var(--quiet); font-size: 14px; }
.documents { columns: 2; column-gap: 24px; }
.documents li { break-inside: avoid; }
@media (max-width: 600px) {
  header { padding: 12px 16px; }
  main { padding: 32px 16px 48px; }
  .lists > div { padding: 0; }
}
`;
