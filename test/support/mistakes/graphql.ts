/** Mistakes of who calls GraphQL, over HTTP and over a socket. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { bearer, checkProblems, type Made, type Mistake, PASSPHRASE, type World } from './mistake.js';

/** REST's spelling. Names of tables and columns have capitals or are in quotes. */
export const NOT_OF_GRAPHQL =
  /(?<!["\w])(?:backup_id|conflict_policy|dry_run|decryption_key|encryption_key|restore_filter|resource_filter|resource_mapping|confirm_within_seconds|created_at|restored_count)\b|\/api\/v1/;

export const NOBODY = '00000000-0000-4000-8000-000000000000';

interface Request {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly locations?: readonly object[];
    readonly extensions?: { readonly code?: unknown; readonly problems?: unknown };
  }[];
  readonly error?: string;
}

export function http(
  who: string,
  request: (world: World) => Request | Promise<Request>,
  told: Omit<Mistake, 'who'>,
): Made {
  return {
    who: `GraphQL: ${who}`,
    ...told,
    read: async (world) => {
      const { body, headers = {}, method = 'POST' } = await request(world);
      const isPlain = body === undefined || typeof body === 'string' || body instanceof FormData;
      const response = await fetch(`${world.api.url}/graphql`, {
        method,
        headers: {
          authorization: `Bearer ${world.admin.token ?? ''}`,
          ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isPlain ? body : JSON.stringify(body) }),
      });
      return textOf((await response.json()) as Answer);
    },
  };
}

/** As a person reads it: messages, and where GraphQL itself says that they are. */
function textOf({ errors, error, data }: Answer): string {
  if (errors === undefined && error === undefined) throw new Error(`it is no mistake: ${JSON.stringify(data)}`);
  for (const { message, extensions } of errors ?? []) checkProblems(message, extensions?.code, extensions?.problems);
  return [
    error ?? '',
    ...(errors ?? []).map(({ message, locations }) => `${message} ${JSON.stringify(locations ?? [])}`),
  ]
    .join('\n')
    .trim();
}

export const ask = (query: string, variables?: object): Request => ({ body: { query, variables } });
const create = (input: object): Request =>
  ask('mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id } }', { input });
export const restore =
  (input: object) =>
  ({ backupId }: World): Request =>
    ask('mutation ($input: RestoreBackupInput!) { restoreBackup(input: $input) { id } }', {
      input: { backupId, ...input },
    });

const repeated = (times: number, part: (n: number) => string): string =>
  Array.from({ length: times }, (_, n) => part(n)).join(' ');
const createdAfter = (day: string): Request =>
  ask('query ($day: DateTime) { backups(filter: {createdAfter: $day}) { totalCount } }', { day });
const upload = (file: unknown): Request =>
  ask('mutation ($file: Upload) { importBackup(input: {file: $file}) { id } }', { file });

export const PLACE = /"line":\d+,"column":\d+/;

