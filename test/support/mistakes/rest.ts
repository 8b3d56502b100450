/** Mistakes of who calls REST. */
import type { RestRequest } from '../clients/rest-client.js';
import { nbctl } from '../servers/ovsdb-server.js';
import { bearer, type Made, type Mistake, PASSPHRASE, textOfRest, type World } from './mistake.js';

/** GraphQL's spelling; but a member of a document, and an action of the trail, is spelled as it stands there. */
export const NOT_OF_REST =
  /\b(?!(?:contentDigest|createBackup|restoreBackup|undoRestore|confirmRestore)\b)[a-z]+[A-Z]\w*\b|\b(?:SKIP|OVERWRITE|RENAME|FULL|SELECTIVE|INCREMENTAL|APPLYING|SUCCEEDED)\b/;

export const BACKUPS = '/api/v1/backups';
const NOBODY = '00000000-0000-4000-8000-000000000000';

type Call = readonly [path: string, request?: RestRequest];

export function rest(who: string, call: (world: World) => Call | Promise<Call>, told: Omit<Mistake, 'who'>): Made {
  return {
    who: `REST: ${who}`,
    ...told,
    read: async (world) => {
      const [path, request] = await call(world);
      const { status, body } = await world.rest.send(path, request);
      if (status < 400) throw new Error(`it is no mistake: ${status} ${JSON.stringify(body)}`);
      return textOfRest(body);
    },
  };
}

export const post = (body: unknown): RestRequest => ({ method: 'POST', body });
export const restore =
  (body: object) =>
  ({ backupId }: World) =>
    [`${BACKUPS}/${backupId}/restore`, post(body)] as const;
const token = (authorization: string): Call => [BACKUPS, { headers: { authorization } }];

const OF_CALLERS: readonly Made[] = [
  rest('a token that nobody knows', () => token('Bearer nonsense'), {
    what: 'token is not valid',
    where: 'Authorization',
    todo: /send one/,
  }),
  rest('no scheme before the token', () => token('ovncp_token'), {
    what: 'malformed',
    where: 'Authorization',
    todo: '"Bearer <token>"',
  }),
  rest(
    'a token that may only read makes a backup',
    async () => [BACKUPS, { ...post({ name: 'x' }), headers: { authorization: await bearer('backups:read') } }],
    { what: 'lacks backups:write', where: 'token "tester"', todo: /use a token that has/ },
  ),
  rest('a path that is not quite one', () => ['/api/v1/backup'], {
    what: 'nothing at this address',
    where: '/api/v1/backup',
    todo: 'did you mean /api/v1/backups?',
  }),
  rest('a path in the plural', ({ backupId }) => [`${BACKUPS}/${backupId}/restores`, post({})], {
    what: 'nothing at this address',
    where: '/restores',
    todo: 'did you mean /api/v1/backups/:id/restore?',
  }),
  rest('a path in the plural, with an id that is none', () => [`${BACKUPS}/nightly/restores`, post({})], {
    what: 'nothing at this address',
    where: '/restores',
    todo: 'did you mean /api/v1/backups/:id/restore?',
  }),
  rest("GraphQL's address, as others have it", () => ['/api/graphql', post({ query: '{ databases { id } }' })], {
    what: 'nothing at this address',
    where: '/api/graphql',
    todo: 'did you mean /graphql?',
  }),
  rest("GraphQL's address with a slash", () => ['/graphql/', post({ query: '{ databases { id } }' })], {
    what: 'nothing at this address',
    where: '/graphql/',
    todo: 'did you mean /graphql?',
  }),
  rest('the documents, half of their path', () => ['/docs'], {
    what: 'nothing at this address',
    where: '/docs',
    todo: 'did you mean /',
  }),
  rest('a path of nowhere', () => ['/ftp'], {
    what: 'nothing at this address',
    where: '/ftp',
    todo: 'the page at / says what there is',
  }),
  rest('the wrong method', () => [`${BACKUPS}/validate`, {}], {
    what: 'does not take GET',
    where: 'This address',
    todo: 'use POST',
  }),
];

