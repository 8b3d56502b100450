/**
 * Compatibility: a backup carries its own schema; to be compared with a live database its rows are
 * read in the live schema. What the live schema lacks is lost, and each loss is named.
 *
 * Lost is as little as can be: of a set or a map only the members that the live schema does not allow, of
 * a row only the columns. A row that cannot be without what it loses (the action of an ACL, the networks of a router
 * port) is lost itself, and with it (lost-rows.ts) what cannot be without that row.
 */

import type { Breath } from '../../lib/breath.js';
import { AppError, messageOf, type Problem } from '../../lib/error.js';
import { nounOf } from '../../model/northbound/noun.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import { convertedValue, isSameType } from '../../model/row/converted-value.js';
import {
  type Atom,
  checkAtom,
  defaultAtom,
  encodeRow,
  encodeValue,
  type Row,
  RowError,
  type Value,
} from '../../model/row/row.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import { type Snapshot, type TableRows } from '../../model/snapshot/snapshot.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';
import { labelOf } from '../describe/label.js';
import { dropUnsupported, LostRows } from './lost-rows.js';

export interface Adaptation {
  readonly snapshot: Snapshot;
  /** Columns, values, rows and tables that were left out, the first 100 of them. */
  readonly losses: readonly string[];
}

const LOSSES_MAX = 100;

/** Losses in words, with the number of rows that each is about. */
export class Losses {
  private readonly counts = new Map<string, number>();

  add(what: string, rows = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + rows);
  }

  get size(): number {
    return this.counts.size;
  }

  /** At most `limit` sentences; the last says how many there are more. */
  list(limit: number): readonly string[] {
    const all = [...this.counts].map(([what, rows]) => (rows === 1 ? what : `${what} (${rows} rows)`));
    return all.length <= limit ? all : [...all.slice(0, limit - 1), `and ${all.length - limit + 1} more`];
  }
}

/** True when rows of one schema are rows of the other as they stand. A cluster drops "ephemeral" from its schema. */
export function isSameSchema(a: DatabaseSchema, b: DatabaseSchema): boolean {
  return (
    a.name === b.name &&
    stringifyJson(plain(a.json['tables'] ?? null)) === stringifyJson(plain(b.json['tables'] ?? null))
  );
}

function plain(json: Json): Json {
  if (Array.isArray(json)) return json.map(plain);
  if (json === null || typeof json !== 'object') return json;
  const members = Object.entries(json).filter(([name]) => name !== 'ephemeral');
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, plain(member)]),
  );
}

/**
 * The backup's rows in the live schema.
 * @throws AppError BAD_USER_INPUT for another kind of database; SCHEMA_MISMATCH, each loss named, unless `force`
 */
export async function adapt(
  backup: Snapshot,
  live: DatabaseSchema,
  force: boolean,
  breath: Breath,
): Promise<Adaptation> {
  if (backup.schema.name !== live.name)
    throw new AppError(
      'BAD_USER_INPUT',
      `The backup is of a database ${backup.schema.name}; it cannot be restored into ${live.name}`,
    );
  if (isSameSchema(backup.schema, live)) return { snapshot: { schema: live, tables: backup.tables }, losses: [] };
  const losses = new Losses();
  const lost = new LostRows(live);
  const tables = new Map([...live.tables.keys()].map((name) => [name, new StoredRows(name)]));
  for (const rows of backup.tables.values()) {
    const into = tables.get(rows.table);
    const target = live.tables.get(rows.table);
    if (into === undefined || target === undefined) {
      if (rows.count > 0) losses.add(`table ${rows.table}`, rows.count);
      continue;
    }
    await new TableAdaptation(backup.schema.tables.get(rows.table) ?? target, target, losses).run(
      rows,
      into,
      lost,
      breath,
    );
  }
  for (const table of tables.values()) table.seal();
  const kept = await dropUnsupported({ schema: live, tables }, lost, breath);
  for (const { table, count, reason } of lost.followers()) losses.add(`${nounOf(table)} rows that ${reason}`, count);
  if (losses.size > 0 && !force) refuse(backup.schema.version, live.version, losses);
  return { snapshot: kept, losses: losses.list(LOSSES_MAX) };
}

