/** A schema with every kind of column, rows of it, and packing and unpacking in one call. */
import fc from 'fast-check';
import { type ArchiveHeader } from '../../../src/archive/content/archive-header.js';
import { canonicalText } from '../../../src/archive/content/snapshot-builder.js';
import { type PackOptions, type PackResult, packArchive } from '../../../src/archive/pack.js';
import { type Unpacked, type UnpackOptions, unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Row } from '../../../src/model/row/row.js';
import { countRows, countTables, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import { type DatabaseSchema, readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import type { Json } from '../../../src/ovsdb/json.js';
import { CHEAP_KEYS } from '../key-cost.js';

export const ATOM_TYPES = ['string', 'integer', 'real', 'boolean', 'uuid'] as const;
type AtomName = (typeof ATOM_TYPES)[number];

const columns: Record<string, Json> = { yes: { type: 'string' }, volatile: { type: 'integer', ephemeral: true } };
for (const atom of ATOM_TYPES) {
  columns[`scalar_${atom}`] = { type: atom };
  columns[`optional_${atom}`] = { type: { key: atom, min: 0, max: 1 } };
  columns[`set_${atom}`] = { type: { key: atom, min: 0, max: 'unlimited' } };
  columns[`map_${atom}`] = { type: { key: atom, value: atom, min: 0, max: 'unlimited' } };
  columns[`map_string_${atom}`] = { type: { key: 'string', value: atom, min: 0, max: 'unlimited' } };
}

export const EVERY_KIND: DatabaseSchema = readDatabaseSchema({
  name: 'Every_Kind',
  version: '1.2.3',
  tables: {
    Kinds: { columns, isRoot: true },
    Empty: { columns: { name: { type: 'string' } }, isRoot: true },
    null: {
      columns: {
        true: { type: { key: 'string', min: 0, max: 1 } },
        bound: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 10 }, min: 0, max: 3 } },
      },
      isRoot: true,
      indexes: [['true']],
    },
  },
});

export type Tables = Readonly<Record<string, Readonly<Record<string, Row>>>>;

export function snapshotOf(schema: DatabaseSchema, tables: Tables): Snapshot {
  return {
    schema,
    tables: new Map(
      [...schema.tables.values()].map((table) => {
        const rows = new StoredRows(table.name);
        for (const [uuid, row] of Object.entries(tables[table.name] ?? {}))
          rows.add(
            uuid,
            canonicalText(table, uuid, () => row),
          );
        rows.seal();
        return [table.name, rows];
      }),
    ),
  };
}

/** Table -> UUID -> canonical text. */
export function textsOf(snapshot: Snapshot): Record<string, Record<string, string>> {
  return Object.fromEntries(
    [...snapshot.tables.values()].map((rows) => [
      rows.table,
      Object.fromEntries(Array.from({ length: rows.count }, (_, i) => [rows.uuid(i), rows.text(i).toString()])),
    ]),
  );
}

export function headerOf(snapshot: Snapshot): ArchiveHeader {
  return {
    id: '5b1f7a52-6f1e-4c0e-9d5f-0a1b2c3d4e5f',
    name: 'nightly: "büro" #1',
    description: 'line one\nline two \u{1f600}',
    createdAt: '2026-01-15T10:30:00.000Z',
    createdBy: 'operator@example.com',
    database: 'nb',
    schemaName: snapshot.schema.name,
    schemaVersion: snapshot.schema.version,
    type: 'FULL',
    tables: countTables(snapshot),
    rowCount: countRows(snapshot),
  };
}

export interface Packed extends PackResult {
  readonly bytes: Buffer;
}

export async function pack(snapshot: Snapshot, options: Omit<PackOptions, 'header'>): Promise<Packed> {
  const { bytes, result } = packArchive(snapshot, { header: headerOf(snapshot), keyCost: CHEAP_KEYS, ...options });
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), ...(await result) };
}