const OF_BODIES: readonly Made[] = [
  rest('single quotes in JSON', () => [BACKUPS, post("{'name': 'x'}")], {
    what: 'no valid JSON',
    where: 'body',
    todo: 'send an object like {"name": "nightly"}',
  }),
  rest('a body that is cut off', () => [BACKUPS, post('{"name": "x"')], {
    what: 'no valid JSON',
    where: /body .*(?:character \d+|ends too early)/,
    todo: 'send an object like',
  }),
  rest('a body in another encoding', () => [BACKUPS, post(new Uint8Array([0x7b, 0xff, 0x7d]))], {
    what: 'not UTF-8',
    where: 'body',
    todo: /send it|write it/,
  }),
  rest('a body that is too large', () => [BACKUPS, post(`{"name": "${'x'.repeat(9 << 20)}"}`)], {
    what: /larger|too large/i,
    where: /body/i,
    todo: /8388608 bytes .*send a file as a form/,
  }),
  rest('four mistakes at once', () => [BACKUPS, post({ tags: 'x', compres: true, format: 'xml' })], {
    what: /name: is needed.*tags: takes a list|tags: takes a list.*name: is needed/,
    where: 'format: takes one of',
    todo: '"compres": not known here; did you mean "compress"?',
  }),
  rest('a filter with two names that are nowhere', restore({ restore_filter: { switches: ['wbe', 'nowhere'] } }), {
    what: 'no switch "nowhere"',
    where: 'no switch "wbe" in the backup;',
    todo: 'there is "web"',
  }),
  rest('a form where JSON is taken', () => [BACKUPS, post(formOf({ name: 'x' }))], {
    what: 'form',
    where: 'route',
    todo: 'JSON',
  }),
];

const OF_BACKUPS: readonly Made[] = [
  rest('no name', () => [BACKUPS, post({})], { what: 'name', where: /^name: /, todo: /is needed/ }),
  rest('a number as the name', () => [BACKUPS, post({ name: 7 })], {
    what: 'name',
    where: /^name: /,
    todo: 'takes a text, and not a number',
  }),
  rest('an empty name', () => [BACKUPS, post({ name: ' ' })], {
    what: 'empty',
    where: /^name: /,
    todo: /may not be empty/,
  }),
  rest('a name of a novel', () => [BACKUPS, post({ name: 'x'.repeat(300) })], {
    what: 'characters',
    where: /^name: /,
    todo: 'takes at most 200 characters',
  }),
  rest('a member with a typing error', () => [BACKUPS, post({ name: 'x', compres: true })], {
    what: '"compres"',
    where: 'compres',
    todo: /did you mean "?compress"?/,
  }),
  rest('a format that there is not', () => [BACKUPS, post({ name: 'x', format: 'xml' })], {
    what: /xml/,
    where: /format/,
    todo: 'takes one of json, yaml, ovsdb',
  }),
  rest('text as tags', () => [BACKUPS, post({ name: 'x', tags: 'daily' })], {
    what: 'tags',
    where: /^tags: /,
    todo: 'takes a list, and not a text',
  }),
  rest('a list as body', () => [BACKUPS, post([])], {
    what: 'object',
    where: 'the body: ',
    todo: 'takes an object with members such as name',
  }),
  rest('an empty id', () => [`${BACKUPS}/validate`, post({ backup_id: '' })], {
    what: 'is empty',
    where: /^backup_id: /,
    todo: 'put an id there',
  }),
  rest('encryption without a key', () => [BACKUPS, post({ name: 'x', encrypt: true })], {
    what: 'encryption_key',
    where: /^encryption_key: /,
    todo: 'is needed with encrypt',
  }),
  rest('a key without encryption', () => [BACKUPS, post({ name: 'x', encryption_key: PASSPHRASE })], {
    what: 'encrypt',
    where: /^encrypt: /,
    todo: 'must be true',
  }),
  rest(
    'a switch with a typing error',
    () => [BACKUPS, post({ name: 'x', type: 'selective', resource_filter: { switches: ['wep'] } })],
    { what: 'no switch "wep"', where: 'in the database', todo: 'there is "web"' },
  ),
  rest(
    'a port in a filter',
    () => [BACKUPS, post({ name: 'x', type: 'selective', resource_filter: { ports: ['vm1'] } })],
    { what: 'no filter picks single ports', where: '"resource_filter.ports"', todo: 'name the switch in switches' },
  ),
  rest(
    'a port, an ACL and a NAT rule in a filter',
    restore({ restore_filter: { router_ports: [], acls: [], nats: [] } }),
    {
      what: 'no filter picks single ACLs',
      where: '"restore_filter.nats"',
      todo: /name the router in routers.*name what has them in switches or port_groups/,
    },
  ),
  rest(
    'a member of a filter that there is not',
    () => [BACKUPS, post({ name: 'x', type: 'selective', resource_filter: { switch: ['web'] } })],
    {
      what: '"resource_filter.switch"',
      where: 'resource_filter',
      todo: /did you mean "?(?:resource_filter\.)?switches/,
    },
  ),
  rest('a selective backup of nothing', () => [BACKUPS, post({ name: 'x', type: 'selective' })], {
    what: 'resource_filter',
    where: /^resource_filter: /,
    todo: 'is needed with type selective',
  }),
  rest('a database with a typing error', () => [BACKUPS, post({ name: 'x', database: 'northbond' })], {
    what: 'northbond',
    where: /database/i,
    todo: 'northbound',
  }),
  rest('a page that is no number', () => [`${BACKUPS}?limit=ten`], {
    what: 'limit',
    where: /^limit: /,
    todo: /takes a whole number/,
  }),
  rest('a parameter with a typing error', () => [`${BACKUPS}?limt=10`], {
    what: '"limt"',
    where: 'limt',
    todo: /did you mean "?limit/,
  }),
  rest('a day in words', () => [`${BACKUPS}?created_after=yesterday`], {
    what: 'created_after',
    where: /^created_after: /,
    todo: /takes an instant.*2026-/,
  }),
  rest('a backup that there is not', () => [`${BACKUPS}/${NOBODY}`], {
    what: NOBODY,
    where: /backup/i,
    todo: /List the backups/,
  }),
  rest('validating without an id', () => [`${BACKUPS}/validate`, post({})], {
    what: 'backup_id',
    where: /^backup_id: /,
    todo: 'is needed',
  }),
];