function refuse(from: string, to: string, losses: Losses): never {
  const listed = losses.list(LOSSES_MAX);
  const problems = listed.map((message): Problem => ({ code: 'SCHEMA_MISMATCH', message }));
  throw new AppError(
    'SCHEMA_MISMATCH',
    `The backup has schema version ${from}, the database ${to}, which has no place for ` +
      `${listed[0] ?? ''}${losses.size > 1 ? ` and ${losses.size - 1} more` : ''}. Restore with force to leave out ` +
      'what has no place',
    { problems },
  );
}

/** A row that the target cannot hold at all; the message says why. */
class Impossible extends Error {}

/** Reads the rows of one table in the target's table. */
class TableAdaptation {
  /** Columns that a row must have, since their default is not allowed. */
  private readonly required: readonly ColumnSchema[];
  /** Columns of both that are of another type in the target. */
  private readonly retyped: readonly (readonly [from: ColumnSchema, to: ColumnSchema])[];
  private readonly keys: readonly {
    readonly columns: readonly string[];
    readonly taken: Set<string>;
    readonly fill: string | undefined;
  }[];
  /** True when every row is as good in the target as it is. */
  private readonly isSame: boolean;
  /** What the row at hand loses: of no interest when it is lost itself. */
  private rowLosses: string[] = [];
  /** Columns of the row at hand whose values do not fit at all, and why. */
  private readonly complaints = new Map<string, string>();
  private label: () => string = () => '';

  constructor(
    source: TableSchema,
    private readonly target: TableSchema,
    private readonly losses: Losses,
  ) {
    this.required = [...target.columns.values()].filter((column) => !allowsDefault(column));
    const columns = [...source.columns.values()];
    this.retyped = columns.flatMap((column): (readonly [ColumnSchema, ColumnSchema])[] => {
      const to = target.columns.get(column.name);
      return to === undefined || isSameType(column, to) ? [] : [[column, to]];
    });
    const fresh = target.indexes.filter((index) => !source.indexes.some((columns) => columns.join() === index.join()));
    // rows of a schema without the index may clash in it
    this.keys = fresh.map((columns) => ({
      columns,
      taken: new Set<string>(),
      fill: columns.find(
        (name) =>
          !source.columns.has(name) &&
          target.columns.get(name)?.kind === 'scalar' &&
          target.columns.get(name)?.key.type === 'string',
      ),
    }));
    this.isSame =
      fresh.length === 0 &&
      this.retyped.length === 0 &&
      columns.every(({ name }) => target.columns.has(name)) &&
      this.required.every(({ name }) => source.columns.has(name));
  }

  async run(rows: TableRows, into: StoredRows, lost: LostRows, breath: Breath): Promise<void> {
    for (let i = 0; i < rows.count; i++) {
      const uuid = rows.uuid(i);
      if (this.isSame) into.add(uuid, rows.text(i));
      else this.take(rows.row(i), uuid, into, lost);
      if (breath.due()) await breath.rest();
    }
  }

  private take(row: Row, uuid: string, into: StoredRows, lost: LostRows): void {
    this.rowLosses = [];
    this.complaints.clear();
    this.label = () => labelOf(this.target, row, uuid);
    try {
      into.add(uuid, this.adapt(row, uuid));
      for (const loss of this.rowLosses) this.losses.add(loss);
    } catch (error) {
      if (!(error instanceof Impossible)) throw error;
      lost.add(this.target.name, uuid);
      this.losses.add(`${this.label()} (${error.message})`);
    }
  }

  private adapt(row: Row, uuid: string): string {
    const fitting = this.withKeys(this.fit(row), uuid);
    for (const { name } of this.required) {
      const complaint = this.complaints.get(name);
      if (fitting[name] === undefined)
        throw new Impossible(`${name} is needed${complaint === undefined ? '' : `: ${complaint}`}`);
    }
    return encodeRow(this.target, fitting, uuid);
  }

  /** The columns and values that the target allows. */
  private fit(row: Row): Readonly<Record<string, Value>> {
    const fitting = new Map(Object.entries(row));
    for (const name of fitting.keys()) {
      if (this.target.columns.has(name)) continue;
      // northd writes runtime state again, as far as this version knows it
      if (!isRuntimeColumn(this.target.name, name, row)) this.rowLosses.push(`column ${this.target.name}.${name}`);
      fitting.delete(name);
    }
    for (const [from, to] of this.retyped) {
      const value = this.convert(from, to, row[from.name]);
      if (value === undefined) fitting.delete(to.name);
      else fitting.set(to.name, value);
    }
    return Object.fromEntries(fitting);
  }