const OF_REQUESTS: readonly Made[] = [
  http('text/plain', () => ({ body: '{"query":"{ databases { id } }"}', headers: { 'content-type': 'text/plain' } }), {
    what: '"text/plain"',
    where: 'header',
    todo: '"Content-Type: application/json"',
  }),
  http(
    'a form of the web',
    () => ({
      body: 'query={databases{id}}',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
    { what: '"application/x-www-form-urlencoded"', where: 'header', todo: '"Content-Type: application/json"' },
  ),
  http('the operation alone', () => ({ body: '{ databases { id } }' }), {
    what: 'no valid JSON',
    where: /body .*character \d+/,
    todo: 'send an object like {"query"',
  }),
  http('a batch', () => ({ body: [{ query: '{ databases { id } }' }] }), {
    what: 'list',
    where: 'body',
    todo: 'send one operation, like {"query"',
  }),
  http('no operation', () => ({ body: { mutation: '{ databases { id } }' } }), {
    what: 'no operation',
    where: '"query"',
    todo: 'send an object like {"query"',
  }),
  http('variables as text', () => ({ body: { query: '{ databases { id } }', variables: '{"a": 1}' } }), {
    what: 'text',
    where: '"variables"',
    todo: 'takes an object',
  }),
  http('a GET', () => ({ method: 'GET' }), { what: 'GraphQL', where: /POST/, todo: 'Send GraphQL operations by POST' }),
  http('no token', () => ({ ...ask('{ databases { id } }'), headers: { authorization: '' } }), {
    what: 'No token',
    where: '"Authorization: ',
    todo: 'send the header',
  }),
  http(
    'a token that may only read makes a backup',
    async () => ({
      ...create({ name: 'x' }),
      headers: { authorization: await bearer('backups:read') },
    }),
    { what: 'lacks backups:write', where: 'token "tester"', todo: /use a token that has/ },
  ),
  http('a subscription by POST', () => ask('subscription { jobActivity { phase } }'), {
    what: 'Subscriptions',
    where: 'at this same address',
    todo: 'graphql-transport-ws',
  }),
  http('an upload without its header', () => ({ body: new FormData() }), {
    what: 'multipart',
    where: 'header',
    todo: '"apollo-require-preflight: true"',
  }),
];

const OF_DOCUMENTS: readonly Made[] = [
  http('a bracket too few', () => ask('{ databases { id }'), {
    what: 'the operation ends too early, where Name is expected',
    where: PLACE,
    todo: 'is a closing bracket missing?',
  }),
  http('a field with a typing error', () => ask('{ databases { idd } }'), {
    what: '"idd"',
    where: PLACE,
    todo: 'Did you mean "id"?',
  }),
  http('an argument with a typing error', () => ask('{ backups(frist: 1) { totalCount } }'), {
    what: '"frist"',
    where: PLACE,
    todo: 'Did you mean "first"?',
  }),
  http(
    'an enum value with a typing error',
    ({ backupId }) =>
      ask(`mutation { restoreBackup(input: {backupId: "${backupId}", conflictPolicy: OVERWRIT}) { id } }`),
    {
      what: /OVERWRIT\b/,
      where: PLACE,
      todo: /OVERWRITE/,
    },
  ),
  http(
    'an enum value of REST',
    ({ backupId }) =>
      ask(`mutation { restoreBackup(input: {backupId: "${backupId}", conflictPolicy: "overwrite"}) { id } }`),
    {
      what: 'takes one of SKIP, OVERWRITE',
      where: 'input.conflictPolicy: ',
      todo: /OVERWRITE/,
    },
  ),
  http('a needed argument left out', () => ask('{ backup { id } }'), {
    what: '"id"',
    where: PLACE,
    todo: /is required/,
  }),
  http(
    'the name of an operation that there is not',
    () => ({
      body: { query: 'query A { databases { id } }', operationName: 'B' },
    }),
    { what: 'no operation named "B"', where: 'operation', todo: /"operationName" takes the name/ },
  ),
  http(
    'several operations, and none is chosen',
    () => ask('query A { databases { id } } query B { jobs { totalCount } }'),
    {
      what: 'several operations',
      where: 'document',
      todo: 'name the one that is to run in "operationName"',
    },
  ),
  http('too many aliases', () => ask(`{ ${repeated(31, (n) => `a${n}: databases { id }`)} }`), {
    what: '31 aliases',
    where: /^The operation /,
    todo: 'send several operations',
  }),
  http('too many directives', () => ask(`{ ${repeated(31, () => 'databases @include(if: true) { id }')} }`), {
    what: '31 directives',
    where: /^The operation /,
    todo: 'send several operations',
  }),
  http('too many tokens', () => ask(`{ databases { ${repeated(2_000, () => 'id')} } }`), {
    what: 'more than 2000 tokens',
    where: /^The document /,
    todo: 'send several smaller ones',
  }),
  http('too deep', () => ask(`{ restores { nodes { ${'undoOf { '.repeat(14)} id ${'}'.repeat(14)} } } }`), {
    what: /^The operation has a depth of 17 levels/,
    where: 'more than the limit of 12',
    todo: 'ask for',
  }),
  http(
    'too much at once',
    () =>
      ask(
        '{ backups(first: 1000) { nodes { id name tags file size rowCount pulledIn { label reason table } database } } }',
      ),
    {
      what: /costs \d+/,
      where: 'operation',
      todo: 'ask for fewer fields',
    },
  ),
];

const OF_VARIABLES: readonly Made[] = [
  http('a variable that is missing', () => ask('query ($id: ID!) { backup(id: $id) { id } }', {}), {
    what: '"$id"',
    where: 'Variable "$id"',
    todo: 'of type "ID!" is missing',
  }),
  http('a policy with a typing error', restore({ conflictPolicy: 'OVERWRIT' }), {
    what: /OVERWRIT\b/,
    where: '$input.conflictPolicy',
    todo: /OVERWRITE/,
  }),
  http('a member with a typing error', restore({ dryrun: true }), {
    what: '"dryrun"',
    where: '$input',
    todo: 'Did you mean "dryRun"?',
  }),
  http("the key's other name", restore({ encryptionKey: PASSPHRASE }), {
    what: '"encryptionKey"',
    where: '$input',
    todo: /[Dd]id you mean "?decryptionKey/,
  }),
  http('text for a number', restore({ confirmWithinSeconds: 'soon' }), {
    what: 'confirmWithinSeconds',
    where: '$input.confirmWithinSeconds',
    todo: 'takes a whole number, without quotes, such as 10',
  }),
  http('a day in words, as a variable', () => createdAfter('yesterday'), {
    what: 'instant',
    where: 'Variable "$day"',
    todo: 'like "2026-01-15T10:30:00Z"',
  }),
  http('a word of an enum in lower case', () => create({ name: 'x', format: 'json' }), {
    what: 'takes one of JSON, YAML, OVSDB',
    where: 'Variable "$input.format"',
    todo: 'write JSON, in upper case',
  }),
  http('a file that is a member of JSON', () => upload({}), {
    what: 'JSON cannot hold',
    where: 'Variable "$file"',
    todo: 'send a multipart request',
  }),
  http('an empty id', restore({ backupId: '' }), {
    what: 'is empty',
    where: /^backupId: /,
    todo: 'put an id there',
  }),
  http('an empty id of a query', () => ask('query ($id: ID!) { restore(id: $id) { id } }', { id: '' }), {
    what: 'is empty',
    where: /^id: /,
    todo: 'put an id there',
  }),
  http('a needed member left out', () => create({}), {
    what: '"name"',
    where: '$input',
    todo: 'needs the field "name", of type "String!": give it a value',
  }),
  http('encryption without a key', () => create({ name: 'x', encrypt: true }), {
    what: 'encryptionKey',
    where: /^encryptionKey: /,
    todo: 'is needed with encrypt',
  }),
  http('an incremental database file', () => create({ name: 'x', type: 'INCREMENTAL', format: 'OVSDB' }), {
    what: 'OVSDB',
    where: /^format: /,
    todo: 'use JSON or YAML with INCREMENTAL',
  }),
  http(
    'a switch with a typing error',
    () => create({ name: 'x', type: 'SELECTIVE', resourceFilter: { switches: ['wep'] } }),
    {
      what: 'no switch "wep"',
      where: 'in the database',
      todo: 'there is "web"',
    },
  ),
  http('a port in a filter', restore({ restoreFilter: { ports: ['vm1'] } }), {
    what: 'no filter picks single ports',
    where: /"\$\w+\.restoreFilter": Field "ports"/,
    todo: 'name the switch in switches',
  }),
  http(
    'ACLs in a filter that is written out',
    () => ask('mutation { createBackup(input: {name: "x", resourceFilter: {acls: ["a"]}}) { id } }'),
    {
      what: 'no filter picks single ACLs',
      where: 'Field "acls"',
      todo: 'name what has them in switches or portGroups',
    },
  ),
  http(
    'comparing with an encrypted backup without its key',
    ({ encryptedId }) =>
      ask(`{ diff(from: {database: "northbound"}, to: {backupId: "${encryptedId}"}) { identical } }`),
    { what: 'backup "secret" is encrypted', where: 'in to.decryptionKey', todo: 'send its passphrase' },
  ),
  http('a router that there is not', restore({ restoreFilter: { routers: ['edgy'] } }), {
    what: '"edgy"',
    where: /router/,
    todo: 'there is "edge"',
  }),
  http('exact with the default policy', restore({ exact: true }), {
    what: 'exact',
    where: /^exact: /,
    todo: 'OVERWRITE',
  }),
  http('a backup that there is not', restore({ backupId: NOBODY }), {
    what: NOBODY,
    where: /backup/i,
    todo: /List the /,
  }),
  http('a key for what is not encrypted', restore({ decryptionKey: PASSPHRASE }), {
    what: 'is not encrypted',
    where: 'Backup "kept"',
    todo: 'leave the key out',
  }),
];

/** What the socket says: its last words, or the error of the operation. */
function overSocket(
  who: string,
  { query = 'subscription { jobActivity { phase } }', token, url, protocol, origin, first }: SocketRequest,
  told: Omit<Mistake, 'who'>,
): Made {
  return {
    who: `socket: ${who}`,
    ...told,
    read: async ({ api, admin }) => {
      const address = `${api.url.replace('http', 'ws')}${url ?? '/graphql'}`;
      if (url !== undefined || origin !== undefined || protocol !== undefined)
        return refusalOf(address, { origin, protocol });
      if (first !== undefined) return closeOf(address, first);
      const client = createClient({
        url: address,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams:
          token === undefined ? {} : { Authorization: token === 'admin' ? `Bearer ${admin.token ?? ''}` : token },
      });
      try {
        for await (const answer of client.iterate({ query })) return textOf(answer);
        throw new Error('it is no mistake');
      } catch (error) {
        const { reason } = error as { readonly reason?: string };
        return Array.isArray(error)
          ? textOf({ errors: error as NonNullable<Answer['errors']> })
          : (reason ?? String(error));
      } finally {
        await client.dispose();
      }
    },
  };
}

interface SocketRequest {
  readonly query?: string;
  /** "admin": one that may do everything. */
  readonly token?: string;
  readonly url?: string;
  readonly protocol?: string;
  readonly origin?: string;
  /** The first message. */
  readonly first?: string;
}

const PROTOCOL = 'graphql-transport-ws';

/** The body of the answer to a request to become a socket. */
function refusalOf(address: string, { origin, protocol }: Pick<SocketRequest, 'origin' | 'protocol'>): Promise<string> {
  const socket = new WebSocket(address, protocol ?? PROTOCOL, origin === undefined ? {} : { origin });
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('it is no mistake')));
    socket.once('error', () => undefined);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += String(chunk)));
      response.once('end', () => resolve((JSON.parse(text) as { readonly error: string }).error));
    });
  });
}