const OF_RESTORES: readonly Made[] = [
  rest('a policy with a typing error', restore({ conflict_policy: 'overwrit' }), {
    what: /overwrit/,
    where: 'conflict_policy',
    todo: /"?skip"?.*overwrite/,
  }),
  rest("the key's other name", restore({ encryption_key: PASSPHRASE }), {
    what: '"encryption_key"',
    where: 'encryption_key',
    todo: /did you mean "?decryption_key/,
  }),
  rest('yes in words', restore({ dry_run: 'true' }), {
    what: 'dry_run',
    where: /^dry_run: /,
    todo: 'takes true or false, without quotes',
  }),
  rest('no time to confirm', restore({ confirm_within_seconds: 0 }), {
    what: 'confirm_within_seconds',
    where: /^confirm_within_seconds: /,
    todo: 'takes 1 to 86,400 seconds',
  }),
  rest('exact with the default policy', restore({ exact: true }), {
    what: 'exact',
    where: /^exact: /,
    todo: /conflict_policy overwrite|overwrite/,
  }),
  rest('a router that there is not', restore({ restore_filter: { routers: ['edgy'] } }), {
    what: 'no router "edgy"',
    where: 'in the backup;',
    todo: 'there is "edge"',
  }),
  rest(
    'a router that neither has, which exact would delete',
    restore({ conflict_policy: 'overwrite', exact: true, restore_filter: { routers: ['edgy'] } }),
    { what: 'no router "edgy"', where: 'in the backup or in the database', todo: 'there is "edge"' },
  ),
  rest('a key for what is not encrypted', restore({ decryption_key: PASSPHRASE }), {
    what: 'is not encrypted',
    where: 'Backup "kept"',
    todo: 'leave the key out',
  }),
  rest('no key for what is encrypted', ({ encryptedId }) => [`${BACKUPS}/${encryptedId}/restore`, post({})], {
    what: 'is encrypted',
    where: 'backup "secret"',
    todo: 'send its passphrase',
  }),
  rest(
    'the wrong key',
    ({ encryptedId }) => [
      `${BACKUPS}/${encryptedId}/restore`,
      post({ decryption_key: 'another one of that length...' }),
    ],
    { what: 'Decryption failed', where: 'key', todo: /the one that the backup was encrypted with|passphrase/ },
  ),
  rest(
    'the policy error where something differs',
    async ({ api, backupId }) => {
      await nbctl(api.ovsdb.remote, 'set', 'Logical_Router', 'edge', 'options:kept=after');
      return [`${BACKUPS}/${backupId}/restore`, post({ conflict_policy: 'error' })];
    },
    {
      what: /^Restore conflicts: .* differs from the backup in options/,
      where: 'router "edge"',
      todo: 'With conflict_policy skip what differs stays as it is, with overwrite it becomes as in the backup',
    },
  ),
  rest(
    'undoing what others have changed since',
    async ({ api, backupId, rest: client }) => {
      const web = ['Logical_Switch', 'web'] as const;
      await nbctl(api.ovsdb.remote, 'ls-del', 'web');
      const { body } = await client.post(`${BACKUPS}/${backupId}/restore`, {});
      await nbctl(api.ovsdb.remote, 'set', ...web, 'other_config:subnet=10.0.0.0/24');
      return [`/api/v1/restores/${String(body['restore_id'])}/undo`, post({})];
    },
    {
      what: /^Restore conflicts: the undo was refused, as .* was changed since/,
      where: 'switch "web"',
      todo: 'A dry run with force true says',
    },
  ),
  rest('a mapping of a name that there is not', restore({ resource_mapping: { nobody: 'edge' } }), {
    what: '"nobody"',
    where: 'resource mapping',
    todo: 'there is no row "nobody" in the backup',
  }),
  rest('confirming what awaits nothing', ({ restoreId }) => [`/api/v1/restores/${restoreId}/confirm`, post({})], {
    what: 'needs no confirmation',
    where: /restore/i,
    todo: 'it has ended',
  }),
  rest('undoing a dry run', ({ restoreId }) => [`/api/v1/restores/${restoreId}/undo`, post({})], {
    what: 'dry run',
    where: /restore/i,
    todo: /nothing|undo/,
  }),
  rest('a restore that there is not', () => [`/api/v1/restores/${NOBODY}`], {
    what: NOBODY,
    where: /restore/i,
    todo: /List the restores/,
  }),
  rest('a job that there is not', () => [`/api/v1/jobs/${NOBODY}/cancel`, post({})], {
    what: NOBODY,
    where: /job/i,
    todo: /List the jobs/,
  }),
  rest('a drill that there is not', () => [`/api/v1/drills/${NOBODY}`], {
    what: NOBODY,
    where: /drill/i,
    todo: /List the drills/,
  }),
  rest(
    'a drill of a backup that is not encrypted, with a key',
    ({ backupId }) => [`/api/v1/backups/${backupId}/drill`, post({ decryption_key: PASSPHRASE })],
    { what: /not encrypted/, where: /backup "/i, todo: /leave the key out/ },
  ),
  rest(
    'comparing with a database with a typing error',
    ({ backupId }) => ['/api/v1/diff', post({ from: { database: 'northbond' }, to: { backup_id: backupId } })],
    { what: 'northbond', where: /database/i, todo: 'northbound' },
  ),
  rest('comparing with nothing', ({ backupId }) => ['/api/v1/diff', post({ from: {}, to: { backup_id: backupId } })], {
    what: /database/,
    where: /^from/,
    todo: /one of|exactly one/,
  }),
  rest('exporting in a format that there is not', ({ backupId }) => [`${BACKUPS}/${backupId}/export?format=xml`], {
    what: /xml/,
    where: /format/,
    todo: 'takes one of json, yaml, ovsdb',
  }),
];

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

export const REST_MISTAKES: readonly Made[] = [...OF_CALLERS, ...OF_BODIES, ...OF_BACKUPS, ...OF_RESTORES];
