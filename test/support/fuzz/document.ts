/**
 * Files for imports: exports of each form, taken apart, changed where it hurts, and put together again with right
 * lengths and sums; or changed byte by byte. Then compressed, encrypted, and sent in one of the ways there are.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encrypt } from '../../../src/archive/layer/encryption.js';
import { parseExact } from '../judge/exact-json.js';
import { piecesOf } from '../servers/services.js';
import {
  type ByteChange,
  byteChanges,
  type Change,
  changed,
  changes,
  HOSTILE_TEXTS,
  marked,
  withByteChanges,
} from './value.js';

/** What is changed: a document of this server, or the records of a database file. */
export interface Bases {
  /** Parsed, integers exact. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly yaml: Buffer;
  readonly json: Buffer;
  /** With history. */
  readonly standalone: Buffer;
  readonly cluster: Buffer;
}

export type Form = 'JSON' | 'YAML' | 'STANDALONE' | 'CLUSTER';
export type Delivery = 'RAW' | 'MULTIPART' | 'JSON_FORM' | 'GRAPHQL';

export interface DocumentInput {
  readonly form: Form;
  /** Where the changes go: all of the document, or a part of it. */
  readonly region: 'manifest' | 'schema' | 'tables' | 'whole';
  readonly changes: readonly Change[];
  /** Numbers of tricks with the schema and with rows, and which table, row and column. */
  readonly tricks: readonly { readonly trick: number; readonly picks: readonly [number, number, number] }[];
  readonly bytes: readonly ByteChange[];
  readonly wrap: '' | 'gz' | 'enc' | 'gz enc' | 'gz gz';
  /** After it was wrapped. */
  readonly outer: readonly ByteChange[];
  readonly delivery: Delivery;
  readonly withKey: boolean;
  readonly force: boolean;
}

const sometimes = <T>(some: fc.Arbitrary<readonly T[]>, never: number): fc.Arbitrary<readonly T[]> =>
  fc.oneof({ arbitrary: fc.constant<readonly T[]>([]), weight: never }, { arbitrary: some, weight: 1 });

type Mutable = Record<string, unknown>;

interface Parts {
  readonly schema: {
    tables?: Record<
      string,
      { columns?: Record<string, Mutable>; maxRows?: unknown; isRoot?: unknown; indexes?: unknown }
    >;
  } & Mutable;
  readonly tables: Record<string, Record<string, Mutable>>;
}