function closeOf(address: string, first: string): Promise<string> {
  const socket = new WebSocket(address, PROTOCOL);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => socket.send(first));
    socket.once('close', (_code, reason) => resolve(String(reason)));
  });
}

const OF_SOCKETS: readonly Made[] = [
  overSocket('no token', {}, { what: 'No token', where: '"Authorization', todo: 'send' }),
  overSocket(
    'a token that nobody knows',
    { token: 'Bearer nonsense' },
    {
      what: 'token is not valid',
      where: 'Authorization',
      todo: /send one/,
    },
  ),
  overSocket(
    'another address',
    { url: '/subscriptions' },
    {
      what: '/subscriptions',
      where: 'WebSocket',
      todo: 'connect to /graphql',
    },
  ),
  overSocket(
    'a page of another origin',
    { origin: 'https://evil.example' },
    {
      what: '"https://evil.example"',
      where: 'origin',
      todo: 'OVNCP_CORS_ORIGINS',
    },
  ),
  overSocket(
    'the older protocol',
    { protocol: 'graphql-ws' },
    {
      what: '"graphql-ws"',
      where: 'subprotocol',
      todo: 'ask for graphql-transport-ws',
    },
  ),
  overSocket('no JSON', { first: 'hello' }, { what: /message/i, where: /message/i, todo: /JSON|invalid/i }),
  overSocket(
    'a field with a typing error',
    { token: 'admin', query: 'subscription { jobActivty { phase } }' },
    {
      what: '"jobActivty"',
      where: PLACE,
      todo: 'Did you mean "jobActivity"',
    },
  ),
  overSocket(
    'a quoted word of an enum',
    { token: 'admin', query: 'query { jobs(kind: "BACKUP") { totalCount } }' },
    { what: 'takes one of BACKUP', where: 'kind: ', todo: 'write BACKUP, without quotes' },
  ),
  overSocket(
    'several operations, and none is chosen',
    { token: 'admin', query: 'subscription A { jobActivity { phase } } subscription B { jobActivity { phase } }' },
    { what: 'several operations', where: 'document', todo: 'operationName' },
  ),
  overSocket(
    'an empty id',
    { token: 'admin', query: 'subscription { restoreProgress(restoreId: "") { phase } }' },
    { what: 'is empty', where: 'restoreId: ', todo: 'put an id there' },
  ),
  overSocket(
    'a restore that there is not',
    {
      token: 'admin',
      query: `subscription { restoreProgress(restoreId: "${NOBODY}") { phase } }`,
    },
    { what: NOBODY, where: /restore/i, todo: /List the / },
  ),
];

export const GRAPHQL_MISTAKES: readonly Made[] = [...OF_REQUESTS, ...OF_DOCUMENTS, ...OF_VARIABLES, ...OF_SOCKETS];
