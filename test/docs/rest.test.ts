import { nothing } from '../../src/api/rest/common/request-shape.js';
import { ACTIONS } from '../../src/service/audit/audit-action.js';
import { openApi, routes } from './open-api.js';
import { Page, plain } from './page.js';

const page = new Page('docs/rest.md');
/** Served beside the routes. */
const PAGE = 'GET /api/v1/docs';

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

  it('has beside it an example of every body, which the route takes', () => {
    const taking = routes.filter(({ bodyKind, body }) => bodyKind !== 'NONE' && body !== nothing);
    expect(taking.length).toBeGreaterThan(5);
    for (const { name, body, bodyExample = '{"no": "example"}' } of taking)
      expect([name, body.safeParse(JSON.parse(bodyExample)).error?.message]).toEqual([name, undefined]);
  });

  it('names every header that a route reads', () => {
    const headers = new Set(routes.flatMap((route) => Object.keys(route.headers ?? {})));
    expect([...headers].filter((header) => !page.prose.includes(`\`${header}`))).toEqual([]);
  });
});

describe('docs/security.md', () => {
  const actions = new Set(
    new Page('docs/security.md')
      .rowsOf('action')
      .flatMap(([cell = '']) => cell.split(',').map((name) => plain(name).trim())),
  );

  it('has the action of every route that leaves a line in the trail', () => {
    const audited = routes.flatMap(({ asks }) => (asks?.audit === undefined ? [] : [asks.name]));
    expect(audited.length).toBeGreaterThan(10);
    expect(audited.filter((name) => !actions.has(name))).toEqual([]);
    const known: ReadonlySet<string> = new Set(ACTIONS);
    expect(audited.filter((name) => !known.has(name))).toEqual([]);
    expect(ACTIONS.filter((name) => !actions.has(name))).toEqual([]);
  });
});