type Trick = (parts: Parts, picks: readonly [number, number, number]) => void;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const uuid = (n: number): string => `${(n >>> 0).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;

/** A table, its rows and one of them. */
function rowAt(
  { tables }: Parts,
  [t, r]: readonly number[],
): { table: string; rows: Record<string, Mutable>; id: string; row: Mutable } {
  const table = pick(Object.keys(tables), t ?? 0);
  const rows = tables[table] ?? {};
  const id = pick(Object.keys(rows), r ?? 0);
  return { table, rows, id, row: rows[id] ?? {} };
}

function columnAt(
  { schema }: Parts,
  [t, c]: readonly number[],
): { table: Mutable; name: string; column: Mutable; columns: Record<string, Mutable> } {
  const table = pick(Object.values(schema.tables ?? {}), t ?? 0);
  const columns = table.columns ?? {};
  const name = pick(Object.keys(columns), c ?? 0);
  return { table: table, name, column: columns[name] ?? {}, columns };
}

/** What a hostile or a clumsy hand would do; each works on the schema or on rows in plain notation. */
const TRICKS: readonly Trick[] = [
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = {
      key: { type: 'uuid', refTable: pick(Object.keys(parts.schema.tables ?? {}), picks[2]) },
      min: 0,
      max: 'unlimited',
    };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = { key: { type: 'uuid', refTable: 'Nowhere' }, min: 0, max: 'unlimited' };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = { key: { type: 'integer', minInteger: 5, maxInteger: -5 } };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = { key: { type: 'string', enum: ['set', []] } };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = { key: 'string', min: 2, max: 1 };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = {
      key: 'string',
      min: 0,
      max: pick([1e12, 0, -1, 2 ** 31, 1.5, 'lots'], picks[2]),
    };
  },
  (parts, picks) => {
    columnAt(parts, picks).column['type'] = pick(
      [
        'string',
        'integer',
        'real',
        'boolean',
        'uuid',
        'void',
        '',
        null,
        [],
        {},
        { key: {} },
        { key: { type: 'real', minReal: 'x' } },
        { key: 'string', value: 'uuid', min: 0, max: 'unlimited' },
      ],
      picks[2],
    );
  },
  (parts, picks) => {
    columnAt(parts, picks).column['ephemeral'] = true;
  },
  (parts, picks) => {
    columnAt(parts, picks).column['mutable'] = false;
  },
  (parts, picks) => {
    const { columns, name } = columnAt(parts, picks);
    Reflect.deleteProperty(columns, name);
  },
  (parts, picks) => {
    columnAt(parts, picks).columns[
      pick(['_uuid', '_version', '', ' ', 'constructor', 'x'.repeat(5_000), '2'], picks[2])
    ] = { type: 'string' };
  },
  (parts, picks) => {
    columnAt(parts, picks).table['indexes'] = pick(
      [[['nothing']], [[]], [['external_ids']], 'x', [['_uuid']], [['name'], ['name']]],
      picks[2],
    );
  },
  (parts, picks) => {
    columnAt(parts, picks).table['maxRows'] = pick([0, 1, -1, 2 ** 40, 'x'], picks[2]);
  },
  (parts, picks) => {
    columnAt(parts, picks).table['isRoot'] = picks[2] % 2 === 0;
  },
  ({ schema }) => {
    for (const table of Object.values(schema.tables ?? {})) Reflect.deleteProperty(table, 'isRoot');
  },
  ({ schema }) => {
    for (let i = 0; i < 10_000; i++)
      (schema.tables ?? {})[`T${String(i)}`] = { columns: { a: { type: 'string' } }, isRoot: true };
  },
  ({ schema }) => {
    (schema.tables ?? {})['Wide'] = {
      columns: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c${String(i)}`, { type: 'string' }])),
    };
  },
  ({ schema }, [a]) => {
    schema['name'] = pick(['OVN_Southbound', '', 'Open_vSwitch', 'OVN_Northbound ', '__proto__'], a);
  },
  ({ schema }, [a]) => {
    schema['version'] = pick(['0.0.0', '99.0.0', '', 'x', '1.2', '7.0.1-x'], a);
  },
  (parts, picks) => {
    const { schema } = parts;
    const name = pick(Object.keys(schema.tables ?? {}), picks[0]);
    Reflect.deleteProperty(schema.tables ?? {}, name);
    if (picks[2] % 2 === 0) Reflect.deleteProperty(parts.tables, name);
  },
  (parts, picks) => {
    const { rows, row } = rowAt(parts, picks);
    rows[uuid(picks[2])] = structuredClone(row);
  },
  (parts, picks) => {
    const { rows, id } = rowAt(parts, picks);
    Reflect.deleteProperty(rows, id);
  },
  (parts, picks) => {
    const { rows, id, row } = rowAt(parts, picks);
    Reflect.deleteProperty(rows, id);
    rows[pick([uuid(picks[2]), id.toUpperCase(), 'x', '', '__proto__', `${id} `], picks[2])] = row;
  },
  (parts, picks) => {
    const { id, row } = rowAt(parts, picks);
    const other = pick(Object.keys(parts.tables), picks[2]);
    (parts.tables[other] ??= {})[id] = row;
  },
  (parts, picks) => {
    const { row } = rowAt(parts, picks);
    const column = pick(Object.keys(row), picks[2]);
    row[column] = pick<unknown>(
      [uuid(picks[1]), [uuid(picks[1])], [], {}, '', 0, [1, 1], { '': '' }, null],
      picks[0] + picks[2],
    );
  },
  (parts, picks) => {
    const { row } = rowAt(parts, picks);
    const column = pick(Object.keys(row), picks[2]);
    if (typeof row[column] === 'string') row[column] = pick(HOSTILE_TEXTS, picks[0] + picks[1]);
  },
  (parts, picks) => {
    const { row } = rowAt(parts, picks);
    row['name'] = pick(['ls-a', 'ls-b', 'since', 'x'.repeat(100_000), '', '\ud800', 'vm1', 'a\u0000b'], picks[2]);
  },
  (parts, picks) => {
    const { row, rows } = rowAt(parts, picks);
    for (let i = 0; i < 300; i++) rows[uuid(picks[2] + i)] = { ...row, name: `many${String(i)}` };
  },
  (parts, picks) => {
    const { rows, id, row } = rowAt(parts, picks);
    row['ports'] = Object.keys(parts.tables['Logical_Switch_Port'] ?? {});
    rows[id] = row;
  },
  (parts, picks) => {
    const { id, row } = rowAt(parts, picks);
    row['external_ids'] = {
      ...(typeof row['external_ids'] === 'object' ? row['external_ids'] : {}),
      [pick(['', '__proto__', 'x'.repeat(1_000), id], picks[2])]: pick(HOSTILE_TEXTS, picks[1]),
    };
  },
];

