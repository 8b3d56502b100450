/** Addresses that there are not, and the one that is meant: it is named, with its method where another one was used. */
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

const ID = '7d1f6c2e-0000-4000-8000-000000000001';

async function errorOf(request: string): Promise<string> {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${api.admin.token ?? ''}` },
    ...(method === 'POST' ? { body: '{}' } : {}),
  });
  return ((await answer.json()) as { readonly error: string }).error;
}

it.each([
  ['POST /api/v1/restore', '/api/v1/backups/:id/restore'],
  ['GET /api/v1/restore', '/api/v1/restores'],
  [`POST /api/v1/restore/${ID}`, '/api/v1/backups/:id/restore'],
  [`POST /api/v1/backups/${ID}/validate`, '/api/v1/backups/validate'],
  [`GET /api/v1/backups/${ID}/validate`, 'POST /api/v1/backups/validate'],
  ['POST /api/v1/validate', '/api/v1/backups/validate'],
  ['POST /backups/import', '/api/v1/backups/import'],
  ['GET /backups', '/api/v1/backups'],
  [`DELETE /api/v1/backup/${ID}`, '/api/v1/backups/:id'],
  ['GET /api/v2/backups/', '/api/v1/backups'],
  [`GET /api/v1/bakcups/${ID}/export`, '/api/v1/backups/:id/export'],
  [`GET /api/v1/backups/${ID}/restores`, '/api/v1/restores'],
  [`GET /api/v1/backups/${ID}/changes`, '/api/v1/restores/:id/changes'],
  ['POST /api/v1/undo', '/api/v1/restores/:id/undo'],
  ['POST /api/v1/confirm', '/api/v1/restores/:id/confirm'],
  ['POST /api/v1/compare/diff', '/api/v1/diff'],
  ['POST /api/v1/graphql', '/graphql'],
  ['GET /docs/README.md', '/README.md'],
  ['GET /docs', '/api/v1/docs'],
  ['GET /rest.md', '/docs/rest.md'],
  ['GET /openapi.json', '/api/v1/openapi.json'],
  ['GET /api/v1/health', '/healthz'],
  ['GET /ready', '/readyz'],
  ['GET /api/v1/metrics', '/metrics'],
])('%s is told that %s is there', async (request, meant) => {
  expect(await errorOf(request)).toMatch(
    new RegExp(
      `^There is nothing at this address, .*: did you mean ${meant}\\? The page at / says what else there is$`,
    ),
  );
});

it.each([
  ['POST /api/v1/backups/restore', 'DELETE or GET', '/api/v1/backups/:id/restore'],
  ['POST /api/v1/restores/undo', 'GET', '/api/v1/restores/:id/undo'],
  ['GET /api/v1/backups/validate', 'POST', undefined],
  ['POST /api/v1/backups/nightly', 'DELETE or GET', undefined],
])('%s is told to use %s, or what it may be meant for', async (request, methods, meant) => {
  const [method] = request.split(' ');
  const or = meant === undefined ? '' : `, or did you mean ${meant}?`;
  expect(await errorOf(request)).toBe(`This address does not take ${String(method)}: use ${methods}${or}`);
});

it.each(['GET /ftp', 'GET /api/v1/nothing', 'POST /api/v2', 'GET /docs/nothing.md', `GET /${'x/'.repeat(50)}`])(
  '%s has none that is near',
  async (request) => {
    expect(await errorOf(request)).toMatch(/: the page at \/ says what there is$/);
  },
);
