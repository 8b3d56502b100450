/**
 * GET /api/v1/docs: a page to read the OpenAPI document in a browser and to try its routes, public and offline.
 * Swagger UI's own files come from its package, the page around it from here; a token that is typed into it stays in
 * the memory of the page.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { DARK_COLOURS, ICON, LIGHT_COLOURS } from '../../http/page/page-style.js';

const DOCS_PATH = '/api/v1/docs';
const OPENAPI_PATH = '/api/v1/openapi.json';
/** Of its package nothing else is served. */
const SWAGGER_FILES: ReadonlySet<string> = new Set([
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-bundle.js.LICENSE.txt',
]);

/** Everything from here; Swagger UI sets styles in place, and its icons are data. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the page and its files. Needs no token; the routes that the page tries need theirs. */
export async function serveApiDocs(fastify: FastifyInstance): Promise<void> {
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      // a new version's files have the old names: they are asked for again, and are mostly unchanged
      void reply.headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' });
    });
    for (const path of [DOCS_PATH, `${DOCS_PATH}/`])
      scope.get(path, (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
    scope.get(`${DOCS_PATH}/start.js`, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
    scope.get(`${DOCS_PATH}/page.css`, (_request, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
    scope.get(`${DOCS_PATH}/icon.svg`, (_request, reply) => reply.type('image/svg+xml').send(ICON));
    await scope.register(fastifyStatic, {
      root: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
      prefix: `${DOCS_PATH}/`,
      allowedPath: (path) => SWAGGER_FILES.has(path),
      index: false,
      decorateReply: false,
      cacheControl: false,
    });
  });
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>OVN backup &amp; restore: REST API</title>
    <link rel="icon" type="image/svg+xml" href="${DOCS_PATH}/icon.svg">
    <link rel="stylesheet" href="${DOCS_PATH}/swagger-ui.css">
    <link rel="stylesheet" href="${DOCS_PATH}/page.css">
    <script src="${DOCS_PATH}/swagger-ui-bundle.js" defer></script>
    <script src="${DOCS_PATH}/start.js" defer></script>
  </head>
  <body>
    <header>
      <img src="${DOCS_PATH}/icon.svg" alt="" width="24" height="24">
      <strong>OVN backup &amp; restore</strong> <span>REST API</span>
      <nav><a href="/graphql">GraphQL</a> <a href="${OPENAPI_PATH}">OpenAPI document</a></nav>
    </header>
    <main id="docs"><p>Loading the REST API …</p></main>
  </body>
</html>
`;

const START = `// Nothing leaves this server: no validator, no configuration from the address, no token in any storage.
const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();
SwaggerUIBundle({
  url: '${OPENAPI_PATH}',
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  // it warns of every dialect but its own, also of the one that this extends
  plugins: [() => ({ components: { JsonSchemaDialect: () => null } })],
  queryConfigEnabled: false,
  validatorUrl: null,
});
`;

const STYLE = `:root { ${LIGHT_COLOURS} }
:root.dark-mode { ${DARK_COLOURS} }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; gap: 12px; align-items: center; padding: 12px 24px; }
header { border-bottom: 1px solid hsl(219 28% 50% / 0.25); }
header span { opacity: 0.7; }
header nav { margin-left: auto; display: flex; gap: 20px; }
header a { color: var(--ours); text-decoration: none; }
header a:hover { text-decoration: underline; }
main > p { padding: 24px; }
.swagger-ui, .swagger-ui .info .title, .swagger-ui .opblock-tag, .swagger-ui .opblock .opblock-summary-description
  { font-family: system-ui, sans-serif; }
.swagger-ui .info { margin: 28px 0 12px; }
.swagger-ui .info hgroup .link, .swagger-ui .response-col_links { display: none; }
.swagger-ui .info a, .swagger-ui .info .info__license a { color: var(--ours); }
.swagger-ui .scheme-container .schemes .schemes-server-container { display: none; }
.swagger-ui .scheme-container .schemes .auth-wrapper { margin-left: auto; }
.swagger-ui .info .title small.version-stamp { background: var(--ours); }
.swagger-ui .scheme-container { padding: 12px 0; box-shadow: none; background: none; }
.swagger-ui .btn.authorize { color: var(--ours); border-color: var(--ours); }
.swagger-ui .btn.authorize svg { fill: var(--ours); }
@media (max-width: 600px) {
  header { flex-wrap: wrap; padding: 12px 16px; }
  header nav { width: 100%; margin-left: 0; }
}
.swagger-ui .response[data-code^="4"] pre, .swagger-ui .response[data-code^="5"] pre { max-height: 6em; }
`;
