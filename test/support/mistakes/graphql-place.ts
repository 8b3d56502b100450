/** Mistakes of who calls GraphQL: values of another kind, and what is asked for and cannot be there. */
import { ask, http, PLACE, restore } from './graphql.js';
import type { Made } from './mistake.js';

const OF_VALUES: readonly Made[] = [
  http(
    'a number in quotes in the text',
    ({ backupId }) =>
      ask(`mutation { restoreBackup(input: {backupId: "${backupId}", confirmWithinSeconds: "300"}) { id } }`),
    { what: 'confirmWithinSeconds: ', where: PLACE, todo: 'takes a whole number, without quotes' },
  ),
  http('a word for yes in quotes', restore({ dryRun: 'true' }), {
    what: '$input.dryRun',
    where: '$input.dryRun',
    todo: 'takes true or false, without quotes',
  }),
];

const OF_FILTERS: readonly Made[] = [
  http(
    'backups of a database that there is not',
    () => ask('{ backups(filter: {database: "north"}) { totalCount } }'),
    {
      what: '"north"',
      where: 'Database not found',
      todo: 'Configured here: northbound',
    },
  ),
  http('jobs of a database that there is not', () => ask('{ jobs(database: "north") { totalCount } }'), {
    what: '"north"',
    where: 'Database not found',
    todo: 'Configured here: northbound',
  }),
];

const OF_TRAIL: readonly Made[] = [
  http('an action of the trail, the half of it', () => ask('{ auditLog(action: "restore") { totalCount } }'), {
    what: '"restore"',
    where: 'action: ',
    todo: '"restoreBackup"',
  }),
  http('a result of the trail that is nearly one', () => ask('{ auditLog(result: "forbiden") { totalCount } }'), {
    what: 'and not FORBIDEN',
    where: 'result: ',
    todo: 'did you mean FORBIDDEN?',
  }),
];

const OF_SEVERAL: readonly Made[] = [
  http('three mistakes in the variables at once', restore({ dryRun: 'true', force: 1, exact: 'no' }), {
    what: '$input.force',
    where: '$input.exact',
    todo: 'takes true or false, without quotes',
  }),
  http(
    'two mistakes that only the server can see',
    () => ask('mutation { createBackup(input: {name: "", tags: [""]}) { id } }'),
    { what: 'name: may not be empty', where: 'tags.0: ', todo: 'a tag may not be empty' },
  ),
  http('a filter with two names that are nowhere', restore({ restoreFilter: { switches: ['wbe', 'nowhere'] } }), {
    what: 'no switch "nowhere"',
    where: 'no switch "wbe"',
    todo: 'there is "web"',
  }),
];

const OF_IDS: readonly Made[] = [
  http(
    'a look into what is encrypted, without the key',
    ({ encryptedId }) => ask(`{ search(of: {backupId: "${encryptedId}"}, text: "web") { totalCount } }`),
    { what: 'is encrypted', where: 'backup "secret"', todo: 'send its passphrase in decryptionKey' },
  ),
  http(
    'rows of a table by what it is called',
    () => ask('{ rows(of: {database: "northbound"}, table: "Router") { totalCount } }'),
    { what: '"Router"', where: /^table: /, todo: 'did you mean "Logical_Router"' },
  ),
  http('the id of a restore where a backup is restored', (world) => restore({ backupId: world.restoreId })(world), {
    what: 'Backup not found',
    where: /not found: [0-9a-f-]{36}\. That is the id of a restore/,
    todo: 'give the id of the backup',
  }),
  http(
    'the id of a restore where backups are compared',
    ({ restoreId }) => ask(`{ diff(from: {database: "northbound"}, to: {backupId: "${restoreId}"}) { identical } }`),
    { what: 'Backup not found', where: 'That is the id of a restore', todo: 'give the id of the backup' },
  ),
  http(
    'the id of a restore for that of a job',
    ({ restoreId }) => ask(`mutation { cancelJob(id: "${restoreId}") { id } }`),
    { what: 'Job not found', where: 'That is the id of a restore', todo: 'look for it among the restores' },
  ),
];

const OF_ROOTS: readonly Made[] = [
  http('a query as a mutation', () => ask('mutation { backups { totalCount } }'), {
    what: '"backups" is a query, and not a mutation',
    where: PLACE,
    todo: 'write "query { backups ... }"',
  }),
  http('a field of the input left out in the text', () => ask('mutation { createBackup(input: {}) { id } }'), {
    what: 'CreateBackupInput needs the field "name"',
    where: PLACE,
    todo: 'give it a value',
  }),
  http(
    'a map to a variable that there is not',
    () => {
      const body = new FormData();
      const query = 'mutation ($file: Upload) { importBackup(input: {file: $file}) { id } }';
      body.set('operations', JSON.stringify({ query, variables: { file: null } }));
      body.set('map', '{"0": ["variables.fil"]}');
      body.set('0', new Blob(['x']));
      return { body, headers: { 'apollo-require-preflight': 'true' } };
    },
    { what: 'the operation has no "$fil"', where: '"map"', todo: 'names the variable "fil"' },
  ),
];

export const GRAPHQL_PLACE_MISTAKES: readonly Made[] = [
  ...OF_VALUES,
  ...OF_FILTERS,
  ...OF_TRAIL,
  ...OF_SEVERAL,
  ...OF_IDS,
  ...OF_ROOTS,
];
