/** A backup of one schema version in a database of another: every pair of the versions there are, and loss by loss. */
import { type Adaptation, adapt } from '../../../src/engine/adapt/adapt.js';
import { Breath } from '../../../src/lib/breath.js';
import { isRuntimeColumn } from '../../../src/model/northbound/runtime.js';
import {
  danglingReferences,
  holderColumns,
  referencesIn,
  referencesOf,
} from '../../../src/model/reference/reference.js';
import { encodeRow, type Row } from '../../../src/model/row/row.js';
import { countRows, type Snapshot, type TableRows } from '../../../src/model/snapshot/snapshot.js';
import { type DatabaseSchema, readDatabaseSchema, type TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json } from '../../../src/ovsdb/json.js';
import { failureOf, snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { everySchema, rowsOfSchema } from '../../support/databases/schema-rows.js';

const SCHEMAS = everySchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const release = (name: string): DatabaseSchema =>
  (SCHEMAS.find((known) => known.release === name) ?? SCHEMAS[0])?.schema as DatabaseSchema;

function* rowsOf(rows: TableRows | undefined): Generator<readonly [string, Row]> {
  for (let i = 0; rows !== undefined && i < rows.count; i++) yield [rows.uuid(i), rows.row(i)];
}

/** What a server would refuse, or silently drop. */
function faults(snapshot: Snapshot): string[] {
  const found: string[] = [];
  const held = new Set<string>();
  for (const [name, table] of snapshot.schema.tables) {
    const keys = new Set<string>();
    for (const [uuid, row] of rowsOf(snapshot.tables.get(name))) {
      try {
        if (
          encodeRow(table, row, uuid) !==
          snapshot.tables
            .get(name)
            ?.text(snapshot.tables.get(name)?.find(uuid) ?? -1)
            .toString()
        )
          found.push(`${name} ${uuid} is not canonical`);
      } catch (error) {
        found.push((error as Error).message);
      }
      for (const column of table.columns.values()) {
        const given = row[column.name] !== undefined;
        if (
          !given &&
          (column.kind === 'scalar'
            ? column.key.enum !== undefined || column.key.refTable !== undefined
            : column.min > 0)
        )
          found.push(`${name} ${uuid} has no ${column.name}`);
      }
      for (const index of table.indexes) {
        const key = JSON.stringify([index, index.map((column) => row[column] ?? null)]);
        if (keys.has(key)) found.push(`${name} ${uuid} clashes in ${index.join()}`);
        keys.add(key);
      }
      for (const column of holderColumns(snapshot.schema, table))
        for (const reference of referencesIn(column, row[column.column.name])) held.add(reference.uuid);
    }
  }
  for (const [name, table] of snapshot.schema.tables)
    for (const [uuid] of rowsOf(snapshot.tables.get(name)))
      if (!table.isRoot && !held.has(uuid)) found.push(`nothing holds ${name} ${uuid}`);
  for (const dangling of danglingReferences(snapshot))
    if (dangling !== undefined)
      found.push(`${dangling.from.table} ${dangling.from.uuid} refers to a missing row in ${dangling.column}`);
  return found;
}

/** Table -> columns used by rows that are still there, or would be but for their table. */
function expectedColumnLosses(backup: Snapshot, adapted: Snapshot): string[] {
  const expected: string[] = [];
  for (const [name, table] of backup.schema.tables) {
    const target = adapted.schema.tables.get(name);
    const kept = [...rowsOf(backup.tables.get(name))].filter(
      ([uuid]) => adapted.tables.get(name)?.find(uuid) !== undefined,
    );
    if (target === undefined) {
      expected.push(`table ${name}`);
      continue;
    }
    for (const column of table.columns.keys())
      if (
        !target.columns.has(column) &&
        kept.some(([, row]) => row[column] !== undefined && !isRuntimeColumn(name, column, row))
      )
        expected.push(`column ${name}.${column}`);
  }
  return expected.sort();
}

/** "table X", "column T.c" of the losses, and the others as they are. */
function sorted({ losses }: Adaptation): { schema: string[]; other: string[] } {
  const bare = losses.map((loss) => loss.replace(/ \(\d+ rows\)$/, ''));
  const isSchema = (loss: string): boolean => /^(table|column) \S+$/.test(loss);
  return { schema: bare.filter(isSchema).sort(), other: bare.filter((loss) => !isSchema(loss)) };
}

const PAIRS = SCHEMAS.flatMap((from) => SCHEMAS.filter((to) => to !== from).map((to) => [from, to] as const));

describe('a backup of one release in a database of another', () => {
  const backups = new Map(SCHEMAS.map(({ release: name, schema }) => [name, rowsOfSchema(schema)]));

  it('is made of rows that the schema allows, in each release', () => {
    for (const backup of backups.values()) expect(faults(backup)).toEqual([]);
  });

  it.each(SCHEMAS.map(({ release: name }) => name))('loses what differs and nothing else, from %s', async (name) => {
    for (const [from, to] of PAIRS.filter(([{ release: source }]) => source === name)) {
      const backup = backups.get(from.release) as Snapshot;
      const adaptation = await adapt(backup, to.schema, true, new Breath());
      const { snapshot } = adaptation;
      expect([to.release, faults(snapshot)]).toEqual([to.release, []]);
      const { schema, other } = sorted(adaptation);
      expect([to.release, schema]).toEqual([to.release, expectedColumnLosses(backup, snapshot)]);
      // every row of a table that is there is kept, or named
      const lost = [...snapshot.tables.values()].reduce(
        (sum, rows) => sum + (backup.tables.get(rows.table)?.count ?? 0) - rows.count,
        0,
      );
      const followers = other.filter((loss) => loss.includes('rows that')).length;
      if (lost === 0) expect([to.release, followers]).toEqual([to.release, 0]);
      else expect(other.length).toBeGreaterThan(0);
      const upward = SCHEMAS.indexOf(from) < SCHEMAS.indexOf(to);
      if (upward)
        expect([to.release, adaptation.losses, countRows(snapshot)]).toEqual([to.release, [], countRows(backup)]);
      const refusal = await failureOf(adapt(backup, to.schema, false, new Breath()));
      expect([to.release, refusal.code]).toEqual([
        to.release,
        adaptation.losses.length === 0 ? 'none' : 'SCHEMA_MISMATCH',
      ]);
    }
  });

  it('keeps every value that the other release allows', async () => {
    const backup = backups.get('main') as Snapshot;
    const { snapshot } = await adapt(backup, release('22.03'), true, new Breath());
    for (const [name, table] of snapshot.schema.tables) {
      for (const [uuid, row] of rowsOf(snapshot.tables.get(name))) {
        const before = backup.tables.get(name)?.row(backup.tables.get(name)?.find(uuid) ?? -1) ?? {};
        for (const [column, value] of Object.entries(row)) {
          if (
            referencesOf(table, { [column]: value }).length > 0 ||
            `${name}.${column}` === 'QoS.action' ||
            `${name}.${column}` === 'Load_Balancer.selection_fields'
          )
            continue;
          expect([name, column, value]).toEqual([name, column, before[column]]);
        }
      }
    }
  });

  it('comes back whole from a newer release', async () => {
    const backup = backups.get('20.03') as Snapshot;
    const { snapshot } = await adapt(backup, release('main'), false, new Breath());
    const again = await adapt(snapshot, release('20.03'), false, new Breath());
    expect(textsOf(again.snapshot)).toEqual(textsOf(backup));
  });
});

const lossesOf = async (
  schema: DatabaseSchema,
  tables: Tables,
  target: DatabaseSchema,
): Promise<{ losses: readonly string[]; rows: Record<string, Record<string, unknown>> }> => {
  const { snapshot, losses } = await adapt(snapshotOf(schema, tables), target, true, new Breath());
  expect(faults(snapshot)).toEqual([]);
  const rows = Object.entries(textsOf(snapshot))
    .filter(([, texts]) => Object.keys(texts).length > 0)
    .map(([table, texts]) => [
      table,
      Object.fromEntries(Object.entries(texts).map(([uuid, text]) => [uuid, JSON.parse(text)])),
    ]);
  return { losses, rows: Object.fromEntries(rows) as Record<string, Record<string, unknown>> };
};

describe('what an older release cannot hold', () => {
  const main = release('main');

  it('is the member of a set or a map, and not the whole of it', async () => {
    const { losses, rows } = await lossesOf(
      main,
      {
        Load_Balancer: {
          [u('l')]: { name: 'lb', selection_fields: ['ip_src', 'ipv6_src', 'ipv6_dst'] },
          [u('m')]: { name: 'lb2', selection_fields: ['ipv6_src'] },
        },
        Logical_Switch: { [u('s')]: { name: 's', qos_rules: [u('q')] } },
        QoS: { [u('q')]: { direction: 'to-lport', priority: 1, match: 'ip', action: { dscp: 10, mark: 70_000 } } },
      },
      release('23.09'),
    );
    expect(rows['Load_Balancer']).toEqual({
      [u('l')]: { name: 'lb', selection_fields: ['ip_src'] },
      [u('m')]: { name: 'lb2' },
    });
    expect(rows['QoS']).toMatchObject({ [u('q')]: { action: { dscp: 10 } } });
    expect(losses).toEqual([
      expect.stringMatching(
        /^"ipv6_dst" of Load_Balancer.selection_fields \("ipv6_dst" is not one of "eth_src", .*\)$/,
      ),
      expect.stringMatching(/^"ipv6_src" of Load_Balancer.selection_fields \(.*\) \(2 rows\)$/),
      'key "mark" of QoS.action',
    ]);
  });

  it('is a value outside the range that it allows', async () => {
    const { losses } = await lossesOf(
      main,
      {
        Logical_Switch: { [u('s')]: { qos_rules: [u('q')] } },
        QoS: { [u('q')]: { direction: 'to-lport', action: { dscp: 70 } } },
      },
      release('23.09'),
    );
    expect(losses).toEqual(['key "dscp" of QoS.action (70 is outside 0 to 63)']);
  });

  it('is a row whose action it does not know, with references to it', async () => {
    const { losses, rows } = await lossesOf(
      main,
      {
        Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b')] } },
        ACL: {
          [u('a')]: { direction: 'to-lport', priority: 1, match: 'ip4', action: 'pass', tier: 2 },
          [u('b')]: { direction: 'to-lport', priority: 1, match: 'ip6', action: 'drop' },
        },
        Logical_Router: { [u('r')]: { name: 'r', policies: [u('p')] } },
        Logical_Router_Policy: { [u('p')]: { priority: 5, match: 'ip4', action: 'jump', jump_chain: 'x' } },
      },
      release('22.03'),
    );
    expect(rows['Logical_Switch']).toEqual({ [u('s')]: { name: 's', acls: [u('b')] } });
    expect(rows['Logical_Router']).toEqual({ [u('r')]: { name: 'r' } });
    expect(Object.keys(rows)).toEqual(['ACL', 'Logical_Router', 'Logical_Switch']);
    expect(losses).toEqual([
      'ACL to-lport 1 ip4 2 (action is needed: "pass" is not one of "allow", "allow-related", "allow-stateless", ' +
        '"drop", "reject")',
      'router policy 5 ip4 (action is needed: "jump" is not one of "allow", "drop", "reroute")',
    ]);
  });

  it('is a router port without networks, and what only that held', async () => {
    const { losses, rows } = await lossesOf(
      main,
      {
        Logical_Router: { [u('r')]: { name: 'r', ports: [u('p'), u('q')] } },
        Logical_Router_Port: {
          [u('p')]: { name: 'bare', mac: '00:00:00:00:00:01', gateway_chassis: [u('g')] },
          [u('q')]: { name: 'full', mac: '00:00:00:00:00:02', networks: ['10.0.0.1/24'] },
        },
        Gateway_Chassis: { [u('g')]: { name: 'bare-c', chassis_name: 'c' } },
      },
      release('24.09'),
    );
    expect(rows['Logical_Router']).toEqual({ [u('r')]: { name: 'r', ports: [u('q')] } });
    expect(losses).toEqual([
      'router port "bare" (networks is needed)',
      'gateway chassis rows that no row holds any more',
    ]);
  });

  it('is a row that must refer to a lost one, and the next', async () => {
    const schema = (version: string, kinds: Json): DatabaseSchema =>
      readDatabaseSchema({
        name: 'Test',
        version,
        tables: {
          Top: {
            isRoot: true,
            columns: {
              name: { type: 'string' },
              next: { type: { key: { type: 'uuid', refTable: 'Middle' }, min: 1, max: 1 } },
            },
          },
          Middle: {
            isRoot: true,
            columns: {
              name: { type: 'string' },
              next: { type: { key: { type: 'uuid', refTable: 'Bottom' }, min: 1, max: 2 } },
            },
          },
          Bottom: { isRoot: true, columns: { kind: { type: { key: { type: 'string', enum: kinds } } } } },
        },
      });
    const { losses, rows } = await lossesOf(
      schema('2.0.0', ['set', ['old', 'new']]),
      {
        Top: { [u('t')]: { name: 'one', next: u('m') }, [u('s')]: { name: 'two', next: u('n') } },
        Middle: { [u('m')]: { name: 'lost', next: [u('b')] }, [u('n')]: { name: 'kept', next: [u('b'), u('c')] } },
        Bottom: { [u('b')]: { kind: 'new' }, [u('c')]: { kind: 'old' } },
      },
      schema('1.0.0', 'old'),
    );
    expect(rows).toEqual({
      Top: { [u('s')]: { name: 'two', next: u('n') } },
      Middle: { [u('n')]: { name: 'kept', next: [u('c')] } },
      Bottom: { [u('c')]: { kind: 'old' } },
    });
    expect(losses).toEqual([
      expect.stringMatching(/^bottom .* \(kind is needed: "new" is not one of "old"\)$/),
      'middle rows that cannot be without a row that is left out',
      'top rows that cannot be without a row that is left out',
    ]);
  });

  it('is nothing where it only lacks runtime state', async () => {
    const { losses } = await lossesOf(
      main,
      {
        NB_Global: { [u('g')]: { nb_cfg: 3, nb_cfg_timestamp: 5 } },
        Logical_Router: { [u('r')]: { ports: [u('p')] } },
        Logical_Router_Port: {
          [u('p')]: {
            name: 'p',
            networks: ['10.0.0.1/24'],
            ipv6_prefix: ['fd00::/64'],
            status: { 'hosting-chassis': 'c' },
          },
        },
      },
      release('20.03'),
    );
    expect(losses).toEqual([]);
  });

  it('is counted past the hundredth, and the list ends', async () => {
    const acls = Object.fromEntries(
      Array.from({ length: 150 }, (_, i) => [
        `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
        { direction: 'to-lport', priority: i, match: 'ip4', action: 'pass' },
      ]),
    );
    const { losses } = await lossesOf(
      main,
      { Logical_Switch: { [u('s')]: { acls: Object.keys(acls) } }, ACL: acls },
      release('22.03'),
    );
    expect([losses.length, losses[99]]).toEqual([100, 'and 51 more']);
  });
});

describe('a newer release with an index that the older had not', () => {
  it('takes rows that would clash in it under names of their own', async () => {
    const { losses, rows } = await lossesOf(
      release('21.12'),
      {
        Copp: { [u('a')]: { meters: { arp: 'm' } }, [u('b')]: { meters: { arp: 'n' } } },
        Logical_Switch: { [u('s')]: { name: 's', copp: u('b') } },
      },
      release('main'),
    );
    expect(rows['Copp']).toEqual({
      [u('a')]: { meters: { arp: 'm' } },
      [u('b')]: { meters: { arp: 'n' }, name: u('b') },
    });
    expect(losses).toEqual([]);
  });

  it('loses rows that clash in columns that they have', async () => {
    const schema = (version: string, indexes: Json): DatabaseSchema =>
      readDatabaseSchema({
        name: 'Test',
        version,
        tables: { T: { isRoot: true, columns: { name: { type: 'string' } }, indexes } },
      });
    const { losses, rows } = await lossesOf(
      schema('1.0.0', []),
      { T: { [u('a')]: { name: 'x' }, [u('b')]: { name: 'x' } } },
      schema('2.0.0', [['name']]),
    );
    expect(Object.keys(rows['T'] ?? {})).toEqual([u('a')]);
    expect(losses).toEqual(['T "x" (another row has the same name)']);
  });
});

const table = (schema: DatabaseSchema, name: string): TableSchema => schema.tables.get(name) as TableSchema;

it('the schemas are the ones the tests think they are', () => {
  expect(SCHEMAS.map(({ release: name }) => name)).toEqual([
    '20.03',
    '20.12',
    '21.03',
    '21.12',
    '22.03',
    '22.06',
    '22.09',
    '22.12',
    '23.03',
    '23.06',
    '23.09',
    '24.03',
    '24.09',
    '25.03',
    '25.09',
    '26.03',
    'main',
  ]);
  expect(table(release('21.12'), 'Copp').indexes).toEqual([]);
});