/** Gives bytes in chunks of a size. */
export async function* chunksOf(bytes: Buffer, chunkBytes = 65536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export function unpack(
  bytes: Buffer | string,
  options: Partial<UnpackOptions> = {},
  chunkBytes?: number,
): Promise<Unpacked> {
  return unpackArchive(chunksOf(Buffer.from(bytes), chunkBytes), {
    contentBytesMax: 1 << 28,
    clock: systemClock,
    keyCost: CHEAP_KEYS,
    ...options,
  });
}

/** The code and message that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error), message: (error as Error).message };
  }
  return { code: 'none', message: 'it succeeded' };
}

const text = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((s) => s.replaceAll('\u0000', ''))
    .filter((s) => s.isWellFormed()),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '12',
    '-1',
    '0x10',
    '1e5',
    'true',
    'null',
    '~',
    'yes',
    '2026-01-15',
    ' lead',
    'trail ',
    '- a',
    '# no',
    'a: b',
    '{',
    '"',
    "'",
    '\\',
    '\n',
    'two\nlines\n',
    '\t',
    '\u007f\u0085\u2028\u2029\ufeff\uffff',
    '\u{1f600}',
    '=',
    '<<',
    '!!str',
    '&a',
    '*a',
    '%',
    '---',
    'x'.repeat(1500),
  ),
);
const uuid = fc.uuid();
const atoms: Record<AtomName, fc.Arbitrary<string | number | bigint | boolean>> = {
  string: text,
  integer: fc.oneof(
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(0, 2 ** 53 - 1, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n),
  ),
  real: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0.1 + 0.2, 5e-324, 1e21, 1e300, 123456789012345680000),
  ),
  boolean: fc.boolean(),
  uuid,
};

function mapOf(key: AtomName, value: AtomName): fc.Arbitrary<Row[string]> {
  const pairs = fc.uniqueArray(fc.tuple(atoms[key], atoms[value]), {
    maxLength: 4,
    selector: ([k]) => String(Object.is(k, -0) ? 0 : k),
  });
  return key === 'string' || key === 'uuid' ? pairs.map((list) => Object.fromEntries(list) as Row[string]) : pairs;
}

const kindsRow = fc.record(
  Object.fromEntries([
    ['yes', text as fc.Arbitrary<Row[string]>],
    ...ATOM_TYPES.flatMap((atom): [string, fc.Arbitrary<Row[string]>][] => [
      [`scalar_${atom}`, atoms[atom]],
      [`optional_${atom}`, atoms[atom]],
      [`set_${atom}`, fc.uniqueArray(atoms[atom], { maxLength: 4, selector: (a) => String(Object.is(a, -0) ? 0 : a) })],
      [`map_${atom}`, mapOf(atom, atom)],
      [`map_string_${atom}`, mapOf('string', atom)],
    ]),
  ]),
  { requiredKeys: [] },
) as fc.Arbitrary<Row>;

/** Rows of EVERY_KIND. */
export const anyTables: fc.Arbitrary<Tables> = fc.record({
  Kinds: fc.dictionary(uuid, kindsRow, { maxKeys: 4 }),
  null: fc.dictionary(
    uuid,
    fc.record(
      { true: text, bound: fc.uniqueArray(fc.integer({ min: 0, max: 10 }), { maxLength: 3 }) },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Row>,
    { maxKeys: 3 },
  ),
});

/** A small snapshot that stays the same. */
export const SMALL: Snapshot = snapshotOf(EVERY_KIND, {
  Kinds: {
    'c0000000-0000-4000-8000-000000000003': {},
    'a0000000-0000-4000-8000-000000000001': {
      scalar_string: 'gr\u00fc\u00dfe \u{1f600}\n"x"',
      scalar_integer: 2n ** 63n - 1n,
      optional_real: 0.25,
      set_integer: [3, -(2n ** 63n), 1],
      set_string: ['b', '', 'a'],
      map_string_string: Object.fromEntries([
        ['__proto__', 'p'],
        ['10', 'ten'],
        ['2', 'two'],
        ['', 'empty'],
      ]),
      map_integer: [
        [2, 3],
        [1, 2n ** 53n + 1n],
      ],
      set_uuid: ['b0000000-0000-4000-8000-000000000002'],
    },
    'b0000000-0000-4000-8000-000000000002': {
      scalar_boolean: true,
      optional_boolean: false,
      map_boolean: [[true, false]],
      map_uuid: { 'a0000000-0000-4000-8000-000000000001': 'c0000000-0000-4000-8000-000000000003' },
    },
  },
  null: { 'd0000000-0000-4000-8000-000000000004': { true: 'no', bound: [10, 0] } },
});
