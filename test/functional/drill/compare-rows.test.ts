/** Comparing a database with a backup, on a server in which rows were changed, deleted and added behind its back. */
import { systemClock } from '../../../src/lib/clock.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { type Comparison, compareRows } from '../../../src/service/drill/compare/compare-rows.js';
import { NORTHBOUND, transact } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { TestServices } from '../../support/servers/services.js';

let services: TestServices;
let backup: Snapshot;
let remote: string;
beforeAll(async () => {
  services = await TestServices.start({ database: databaseFile({ profile: 'small', edge: true }) });
  ({ remote } = services.ovsdb);
  await nbctl(
    remote,
    ...['ls-add', 'one', '--', 'lsp-add', 'one', 'port', '--', 'lsp-add', 'one', 'other'],
    ...['--', 'set', 'Logical_Switch', 'one', 'other_config:key=value', 'other_config:more=1'],
    ...['--', 'lb-add', 'balancer', '10.0.0.1:80', '10.0.0.2:80', '--', 'ls-lb-add', 'one', 'balancer'],
    ...['--', 'pg-add', 'group', 'port', 'other'],
  );
  backup = (await services.backups.read(await services.create(), undefined)).snapshot;
});
afterAll(() => services.stop());

function compare(stored = backup): Promise<Comparison> {
  const client = new DatabaseClient({ remotes: parseRemotes(remote), database: NORTHBOUND, clock: systemClock });
  const signal = new AbortController().signal;
  return client.withSession({ leader: true }, (session) =>
    compareRows(stored, session, { signal, onProgress: () => undefined }),
  );
}

const uuidOf = async (table: string, name: string): Promise<string> =>
  (await nbctl(remote, '--bare', '--columns=_uuid', 'find', table, `name=${name}`)).trim();

it('finds a database equal to its backup, every kind of value among it', async () => {
  const { rowsCompared, ...rest } = await compare();
  expect(rowsCompared).toBeGreaterThan(50);
  expect(rest).toEqual({ differences: [], differenceCount: 0, notes: [] });
});

it.each([
  ['a key of a map', ['set', 'Logical_Switch', 'one', 'other_config:key=another'], 'other_config'],
  ['a member of a set', ['pg-set-ports', 'group', 'port'], 'ports'],
  ['a weak reference', ['ls-lb-del', 'one', 'balancer'], 'load_balancer'],
  ['a scalar', ['set', 'Load_Balancer', 'balancer', 'name=renamed'], 'name'],
  ['an optional value', ['set', 'Logical_Switch_Port', 'other', 'enabled=false'], 'enabled'],
])('finds %s that differs, and says no value', async (_what, words, column) => {
  const table = words.includes('group')
    ? 'Port_Group'
    : words.includes('balancer') && words[0] === 'set'
      ? words[1]
      : '';
  const undo = await services.backups.read(await services.create(), undefined);
  await nbctl(remote, ...words);
  const { differences, differenceCount } = await compare();
  expect(differenceCount).toBe(1);
  expect(differences[0]).toMatch(new RegExp(`^${table ?? ''}\\w* [0-9a-f-]{36} has another value of ${column}$`));
  const back: Readonly<Record<string, readonly string[]>> = {
    other_config: ['set', 'Logical_Switch', 'one', 'other_config:key=value'],
    ports: ['pg-set-ports', 'group', 'port', 'other'],
    load_balancer: ['ls-lb-add', 'one', 'balancer'],
    name: ['set', 'Load_Balancer', 'renamed', 'name=balancer'],
    enabled: ['clear', 'Logical_Switch_Port', 'other', 'enabled'],
  };
  await nbctl(remote, ...(back[column] as readonly string[]));
  expect(await compare(undo.snapshot)).toMatchObject({ differences: [] });
});

it('finds rows that are not there, and rows too many', async () => {
  const gone = await uuidOf('Logical_Switch_Port', 'other');
  await nbctl(remote, 'lsp-del', 'other', '--', 'ls-add', 'added');
  const added = await uuidOf('Logical_Switch', 'added');
  const { differences } = await compare();
  expect(differences).toEqual(
    expect.arrayContaining([
      `Logical_Switch_Port ${gone} is not in the database`,
      `Logical_Switch ${added} is in the database, and not in the backup`,
    ]),
  );
  await nbctl(remote, 'ls-del', 'added');
});

it('tells in notes what no server keeps', async () => {
  await transact(remote, [
    { op: 'update', table: 'Logical_Switch_Port', where: [['name', '==', 'port']], row: { dynamic_addresses: 'x' } },
  ]);
  const { snapshot } = await services.backups.read(await services.create(), undefined);
  const tables = new Map(snapshot.tables);
  const switches = tables.get('Logical_Switch');
  // a backup without the switches: nothing holds their ports, and what refers to them weakly refers to nothing
  tables.set('Logical_Switch', {
    ...(tables.get('Logical_Switch') as object),
    count: 0,
    find: () => undefined,
  } as never);
  expect(switches?.count).toBeGreaterThan(0);
  await nbctl(remote, 'clear', 'Logical_Switch_Port', 'port', 'dynamic_addresses');
  const one = await compare(snapshot);
  expect(one.differences).toEqual([]);
  expect(one.notes).toEqual([expect.stringMatching(/^1 value that northd chose is left out/)]);
  await nbctl(remote, '--all', 'destroy', 'Logical_Switch');
  const { notes, differences } = await compare({ ...snapshot, tables });
  expect(notes).toEqual([
    expect.stringMatching(/^\d+ rows of the backup are left out: nothing in it holds them$/),
    expect.stringMatching(/^\d+ weak references? to rows that are not there (is|are) left out$/),
  ]);
  expect(differences).toEqual([]);
});
