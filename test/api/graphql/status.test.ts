/** The HTTP status of what GraphQL answers, as docs/errors.md has it: it is not that of the code. */
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

const operation = (query: string, variables = {}): string => JSON.stringify({ query, variables });
const NOBODY = '00000000-0000-4000-8000-000000000000';

it.each([
  ['an operation that fails', operation(`mutation { deleteBackup(id: "${NOBODY}") }`), {}, 200, 'NOT_FOUND'],
  ['a syntax error', operation('{ databases { id }'), {}, 400, 'GRAPHQL_PARSE_FAILED'],
  ['a field that there is not', operation('{ nothing }'), {}, 400, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a variable that does not fit',
    operation('query ($id: ID!) { backup(id: $id) { id } }', { id: {} }),
    {},
    400,
    'BAD_USER_INPUT',
  ],
  ['another content type', operation('{ databases { id } }'), { 'content-type': 'text/plain' }, 415, 'BAD_USER_INPUT'],
  ['no token', operation('{ databases { id } }'), { authorization: '' }, 401, 'UNAUTHENTICATED'],
])('of %s', async (_what, body, headers, status, code) => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${api.admin.token ?? ''}`, 'content-type': 'application/json', ...headers },
  });
  const { errors } = (await response.json()) as { readonly errors: readonly { readonly extensions: object }[] };
  expect([response.status, errors[0]?.extensions]).toEqual([status, expect.objectContaining({ code })]);
});