const anyNumber = fc.noBias(fc.nat());

export const documentInputs: fc.Arbitrary<DocumentInput> = fc.record({
  form: fc.constantFrom<Form>('JSON', 'JSON', 'YAML', 'STANDALONE', 'STANDALONE', 'CLUSTER'),
  region: fc.constantFrom<DocumentInput['region']>('manifest', 'schema', 'tables', 'tables', 'whole'),
  changes: sometimes(changes, 2),
  tricks: fc.array(
    fc.record({ trick: fc.nat({ max: TRICKS.length - 1 }), picks: fc.tuple(anyNumber, anyNumber, anyNumber) }),
    { maxLength: 3 },
  ),
  bytes: sometimes(byteChanges, 6),
  wrap: fc.oneof(
    { arbitrary: fc.constantFrom<DocumentInput['wrap']>('', 'gz'), weight: 8 },
    { arbitrary: fc.constantFrom<DocumentInput['wrap']>('enc', 'gz enc', 'gz gz'), weight: 1 },
  ),
  outer: sometimes(byteChanges, 12),
  delivery: fc.constantFrom<Delivery>('RAW', 'MULTIPART', 'JSON_FORM', 'GRAPHQL'),
  withKey: fc.boolean(),
  force: fc.boolean(),
});

export async function fileOf(input: DocumentInput, bases: Bases, key: string): Promise<Buffer> {
  const content = withByteChanges(contentOf(input, bases), input.bytes);
  const packed = input.wrap.startsWith('gz') ? gzipSync(content, { level: 1 }) : content;
  if (input.wrap === 'gz gz') return withByteChanges(gzipSync(packed), input.outer);
  if (!input.wrap.endsWith('enc')) return withByteChanges(packed, input.outer);
  const chunks: Buffer[] = [];
  for await (const chunk of encrypt(piecesOf(packed), key)) chunks.push(chunk);
  return withByteChanges(Buffer.concat(chunks), input.outer);
}

function contentOf(input: DocumentInput, bases: Bases): Buffer {
  if (input.form === 'STANDALONE' || input.form === 'CLUSTER')
    return records(input, input.form === 'CLUSTER' ? bases.cluster : bases.standalone);
  const isPlain = input.changes.length + input.tricks.length === 0;
  if (isPlain) return input.form === 'JSON' ? bases.json : bases.yaml;
  let document = structuredClone(bases.document) as Mutable;
  for (const { trick, picks } of input.tricks) TRICKS[trick]?.(document as unknown as Parts, picks);
  document['contentDigest'] = 'none';
  if (input.region === 'whole') document = changed(document, input.changes) as Mutable;
  else document[input.region] = changed(document[input.region], input.changes);
  if (input.form === 'JSON' || typeof document !== 'object' || document === null || Array.isArray(document))
    return Buffer.from(exactText(document));
  return Buffer.from(yamlText(document));
}

