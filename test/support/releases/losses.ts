/**
 * What a database of another release has not kept of a source, found by comparing all rows of both; and what a restore
 * says of it, so that both can be held against each other.
 */
import { nounOf } from '../../../src/model/northbound/noun.js';
import type { DatabaseContent } from '../judge/judge.js';

export interface Lost {
  /** "table T (3 rows)" and "column T.c (2 rows)": tables and columns of the source in which there was something. */
  readonly places: readonly string[];
  /** Table -> rows that are not there, of tables that are. */
  readonly rows: ReadonlyMap<string, number>;
  /** "T.c": columns of both in which a value is another one, leaving aside references to rows that are not there. */
  readonly values: readonly string[];
  /** What a restore must never do: rows and values that the source has not. */
  readonly invented: readonly string[];
}

const DEFAULTS = new Set(['{}', '{} map', '{""}', '{0}', '{false}']);
const UUIDS = /\["uuid","([0-9a-f-]{36})"\]/g;

/** The columns of a row, from its text in a DatabaseContent. */
function valuesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const end = line.indexOf(' = ');
      return [line.slice(0, end), line.slice(end + ' = '.length)];
    }),
  );
}

const counted = (what: string, rows: number): string => (rows === 1 ? what : `${what} (${rows} rows)`);
const add = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

export function findLost(source: DatabaseContent, target: DatabaseContent): Lost {
  const kept = new Set([...target.values()].flatMap((rows) => [...rows.keys()]));
  /** Of a value with references, those to rows that are there. */
  const comparable = (value: string): string =>
    value.includes('["uuid",') || value === '{}'
      ? [...value.matchAll(UUIDS)]
          .map(([, uuid]) => uuid ?? '')
          .filter((uuid) => kept.has(uuid))
          .join()
      : value;
  const columns = new Map<string, number>();
  const missing = new Map<string, number>();
  const values = new Set<string>();
  const invented: string[] = [];
  for (const [table, rows] of target) {
    const originals = source.get(table) ?? new Map<string, string>();
    for (const uuid of rows.keys()) if (!originals.has(uuid)) invented.push(`${table} ${uuid}`);
    for (const [uuid, text] of originals) {
      const found = rows.get(uuid);
      if (found === undefined) {
        add(missing, table);
        continue;
      }
      const [before, after] = [valuesOf(text), valuesOf(found)];
      for (const [column, value] of before) {
        const now = after.get(column);
        if (now === undefined && !DEFAULTS.has(value)) add(columns, `column ${table}.${column}`);
        if (now !== undefined && comparable(now) !== comparable(value)) values.add(`${table}.${column}`);
      }
      for (const [column, value] of after)
        if (!before.has(column) && !DEFAULTS.has(value)) invented.push(`${table}.${column} of ${uuid}: ${value}`);
    }
  }
  const tables = [...source].filter(([table, rows]) => !target.has(table) && rows.size > 0);
  const places = [...tables.map(([table, { size }]) => counted(`table ${table}`, size))];
  for (const [column, count] of columns) places.push(counted(column, count));
  return { places: places.sort(), rows: missing, values: [...values].sort(), invented };
}

/** What was named as lost, in the form of findLost. */
export function readLosses(losses: readonly string[], tables: Iterable<string>): Omit<Lost, 'invented'> {
  // "router policy" before "router"
  const nouns = [...tables].map((table) => ({ table, noun: nounOf(table) }));
  nouns.sort((a, b) => b.noun.length - a.noun.length);
  const places: string[] = [];
  const rows = new Map<string, number>();
  const values = new Set<string>();
  for (const loss of losses) {
    const column = /^(?:key )?"[^"]*" of (\w+\.\w+)/.exec(loss)?.[1];
    if (/^(table|column) /.test(loss)) places.push(loss);
    else if (column !== undefined) values.add(column);
    else {
      const found = nouns.find(({ noun }) => loss.startsWith(`${noun} `));
      if (found === undefined) throw new Error(`what is lost here? ${loss}`);
      rows.set(found.table, (rows.get(found.table) ?? 0) + Number(/ \((\d+) rows\)$/.exec(loss)?.[1] ?? 1));
    }
  }
  return { places: places.sort(), rows, values: [...values].sort() };
}