  /** A value in a column of another type, or what is left of it there. */
  private convert(from: ColumnSchema, to: ColumnSchema, value: Value | undefined): Value | undefined {
    let shaped: Value | undefined;
    try {
      shaped = convertedValue(from, to, value, '');
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      // an empty set, an empty map and an unset value are nothing, whatever the column is; a single value is never that
      if (value === undefined && from.min === 0 && to.kind !== 'scalar') return undefined;
      this.lose(to, sentence(error));
      return undefined;
    }
    if (shaped === undefined) return undefined;
    const complaint = complaintOf(to, shaped);
    return complaint === undefined ? shaped : this.reduce(to, shaped, complaint);
  }

  /** Says that a value does not fit at all. */
  private lose(column: ColumnSchema, complaint: string): void {
    this.complaints.set(column.name, complaint);
    if (!this.required.includes(column))
      this.rowLosses.push(`the value of ${column.name} in ${this.label()} (${complaint})`);
  }

  /** What is left of a value that does not fit: the members that do. */
  private reduce(column: ColumnSchema, value: Value, complaint: string): Value | undefined {
    const place = `${this.target.name}.${column.name}`;
    if (column.kind === 'set' && Array.isArray(value)) {
      const atoms = (value as readonly Atom[]).filter((atom) => this.allows(column.key, atom, place, shown(atom)));
      if (atoms.length <= column.max) return atoms.length === 0 ? undefined : this.enough(column, atoms, atoms.length);
    }
    if (column.kind === 'map' && typeof value === 'object') {
      const pairs = mapEntries(value).filter(
        ([key, content]) =>
          this.allows(column.key, key, place, `key ${shown(key)}`) &&
          this.allows(column.value as BaseType, content, place, `key ${shown(key)}`),
      );
      if (pairs.length <= column.max)
        return pairs.length === 0
          ? undefined
          : this.enough(
              column,
              Array.isArray(value) ? pairs : (Object.fromEntries(pairs) as Record<string, Atom>),
              pairs.length,
            );
    }
    this.lose(column, complaint);
    return undefined;
  }

  private enough(column: ColumnSchema, value: Value, count: number): Value | undefined {
    return count < column.min ? undefined : value;
  }

  private allows(base: BaseType, atom: Atom, place: string, what: string): boolean {
    try {
      checkAtom(base, atom, '');
      return true;
    } catch (error) {
      this.rowLosses.push(
        `${what} of ${place}${what.startsWith('key') && base.enum !== undefined ? '' : ` (${sentence(error)})`}`,
      );
      return false;
    }
  }

  private withKeys(row: Readonly<Record<string, Value>>, uuid: string): Readonly<Record<string, Value>> {
    let result = row;
    for (const { columns, taken, fill } of this.keys) {
      const keyOf = (): string => stringifyJson(columns.map((name): Json => result[name] ?? null));
      // a name that must be unique, and that the backup's version had not: the UUID is one
      if (taken.has(keyOf()) && fill !== undefined) result = { ...result, [fill]: uuid };
      if (taken.has(keyOf())) throw new Impossible(`another row has the same ${columns.join(' and ')}`);
      taken.add(keyOf());
    }
    return result;
  }
}

/** False for a column that every row must have a value of its own in. */
function allowsDefault(column: ColumnSchema): boolean {
  if (column.kind === 'set' || column.kind === 'map' || column.kind === 'optional') return column.min === 0;
  return column.key.refTable === undefined && isAllowed(column.key, defaultAtom(column.key));
}

function isAllowed(base: BaseType, atom: Atom): boolean {
  try {
    checkAtom(base, atom, '');
    return true;
  } catch {
    return false;
  }
}

/** Why a value does not fit, undefined when it does. */
function complaintOf(column: ColumnSchema, value: Value): string | undefined {
  try {
    encodeValue(column, value, '');
    return undefined;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return sentence(error);
  }
}

/** The message of a RowError without the place. */
const sentence = (error: unknown): string => messageOf(error).replace(/^: /, '');

const shown = (atom: Atom): string => stringifyJson(atom);
