/** Mistakes of who calls REST: what is sent in the wrong place, or asked for and cannot be there. */
import { type Made, PASSPHRASE } from './mistake.js';
import { BACKUPS, post, rest, restore } from './rest.js';

const DIFF = '/api/v1/diff';

const BEARER_FAULTS: readonly (readonly [string, string, Made['what']])[] = [
  ['the word Bearer twice', 'Bearer Bearer abc', 'the word Bearer twice'],
  ['a token in quotes', 'Bearer "abc"', 'quotes or brackets'],
  ['a password', 'Basic YTpi', 'of the kind Basic'],
];
const OF_HEADERS: readonly Made[] = BEARER_FAULTS.map(([who, authorization, what]) =>
  rest(`${who} in the header`, () => [BACKUPS, { headers: { authorization } }], {
    what,
    where: 'The Authorization header',
    todo: 'write "Bearer <token>"',
  }),
);

const OF_IDS: readonly Made[] = [
  rest('the id of a restore for that of a backup', ({ restoreId }) => [`${BACKUPS}/${restoreId}`], {
    what: 'Backup not found',
    where: 'That is the id of a restore',
    todo: 'give the id of the backup',
  }),
  rest('the id of a backup for that of a restore', ({ backupId }) => [`/api/v1/restores/${backupId}`], {
    what: 'Restore not found',
    where: 'That is the id of a backup',
    todo: 'list its restores',
  }),
];

const OF_FILTERS: readonly Made[] = [
  rest(
    'a key in the header, and another one in the body',
    ({ encryptedId }) => [
      `${BACKUPS}/${encryptedId}/restore`,
      { ...post({ decryption_key: 'another one' }), headers: { 'x-decryption-key': PASSPHRASE } },
    ],
    {
      what: 'differ',
      where: 'The header X-Decryption-Key and decryption_key',
      todo: 'send one of them',
    },
  ),
  rest('an export of what is encrypted, without the key', ({ encryptedId }) => [`${BACKUPS}/${encryptedId}/export`], {
    what: 'is encrypted',
    where: 'backup "secret"',
    todo: 'send its passphrase in the header X-Decryption-Key',
  }),
  rest(
    'a table with half of its name',
    ({ backupId }) => [
      '/api/v1/diff',
      post({ from: { backup_id: backupId }, to: { database: 'northbound' }, table: 'Router' }),
    ],
    {
      what: '"Router"',
      where: /^table: /,
      todo: 'did you mean "Logical_Router"?',
    },
  ),
  rest(
    'changes of a table in lower case',
    ({ restoreId }) => [`/api/v1/restores/${restoreId}/changes?table=logical_router`],
    {
      what: '"logical_router"',
      where: /^table: /,
      todo: 'did you mean "Logical_Router"?',
    },
  ),
  rest('rows of a table in lower case', () => ['/api/v1/rows/logical_router?of=live:northbound'], {
    what: '"logical_router"',
    where: /^table: the configuration has no table/,
    todo: /did you mean "Logical_Router".*\? There are ACL, /,
  }),
  rest('an id where a configuration is named', ({ backupId }) => [`/api/v1/search?text=web&of=${backupId}`], {
    what: 'takes backup:ID, or live:DATABASE',
    where: /^of: /,
    todo: 'such as live:northbound',
  }),
  rest(
    'a look into what is encrypted, without the key',
    ({ encryptedId }) => [`/api/v1/search?text=a&of=backup:${encryptedId}`],
    {
      what: 'is encrypted',
      where: 'backup "secret"',
      todo: 'send its passphrase in the header X-Decryption-Key',
    },
  ),
  rest('a row by a part of its UUID', () => ['/api/v1/rows/Logical_Router/abcd1234?of=live:northbound'], {
    what: 'no row abcd1234',
    where: /^Row not found: Logical_Router/,
    todo: '/api/v1/search finds rows by',
  }),
  rest('a result of the trail that there is not', () => ['/api/v1/audit?result=denied'], {
    what: 'takes one of OK',
    where: /^result: /,
    todo: 'FORBIDDEN',
  }),
  rest('an action of the trail in snake case', () => ['/api/v1/audit?action=create_backup'], {
    what: '"create_backup"',
    where: /^action: /,
    todo: 'did you mean "createBackup"',
  }),
  rest('an action of the trail, the half of it', () => ['/api/v1/audit?action=restore'], {
    what: '"restore"',
    where: /^action: /,
    todo: '"restoreBackup"',
  }),
  rest('a result of the trail that is nearly one', () => ['/api/v1/audit?result=forbiden'], {
    what: 'and not FORBIDEN',
    where: /^result: /,
    todo: 'did you mean FORBIDDEN?',
  }),
  rest('a number in quotes', restore({ confirm_within_seconds: '300' }), {
    what: 'without quotes',
    where: /^confirm_within_seconds: /,
    todo: 'takes a number without quotes, 1 to 86,400 seconds',
  }),
  rest('backups of a database that there is not', () => [`${BACKUPS}?database=north`], {
    what: '"north"',
    where: 'Database not found',
    todo: 'Configured here: northbound',
  }),
  rest('jobs of a database that there is not', () => ['/api/v1/jobs?database=north'], {
    what: '"north"',
    where: 'Database not found',
    todo: 'Configured here: northbound',
  }),
  rest('a page of changes that is too long', ({ backupId }) => [DIFF, post({ ...sidesOf(backupId), first: 1_001 })], {
    what: /^first /,
    where: /^first /,
    todo: 'takes 1 to 1000',
  }),
  rest('a filter that there is not', () => ['/api/v1/restores?result=failed'], {
    what: '"result"',
    where: 'not known here',
    todo: 'known are backup_id, dry_run, phase, limit',
  }),
];

