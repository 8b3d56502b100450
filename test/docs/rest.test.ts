import type { Call } from '../../src/api/rest/common/route.js';
import { type RestParts, restRoutes } from '../../src/api/rest/routes.js';
import { Page, plain } from './page.js';

const page = new Page('docs/rest.md');
// routes are data: without a call they need no service
const routes = restRoutes({ version: '0' } as RestParts);
/** Served beside the routes. */
const PAGE = 'GET /api/v1/docs';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

async function openApi(): Promise<OpenApi> {
  const own = routes.find(({ path }) => path === '/api/v1/openapi.json');
  const answer = await own?.handle({} as Call<unknown, unknown>);
  return answer?.body as OpenApi;
}

/** Names in the first cells of the tables below a heading. */
function namesBelow(heading: string): readonly string[] {
  const [section = ''] = new RegExp(`^## ${heading}\\n.*?(?=^## |$(?![\\s\\S]))`, 'ms').exec(page.prose) ?? [];
  return [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(',').map((name) => plain(name).trim()),
  );
}

describe('docs/rest.md', () => {
  it('has every route with its permission, and no other', () => {
    const documented = page.rowsOf('route').map(([path = '', needs = '']) => `${plain(path)}: ${plain(needs)}`);
    const served = routes.map(({ method, path, needs }) => `${method} ${path}: ${needs.join(' and ') || 'none'}`);
    expect([...documented].sort()).toEqual([...served, `${PAGE}: none`].sort());
  });

  it.each([
    ['Create', 'CreateBackup'],
    ['Restore', 'RestoreBackup'],
    ['Filters', 'ResourceFilter'],
  ])('has every member of %s', async (heading, shape) => {
    const { components } = await openApi();
    expect([...namesBelow(heading)].sort()).toEqual(Object.keys(components.schemas[shape]?.properties ?? {}).sort());
  });

  it.each([
    ['List', '/api/v1/backups'],
    ['Export', '/api/v1/backups/{id}/export'],
    ['Changes', '/api/v1/restores/{id}/changes'],
  ])('has every parameter of %s', async (heading, path) => {
    const { paths } = await openApi();
    const queries = (paths[path]?.['get']?.parameters ?? []).filter((parameter) => parameter.in === 'query');
    expect([...namesBelow(heading)].sort()).toEqual(queries.map(({ name }) => name).sort());
  });

  it.each(['UndoRestore', 'ValidateBackup', 'ImportBackup'])('names every member of %s', async (shape) => {
    const { components } = await openApi();
    const members = Object.keys(components.schemas[shape]?.properties ?? {});
    const text = page.prose + page.fences.map((fence) => fence.text).join('\n');
    expect(members.filter((member) => !text.includes(member))).toEqual([]);
  });

  it('names every header that a route reads', () => {
    const headers = new Set(routes.flatMap((route) => Object.keys(route.headers ?? {})));
    expect([...headers].filter((header) => !page.prose.includes(`\`${header}`))).toEqual([]);
  });
});
