/** What callers and clients are told of their mistakes: what is wrong, where, and what to do, in the words of their face. */
import { FILE_MISTAKES } from '../../support/mistakes/file.js';
import { GRAPHQL_MISTAKES, NOT_OF_GRAPHQL } from '../../support/mistakes/graphql.js';
import { GRAPHQL_PLACE_MISTAKES } from '../../support/mistakes/graphql-place.js';
import { faultsOf, type World, worldOf } from '../../support/mistakes/mistake.js';
import { OPERATORS_MISTAKES, WRONG_VARIABLES } from '../../support/mistakes/operator.js';
import { NOT_OF_REST, REST_MISTAKES } from '../../support/mistakes/rest.js';
import { REST_PLACE_MISTAKES } from '../../support/mistakes/rest-place.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
let world: World;
beforeAll(async () => {
  api = await startApiServer();
  await nbctl(api.ovsdb.remote, 'lr-add', 'edge', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'vm1');
  world = await worldOf(api);
});
afterAll(() => api.stop());

const TABLES = [
  ...[...REST_MISTAKES, ...REST_PLACE_MISTAKES].map((mistake) => ({ ...mistake, foreign: NOT_OF_REST })),
  ...FILE_MISTAKES.map((mistake) => ({ ...mistake, foreign: NOT_OF_REST })),
  ...[...GRAPHQL_MISTAKES, ...GRAPHQL_PLACE_MISTAKES].map((mistake) => ({ ...mistake, foreign: NOT_OF_GRAPHQL })),
];

it('there are enough of them, and no two are the same', () => {
  const all = [...TABLES, ...OPERATORS_MISTAKES, ...WRONG_VARIABLES].map(({ who }) => who);
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(100);
});

it.each(TABLES)('$who', async ({ foreign, ...mistake }) => {
  const text = await mistake.read(world);
  expect([text, faultsOf(text, mistake, foreign)]).toEqual([text, []]);
});