const OF_PLACES: readonly Made[] = [
  rest(
    'an option of a restore in the address',
    ({ backupId }) => [`${BACKUPS}/${backupId}/restore?dry_run=true`, post({})],
    { what: '"dry_run"', where: 'address', todo: 'goes into the body' },
  ),
  rest('a parameter of a restore in the body', restore({ wait: false }), {
    what: '"wait"',
    where: 'body',
    todo: 'goes into the address, such as ?wait=',
  }),
  rest(
    'the key of an export in the address',
    ({ encryptedId }) => [`${BACKUPS}/${encryptedId}/export?decryption_key=x`],
    { what: '"decryption_key"', where: 'address', todo: 'goes into the header X-Decryption-Key' },
  ),
  rest('a body where none is taken', ({ restoreId }) => [`/api/v1/restores/${restoreId}/confirm`, post({ x: 1 })], {
    what: 'body',
    where: 'request',
    todo: 'takes no body; leave it out',
  }),
  ...['to', 'from'].map((side) =>
    rest(
      `comparing with an encrypted backup, as ${side}, without its key`,
      ({ encryptedId }) => [
        DIFF,
        post({ from: { database: 'northbound' }, to: { database: 'northbound' }, [side]: { backup_id: encryptedId } }),
      ],
      {
        what: 'backup "secret" is encrypted',
        where: `in ${side}.decryption_key`,
        todo: 'send its passphrase',
      },
    ),
  ),
  rest(
    'comparing two encrypted backups with one key',
    ({ encryptedId: id }) => [
      DIFF,
      post({
        from: { backup_id: id, decryption_key: PASSPHRASE },
        to: { backup_id: id, decryption_key: 'another one of that length...' },
      }),
    ],
    { what: 'Decryption failed', where: 'to: backup "secret": ', todo: 'the one that the backup was encrypted with' },
  ),
  ...[
    ['a backup and the database', 'in the backup or in the database', { database: 'northbound' }],
    ['two backups', 'in either backup', undefined],
  ].map(([name, where, from]) =>
    rest(
      `comparing a switch that neither has, of ${String(name)}`,
      ({ backupId }) => [
        DIFF,
        post({ from: from ?? { backup_id: backupId }, to: { backup_id: backupId }, filter: { switches: ['wbe'] } }),
      ],
      { what: 'no switch "wbe"', where: String(where), todo: 'there is "web"' },
    ),
  ),
  rest('text for one side of a comparison', () => [DIFF, post({ from: 'nightly', to: {} })], {
    what: 'from: takes an object',
    where: /^from: /,
    todo: 'with members such as backup_id, database, decryption_key',
  }),
  rest('one side of a comparison', ({ backupId }) => [DIFF, post({ to: { backup_id: backupId } })], {
    what: 'from: is needed',
    where: /^from: /,
    todo: 'an object with members such as backup_id, database, decryption_key',
  }),
  rest('no JSON for a comparison', () => [DIFF, post('from=x')], {
    what: 'no valid JSON',
    where: 'body',
    todo: 'send an object like {"from": {"backup_id"',
  }),
];

function sidesOf(backupId: string): object {
  return { from: { backup_id: backupId }, to: { database: 'northbound' } };
}

export const REST_PLACE_MISTAKES: readonly Made[] = [...OF_HEADERS, ...OF_IDS, ...OF_FILTERS, ...OF_PLACES];