/** Block notation as far as rows, flow notation below. */
function yamlText(document: Mutable): string {
  return Object.entries(document)
    .map(([name, value]) => {
      if (name !== 'tables' || typeof value !== 'object' || value === null || Array.isArray(value))
        return `${yamlKey(name)}: ${exactText(value)}\n`;
      const tables = Object.entries(value as Mutable).map(([table, rows]) => {
        if (typeof rows !== 'object' || rows === null || Array.isArray(rows) || Object.keys(rows).length === 0)
          return `  ${yamlKey(table)}: ${exactText(rows)}\n`;
        return `  ${yamlKey(table)}:\n${Object.entries(rows as Mutable)
          .map(([id, row]) => `    ${yamlKey(id)}: ${exactText(row)}\n`)
          .join('')}`;
      });
      return `tables:\n${tables.join('')}`;
    })
    .join('');
}

function yamlKey(name: string): string {
  return /^[A-Za-z]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** JSON with its marks replaced, and integers of any size. */
function exactText(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'bigint' ? `§int${String(member)}§` : member,
  ) as string | undefined;
  return marked((text ?? '').replaceAll(/"§int(-?\d+)§"/g, '$1'), {});
}

const RECORD = /^(OVSDB (?:JSON|CLUSTER)) (\d+) [0-9a-f]{40}\n/;

/** Takes a database file apart, changes what is in its records, and writes them anew with right lengths and sums. */
function records({ tricks, changes: list, region }: DocumentInput, file: Buffer): Buffer {
  const texts: { magic: string; value: unknown }[] = [];
  for (let at = 0; at < file.length; ) {
    const match = RECORD.exec(file.toString('latin1', at, at + 100));
    if (match === null) break;
    const from = at + match[0].length;
    at = from + Number(match[2]);
    texts.push({ magic: match[1] as string, value: parseExact(file.toString('utf8', from, at)) });
  }
  // of a cluster's member the first record has the snapshot: [schema, data]
  for (const { trick, picks } of tricks) {
    const parts = partsOf(texts.map(({ value }) => value as Mutable));
    if (parts !== undefined) TRICKS[trick]?.(parts, picks);
  }
  const target = region === 'schema' ? 0 : region === 'manifest' ? (list[0]?.at ?? 0) % texts.length : texts.length - 1;
  const changedRecord = texts[target];
  if (list.length > 0 && changedRecord !== undefined) changedRecord.value = changed(changedRecord.value, list);
  return Buffer.concat(
    texts.map(({ magic, value }) => {
      const body = Buffer.from(`${exactText(value)}\n`);
      return Buffer.concat([
        Buffer.from(`${magic} ${String(body.length)} ${createHash('sha1').update(body).digest('hex')}\n`),
        body,
      ]);
    }),
  );
}

function partsOf([first, second]: readonly Mutable[]): Parts | undefined {
  const data = first?.['prev_data'];
  if (Array.isArray(data)) return { schema: data[0] as Parts['schema'], tables: rowsOf(data[1] as Mutable) };
  return first === undefined || second === undefined ? undefined : { schema: first, tables: rowsOf(second) };
}

/** The tables of a transaction; what begins with an underscore is none. */
function rowsOf(transaction: Mutable): Parts['tables'] {
  return new Proxy(transaction, {
    ownKeys: (of) => Reflect.ownKeys(of).filter((name) => !String(name).startsWith('_')),
  }) as Parts['tables'];
}

export function parsedDocument(json: Buffer): Readonly<Record<string, unknown>> {
  return structuredClone(parseExact(json.toString())) as unknown as Readonly<Record<string, unknown>>;
}
